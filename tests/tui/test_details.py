"""The details: what the page says of a job and its steps, at the width that it has."""

from __future__ import annotations

from pathlib import Path

import pytest

from roar_tui.record.model import Exit, State
from roar_tui.store.merge import job_view_of
from roar_tui.tui.details import job_page
from roar_tui.tui.lines import plain, width_of
from roar_tui.tui.marks import UNICODE
from roar_tui.tui.nodes import Look
from tests import builders
from tests.tui.driver import opened

LOOK = Look(UNICODE, builders.T0)


def ended(state: State, exit_: Exit | None, *, of_step: bool) -> str | None:
    """What the page says of the end of the job's only step, or of the job."""
    record = builders.record(["train.py"], [builders.step(["train.py"], exit_=exit_)], state=state)
    view = job_view_of(record, "ab" * 32, 1)
    lines = [plain(line) for line in job_page(view, view.steps[0] if of_step else None, 76, LOOK)]
    part = lines[: next(i for i, line in enumerate(lines) if line.startswith("Job "))] if of_step else lines
    return next((line.removeprefix("ended").strip() for line in part if line.startswith("ended")), None)


def test_a_whole_hash_stands_on_one_line_of_80_cells() -> None:
    lines = job_page(job_view_of(builders.single(["train.py"]), "ab" * 32, 1), None, 76, LOOK)
    assert all(width_of(line) <= 76 for line in lines)
    assert f"id          {'ab' * 32}" in [plain(line) for line in lines]


def test_how_a_step_ended_is_its_own_whatever_became_of_the_recording() -> None:
    assert ended(State.RUNNING, None, of_step=False) == "still running  its command returned after 1.0s"
    assert ended(State.RUNNING, None, of_step=True) is None
    for state in State:
        assert ended(state, Exit(code=3), of_step=True) == "exit 3  after 1.0s"
    assert ended(State.INTERRUPTED, None, of_step=True) == "cut off  after 1.0s"


@pytest.mark.parametrize("width", [60, 80])
async def test_the_head_of_a_long_command_keeps_the_id_and_says_that_it_was_cut(tmp_path: Path, width: int) -> None:
    store = builders.build_store(tmp_path / "store", [builders.single(["train.py", *(f"--option-{n}" for n in range(20))])])
    async with opened(store.root, (width, 24)) as driver:
        await driver.sees("train.py")
        await driver.press("e")
        await driver.sees("Inputs 0")
        head = driver.lines[0].split()
        assert head[0] == "train.py"
        assert head[-2].endswith("…")
        assert len(head[-1]) == 8


async def test_a_file_that_a_job_only_appended_to_is_not_shown_as_read(tmp_path: Path) -> None:
    files = [builders.used("history.csv", appended=True), builders.used("raw.txt")]
    store = builders.build_store(tmp_path / "store", [builders.single(["train.py"], files)])
    async with opened(store.root) as driver:
        await driver.sees("used  raw.txt · history.csv (only appended to)")
        await driver.press("e")
        await driver.sees("history.csv  (only appended to)")
        assert "raw.txt  (only" not in driver.text


async def test_the_details_of_a_directory_are_headed_by_its_name(two_runs: Path) -> None:
    async with opened(two_runs) as driver:
        await driver.sees("train.py")
        await driver.press("enter")
        await driver.sees("shards/")
        while "shards/" not in driver.lines[2 + driver.app.screen.outline.cursor]:  # type: ignore[attr-defined]
            await driver.press("j")
        await driver.press("e")
        await driver.until(lambda: driver.lines[0].startswith(" ▤ shards/ "))
