"""What a walk does not know: contents that could not be hashed, jobs that were not seen whole, what came over the network.

Where one of these lies in a walk, "it is not in there" is not known either.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from roar_tui.errors import RoarTuiError
from roar_tui.lineage.model import Kind, Node, Walk
from roar_tui.record import model
from roar_tui.record.model import Connection, State
from roar_tui.record.model import Warning as RecordWarning
from roar_tui.store.archive import Archive
from roar_tui.text import what

NAME_SERVICE = 53  # a port: what is asked there brings names, no data

# Warnings that say nothing about which files were read and written, or what the walk's nodes say themselves (changed, skipped).
HARMLESS = frozenset({
    "argv", "changed", "context", "git", "git_missing", "patch_large", "patch_secret", "ptrace", "setuid", "skipped",
})  # fmt: skip

_WHY_NOT_HASHED = {
    "changed": "it changed before it could be hashed",
    "missing": "it was gone before it could be hashed",
    "unreadable": "it could not be read to be hashed",
    "skipped": "it was not hashed",
    "removed": "it was removed before it could be hashed",
}
_WHY_STATE = {
    State.UNTRACED: "it ran untraced: what it read and wrote is not known",
    State.INTERRUPTED: "its recording was interrupted: what it did afterwards is not known",
    State.RUNNING: "it is still running, or was when it was recorded",
}

# UNIQUE (digest) of job
JOB = "SELECT record, state, argv FROM job WHERE digest = ?"


@dataclass(frozen=True)
class Gap:
    """Something that is not known: what it is about, why, and the node that it belongs to (None: no node of the walk)."""

    subject: str
    why: str
    node: str | None = None


class _Step(msgspec.Struct):
    id: int
    connections: list[Connection] = []


class _Record(msgspec.Struct):
    """The few parts of a record that are asked for: the rest is passed over, which is several times faster."""

    warnings: list[RecordWarning] = []
    steps: list[_Step] = []


def gaps(archive: Archive, db: sqlite3.Connection, walk: Walk, more_jobs: Iterable[str] = ()) -> list[Gap]:
    """All that is not known of what `walk` holds, nearest first; `more_jobs` are ids of jobs that count without a step in it."""
    steps: dict[str, dict[int, Node]] = {job: {} for job in more_jobs}
    for node in walk.nodes.values():
        if node.kind is Kind.STEP and node.job is not None and node.step is not None:
            steps.setdefault(node.job, {})[node.step] = node
    found = [*_not_hashed(walk), *_foreign(walk)]
    for job, of_job in steps.items():
        found += _of_job(archive, db, job, of_job)
    return found


def _not_hashed(walk: Walk) -> Iterator[Gap]:
    for node in walk.nodes.values():
        if node.kind is Kind.ARTIFACT and node.digest is None:
            yield Gap(node.paths[0] if node.paths else node.id, why_not_hashed(node), node.id)


def why_not_hashed(node: Node) -> str:
    """Why the content of a file is not known."""
    return _WHY_NOT_HASHED.get(node.status or "", "it was not hashed")


def _foreign(walk: Walk) -> Iterator[Gap]:
    """Contents known by digests that cannot be compared with BLAKE3 ones, and sets whose members are not known."""
    for node in walk.nodes.values():
        if node.algorithm is not None:
            is_set = node.algorithm.startswith("composite-")
            why = "it is a set whose files are not known" if is_set else f"it is known by its {node.algorithm} digest alone"
            yield Gap(node.paths[0] if node.paths else node.id, why, node.id)


def _of_job(archive: Archive, db: sqlite3.Connection, job: str, steps: dict[int, Node]) -> Iterator[Gap]:
    row = db.execute(JOB, (bytes.fromhex(job),)).fetchone()
    if row is None:
        return
    nearest = next(iter(steps.values()), None)
    subject = what(nearest.argv, nearest.notebook) if nearest is not None else f"job {job[:8]}"
    node = None if nearest is None else nearest.id
    state = State(row[1])
    if state in _WHY_STATE:
        yield Gap(subject, _WHY_STATE[state], node)
    try:
        record = _read(archive, row[0])
    except RoarTuiError as error:
        yield Gap(subject, f"its record cannot be read: {error.message}", node)
        return
    for warning in record.warnings:
        if warning.code not in HARMLESS and warning.code != state.value:
            yield Gap(subject, warning.message, node)
    for step in record.steps:
        addresses = dict.fromkeys(each.endpoint for each in step.connections if each.port != NAME_SERVICE)
        if addresses and step.id in steps:
            first, others = next(iter(addresses)), len(addresses) - 1
            to = f"{first} and {others} more" if others else first
            own = steps[step.id]
            yield Gap(what(own.argv, own.notebook), f"it was connected to {to}: what went over the network is not seen", own.id)


def _read(archive: Archive, name: str) -> _Record | model.Record:
    """A record's warnings and connections; raises RoarTuiError."""
    try:
        return msgspec.json.decode(archive.read_file(name), type=_Record)
    except msgspec.MsgspecError:  # a name that is not UTF-8: the slower way can read it
        return archive.load_file(name)
