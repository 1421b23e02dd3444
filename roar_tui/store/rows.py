"""Records turned into rows of the index, as fast as SQLite takes them: ids are given here, paths and contents remembered.

Many records go in together, because a statement per small record costs more than its rows. Foreign keys are not enforced: the
ids come from here, and checking them costs a third of the time.
"""

from __future__ import annotations

import shlex
import sqlite3
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from roar_tui.record import filesets
from roar_tui.record.filesets import LoadBlob, Member, count_files
from roar_tui.record.model import Access, FilesetUse, Pipe, Record, Step
from roar_tui.store.judge import UnusableRecordError, check
from roar_tui.store.results import BLAKE3
from roar_tui.store.schema import argv_to_sql, to_sql

CHUNK = 500  # placeholders per SELECT; SQLite allows 999 everywhere
REMEMBERED = 400_000  # paths or contents; about 100 MB at most
MEMBERS = 50_000  # files of a set that are looked up at once

SqlPath = str | bytes


class Kept(NamedTuple):
    """A record as it lies in the archive: its id, and its path below `records/`."""

    record: Record
    job_id: str
    name: str


# What `Rows.insert` raises on a record that the tables cannot hold.
UNUSABLE = (UnusableRecordError, sqlite3.IntegrityError, sqlite3.DataError, OverflowError, ValueError)


class Content(NamedTuple):
    """What is remembered of an artifact's row."""

    rowid: int
    first_seen: int
    sized: bool


class Sighting(NamedTuple):
    """A content that was seen, by its digest (hex): when, and its size where that is known."""

    digest: str
    opened: int
    size: int | None


