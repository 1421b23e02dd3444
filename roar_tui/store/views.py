"""One job, step or artifact with all that is known of it."""

from __future__ import annotations

import sqlite3
from collections import defaultdict

from roar_tui.errors import NotFoundError, StoreError
from roar_tui.record.model import FORMAT, Access, Git, Pipe, Record, Role, State, Status, Step
from roar_tui.record.model import Warning as RecordWarning
from roar_tui.store.listing import STEPS_OF, exit_of, paths_of
from roar_tui.store.merge import job_view_of
from roar_tui.store.results import BLAKE3, ArtifactView, JobView, SeenAt, StepView
from roar_tui.store.schema import argv_from_sql, from_sql
from roar_tui.store.store import Store


def job_view(store: Store, db: sqlite3.Connection, job_id: str) -> JobView:
    """The job with the whole digest `job_id`: from its record, or from the index, with a warning, when that cannot be read.

    Raises NotFoundError when neither has it.
    """
    row = db.execute("SELECT id, record FROM job WHERE digest = ?", (bytes.fromhex(job_id),)).fetchone()  # UNIQUE (digest)
    try:
        record = store.archive.load(job_id, None if row is None else row[1])
    except (NotFoundError, StoreError) as error:
        if row is None:
            raise
        record = _from_index(db, row[0], error.message)
    return job_view_of(record, job_id, None if row is None else row[0])


def step_view(store: Store, db: sqlite3.Connection, job_id: str, number: int) -> StepView:
    """Step `number` of the job with the whole digest `job_id`; raises NotFoundError when there is none."""
    view = job_view(store, db, job_id)
    for step in view.steps:
        if step.id == number:
            return step
    hint = f"Its steps are 0 to {len(view.steps) - 1}." if view.steps else "It has no steps."
    raise NotFoundError(f"Job {job_id[:8]} has no step {number}.", hint)


def artifact_view(store: Store, db: sqlite3.Connection, artifact: str | int, *, limit: int | None = None) -> ArtifactView:
    """The artifact with the whole digest or row id `artifact`, up to `limit` producers, consumers and paths, newest first.

    Raises NotFoundError when no job has seen it.
    """
    column, value = ("id", artifact) if isinstance(artifact, int) else ("digest", bytes.fromhex(artifact))
    row = db.execute(
        f"SELECT id, lower(hex(digest)), algorithm, kind, size, first_seen FROM artifact WHERE {column} = ?",
        (value,),  # PRIMARY KEY or UNIQUE (digest, algorithm)
    ).fetchone()
    if row is None:
        raise NotFoundError("No recorded job has seen this content.", "See what was seen with: roar-tui artifacts")
    rowid, digest, algorithm, kind, size, first_seen = row
    paths = paths_of(db, rowid, limit)
    return ArtifactView(
        rowid=rowid,
        digest=digest,
        algorithm=algorithm,
        kind=kind,
        size=size,
        first_seen=first_seen,
        paths=paths,
        producers=_seen_at(db, "generated", rowid, limit),
        consumers=_seen_at(db, "used", rowid, limit),
        path_count=len(paths),
        producer_count=_count_steps(db, "generated", rowid),
        consumer_count=_count_steps(db, "used", rowid),
    )


# Accesses of an artifact, newest first (used_artifact, generated_artifact; member_artifact).
_ACCESSES = {
    "generated": """
        SELECT id, step, path, role, opened FROM generated WHERE artifact = :artifact ORDER BY opened DESC, id DESC LIMIT :limit
    """,
    "used": """
        SELECT * FROM (
            SELECT id, step, path, role, opened FROM used WHERE artifact = :artifact
            UNION ALL SELECT id, step, path, role, opened FROM used_member WHERE artifact = :artifact
        ) ORDER BY opened DESC, id DESC LIMIT :limit
    """,
}


def _seen_at(db: sqlite3.Connection, mode: str, artifact: int, limit: int | None) -> list[SeenAt]:
    rows = db.execute(
        f"""
        SELECT lower(hex(job.digest)), step.number, path.path, access.opened, access.role, step.argv
        FROM ({_ACCESSES[mode]}) AS access JOIN path ON path.id = access.path
        JOIN step ON step.id = access.step JOIN job ON job.id = step.job
        ORDER BY access.opened DESC, access.id DESC
        """,
        {"artifact": artifact, "limit": -1 if limit is None else limit},
    )
    return [
        SeenAt(job, step, from_sql(path), time, Role(role), argv_from_sql(argv)) for job, step, path, time, role, argv in rows
    ]


