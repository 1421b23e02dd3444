"""Clocks of two machines that disagree: a producer is found all the same, and the walk says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from roar_tui.lineage.model import Walk
from roar_tui.record.model import Record
from tests.builders import SECOND, T0, made, single, used
from tests.lineage import stories
from tests.lineage.stories import artifact, called, downstream, names, upstream


def on(host: str, each: Record) -> Record:
    return msgspec.structs.replace(each, host=host)


def shared(skew: int, *, reader: str = "b", **read: Any) -> list[Record]:
    """Host a makes x, host b reads it a second later; by b's clock, which is `skew` µs behind."""
    seen = T0 + SECOND - skew
    return [
        on("a", single(["make"], [used("raw", opened=T0 - 5)], [made("x", "content", opened=T0, **read)], started=T0 - 10)),
        on(reader, single(["read"], [used("x", "content", opened=seen, **read)], [made("y", opened=seen + 9)], started=seen - 1)),
    ]


def both_ways(tmp_path: Path, records: list[Record]) -> tuple[Walk, Walk]:
    with stories.index(tmp_path, records) as db:
        return upstream(db, artifact(db, "y")), downstream(db, artifact(db, "raw"))


@pytest.mark.parametrize("seconds", [3, 30])
def test_a_producer_is_found_though_its_clock_is_ahead(tmp_path: Path, seconds: int) -> None:
    up, down = both_ways(tmp_path, shared(seconds * SECOND))
    assert names(up) == ["y", "$ read", "x", "$ make", "raw"]
    assert called(up, "x").note == f"made {seconds - 1}.0 s after it was read: the clocks of a and b disagree"
    assert names(down) == ["raw", "$ make", "x", "$ read", "y"]


def test_clocks_that_agree_are_not_mentioned(tmp_path: Path) -> None:
    up, _ = both_ways(tmp_path, shared(0))
    assert called(up, "x").note is None


@pytest.mark.parametrize(
    "records",
    [
        pytest.param(shared(3 * SECOND, reader="a"), id="one machine has one clock"),
        pytest.param(shared(300 * SECOND), id="minutes are no skew"),
        pytest.param(shared(3 * SECOND, size=0), id="empty files are equal by chance"),
    ],
)
def test_what_came_later_is_no_producer(tmp_path: Path, records: list[Record]) -> None:
    up, down = both_ways(tmp_path, records)
    assert names(up) == ["y", "$ read", "x"]
    assert called(up, "x").root
    assert names(down) == ["raw", "$ make", "x"]


def test_a_copy_made_elsewhere_a_little_later_is_no_producer(tmp_path: Path) -> None:
    later = T0 + SECOND
    records = [
        on("b", single(["read"], [used("x", "content", opened=T0)], [made("y", opened=T0 + 9)])),
        on("a", single(["stage"], [used("x", "content", opened=later)], [made("local/x", "content", opened=later + 1)])),
    ]
    with stories.index(tmp_path, records) as db:
        assert names(upstream(db, artifact(db, "y"))) == ["y", "$ read", "x"]


def test_a_producer_before_the_use_comes_first(tmp_path: Path) -> None:
    early = on("c", single(["first"], [], [made("x", "content", opened=T0 - 100 * SECOND)], started=T0 - 200 * SECOND))
    up, _ = both_ways(tmp_path, [early, *shared(3 * SECOND)])
    assert names(up) == ["y", "$ read", "x", "$ first"]


def test_members_of_a_set_are_compared_with_the_end_of_its_reading(tmp_path: Path) -> None:
    """Files that another machine made while a set was read are no sign of a clock that is off."""
    shards = [f"d/{n:02}" for n in range(40)]
    records = [
        on("a", single(["make"], [], [made(name, name, opened=T0 + n * 10) for n, name in enumerate(shards)])),
        on("b", single(["read"], [used(name, name, opened=T0 + 5 + n * 10) for n, name in enumerate(shards)],
                       [made("y", opened=T0 + 9_000)])),
    ]  # fmt: skip
    with stories.index(tmp_path, records) as db:
        walk = upstream(db, artifact(db, "y"))
    assert {"$ make", "$ read"} <= set(names(walk))
    assert {node.note for node in walk.nodes.values()} == {None}
    assert not any(node.root for node in walk.nodes.values() if node.kind.value == "artifact")
