"""Nodes made from rows of the index: ids, names of steps, numbers of unknown contents."""

from __future__ import annotations

import json
import sqlite3
from sys import intern

from msgspec.structs import replace

from roar_tui.errors import NotFoundError
from roar_tui.lineage.links import Generation, Use
from roar_tui.lineage.model import Kind, Node
from roar_tui.lineage.script import notebook
from roar_tui.store.schema import from_sql
from roar_tui.text import is_kernel

# step's and job's primary keys
_STEP = """SELECT s.number, s.program, s.argv, s.cwd, s.started, s.ended, s.exit_code, s.exit_signal, j.digest
FROM step s JOIN job j ON j.id = s.job WHERE s.id = ?"""
_JOB = "SELECT argv, cwd, started, ended, exit_code, exit_signal FROM job WHERE digest = ?"
# UNIQUE (digest) of job, UNIQUE (job, number) of step
_ROW = "SELECT s.id FROM job j JOIN step s ON s.job = j.id WHERE j.digest = ? AND s.number = ?"
# the primary key; UNIQUE (job, number)
_PARENT = "SELECT p.id, p.argv FROM step s JOIN step p ON p.job = s.job AND p.number = s.parent WHERE s.id = ?"
# used_step, generated_step
_UNKNOWN = """SELECT 0, id, opened FROM used INDEXED BY used_step WHERE step = :step AND artifact IS NULL
UNION ALL SELECT 1, id, opened FROM generated INDEXED BY generated_step WHERE step = :step AND artifact IS NULL"""
# generated_step; pipe_end_step
_WRITES = """SELECT EXISTS (SELECT 1 FROM generated INDEXED BY generated_step
    WHERE step = :step AND role NOT IN ('log', 'environment'))
OR EXISTS (SELECT 1 FROM pipe_end WHERE step = :step AND writes)"""
# UNIQUE (job, number)
_STARTED_OTHERS = """SELECT EXISTS (SELECT 1 FROM step c WHERE c.job = s.job AND c.parent = s.number)
FROM step s WHERE s.id = ?"""

# artifact_foreign: an imported store's few contents that are known by other digests
_FOREIGN = """SELECT digest, algorithm FROM artifact INDEXED BY artifact_foreign
WHERE algorithm <> 'blake3' AND digest >= x''"""


