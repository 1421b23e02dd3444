"""Walk: from a job to what it came from, along the trail and back, both ways round."""

from __future__ import annotations

from pathlib import Path

import pytest

from roar_tui.lineage.model import Direction
from roar_tui.tui.screens.map import MapView
from roar_tui.tui.screens.walk import WalkScreen
from tests import builders
from tests.tui.driver import Driver, opened

SIZES = [(80, 24), (120, 40), (60, 20)]


def walk(driver: Driver) -> WalkScreen:
    screen = driver.app.screen
    assert isinstance(screen, WalkScreen)
    return screen


async def put_cursor_on(driver: Driver, name: str) -> None:
    """Move down until the line under the cursor holds `name`."""
    await driver.until(lambda: isinstance(driver.app.screen, WalkScreen))
    await driver.until(lambda: any(name in line for line in driver.lines[2:-5]), name)
    outline = walk(driver).outline
    for _ in range(len(outline.rows)):
        line = driver.lines[2 + outline.cursor - outline.scroll_offset.y]
        if name in line:
            return
        await driver.press("j")
        await driver.pilot.pause()
    raise AssertionError(f"no line holds {name}:\n{driver.text}")


@pytest.mark.parametrize("size", SIZES)
async def test_three_levels_back_from_the_model_and_home_again(two_runs: Path, size: tuple[int, int]) -> None:
    async with opened(two_runs, size) as driver:
        await driver.sees("train.py --lr")
        await driver.press("enter")
        await driver.sees("upstream", "shards/", "params.yaml", "root")
        await put_cursor_on(driver, "shards/")
        await driver.press("enter")
        await driver.until(lambda: len(walk(driver).trail) == 2)
        await put_cursor_on(driver, "prep.py --out")
        await driver.press("enter")
        await driver.until(lambda: len(walk(driver).trail) == 3)
        await driver.sees("sort raw.txt")
        await put_cursor_on(driver, "raw.txt")
        await driver.press("enter")
        await driver.until(lambda: len(walk(driver).trail) == 4)
        assert driver.lines[0].count("‹") >= (2 if size[0] > 60 else 1)
        await driver.press("left", "backspace", "h")
        await driver.until(lambda: len(walk(driver).trail) == 1)
        await driver.press("escape")
        await driver.sees("Artifacts", "exit")


async def test_every_node_is_opened_once_and_later_mentions_say_so(tmp_path: Path) -> None:
    t = builders.T0
    first = builders.single(["make"], [builders.used("seed", opened=t)], [builders.made("a", opened=t + 10)], started=t)
    left = builders.single(["left"], [builders.used("a", opened=t + 1000)], [builders.made("l", opened=t + 1010)], started=t + 1000)
    right = builders.single(
        ["right"], [builders.used("a", opened=t + 2000)], [builders.made("r", opened=t + 2010)], started=t + 2000
    )
    both = builders.single(
        ["both"],
        [builders.used("l", opened=t + 3000), builders.used("r", opened=t + 3001)],
        [builders.made("out", opened=t + 3010)],
        started=t + 3000,
    )
    store = builders.build_store(tmp_path / "store", [first, left, right, both])
    async with opened(store.root, focus="/p/out") as driver:
        await driver.sees("seen above", "seed", "left", "right")
        assert driver.text.count("seed") == 1


async def test_t_turns_around(two_runs: Path) -> None:
    async with opened(two_runs) as driver:
        await driver.press("2")
        await driver.sees("raw.txt")
        driver.app.walk_to("/p/raw.txt")
        await driver.sees("fetch.py")
        await driver.press("t")
        await driver.sees("downstream", "sort raw.txt", "model.pt")
        stop = walk(driver).stop
        assert stop is not None
        assert stop.direction is Direction.DOWNSTREAM
        await driver.press("t")
        await driver.sees("upstream", "fetch.py")


async def test_right_closes_and_opens_a_branch(two_runs: Path) -> None:
    async with opened(two_runs) as driver:
        await driver.sees("fetch.py")
        await driver.press("enter")
        await put_cursor_on(driver, "shards/")
        await driver.press("right")
        await driver.misses("prep.py --out")
        await driver.press("right")
        await driver.sees("prep.py --out")


