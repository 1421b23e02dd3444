"""What the Diff screen looks up on a reader's thread: the diff itself, and what its two sides are called."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from roar_tui import text
from roar_tui.errors import NotFoundError
from roar_tui.lineage.diff.result import Diff, Side
from roar_tui.lineage.reference import resolve
from roar_tui.lineage.target import Target
from roar_tui.store import queries
from roar_tui.tui.comparing import Marked, previous_run
from roar_tui.tui.desk import Desk, working_directory

LEARNED_MEMBERS = 200  # files of a set whose hashes are looked up; the others are shown with the usual 8 digits
LOOK_EVERY = 20_000  # SQLite instructions between two looks at whether the comparison is still wanted


@dataclass(frozen=True)
class SideWords:
    """A side in the head of the screen: how its hash is shown, since when it is there (microseconds), what it is called."""

    code: str
    time: int | None
    label: str


@dataclass(frozen=True)
class Compared:
    """A diff with the words for its sides; paths are shown as seen from `cwd`, the directory of B's job."""

    diff: Diff
    a: SideWords
    b: SideWords
    cwd: str | None
    note: str | None = None


def compare(desk: Desk, db: sqlite3.Connection, a: Marked, b: Marked, cancel: threading.Event) -> Compared:
    """The diff from `a` to `b`. Raises NotFoundError, AmbiguousError, StoreError, and sqlite3's "interrupted" when cancelled."""
    from roar_tui.lineage.diff import diff

    db.set_progress_handler(cancel.is_set, LOOK_EVERY)  # an interrupt stops one query; this stops those that follow it too
    try:
        cwd = working_directory()
        one, other = resolve(desk.store, db, a.ref, cwd=cwd), resolve(desk.store, db, b.ref, cwd=cwd)
        found = diff(desk.store, db, one, other, ref_a=a.ref, ref_b=b.ref)
        desk.learn_shorts(db, digests(found))
        words_a, _ = _words(desk, db, found.a)
        words_b, directory = _words(desk, db, found.b)
    finally:
        db.set_progress_handler(None, 0)
    note = " ".join(target.note for target in (one, other) if target.note) or None
    return Compared(found, words_a, words_b, directory, note)


def first_of(desk: Desk, db: sqlite3.Connection, refs: list[str]) -> Target:
    """What the first of `refs` that names anything names; raises NotFoundError."""
    missing: NotFoundError | None = None
    for ref in refs:
        try:
            return resolve(desk.store, db, ref, cwd=working_directory())
        except NotFoundError as error:
            missing = missing or error
    raise missing or NotFoundError("There is nothing to walk from here.", "Choose another line.")


def before(desk: Desk, db: sqlite3.Connection, thing: Marked) -> Marked | None:
    """What `thing` is obviously to be compared with: the same command's run before, or what that run made at the same path."""
    job_id, _, path = thing.ref.partition(":")
    if not _is_digest(job_id) or path.isdigit():
        return None
    if queries.job_row(db, job_id) is None:
        view = queries.artifact_view(desk.store, db, job_id)
        if not view.producers:
            return None
        job_id, path = view.producers[0].job, view.producers[0].path
    earlier = previous_run(db, job_id)
    if earlier is None:
        return None
    desk.learn_shorts(db, [earlier.id])
    if path:
        try:
            resolve(desk.store, db, f"{earlier.id}:{path}", cwd="/")
        except NotFoundError:
            return None
    name = f"{text.what(earlier.command)} {desk.short(earlier.id)}"
    return Marked(f"{earlier.id}:{path}" if path else earlier.id, name)


def digests(diff: Diff) -> Iterator[str]:
    """Every digest that the screen may show."""
    values: list[object] = [diff.a.id, diff.b.id]
    for cause in (*diff.causes, *diff.consequences):
        values += [cause.a, cause.b, *_jobs(cause.step.a, cause.step.b)]
        members = cause.detail.get("members", {})
        changed = [*members.get("changed", []), *members.get("added", []), *members.get("removed", [])]
        values += [each.get(side) for each in changed[:LEARNED_MEMBERS] for side in ("a", "b")]
    for outcome in diff.outcome:
        values += [outcome.a, outcome.b]
    for step in diff.steps:
        values += _jobs(step.a, step.b)
    return (value for value in dict.fromkeys(v for v in values if isinstance(v, str)) if _is_digest(value))


def _jobs(*steps: str | None) -> list[str]:
    return [step.split(":")[1] for step in steps if step is not None and step.count(":") == 2]


def _words(desk: Desk, db: sqlite3.Connection, side: Side) -> tuple[SideWords, str | None]:
    """What a side is called, and the directory that its job ran in."""
    job_id = _job_of(side)
    job = queries.job_row(db, job_id) if job_id is not None else None
    if side.kind == "artifact":
        view = queries.artifact_view(desk.store, db, side.id)
        if job is None and view.producers:
            job = queries.job_row(db, view.producers[0].job)
        time = view.producers[0].time if view.producers else None
        return SideWords(desk.short(side.id), time, side.label), job.cwd if job else None
    if job is None:
        return SideWords("", None, side.label or side.id), None
    desk.learn_shorts(db, [job.id])
    number = side.id.rsplit(":", 1)[1] if side.kind == "step" else ""
    code = desk.short(job.id) + (f":{number}" if number else "")
    label = side.label if side.kind in ("path", "fileset") else text.what(side.label.split(" ") if number else job.command)
    return SideWords(code, job.started, label), job.cwd


def _job_of(side: Side) -> str | None:
    if side.kind == "job":
        return side.id
    if side.kind == "step":
        return side.id.split(":")[1]
    head = (side.ref or "").split(":")[0]
    return head if ":" in (side.ref or "") and _is_digest(head) else None


def _is_digest(value: str) -> bool:
    return len(value) == 64 and all(character in "0123456789abcdef" for character in value)
