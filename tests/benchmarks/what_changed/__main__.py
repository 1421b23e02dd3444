"""Runs every scenario (or those whose name holds a word) and prints the table: true cause first? false causes?"""

# ruff: noqa: T201 -- a table on stdout is what this is for
from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.what_changed.scenarios import SCENARIOS, Scenario


@dataclass(frozen=True)
class Verdict:
    """How well the diff of a scenario's two runs names what was changed."""

    scenario: Scenario
    found: dict[str, Any]

    @property
    def causes(self) -> list[tuple[str, str]]:
        return [(cause["category"], cause["subject"]) for cause in self.found["causes"]]

    @property
    def false(self) -> list[tuple[str, str]]:
        return [cause for cause in self.causes if not any(_is(cause, each) for each in self.scenario.causes)]

    @property
    def missed(self) -> list[tuple[str, str]]:
        return [each for each in self.scenario.causes if not any(_is(cause, each) for cause in self.causes)]

    @property
    def first(self) -> bool:
        """Whether the first cause is a true one (of none: that there is none)."""
        if not self.scenario.causes:
            return not self.causes
        return bool(self.causes) and any(_is(self.causes[0], each) for each in self.scenario.causes)

    @property
    def right(self) -> bool:
        wanted = self.scenario.identical
        return self.first and not self.false and not self.missed and (wanted is None or self.found["identical"] is wanted)


def _is(cause: tuple[str, str], expected: tuple[str, str]) -> bool:
    return cause[0] == expected[0] and (cause[1] == expected[1] or cause[1].endswith("/" + expected[1].lstrip("/")))


def judge(scenario: Scenario, place: Path) -> Verdict:
    """Record both runs of a scenario below `place` and compare them."""
    work = scenario.pipeline(place)
    if scenario.prepare is not None:
        scenario.prepare(work)
    a = work.run()
    second = work.again()
    scenario.change(second)
    return Verdict(scenario, second.diff(a, second.run()))


def main(words: list[str]) -> int:
    chosen = [scenario for scenario in SCENARIOS if not words or any(word in scenario.name for word in words)]
    verdicts = []
    print(f"{'':2}{'scenario':40} {'first':6} {'false':6} causes")
    for scenario in chosen:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="what-changed-") as place:
            os.environ["XDG_CACHE_HOME"] = os.environ["XDG_CONFIG_HOME"] = f"{place}/xdg"
            real = Path(os.path.realpath(place))
            verdict = judge(scenario, real)
            below = str(real / "project") + "/"
            shown = "; ".join(f"{category} {subject.replace(below, '')}" for category, subject in verdict.causes)
        verdicts.append(verdict)
        print(
            f"{'' if verdict.right else '!':2}{scenario.name:40} {'yes' if verdict.first else 'NO':6} {len(verdict.false):<6} "
            f"{shown or '-'}  ({time.monotonic() - began:.1f} s)",
            flush=True,
        )
        if not verdict.right:
            print(f"    missed {verdict.missed}, identical {verdict.found['identical']}")
            if os.environ.get("WHAT_CHANGED_DETAILS"):
                print(json.dumps(verdict.found, indent=1)[:6000])
    right, first = sum(each.right for each in verdicts), sum(each.first for each in verdicts)
    false = sum(len(each.false) for each in verdicts)
    print(f"{right} of {len(verdicts)} right; true cause first in {first}; {false} false causes")
    return 0 if right == len(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
