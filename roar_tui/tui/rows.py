"""The lines of the Jobs and Artifacts lists, as spans; columns give way when the terminal is narrow."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass

from roar_tui import text
from roar_tui.record.model import Exit, State
from roar_tui.store.results import ArtifactRow, JobRow
from roar_tui.tui.lines import Line, Span, crop, fit, width_of
from roar_tui.tui.marks import Marks


@dataclass(frozen=True)
class JobItem:
    """A job as the list shows it: with its hash as short as it is still unique."""

    row: JobRow
    short: str


@dataclass(frozen=True)
class ArtifactItem:
    """An artifact as the list shows it."""

    row: ArtifactRow
    short: str


@dataclass(frozen=True)
class Column:
    """A column: its title, cells (0 takes what is left), side, and the width of terminal from which it is shown."""

    title: str
    width: int
    right: bool = False
    shown_from: int = 0


JOB_COLUMNS = (
    Column("when", 11, shown_from=50), Column("job", 8), Column("what", 0), Column("in", 5, True, 70), Column("out", 4, True, 70),
    Column("took", 6, shown_from=64), Column("exit", 8),
)  # fmt: skip
ARTIFACT_COLUMNS = (
    Column("first seen", 11, shown_from=56), Column("hash", 8), Column("size", 7, True), Column("where", 0),
    Column("made by", 12, shown_from=72), Column("used", 5, True, 50),
)  # fmt: skip
MARGIN = 2  # the cursor's mark and a blank
NAMED = 20  # cells of a command that its number of steps leaves to it


def heading(columns: tuple[Column, ...], width: int) -> Line:
    """The line of titles above a list."""
    shown, flexible = _shown(columns, width)
    line: Line = [(" " * MARGIN, "dim")]
    for i, column in enumerate(shown):
        line.append((fit(column.title, column.width or flexible, right=column.right) + _gap(i, shown), "dim"))
    return line


def job_line(item: JobItem, width: int, under_cursor: bool, *, marks: Marks, now: int, marked: bool = False) -> Line:
    """One job; a job of several steps says how many, where there is room."""
    row = item.row
    what = text.what(row.command)
    name = f"{text.display(row.name)}  " if row.name else ""
    more = "+" if row.state is State.RUNNING else ""  # not all is known before it ends
    word, tone = how_it_ended(row.exit, row.state)
    if row.warnings and tone == "ok":
        word = f"{word} !"
    shown, flexible = _shown(JOB_COLUMNS, width)
    steps = f"  ({text.count(row.steps, 'step')})" if row.steps > 1 else ""
    if flexible - len(steps) < min(NAMED, text.cells(name + what)):  # a command that cannot be told from others is worth less
        steps = ""
    called = crop([(name, "accent"), (what, "strong")], flexible - len(steps), marks.more)
    cells: dict[str, Line] = {
        "when": [(fit(text.when(row.started, now), 11, more=marks.more), "plain")],
        "job": [(fit(item.short, 8, more=""), "hash")],
        "what": _padded([*called, (steps, "dim")], flexible, marks),
        "in": [(fit(text.count(row.inputs) + more, 5, right=True, more=marks.more), "plain")],
        "out": [(fit(text.count(row.outputs) + more, 4, right=True, more=marks.more), "plain")],
        "took": [(fit(text.duration(row.duration), 6, more=marks.more), "plain")],
        "exit": [(fit(word, 8, more=marks.more), tone)],
    }
    return _row(shown, cells, under_cursor, marks, marked=marked)


def artifact_line(
    item: ArtifactItem, width: int, under_cursor: bool, *, marks: Marks, now: int, home: str | None = None, marked: bool = False
) -> Line:
    """One artifact; of a long path the end is what matters."""
    row = item.row
    shown, flexible = _shown(ARTIFACT_COLUMNS, width)
    path = row.paths[0] if row.paths else ""
    more = f"  +{row.path_count - 1}" if row.path_count > 1 else ""
    room = max(flexible - len(more), 8)
    where = text.shorten_path(path, room, home=home)
    folder, slash, name = where.rpartition("/")
    made = text.what(row.made_by).split(" ", 1)[0] if row.made_by else marks.dot
    cells: dict[str, Line] = {
        "first seen": [(fit(text.when(row.first_seen, now), 11, more=marks.more), "plain")],
        "hash": [(fit(item.short, 8, more=""), "hash")],
        "size": [(fit(text.size(row.size), 7, right=True, more=marks.more), "plain")],
        "where": _padded([(folder + slash, "dim"), (name, "strong"), (more, "dim")], flexible, marks),
        "made by": [(fit(made, 12, more=marks.more), "step" if row.made_by else "faint")],
        "used": [
            (fit(text.count(row.consumers) if row.consumers else marks.dot, 5, right=True), "plain" if row.consumers else "faint")
        ],
    }
    return _row(shown, cells, under_cursor, marks, marked=marked)


def how_it_ended(exit_: Exit | None, state: State) -> tuple[str, str]:
    """A job's end as a word of at most 8 cells and its tone."""
    if state is State.RUNNING:
        return "running", "accent"
    if state is State.UNTRACED:
        return "untraced", "warn"
    if exit_ is not None and exit_.signal is not None:
        return signal_name(exit_.signal), "bad"
    if state is State.INTERRUPTED:
        return "cut off", "warn"
    if exit_ is None or exit_.code is None:
        return "?", "warn"
    return ("ok", "ok") if exit_.code == 0 else (f"exit {exit_.code}", "bad")


