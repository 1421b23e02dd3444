"""The lists: jobs and artifacts, newest first, page by page from any place, and how many there are."""

from __future__ import annotations

import sqlite3
from typing import Any

from roar_tui.record.model import Exit, State
from roar_tui.store.conditions import artifact_conditions, job_conditions
from roar_tui.store.filter import Filter
from roar_tui.store.results import ArtifactRow, Cursor, JobRow, Totals
from roar_tui.store.schema import argv_from_sql, from_sql

MANY_ACCESSES = 2_000  # of one artifact: more are counted in a simpler way,
NEWEST = 200  # and its paths are then those of the newest ones only
PATHS_SHOWN = 20

EVERYTHING = Filter()

JOB_COLUMNS = """
    id, lower(hex(digest)), name, argv, cwd, state, started, ended, exit_code, exit_signal, host, user, git_commit, git_branch,
    git_dirty, job_group, inputs, outputs, steps, warnings
"""


def jobs(
    db: sqlite3.Connection,
    filter: Filter = EVERYTHING,
    *,
    limit: int,
    after: Cursor | None = None,
    before: Cursor | None = None,
    offset: int = 0,
) -> list[JobRow]:
    """Up to `limit` jobs that pass `filter`, newest first: from the top, those that follow `after`, or those just `before`.

    `offset` passes over that many of them first.
    """
    where, parameters = job_conditions(db, filter)
    rows = _page(db, JOB_COLUMNS, "job", "started", where, parameters, limit, after, before, offset)
    return [_job_row(row) for row in rows]


def job_row(db: sqlite3.Connection, job_id: str) -> JobRow | None:
    """The list's line of the job with the whole digest `job_id`, or None."""
    row = db.execute(f"SELECT {JOB_COLUMNS} FROM job WHERE digest = ?", (bytes.fromhex(job_id),)).fetchone()  # UNIQUE (digest)
    return None if row is None else _job_row(row)


def job_of_run(db: sqlite3.Connection, run_id: str) -> JobRow | None:
    """The list's line of the job with this run id, or None."""
    row = db.execute(f"SELECT {JOB_COLUMNS} FROM job WHERE run_id = ?", (run_id,)).fetchone()  # UNIQUE (run_id)
    return None if row is None else _job_row(row)


def count_jobs(db: sqlite3.Connection, filter: Filter = EVERYTHING) -> int:
    """How many jobs pass `filter`."""
    where, parameters = job_conditions(db, filter)
    count: int = db.execute(f"SELECT count(*) FROM job WHERE {where}", parameters).fetchone()[0]
    return count


def artifacts(
    db: sqlite3.Connection,
    filter: Filter = EVERYTHING,
    *,
    limit: int,
    after: Cursor | None = None,
    before: Cursor | None = None,
    offset: int = 0,
) -> list[ArtifactRow]:
    """Up to `limit` artifacts that pass `filter`, newest first, as `jobs`."""
    where, parameters = artifact_conditions(db, filter)
    columns = "id, lower(hex(digest)), algorithm, kind, size, first_seen"
    rows = _page(db, columns, "artifact", "first_seen", where, parameters, limit, after, before, offset)
    return [_artifact_row(db, row) for row in rows]


def artifact_row(db: sqlite3.Connection, digest: str) -> ArtifactRow | None:
    """The list's line of the artifact with the whole digest `digest`, or None."""
    row = db.execute(
        "SELECT id, lower(hex(digest)), algorithm, kind, size, first_seen FROM artifact WHERE digest = ?",
        (bytes.fromhex(digest),),
    ).fetchone()  # UNIQUE (digest, algorithm)
    return None if row is None else _artifact_row(db, row)


def count_artifacts(db: sqlite3.Connection, filter: Filter = EVERYTHING) -> int:
    """How many artifacts pass `filter`."""
    where, parameters = artifact_conditions(db, filter)
    count: int = db.execute(f"SELECT count(*) FROM artifact WHERE {where}", parameters).fetchone()[0]
    return count


def totals(db: sqlite3.Connection) -> Totals:
    """How many jobs and artifacts there are, and the bytes of all distinct contents."""
    artifacts, size = db.execute("SELECT count(*), coalesce(sum(size), 0) FROM artifact").fetchone()
    return Totals(count_jobs(db), artifacts, size)


# The steps that used or generated an artifact, once for each access (generated_artifact; used_artifact; member_artifact).
STEPS_OF = {
    "generated": "SELECT step FROM generated WHERE artifact = :artifact",
    "used": """SELECT step FROM used WHERE artifact = :artifact
        UNION ALL SELECT step FROM used_member WHERE artifact = :artifact""",
}


