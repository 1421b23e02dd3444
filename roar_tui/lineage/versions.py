"""Every recorded version of a path, or of the jobs of one name, newest first, each comparable with the one before."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from roar_tui.errors import NotFoundError
from roar_tui.lineage import recorded
from roar_tui.lineage.ending import ending
from roar_tui.lineage.target import ArtifactTarget, JobTarget, PathTarget
from roar_tui.store.schema import from_sql, to_sql

# UNIQUE (path), then generated_path: what was written there and flows on
_WRITTEN = """SELECT 'generated', x.id, x.artifact, a.digest, COALESCE(a.size, x.size), x.status, x.opened, p.path, s.number,
       j.digest, x.survives
FROM path p CROSS JOIN generated x INDEXED BY generated_path ON x.path = p.id
JOIN step s ON s.id = x.step JOIN job j ON j.id = s.job LEFT JOIN artifact a ON a.id = x.artifact
WHERE p.path = ? AND x.role <> 'environment' ORDER BY x.opened, x.id"""
# UNIQUE (path), then used_path, or member_path: what was found there
_FOUND, _FOUND_IN_SET = (
    f"""SELECT 'used', x.id, x.artifact, a.digest, COALESCE(a.size, x.size), x.status, x.opened, p.path, s.number,
       j.digest, 0
FROM path p CROSS JOIN {table} ON x.path = p.id
JOIN step s ON s.id = x.step JOIN job j ON j.id = s.job LEFT JOIN artifact a ON a.id = x.artifact
WHERE p.path = ? AND x.external AND x.role <> 'environment' ORDER BY x.opened, x.id"""
    for table in ("used x INDEXED BY used_path", "used_member x")
)
_JOBS = "SELECT digest, id, started FROM job WHERE name = ? ORDER BY started DESC, id DESC"  # job_name


@dataclass(frozen=True)
class Entry:
    """One version: `digest` is None for a job, and where the content is unknown; `found`: nothing recorded wrote it.

    `time` is when it was first seen so, microseconds.
    """

    path: str
    digest: str | None
    job: str
    time: int
    target: ArtifactTarget | PathTarget | JobTarget
    found: bool = False


def versions(db: sqlite3.Connection, name: str, *, cwd: str) -> list[Entry]:
    """The versions of a path (seen from `cwd`), else of the jobs of that name, else of the newest path that ends so.

    Raises NotFoundError, and AmbiguousError as `ending` does.
    """
    place = os.path.normpath(os.path.join(cwd, os.path.expanduser(name)))
    for path in dict.fromkeys((os.path.realpath(place), place)):
        entries = _of_path(db, path)
        if entries:
            return entries
    jobs = [Entry(name, None, row[0].hex(), row[2], JobTarget(row[0].hex(), row[1])) for row in db.execute(_JOBS, (to_sql(name),))]
    if jobs:
        return jobs
    found = ending(db, name, cwd=cwd)
    if found is not None:
        return _of_path(db, found[0].path)
    hint = "See what there is: roar-tui jobs, roar-tui artifacts"
    raise NotFoundError(f"No path and no job of the name {name} is recorded.", hint)


def _of_path(db: sqlite3.Connection, path: str) -> list[Entry]:
    """What was written to a path, and what was found there that was not the last thing written or found before."""
    rows = [version for query in (_WRITTEN, _FOUND, _FOUND_IN_SET) for version in _versions(db, query, path)]
    # what a step found there when it opened the file to write it was there before
    rows.sort(key=lambda version: (version.opened, version.table == "generated", version.id))
    entries: list[Entry] = []
    for version in rows:
        found = version.table == "used"
        digest = None if version.digest is None else version.digest.hex()
        if found and (digest is None or (entries and entries[-1].digest == digest)):
            continue
        target = recorded.target_of(version, only_this_access=True)
        entries.append(Entry(version.path, digest, version.job.hex(), version.opened, target, found))
    return entries[::-1]


def _versions(db: sqlite3.Connection, query: str, path: str) -> Iterator[recorded.Version]:
    for row in db.execute(query, (to_sql(path),)):
        yield recorded.Version._make((*row[:7], from_sql(row[7]), *row[8:10], bool(row[10]), None))
