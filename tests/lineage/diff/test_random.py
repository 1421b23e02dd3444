"""Random pipelines with random changes: every change is found, nothing else is blamed, and both ways round say the same."""

from __future__ import annotations

import random
from contextlib import closing
from pathlib import Path

import pytest

from roar_tui.lineage.diff import Diff, diff
from roar_tui.lineage.diff.result import Change
from tests.lineage.diff.world import both, causes, mutate, pipeline

SEEDS = 300
GROUPS = 10
MIRRORED = {Change.ADDED: Change.REMOVED, Change.REMOVED: Change.ADDED, Change.CHANGED: Change.CHANGED}


@pytest.mark.parametrize("group", range(GROUPS))
def test_every_change_is_the_cause_and_nothing_else(group: int, tmp_path: Path) -> None:
    for seed in range(group, SEEDS, GROUPS):
        chance = random.Random(seed)
        first = pipeline(chance)
        second, expected = mutate(chance, first)
        with both(tmp_path / str(seed), first.records(), second.records()) as (store, a, b), closing(store.reader()) as db:
            found = diff(store, db, a, b)
            assert causes(found) == expected, f"seed {seed}"
            assert found.identical == (not expected), f"seed {seed}"
            assert all(cause.reaches_target for cause in found.causes), f"seed {seed}"
            assert all(each.because for each in found.consequences), f"seed {seed}"
            assert diff(store, db, a, b) == found
            assert mirrored(diff(store, db, b, a)) == told(found), f"seed {seed}"


def told(found: Diff) -> object:
    """What a diff says, but for names that only one side has."""
    ends = [(c.category, c.subject, c.change, str(c.a), str(c.b), c.step.a, c.step.b, c.reaches_target) for c in found.causes]
    more = [(c.category, c.subject, c.change, str(c.a), str(c.b), c.because) for c in found.consequences]
    outcome = [(each.what, each.a, each.b) for each in found.outcome]
    return ends, more, outcome, [(row.status.value, row.a, row.b) for row in found.steps], found.unknown


def mirrored(found: Diff) -> object:
    """What the diff of the same two says the other way round."""
    ends = [
        (c.category, c.subject, MIRRORED[c.change], str(c.b), str(c.a), c.step.b, c.step.a, c.reaches_target) for c in found.causes
    ]
    more = [(c.category, c.subject, MIRRORED[c.change], str(c.b), str(c.a), c.because) for c in found.consequences]
    outcome = [(each.what, each.b, each.a) for each in found.outcome]
    swapped = {"added": "removed", "removed": "added"}
    rows = [(swapped.get(row.status.value, row.status.value), row.b, row.a) for row in found.steps]
    return ends, more, outcome, rows, found.unknown
