"""Hashes as people type and read them: the shortest prefix that is one thing's alone, and what a prefix may mean."""

from __future__ import annotations

import sqlite3

from roar_tui.store.conditions import digest_range
from roar_tui.store.pattern import common_prefix

SHOWN = 8  # digits, more where they are not unique


def short(db: sqlite3.Connection, digest: str) -> str:
    """The first digits of `digest`, at least 8, that no other job or artifact in the store begins with."""
    value = bytes.fromhex(digest)
    length = SHOWN
    for table in ("artifact", "job"):  # UNIQUE (digest…) of each, both neighbours
        for comparison, order in (("<", "DESC"), (">", "ASC")):
            row = db.execute(
                f"SELECT lower(hex(digest)) FROM {table} WHERE digest {comparison} ? ORDER BY digest {order} LIMIT 1", (value,)
            ).fetchone()
            if row is not None:
                length = max(length, len(common_prefix([row[0], digest])) + 1)
    return digest[:length]


def jobs_with_prefix(db: sqlite3.Connection, prefix: str, limit: int) -> list[str]:
    """Up to `limit` ids of jobs that begin with the hex digits `prefix`, in order."""
    return _with_prefix(db, "job", prefix, limit)


def artifacts_with_prefix(db: sqlite3.Connection, prefix: str, limit: int) -> list[str]:
    """Up to `limit` digests of artifacts that begin with the hex digits `prefix`, in order."""
    return _with_prefix(db, "artifact", prefix, limit)


def _with_prefix(db: sqlite3.Connection, table: str, prefix: str, limit: int) -> list[str]:
    where, parameters = digest_range("digest", prefix.lower())
    rows = db.execute(f"SELECT lower(hex(digest)) FROM {table} WHERE {where} ORDER BY digest LIMIT ?", (*parameters, limit))
    return [digest for (digest,) in rows]
