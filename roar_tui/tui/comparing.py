"""What is marked as A: a thing by a reference that stays true when lists are filtered, and grow."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from roar_tui import text
from roar_tui.lineage.model import Direction, Kind, Node
from roar_tui.store import queries
from roar_tui.store.results import ArtifactRow, JobRow
from roar_tui.tui.nodes import Look, code_of, name_of, typed
from roar_tui.tui.rows import ArtifactItem, JobItem

SEARCHED = 300  # earlier jobs among which the previous run is looked for


@dataclass(frozen=True)
class Marked:
    """A thing to compare: the full reference that any prompt takes, and what it is called on screen (printable)."""

    ref: str
    name: str


def marked_of(thing: JobItem | ArtifactItem | Node | None, look: Look, direction: Direction = Direction.UPSTREAM) -> Marked | None:
    """The thing as it can be marked; None for nothing, and for a pipe, which has no reference."""
    if thing is None:
        return None
    if isinstance(thing, JobItem):
        return Marked(thing.row.id, f"{_what(thing.row)} {thing.short}")
    if isinstance(thing, ArtifactItem):
        return Marked(thing.row.digest, f"{_file(thing.row)} {thing.short}")
    ref = reference(thing, direction)
    return Marked(ref, f"{name_of(thing)} {code_of(thing, look)}".strip()) if ref is not None else None


def reference(node: Node, direction: Direction) -> str | None:
    """The full reference of a node; a directory as the step beside it had it, for its path alone means the newest."""
    ref = typed(node)
    if ref is None or node.kind is not Kind.FILESET or node.edge is None:
        return ref
    step = node.edge.target if direction is Direction.UPSTREAM else node.edge.source
    other = node.edge.source if direction is Direction.UPSTREAM else node.edge.target
    for end in (step, other):
        if end.startswith("s:"):
            return f"{end.split(':')[1]}:{ref}"
    return ref


def previous_run(db: sqlite3.Connection, job_id: str) -> JobRow | None:
    """The run of the same command before this one; None where that is not obvious."""
    row = queries.job_row(db, job_id)
    if row is None:
        return None
    earlier = queries.jobs(db, limit=SEARCHED, after=row.cursor)
    return next((each for each in earlier if same_command(each, row)), None)


def same_command(a: JobRow, b: JobRow) -> bool:
    """Whether two jobs run the same thing: by their name where they have one, else the same script in the same directory."""
    if a.name or b.name:
        return a.name == b.name
    return a.cwd == b.cwd and _script(a) == _script(b) != ""


def _script(row: JobRow) -> str:
    """What runs: the script, the module, or of a shell's `-c` the whole."""
    words = text.what(row.command).split(" ")
    if words[0] == "-m":
        return " ".join(words[:2])
    return " ".join(words) if words[1:2] == ["-c"] else words[0]


def _what(row: JobRow) -> str:
    return text.display(row.name) if row.name else text.what(row.command)


def _file(row: ArtifactRow) -> str:
    return text.display(row.paths[0].rstrip("/").rsplit("/", 1)[-1]) if row.paths else ""