async def test_a_set_of_files_opens_into_its_files_and_one_goes_on(two_runs: Path) -> None:
    async with opened(two_runs) as driver:
        await driver.sees("fetch.py")
        await driver.press("enter")
        await put_cursor_on(driver, "shards/")
        await driver.press("f")
        await driver.sees("8 files", "shard-00000")
        await driver.press("slash")
        await driver.type("003")
        await driver.sees("1 found")
        await driver.press("enter", "enter")
        await driver.until(lambda: isinstance(driver.app.screen, WalkScreen))
        await driver.sees("prep.py --out")
        assert "shard-00003" in driver.lines[0]


async def test_find_goes_to_the_match_and_n_to_the_next(two_runs: Path) -> None:
    async with opened(two_runs) as driver:
        await driver.sees("fetch.py")
        await driver.press("enter")
        await driver.sees("sort raw.txt")
        await driver.press("slash")
        await driver.type("prep.py")
        await driver.press("enter")
        await driver.until(lambda: "prep.py" in driver.lines[2 + walk(driver).outline.cursor])
        first = walk(driver).outline.cursor
        await driver.press("n")
        await driver.until(lambda: walk(driver).outline.cursor != first)
        await driver.press("N")
        await driver.until(lambda: walk(driver).outline.cursor == first)


async def test_details_show_environment_places_and_git(two_runs: Path) -> None:
    async with opened(two_runs, (100, 50)) as driver:
        await driver.sees("fetch.py")
        await driver.press("enter")
        await driver.sees("shards/")
        await driver.press("e")
        await driver.sees("python3 train.py", "Environment", "numpy", "SEED", "dirty")
        await driver.press("escape")
        await driver.sees("upstream")


async def test_a_reference_can_be_typed_and_what_is_not_found_is_told(two_runs: Path) -> None:
    async with opened(two_runs, (100, 30)) as driver:
        await driver.sees("fetch.py")
        await driver.press("colon")
        await driver.type("/p/model.pt")
        await driver.press("enter")
        await driver.sees("model.pt", "upstream", "shards/")
        await driver.press("colon")
        await driver.type("nothing")
        await driver.press("enter")
        await driver.sees("nothing names nothing in the store")
        assert len(walk(driver).trail) == 1


async def test_the_focus_opens_the_walk_from_that_reference(two_runs: Path) -> None:
    async with opened(two_runs, focus="/p/model.pt") as driver:
        await driver.sees("model.pt", "train.py --lr 0.2", "upstream")
        await driver.press("escape")
        await driver.sees("6 jobs", "took")


async def test_the_preview_says_what_became_of_the_file_on_disk(tmp_path: Path) -> None:
    here = tmp_path / "data.txt"
    here.write_text("data")
    job = builders.single(["cat"], [builders.used(str(here), "data", size=4)], [builders.made(str(tmp_path / "gone"), "x", size=1)])
    store = builders.build_store(tmp_path / "store", [job])
    async with opened(store.root, (120, 30), focus=str(here)) as driver:
        await driver.sees("unchanged")
    here.write_text("atad")
    async with opened(store.root, (120, 30), focus=builders.content("data")) as driver:
        await driver.sees("changed")
        await driver.misses("unchanged")


async def test_the_map_draws_boxes_and_keeps_the_cursor(two_runs: Path) -> None:
    async with opened(two_runs, (100, 40)) as driver:
        await driver.sees("fetch.py")
        await driver.press("enter")
        await put_cursor_on(driver, "shards/")
        await driver.press("m")
        await driver.sees("╭", "fetch.py", "▼", "boxes")
        assert "shards/" in driver.lines[0]
        await driver.press("up")
        await driver.until(lambda: "prep.py" in driver.lines[0])
        await driver.press("escape")
        await driver.until(lambda: isinstance(driver.app.screen, WalkScreen))
        node = walk(driver).node
        assert node is not None
        assert node.argv[1] == "prep.py"


