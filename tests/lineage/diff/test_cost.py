"""Large sets that both runs have alike are compared as sets: what is looked at is what differs."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

import pytest

from roar_tui.lineage.diff import diff
from roar_tui.lineage.diff.load import LARGE
from tests.builders import MINUTE, T0, made, shards, single, used
from tests.lineage.diff.world import DAY, both, causes

COUNT = 20_000


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("large")


def test_three_of_many_shards_are_found_without_reading_the_others(root: Path) -> None:
    assert COUNT > LARGE

    def run(start: int, different: set[int]) -> list[object]:
        reads = [
            used(file.path, f"other {number}", opened=file.opened) if number in different else file
            for number, file in enumerate(shards("d", COUNT, opened=start + 1))
        ]
        return [single(["python3", "train.py"], reads, [made("model", str(different), opened=start + COUNT + 9)], started=start)]

    with both(root / "three", run(T0, set()), run(T0 + DAY, {7, 8, 9_000})) as (store, a, b), closing(store.reader()) as db:  # type: ignore[arg-type]
        began = time.process_time()
        found = diff(store, db, a, b)
        assert time.process_time() - began < 2.0  # 0.1 s on one core of 2024; 0.5 s for 100,000
    (cause,) = found.causes
    assert cause.subject == "/p/d"
    assert (cause.detail["members"]["differ"], cause.detail["members"]["of"]) == (3, COUNT)
    assert len(cause.detail["members"]["changed"]) == 3


def test_a_set_that_another_step_made_differs_because_of_what_that_read(root: Path) -> None:
    def run(start: int, raw: str, different: set[int]) -> list[object]:
        word = {number: f"{raw} {number}" for number in different}
        files = list(shards("d", COUNT, opened=start + 1, write=True))
        writes = [made(f.path, word[n], opened=f.opened) if n in different else f for n, f in enumerate(files)]
        later = start + MINUTE
        reads = [used(f.path, word.get(n, f"shard {n} "), opened=later + n) for n, f in enumerate(files)]
        split = single(["python3", "split.py"], [used("raw", raw, opened=start)], writes, started=start)
        train = single(["python3", "train.py"], reads, [made("model", raw, opened=later + COUNT + 9)], started=later)
        return [split, train]

    with both(root / "made", run(T0, "one", {3, 4}), run(T0 + DAY, "two", {3, 4})) as (store, a, b), closing(store.reader()) as db:  # type: ignore[arg-type]
        found = diff(store, db, a, b)
    assert causes(found) == {("data", "raw")}
    (follows,) = found.consequences
    assert (follows.subject, follows.detail["members"]["differ"], follows.because) == ("/p/d", 2, [0])


def test_many_shards_that_are_the_same_are_identical(root: Path) -> None:
    def run(start: int) -> list[object]:
        writes = shards("d", COUNT, opened=start + 1, write=True)
        return [single(["python3", "split.py"], [used("raw", opened=start)], writes, started=start)]

    with both(root / "same", run(T0), run(T0 + DAY)) as (store, a, b), closing(store.reader()) as db:  # type: ignore[arg-type]
        found = diff(store, db, a, b)
    assert found.identical
    assert found.causes == []


def test_a_set_that_both_used_is_not_read_at_all(root: Path) -> None:
    def work(count: int) -> int:
        def run(start: int, rate: str) -> list[object]:
            argv, reads = ["python3", "train.py", "--data", "d", "--lr", rate], shards("d", count, opened=start + 1)
            return [single(argv, reads, [made("model", rate, opened=start + count + 9)], started=start)]

        ticks = [0]

        def tick() -> int:
            ticks[0] += 1
            return 0

        with both(root / str(count), run(T0, "1"), run(T0 + DAY, "2")) as (store, a, b), closing(store.reader()) as db:  # type: ignore[arg-type]
            db.set_progress_handler(tick, 100)
            assert [cause.subject for cause in diff(store, db, a, b).causes] == ["--lr"]
        return ticks[0]

    few, many = work(50), work(COUNT)
    assert many < 2 * few
