"""The virtual list: the same cost for a hundred rows and for a hundred thousand."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from textual.app import App, ComposeResult

from roar_tui.tui.desk import Desk
from roar_tui.tui.lines import Line
from roar_tui.tui.pages import PAGE, Keyset
from roar_tui.tui.reading import Reader
from roar_tui.tui.themes import FALLBACK
from roar_tui.tui.widgets.virtual_list import KEPT_PAGES, VirtualList

MANY = 100_000


class Table:
    """Numbers in SQLite, greatest first, and how often they were asked for."""

    def __init__(self, path: Path, count: int) -> None:
        self.path = path
        self.asked: list[int] = []
        with sqlite3.connect(path) as db:
            db.execute("CREATE TABLE number (n INTEGER PRIMARY KEY)")
            db.executemany("INSERT INTO number VALUES (?)", ((n,) for n in range(count)))

    def source(self) -> Keyset[int]:
        return Keyset(self._after, lambda db: int(db.execute("SELECT count(*) FROM number").fetchone()[0]), lambda n: n)

    def _after(self, db: sqlite3.Connection, last: int | None, limit: int, skip: int) -> list[int]:
        self.asked.append(limit)
        below = 1 << 60 if last is None else last
        return [n for (n,) in db.execute("SELECT n FROM number WHERE n < ? ORDER BY n DESC LIMIT ? OFFSET ?", (below, limit, skip))]

    def add(self, number: int) -> None:
        with sqlite3.connect(self.path) as db:
            db.execute("INSERT INTO number VALUES (?)", (number,))

    def reader(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, check_same_thread=False)

    def exists(self) -> bool:
        return True

    @property
    def index(self) -> Any:
        return SimpleNamespace(path=self.path)


class ListApp(App[None]):
    """The list alone."""

    CSS_PATH = str(Path(__file__).parents[2] / "roar_tui" / "tui" / "theme.tcss")

    def __init__(self, table: Table) -> None:
        super().__init__()
        self.table = table
        self.reader = Reader(table, "test")  # type: ignore[arg-type]
        self.list: VirtualList[int] = VirtualList(self.reader, self.draw, id="list")

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return FALLBACK

    def draw(self, number: int, width: int, under_cursor: bool) -> Line:
        return [(f"{'>' if under_cursor else ' '} row {number} ", "plain")]

    def compose(self) -> ComposeResult:
        yield self.list

    def on_mount(self) -> None:
        self.list.focus()
        self.list.use(self.table.source())

    def on_unmount(self) -> None:
        self.reader.close()

    @property
    def text(self) -> str:
        return "\n".join(strip.text for strip in self.screen._compositor.render_strips())


async def until(pilot: Any, condition: Any) -> None:
    for _ in range(500):
        if condition():
            return
        await pilot.pause(0.02)
    raise AssertionError(pilot.app.text)


@pytest.fixture
def table(tmp_path: Path) -> Table:
    return Table(tmp_path / "numbers", MANY)


async def test_a_hundred_thousand_rows_cost_some_pages(table: Table) -> None:
    app = ListApp(table)
    async with app.run_test(size=(40, 20)) as pilot:
        await until(pilot, lambda: app.list.count == MANY)  # the first rows are there before all are counted
        await pilot.press("G")
        await until(pilot, lambda: "> row 0 " in app.text)
        await pilot.press("g", *["pagedown"] * 30)
        await until(pilot, lambda: f"> row {MANY - 1 - 30 * 19} " in app.text)
        assert sum(table.asked) <= 20 * PAGE
        assert len(app.list._pages) <= KEPT_PAGES


async def test_the_cursor_stays_on_its_row_when_rows_come_before_it(table: Table) -> None:
    app = ListApp(table)
    async with app.run_test(size=(40, 20)) as pilot:
        await until(pilot, lambda: f"row {MANY - 1} " in app.text)
        await pilot.press(*["pagedown"] * 8)
        await until(pilot, lambda: app.list.cursor_row is not None)
        row, top = app.list.cursor_row, app.list.scroll_offset.y
        for number in range(3):
            table.add(MANY + number)
        app.list.use(table.source(), keep=True)
        await until(pilot, lambda: app.list.count == MANY + 3)
        assert app.list.cursor_row == row
        assert app.list.scroll_offset.y == top + 3


async def test_moving_while_the_list_is_read_again_is_not_undone(table: Table) -> None:
    app = ListApp(table)
    async with app.run_test(size=(40, 20)) as pilot:
        await until(pilot, lambda: f"row {MANY - 1} " in app.text and app.list.count == MANY)
        table.add(MANY)
        reading = app.list.use(table.source(), keep=True)
        app.list.move_to(7)
        await reading.wait()
        assert app.list.cursor == 8
        assert app.list.cursor_row == MANY - 8


async def test_the_first_rows_are_there_before_all_are_counted(table: Table) -> None:
    """Counting what a word matches may take seconds; until then the list can be read and moved in."""
    may_count = threading.Event()

    class Slow(Keyset[int]):
        def count(self, db: sqlite3.Connection) -> int:
            assert may_count.wait(60)
            return super().count(db)

    source = table.source()
    app = ListApp(table)
    async with app.run_test(size=(40, 20)) as pilot:
        await until(pilot, lambda: app.list.count == MANY)
        reading = app.list.use(Slow(source._after, source._count, source._key))
        await until(pilot, lambda: app.list.count == PAGE)
        assert f"row {MANY - 1} " in app.text
        app.list.move_to(5)
        may_count.set()
        await reading.wait()
        assert (app.list.count, app.list.cursor) == (MANY, 5)


async def test_reading_again_draws_nothing_where_nothing_changed(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    app = ListApp(table)
    async with app.run_test(size=(40, 20)) as pilot:
        await until(pilot, lambda: f"row {MANY - 1} " in app.text and app.list.count == MANY)
        drawn: list[int] = []
        monkeypatch.setattr(app.list, "refresh", lambda *regions, **options: drawn.append(1))
        await app.list.use(table.source(), keep=True).wait()
        assert drawn == []


async def test_the_mouse_selects_and_a_second_click_chooses(table: Table) -> None:
    app = ListApp(table)
    chosen: list[int] = []
    app.list.post_message = _collect(app.list.post_message, chosen)  # type: ignore[method-assign]
    async with app.run_test(size=(40, 20)) as pilot:
        await until(pilot, lambda: f"row {MANY - 1} " in app.text)
        await pilot.click("#list", offset=(3, 4))
        await until(pilot, lambda: app.list.cursor == 4)
        assert chosen == []
        await pilot.click("#list", offset=(3, 4))
        await until(pilot, lambda: chosen == [4])


def _collect(post: Any, chosen: list[int]) -> Any:
    def collecting(message: Any) -> bool:
        if isinstance(message, VirtualList.Chosen):
            chosen.append(message.at)
        return bool(post(message))

    return collecting


async def test_a_cancelled_query_is_interrupted_and_the_reader_goes_on(table: Table) -> None:
    import asyncio
    import time

    reader = Reader(table, "slow")  # type: ignore[arg-type]
    endless = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT max(n) FROM c"
    task = asyncio.ensure_future(reader.run(lambda db: db.execute(endless).fetchone()))
    await asyncio.sleep(0.2)  # it runs by now; were it only waiting, cancelling would be easier still
    began = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await reader.run(lambda db: db.execute("SELECT count(*) FROM number").fetchone())) == (MANY,)
    assert time.monotonic() - began < 5
    reader.close()
    with pytest.raises(asyncio.CancelledError):
        await reader.run(lambda db: None)


def test_a_desk_shortens_hashes_by_default_to_eight_digits(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "none")
    assert desk.short("0123456789abcdef") == "01234567"
    desk.close()
