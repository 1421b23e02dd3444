"""What an index says, without the row ids that depend on the order in which it was told."""

from __future__ import annotations

import sqlite3
from typing import Any

ACCESS = """
    SELECT hex(job.digest), step.number, hex(artifact.digest), path.path, path.name, role, status, opened, access.size,
           named.path, {more}
    FROM {table} AS access JOIN step ON step.id = access.step JOIN job ON job.id = step.job JOIN path ON path.id = access.path
    LEFT JOIN artifact ON artifact.id = access.artifact LEFT JOIN path AS named ON named.id = access.named
"""
QUERIES = {
    "artifact": "SELECT algorithm, hex(digest), kind, size, first_seen FROM artifact",
    "job": """
        SELECT hex(digest), run_id, record, name, command, argv, cwd, state, started, ended, exit_code, exit_signal, host, user,
               git_commit, git_branch, git_dirty, job_group, inputs, outputs, steps, warnings
        FROM job
    """,
    "step": """
        SELECT hex(job.digest), number, parent, program, step.argv, step.cwd, step.started, step.ended, step.exit_code,
               step.exit_signal
        FROM step JOIN job ON job.id = step.job
    """,
    "used": ACCESS.format(table="used", more="external"),
    "used_member": ACCESS.format(table="used_member", more="external, last"),
    "fileset": "SELECT hex(digest), directory, named, count, first_seen FROM fileset",
    "generated": ACCESS.format(table="generated", more="survives, finished"),
    "pipe": """
        SELECT hex(job.digest), pipe.number, kind, pipe.opened, step.number, writes
        FROM pipe JOIN job ON job.id = pipe.job LEFT JOIN pipe_end ON pipe_end.pipe = pipe.id
        LEFT JOIN step ON step.id = pipe_end.step
    """,
    "ingested": "SELECT record, run_id, problem FROM ingested",
}


def dump(db: sqlite3.Connection) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of every table, sorted."""
    return {table: sorted(db.execute(query).fetchall(), key=repr) for table, query in QUERIES.items()}


def orphans(db: sqlite3.Connection) -> int:
    """Rows that point to nothing: none, in a right index."""
    total: int = 0
    for table, column, parent in (
        ("step", "job", "job"),
        ("used", "step", "step"),
        ("used", "path", "path"),
        ("used", "artifact", "artifact"),
        ("generated", "step", "step"),
        ("generated", "path", "path"),
        ("generated", "artifact", "artifact"),
        ("used_set", "step", "step"),
        ("used_set", "fileset", "fileset"),
        ("member", "fileset", "fileset"),
        ("member", "artifact", "artifact"),
        ("member", "path", "path"),
        ("pipe", "job", "job"),
        ("pipe_end", "pipe", "pipe"),
        ("pipe_end", "step", "step"),
    ):
        query = f"SELECT count(*) FROM {table} WHERE {column} IS NOT NULL AND {column} NOT IN (SELECT id FROM {parent})"
        total += int(db.execute(query).fetchone()[0])
    unused = db.execute(
        """
        SELECT count(*) FROM artifact WHERE id NOT IN (SELECT artifact FROM used WHERE artifact IS NOT NULL)
        AND id NOT IN (SELECT artifact FROM generated WHERE artifact IS NOT NULL)
        AND id NOT IN (SELECT artifact FROM member)
        """
    ).fetchone()
    empty = db.execute("SELECT count(*) FROM fileset WHERE id NOT IN (SELECT fileset FROM used_set)").fetchone()
    return total + int(unused[0]) + int(empty[0])