class Nodes:
    """Makes nodes and remembers the steps that it has read."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._steps: dict[int, Node] = {}
        self._rows: dict[str, int] = {}
        self._unknown: dict[int, dict[tuple[int, int], int]] = {}
        self._launchers: dict[int, bool] = {}
        self._algorithms: dict[bytes, str] | None = None

    def step(self, step: str) -> Node:
        """A node of its own for the step with that node id."""
        return replace(self.about(self.row(step)))

    def row(self, step: str) -> int:
        """The row id of the step with that node id; raises NotFoundError where its record is gone or was replaced.

        Nodes outlive row ids, which are given anew whenever the index is built again.
        """
        if step not in self._rows:
            _, job, number = step.split(":")
            found = self._db.execute(_ROW, (bytes.fromhex(job), int(number))).fetchone()
            if found is None:
                raise gone("step", f"{job[:8]}:{number}")
            self._rows[step] = found[0]
        return self._rows[step]

    def about(self, rowid: int) -> Node:
        """The step with that row id, to look at: the same node every time."""
        if rowid not in self._steps:
            found = self._db.execute(_STEP, (rowid,)).fetchone()
            if found is None:
                raise gone("step", "that led here")
            number, program, argv, cwd, started, ended, code, signal, digest = found
            command = words(argv)
            self._rows[f"s:{digest.hex()}:{number}"] = rowid
            self._steps[rowid] = Node(
                id=f"s:{digest.hex()}:{number}",
                kind=Kind.STEP,
                job=digest.hex(),
                step=number,
                program=from_sql(program),
                argv=command,
                cwd=from_sql(cwd),
                started=started,
                ended=ended,
                exit_code=code,
                exit_signal=signal,
                notebook=self._notebook(rowid) if is_kernel(command) else None,
            )
        return self._steps[rowid]

    def _notebook(self, kernel: int) -> str | None:
        """The notebook that one of the commands above a kernel (row id) named, nearest first."""
        row, seen = self._db.execute(_PARENT, (kernel,)).fetchone(), {kernel}
        while row is not None and row[0] not in seen:
            found = notebook(words(row[1]))
            if found is not None:
                return found
            seen.add(row[0])
            row = self._db.execute(_PARENT, (row[0],)).fetchone()
        return None

    def job(self, job_id: str) -> Node:
        """A node that stands for a whole job; raises NotFoundError."""
        found = self._db.execute(_JOB, (bytes.fromhex(job_id),)).fetchone()
        if found is None:
            raise gone("job", job_id[:8])
        argv, cwd, started, ended, code, signal = found
        return Node(
            id=f"j:{job_id}",
            kind=Kind.JOB,
            job=job_id,
            argv=words(argv),
            cwd=from_sql(cwd),
            started=started,
            ended=ended,
            exit_code=code,
            exit_signal=signal,
        )

    def file(self, access: Use | Generation) -> Node:
        """A node for the content of an access.

        An unknown content that is read is the one that was written there, if that is unknown too.
        """
        if access.digest is None:
            step = self.about(access.step)
            return Node(
                id=self._file_id(access),
                kind=Kind.ARTIFACT,
                size=access.size,
                role=access.role,
                status=access.status,
                paths=[access.path],
                job=step.job,
                step=step.step,
            )
        algorithm = self._foreign().get(access.digest)
        id_, role, status = "a:" + access.digest.hex(), intern(access.role), intern(access.status)  # words are a row's own
        # by position, which takes half the time
        return Node(id_, Kind.ARTIFACT, 0, False, None, None, None, algorithm, access.size, role, status, [access.path])

    def _foreign(self) -> dict[bytes, str]:
        """What made the digests that are not BLAKE3."""
        if self._algorithms is None:
            self._algorithms = dict(self._db.execute(_FOREIGN))
        return self._algorithms

    def _file_id(self, access: Use | Generation) -> str:
        """The id of an unknown content."""
        if isinstance(access, Use):
            if access.made is not None and access.maker is not None and access.made_artifact is None:
                return self._unknown_id(access.maker, 1, access.made)
            return self._unknown_id(access.step, 0, access.id)
        return self._unknown_id(access.step, 1, access.id)

    def _unknown_id(self, step: int, generated: int, rowid: int) -> str:
        """`f:<job>:<step>:<n>`: the step's n-th access of unknown content, uses first, each by time."""
        if step not in self._unknown:
            rows = sorted(self._db.execute(_UNKNOWN, {"step": step}), key=lambda row: (row[0], row[2], row[1]))
            self._unknown[step] = {(mode, access): n for n, (mode, access, _) in enumerate(rows)}
        node = self.about(step)
        return f"f:{node.job}:{node.step}:{self._unknown[step][generated, rowid]}"

    def pipe(self, step: int, number: int, kind: str) -> Node:
        """A node for a pipe of the job that `step` (row id) belongs to; `kind` is pipe or socketpair."""
        job = self.about(step).job
        return Node(id=f"p:{job}:{number}", kind=Kind.PIPE, job=job, number=number, note=None if kind == "pipe" else kind)

    def only_started_others(self, step: int) -> bool:
        """Whether a step (row id) wrote nothing that flows on and has child steps: the shell around the pipeline."""
        if step not in self._launchers:
            writes = self._db.execute(_WRITES, {"step": step}).fetchone()[0]
            self._launchers[step] = not writes and bool(self._db.execute(_STARTED_OTHERS, (step,)).fetchone()[0])
        return self._launchers[step]


def gone(what: str, which: str) -> NotFoundError:
    """The error for what a row id or digest meant before the index changed."""
    return NotFoundError(f"The {what} {which} is no longer in the store.", "Its record was removed or replaced: look it up again.")


def words(argv: str | bytes) -> tuple[str, ...]:
    """A command's words from the index, which keeps them as a JSON array."""
    return tuple(json.loads(from_sql(argv)))
