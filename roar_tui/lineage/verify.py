"""Is what was recorded still what is on disk? Hashes the files, says of each what became of it, and checks the archive itself."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from roar_tui.lineage.disk import DiskState, Found, Recorded, look
from roar_tui.lineage.expected import Expectation, Expected, Unknown, expected
from roar_tui.lineage.links import SMALL
from roar_tui.lineage.reading import snapshot
from roar_tui.lineage.target import Target
from roar_tui.lineage.workers import spread
from roar_tui.store import integrity
from roar_tui.store.integrity import Checked, Item, Verdict
from roar_tui.store.known import KnownDigests
from roar_tui.store.listing import paths_of
from roar_tui.store.results import Damaged
from roar_tui.store.schema import to_sql
from roar_tui.store.store import Store

PLACES = 20  # recorded places where a missing content is looked for, newest first


@dataclass(frozen=True)
class Problem:
    """A file that is not what was recorded: `state` is changed, gone or moved, `now` the digest of what is there, `host` the
    machine that saw the file there. The content of a moved one is at `moved_to`; `now_job` is the recorded job that wrote what is
    there now.
    """

    path: str
    digest: str
    algorithm: str
    state: str
    now: str | None
    host: str
    moved_to: str | None = None
    now_job: str | None = None


@dataclass
class Verified:
    """What verifying has found so far; `complete` is False where it was called off before the end."""

    checked: int = 0
    unchanged: int = 0
    problems: list[Problem] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)
    records: Checked = field(default_factory=Checked)
    blobs: Checked = field(default_factory=Checked)
    files: int = 0
    complete: bool = False

    @property
    def sound(self) -> bool:
        """Whether no problem was found."""
        return not (self.problems or self.records.damaged or self.blobs.damaged)


class Verification:
    """One verification: `plan` what to do, then `run` it; `result` is right at any time, after Ctrl-C too.

    `known` digests are taken for read (None: every byte is read). For one thread, which is where `run` may be interrupted.
    """

    def __init__(self, store: Store, db: sqlite3.Connection, known: KnownDigests | None = None) -> None:
        self._store = store
        self._db = db
        self._known = known
        self._reading = threading.Lock()
        self._expected = Expectation()
        self._items: list[Item] = []
        self._astray: list[tuple[Expected, Found]] = []
        self.result = Verified()
        self.read = 0  # bytes
        self.total = 0  # bytes, as they were recorded

    def plan(self, target: Target | None) -> None:
        """Find out what should be there; None: all of the store, its records too. Raises StoreError."""
        with snapshot(self._db):
            self._expected = expected(self._db, target)
            rows = [self._db.execute(_RECORD, (bytes.fromhex(job),)).fetchone() for job in self._expected.jobs]
        archive = self._store.archive
        self._items = [item for row in rows if row is not None for item in integrity.of_job(archive, row[0])]
        if target is None:
            self._items = integrity.everything(archive)
        self.total = sum(file.size or 0 for file in self._expected.files)
        self.result = Verified(unknown=list(self._expected.unknown), files=len(self._expected.files))

    def run(self, tick: Callable[[], None] | None = None) -> Verified:
        """Do it; `tick` is called every tenth of a second or oftener. Raises what `tick` raises, and KeyboardInterrupt."""
        try:
            for item, verdict in spread(self._check, self._items, tick):
                self._take_verdict(item, verdict)
            for file, found in spread(self._look, self._expected.files, tick):
                self._take(file, found)
            self._find_moved(tick)
            self.result.complete = True
        finally:
            settled = {problem.path for problem in self.result.problems}
            self.result.problems += [problem(*lost) for lost in self._astray if lost[0].path not in settled]
            self.result.problems = sorted(map(self._explained, self.result.problems), key=lambda each: os.fsencode(each.path))
        return self.result

    def _check(self, item: Item, _: threading.Event) -> Verdict:
        return integrity.check(self._store.archive, item)

    def _look(self, file: Expected, cancel: threading.Event) -> Found:
        recorded = Recorded(file.path, file.digest, file.size, file.algorithm)
        return look(recorded, self._known, cancel, whole=True, read=self._count)

    def _count(self, number: int) -> None:
        with self._reading:
            self.read += number

    def _take(self, file: Expected, found: Found) -> None:
        if found.state is DiskState.UNREADABLE:
            self.result.unknown.append(Unknown(file.path, found.why or "it cannot be read"))
            return
        self.result.checked += 1
        if found.state is DiskState.SAME:
            self.result.unchanged += 1
        else:
            self._astray.append((file, found))

    def _take_verdict(self, item: Item, verdict: Verdict) -> None:
        if verdict.absent:
            return
        kind = self.result.blobs if item.blob else self.result.records
        kind.checked += 1
        if verdict.problem is not None:
            kind.damaged.append(Damaged(integrity.place(item), verdict.problem))

    def _find_moved(self, tick: Callable[[], None] | None) -> None:
        """Look for what is gone or changed where files now are that had other contents, then at the places that had it once."""
        here: dict[tuple[str | None, str], str] = {
            (found.now, file.algorithm): file.path for file, found in self._astray if found.now is not None
        }
        searches = [(file, found, places(self._db, file, here)) for file, found in self._astray if can_move(file)]
        for (file, found, _), place in spread(self._search, searches, tick):
            if place is not None:
                self.result.problems.append(problem(file, found, place))

    def _explained(self, found: Problem) -> Problem:
        """With the recorded job that wrote what is there now, if there is one: then it is only another run's."""
        if found.now is None:
            return found
        row = self._db.execute(WROTE, (to_sql(found.path), bytes.fromhex(found.now))).fetchone()
        return found if row is None else replace(found, now_job=row[0])

    def _search(self, search: tuple[Expected, Found, Sequence[str]], cancel: threading.Event) -> str | None:
        file, _, candidates = search
        for place in candidates:
            recorded = Recorded(place, file.digest, file.size, file.algorithm)
            if look(recorded, self._known, cancel).state is DiskState.SAME:
                return place
        return None


