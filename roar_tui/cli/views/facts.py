"""Names and values below each other, and lists of files: the parts that every view is made of."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from roar_tui.cli.render import GAP, HASH, QUIET, WARN, Column, Part, Screen
from roar_tui.record.model import Status
from roar_tui.store import queries
from roar_tui.store.results import AccessView, FilesetView
from roar_tui.text import count, display, pad, shorten_path, size

T = TypeVar("T")

NAMES = 12  # cells of the longest name of a fact
SHOWN = 40  # lines of a section before it says how many more there are

SO_FAR = "so far; all of it is known when the job ends"  # of the files of a job that is still running

FEW = 12  # lines that a person reads one by one; longer lists are folded or leave out what matters less, unless all is asked for

File = AccessView | FilesetView


@dataclass(frozen=True)
class How:
    """How lists are drawn: `folded`, with filesets even where there are few files; `everything`, whole and unfolded."""

    folded: bool = False
    everything: bool = False

    def cut(self, lines: Sequence[T]) -> Sequence[T]:
        """The lines to show of a section."""
        return lines if self.everything else lines[:SHOWN]


def fact(screen: Screen, name: str, *value: Part) -> None:
    """Write `name  value`, unless there is no value."""
    if any(part if isinstance(part, str) else part[0] for part in value):
        screen.line((pad(name, NAMES) + GAP, QUIET), *value)


def files(
    screen: Screen, db: sqlite3.Connection, title: str, listed: Sequence[File], cwd: str, how: How, *, more: str = ""
) -> None:
    """Write a section of files: role, hash, size and path, relative to `cwd`; nothing for an empty list.

    `more` says that the list is not whole: then an empty one is shown too.
    """
    if not listed and not more:
        return
    if how.folded or (len(listed) > FEW and not how.everything):
        listed = queries.folded(listed)
    screen.heading(title, f"{count(number_of(listed), 'file')} {more}".rstrip())
    shown = how.cut(listed)
    columns = [Column("role", style=QUIET), Column("hash", style=HASH), Column("size", right=True), Column("path")]
    screen.table(columns, [_row(db, file, cwd) for file in shown])
    if len(shown) < len(listed):
        screen.line((f"and {count(number_of(listed[len(shown) :]), 'more file')}; --all lists them", QUIET))


def number_of(listed: Sequence[File]) -> int:
    """How many files a list stands for."""
    return sum(file.count if isinstance(file, FilesetView) else 1 for file in listed)


def _row(db: sqlite3.Connection, file: File, cwd: str) -> list[Part]:
    if isinstance(file, FilesetView):
        place = shorten_path(file.path, cwd=cwd).rstrip("/") + "/" + display(file.pattern)
        return [file.role.value, "", size(file.size), f"{place}{GAP}{count(file.count, 'file')}"]
    place = shorten_path(file.path, cwd=cwd)
    known: Part = queries.short(db, file.digest) if file.digest else ("unknown", WARN)
    if file.status is not Status.HASHED:
        place = f"{place}{GAP}({status_words(file.status)})"
    return [file.role.value, known, size(file.size), place]


def status_words(status: Status) -> str:
    """What a status means, in a few words."""
    return {
        Status.HASHED: "hashed",
        Status.CHANGED: "changed before it could be hashed",
        Status.MISSING: "gone before it could be hashed",
        Status.UNREADABLE: "could not be read",
        Status.SKIPPED: "not hashed",
        Status.REMOVED: "made and removed by the job",
    }[status]
