"""Runs every scenario (or those whose name holds a word) and prints the table: true cause first? false causes?

`--roar` runs them through roar-cli as well, where it is installed as docs/benchmarks.md says, and prints its root cause beside.
"""

# ruff: noqa: T201 -- a table on stdout is what this is for
from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from tests.benchmarks.what_changed import roar
from tests.benchmarks.what_changed.resumed import RESUMED
from tests.benchmarks.what_changed.scenario import Scenario
from tests.benchmarks.what_changed.scenarios import SCENARIOS
from tests.benchmarks.what_changed.varied import VARIED

PEERS = Path(platformdirs.user_cache_dir("roar-tui-bench"))
MIRRORED = {"added": "removed", "removed": "added", "changed": "changed"}


@dataclass(frozen=True)
class Verdict:
    """How well the diff of a scenario's two runs names what was changed."""

    scenario: Scenario
    found: dict[str, Any]
    back: dict[str, Any]  # the other way round

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
        identical = wanted is None or self.found["identical"] is wanted
        return self.first and not self.false and not self.missed and identical and self.mirrors and not self.unsaid

    @property
    def mirrors(self) -> bool:
        """Whether the diff from B to A says the same, the other way round."""
        there = [(each["category"], each["change"], str(each["a"]), str(each["b"])) for each in self.found["causes"]]
        back = [(each["category"], MIRRORED[each["change"]], str(each["b"]), str(each["a"])) for each in self.back["causes"]]
        return there == back

    @property
    def unsaid(self) -> list[str]:
        """What the scenario wants said (a suspect), or not said (a secret)."""
        told = json.dumps(self.found)
        suspects = [each for cause in self.found["causes"] for each in cause["detail"].get("suspects", ())]
        wrong = []
        if self.scenario.suspect is not None and not any(self.scenario.suspect in each for each in suspects):
            wrong.append(f"no suspect {self.scenario.suspect}")
        if self.scenario.secret is not None and self.scenario.secret in told:
            wrong.append("a secret is shown")
        return wrong


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
    b = second.run()
    return Verdict(scenario, second.diff(a, b), second.diff(b, a))


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.what_changed")
    parser.add_argument("words", nargs="*", help="only scenarios whose names hold one of these")
    parser.add_argument("--roar", action="store_true", help="run them through roar-cli too")
    options = parser.parse_args(words)
    program = PEERS / "roar" / "bin" / "roar"
    if options.roar and not program.exists():
        parser.error(f"roar-cli is not installed in {program.parents[1]}")
    every = [*SCENARIOS, *VARIED, *RESUMED]
    chosen = [scenario for scenario in every if not options.words or any(word in scenario.name for word in options.words)]
    verdicts, peers = [], []
    print(f"{'':2}{'scenario':40} {'first':6} {'false':6} causes")
    for scenario in chosen:
        verdicts.append(_ours(scenario))
        if options.roar:
            peers.append(_roars(scenario, program))
    right, first = sum(each.right for each in verdicts), sum(each.first for each in verdicts)
    false = sum(len(each.false) for each in verdicts)
    print(f"{right} of {len(verdicts)} right; true cause first in {first}; {false} false causes")
    if peers:
        able = [each for each in peers if not each.why_not]
        said = f"{sum(each.right for each in able)} of {len(able)} right; true cause first in {sum(each.first for each in able)}"
        print(f"roar: {said}; {sum(each.false for each in able)} false causes; {len(peers) - len(able)} cannot be put to it")
    return 0 if right == len(verdicts) else 1


def _ours(scenario: Scenario) -> Verdict:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="what-changed-") as place:
        os.environ["XDG_CACHE_HOME"] = os.environ["XDG_CONFIG_HOME"] = f"{place}/xdg"
        real = Path(os.path.realpath(place))
        verdict = judge(scenario, real)
        below = str(real / "project") + "/"
    shown = "; ".join(f"{category} {subject.replace(below, '')}" for category, subject in verdict.causes)
    print(
        f"{'' if verdict.right else '!':2}{scenario.name:40} {'yes' if verdict.first else 'NO':6} {len(verdict.false):<6} "
        f"{shown or '-'}  ({time.monotonic() - began:.1f} s)",
        flush=True,
    )
    if not verdict.right:
        print(f"    missed {verdict.missed}, identical {verdict.found['identical']}, mirrors {verdict.mirrors}; {verdict.unsaid}")
        if os.environ.get("WHAT_CHANGED_DETAILS"):
            print(json.dumps(verdict.found, indent=1)[:6000])
    return verdict


def _roars(scenario: Scenario, program: Path) -> roar.RoarVerdict:
    PEERS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="what-changed-", dir=PEERS) as place:  # roar leaves out what lies below /tmp
        verdict = roar.judge(scenario, Path(os.path.realpath(place)), program)
    word = "—" if verdict.why_not else "yes" if verdict.first else "NO"
    said = verdict.why_not or (f"{verdict.category}: {verdict.description}" if verdict.category is not None else "-")
    print(f"    {'roar':38} {word:6} {'' if verdict.why_not else verdict.false!s:6} {' '.join(said.split())[:90]}", flush=True)
    return verdict


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