# UNIQUE (path), then generated_path
WROTE = """SELECT lower(hex(j.digest)) FROM path p CROSS JOIN generated x INDEXED BY generated_path ON x.path = p.id
JOIN artifact a ON a.id = x.artifact JOIN step s ON s.id = x.step JOIN job j ON j.id = s.job
WHERE p.path = ? AND a.digest = ? ORDER BY x.opened DESC LIMIT 1"""
_RECORD = "SELECT record FROM job WHERE digest = ?"  # UNIQUE (digest)


def can_move(file: Expected) -> bool:
    """Whether the same content elsewhere is the same file: what is small is equal by chance."""
    return file.size is None or file.size >= SMALL


def places(db: sqlite3.Connection, file: Expected, here: dict[tuple[str | None, str], str]) -> list[str]:
    """Where to look for a content: at the file that was found to hold it, then at its other recorded places, newest first."""
    found = here.get((file.digest, file.algorithm))
    recorded = paths_of(db, file.artifact, PLACES)[:PLACES]
    return [path for path in dict.fromkeys(([found] if found else []) + recorded) if path != file.path]


def problem(file: Expected, found: Found, place: str | None = None) -> Problem:
    """What to say of a file that is not what was recorded; `place` is where its content is now."""
    state = "moved" if place is not None else "gone" if found.state is DiskState.GONE else "changed"
    return Problem(file.path, file.digest, file.algorithm, state, found.now, file.host, place)


def document(result: Verified) -> dict[str, Any]:
    """The JSON document of a verification."""
    return {
        "checked": result.checked,
        "unchanged": result.unchanged,
        "complete": result.complete,
        "problems": [
            {
                "path": each.path,
                "hash": each.digest,
                "algorithm": each.algorithm,
                "state": each.state,
                "now": each.now,
                "now_job": each.now_job,
                "moved_to": each.moved_to,
                "host": each.host,
            }
            for each in result.problems
        ],
        "unknown": [{"path": each.path, "why": each.why} for each in result.unknown],
        "records": _checked(result.records),
        "blobs": _checked(result.blobs),
    }


def _checked(checked: Checked) -> dict[str, Any]:
    damaged: Iterable[Damaged] = checked.damaged
    return {"checked": checked.checked, "damaged": [{"record": each.record, "problem": each.problem} for each in damaged]}
