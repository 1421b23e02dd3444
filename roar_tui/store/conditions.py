"""A filter as the conditions of a query: SQL over `job` or `artifact`, with its parameters.

What follows from the paths that contain a word is asked in one of two ways: from the paths to their jobs where few do, from each
job to its paths, newest first, where many do, because then the first page is full soon.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from roar_tui.store.filter import ExitIs, Filter, is_hash_prefix
from roar_tui.store.texts import contains, escape, paths_with

FEW = 20_000  # paths
CERTAIN = 7  # digits: a word of so many begins one of a million hashes by chance in one case of 268

Condition = tuple[str, list[Any]]

# Accesses of `job` and of `artifact`: used_step, used_set_step, generated_step; used_artifact, member_artifact, generated_artifact.
OF_JOB = """EXISTS (
    SELECT 1 FROM step JOIN {table} AS access ON access.step = step.id {join} WHERE step.job = job.id AND {where})"""
OF_ARTIFACT = """EXISTS (
    SELECT 1 FROM {table} AS access {join} WHERE access.artifact = artifact.id AND {where})"""
# From what is looked for to jobs and artifacts: used_path, member_path, generated_path; the same with _artifact.
JOBS_OF_PATHS = """job.id IN (
    SELECT step.job FROM json_each({where}) AS found CROSS JOIN {table} AS access ON access.path = found.value
    JOIN step ON step.id = access.step)"""
ARTIFACTS_OF_PATHS = """artifact.id IN (
    SELECT access.artifact FROM json_each({where}) AS found CROSS JOIN {table} AS access ON access.path = found.value)"""
JOBS_OF_CONTENTS = """job.id IN (
    SELECT step.job FROM artifact JOIN {table} AS access ON access.artifact = artifact.id JOIN step ON step.id = access.step
    WHERE {where})"""
PATHS = "JOIN path ON path.id = access.path"
JOBS = "JOIN step ON step.id = access.step JOIN job ON job.id = step.job"


def job_conditions(db: sqlite3.Connection, filter: Filter) -> Condition:
    """The WHERE clause over `job` that `filter` means; `1` when it means everything."""
    parts: list[Condition] = _job_columns(filter)
    if filter.since is not None:
        parts.append(("job.started >= ?", [filter.since]))
    if filter.before is not None:
        parts.append(("job.started < ?", [filter.before]))
    for prefix in filter.hashes:
        parts.append(_job_of_hash(prefix))
    for role in filter.roles:
        parts.append(_accessed(OF_JOB, "", ("access.role = ?", [role.value])))
    for word in filter.words:
        if _is_hash(db, word):
            parts.append(_job_of_hash(word.lower()))
            continue
        choices = [*(contains(column, word) for column in ("job.command", "job.name", "job.cwd"))]
        choices.append(_of_paths(db, word, JOBS_OF_PATHS, OF_JOB))
        if is_hash_prefix(word):
            choices.append(_job_of_hash(word.lower()))
        parts.append(_join(" OR ", choices))
    return _join(" AND ", parts)


def artifact_conditions(db: sqlite3.Connection, filter: Filter) -> Condition:
    """The WHERE clause over `artifact` that `filter` means; `1` when it means everything.

    Words are looked for in paths; host, git and exit are those of any job that used or generated the artifact.
    """
    parts: list[Condition] = []
    if filter.since is not None:
        parts.append(("artifact.first_seen >= ?", [filter.since]))
    if filter.before is not None:
        parts.append(("artifact.first_seen < ?", [filter.before]))
    for prefix in filter.hashes:
        parts.append(digest_range("artifact.digest", prefix))
    for role in filter.roles:
        parts.append(_accessed(OF_ARTIFACT, "", ("access.role = ?", [role.value])))
    of_job = _job_columns(filter)
    if of_job:
        parts.append(_accessed(OF_ARTIFACT, JOBS, _join(" AND ", of_job)))
    for word in filter.words:
        if _is_hash(db, word):
            parts.append(digest_range("artifact.digest", word.lower()))
            continue
        choices = [_of_paths(db, word, ARTIFACTS_OF_PATHS, OF_ARTIFACT)]
        if is_hash_prefix(word):
            choices.append(digest_range("artifact.digest", word.lower()))
        parts.append(_join(" OR ", choices))
    return _join(" AND ", parts)


def digest_range(column: str, prefix: str) -> Condition:
    """The digests in `column` that begin with the hex digits `prefix`, as a range that an index can follow."""
    return f"{column} BETWEEN ? AND ?", [bytes.fromhex(prefix.ljust(64, "0")[:64]), bytes.fromhex(prefix.ljust(64, "f")[:64])]


def _job_columns(filter: Filter) -> list[Condition]:
    """What the columns of `job` alone decide: host, git, exit."""
    parts = [contains("job.host", host) for host in filter.hosts]
    for git in filter.gits:
        parts.append(
            _join(" OR ", [("job.git_commit LIKE ? ESCAPE '\\'", [escape(git) + "%"]), contains("job.git_branch", git)])
        )
    if filter.exit is not None:
        parts.append(_exit(filter.exit))
    return parts


def _exit(wanted: ExitIs) -> Condition:
    if wanted.code is not None:
        return "job.exit_code = ?", [wanted.code]
    if wanted.signal is not None:
        return "job.exit_signal = ?", [wanted.signal]
    return {
        "ok": "job.exit_code = 0",
        "failed": "(job.exit_code <> 0 OR job.exit_signal IS NOT NULL)",
        "signal": "job.exit_signal IS NOT NULL",
    }[wanted.kind], []


def _job_of_hash(prefix: str) -> Condition:
    """Jobs whose id begins with `prefix`, or that used or generated an artifact whose digest does."""
    return _join(
        " OR ", [digest_range("job.digest", prefix), _accessed(JOBS_OF_CONTENTS, "", digest_range("artifact.digest", prefix))]
    )


def _accessed(template: str, join: str, where: Condition) -> Condition:
    """`template` for what was used, by itself or in a set, or generated."""
    clauses = [template.format(table=table, join=join, where=where[0]) for table in ("used", "used_member", "generated")]
    return f"({' OR '.join(clauses)})", where[1] * len(clauses)


def _is_hash(db: sqlite3.Connection, word: str) -> bool:
    """Whether `word` is the beginning of a hash in the store, and too long to be that by chance: then it is no text."""
    if len(word) < CERTAIN or not is_hash_prefix(word):
        return False
    where, bounds = digest_range("digest", word.lower())
    tables = ("job", "artifact")  # UNIQUE (digest…) of each
    return any(db.execute(f"SELECT EXISTS (SELECT 1 FROM {table} WHERE {where})", bounds).fetchone()[0] for table in tables)


def _of_paths(db: sqlite3.Connection, word: str, of_few: str, of_many: str) -> Condition:
    """What was accessed at a path that contains `word`: `of_few` paths, or `of_many`."""
    paths = paths_with(db, word, FEW + 1)
    if len(paths) > FEW:
        return _accessed(of_many, PATHS, contains("path.path", word))
    return _accessed(of_few, "", ("?", [json.dumps(paths)]))


def _join(operator: str, parts: list[Condition]) -> Condition:
    if not parts:
        return "1", []
    return f"({operator.join(sql for sql, _ in parts)})", [value for _, values in parts for value in values]
