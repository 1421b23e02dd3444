"""Jobs and Artifacts: what the lists show, how they are narrowed, and how they follow the store."""

from __future__ import annotations

from pathlib import Path

import pytest

from roar_tui.record.model import Warning as RecordWarning
from roar_tui.tui.screens.home import HomeScreen
from tests import builders
from tests.tui.driver import Driver, opened

WORDS = {
    "enter", "walk", "?", "help", "/", "filter", "space", "mark", "d", "diff", "e", "details", "tab", "switch", "y", "copy", ":",
    "go", "to", "q", "quit",
}  # fmt: skip
SIZES = [(80, 24), (120, 40), (60, 20)]


def home(driver: Driver) -> HomeScreen:
    screen = driver.app.screen
    assert isinstance(screen, HomeScreen)
    return screen


@pytest.mark.parametrize("size", SIZES)
async def test_jobs_are_listed_newest_first_with_a_preview(two_runs: Path, size: tuple[int, int]) -> None:
    async with opened(two_runs, size) as driver:
        await driver.sees("train.py --lr", "made  metrics.json" if size[0] < 120 else "shards/ 8 files")
        assert len([line for line in driver.lines if " ok " in line and " Nov " in line[:20]]) == 6
        assert all(len(line) == size[0] for line in driver.lines)
        assert driver.lines[-1].rstrip().endswith("q quit")


async def test_the_footer_keeps_whole_words_at_any_width(two_runs: Path) -> None:
    for width in range(30, 121, 9):
        async with opened(two_runs, (width, 24)) as driver:
            await driver.sees("q quit")
            words = driver.lines[-1].split()
            assert "…" not in driver.lines[-1]
            assert set(words) <= WORDS


async def test_typing_a_filter_narrows_the_list_and_escape_clears_it(two_runs: Path) -> None:
    async with opened(two_runs) as driver:
        await driver.sees("fetch.py")
        await driver.press("slash")
        await driver.type("train")
        await driver.sees("2 found")
        await driver.misses("fetch.py ")
        await driver.press("escape")
        await driver.sees("fetch.py")
        assert home(driver).filters["jobs"] == ""


async def test_a_long_filter_is_never_silent(two_runs: Path) -> None:
    async with opened(two_runs, (60, 20)) as driver:
        await driver.press("slash")
        await driver.type("train train train train train train train train train")
        await driver.press("enter")
        await driver.misses("fetch.py")
        await driver.sees("Jobs    Artifacts", " / train train", "…")


async def test_a_filter_that_finds_nothing_says_what_was_searched_and_how_to_clear_it(two_runs: Path) -> None:
    async with opened(two_runs) as driver:
        await driver.press("slash")
        await driver.type("no such thing")
        await driver.press("enter")
        await driver.sees("Nothing found for no such thing", "Searched the commands", "esc clears the filter")
        await driver.press("escape")
        await driver.sees("fetch.py")


@pytest.mark.parametrize("size", SIZES)
async def test_a_wrong_filter_term_is_explained_and_the_list_stays(two_runs: Path, size: tuple[int, int]) -> None:
    async with opened(two_runs, size) as driver:
        await driver.sees("fetch.py")
        await driver.press("slash")
        await driver.type("role:nonsense")
        await driver.sees("'nonsense' is no role", "fetch.py")
        home(driver).news()  # reading the lists again leaves it said
        await driver.pilot.pause()
        assert "'nonsense' is no role" in driver.text


@pytest.mark.parametrize("size", SIZES)
async def test_an_empty_store_explains_how_to_record(tmp_path: Path, size: tuple[int, int]) -> None:
    async with opened(tmp_path / "nothing", size) as driver:
        await driver.sees("Nothing is recorded here yet", "roar-tui run python3 train.py", "roar-tui demo")
        await driver.sees("records what a command reads and writes", "shows it here once the command has ended", "doctor says so.")
    assert not (tmp_path / "nothing").exists()


async def test_the_artifacts_tab_shows_places_makers_and_users(two_runs: Path) -> None:
    async with opened(two_runs) as driver:
        await driver.sees("fetch.py")
        await driver.press("2")
        await driver.sees("first seen", "made by", "model.pt")
        await driver.press("tab")
        await driver.sees("took")


async def test_new_jobs_appear_without_moving_the_cursor(tmp_path: Path) -> None:
    store = builders.build_store(tmp_path / "store", builders.pipeline())
    async with opened(store.root) as driver:
        await driver.sees("3 jobs")
        await driver.until(lambda: home(driver).current.cursor_row is not None)
        await driver.press("j")
        row = home(driver).current.cursor_row
        assert row is not None
        for record in builders.pipeline(started=builders.T0 + 3600 * builders.SECOND, lr="0.3"):
            store.archive.keep(record)
        driver.app.look_for_news()
        await driver.sees("6 jobs")
        await driver.until(lambda: home(driver).current.count == 6)
        after = home(driver).current.cursor_row
        assert after is not None
        assert after.row.id == row.row.id
        assert home(driver).current.cursor == 4


