"""A list that asks for the rows on screen only: the same cost for a hundred rows and for a million.

Moving the cursor draws two lines anew. Pages come from a `Source` on a reader's thread; a row that is not there yet is drawn as a
faint mark. When the list changes, the cursor stays on the row it was on.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic

from textual.message import Message
from textual.worker import Worker

from roar_tui.tui.lines import Line
from roar_tui.tui.pages import PAGE, Row, Source
from roar_tui.tui.reading import Reader
from roar_tui.tui.widgets.cursor_view import CursorView

KEPT_PAGES = 40
SEARCHED_PAGES = 20  # how far a row is looked for after the list has changed


class VirtualList(CursorView, Generic[Row]):
    """A `CursorView` over a `Source`. `draw` makes a line of a row: (row, width, whether it is under the cursor)."""

    @dataclass
    class Loaded(Message):
        """The list has been read (again): `count` rows, or an `error`."""

        view: VirtualList[Any]
        count: int
        error: Exception | None = None

        @property
        def control(self) -> VirtualList[Any]:
            return self.view

    def __init__(
        self, reader: Reader, draw: Callable[[Row, int, bool], Line], *, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._reader = reader
        self._draw = draw
        self._source: Source[Row] | None = None
        self._pages: OrderedDict[int, Sequence[Row]] = OrderedDict()
        self._wanted: list[int] = []
        self._loader: Worker[None] | None = None
        self._generation = 0
        self.count = 0

    @property
    def line_count(self) -> int:
        return self.count

    def row(self, at: int) -> Row | None:
        """The row `at`, if it is here already."""
        page = self._pages.get(at // PAGE)
        return page[at % PAGE] if page is not None and at % PAGE < len(page) else None

    @property
    def cursor_row(self) -> Row | None:
        """The row under the cursor, if it is here already."""
        return self.row(self.cursor)

    def draw_line(self, at: int, width: int) -> Line:
        row = self.row(at)
        if row is None:
            self._want(at // PAGE)
            return [("  …", "faint")]
        return self._draw(row, width, at == self.cursor)

    def use(self, source: Source[Row], *, keep: bool = False) -> Worker[None]:
        """Show this source; `keep` tries to leave the cursor on the row it is on."""
        return self.run_worker(partial(self._read, source, keep), exclusive=True, group=f"{self.id}-read")

    async def _read(self, source: Source[Row], keep: bool) -> None:
        cursor, cursor_row = self.cursor, self.cursor_row
        begun = False
        try:
            source.start_over()
            first = await self._reader.run(partial(_page, source, 0))
            fresh: dict[int, Sequence[Row]] = {0: first}
            count = len(first)
            if count == PAGE:
                if not keep:  # the newest are shown before all are counted, which may take seconds for a word
                    self._begin(source, fresh, count)
                    begun = True
                count = await self._reader.run(source.count)
            found = await self._locate(source, cursor_row, fresh) if keep and cursor_row is not None else None
            seen = await self._pages_on_screen(source, fresh) if keep and found == cursor and count == self.count else {}
        except asyncio.CancelledError:
            raise
        except Exception as error:  # shown by the screen as a sentence: a list must not end the explorer
            self.post_message(self.Loaded(self, self.count, error))
            return
        if begun:
            self.count = max(count, self.count)
            self.resize_content(self.count)
        elif not keep:
            self._begin(source, fresh, count)
        elif not self._go_on(source, fresh, count, seen, 0 if found is None else found - cursor):
            return
        self.refresh()
        self.call_after_refresh(self.reveal)
        self.post_message(self.Loaded(self, self.count))
        self.post_message(self.Moved(self, self.cursor))

    def _begin(self, source: Source[Row], fresh: dict[int, Sequence[Row]], count: int) -> None:
        """Show the beginning of a source, with the cursor on its first row."""
        self._replace(source, fresh, count)
        self.cursor = 0
        self.scroll_to(y=0, animate=False, force=True)
        self.refresh()
        self.post_message(self.Moved(self, self.cursor))

    def _go_on(
        self, source: Source[Row], fresh: dict[int, Sequence[Row]], count: int, seen: dict[int, Sequence[Row]], shift: int
    ) -> bool:
        """Show what was read anew, the cursor on its row, which is `shift` rows on; False where nothing on screen is another."""
        if seen and all(self._pages.get(number) == page for number, page in seen.items()):
            self._source = source
            self._generation += 1
            self._wanted.clear()
            self._pages.update(fresh)
            return False
        self._replace(source, fresh, count)
        self.cursor = max(0, min(self.cursor + shift, count - 1))  # it may have moved while this was read
        if shift and self.scroll_offset.y > 0:
            self.scroll_to(y=max(self.scroll_offset.y + shift, 0), animate=False, force=True)
        return True

    def _replace(self, source: Source[Row], fresh: dict[int, Sequence[Row]], count: int) -> None:
        self._source = source
        self._generation += 1
        self._wanted.clear()
        self._pages = OrderedDict(fresh)
        self.count = count
        self.resize_content(count)

    async def _locate(self, source: Source[Row], row: Row, fresh: dict[int, Sequence[Row]]) -> int | None:
        """Where `row` is now: searched from the top and around where it was."""
        key, was = source.key(row), self.cursor // PAGE
        for number in dict.fromkeys([was, *range(max(was - 2, 0), was + 3), *range(SEARCHED_PAGES)]):
            page = fresh.get(number)
            if page is None:
                page = fresh[number] = await self._reader.run(partial(_page, source, number))
            for i, other in enumerate(page):
                if source.key(other) == key:
                    return int(number * PAGE + i)
        return None

    async def _pages_on_screen(self, source: Source[Row], fresh: dict[int, Sequence[Row]]) -> dict[int, Sequence[Row]]:
        """The pages that the lines on screen are on, read anew."""
        top = self.scroll_offset.y
        numbers = range(top // PAGE, (top + self.size.height) // PAGE + 1)
        for number in numbers:
            if number not in fresh:
                fresh[number] = await self._reader.run(partial(_page, source, number))
        return {number: fresh[number] for number in numbers if fresh[number]}

    def _want(self, page: int) -> None:
        """Ask for a page; called while drawing, so it only notes it."""
        if page in self._wanted or self._source is None:
            return
        self._wanted.append(page)
        if self._loader is None or self._loader.is_finished:
            self._loader = self.run_worker(self._load_wanted, group=f"{self.id}-pages")

    async def _load_wanted(self) -> None:
        """Load what is wanted, the latest wish first: on a long jump the pages that flew by are not read."""
        while self._wanted and self._source is not None:
            top = self.scroll_offset.y // PAGE
            near = [page for page in self._wanted if abs(page - top) <= 1] or self._wanted[-1:]
            number, generation, source = near[-1], self._generation, self._source
            self._wanted = [page for page in near if page != number]
            read = partial(_page, source, number)
            try:
                rows = await self._reader.run(read)
            except asyncio.CancelledError:
                raise
            except Exception as error:  # as above
                self.post_message(self.Loaded(self, self.count, error))
                return
            if generation != self._generation:
                continue
            self._pages[number] = rows
            while len(self._pages) > KEPT_PAGES:
                self._pages.popitem(last=False)
            self.refresh()
            if self.cursor // PAGE == number:
                self.post_message(self.Moved(self, self.cursor))


def _page(source: Source[Row], number: int, db: sqlite3.Connection) -> Sequence[Row]:
    return source.page(db, number)
