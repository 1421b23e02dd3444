"""A walk costs what it visits: every query goes through an index, and large steps open quickly."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from roar_tui.lineage import jobs, links, nodes, opener, ranks, recorded, reference, start
from roar_tui.lineage.fold import fold
from roar_tui.lineage.model import Direction, Kind
from roar_tui.lineage.walk import Walker
from roar_tui.store.schema import statements
from tests.builders import T0, build_store, content, made, shards, single, used
from tests.lineage.stories import T1, artifact, downstream, names, upstream

MODULES = (links, opener, start, nodes, ranks, recorded, jobs, reference)
SCANNED_SUBQUERIES = {"i"}  # the inner part of a uses query, which is its result


def queries() -> Iterator[tuple[str, str]]:
    """Every query that the modules keep, by name."""
    for module in MODULES:
        kept = [(name, value) for name, value in vars(module).items() if name.isupper()]
        for name, value in kept:
            for number, text in enumerate(value if isinstance(value, tuple) else (value,)):
                if isinstance(text, str) and re.match(r"\s*SELECT\b", text) and "{" not in text:
                    yield f"{module.__name__.rpartition('.')[2]}.{name}.{number}", text


@pytest.fixture(scope="module")
def tables() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as db:
        for statement in statements():
            db.execute(statement)
        yield db


def whole_queries() -> list[tuple[str, str]]:
    parts = {"_ON_PATH", "_ON_OTHER_PATH", "_ON_OTHER_PATH_SMALL", "_COLUMNS", "_USES", "_GENERATED", "_ACCESS", "_PLACE"}
    return [(name, text) for name, text in queries() if name.split(".")[1] not in parts]


@pytest.mark.parametrize(("name", "query"), whole_queries(), ids=[name for name, _ in whole_queries()])
def test_no_query_reads_a_whole_table(tables: sqlite3.Connection, name: str, query: str) -> None:
    values = dict.fromkeys(re.findall(r":(\w+)", query), 0)
    plan = tables.execute("EXPLAIN QUERY PLAN " + query, values or [0] * query.count("?")).fetchall()
    details = [row[3] for row in plan]
    scanned = {match[1] for detail in details if (match := re.match(r"SCAN (\w+)(?! VIRTUAL)", detail))}
    assert scanned - SCANNED_SUBQUERIES - {"CONSTANT"} == set() or _goes_through_index_in_order(details), details


def _goes_through_index_in_order(details: list[str]) -> bool:
    """`@` reads jobs newest first until one is the user's own."""
    return details == ["SCAN job USING INDEX job_started"]


def test_there_are_queries_to_check() -> None:
    assert len(whole_queries()) > 25


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """A job that wrote 20,000 shards and one that trained on them, among many that have nothing to do with it."""
    count = 20_000
    records = [
        single(["split"], [used("raw")], shards("d", count, opened=T0 + 1, write=True)),
        single(["train"], shards("d", count, opened=T1), [made("model", opened=T1 + count)], started=T1),
        *(
            single(["other", str(n)], [used("common", opened=T0 + n)], [made(f"o{n}", opened=T0 + n + 1)], started=T0 + n)
            for n in range(500)
        ),
    ]
    with closing(build_store(tmp_path_factory.mktemp("big"), records).reader()) as db:
        yield db


def test_a_step_with_many_inputs_opens_folded_and_in_a_second_or_so(big: sqlite3.Connection) -> None:
    walker = Walker(big, Direction.UPSTREAM)
    (train,) = walker.expand(walker.start(artifact(big, "model")))
    began = time.process_time()
    (files,) = walker.expand(train)
    (split,) = walker.expand(files)
    assert time.process_time() - began < 3.0  # 0.6 s on one core of 2024
    assert (files.kind, files.count, files.pattern) == (Kind.FILESET, 20_000, "shard-{00000..19999}.txt")
    assert split.argv == ("split",)


def test_the_members_of_a_fileset_come_by_the_page(big: sqlite3.Connection) -> None:
    walker = Walker(big, Direction.UPSTREAM)
    (train,) = walker.expand(walker.start(artifact(big, "model")))
    (files,) = walker.expand(train)
    page, count = walker.members(files, 100, 3)
    assert ([node.paths[0] for node in page], count) == ([f"/p/d/shard-00{n}.txt" for n in (100, 101, 102)], 20_000)
    some, count = walker.members(files, 0, 100, "777.TXT")
    assert count == 20
    assert some[0].digest == content("shard 777 ")
    assert [step.argv for step in walker.expand(some[0])] == [("split",)]
    assert walker.members(files, 0, 10, "nothing like it") == ([], 0)


def test_whole_walks_of_large_steps_take_a_second_or_so(big: sqlite3.Connection) -> None:
    began = time.process_time()
    up = fold(upstream(big, artifact(big, "model")))
    assert time.process_time() - began < 5.0  # 0.9 s on one core of 2024
    assert names(up) == ["model", "$ train", "d/ 20000 files", "$ split", "raw"]
    down = fold(downstream(big, artifact(big, "raw")))
    assert names(down) == ["raw", "$ split", "d/ 20000 files", "$ train", "model"]