async def test_a_store_that_comes_into_being_is_seen(tmp_path: Path) -> None:
    root = tmp_path / "later"
    async with opened(root) as driver:
        await driver.sees("Nothing is recorded here yet")
        builders.build_store(root, builders.pipeline(), sync=False)
        driver.app.look_for_news()
        await driver.sees("3 jobs", "train.py")


async def test_a_long_list_jumps_to_its_end_and_back(tmp_path: Path) -> None:
    records = [builders.single([f"job{n}"], started=builders.T0 + n * builders.SECOND) for n in range(450)]
    store = builders.build_store(tmp_path / "store", records)
    async with opened(store.root) as driver:
        await driver.sees("450 jobs", "job449")
        await driver.press("G")
        await driver.sees("job0 ")
        await driver.press("pageup")
        await driver.sees("job15 ")
        await driver.press("g")
        await driver.sees("job449")
        assert home(driver).current.cursor == 0


@pytest.mark.parametrize("size", SIZES)
async def test_names_that_hold_anything_are_shown_as_escapes(nasty: Path, size: tuple[int, int]) -> None:
    async with opened(nasty, size) as driver:
        await driver.sees("nasty \\xfe\\n")
        await driver.press("2")
        await driver.sees("bold].txt", "new\\nline.txt")
        await driver.press("1", "enter")
        await driver.sees("upstream")
        assert "\x1b" not in driver.text
        assert all(character.isprintable() for line in driver.lines for character in line)


async def test_copying_names_what_was_copied(two_runs: Path) -> None:
    async with opened(two_runs) as driver:
        await driver.until(lambda: home(driver).current.cursor_row is not None)
        row = home(driver).current.cursor_row
        assert row is not None
        await driver.press("y")
        await driver.sees("Copied the id of job")
        assert driver.app.clipboard == row.row.id


async def test_help_lists_every_key_and_closes_again(two_runs: Path) -> None:
    async with opened(two_runs, (80, 50)) as driver:
        await driver.press("question_mark")
        await driver.sees("Jobs and Artifacts", "Narrow the list as you type", "What the filter understands", "exit:failed")
        await driver.press("escape")
        await driver.sees("took")


async def test_a_damaged_record_is_told_and_the_rest_stays_readable(tmp_path: Path) -> None:
    store = builders.build_store(tmp_path / "store", builders.pipeline(), sync=False)
    victim = next(iter(store.archive.files()))
    (store.archive.records / victim).write_bytes(b"not a record")
    async with opened(store.root, (100, 30)) as driver:
        await driver.sees("2 jobs", "A record is damaged")


async def test_q_quits(two_runs: Path) -> None:
    async with opened(two_runs) as driver:
        await driver.press("q")
        await driver.until(lambda: driver.app._exit)
        assert driver.app.return_code == 0


async def test_the_mouse_picks_tabs_and_presses_the_footer(two_runs: Path) -> None:
    async with opened(two_runs) as driver:
        await driver.sees("fetch.py")
        await driver.pilot.click("#tabs", offset=(12, 0))
        await driver.sees("first seen")
        await driver.pilot.click("#footer", offset=(driver.lines[-1].index("help"), 0))
        await driver.sees("Show every key of this screen")


@pytest.mark.parametrize("width", [60, 80, 130])
async def test_titles_stand_over_their_columns_whether_or_not_the_list_scrolls(two_runs: Path, width: int) -> None:
    def ends(driver: Driver) -> tuple[int, int]:
        """Where the title of the last column ends, and where the number below it does."""
        title, row = driver.lines[2], next(line for line in driver.lines[3:] if "model.pt" in line)
        return title.index("used") + 4, title.index("used") + len(row[title.index("used") : title.index("used") + 6].rstrip())

    async with opened(two_runs, (width, 16)) as driver:
        await driver.press("2")
        await driver.sees("model.pt")
        assert home(driver).current.show_vertical_scrollbar
        assert len(set(ends(driver))) == 1
        await driver.press("slash")
        await driver.type("model")
        await driver.sees("2 found")
        await driver.until(lambda: not home(driver).current.show_vertical_scrollbar)
        assert len(set(ends(driver))) == 1


@pytest.mark.parametrize("size", [(80, 24), (60, 20)])
async def test_what_a_job_made_is_seen_however_few_the_lines_and_whatever_the_recording_warns_of(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    files = [builders.used(f"input-{n}") for n in range(3)]
    warnings = [RecordWarning("changed", "3 inputs changed before they could be hashed")]
    job = builders.single(["train.py"], files, [builders.made("model.pt")], warnings=warnings)
    store = builders.build_store(tmp_path / "store", [job])
    async with opened(store.root, size) as driver:
        await driver.sees("! train.py", "made  model.pt")


async def test_a_tall_preview_tells_what_the_recording_warns_of_first(tmp_path: Path) -> None:
    warnings = [RecordWarning("changed", "an input changed")]
    job = builders.single(["train.py"], [], [builders.made("model.pt")], warnings=warnings)
    store = builders.build_store(tmp_path / "store", [job])
    async with opened(store.root, (130, 30)) as driver:
        await driver.sees("an input changed", "model.pt")
        assert driver.text.index("an input changed") < driver.text.index("model.pt")
