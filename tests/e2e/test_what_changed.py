"""Real pairs of runs with one known change: a handful of the accuracy benchmark's scenarios."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.benchmarks.what_changed.__main__ import judge
from tests.benchmarks.what_changed.scenarios import SCENARIOS

CHOSEN = ("a raw file changed", "a raw file renamed", "changed outside between two steps", "script: $LR", "make: a header")


@pytest.mark.parametrize("name", CHOSEN)
def test_the_cause_is_found_and_nothing_else_is_blamed(name: str, strace: str, tmp_path: Path) -> None:
    (scenario,) = [scenario for scenario in SCENARIOS if scenario.name == name]
    verdict = judge(scenario, Path(os.path.realpath(tmp_path)))
    assert verdict.right, (verdict.causes, verdict.missed, verdict.found["identical"])
