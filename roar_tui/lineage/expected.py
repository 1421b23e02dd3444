"""What should be on disk: the newest recorded content of each path that something asks for, unless its job removed it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from roar_tui.lineage.disk import can_hash
from roar_tui.lineage.target import ArtifactTarget, FilesetTarget, JobTarget, Member, PathTarget, StepTarget, Target
from roar_tui.store.listing import paths_of
from roar_tui.store.schema import MEMBER_ID, from_sql, is_member, to_sql

# Of one access: the columns of `Seen` after its table.
_COLUMNS = """p.path, x.artifact, a.digest, a.algorithm, COALESCE(a.size, x.size), x.status, x.opened, {ended}, {kept},
       x.role, s.job, s.id, j.host"""
_JOINED = (
    "JOIN path p ON p.id = x.path JOIN step s ON s.id = x.step JOIN job j ON j.id = s.job LEFT JOIN artifact a ON a.id = x.artifact"
)


Queries = tuple[str, str, str]


def _accesses(source: str, where: str, members: str, of_members: str) -> Queries:
    """The query on generated and on used accesses, and on used members of filesets; `{table}` in its parts is the table."""
    made, read = (
        f"""SELECT {_COLUMNS.format(ended=ended, kept=kept)} FROM {source.format(table=table)} {_JOINED}
        WHERE {where.format(table=table)}"""
        for table, ended, kept in (
            ("generated", "COALESCE(x.finished, x.opened)", "x.survives"),
            ("used", "x.opened", "x.external"),
        )
    )
    of_sets = f"""SELECT {_COLUMNS.format(ended="x.opened", kept="x.external")} FROM {members} {_JOINED} WHERE {of_members}"""
    return made, read, of_sets


# UNIQUE (job, number), then generated_step, used_step or used_set_step
OF_JOB = _accesses(
    "step js CROSS JOIN {table} x INDEXED BY {table}_step ON x.step = js.id",
    "js.job = :job AND x.role <> 'environment'",
    "step js CROSS JOIN used_member x ON x.step = js.id",
    "js.job = :job AND x.role <> 'environment'",
)
# the primary keys
_ONE = _accesses("{table} x", "x.id = :id", "used_member x", MEMBER_ID.format(table="x", id=":id"))
# the paths of the range by UNIQUE (path); of each the newest access, by generated_path or used_path; of a member of filesets the
# newest use of each, by member_path and used_set_fileset
_NEWEST = _accesses(
    "path n CROSS JOIN {table} x",
    """{{which}} AND x.id = (SELECT e.id FROM {table} e INDEXED BY {table}_path
        WHERE e.path = n.id AND e.role <> 'environment' ORDER BY e.opened DESC, e.id DESC LIMIT 1)""",
    """path n CROSS JOIN member m INDEXED BY member_path ON m.path = n.id
    CROSS JOIN used_member x ON x.number = m.number AND x.used_set = (SELECT us.id FROM used_set us
        WHERE us.fileset = m.fileset AND us.role <> 'environment' ORDER BY us.opened DESC LIMIT 1)""",
    "{which}",
)
NEWEST_OF_ALL = tuple(query.format(which="TRUE") for query in _NEWEST)
NEWEST_OF_PATH = tuple(query.format(which="n.path = :path") for query in _NEWEST)


class Seen(NamedTuple):
    """An access: `ended` is when a generated one was finished; `kept` says that it survived its job, of a used one that it
    was there before the job wrote it. `artifact`, `job` and `step` are row ids, times microseconds.
    """

    path: str
    artifact: int | None
    digest: bytes | None
    algorithm: str | None
    size: int | None
    status: str
    opened: int
    ended: int
    kept: bool
    role: str
    job: int
    step: int
    host: str


@dataclass(frozen=True)
class Expected:
    """A content that should be at `path`: its digest by `algorithm`, its row id, and the machine that saw it there."""

    path: str
    digest: str
    algorithm: str
    size: int | None
    artifact: int
    host: str


@dataclass(frozen=True)
class Unknown:
    """A file that cannot be compared, and why."""

    path: str
    why: str


@dataclass
class Expectation:
    """All that should be there, sorted by path; `jobs` are the ids of the jobs that were asked for."""

    files: list[Expected] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)
    jobs: list[str] = field(default_factory=list)


def expected(db: sqlite3.Connection, target: Target | None) -> Expectation:
    """What `target` says of the disk; None: the whole store."""
    if target is None:
        return _expectation(everything(db))
    if isinstance(target, JobTarget):
        return _expectation(of_job(*_of_job(db, target.rowid)), [target.job_id])
    if isinstance(target, StepTarget):
        return _expectation(of_job(*_of_job(db, _job(db, target.rowid)), step=target.rowid), [target.job_id])
    if isinstance(target, FilesetTarget):
        return _expectation(each for member in target.members for each in _one(db, member))
    if isinstance(target, PathTarget) or target.generated is not None or target.used is not None:
        return _expectation(_one(db, target))
    return _expectation(_of_content(db, target))


def standing(made: Seen | None, read: Seen | None) -> Seen | None:
    """Of the newest write and the newest read of a path, the one that says what should be there now; None: nothing.

    What a job left outdoes what it read itself. A later read that could not be hashed leaves what was written before it.
    """
    if made is None:
        return read
    later = read is not None and read.job != made.job and read.opened >= made.ended
    if read is not None and later and (not made.kept or read.digest is not None or made.digest is None):
        return read
    return made if made.kept else None


def of_job(made: Iterable[Seen], read: Iterable[Seen], step: int | None = None) -> list[Seen]:
    """What a job, or one `step` (row id) of it, says of each path: what it left there, else what it read and let be."""
    last: dict[str, Seen] = {}
    for write in made:
        if write.path not in last or write.ended >= last[write.path].ended:
            last[write.path] = write
    found = {path: write for path, write in last.items() if write.kept and step in (None, write.step)}
    uses = [use for use in read if (step is None and use.kept) or use.step == step]
    for use in sorted(uses, key=lambda use: (use.digest is not None, use.opened)):
        before = last.get(use.path)
        counts = before is None or (step is not None and before.kept and before.ended <= use.opened)
        if counts and (use.digest is not None or use.path not in found):
            found[use.path] = use
    return list(found.values())


def everything(db: sqlite3.Connection) -> list[Seen]:
    """What should be at every path of the store."""
    made: dict[str, Seen] = {}
    read: dict[str, Seen] = {}
    for query, newest in zip(NEWEST_OF_ALL, (made, read, read), strict=True):
        for seen in _seen(db, query, {}):
            if seen.path not in newest or seen.opened > newest[seen.path].opened:
                newest[seen.path] = seen
    found = (standing(made.get(path), read.get(path)) for path in dict.fromkeys((*made, *read)))
    return [seen for seen in found if seen is not None]


def at_path(db: sqlite3.Connection, path: str) -> Seen | None:
    """What should be at one path; None where nothing should, or nothing is known of it."""
    made, *reads = (list(_seen(db, query, {"path": to_sql(path)})) for query in NEWEST_OF_PATH)
    newest = max((seen for found in reads for seen in found), key=lambda seen: seen.opened, default=None)
    return standing(made[0] if made else None, newest)


def _of_content(db: sqlite3.Connection, target: ArtifactTarget) -> list[Seen]:
    """What should be at the path that was named; of a content named by hash, every place where it should still be.

    A content that should be nowhere any more is looked for where it was seen last.
    """
    if target.path is not None and (named := at_path(db, target.path)) is not None:
        return [named]
    paths = paths_of(db, target.rowid)
    found = [seen for path in paths if (seen := at_path(db, path)) is not None and seen.artifact == target.rowid]
    if found or not paths:
        return found
    (row,) = db.execute(_LAST_SEEN, {"artifact": target.rowid}).fetchall()
    return list(_seen(db, _ONE[row[0]], {"id": row[1]}))


# generated_artifact, used_artifact, member_artifact
_LAST_SEEN = """SELECT * FROM (
    SELECT * FROM (SELECT 0, id, opened FROM generated INDEXED BY generated_artifact
        WHERE artifact = :artifact ORDER BY opened DESC LIMIT 1)
    UNION ALL SELECT * FROM (SELECT 1, id, opened FROM used INDEXED BY used_artifact
        WHERE artifact = :artifact ORDER BY opened DESC LIMIT 1)
    UNION ALL SELECT 2, id, opened FROM used_member WHERE artifact = :artifact) ORDER BY opened DESC LIMIT 1"""


def _of_job(db: sqlite3.Connection, job: int) -> tuple[list[Seen], list[Seen]]:
    made, read, of_sets = (list(_seen(db, query, {"job": job})) for query in OF_JOB)
    return made, read + of_sets


def _one(db: sqlite3.Connection, access: ArtifactTarget | PathTarget | Member) -> Iterator[Seen]:
    """The access that was named."""
    if access.generated is not None:
        return _seen(db, _ONE[0], {"id": access.generated})
    return _seen(db, _ONE[2 if is_member(access.used or 0) else 1], {"id": access.used})


def _job(db: sqlite3.Connection, step: int) -> int:
    job: int = db.execute("SELECT job FROM step WHERE id = ?", (step,)).fetchone()[0]
    return job


def _seen(db: sqlite3.Connection, query: str, values: dict[str, Any]) -> Iterator[Seen]:
    for row in db.execute(query, values):
        known: tuple[Any, ...] = (from_sql(row[0]), *row[1:8], bool(row[8]), *row[9:12], from_sql(row[12]))
        yield Seen(*known)


def _expectation(found: Iterable[Seen], jobs: list[str] | None = None) -> Expectation:
    result = Expectation(jobs=jobs or [])
    for seen in sorted(found, key=lambda seen: os.fsencode(seen.path)):
        if seen.artifact is None or seen.digest is None or seen.algorithm is None:
            result.unknown.append(Unknown(seen.path, f"its content was not known ({seen.status})"))
        elif not can_hash(seen.algorithm):
            result.unknown.append(Unknown(seen.path, f"its digest is of a kind that cannot be made here ({seen.algorithm})"))
        else:
            result.files.append(Expected(seen.path, seen.digest.hex(), seen.algorithm, seen.size, seen.artifact, seen.host))
    return result
