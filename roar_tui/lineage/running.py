"""Jobs that had not ended when their record was kept: what they read and write is not known yet."""

from __future__ import annotations

import sqlite3

from roar_tui.lineage.model import Kind, Walk
from roar_tui.lineage.target import JobTarget, StepTarget, Target
from roar_tui.record.model import State

# UNIQUE (digest)
STATE = "SELECT state FROM job WHERE digest = ?"


def still_running(db: sqlite3.Connection, walk: Walk, target: Target) -> str | None:
    """The id of a job in `walk` that is still running: the one that was named, or that of a step which has not ended."""
    named = [target.job_id] if isinstance(target, (JobTarget, StepTarget)) else []
    open_ends = (node.job for node in walk.nodes.values() if node.kind is Kind.STEP and node.ended is None and node.job is not None)
    return next((job for job in dict.fromkeys([*named, *open_ends]) if state_of(db, job) is State.RUNNING), None)


def state_of(db: sqlite3.Connection, job: str) -> State | None:
    """The state of the job with that id; None where there is no such job."""
    row = db.execute(STATE, (bytes.fromhex(job),)).fetchone()
    return None if row is None else State(row[0])
