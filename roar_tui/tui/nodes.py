"""How a node of a walk is written: its mark, its name, and what stands to the right of it."""

from __future__ import annotations

import os.path
from collections.abc import Callable
from dataclasses import dataclass

from roar_tui import text
from roar_tui.lineage.model import Kind, Node
from roar_tui.tui.lines import Line, crop, fit, width_of
from roar_tui.tui.marks import Marks
from roar_tui.tui.rows import lead, signal_name
from roar_tui.tui.tree import TreeRow

SHORT = 8
NAME_CELLS = 24
NARROW = 72  # cells below which an outline leaves out times and roles


@dataclass(frozen=True)
class Look:
    """What all lines of one walk share.

    `short` gives a digest as short as it is still unique in the store, `notebook` that of a Jupyter kernel by its job and step.
    """

    marks: Marks
    now: int
    short: Callable[[str], str] = lambda digest: digest[:SHORT]
    home: str | None = None
    notebook: Callable[[str, int], str | None] = lambda job, step: None


def mark_of(node: Node, marks: Marks) -> tuple[str, str]:
    """The node's glyph and tone."""
    if node.kind is Kind.STEP:
        return marks.step, "step"
    if node.kind is Kind.JOB:
        return marks.step, "step"
    if node.kind is Kind.PIPE:
        return marks.pipe, "pipe"
    if node.kind is Kind.FILESET:
        return (marks.code, "code") if node.role == "code" else (marks.fileset, "fileset")
    if node.role == "code":
        return marks.code, "code"
    if node.role == "config":
        return marks.config, "config"
    if node.role == "log":
        return marks.log, "log"
    return marks.artifact, "artifact"


def name_of(node: Node) -> str:
    """The name a person would use: the file's, the directory's with a slash, or what the step ran. Printable."""
    if node.kind in (Kind.STEP, Kind.JOB):
        return text.what(node.argv, node.notebook) or text.display(os.path.basename(node.program or "")) or "?"
    if node.kind is Kind.PIPE:
        return "pipe"
    if node.kind is Kind.FILESET:
        base = os.path.basename((node.path or "").rstrip("/"))
        return text.display(base) + "/" if base else text.display(node.path or "?")
    if node.paths:
        return text.display(os.path.basename(node.paths[0]) or node.paths[0])
    return (node.digest or "?")[:SHORT]


def code_of(node: Node, look: Look) -> str:
    """What can be typed to come back to the node: a short hash, or `job:step`."""
    if node.kind is Kind.STEP and node.job:
        return look.short(node.job) + (f":{node.step}" if node.step else "")
    if node.kind is Kind.JOB and node.job:
        return look.short(node.job)
    return look.short(node.digest) if node.digest else ""


def typed(node: Node) -> str | None:
    """The full reference of the node, as `y` copies it and any prompt takes it; None for a pipe."""
    if node.kind is Kind.STEP:
        return f"{node.job}:{node.step}"
    if node.kind is Kind.JOB:
        return node.job
    if node.digest and node.kind is Kind.ARTIFACT:
        return node.digest
    if node.kind is Kind.FILESET:
        return node.path
    if node.kind is Kind.PIPE or not node.paths:
        return None
    return f"{node.job}:{node.paths[0]}" if node.job else node.paths[0]


def seconds_of(node: Node) -> float | None:
    """How long a step or job took."""
    return None if node.started is None or node.ended is None else max(node.ended - node.started, 0) / 1e6


def info_of(node: Node, look: Look) -> Line:
    """What stands at the right: size and role of a file, duration and time of a step."""
    if node.kind in (Kind.STEP, Kind.JOB):
        line: Line = [(fit(text.duration(seconds_of(node)), 7, right=True) + "  ", "plain")]
        if node.exit_signal is not None:
            line.append((signal_name(node.exit_signal), "bad"))
        elif node.exit_code:
            line.append((f"exit {node.exit_code}", "bad"))
        elif node.started is not None:
            line.append((text.when(node.started, look.now), "dim"))
        return line
    if node.kind is Kind.PIPE:
        return []
    words = fit(text.size(node.size), 7, right=True) + "  "
    if node.status and node.status != "hashed":
        return [(words, "plain"), (node.status, "warn")]
    return [(words, "plain"), (node.role if node.role not in (None, "data") else "", "dim")]


