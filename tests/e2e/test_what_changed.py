"""Real pairs of runs with one known change: a handful of the accuracy benchmark's scenarios."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.benchmarks.what_changed.__main__ import judge
from tests.benchmarks.what_changed.resumed import RESUMED
from tests.benchmarks.what_changed.scenarios import SCENARIOS
from tests.benchmarks.what_changed.work import Command, Work

CHOSEN = ("a raw file changed", "a raw file renamed", "changed outside between two steps", "script: $LR", "make: a header",
          "make: two incremental builds", "a checkpoint is found")  # fmt: skip


@pytest.mark.parametrize("name", CHOSEN)
def test_the_cause_is_found_and_nothing_else_is_blamed(name: str, strace: str, tmp_path: Path) -> None:
    (scenario,) = [scenario for scenario in (*SCENARIOS, *RESUMED) if scenario.name == name]
    verdict = judge(scenario, Path(os.path.realpath(tmp_path)))
    assert verdict.right, (verdict.causes, verdict.missed, verdict.found["identical"])


TRAIN = """
import os
text = ""
for number in range(4):
    text += open(f"d{number}").read()
    if number % 2:
        open("tmp", "w").write(text)
        os.rename("tmp", f"ckpt-{number // 2}")
"""


def test_two_checkpoints_of_one_run_differ_by_what_was_read_between(strace: str, tmp_path: Path) -> None:
    root = Path(os.path.realpath(tmp_path))
    work = Work(root / "project", root / "store", [Command(["python3", "train.py"])])
    work.write("train.py", TRAIN)
    for number in range(4):
        work.write(f"d{number}", f"data {number} " * 20)
    work.run()
    found = work.diff("ckpt-0", "ckpt-1")
    assert found["one_step"] is not None
    (cause,) = found["causes"]
    assert (cause["category"], cause["reaches_target"], cause["detail"]["between"]) == ("data", True, True)
    assert [os.path.basename(each["path"]) for each in cause["detail"]["members"]["added"]] == ["d2", "d3"]
