"""Bringing the index up to date with the archive: what is new goes in, what is gone goes out, in any order.

Only day folders that changed are listed again. Every transaction is short and leaves a right index, so that a killed ingest
costs nothing but the rest of the work.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sqlite3
import time
from collections.abc import Callable, Iterator

import msgspec

from roar_tui.errors import StoreError
from roar_tui.record.filesets import IncompleteError
from roar_tui.store import texts
from roar_tui.store.archive import Archive, DamagedRecordError
from roar_tui.store.index import IndexBusyError, begin, commit
from roar_tui.store.judge import rank
from roar_tui.store.results import Damaged, SyncReport
from roar_tui.store.rows import UNUSABLE, Kept, Rows

BATCH_SECONDS = 0.5  # other writers wait this long at most
BATCH_ACCESSES = 50_000
MOST_PASSES = 5  # over the archive in one ingest: one, unless records go or the index is emptied meanwhile
TRUSTED_AGE = 60.0  # seconds: a folder changed less than this before its listing may change again under the same times
UNTIMED = (-1, -1)  # the times of a day that is known, and whose folder's times do not tell the next change
_FORGET = "UPDATE day SET mtime = -1, ctime = -1 WHERE name = ?"

Progress = Callable[[int, int], None]


class Day(msgspec.Struct, frozen=True):
    """A day folder as it was listed: its times (ns), and whether they will tell the next change."""

    name: str
    mtime: int
    ctime: int
    trusted: bool


def ingest(
    db: sqlite3.Connection,
    archive: Archive,
    *,
    patience: float,
    limit: float | None = None,
    progress: Progress | None = None,
    all_texts: bool = False,
) -> SyncReport:
    """Bring the index behind `db` up to date with `archive`.

    Waits up to `patience` seconds for another writer, works up to `limit` seconds (None: until done), and says `busy` when
    either was not enough. `progress` gets (done, total) records; `all_texts` brings the index of texts up to date as well, which
    otherwise follows some at a time. Raises StoreError when `records/` cannot be listed and
    sqlite3.DatabaseError when the index is broken.
    """
    work = _Ingest(db, archive, patience, None if limit is None else time.monotonic() + limit)
    try:
        with _no_garbage_collection():
            work.run(progress)
            work.add_texts(None if all_texts else texts.AT_ONCE)
        busy = False
    except IndexBusyError:
        busy = True
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")
    return SyncReport(work.added, work.removed, work.damaged, sorted(work.unreadable), busy)


@contextlib.contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Hundreds of thousands of living tuples and no cycles: looking for some took a quarter of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class _EmptiedError(Exception):
    """Another process has emptied the index (a rebuild): what was compared with it no longer holds."""


class _Ingest:
    """One run of `ingest`: the counts of its report, and what its batches share."""

    def __init__(self, db: sqlite3.Connection, archive: Archive, patience: float, deadline: float | None) -> None:
        self.db = db
        self.archive = archive
        self.patience = patience
        self.deadline = deadline
        self.rows = Rows(db, self._blob)
        self.added = self.removed = 0
        self._adding = self._removing = 0  # in the open transaction
        self.damaged: list[Damaged] = []
        self.unreadable: set[str] = set()
        self._lacking: set[str] = set()  # days with records whose manifests are not there, or not yet
        self._data_version = self._schema_version = -1
        self._again = True

    def run(self, progress: Progress | None) -> None:
        """Pass over the archive until nothing is left that the pass itself made necessary."""
        for _ in range(MOST_PASSES):
            self._again = False
            try:
                self._pass(progress)
            except _EmptiedError:
                self._again = True
            if not self._again:
                return
        raise IndexBusyError

    def add_texts(self, most: int | None) -> None:
        """Add up to `most` paths (None: all) to the index of texts."""
        done = 0
        while texts.missing(self.db) > 0 and (most is None or done < most):
            self._begin()
            texts.add(self.db)
            self._commit()
            done += texts.SLICE

    def _pass(self, progress: Progress | None) -> None:
        self._schema_version = _pragma(self.db, "schema_version")
        days = self.archive.days()
        listed = self._look_at(days)
        known: dict[str, tuple[int, int]] = {
            name: (mtime, ctime) for name, mtime, ctime in self.db.execute("SELECT name, mtime, ctime FROM day")
        }
        changed = [day for day in listed if known.get(day.name) != (day.mtime, day.ctime)]
        gone = sorted(known.keys() - set(days))
        work = [(day, *self._compare(day.name)) for day in changed]
        total = sum(len(new) for _, new, _ in work)
        self._remove([name for day in gone for name in self._ingested(day)], gone)
        done = 0
        for day, new, vanished in work:
            self._remove(vanished, [])
            if new and day.name not in known:
                self._note(day.name)
            for batch in self._insert(new):
                done += batch
                if progress is not None:
                    progress(done, total)
            self._mark(day, known.get(day.name, UNTIMED) != UNTIMED)

    def _look_at(self, names: list[str]) -> list[Day]:
        """The day folders `names` with their times in order, taken before any is listed: no change hides behind one."""
        now = time.time()
        days = []
        for name in sorted(names):
            try:
                found = os.stat(f"{self.archive.records}/{name}")
            except OSError:
                self.unreadable.add(name)
                continue
            trusted = found.st_mtime < now - TRUSTED_AGE and found.st_ctime < now - TRUSTED_AGE
            days.append(Day(name, found.st_mtime_ns, found.st_ctime_ns, trusted))
        return days

    def _ingested(self, day: str) -> dict[str, str | None]:
        """The records of `day` that the index knows, with their problems (`0` follows `/`; primary key)."""
        rows = self.db.execute("SELECT record, problem FROM ingested WHERE record > ? AND record < ?", (f"{day}/", f"{day}0"))
        return dict(rows.fetchall())

    def _compare(self, day: str) -> tuple[list[str], list[str]]:
        """The records of `day` to read (new, or damaged when last read) and those that are no longer there."""
        known = self._ingested(day)
        try:
            names = [f"{day}/{name}" for name in sorted(self.archive.day_files(day))]
        except StoreError:
            self.unreadable.add(day)
            return [], []
        new = [name for name in names if name not in known or known[name] is not None]
        return new, sorted(known.keys() - set(names))

    def _begin(self) -> None:
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise IndexBusyError
        begin(self.db, self.patience)
        version = _pragma(self.db, "data_version")
        if version == self._data_version:
            return
        self.rows.forget()  # another process has written meanwhile
        self._data_version = version
        if _pragma(self.db, "schema_version") != self._schema_version:
            self.db.execute("ROLLBACK")
            raise _EmptiedError

    def _commit(self) -> None:
        commit(self.db, self.patience)
        self.added += self._adding
        self.removed += self._removing
        self._adding = self._removing = 0

    def _insert(self, names: list[str]) -> Iterator[int]:
        """Read `names` in short transactions; yields how many each took."""
        position = 0
        while position < len(names):
            self._begin()
            start, accesses, until = position, 0, time.monotonic() + BATCH_SECONDS
            pending: dict[str, Kept] = {}
            while position < len(names) and accesses < BATCH_ACCESSES and time.monotonic() < until:
                kept = self._load(names[position])
                position += 1
                if kept is None:
                    continue
                if kept.record.run_id in pending:
                    self._flush(list(pending.values()))
                    pending.clear()
                pending[kept.record.run_id] = kept
                accesses += sum(len(step.used) + len(step.generated) for step in kept.record.steps)
            self._flush(list(pending.values()))
            self._commit()
            yield position - start

    def _load(self, name: str) -> Kept | None:
        """The record `name`, unless it is in the index already or cannot be used, which is noted."""
        known = self.db.execute("SELECT problem FROM ingested WHERE record = ?", (name,)).fetchone()
        if known is not None and known[0] is None:
            return None  # another process was faster
        try:
            return Kept(self.archive.load_packed(name), _job_id(name), name)
        except DamagedRecordError as error:
            self._damaged(name, error.message)
        except StoreError:
            if (self.archive.records / name).exists():  # else it went since the listing, and the next one says so
                self.unreadable.add(name)
        return None

    def _blob(self, name: str) -> bytes | None:
        """A manifest for `Rows`, to which one that cannot be read is none."""
        try:
            return self.archive.blob(name)
        except StoreError as error:
            raise IncompleteError(error.message.rstrip(".")) from error

    def _flush(self, batch: list[Kept]) -> None:
        """Insert the records of `batch`, all of different runs, each where it is better than what the index has of its run."""
        if not batch:
            return
        self.db.execute("SAVEPOINT batch")
        try:
            better = []
            for kept in batch:
                present = self.db.execute(
                    "SELECT id, state, ended, lower(hex(digest)) FROM job WHERE run_id = ?", (kept.record.run_id,)
                ).fetchone()  # UNIQUE (run_id)
                if present is None or rank(kept.record.state.value, kept.record.ended, kept.job_id) > rank(*present[1:]):
                    better.append(kept)
                    if present is not None:
                        self.rows.remove(present[0])
            self.rows.insert(better)
            self.db.executemany(
                "INSERT OR REPLACE INTO ingested (record, run_id) VALUES (?, ?)",
                [(kept.name, kept.record.run_id) for kept in batch],
            )
        except UNUSABLE as error:
            self.db.execute("ROLLBACK TO batch")
            self.db.execute("RELEASE batch")
            self.rows.forget()
            if len(batch) == 1:
                self._damaged(batch[0].name, f"The record {batch[0].name} cannot be used: {error}.")
                if isinstance(error, IncompleteError):
                    self._lacking.add(batch[0].name.partition("/")[0])
            for kept in batch if len(batch) > 1 else ():  # one by one, to find the culprit
                self._flush([kept])
            return
        self.db.execute("RELEASE batch")
        self._adding += len(better)

    def _damaged(self, name: str, problem: str) -> None:
        known = self.db.execute("SELECT problem FROM ingested WHERE record = ?", (name,)).fetchone()
        if known is None or known[0] != problem:
            self.damaged.append(Damaged(name, problem))
        self.db.execute("INSERT OR REPLACE INTO ingested (record, problem) VALUES (?, ?)", (name, problem))

    def _remove(self, names: list[str], days: list[str]) -> None:
        """Remove the jobs of records that are gone from the archive; another record of the same run, if any, is read again."""
        if not names and not days:
            return
        self._begin()
        for name in names:
            self.db.execute("DELETE FROM ingested WHERE record = ?", (name,))
            row = self.db.execute(
                "SELECT id, run_id FROM job WHERE digest = ? AND record = ?", (bytes.fromhex(_job_id(name)), name)
            ).fetchone()  # UNIQUE (digest)
            if row is not None:
                self.rows.remove(row[0])
                self._read_again(row[1])
                self._removing += 1
        self.db.executemany("DELETE FROM day WHERE name = ?", [(day,) for day in days])
        self._commit()

    def _read_again(self, run_id: str) -> None:
        """Forget the other records of a run, which a better one had made superfluous, so that the next pass reads them."""
        others = self.db.execute("SELECT record FROM ingested WHERE run_id = ?", (run_id,)).fetchall()  # ingested_run
        for (name,) in others:
            self.db.execute("DELETE FROM ingested WHERE record = ?", (name,))
            self.db.execute(_FORGET, (name.partition("/")[0],))
            self._again = True

    def _note(self, day: str) -> None:
        """Remember that there may be records of `day` in the index, before there are: it must be found though its folder goes."""
        self._begin()
        self.db.execute("INSERT OR IGNORE INTO day (name, mtime, ctime) VALUES (?, -1, -1)", (day,))
        self._commit()

    def _mark(self, day: Day, timed: bool) -> None:
        """Remember that `day` is wholly in the index, where its times will tell the next change; else forget them, if `timed`."""
        complete = day.name not in self._lacking and not any(
            name == day.name or name.startswith(f"{day.name}/") for name in self.unreadable
        )
        if not (day.trusted and complete) and not timed:
            return
        self._begin()
        if day.trusted and complete:
            self.db.execute(
                "INSERT OR REPLACE INTO day (name, mtime, ctime) VALUES (?, ?, ?)", (day.name, day.mtime, day.ctime)
            )
        else:
            self.db.execute(_FORGET, (day.name,))
        self._commit()


def _pragma(db: sqlite3.Connection, name: str) -> int:
    value: int = db.execute(f"PRAGMA {name}").fetchone()[0]
    return value


def _job_id(name: str) -> str:
    """The job id in a record's name (`<day>/<id>.json.gz`)."""
    return name.rpartition("/")[2].partition(".")[0]
