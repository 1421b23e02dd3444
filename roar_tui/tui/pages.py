"""Rows by their place in a list, asked for in pages: what a virtual list needs of its data.

The index answers by keyset (rows after a given row), which costs the same at any depth. A jump to a place that was never seen
passes over rows from the nearest page boundary that is known; boundaries are remembered.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, Protocol, TypeVar

Row = TypeVar("Row")

PAGE = 100


class Source(Protocol[Row]):
    """Where a virtual list gets its rows. `count`, `page` and `start_over` are called on a reader's thread."""

    def count(self, db: sqlite3.Connection) -> int:
        """How many rows there are now."""

    def page(self, db: sqlite3.Connection, number: int) -> Sequence[Row]:
        """The rows `number * PAGE` and on, at most PAGE."""

    def key(self, row: Row) -> Hashable:
        """What tells a row from all others and stays when the list changes."""

    def start_over(self) -> None:
        """Forget what is remembered: the list has changed."""


class Keyset(Generic[Row]):
    """A `Source` over a query: (connection, the row to follow or None, limit, how many rows to pass over first)."""

    def __init__(
        self,
        after: Callable[[sqlite3.Connection, Row | None, int, int], Sequence[Row]],
        count: Callable[[sqlite3.Connection], int],
        key: Callable[[Row], Hashable],
    ) -> None:
        self._after = after
        self._count = count
        self._key = key
        self._boundaries: dict[int, Row | None] = {0: None}  # page number -> the row before its first

    def count(self, db: sqlite3.Connection) -> int:
        return self._count(db)

    def key(self, row: Row) -> Hashable:
        return self._key(row)

    def start_over(self) -> None:
        self._boundaries = {0: None}

    def page(self, db: sqlite3.Connection, number: int) -> Sequence[Row]:
        nearest = max(known for known in self._boundaries if known <= number)
        rows = self._after(db, self._boundaries[nearest], PAGE, (number - nearest) * PAGE)
        if len(rows) == PAGE:
            self._boundaries[number + 1] = rows[-1]
        return rows


class Offset(Generic[Row]):
    """A `Source` over a query by offset and limit."""

    def __init__(
        self,
        rows: Callable[[sqlite3.Connection, int, int], Sequence[Row]],
        count: Callable[[sqlite3.Connection], int],
        key: Callable[[Row], Hashable],
    ) -> None:
        self._rows = rows
        self._count = count
        self._key = key

    def count(self, db: sqlite3.Connection) -> int:
        return self._count(db)

    def key(self, row: Row) -> Hashable:
        return self._key(row)

    def start_over(self) -> None:
        return None

    def page(self, db: sqlite3.Connection, number: int) -> Sequence[Row]:
        return self._rows(db, number * PAGE, PAGE)
