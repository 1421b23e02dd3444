"""A walk as a tree of lines: on the left what each thing is, in a column beside it hash, size, time."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from functools import partial

from roar_tui.cli.phrases import moment_of, signal_name
from roar_tui.cli.render import BAD, GAP, HASH, HEAD, QUIET, WARN, Line, Screen, cut, text
from roar_tui.lineage.model import Kind, Node, Walk
from roar_tui.lineage.outline import Row, outline
from roar_tui.store import queries
from roar_tui.text import cells, count, display, duration, marks, shorten_path, size, what

Shorten = Callable[[str, int | None], str]  # a path for people, in so many cells

LEFT = 44  # cells at most for the left part before the column of facts begins, on a terminal of 80
WIDEST = 100  # cells: a longer command (a linker's) does not push the column of facts away
FACTS = 34  # cells that hash, size and time need


def print_tree(db: sqlite3.Connection, walk: Walk, cwd: str) -> None:
    """Print the rows of `walk`; paths below `cwd` are relative to it, on a terminal those below the home directory begin with ~."""
    screen = Screen()
    now = time.time_ns() // 1000
    rows = outline(walk)
    short = partial(shorten_path, cwd=cwd, home=os.path.expanduser("~") if screen.terminal else None)
    room = None if screen.width is None else max(LEFT, screen.width - FACTS)
    lefts = [_left(row, short, room) for row in rows]
    column = max((width for width in map(_width, lefts) if width <= WIDEST), default=0)
    for row, left in zip(rows, lefts, strict=True):
        facts = _facts(db, row, now, screen.terminal)
        screen.fitted(*left, *([" " * (column - _width(left)) + GAP, *facts] if facts else []))


def _width(line: Line) -> int:
    return sum(cells(text(part)) for part in line)


def _branches(row: Row) -> str:
    if not row.last:
        return ""
    signs = marks()
    return "".join("  " if last else signs.line for last in row.last[:-1]) + (signs.last if row.last[-1] else signs.branch)


def _left(row: Row, short: Shorten, room: int | None) -> Line:
    """What a row is, in at most `room` cells: of a command the beginning is kept, of a path the end."""
    node, signs = row.node, marks()
    branches = _branches(row)
    line: Line = [(branches, QUIET)]
    if row.seen_above:
        other = _other_path(row)
        line += [(f"{signs.seen} ", QUIET), short(other, None) if other is not None else name(node, short)]
    elif node.kind in (Kind.STEP, Kind.JOB):
        line += [(f"{signs.step} {name(node, short)}", HEAD)]
        if row.edge and row.edge.members:
            line.append((GAP + counted(row), QUIET))
    elif node.kind is Kind.PIPE:
        line += [(f"{signs.pipe} ", QUIET), "pipe"]
    else:
        mark = signs.fileset if node.kind is Kind.FILESET else signs.code if node.role == "code" else signs.artifact
        after = GAP + files(row) if node.kind is Kind.FILESET else ""
        root = f"{GAP}{signs.root} root" if node.root else ""
        left = None if room is None else room - cells(branches) - cells(f"{mark} {after}{root}")
        if left is not None and left < cells(name(node, short)) and node.pattern:
            after, left = GAP + counted(row), left + cells(display(node.pattern)) + 1
        line += [f"{mark} ", name(node, short, None if left is None else max(left, 8)), (after + root, QUIET)]
    return line if room is None else cut(line, room)


def _other_path(row: Row) -> str | None:
    """Where the step beside this row had a content that stands further up under another path: a copy, or its source."""
    if row.node.kind is not Kind.ARTIFACT or row.edge is None or not row.edge.paths or row.edge.paths[0] in row.node.paths[:1]:
        return None
    return row.edge.paths[0]


def name(node: Node, short: Shorten, width: int | None = None) -> str:
    """What a node is called: the command of a step, the path of a file or directory (in `width` cells)."""
    if node.kind in (Kind.STEP, Kind.JOB):
        return what(node.argv, node.notebook) or display(node.program or "")
    if node.kind is Kind.PIPE:
        return "pipe"
    if node.kind is Kind.FILESET:
        return short((node.path or "").rstrip("/"), None if width is None else width - 1) + "/"
    return short(node.paths[0], width) if node.paths else "(no path)"


def counted(row: Row) -> str:
    """`1,000 files`, or `250 of 1,000 files` where the edge carries a part of them."""
    members = row.edge.members if row.edge else None
    return f"{count(members.common)} of {count(members.of, 'file')}" if members else count(row.node.count, "file")


def files(row: Row) -> str:
    """How many files a fileset has, and what their names look like."""
    return f"{counted(row)} {display(row.node.pattern)}" if row.node.pattern else counted(row)


def _other_makers(number: int, root: bool) -> str:
    """That the same content was made elsewhere too: beside its maker, or where none of them is known to be it."""
    return f"{count(number, 'step')} made the same content elsewhere" if root else f"or {count(number, 'other maker')}"


def _facts(db: sqlite3.Connection, row: Row, now: int, terminal: bool) -> Line:
    node = row.node
    if row.seen_above:
        return [("seen above" if _other_path(row) is None else "the same content as above", QUIET)]
    facts: Line = []
    if node.kind in (Kind.STEP, Kind.JOB):
        if node.job:
            step = f":{node.step}" if node.step else ""
            facts.append((queries.short(db, node.job) + step, HASH))
        took = None if node.ended is None or node.started is None else (node.ended - node.started) / 1e6
        facts.append(duration(took))
        facts.append((moment_of(node.started, now, terminal) if node.started is not None else "", QUIET))
        if node.exit_signal is not None:
            facts.append((signal_name(node.exit_signal), BAD))
        elif node.exit_code:
            facts.append((f"exit {node.exit_code}", BAD))
    elif node.kind is not Kind.PIPE:
        facts.append((queries.short(db, node.digest), HASH) if node.digest else (f"content unknown ({node.status})", WARN))
        facts.append(size(node.size))
        if node.role and node.role != "data":
            facts.append((node.role, QUIET))
        if node.alternatives:
            facts.append((_other_makers(len(node.alternatives), node.root), WARN))
    if node.note:
        facts.append((display(node.note), WARN))
    spaced: Line = []
    for fact in facts:
        if text(fact):
            spaced += [fact, GAP]
    return spaced[:-1]
