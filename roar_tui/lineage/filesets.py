"""From the hash of a fileset back to its files: what a walk shows can be typed.

A set that is stored as one is found by its digest. Others are sets that walks fold, which are made again, newest step first,
until one has the hash; about 2 s for a million files, and only for a hash that is nothing else.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import groupby
from typing import Any

from roar_tui.lineage.script import runs
from roar_tui.lineage.target import FilesetTarget, Member
from roar_tui.record.filesets import tree_digest
from roar_tui.store.conditions import digest_range
from roar_tui.store.pattern import FOLD_FROM
from roar_tui.store.schema import from_sql

MOST_FILES = 5_000_000  # that are looked at
COMPOSITE_DIGITS = 12  # as many as roar prints; a shorter one that is nothing is not worth 5 times the search
NO_COMPONENTS = frozenset({".gitattributes", ".gitignore", "README.md", "LICENSE", ".DS_Store"})  # roar leaves them out

# UNIQUE (digest, directory, named), used_set_fileset; then used_set's and member's primary keys
_STORED = """SELECT f.directory, s.id FROM fileset f JOIN used_set s ON s.fileset = f.id
WHERE f.digest BETWEEN ? AND ? AND s.role NOT IN ('log', 'environment') ORDER BY s.opened DESC LIMIT 1"""
_MEMBERS = """SELECT p.path, a.digest, a.id, a.size, x.id FROM used_member x JOIN path p ON p.id = x.path
JOIN artifact a ON a.id = x.artifact WHERE x.used_set = ? ORDER BY x.number"""
# contents that are known, of steps that may have a set
_OF_TABLE = """SELECT x.step, x.role, p.path, a.digest, a.id, a.size, x.id, s.argv, s.cwd
FROM {table} x JOIN path p ON p.id = x.path JOIN artifact a ON a.id = x.artifact
JOIN step s ON s.id = x.step WHERE x.role NOT IN ('log', 'environment')"""
_KNOWN = {
    "used": f"""{_OF_TABLE.format(table="used")} UNION ALL {_OF_TABLE.format(table="used_member")} ORDER BY 1 DESC LIMIT ?""",
    "generated": f"{_OF_TABLE.format(table='generated')} ORDER BY x.step DESC LIMIT ?",
}


def find(db: sqlite3.Connection, prefix: str) -> FilesetTarget | None:
    """The newest set of files that one step used or made in a directory, whose tree digest begins with `prefix`.

    Sets as walks fold them, four or more files of one directory; for the longer beginnings that roar prints also its composites.
    """
    found = _stored(db, prefix) or _find(db, prefix, _sets, str)
    if found is None and len(prefix) >= COMPOSITE_DIGITS:
        found = _find(db, prefix, _composites, as_in_composite)
        if found is not None:
            return replace(found, note=f"{prefix[:COMPOSITE_DIGITS]} is what roar calls these files, as a composite.")
    return found


def _find(
    db: sqlite3.Connection,
    prefix: str,
    sets: Callable[[str, Iterator[tuple[Any, ...]]], Iterator[tuple[str, list[Member]]]],
    called: Callable[[str], str],
) -> FilesetTarget | None:
    wanted = prefix.lower()
    for table, query in _KNOWN.items():
        rows = db.execute(query, (MOST_FILES,))
        for _, of_step in groupby(rows, key=lambda row: row[0]):
            for directory, members in sets(table, of_step):
                start = len(directory.rstrip("/")) + 1
                if tree_digest((called(member.path[start:]), member.digest or "") for member in members).startswith(wanted):
                    members.sort(key=lambda member: os.fsencode(member.path))
                    return FilesetTarget(directory, tuple(members))
    return None


def _stored(db: sqlite3.Connection, prefix: str) -> FilesetTarget | None:
    """The newest use of a stored set whose digest begins with `prefix`."""
    _, bounds = digest_range("", prefix)
    found = db.execute(_STORED, bounds).fetchone()
    if found is None:
        return None
    members = [
        Member(from_sql(path), digest.hex(), artifact, size, used=use)
        for path, digest, artifact, size, use in db.execute(_MEMBERS, (found[1],))
    ]
    return FilesetTarget(from_sql(found[0]), tuple(members))


def as_in_composite(name: str) -> str:
    """A relative path as roar writes it into a composite: a backslash of a name becomes a slash."""
    return name.replace("\\", "/")


def _composites(table: str, rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[str, list[Member]]]:
    """The files of one step below each directory above them, as roar puts them together: of all roles, two or more."""
    found: dict[str, dict[str, Member]] = {}
    for _, _, sql_path, digest, artifact, size, rowid, _, _ in rows:
        path = from_sql(sql_path)
        directory, _, name = path.rpartition("/")
        if name in NO_COMPONENTS:
            continue
        access = {"used": rowid} if table == "used" else {"generated": rowid}
        member = Member(path, digest.hex(), artifact, size, **access)
        while directory:
            found.setdefault(directory, {}).setdefault(path, member)
            directory = directory.rpartition("/")[0]
    for directory, members in found.items():
        if len(members) >= 2:
            yield directory, list(members.values())


def _sets(table: str, rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[str, list[Member]]]:
    """The files of one step by directory and role, but for its script and for a path that it saw twice."""
    found: dict[tuple[str, str], dict[str, Member]] = {}
    for _, role, sql_path, digest, artifact, size, rowid, argv, cwd in rows:
        path = from_sql(sql_path)
        if role == "code" and runs(json.loads(argv), from_sql(cwd), path):
            continue
        access = {"used": rowid} if table == "used" else {"generated": rowid}
        members = found.setdefault((os.path.dirname(path), role), {})
        members.setdefault(path, Member(path, digest.hex(), artifact, size, **access))
    for (directory, _), members in found.items():
        if len(members) >= FOLD_FROM:
            yield directory, list(members.values())