def ending(exit_: Exit | None, state: State, duration: float | None) -> Line:
    """How a job or step ended and after how long, in words; of a job that goes on, that its command has returned."""
    if state is State.RUNNING:
        after = f"  its command returned after {text.duration(duration)}" if duration is not None else ""
        return [("still running", "accent"), (after, "dim")]
    return [how_it_ended(exit_, state), (f"  after {text.duration(duration)}" if duration is not None else "", "dim")]


def signal_name(number: int) -> str:
    """`KILL` for 9; `sig 99` for a number that has no name here."""
    try:
        return signal.Signals(number).name.removeprefix("SIG")
    except ValueError:
        return f"sig {number}"


def home_directory() -> str | None:
    """The user's home, for `~` in paths; None where there is none."""
    home = os.environ.get("HOME", "")
    return home if home.startswith("/") and home != "/" else None


def _shown(columns: tuple[Column, ...], width: int) -> tuple[list[Column], int]:
    """The columns that a list of `width` cells has room for, and the cells that are left for the flexible one."""
    shown = [column for column in columns if width >= column.shown_from]
    fixed = MARGIN + sum(column.width for column in shown) + sum(len(_gap(i, shown)) for i in range(len(shown)))
    return shown, max(width - fixed, 6)


def _gap(at: int, shown: list[Column]) -> str:
    """The blanks after a column: two, one before a number, none at the end of the line but a margin."""
    if at == len(shown) - 1:
        return " "
    return " " if shown[at + 1].right else "  "


def _padded(line: Line, width: int, marks: Marks) -> Line:
    line = crop(line, width, marks.more)
    return [*line, (" " * (width - width_of(line)), "plain")]


def lead(under_cursor: bool, marks: Marks, *, marked: bool) -> Span:
    """The first cell of a line: `A` where it is marked (under the cursor too: the whole line shows that), else the cursor."""
    return ("A", "key") if marked else (marks.cursor if under_cursor else " ", "accent")


def _row(shown: list[Column], cells: dict[str, Line], under_cursor: bool, marks: Marks, *, marked: bool) -> Line:
    line: Line = [lead(under_cursor, marks, marked=marked), (" " * (MARGIN - 1), "plain")]
    for i, column in enumerate(shown):
        line.extend(cells[column.title])
        line.append((_gap(i, shown), "plain"))
    return line
