"""What the index knows of paths: the newest version of a file, what a job had there, and everything below a directory."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, NamedTuple

from roar_tui.lineage.target import ArtifactTarget, FilesetTarget, Member, PathTarget
from roar_tui.store.schema import from_sql, to_sql

# Accesses of one path, newest first
_ACCESS = """SELECT '{mode}', x.id, x.artifact, a.digest, COALESCE(a.size, x.size), x.status, x.opened, p.path, s.number,
       j.digest, {kept}, n.path
FROM {source} JOIN path p ON p.id = x.path JOIN step s ON s.id = x.step JOIN job j ON j.id = s.job
LEFT JOIN artifact a ON a.id = x.artifact LEFT JOIN path n ON n.id = x.named
WHERE {where} ORDER BY x.opened DESC, x.id DESC {limit}"""
# the newest use of each fileset that holds a path: member_path, then used_set_fileset
_MEMBER = """member m INDEXED BY member_path CROSS JOIN used_member x ON x.number = m.number AND x.used_set = (
    SELECT us.id FROM used_set us WHERE us.fileset = m.fileset ORDER BY us.opened DESC LIMIT 1)"""
_MEMBER_IN_JOB = """member m INDEXED BY member_path CROSS JOIN used_member x ON x.number = m.number AND x.used_set = (
    SELECT us.id FROM used_set us JOIN step st ON st.id = us.step
    WHERE us.fileset = m.fileset AND st.job = :job ORDER BY us.opened DESC LIMIT 1)"""

Queries = tuple[str, str, str]


def _accesses(rows: str, members: str, where: str, of_members: str | None = None, limit: str = "LIMIT 1") -> Queries:
    """The query on generated and on used accesses, and on used members of filesets; `{table}` in `rows` is the table."""
    generated, used = (
        _ACCESS.format(mode=table, kept=kept, source=rows.format(table=table), where=where, limit=limit)
        for table, kept in (("generated", "x.survives"), ("used", "NOT x.external"))
    )
    of_sets = _ACCESS.format(mode="used", kept="NOT x.external", source=members, where=of_members or where, limit=limit)
    return generated, used, of_sets


# UNIQUE (path), then generated_path, used_path and member_path
_ON_PATH = "{table} x INDEXED BY {table}_path"
_NAMED_PATH = "(SELECT id FROM path WHERE path = :path)"
_NEWEST = _accesses(_ON_PATH, _MEMBER, f"x.path = {_NAMED_PATH}", f"m.path = {_NAMED_PATH}")
_NEWEST_BY_ID = _accesses(
    _ON_PATH, _MEMBER, "x.path = :path AND x.role <> 'environment'", "m.path = :path AND x.role <> 'environment'"
)
_NEWEST_IN_JOB = _accesses(
    _ON_PATH, _MEMBER_IN_JOB, f"x.path = {_NAMED_PATH} AND s.job = :job", f"m.path = {_NAMED_PATH}"
)
# UNIQUE (job, number), then generated_step, used_step and used_set_step
_IN_JOB = _accesses(
    "step js CROSS JOIN {table} x INDEXED BY {table}_step ON x.step = js.id",
    "step js CROSS JOIN used_member x ON x.step = js.id",
    "js.job = :job",
    limit="",
)
_BELOW = "SELECT id FROM path WHERE path >= ? AND path < ?"  # UNIQUE (path)
_NAMED = "SELECT id, path FROM path WHERE name = ?"  # path_name


class Version(NamedTuple):
    """One access; `named` is the path that the step gave, where a symbolic link made it another one.

    `kept` says of a generated access that it survived the job, of a used one that the job itself had made it.
    """

    table: str
    id: int
    artifact: int | None
    digest: bytes | None
    size: int | None
    status: str
    opened: int
    path: str
    step: int
    job: bytes
    kept: bool
    named: str | None

    @property
    def rank(self) -> tuple[bool, int]:
        """What a job wrote comes before what it read, the last before the first."""
        return self.table == "generated", self.opened


def newest(db: sqlite3.Connection, path: str) -> Version | None:
    """The newest version of the file at an absolute path, None where nothing was recorded there."""
    return _newer(db, _NEWEST, {"path": to_sql(path)})


def named(db: sqlite3.Connection, name: str) -> list[Version]:
    """The newest version of every file whose path ends in `name`, newest first."""
    base = os.path.basename(name.rstrip("/"))
    rows = [(rowid, from_sql(path)) for rowid, path in db.execute(_NAMED, (to_sql(base),))]
    ids = [rowid for rowid, path in rows if path == name or path.endswith("/" + name)]
    versions = [version for rowid in ids if (version := _newer(db, _NEWEST_BY_ID, {"path": rowid})) is not None]
    return sorted(versions, key=lambda version: version.opened, reverse=True)


def in_job(db: sqlite3.Connection, job: int, places: list[str]) -> Version | None:
    """The newest access of a job (row id) to the first of `places` (absolute paths) that it touched; what it wrote comes first."""
    for place in places:
        for query in _NEWEST_IN_JOB:
            row = db.execute(query, {"path": to_sql(place), "job": job}).fetchone()
            if row is not None:
                return _version(row)
    linked = [version for version in _of_job(db, job) if version.named in places]
    return max(linked, key=lambda version: version.rank, default=None)


def ending_in(db: sqlite3.Connection, job: int, name: str) -> list[Version]:
    """The newest access of a job to each path that ends in `name`, by path."""
    return _by_path(version for version in _of_job(db, job) if version.path.endswith("/" + name))


def below(db: sqlite3.Connection, directory: str) -> FilesetTarget | None:
    """The newest version of every file below a directory that was not removed by the job that made it; None where there is none."""
    versions = [version for rowid in _paths_below(db, directory) if (version := _standing(db, rowid)) is not None]
    return _fileset(directory, versions)


def below_in_job(db: sqlite3.Connection, job: int, directory: str) -> FilesetTarget | None:
    """The files below a directory as a job had them: what it wrote, else what it read."""
    prefix = directory.rstrip("/") + "/"
    return _fileset(directory, _by_path(version for version in _of_job(db, job) if version.path.startswith(prefix)))


def target_of(version: Version, note: str | None = None, *, only_this_access: bool = False) -> ArtifactTarget | PathTarget:
    """What a version names: its content where that is known, else the access itself."""
    generated, used = (version.id, None) if version.table == "generated" else (None, version.id)
    job = version.job.hex()
    if version.artifact is None or version.digest is None:
        unknown = f"The content of {version.path} is unknown ({version.status}); it is looked up by path."
        return PathTarget(version.path, job, version.step, generated, used, version.status, note=unknown if note is None else note)
    found = ArtifactTarget(version.digest.hex(), version.artifact, version.path, note=note)
    return replace(found, job_id=job, generated=generated, used=used) if only_this_access else found


def _newer(db: sqlite3.Connection, queries: Queries, values: dict[str, Any]) -> Version | None:
    rows = [row for query in queries if (row := db.execute(query, values).fetchone()) is not None]
    return max(map(_version, rows), key=lambda version: version.opened, default=None)


def _by_path(versions: Iterable[Version]) -> list[Version]:
    """Of each path the version that a job's path means."""
    best: dict[str, Version] = {}
    for version in versions:
        known = best.setdefault(version.path, version)
        if version.rank > known.rank:
            best[version.path] = version
    return [best[path] for path in sorted(best)]


