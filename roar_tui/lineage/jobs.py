"""Jobs as people name them: `@`, `@~2`, a prefix of the id, a name."""

from __future__ import annotations

import getpass
import os
import pwd
import re
import sqlite3
from typing import NamedTuple

from roar_tui.errors import AmbiguousError, NotFoundError
from roar_tui.lineage.target import JobTarget, StepTarget
from roar_tui.store.conditions import digest_range
from roar_tui.store.hashes import short
from roar_tui.store.results import iso
from roar_tui.store.schema import from_sql, to_sql

LEAST_DIGITS = 4
CANDIDATES = 10  # of an ambiguous prefix, of each kind
_OWN = re.compile(r"@(?:~(\d{1,9}))?$")
_PREFIX = re.compile(r"[0-9a-fA-F]{4,64}$")

_COLUMNS = "SELECT id, digest, cwd, command, started FROM job"
_OWN_JOB = f"{_COLUMNS} WHERE user IN (?, ?) ORDER BY started DESC, id DESC LIMIT 1 OFFSET ?"  # job_started
_BY_NAME = f"{_COLUMNS} WHERE name = ? ORDER BY started DESC, id DESC LIMIT 1"  # job_name
_COUNT_NAMES = "SELECT count(*) FROM job WHERE name = ?"  # job_name
_BY_RUN = f"{_COLUMNS} WHERE run_id >= ? AND run_id < ? LIMIT 2"  # UNIQUE (run_id)
_RUN_ID = re.compile(r"[0-9a-f]{8,32}$")
_STEP = "SELECT id FROM step WHERE job = ? AND number = ?"  # UNIQUE (job, number)
_STEPS = "SELECT count(*) FROM step WHERE job = ?"


class Job(NamedTuple):
    """What a reference needs to know of a job."""

    rowid: int
    digest: bytes
    cwd: str
    command: str
    started: int

    @property
    def id(self) -> str:
        """The job's whole id."""
        return self.digest.hex()

    def target(self, note: str | None = None) -> JobTarget:
        return JobTarget(self.id, self.rowid, note)


def is_prefix(text: str) -> bool:
    """Whether `text` may be the beginning of a hash."""
    return _PREFIX.match(text) is not None


def own(db: sqlite3.Connection, ref: str) -> Job | None:
    """`@` and `@~N`: the user's own job started last, or N before it; None for any other text; raises NotFoundError."""
    match = _OWN.match(ref)
    if match is None:
        return None
    back = int(match[1] or 0)
    names = _user_names()
    row = db.execute(_OWN_JOB, (*names, back)).fetchone()
    if row is not None:
        return _job(row)
    if back and db.execute(_OWN_JOB, (*names, 0)).fetchone() is not None:
        raise NotFoundError(f"You have not recorded as many as {back + 1} jobs in this store.", "List them: roar-tui jobs")
    raise NotFoundError(
        "You have not recorded a job in this store yet.",
        "Record one with: roar-tui run CMD, or list those of others: roar-tui jobs",
    )


def with_prefix(db: sqlite3.Connection, prefix: str, limit: int = CANDIDATES + 1) -> list[Job]:
    """The jobs whose id begins with these hex digits, a few at most."""
    where, values = digest_range("digest", prefix.lower())
    return [_job(row) for row in db.execute(f"{_COLUMNS} WHERE {where} ORDER BY digest LIMIT ?", (*values, limit))]


def named(db: sqlite3.Connection, name: str) -> tuple[Job, int] | None:
    """The newest job of that name, and how many have it; the one run whose id begins with it, as roar names its jobs."""
    row = db.execute(_BY_NAME, (to_sql(name),)).fetchone()
    if row is None:
        runs = db.execute(_BY_RUN, (name, f"{name}g")).fetchall() if _RUN_ID.match(name) else []
        return (_job(runs[0]), 1) if len(runs) == 1 else None
    return _job(row), db.execute(_COUNT_NAMES, (to_sql(name),)).fetchone()[0]


def job(db: sqlite3.Connection, text: str) -> Job | None:
    """The JOB of `JOB:STEP` and `JOB:PATH`; raises AmbiguousError for a prefix of several jobs, as `own` for `@~N`."""
    found = own(db, text)
    if found is not None:
        return found
    if is_prefix(text):
        jobs = with_prefix(db, text)
        if len(jobs) > 1:
            raise AmbiguousError(
                f"{text} is the beginning of {_several(len(jobs))} jobs.",
                [line(db, each) for each in jobs[:CANDIDATES]],
                "Type more digits.",
            )
        if jobs:
            return jobs[0]
    by_name = named(db, text)
    return by_name[0] if by_name is not None else None


def step(db: sqlite3.Connection, of: Job, number: int) -> StepTarget | None:
    """A job's step by its number."""
    if number > 1 << 62:
        return None
    row = db.execute(_STEP, (of.rowid, number)).fetchone()
    return None if row is None else StepTarget(of.id, number, row[0])


def count_steps(db: sqlite3.Connection, of: Job) -> int:
    """How many steps a job has."""
    count: int = db.execute(_STEPS, (of.rowid,)).fetchone()[0]
    return count


def line(db: sqlite3.Connection, of: Job) -> str:
    """A job as a candidate: what it is, an id that can be typed, what it ran and when."""
    return f"job       {short(db, of.id)}  {of.command}  {iso(of.started)[:19]}Z"


def _several(count: int) -> str:
    return str(count) if count <= CANDIDATES else f"more than {CANDIDATES}"


def _job(row: tuple[int, bytes, str | bytes, str | bytes, int]) -> Job:
    return Job(row[0], row[1], from_sql(row[2]), from_sql(row[3]), row[4])


def _user_names() -> tuple[str | bytes, str | bytes]:
    """The names that a record of one's own may have: as the environment says, and as the user database says."""
    try:
        entry = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's made-up user
        entry = str(os.getuid())
    try:
        login = getpass.getuser()
    except (KeyError, OSError):
        login = entry
    return to_sql(login), to_sql(entry)
