"""The lines of the lists: what each cell says, and that the columns stay where their titles are."""

from __future__ import annotations

from typing import Any

import pytest

from roar_tui.record.model import Exit, State
from roar_tui.store.results import JobRow
from roar_tui.tui.lines import plain, width_of
from roar_tui.tui.marks import UNICODE
from roar_tui.tui.rows import JOB_COLUMNS, JobItem, ending, heading, job_line
from tests import builders

PREP = ["bash", "prep.sh", "a-long-name"]


def job(**more: Any) -> JobItem:
    fields: dict[str, Any] = {
        "rowid": 1, "id": "ab" * 32, "name": None, "command": ["train.py"], "cwd": "/p", "state": State.COMPLETE,
        "started": builders.T0, "ended": builders.T0 + builders.SECOND, "exit": Exit(code=0), "host": "node-1", "user": "ana",
        "git_commit": None, "git_branch": None, "git_dirty": None, "group": None, "inputs": 3, "outputs": 1, "steps": 1,
        "warnings": 0,
    }  # fmt: skip
    return JobItem(JobRow(**{**fields, **more}), "abababab")


def line_of(item: JobItem, width: int) -> str:
    return plain(job_line(item, width, False, marks=UNICODE, now=builders.T0))


@pytest.mark.parametrize("width", [30, 50, 60, 79, 130])
def test_a_line_is_as_wide_as_its_titles(width: int) -> None:
    for item in (job(), job(steps=1234, command=PREP), job(name="x" * 99), job(state=State.RUNNING, inputs=1_000_000)):
        assert width_of(job_line(item, width, True, marks=UNICODE, now=builders.T0)) == width_of(heading(JOB_COLUMNS, width))


def test_what_a_running_job_read_and_wrote_is_counted_up_to_now() -> None:
    running = line_of(job(state=State.RUNNING, ended=None, exit=None), 79)
    assert "3+   1+" in running
    assert "+" not in line_of(job(), 79)


def test_the_number_of_steps_gives_way_to_the_command_that_it_belongs_to() -> None:
    assert "bash prep.sh a-long-name  (8 steps)" in line_of(job(command=PREP, steps=8), 100)
    assert "bash prep.sh a-long-name " in line_of(job(command=PREP, steps=8), 60)
    assert "(" not in line_of(job(command=PREP, steps=8), 60)
    assert "ls  (8 steps)" in line_of(job(command=["ls"], steps=8), 60)


@pytest.mark.parametrize("width", [50, 79])
def test_how_a_job_ended_is_never_cut(width: int) -> None:
    assert line_of(job(exit=Exit(code=127)), width).rstrip().endswith(" exit 127")
    assert line_of(job(state=State.UNTRACED), width).rstrip().endswith(" untraced")
    assert line_of(job(exit=Exit(signal=9)), width).rstrip().endswith(" KILL")


def test_a_running_job_is_not_said_to_have_ended() -> None:
    assert plain(ending(None, State.RUNNING, 0.5)) == "still running  its command returned after 0.5s"
    assert plain(ending(Exit(code=0), State.COMPLETE, 2.0)) == "ok  after 2.0s"
