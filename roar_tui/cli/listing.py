"""What `jobs` and `artifacts` share: paging through a list, its limits, and what an empty one says."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

import click

from roar_tui.cli.context import note
from roar_tui.store.filter import KEYS, Filter
from roar_tui.store.results import Cursor

PAGE = 1000
ON_TERMINAL = 100  # rows when nobody asked for a number and a person would scroll through them


class Row(Protocol):
    """A row of a list that can be paged."""

    @property
    def cursor(self) -> Cursor:
        """The row's place in the list."""


R = TypeVar("R", bound=Row)

limit_option = click.option(
    "--limit", type=click.IntRange(min=0), metavar="N", help=f"The newest N only (on a terminal {ON_TERMINAL}, else all)."
)
filter_option = click.option(
    "--filter",
    "filter_text",
    metavar="TEXT",
    default="",
    help="Words of a command, path or name, a hash, or role: host: git: exit: since: before: (exit:failed since:3d).",
)


def fetch(page: Callable[[int, Cursor | None], list[R]], limit: int | None, *, json: bool) -> tuple[list[R], bool]:
    """The newest rows, and whether there are more than are shown; `page` gives N rows after a cursor.

    Without a `limit` a person at a terminal gets the first `ON_TERMINAL`, a program all.
    """
    if limit is None and sys.stdout.isatty() and not json:
        limit = ON_TERMINAL
    rows: list[R] = []
    while limit is None or len(rows) <= limit:
        asked = PAGE if limit is None else min(PAGE, limit + 1 - len(rows))
        got = page(asked, rows[-1].cursor if rows else None)
        rows += got
        if len(got) < asked:
            break
    if limit is None:
        return rows, False
    return rows[:limit], len(rows) > limit


def tell_empty(what: str, filter_text: str, limit: int | None, empty_store: bool, root: Path) -> None:
    """Say on stderr why a list is empty and what to do."""
    if limit == 0:
        return
    if empty_store:
        note(
            f"Nothing is recorded in the store {root}. Record a first job:  roar-tui run python3 train.py",
            "Or see an example:  roar-tui demo",
        )
    elif filter_text:
        note(f"No {what} match {filter_text!r}. Without --filter all are listed; roar-tui {what} --help tells what it can say.")
    else:
        note(f"There are no {what}.")


def tell_more(shown: int, what: str, limit: int | None) -> None:
    """Say on stderr that the list goes on, where it was cut without being asked to."""
    if limit is None:
        note(f"The {shown} newest {what}; --limit N shows more.")


def parse(filter_text: str) -> Filter:
    """The filter of a --filter option; raises UsageError. A word that looks like a key and is none is said to be a word."""
    for key, _, rest in (word.partition(":") for word in filter_text.split()):
        if key.isalpha() and key.islower() and rest and not rest.startswith("/") and key not in KEYS:
            keys = ", ".join(f"{known}:" for known in KEYS)
            note(f"There is no filter {key}: (there are {keys}); looking for the word {key}:{rest}.")
    return Filter.parse(filter_text)