def _page(
    db: sqlite3.Connection,
    columns: str,
    table: str,
    time: str,
    where: str,
    parameters: list[Any],
    limit: int,
    after: Cursor | None,
    before: Cursor | None,
    offset: int,
) -> list[Any]:
    """Rows of `table` by (`time`, id) descending: job_started, artifact_seen."""
    parameters = list(parameters)
    if after is not None:
        where += f" AND ({time}, id) < (?, ?)"
        parameters += after
    if before is not None:
        where += f" AND ({time}, id) > (?, ?)"
        parameters += before
    backwards = before is not None and after is None
    order = "ASC" if backwards else "DESC"
    rows = db.execute(
        f"SELECT {columns} FROM {table} WHERE {where} ORDER BY {time} {order}, id {order} LIMIT ? OFFSET ?",
        (*parameters, limit, offset),
    ).fetchall()
    return rows[::-1] if backwards else rows


def _job_row(row: Any) -> JobRow:
    (
        rowid, digest, name, argv, cwd, state, started, ended, code, signal, host, user, commit, branch, dirty, group,
        inputs, outputs, steps, warnings,
    ) = row  # fmt: skip
    return JobRow(
        rowid=rowid,
        id=digest,
        name=None if name is None else from_sql(name),
        command=argv_from_sql(argv),
        cwd=from_sql(cwd),
        state=State(state),
        started=started,
        ended=ended,
        exit=exit_of(code, signal),
        host=from_sql(host),
        user=from_sql(user),
        git_commit=commit,
        git_branch=None if branch is None else from_sql(branch),
        git_dirty=None if dirty is None else bool(dirty),
        group=None if group is None else from_sql(group),
        inputs=inputs,
        outputs=outputs,
        steps=steps,
        warnings=warnings,
    )


def exit_of(code: int | None, signal: int | None) -> Exit | None:
    """The `Exit` of the index's two columns; None where the end was not seen."""
    return None if code is None and signal is None else Exit(code, signal)


def _artifact_row(db: sqlite3.Connection, row: Any) -> ArtifactRow:
    rowid, digest, algorithm, kind, size, first_seen = row
    producers, generations = _count(db, "generated", rowid)
    consumers, uses = _count(db, "used", rowid)
    paths = paths_of(db, rowid, None if generations + uses <= MANY_ACCESSES else NEWEST)
    made_by = db.execute(
        "SELECT step.argv FROM generated JOIN step ON step.id = generated.step WHERE artifact = ? ORDER BY opened DESC LIMIT 1",
        (rowid,),
    ).fetchone()  # generated_artifact
    return ArtifactRow(
        rowid=rowid,
        digest=digest,
        algorithm=algorithm,
        kind=kind,
        size=size,
        first_seen=first_seen,
        paths=paths[:PATHS_SHOWN],
        path_count=len(paths),
        producers=producers,
        consumers=consumers,
        made_by=None if made_by is None else argv_from_sql(made_by[0]),
    )


def _count(db: sqlite3.Connection, mode: str, artifact: int) -> tuple[int, int]:
    """The steps and the accesses of one artifact that `mode` it ("used", "generated").

    Of more than MANY_ACCESSES every access counts as a step's: telling steps apart takes ten times as long, and hardly any step has
    one content at several paths.
    """
    query, value = STEPS_OF[mode], {"artifact": artifact}
    few: int = db.execute(f"SELECT count(*) FROM ({query} LIMIT {MANY_ACCESSES + 1})", value).fetchone()[0]
    if few > MANY_ACCESSES:
        many: int = db.execute(f"SELECT count(*) FROM ({query})", value).fetchone()[0]
        return many, many
    steps: int = db.execute(f"SELECT count(DISTINCT step) FROM ({query})", value).fetchone()[0]
    return steps, few


def paths_of(db: sqlite3.Connection, artifact: int, newest: int | None = None) -> list[str]:
    """The paths where the artifact was seen, newest first; only those of the `newest` accesses of each kind, if given."""
    rows = db.execute(
        """
        SELECT path.path FROM (
            SELECT * FROM (SELECT path, opened FROM used WHERE artifact = :artifact ORDER BY opened DESC LIMIT :newest)
            UNION ALL
            SELECT m.path, (SELECT max(opened) FROM used_set WHERE fileset = m.fileset) FROM member m WHERE artifact = :artifact
            UNION ALL
            SELECT * FROM (SELECT path, opened FROM generated WHERE artifact = :artifact ORDER BY opened DESC LIMIT :newest)
        ) AS access JOIN path ON path.id = access.path
        GROUP BY path.id ORDER BY max(access.opened) DESC, path.path
        """,  # used_artifact, member_artifact and used_set_fileset, generated_artifact
        {"artifact": artifact, "newest": -1 if newest is None else newest},
    )
    return [from_sql(path) for (path,) in rows]
