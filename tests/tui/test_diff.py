"""The Diff screen: mark A, press d; causes open, sides swap, walks begin here, and esc calls off what takes long."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from roar_tui.lineage import diff as engine
from roar_tui.tui.screens.diff import DiffScreen
from roar_tui.tui.screens.home import HomeScreen
from roar_tui.tui.screens.walk import WalkScreen
from tests import builders
from tests.tui.driver import Driver, opened

SIZES = [(80, 24), (120, 40), (60, 20)]
DAY = 24 * 60 * builders.MINUTE


@pytest.fixture
def changed_shards(tmp_path: Path) -> Path:
    """Two runs of one training: the second with another shard of eight, another rate, and a worse accuracy."""
    records = []
    for number, rate in enumerate(("0.1", "0.2")):
        t = builders.T0 + number * DAY
        data = [builders.used(f"shards/{i}.txt", f"shard {i}{number if i == 3 else ''}", opened=t + i) for i in range(8)]
        data.append(builders.used("train.py", "code", opened=t + 20))
        records.append(
            builders.single(
                ["python3", "train.py", "--lr", rate], data, [builders.made("model.pt", rate, opened=t + 50)], started=t
            )
        )
    return builders.build_store(tmp_path / "store", records).root


def diff(driver: Driver) -> DiffScreen:
    screen = driver.app.screen
    assert isinstance(screen, DiffScreen)
    return screen


async def compare_the_two(driver: Driver) -> None:
    """Mark the older run, and compare the newer one with it."""
    await driver.sees("train.py --lr 0.1", "train.py --lr 0.2")
    await driver.press("G", "space", "g", "d")
    await driver.sees("causes", "--lr")


async def put_cursor_on(driver: Driver, key: str) -> None:
    """Move down to the row with that key."""
    view = diff(driver).view
    view.move_to(next(at for at, row in enumerate(view.rows) if row.key == key))
    await driver.pilot.pause()


@pytest.mark.parametrize("size", SIZES)
async def test_space_marks_a_and_d_compares(changed_shards: Path, size: tuple[int, int]) -> None:
    async with opened(changed_shards, size) as driver:
        await driver.sees("train.py --lr 0.1", "train.py --lr 0.2")
        await driver.press("G", "space")
        await driver.until(lambda: any(line.startswith("A ") for line in driver.lines))
        await driver.sees("d diff with A", "A train.py")
        await driver.press("g", "d")
        await driver.sees("causes", "--lr", "0.1 → 0.2", "3.txt", "steps", "≠")
        assert driver.lines[0].startswith(" A ")
        assert driver.lines[0].rstrip().endswith("train.py --lr 0.1")
        assert driver.lines[1].rstrip().endswith("train.py --lr 0.2")
        assert "model.pt differs" in driver.lines[2]
        await driver.press("escape")
        await driver.until(lambda: isinstance(driver.app.screen, HomeScreen))
        assert any(line.startswith("A ") for line in driver.lines)


async def test_space_again_takes_the_mark_off(changed_shards: Path) -> None:
    async with opened(changed_shards) as driver:
        await driver.sees("train.py --lr 0.1")
        await driver.press("space")
        await driver.sees("diff with A")
        await driver.press("space")
        await driver.misses("diff with A")
        assert driver.app.desk.marked is None


async def test_the_mark_survives_filtering_and_new_jobs(changed_shards: Path) -> None:
    async with opened(changed_shards) as driver:
        await driver.sees("train.py --lr 0.1")
        await driver.press("G", "space", "slash")
        await driver.type("nothing")
        await driver.press("enter")
        await driver.sees("0 found", "diff with A")
        await driver.press("escape")
        t = builders.T0 + 2 * DAY
        newer = builders.single(["python3", "other.py"], [], [builders.made("o", opened=t)], started=t)
        builders.build_store(changed_shards, [newer])
        await driver.press("r")
        await driver.sees("3 jobs", "other.py")
        (marked,) = [line for line in driver.lines if line.startswith("A ")]
        assert "--lr 0.1" in marked


@pytest.mark.parametrize("size", [(60, 20), (80, 24)])
async def test_the_offer_is_read_whole_on_a_small_screen(changed_shards: Path, size: tuple[int, int]) -> None:
    async with opened(changed_shards, size) as driver:
        await driver.sees("train.py")
        await driver.press("d")
        await driver.sees("Press d again", "another A.")


async def test_without_an_a_the_run_before_is_offered(changed_shards: Path) -> None:
    async with opened(changed_shards, (100, 30)) as driver:
        await driver.sees("train.py --lr 0.1")
        await driver.press("d")
        await driver.sees("Press d again to compare with", "the run before", "space")
        await driver.press("d")
        await driver.sees("causes", "0.1 → 0.2")


async def test_d_pressed_twice_quickly_compares_with_the_run_before(changed_shards: Path) -> None:
    async with opened(changed_shards, (100, 30)) as driver:
        await driver.sees("train.py --lr 0.1")
        await driver.press("d", "d")
        await driver.sees("causes", "0.1 → 0.2")


async def test_without_an_a_and_a_run_before_it_says_how_to_mark(changed_shards: Path) -> None:
    async with opened(changed_shards, (100, 30)) as driver:
        await driver.sees("train.py --lr 0.1")
        await driver.press("G", "d")
        await driver.sees("Nothing is marked as A", "with space")
        assert isinstance(driver.app.screen, HomeScreen)


async def test_an_artifact_is_compared_with_what_the_run_before_made_there(changed_shards: Path) -> None:
    async with opened(changed_shards, (100, 30)) as driver:
        await driver.press("2")
        await driver.sees("model.pt")
        await driver.until(lambda: "model.pt" in driver.lines[3])
        await driver.press("d")
        await driver.sees("Press d again")
        await driver.press("d")
        await driver.sees("causes", "0.1 → 0.2", "model.pt differs")


async def test_enter_opens_and_closes_what_lies_behind_a_cause(changed_shards: Path) -> None:
    async with opened(changed_shards) as driver:
        await compare_the_two(driver)
        key = next(row.key for row in diff(driver).view.rows if row.thing and "3.txt" in str(row.line))
        was_open = f"{key}/0" in {row.key for row in diff(driver).view.rows}
        await put_cursor_on(driver, key)
        if was_open:
            await driver.press("enter")
            await driver.misses("Read by train.py")
        await driver.press("enter")
        await driver.sees("Read by train.py")
        assert diff(driver).view.row is not None
        assert diff(driver).view.row.key == key
        await driver.press("enter")
        await driver.misses("Read by train.py")


async def test_x_swaps_the_sides_and_back(changed_shards: Path) -> None:
    async with opened(changed_shards) as driver:
        await compare_the_two(driver)
        await driver.press("x")
        await driver.sees("0.2 → 0.1")
        assert driver.lines[0].rstrip().endswith("--lr 0.2")
        await driver.press("x")
        await driver.sees("0.1 → 0.2")


async def test_u_shows_the_context(changed_shards: Path) -> None:
    async with opened(changed_shards, (80, 40)) as driver:
        await compare_the_two(driver)
        assert "started" not in driver.text
        await driver.press("u")
        await driver.sees("context", "started", "took")
        await driver.press("u")
        await driver.misses("started")


async def test_w_walks_from_the_file_as_b_had_it_and_esc_comes_back(changed_shards: Path) -> None:
    async with opened(changed_shards, (100, 30)) as driver:
        await compare_the_two(driver)
        rows = diff(driver).view.rows
        await put_cursor_on(driver, next(row.key for row in rows if row.thing and "3.txt" in str(row.line)))
        await driver.press("w")
        await driver.until(lambda: isinstance(driver.app.screen, WalkScreen))
        await driver.sees("3.txt", builders.content("shard 31")[:8])
        await driver.press("escape")
        await driver.until(lambda: isinstance(driver.app.screen, DiffScreen))
        await driver.sees("causes")


async def test_the_walk_marks_and_compares_too(changed_shards: Path) -> None:
    async with opened(changed_shards, (100, 30)) as driver:
        await driver.sees("train.py --lr 0.1")
        await driver.press("G", "space", "g", "enter")
        await driver.sees("upstream", "shards/", "diff with A")
        await driver.press("d")
        await driver.sees("causes", "0.1 → 0.2")
        await driver.press("escape")
        await driver.until(lambda: isinstance(driver.app.screen, WalkScreen))
        await driver.press("j", "space")
        await driver.until(lambda: any(line.startswith("A") for line in driver.lines[2:10]))


async def test_directories_of_two_runs_are_compared_as_each_run_had_them(changed_shards: Path) -> None:
    async with opened(changed_shards, (100, 30)) as driver:
        await driver.sees("train.py --lr 0.1")
        await driver.press("G", "enter")
        await driver.sees("shards/")
        await driver.press("j")
        await driver.until(lambda: "shards/" in driver.lines[2 + driver.app.screen.outline.cursor])  # type: ignore[attr-defined]
        await driver.press("space", "escape")
        await driver.until(lambda: isinstance(driver.app.screen, HomeScreen))
        await driver.press("g", "enter")
        await driver.sees("--lr 0.2", "shards/")
        await driver.press("j")
        await driver.until(lambda: "shards/" in driver.lines[2 + driver.app.screen.outline.cursor])  # type: ignore[attr-defined]
        await driver.press("d")
        await driver.sees("causes", "3.txt")
        await driver.misses("identical")


async def test_e_writes_the_contracts_json_and_says_where(
    changed_shards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with opened(changed_shards, (100, 30)) as driver:
        await compare_the_two(driver)
        await driver.press("e")
        await driver.sees("Wrote the whole diff to")
        (written,) = tmp_path.glob("diff-*.json")
        found = json.loads(written.read_text())
        assert {cause["subject"] for cause in found["causes"]} >= {"--lr", "/p/shards/3.txt"}


async def test_a_directory_that_cannot_be_written_is_told(changed_shards: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("roar_tui.tui.screens.diff.working_directory", lambda: "/nowhere")
    async with opened(changed_shards, (100, 30)) as driver:
        await compare_the_two(driver)
        await driver.press("e")
        await driver.sees("could not be written into /nowhere", "No such file")


async def test_a_long_comparison_says_so_and_esc_calls_it_off(changed_shards: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    running: list[sqlite3.Connection] = []

    def endless(store: object, db: sqlite3.Connection, *rest: Any, **more: Any) -> None:
        running.append(db)
        try:
            db.execute("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n").fetchone()
        finally:
            running.clear()

    monkeypatch.setattr(engine, "diff", endless)
    async with opened(changed_shards) as driver:
        await driver.sees("train.py --lr 0.1")
        await driver.press("G", "space", "g", "d")
        await driver.sees("comparing", "esc calls it off")
        await driver.sees("1 s")
        assert running
        await driver.press("escape")
        await driver.until(lambda: isinstance(driver.app.screen, HomeScreen))
        await driver.until(lambda: not running)


async def test_a_thing_that_is_gone_is_told_and_leads_back(changed_shards: Path) -> None:
    async with opened(changed_shards, (100, 30)) as driver:
        await driver.sees("train.py --lr 0.1")
        from roar_tui.tui.comparing import Marked

        driver.app.show_diff(Marked("0" * 64, "gone"), Marked("1" * 64, "gone too"))
        await driver.sees("names nothing in the store")
        await driver.until(lambda: isinstance(driver.app.screen, HomeScreen))


async def test_names_that_hold_anything_stay_on_their_lines(tmp_path: Path) -> None:
    other = builders.nasty(started=builders.T0 + DAY)
    store = builders.build_store(tmp_path / "store", [builders.nasty(), other])
    async with opened(store.root, (100, 30)) as driver:
        await driver.until(lambda: isinstance(driver.app.screen, HomeScreen) and driver.app.screen.current.count == 2)
        await driver.press("G", "space", "g", "d")
        await driver.until(lambda: isinstance(driver.app.screen, DiffScreen) and diff(driver).compared is not None)
        assert "\x1b" not in driver.text
        await driver.sees("identical")
