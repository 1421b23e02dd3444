"""Any records at all: walks end, say the shortest depth, follow the rules of time, and agree with each other."""

from __future__ import annotations

import itertools
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roar_tui.lineage.fold import fold
from roar_tui.lineage.model import Direction, Kind, Walk
from roar_tui.lineage.nodes import Nodes
from roar_tui.lineage.outline import outline
from roar_tui.lineage.target import ArtifactTarget, StepTarget
from roar_tui.lineage.walk import Walker, closure
from roar_tui.record import filesets
from roar_tui.record.model import Access, Pipe, Record, Role, Status, digest
from tests.builders import job_id, made, record, step, used
from tests.lineage import stories
from tests.lineage.rules import Rules

SIZES: dict[str | None, int | None] = {"": 0, "s": 2, "A": 100, "B": 100, "C": 100, None: None}
many = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@st.composite
def accesses(draw: st.DrawFn, clock: Iterator[int], *, write: bool) -> Any:
    word = draw(st.sampled_from(list(SIZES)))
    more: dict[str, Any] = {
        "role": draw(st.sampled_from([Role.DATA, Role.DATA, Role.CODE, Role.LOG, Role.ENVIRONMENT])),
        "status": Status.CHANGED if word is None else Status.HASHED,
        "opened": draw(st.integers(1, 60)) * 1000 + next(clock),  # no two at once
        "size": SIZES[word],
    }
    path = "/p/" + draw(st.sampled_from("xyz"))
    if write:
        finished = more["opened"] + draw(st.integers(0, 20)) * 1000
        return made(path, word, finished=finished, survives=draw(st.booleans()), **more)
    return used(path, word, external=draw(st.booleans()), **more)


@st.composite
def some_records(draw: st.DrawFn) -> list[Record]:
    found = []
    clock = itertools.count()
    for number in range(draw(st.integers(1, 4))):
        count = draw(st.integers(1, 3))
        steps = [
            step(
                [draw(st.sampled_from(["train", f"job-{number}-step-{index}"]))],
                number=index,
                parent=draw(st.none() | st.integers(0, index - 1)) if index else None,
                used=draw(st.lists(accesses(clock, write=False), max_size=4)),
                generated=draw(st.lists(accesses(clock, write=True), max_size=3)),
                started=draw(st.integers(1, 60)) * 1000,
            )
            for index in range(count)
        ]
        ends = st.lists(st.integers(0, count - 1), max_size=count)
        pipes = [Pipe(n, "pipe", draw(st.integers(1, 60)) * 1000, draw(ends), draw(ends)) for n in range(draw(st.integers(0, 2)))]
        group = draw(st.sampled_from([None, None, "ranks"]))
        found.append(record([f"job-{number}"], steps, started=number, pipes=pipes, group=group))
    return found


@contextmanager
def indexed(records: Sequence[Record]) -> Iterator[sqlite3.Connection]:
    with tempfile.TemporaryDirectory() as root, stories.index(Path(root), records) as db:
        yield db


def all_steps(db: sqlite3.Connection) -> list[StepTarget]:
    query = "SELECT s.id, s.number, j.digest FROM step s JOIN job j ON j.id = s.job"
    return [StepTarget(job.hex(), number, rowid) for rowid, number, job in db.execute(query)]


def all_targets(db: sqlite3.Connection) -> list[ArtifactTarget | StepTarget]:
    contents = [ArtifactTarget(digest.hex(), rowid) for rowid, digest in db.execute("SELECT id, digest FROM artifact")]
    return [*contents, *all_steps(db)]


def shortest(walk: Walk) -> dict[str, int]:
    """Depths by relaxation, another way than the walk's own."""
    depths = {node: 0 if node in walk.targets else len(walk.nodes) + 1 for node in walk.nodes}
    for _ in walk.nodes:
        for source, target in walk.edges:
            near, far = (target, source) if walk.direction is Direction.UPSTREAM else (source, target)
            depths[far] = min(depths[far], depths[near] + 1)
    return depths


@many
@given(some_records())
def test_any_walk_ends_with_shortest_depths_and_each_node_once(records: list[Record]) -> None:
    with indexed(records) as db:
        for direction in Direction:
            for target in all_targets(db):
                walk = closure(db, target, direction)
                for each in (walk, fold(walk)):
                    depths = [node.depth for node in each.nodes.values()]
                    assert dict(zip(each.nodes, depths, strict=True)) == shortest(each)
                    assert depths == sorted(depths)
                    rows = outline(each)
                    assert sorted(row.node.id for row in rows if not row.seen_above) == sorted(each.nodes)
                    assert len(rows) == len(each.targets) + len(each.edges)