def _standing(db: sqlite3.Connection, path: int) -> Version | None:
    """The newest version of a path (row id), unless the job that made it removed it."""
    made, *reads = (db.execute(query, {"path": path}).fetchone() for query in _NEWEST_BY_ID)
    read = max((row for row in reads if row is not None), key=lambda row: int(row[6]), default=None)
    removed = made is not None and not made[10]
    if removed and (read is None or read[6] < made[6] or read[9] == made[9]):
        return None
    return max((_version(row) for row in (made, read) if row is not None), key=lambda version: version.opened, default=None)


def _of_job(db: sqlite3.Connection, job: int) -> list[Version]:
    return [_version(row) for query in _IN_JOB for row in db.execute(query, {"job": job})]


def _version(row: tuple[Any, ...]) -> Version:
    return Version._make((*row[:7], from_sql(row[7]), *row[8:11], None if row[11] is None else from_sql(row[11])))


def has_below(db: sqlite3.Connection, directory: str) -> bool:
    """Whether any path below a directory was recorded."""
    return any(db.execute(_BELOW + " LIMIT 1", bounds).fetchone() is not None for bounds in _ranges_below(directory))


def _paths_below(db: sqlite3.Connection, directory: str) -> list[int]:
    """Row ids."""
    return [row[0] for bounds in _ranges_below(directory) for row in db.execute(_BELOW, bounds)]


def _ranges_below(directory: str) -> list[tuple[bytes, bytes] | tuple[str, str]]:
    """Where the paths below a directory begin and end; those that are not UTF-8 are BLOBs, which sort by themselves."""
    start = directory.rstrip("/") + "/"
    end = start[:-1] + "0"  # the character after "/"
    of_bytes = (os.fsencode(start), os.fsencode(end))
    return [of_bytes, (start, end)] if isinstance(to_sql(start), str) else [of_bytes]


def _fileset(directory: str, versions: list[Version]) -> FilesetTarget | None:
    if not versions:
        return None
    members = [
        Member(
            version.path,
            version.digest.hex() if version.digest is not None else None,
            version.artifact,
            version.size,
            generated=version.id if version.table == "generated" else None,
            used=version.id if version.table == "used" else None,
        )
        for version in sorted(versions, key=lambda version: os.fsencode(version.path))
    ]
    return FilesetTarget(directory.rstrip("/") or "/", tuple(members))