def extra_of(node: Node, look: Look, *, brief: bool = False) -> Line:
    """What follows the name: how many files, overlap, root, alternatives; `brief` where every cell counts."""
    line: Line = []
    if node.kind is Kind.FILESET:
        line.append((f"  {text.count(node.count, 'file')}", "plain"))
    if node.edge is not None and node.edge.members is not None:
        overlap = node.edge.members
        line.append((f"  {overlap.common:,} of {text.count(overlap.of) if brief else text.count(overlap.of, 'file')}", "warn"))
    if node.root:  # code is nearly always a root: the mark alone says it there
        line.append((f"  {look.marks.root}", "root") if node.role == "code" else (f"  {look.marks.root} root", "root"))
    if node.alternatives:
        line.append((f"  +{len(node.alternatives)} alternative{'s' if len(node.alternatives) > 1 else ''}", "dim"))
    return line


def title(node: Node, look: Look) -> Line:
    """Mark and name, for breadcrumbs and boxes."""
    mark, tone = mark_of(node, look.marks)
    return [(mark, tone), (" ", "plain"), (name_of(node), "strong")]


def guides(last: tuple[bool, ...], marks: Marks, limit: int) -> str:
    """The lines in front of a row; of a very deep row only the innermost `limit` levels are drawn."""
    if not last:
        return ""
    parts = ["  " if ends else marks.bar for ends in last[:-1]] + [marks.last if last[-1] else marks.branch]
    if len(parts) > limit:
        return marks.more[0] + " " + "".join(parts[-limit:])
    return "".join(parts)


def row_line(row: TreeRow, width: int, under_cursor: bool, look: Look, *, marked: bool = False) -> Line:
    """One line of the outline: cursor, guides, mark, name, and at the right the hash and what else there is to say."""
    branch, node, marks = row.branch, row.branch.node, look.marks
    left: Line = [lead(under_cursor, marks, marked=marked)]
    left.append((guides(row.last, marks, max((width - 40) // 2, 4)), "faint"))
    mark, tone = mark_of(node, marks)
    if branch.seen:
        mark, tone = marks.seen, "dim"
    name_tone = "dim" if branch.seen else "plain" if node.kind is Kind.STEP else "strong"
    left.extend([(mark, tone), (" ", "plain"), (name_of(node), name_tone)])
    code_width = 11
    right_width = code_width + 2 + 21
    if width < NARROW:
        right_width = code_width + 2 + 7
    right: Line
    if branch.seen:
        right = [("same content as above" if branch.copy else "seen above", "dim")]
    elif branch.loading:
        right = [("loading" + marks.more, "dim")]
    elif branch.error:
        right = [(branch.error, "bad")]
    else:
        info = info_of(node, look)
        if width < NARROW:  # the first part alone: the size, or how long it took
            info = [(words.rstrip(), tone) for words, tone in info[:1]]
        right = [(fit(code_of(node, look), code_width, more=marks.more), "hash"), ("  ", "plain"), *info]
    right = crop(right, right_width, marks.more)
    room = width - right_width - 1
    extra = extra_of(node, look, brief=width < 90) if not branch.seen else []
    if branch.can_open and not branch.is_open and not branch.loading:
        extra.append((f" {marks.closed}", "accent"))
    own = min(width_of(left), max(room // 2, NAME_CELLS))  # the name goes before what follows it, up to a point
    if width_of(extra) + own > room:
        extra = crop(extra, max(room - own, 0), marks.more)
    left = [*crop(left, room - width_of(extra), marks.more), *extra]
    return [*left, (" " * max(room + 1 - width_of(left), 1), "plain"), *right]