class Rows:
    """Writes records into the index through `db`; transactions are the caller's. `forget` after a rollback.

    `blob` reads the manifests of filesets that the index does not have yet.
    """

    def __init__(self, db: sqlite3.Connection, blob: LoadBlob) -> None:
        self._db = db
        self._blob = blob
        self._paths: dict[str, int] = {}
        self._artifacts: dict[str, Content] = {}
        self._foreign: dict[str, dict[str, Content]] = {}  # contents known by other digests than BLAKE3, by algorithm

    def forget(self) -> None:
        """Drop what is remembered of the tables."""
        self._paths.clear()
        self._artifacts.clear()
        self._foreign.clear()

    def insert(self, batch: Sequence[Kept]) -> None:
        """Insert the records of `batch`, all of different runs that the index does not have.

        Raises one of UNUSABLE on what the tables cannot hold, having perhaps inserted a part: the caller rolls back.
        """
        self._forget_many()
        for kept in batch:
            check(kept.record)
        accesses = [access for kept in batch for step in kept.record.steps for access in (*step.used, *step.generated)]
        paths = {access.path for access in accesses}
        paths.update(access.named for access in accesses if access.named is not None)
        self._learn_paths(paths)
        self._learn_artifacts(accesses)
        jobs = list(enumerate(batch, _next_id(self._db, "job")))
        columns = [_job_columns(rowid, kept) for rowid, kept in jobs]
        _insert(self._db, "job", columns)
        every_step = [(rowid, step) for rowid, kept in jobs for step in kept.record.steps]
        steps = list(enumerate(every_step, _next_id(self._db, "step")))
        self._insert_steps(steps)
        self._insert_accesses([(id_, step) for id_, (_, step) in steps])
        self._insert_filesets([(id_, use) for id_, (_, step) in steps for use in step.filesets])
        self._insert_pipes(
            [(rowid, pipe) for rowid, kept in jobs for pipe in kept.record.pipes],
            {(rowid, step.id): id_ for id_, (rowid, step) in steps},
        )

    def remove(self, job: int) -> None:
        """Remove the job with row id `job`, and of its contents what no other job has seen."""
        steps = "SELECT id FROM step WHERE job = :job"
        sets = self._db.execute(f"SELECT DISTINCT fileset FROM used_set WHERE step IN ({steps})", {"job": job}).fetchall()
        touched = self._db.execute(
            f"""
            SELECT artifact FROM used WHERE step IN ({steps}) AND artifact IS NOT NULL
            UNION SELECT artifact FROM generated WHERE step IN ({steps}) AND artifact IS NOT NULL
            """,  # used_step, generated_step
            {"job": job},
        ).fetchall()
        for table in ("used", "used_set", "generated", "pipe_end"):
            self._db.execute(f"DELETE FROM {table} WHERE step IN ({steps})", {"job": job})
        for table, key in (("pipe", "job"), ("step", "job"), ("job", "id")):
            self._db.execute(f"DELETE FROM {table} WHERE {key} = ?", (job,))
        for (fileset,) in sets:
            touched += self._remove_set(fileset)
        for (artifact,) in touched:
            first = self._db.execute(
                """
                SELECT min(opened) FROM (
                    SELECT min(opened) AS opened FROM used WHERE artifact = :artifact
                    UNION ALL SELECT min(opened) FROM generated WHERE artifact = :artifact
                    UNION ALL SELECT min(f.first_seen) FROM member m JOIN fileset f ON f.id = m.fileset WHERE m.artifact = :artifact
                )
                """,  # used_artifact, generated_artifact, member_artifact
                {"artifact": artifact},
            ).fetchone()[0]
            if first is None:
                self._db.execute("DELETE FROM artifact WHERE id = ?", (artifact,))
            else:
                self._db.execute("UPDATE artifact SET first_seen = ? WHERE id = ?", (first, artifact))
        self.forget()

    def _remove_set(self, fileset: int) -> list[tuple[int]]:
        """Bring a fileset of which a use was removed up to date, or remove it; its contents, where they must be looked at."""
        first = self._db.execute("SELECT min(opened) FROM used_set WHERE fileset = ?", (fileset,)).fetchone()[0]
        before = self._db.execute("SELECT first_seen FROM fileset WHERE id = ?", (fileset,)).fetchone()[0]
        if first == before:
            return []
        artifacts = self._db.execute("SELECT artifact FROM member WHERE fileset = ?", (fileset,)).fetchall()
        if first is None:
            self._db.execute("DELETE FROM member WHERE fileset = ?", (fileset,))
            self._db.execute("DELETE FROM fileset WHERE id = ?", (fileset,))
        else:
            self._db.execute("UPDATE fileset SET first_seen = ? WHERE id = ?", (first, fileset))
        return artifacts

    def _forget_many(self) -> None:
        """Drop what is remembered when it has become much."""
        if len(self._paths) > REMEMBERED or len(self._artifacts) > REMEMBERED:
            self.forget()

    def _learn_paths(self, paths: Iterable[str]) -> None:
        """Give every one of `paths` a row and remember its id."""
        known = self._paths
        unknown = {to_sql(path): path for path in sorted(set(paths) - known.keys())}  # in order: near rows in near pages
        for chunk in _chunks(list(unknown)):
            marks = ",".join("?" * len(chunk))
            for path, id_ in self._db.execute(f"SELECT path, id FROM path WHERE path IN ({marks})", chunk):  # UNIQUE (path)
                known[unknown.pop(path)] = id_
        first = _next_id(self._db, "path")
        self._db.executemany(
            "INSERT INTO path (id, path, name) VALUES (?, ?, ?)",
            [(id_, path, to_sql(text.rpartition("/")[2])) for id_, (path, text) in enumerate(unknown.items(), first)],
        )
        known.update(zip(unknown.values(), range(first, first + len(unknown)), strict=True))

    def _learn_artifacts(self, accesses: Sequence[Access]) -> None:
        """Give every content of `accesses` a row, its earliest time and its size, and remember its id."""
        by_algorithm: dict[str, list[Sighting]] = {}
        for access in accesses:
            if access.digest is not None:
                seen = Sighting(access.digest, access.opened, access.size)
                by_algorithm.setdefault(access.algorithm or BLAKE3, []).append(seen)
        for algorithm, sightings in sorted(by_algorithm.items()):
            self._learn_contents(sightings, algorithm)

    def _learn_contents(self, sightings: Iterable[Sighting], algorithm: str) -> None:
        """The same for contents whose digests `algorithm` made."""
        known = self._artifacts if algorithm == BLAKE3 else self._foreign.setdefault(algorithm, {})
        seen: dict[str, tuple[int, int | None]] = {}
        for digest, opened, size in sightings:
            earlier = seen.get(digest)
            if earlier is not None:
                opened, size = min(opened, earlier[0]), size if earlier[1] is None else earlier[1]
            seen[digest] = (opened, size)
        unknown = {bytes.fromhex(digest): digest for digest in sorted(seen.keys() - known.keys())}
        for chunk in _chunks(list(unknown)):
            marks = ",".join("?" * len(chunk))
            for value, *rest in self._db.execute(
                f"""
                SELECT digest, id, first_seen, size IS NOT NULL FROM artifact
                WHERE digest IN ({marks}) AND algorithm = ?
                """,  # UNIQUE (digest, algorithm)
                (*chunk, algorithm),
            ):
                known[unknown.pop(value)] = Content(*rest)
        first = _next_id(self._db, "artifact")
        kind = "fileset" if algorithm.startswith("composite-") else "file"
        new = [(id_, value, seen[digest]) for id_, (value, digest) in enumerate(unknown.items(), first)]
        self._db.executemany(
            "INSERT INTO artifact (id, algorithm, digest, kind, size, first_seen) VALUES (?, ?, ?, ?, ?, ?)",
            [(id_, algorithm, value, kind, size, opened) for id_, value, (opened, size) in new],
        )
        known.update((unknown[value], Content(id_, opened, size is not None)) for id_, value, (opened, size) in new)
        updates = []
        for digest, (opened, size) in seen.items():
            have = known[digest]
            if opened < have.first_seen or (size is not None and not have.sized):
                updates.append((opened, size, have.rowid))
                known[digest] = Content(have.rowid, min(opened, have.first_seen), have.sized or size is not None)
        self._db.executemany(
            "UPDATE artifact SET first_seen = min(first_seen, ?), size = coalesce(size, ?) WHERE id = ?", updates
        )

    def _insert_steps(self, steps: Sequence[tuple[int, tuple[int, Step]]]) -> None:
        """Insert (row id, (job's row id, step)) items."""
        self._db.executemany(
            """
            INSERT INTO step (id, job, number, parent, program, argv, cwd, started, ended, exit_code, exit_signal)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                (
                    id_, job, step.id, step.parent, to_sql(step.program), argv_to_sql(step.argv), to_sql(step.cwd),
                    step.started, step.ended, step.exit and step.exit.code, step.exit and step.exit.signal,
                )
                for id_, (job, step) in steps
            ],
        )  # fmt: skip

    def _insert_accesses(self, steps: Sequence[tuple[int, Step]]) -> None:
        """Insert what the steps, each after its row id, used and generated."""
        paths, artifacts, foreign = self._paths, self._artifacts, self._foreign

        def row(step: int, access: Access, flag: bool) -> tuple[object, ...]:
            contents = artifacts if access.algorithm is None else foreign.get(access.algorithm, artifacts)
            return (
                step,
                None if access.digest is None else contents[access.digest].rowid,
                paths[access.path],
                None if access.named is None else paths[access.named],
                access.role._value_,  # `.value` is a property in Python: a tenth of the time of all this
                access.status._value_,
                access.opened,
                access.size,
                flag,
            )

        self._db.executemany(
            """
            INSERT INTO used (step, artifact, path, named, role, status, opened, size, external, appended)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [(*row(id_, access, access.external), access.appended) for id_, step in steps for access in step.used],
        )
        self._db.executemany(
            """
            INSERT INTO generated (step, artifact, path, named, role, status, opened, size, survives, finished)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [(*row(id_, access, access.survives), access.finished) for id_, step in steps for access in step.generated],
        )

    def _insert_filesets(self, uses: Sequence[tuple[int, FilesetUse]]) -> None:
        """Insert the filesets that steps, each by its row id, used; a set that is there already costs one row."""
        rows = []
        for step, use in sorted(uses, key=lambda item: item[1].opened):  # the earliest first: their files are seen then
            rows.append((step, self._fileset(use), use.role.value, use.opened, use.last, use.external))
        self._db.executemany(
            "INSERT INTO used_set (step, fileset, role, opened, last, external) VALUES (?, ?, ?, ?, ?, ?)", rows
        )

    def _fileset(self, use: FilesetUse) -> int:
        """The row id of the set that `use` is of, which is made where there is none."""
        key = (bytes.fromhex(use.digest), to_sql(use.directory), to_sql(use.named or ""))
        known = self._db.execute(
            "SELECT id, first_seen FROM fileset WHERE digest = ? AND directory = ? AND named = ?", key
        ).fetchone()  # UNIQUE (digest, directory, named)
        if known is not None:
            if use.opened < known[1]:
                self._seen_earlier(known[0], use.opened)
            return int(known[0])
        row = _next_id(self._db, "fileset")
        self._db.execute(
            "INSERT INTO fileset (id, digest, directory, named, count, first_seen) VALUES (?, ?, ?, ?, ?, ?)",
            (row, *key, use.count, use.opened),
        )
        files = filesets.members(use, self._blob)
        number = 0
        while chunk := list(islice(files, MEMBERS)):
            self._insert_members(row, number, use, chunk)
            number += len(chunk)
        return row

    def _insert_members(self, fileset: int, number: int, use: FilesetUse, files: Sequence[Member]) -> None:
        """Insert some of a set's files, the first of which is its `number`-th."""
        self._forget_many()
        named = [None if use.named is None else f"{use.named}/{file.name}" for file in files]
        paths = [f"{use.directory}/{file.name}" for file in files]
        self._learn_paths([*paths, *(name for name in named if name is not None)])
        self._learn_contents((Sighting(file.digest, use.opened, file.size) for file in files), BLAKE3)
        path_of, content_of = self._paths, self._artifacts
        self._db.executemany(
            "INSERT INTO member (fileset, number, artifact, path, named) VALUES (?, ?, ?, ?, ?)",
            [
                (fileset, n, content_of[file.digest].rowid, path_of[path], None if name is None else path_of[name])
                for n, (file, path, name) in enumerate(zip(files, paths, named, strict=True), number)
            ],
        )

    def _seen_earlier(self, fileset: int, opened: int) -> None:
        """A job that came in later has used a set earlier than all others."""
        self._db.execute("UPDATE fileset SET first_seen = ? WHERE id = ?", (opened, fileset))
        self._db.execute(
            """
            UPDATE artifact SET first_seen = :opened
            WHERE first_seen > :opened AND id IN (SELECT artifact FROM member WHERE fileset = :fileset)
            """,  # member's primary key
            {"opened": opened, "fileset": fileset},
        )
        self._artifacts.clear()

    def _insert_pipes(self, pipes: Sequence[tuple[int, Pipe]], steps: dict[tuple[int, int], int]) -> None:
        """Insert pipes, each after its job's row id; `steps` gives the row id of a job's step number."""
        rows = list(enumerate(pipes, _next_id(self._db, "pipe")))
        self._db.executemany(
            "INSERT INTO pipe (id, job, number, kind, opened) VALUES (?, ?, ?, ?, ?)",
            [(id_, job, pipe.id, pipe.kind, pipe.opened) for id_, (job, pipe) in rows],
        )
        ends = [
            (id_, steps[job, step], writes)
            for id_, (job, pipe) in rows
            for writes, numbers in ((1, pipe.writers), (0, pipe.readers))
            for step in sorted(set(numbers))
        ]
        self._db.executemany("INSERT INTO pipe_end (pipe, step, writes) VALUES (?, ?, ?)", ends)


def _job_columns(rowid: int, kept: Kept) -> dict[str, object]:
    record, git, exit_ = kept.record, kept.record.git, kept.record.exit
    inputs, outputs = count_files(record)
    return {
        "id": rowid,
        "digest": bytes.fromhex(kept.job_id),
        "run_id": record.run_id,
        "record": kept.name,
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


def _insert(db: sqlite3.Connection, table: str, rows: Sequence[dict[str, object]]) -> None:
    if rows:
        names = list(rows[0])
        marks = ", ".join("?" * len(names))
        db.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", [tuple(row.values()) for row in rows])


def _optional(text: str | None) -> SqlPath | None:
    return None if text is None else to_sql(text)


def _next_id(db: sqlite3.Connection, table: str) -> int:
    greatest: int = db.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()[0]
    return greatest + 1


def _chunks(values: Sequence[SqlPath] | Sequence[bytes]) -> Iterable[Sequence[SqlPath]]:
    return (values[start : start + CHUNK] for start in range(0, len(values), CHUNK))