@many
@given(some_records())
def test_upstream_is_what_the_rules_of_time_say(records: list[Record]) -> None:
    rules = Rules(records)
    with indexed(records) as db:
        for target in all_steps(db):
            walk = closure(db, target, Direction.UPSTREAM)
            found = {(node.job, node.step) for node in walk.nodes.values() if node.kind is Kind.STEP}
            job = next(number for number, each in enumerate(records) if job_id(each) == target.job_id)
            assert found == {(job_id(records[job]), number) for job, number in rules.steps_upstream(job, target.step)}


@many
@given(some_records())
def test_filesets_change_nothing(records: list[Record]) -> None:
    """However few files make a set: jobs one after the other are walked as if every file had been kept by itself."""
    records = [later(each, number * 1_000_000) for number, each in enumerate(records)]
    rules = Rules(records)
    with mock.patch.object(filesets, "FROM", 1), indexed(records) as db:
        sets = sum(len(each.filesets) for record in records for each in filesets.pack(record, digest).steps)
        assert db.execute("SELECT count(*) FROM used_set").fetchone()[0] == sets
        steps = all_steps(db)
        ups = {target: closure(db, target, Direction.UPSTREAM) for target in steps}
        for target, walk in ups.items():
            found = {(node.job, node.step) for node in walk.nodes.values() if node.kind is Kind.STEP}
            job = next(number for number, each in enumerate(records) if job_id(each) == target.job_id)
            assert found == {(job_id(records[job]), number) for job, number in rules.steps_upstream(job, target.step)}
        nodes = Nodes(db)
        downs = {target: closure(db, target, Direction.DOWNSTREAM) for target in steps}
        for early, late in itertools.permutations(steps, 2):
            if not nodes.only_started_others(late.rowid):
                above = f"s:{early.job_id}:{early.step}" in ups[late].nodes
                assert above == (f"s:{late.job_id}:{late.step}" in downs[early].nodes)


def later(record: Record, by: int) -> Record:
    """`record` with everything in it `by` µs later."""

    def moved(access: Access) -> Access:
        finished = None if access.finished is None else access.finished + by
        return msgspec.structs.replace(access, opened=access.opened + by, finished=finished)

    steps = [
        msgspec.structs.replace(
            each,
            started=each.started + by,
            ended=None if each.ended is None else each.ended + by,
            used=[moved(access) for access in each.used],
            generated=[moved(access) for access in each.generated],
        )
        for each in record.steps
    ]
    pipes = [msgspec.structs.replace(pipe, opened=pipe.opened + by) for pipe in record.pipes]
    ended = None if record.ended is None else record.ended + by
    return msgspec.structs.replace(record, started=record.started + by, ended=ended, steps=steps, pipes=pipes)


@many
@given(some_records())
def test_upstream_and_downstream_agree(records: list[Record]) -> None:
    """One step is downstream of another exactly if that one is upstream of it; a step that only started others is not asked."""
    with indexed(records) as db:
        steps = all_steps(db)
        ups = {target: closure(db, target, Direction.UPSTREAM) for target in steps}
        downs = {target: closure(db, target, Direction.DOWNSTREAM) for target in steps}
        nodes = Nodes(db)
        for early, late in itertools.permutations(steps, 2):
            if not nodes.only_started_others(late.rowid):
                above = f"s:{early.job_id}:{early.step}" in ups[late].nodes
                below = f"s:{late.job_id}:{late.step}" in downs[early].nodes
                assert above == below


@many
@given(some_records())
def test_opening_node_by_node_finds_what_the_whole_walk_has(records: list[Record]) -> None:
    with indexed(records) as db:
        for direction in Direction:
            for target in all_targets(db):
                walker = Walker(db, direction)
                queue = [walker.start(target)]
                seen, asked = {queue[0].id}, set()
                while queue:
                    node = queue.pop()
                    if (node.id, repr(node.state)) in asked:
                        continue
                    asked.add((node.id, repr(node.state)))
                    for each in walker.expand(node):
                        seen.update([member.id for member in each.members] or [each.id])
                        queue.append(each)
                assert seen == set(closure(db, target, direction).nodes)
