"""Steps that worked in the same jobs as a walk's, and that nothing seen links to it: memory may have been shared.

`x=$(cat seed.txt); python3 train.py $x` links train.py to no file, and yet seed.txt decided. What such steps read is no part
of the walk, but nobody may say that it is not.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from roar_tui.lineage.closure import reach
from roar_tui.lineage.links import FOREVER
from roar_tui.lineage.model import Direction, Kind, Node, Walk
from roar_tui.lineage.target import StepTarget

# generated_step, then used_path or member_path; pipe_end_step: a step that left a file, wrote one that another step read, or
# wrote to a pipe
_WRITES = """EXISTS (SELECT 1 FROM generated g INDEXED BY generated_step
    WHERE g.step = s.id AND g.role NOT IN ('log', 'environment') AND (g.survives OR EXISTS (
        SELECT 1 FROM used u INDEXED BY used_path WHERE u.path = g.path AND u.opened > g.opened AND u.step <> s.id)
        OR EXISTS (SELECT 1 FROM used_member u WHERE u.path = g.path AND u.last > g.opened AND u.step <> s.id)))
OR EXISTS (SELECT 1 FROM pipe_end INDEXED BY pipe_end_step WHERE step = s.id AND writes)"""
# used_step, used_set_step; pipe_end_step
_READS = """EXISTS (SELECT 1 FROM used INDEXED BY used_step WHERE step = s.id AND role <> 'environment')
OR EXISTS (SELECT 1 FROM used_set INDEXED BY used_set_step WHERE step = s.id AND role <> 'environment')
OR EXISTS (SELECT 1 FROM pipe_end INDEXED BY pipe_end_step WHERE step = s.id AND NOT writes)"""
# UNIQUE (digest) of job, UNIQUE (job, number) of step
STEPS = f"""SELECT s.id, s.number, s.started, s.ended, {_READS}, {_WRITES}
FROM step s WHERE s.job = (SELECT id FROM job WHERE digest = ?) ORDER BY s.number"""


class _Step(NamedTuple):
    id: int
    number: int
    started: int
    ended: int | None
    reads: bool
    writes: bool


def beside(db: sqlite3.Connection, walk: Walk) -> Walk:
    """The walk from all steps that may have had a part in what `walk` holds, unseen; without targets where there are none.

    Upstream these read and left nothing that explains what for, before the walk's own steps of the job ended; downstream they
    wrote, after one of the walk's steps had read and left nothing.
    """
    found: dict[str, StepTarget] = {}
    looked: set[str] = set()  # jobs
    steps = {node.id: node for node in walk.nodes.values() if node.kind is Kind.STEP}
    other = Walk(walk.direction, [])
    while True:
        before = len(found)
        for job, own in _by_job(steps).items():
            if job not in looked:
                looked.add(job)
                rows = [_Step(*row) for row in db.execute(STEPS, (bytes.fromhex(job),))]
                found |= {
                    f"s:{job}:{row.number}": StepTarget(job, row.number, row.id) for row in _unseen(rows, own, walk.direction)
                }
        if len(found) == before:
            return other
        other = reach(db, found.values(), walk.direction)
        steps |= {node.id: node for node in other.nodes.values() if node.kind is Kind.STEP}


def _by_job(steps: dict[str, Node]) -> dict[str, dict[int, Node]]:
    jobs: dict[str, dict[int, Node]] = {}
    for node in steps.values():
        if node.job is not None and node.step is not None:
            jobs.setdefault(node.job, {})[node.step] = node
    return jobs


def _unseen(rows: list[_Step], own: dict[int, Node], direction: Direction) -> list[_Step]:
    """Of a job's steps those that may have had a part in what its `own` steps did (upstream), or these in what they did."""
    others = [row for row in rows if row.number not in own]
    if direction is Direction.UPSTREAM:
        end = max(FOREVER if node.ended is None else node.ended for node in own.values())
        return [row for row in others if row.reads and not row.writes and row.started < end]
    sinks = [row.started for row in rows if row.number in own and row.reads and not row.writes]
    if not sinks:
        return []
    return [row for row in others if row.writes and (row.ended is None or row.ended > min(sinks))]