async def test_a_map_that_is_larger_than_the_screen_says_how_much_is_beside_it(two_runs: Path) -> None:
    async with opened(two_runs, (60, 20)) as driver:
        await driver.sees("fetch.py")
        await driver.press("enter", "m")
        await driver.sees("boxes", "out of view")
        view = driver.app.screen.query_one(MapView)
        counts = set()
        for y in range(view.max_scroll_y + 1):  # not the cursor moves, but what is seen
            view.scroll_to(y=y, animate=False, force=True)
            await driver.until(lambda y=y: view.scroll_offset.y == y and f", {view.hidden()} out of view" in driver.lines[0])
            counts.add(view.hidden())
        assert len(counts) > 1


async def test_the_palette_runs_an_action_of_the_screen(two_runs: Path) -> None:
    async with opened(two_runs, (100, 30)) as driver:
        await driver.sees("fetch.py")
        await driver.press("enter")
        await driver.sees("shards/")
        await driver.press("ctrl+p")
        await driver.sees("map  (m)")
        await driver.type("boxes")
        await driver.sees("Draw the walk")
        await driver.press("enter")
        await driver.sees("boxes", "▼")


async def test_a_kernel_is_named_by_its_notebook_wherever_the_step_is(tmp_path: Path) -> None:
    above = ["jupyter-execute", "sub/analysis.ipynb"]
    argv = ["python", "-m", "ipykernel_launcher", "-f", "/tmp/k.json"]
    files = {"used": [builders.used("in.csv")], "generated": [builders.made("out.csv")]}
    steps = [builders.step(above), builders.step(argv, number=1, parent=0, **files)]
    store = builders.build_store(tmp_path / "store", [builders.record(above, steps)])
    async with opened(store.root) as driver:
        await driver.press("2", "slash")
        await driver.type("out.csv")
        await driver.press("enter")
        await driver.sees("1 found", "made  Jupyter kernel of analysis.ipynb")
        await driver.press("e")
        await driver.sees("Made by 1", "Jupyter kernel of analysis.ipynb")
        await driver.press("escape", "enter")
        await put_cursor_on(driver, "Jupyter kernel of analysis")
        await driver.until(lambda: driver.lines[-4].strip() == "Jupyter kernel of analysis.ipynb")
        await driver.press("e")
        await driver.sees("notebook    sub/analysis.ipynb")
        assert "Jupyter kernel of analysis.ipynb" in driver.lines[0]


@pytest.mark.parametrize("size", SIZES)
async def test_a_copy_leads_on_to_what_the_original_came_from(tmp_path: Path, size: tuple[int, int]) -> None:
    """The content is the same, the steps behind it are not: nothing may end at the first mention of a content."""
    at = [builders.T0 + n * 60 * builders.SECOND for n in range(3)]
    used, made, raw = builders.used, builders.made, "the content"
    files = [
        ([used("source")], [made("raw.csv", raw, opened=at[0])]),
        ([used("raw.csv", raw, opened=at[1])], [made("copy.csv", raw, opened=at[1] + 1000)]),
        ([used("copy.csv", raw, opened=at[2])], [made("model.pt", opened=at[2])]),
    ]
    commands = ["fetch.py"], ["cp", "raw.csv", "copy.csv"], ["train.py"]
    records = [builders.single(commands[n], *files[n], started=at[n]) for n in range(3)]
    store = builders.build_store(tmp_path / "store", records)
    async with opened(store.root, size, focus=builders.job_id(records[2])) as driver:
        await driver.sees("train.py", "cp raw.csv", "fetch.py", "source")
        assert "same content" not in driver.text
    async with opened(store.root, size, focus=builders.job_id(records[0])) as driver:
        await driver.sees("upstream")
        await driver.press("t")
        await driver.sees("downstream", "cp raw.csv", "train.py", "model.pt")


async def test_what_a_step_wrote_into_a_pipe_is_not_nothing(two_runs: Path) -> None:
    prep = builders.job_id(builders.two_runs()[1])
    async with opened(two_runs, (80, 40), focus=f"{prep}:1") as driver:
        await driver.sees("made  a pipe to prep.py --out shards")
        await driver.press("e")
        await driver.sees("Generated 0", "pipe to     ", ":2  prep.py --out shards")
    async with opened(two_runs, (80, 40), focus=f"{prep}:2") as driver:
        await driver.sees("made  shards/ 8 files")
        await driver.press("e")
        await driver.sees("pipe from   ", ":1  sort raw.txt")
