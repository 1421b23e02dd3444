"""Records turned into rows of the index, as fast as SQLite takes them: ids are given here, paths and contents remembered."""

from __future__ import annotations

import shlex
import sqlite3
from collections.abc import Iterable, Sequence

from roar_tui.record.model import Access, Record, Role, State
from roar_tui.store.schema import argv_to_sql, to_sql

CHUNK = 500  # placeholders per SELECT; SQLite allows 999 everywhere
REMEMBERED = 400_000  # paths or contents; about 100 MB at most
LAST_TIME = 253_402_300_799_999_999  # the end of the year 9999: no calendar here says what comes later

SqlPath = str | bytes
Known = list[int]  # [row id, first seen, 1 if the size is known]


class UnusableRecordError(Exception):
    """A record that decodes and yet contradicts itself; the message is a sentence's middle."""


class Rows:
    """Writes records into the index through `db`; transactions are the caller's. `forget` after a rollback or a foreign commit."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._paths: dict[SqlPath, int] = {}
        self._artifacts: dict[bytes, Known] = {}

    def forget(self) -> None:
        """Drop what is remembered of the tables."""
        self._paths.clear()
        self._artifacts.clear()

    def insert(self, record: Record, job_id: str, name: str) -> int:
        """Insert `record` (digest `job_id`, in `name` below `records/`); returns how many accesses it has.

        Raises UnusableRecordError, sqlite3.IntegrityError, OverflowError or ValueError on what the tables cannot hold, having
        perhaps inserted a part: the caller rolls back.
        """
        _check_times(record)
        if len(self._paths) > REMEMBERED or len(self._artifacts) > REMEMBERED:
            self.forget()
        accesses = [access for step in record.steps for access in (*step.used, *step.generated)]
        self._learn_paths(accesses)
        self._learn_artifacts(accesses)
        job = self._insert_job(record, job_id, name)
        steps = self._insert_steps(record, job)
        self._insert_accesses(record, steps)
        self._insert_pipes(record, job, steps)
        return len(accesses)

    def remove(self, job: int) -> None:
        """Remove the job with row id `job`, and of its contents what no other job has seen."""
        touched = [
            row[0]
            for row in self._db.execute(
                """
                SELECT artifact FROM used WHERE step IN (SELECT id FROM step WHERE job = ?1) AND artifact IS NOT NULL
                UNION
                SELECT artifact FROM generated WHERE step IN (SELECT id FROM step WHERE job = ?1) AND artifact IS NOT NULL
                """,  # used_step, generated_step
                (job,),
            )
        ]
        self._db.execute("DELETE FROM job WHERE id = ?", (job,))
        for artifact in touched:
            first = self._db.execute(
                """
                SELECT min(opened) FROM (
                    SELECT min(opened) AS opened FROM used WHERE artifact = ?1
                    UNION ALL SELECT min(opened) FROM generated WHERE artifact = ?1
                )
                """,  # used_artifact, generated_artifact
                (artifact,),
            ).fetchone()[0]
            if first is None:
                self._db.execute("DELETE FROM artifact WHERE id = ?", (artifact,))
            else:
                self._db.execute("UPDATE artifact SET first_seen = ? WHERE id = ?", (first, artifact))
        self.forget()

    def _learn_paths(self, accesses: Sequence[Access]) -> None:
        """Give every path of `accesses` a row and remember its id."""
        wanted = {access.path for access in accesses}
        wanted.update(access.named for access in accesses if access.named is not None)
        known = self._paths
        unknown = [path for path in map(to_sql, wanted) if path not in known]
        for chunk in _chunks(unknown):
            marks = ",".join("?" * len(chunk))
            known.update(self._db.execute(f"SELECT path, id FROM path WHERE path IN ({marks})", chunk))  # UNIQUE (path)
        new = [path for path in unknown if path not in known]
        first = _next_id(self._db, "path")
        self._db.executemany(
            "INSERT INTO path (id, path, name) VALUES (?, ?, ?)",
            [(id_, path, _base_name(path)) for id_, path in enumerate(new, first)],
        )
        known.update(zip(new, range(first, first + len(new)), strict=True))

    def _learn_artifacts(self, accesses: Sequence[Access]) -> None:
        """Give every content of `accesses` a row, its earliest time and its size, and remember its id."""
        seen: dict[bytes, tuple[int, int | None]] = {}
        for access in accesses:
            if access.digest is None:
                continue
            digest = bytes.fromhex(access.digest)
            before = seen.get(digest)
            if before is None:
                if len(digest) != 32:
                    raise UnusableRecordError("a digest in it is not a BLAKE3 digest")
                seen[digest] = (access.opened, access.size)
            elif access.opened < before[0] or before[1] is None:
                seen[digest] = (min(access.opened, before[0]), access.size if before[1] is None else before[1])
        known = self._artifacts
        unknown = [digest for digest in seen if digest not in known]
        for chunk in _chunks(unknown):
            marks = ",".join("?" * len(chunk))
            for digest, *rest in self._db.execute(
                f"""
                SELECT digest, id, first_seen, size IS NOT NULL FROM artifact
                WHERE digest IN ({marks}) AND algorithm = 'blake3'
                """,  # UNIQUE (digest, algorithm)
                chunk,
            ):
                known[digest] = rest
        first = _next_id(self._db, "artifact")
        new: list[tuple[int, bytes, int | None, int]] = []
        updates: list[tuple[int, int | None, int]] = []
        for digest, (opened, size) in seen.items():
            have = known.get(digest)
            if have is None:
                new.append((first + len(new), digest, size, opened))
                known[digest] = [new[-1][0], opened, size is not None]
            elif opened < have[1] or (size is not None and not have[2]):
                updates.append((opened, size, have[0]))
                known[digest] = [have[0], min(opened, have[1]), have[2] or size is not None]
        self._db.executemany("INSERT INTO artifact (id, digest, size, first_seen) VALUES (?, ?, ?, ?)", new)
        self._db.executemany(
            "UPDATE artifact SET first_seen = min(first_seen, ?), size = coalesce(size, ?) WHERE id = ?", updates
        )

    def _insert_job(self, record: Record, job_id: str, name: str) -> int:
        git, exit_ = record.git, record.exit
        inputs, outputs = count_files(record)
        columns: dict[str, object] = {
            "digest": bytes.fromhex(job_id),
            "run_id": record.run_id,
            "record": name,
            "name": _optional(record.name),
            "command": to_sql(shlex.join(record.command)),
            "argv": argv_to_sql(record.command),
            "cwd": to_sql(record.cwd),
            "state": record.state.value,
            "started": record.started,
            "ended": record.ended,
            "exit_code": exit_ and exit_.code,
            "exit_signal": exit_ and exit_.signal,
            "host": to_sql(record.host),
            "user": to_sql(record.user),
            "git_commit": git and git.commit,
            "git_branch": git and _optional(git.branch),
            "git_dirty": git and git.dirty,
            "job_group": _optional(record.group),
            "inputs": inputs,
            "outputs": outputs,
            "steps": len(record.steps),
            "warnings": len(record.warnings),
        }
        inserted = self._db.execute(
            f"INSERT INTO job ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})", tuple(columns.values())
        )
        assert inserted.lastrowid is not None
        return inserted.lastrowid

    def _insert_steps(self, record: Record, job: int) -> dict[int, int]:
        """The steps' row ids by their numbers."""
        first = _next_id(self._db, "step")
        ids = {step.id: first + position for position, step in enumerate(record.steps)}
        if len(ids) != len(record.steps):
            raise UnusableRecordError("two of its steps have the same number")
        self._db.executemany(
            """
            INSERT INTO step (id, job, number, parent, program, argv, cwd, started, ended, exit_code, exit_signal)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                (
                    ids[step.id], job, step.id, step.parent, to_sql(step.program), argv_to_sql(step.argv), to_sql(step.cwd),
                    step.started, step.ended, step.exit and step.exit.code, step.exit and step.exit.signal,
                )
                for step in record.steps
            ],
        )  # fmt: skip
        return ids

    def _insert_accesses(self, record: Record, steps: dict[int, int]) -> None:
        paths, artifacts = self._paths, self._artifacts

        def place(access: Access) -> tuple[int | None, int, int | None]:
            return (
                None if access.digest is None else artifacts[bytes.fromhex(access.digest)][0],
                paths[to_sql(access.path)],
                None if access.named is None else paths[to_sql(access.named)],
            )

        self._db.executemany(
            """
            INSERT INTO used (step, artifact, path, named, role, status, opened, external, size)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            (
                (steps[step.id], *place(used), used.role.value, used.status.value, used.opened, used.external, used.size)
                for step in record.steps
                for used in step.used
            ),
        )
        self._db.executemany(
            """
            INSERT INTO generated (step, artifact, path, named, role, status, opened, finished, survives, size)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            (
                (
                    steps[step.id],
                    *place(made),
                    made.role.value,
                    made.status.value,
                    made.opened,
                    made.finished,
                    made.survives,
                    made.size,
                )
                for step in record.steps
                for made in step.generated
            ),
        )

    def _insert_pipes(self, record: Record, job: int, steps: dict[int, int]) -> None:
        if not record.pipes:
            return
        first = _next_id(self._db, "pipe")
        self._db.executemany(
            "INSERT INTO pipe (id, job, number, kind, opened) VALUES (?, ?, ?, ?, ?)",
            [(id_, job, pipe.id, pipe.kind, pipe.opened) for id_, pipe in enumerate(record.pipes, first)],
        )
        try:
            ends = [
                (id_, steps[step], writes)
                for id_, pipe in enumerate(record.pipes, first)
                for writes, numbers in ((1, pipe.writers), (0, pipe.readers))
                for step in sorted(set(numbers))
            ]
        except KeyError as error:
            raise UnusableRecordError(f"a pipe in it belongs to step {error.args[0]}, which it has not") from error
        self._db.executemany("INSERT INTO pipe_end (pipe, step, writes) VALUES (?, ?, ?)", ends)


def count_files(record: Record) -> tuple[int, int]:
    """The inputs and outputs of a job as lists count them: distinct paths, environment no input."""
    inputs = {used.path for step in record.steps for used in step.used if used.external and used.role is not Role.ENVIRONMENT}
    outputs = {made.path for step in record.steps for made in step.generated if made.survives}
    return len(inputs), len(outputs)


def rank(state: str, ended: int | None, job_id: str) -> tuple[int, int, str]:
    """Which record of one run is the better: the greatest. A total order, so that it does not matter which comes first."""
    worth = {State.RUNNING.value: 0, State.INTERRUPTED.value: 1}.get(state, 2)
    return (worth, ended or 0, job_id)


def _check_times(record: Record) -> None:
    times = [record.started, record.ended or 0]
    for step in record.steps:
        times += (step.started, step.ended or 0)
        times += [access.opened for access in step.used]
        times += [max(access.opened, access.finished or 0) for access in step.generated]
    if min(times) < 0 or max(times) > LAST_TIME:
        raise UnusableRecordError("a time in it is out of range")


def _optional(text: str | None) -> SqlPath | None:
    return None if text is None else to_sql(text)


def _next_id(db: sqlite3.Connection, table: str) -> int:
    greatest: int = db.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()[0]
    return greatest + 1


def _base_name(path: SqlPath) -> SqlPath:
    if isinstance(path, bytes):
        name = path.rpartition(b"/")[2]
        return to_sql(name.decode("utf-8", "surrogateescape"))
    return path.rpartition("/")[2]


def _chunks(values: Sequence[SqlPath] | Sequence[bytes]) -> Iterable[Sequence[SqlPath]]:
    return (values[start : start + CHUNK] for start in range(0, len(values), CHUNK))