def _count_steps(db: sqlite3.Connection, mode: str, artifact: int) -> int:
    count: int = db.execute(f"SELECT count(DISTINCT step) FROM ({STEPS_OF[mode]})", {"artifact": artifact}).fetchone()[0]
    return count


def _from_index(db: sqlite3.Connection, rowid: int, why: str) -> Record:
    """What the index has of a job whose record cannot be read: everything but its environment."""
    (
        run_id, name, argv, cwd, state, started, ended, code, signal, host, user, commit, branch, dirty, group
    ) = db.execute(
        """
        SELECT run_id, name, argv, cwd, state, started, ended, exit_code, exit_signal, host, user, git_commit, git_branch,
               git_dirty, job_group
        FROM job WHERE id = ?
        """,
        (rowid,),
    ).fetchone()  # fmt: skip
    return Record(
        format=FORMAT,
        run_id=run_id,
        state=State(state),
        command=argv_from_sql(argv),
        cwd=from_sql(cwd),
        started=started,
        host=from_sql(host),
        user=from_sql(user),
        version="",
        ended=ended,
        exit=exit_of(code, signal),
        name=None if name is None else from_sql(name),
        group=None if group is None else from_sql(group),
        steps=_steps_from_index(db, rowid),
        pipes=_pipes_from_index(db, rowid),
        git=None if commit is None else Git("", commit, None if branch is None else from_sql(branch), None, bool(dirty)),
        warnings=[RecordWarning("record", f"{why} What the index remembers is shown instead.")],
    )


def _steps_from_index(db: sqlite3.Connection, job: int) -> list[Step]:
    used: dict[int, list[Access]] = defaultdict(list)
    generated: dict[int, list[Access]] = defaultdict(list)
    for table, extra, lists in (
        ("used", "external, NULL, appended", used), ("used_member", "external, NULL, appended", used),
        ("generated", "survives, finished, 0", generated),
    ):  # fmt: skip
        rows = db.execute(
            f"""
            SELECT step.number, path.path, access.role, access.status, access.opened, lower(hex(artifact.digest)),
                   coalesce(access.size, artifact.size),
                   artifact.algorithm, named.path, {extra}
            FROM step JOIN {table} AS access ON access.step = step.id JOIN path ON path.id = access.path
            LEFT JOIN artifact ON artifact.id = access.artifact LEFT JOIN path AS named ON named.id = access.named
            WHERE step.job = ? ORDER BY access.id
            """,  # UNIQUE (job, number), used_step, used_set_step, generated_step
            (job,),
        )
        for number, path, role, status, opened, digest, size, algorithm, named, flag, finished, appended in rows:
            lists[number].append(
                Access(
                    path=from_sql(path),
                    role=Role(role),
                    status=Status(status),
                    opened=opened,
                    digest=digest or None,  # hex(NULL) is ''
                    size=size,
                    finished=finished,
                    named=None if named is None else from_sql(named),
                    external=table != "generated" and bool(flag),
                    survives=table == "generated" and bool(flag),
                    algorithm=None if algorithm == BLAKE3 else algorithm,
                    appended=bool(appended),
                )
            )
    steps = db.execute(
        """
        SELECT number, parent, program, argv, cwd, started, ended, exit_code, exit_signal
        FROM step WHERE job = ? ORDER BY number
        """,  # UNIQUE (job, number)
        (job,),
    )
    return [
        Step(
            id=number,
            parent=parent,
            program=from_sql(program),
            argv=argv_from_sql(argv),
            cwd=from_sql(cwd),
            started=started,
            pid=0,
            ended=ended,
            exit=exit_of(code, signal),
            used=used[number],
            generated=generated[number],
        )
        for number, parent, program, argv, cwd, started, ended, code, signal in steps
    ]


def _pipes_from_index(db: sqlite3.Connection, job: int) -> list[Pipe]:
    pipes = []
    for rowid, number, kind, opened in db.execute(
        "SELECT id, number, kind, opened FROM pipe WHERE job = ? ORDER BY number", (job,)
    ):
        ends: dict[int, list[int]] = {0: [], 1: []}
        for writes, step in db.execute(
            "SELECT writes, step.number FROM pipe_end JOIN step ON step.id = pipe_end.step WHERE pipe = ? ORDER BY step.number",
            (rowid,),
        ):
            ends[writes].append(step)
        pipes.append(Pipe(id=number, kind=kind, opened=opened, writers=ends[1], readers=ends[0]))
    return pipes
