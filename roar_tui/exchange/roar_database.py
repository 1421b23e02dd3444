"""`.roar/roar.db`, the database of roar, as records: one per job, with one step.

    for record in read("project/.roar/roar.db", known=already_there):
        archive.keep(record)

The run id of a job follows from what roar calls it and its session: whoever imports it, from whichever copy, gets the same one, so
that a job comes in once. roar keeps no files of code: the commit is all that it knows of them.
"""

from __future__ import annotations

import os
import posixpath
import re
import shlex
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from roar_tui import __version__
from roar_tui.exchange.roar_accesses import Accesses, Span
from roar_tui.exchange.roar_contents import Contents, loose
from roar_tui.exchange.roar_facts import Said, environment, git, mapping, remainder, said_of, spoken_of, trackers
from roar_tui.exchange.roar_source import RoarDatabaseError, is_roar_database, open_source, project_of
from roar_tui.record.model import FORMAT, Exit, Git, Record, Role, State, Step, digest
from roar_tui.record.model import Warning as RecordWarning
from roar_tui.record.redaction import key_path, load_key, redact_argv
from roar_tui.record.roles import Roles

__all__ = ["SOURCE", "RoarDatabaseError", "is_roar_database", "read", "run_id_of"]

SOURCE = "roar"
_SECOND = 1_000_000
_JOB_UID = re.compile("[0-9a-f]{8}")
_NOT_CAPTURED = ("missing", "invalid")
_PLANNED = "pending"  # the status of jobs that came from elsewhere, to be run here: nobody has run them
_ORIGIN = {  # roar's column -> its key in `origin`
    "job_uid": "job_uid",
    "parent_job_uid": "parent",
    "step_number": "step",
    "step_identity": "step_identity",
    "job_type": "job_type",
    "status": "status",
    "execution_backend": "backend",
    "execution_role": "role",
    "script": "script",
    "synced_at": "registered_at",
}
_JOBS = """SELECT jobs.*, sessions.hash AS session FROM jobs LEFT JOIN sessions ON sessions.id = jobs.session_id
ORDER BY jobs.timestamp, jobs.id"""


def read(
    path: str | os.PathLike[str],
    *,
    cwd: str | None = None,
    known: Callable[[str, State], bool] = lambda run_id, state: False,
    spoken: Callable[[str, Said], None] = lambda run_id, said: None,
    planned: Callable[[int], None] = lambda count: None,
    key: bytes | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Record]:
    """The jobs of the database at `path` (or in the project at `path`), oldest first, as records ready for the archive.

    `cwd` is the project's directory, for a database that lies elsewhere than in its `.roar`. Jobs whose run id is `known` in a
    state as good are passed over; `spoken` hears what people say of them by now. `planned` hears how many jobs were not run yet,
    which are no records. `key` redacts secrets in commands and variables, the user's own if None. `progress` hears how many of
    how many jobs are done. Raises RoarDatabaseError, before the first record, where the database cannot be read whole.
    """
    with open_source(path) as db:
        root = os.path.abspath(cwd) if cwd is not None else project_of(db, path)
        reader = _Reader(db, root, load_key(key_path()) if key is None else key)
        (total,) = db.execute("SELECT count(*) FROM jobs").fetchone()
        cursor = db.execute(_JOBS)
        names = [column[0] for column in cursor.description]
        mentioned, waiting = spoken_of(db), 0
        for done, values in enumerate(cursor):
            if progress is not None:
                progress(done, total)
            row = dict(zip(names, values, strict=True))
            if row["status"] == _PLANNED:
                waiting += 1
                continue
            run_id = run_id_of(row)
            if not known(run_id, state_of(row)):
                yield reader.record(row, run_id)
            elif row["id"] in mentioned:
                spoken(run_id, said_of(db, row))
        if progress is not None:
            progress(total, total)
        if waiting:
            planned(waiting)


def run_id_of(row: Mapping[str, Any]) -> str:
    """The run id of a job of roar's: 32 hex digits, the first 8 roar's own for it, so that it is found by what roar prints.

    A job's name within its session stays; its start and command may be corrected while parts of it still report.
    """
    job_uid, session = row["job_uid"], row["session"]
    where = (session,) if job_uid and session else (str(_microseconds(row["timestamp"])), row["command"])
    digits = digest("\0".join(("roar", str(job_uid or ""), *where)).encode("utf-8", "surrogateescape"))
    own = job_uid if isinstance(job_uid, str) and _JOB_UID.fullmatch(job_uid) else digits[:8]
    return own + digits[8:32]


def state_of(row: Mapping[str, Any]) -> State:
    """A job of which roar has neither end nor exit status was running when the database was read, or was never finished."""
    unfinished = row["duration_seconds"] is None and row["exit_code"] is None and row["status"] != "completed"
    return State.INTERRUPTED if unfinished else State.COMPLETE


class _Reader:
    """Makes records of the rows of one database, whose project is at `root` (None where that is not known)."""

    def __init__(self, db: sqlite3.Connection, root: str | None, key: bytes) -> None:
        self._db = db
        self._root = root
        self._key = key
        self._contents = Contents(db)

    def record(self, row: Mapping[str, Any], run_id: str) -> Record:
        """The job in `row`."""
        metadata = mapping(loose(row["metadata"]))
        start = _microseconds(row["timestamp"])
        duration = row["duration_seconds"]
        end = None if duration is None else max(start, _microseconds(row["timestamp"] + duration))
        root = f"?{run_id[:8]}" if self._root is None else self._root  # as in records of strace logs: relative to something
        inside = metadata.get("cwd")
        cwd = _place(root, inside if isinstance(inside, str) else "")
        argv, secrets = redact_argv(_argv(row["command"]), self._key)
        fetched = mapping(mapping(metadata.get("get")).get("artifacts"))
        downloads = {path: url for path, url in fetched.items() if isinstance(url, str)}
        role_of = _role_of(root, cwd, argv, row["script"])
        touched = Accesses(self._contents, lambda path: _place(root, path), role_of, downloads).of(
            Span(row["id"], row["timestamp"], start, end)
        )
        machine = environment(metadata, self._key)
        commit = git(row, metadata, root)
        said = said_of(self._db, row)
        code = row["exit_code"]
        exit_ = None if not isinstance(code, int) else Exit(signal=-code) if code < 0 else Exit(code=code)
        step = Step(
            id=0, parent=None, program=argv[0] if argv else "", argv=argv, cwd=cwd, started=start, pid=0, ended=end, exit=exit_,
            used=touched.used, generated=touched.generated,
        )  # fmt: skip
        machine_name = machine.host.get("name")
        return Record(
            format=FORMAT,
            run_id=run_id,
            state=state_of(row),
            command=argv,
            cwd=cwd,
            started=start,
            host=machine_name if isinstance(machine_name, str) else "",
            user="",
            version=__version__,
            ended=end,
            exit=exit_,
            name=said.name,
            steps=[step],
            git=commit,
            environment=msgspec.structs.replace(machine, secrets=machine.secrets | secrets),
            trackers=trackers(row["telemetry"], metadata),
            left_out=touched.left_out,
            warnings=[*touched.warnings, *_limits(commit, self._root, state_of(row), metadata)],
            source=SOURCE,
            labels=said.labels,
            origin=self._origin(row, metadata, said) | touched.origin,
        )

    def _origin(self, row: Mapping[str, Any], metadata: Mapping[str, Any], said: Said) -> dict[str, Any]:
        """roar's own names for the job, and what else it says of it."""
        found = {
            **{ours: row.get(column) for column, ours in _ORIGIN.items()},
            "session": row["session"],
            "session_labels": said.session,
            "artifact_labels": said.artifacts,
            "roar_version": metadata.get("roar_version"),
            "dataset_identifiers": metadata.get("dataset_identifiers"),
            "metadata": remainder(metadata, self._key),
        }
        return {key: value for key, value in found.items() if value not in (None, "", {}, [])}


def _limits(commit: Git | None, root: str | None, state: State, metadata: Mapping[str, Any]) -> Iterator[RecordWarning]:
    """What a record of roar's can never say."""
    if commit is not None and commit.commit is not None:
        more = ", and there were changes that were not committed" if commit.dirty else ""
        message = f"The code is known by its commit alone, roar keeps no files of it{more}."
        yield RecordWarning("code_by_commit", message, [commit.commit])
    else:
        yield RecordWarning("code_unknown", "The code is unknown: roar keeps its commit at most, and has none here.")
    if state is not State.COMPLETE:
        yield RecordWarning("unfinished", "roar has no end of this job: it may still have run, and more may be known of it later.")
    if metadata.get("python_capture") in _NOT_CAPTURED:
        message = "roar could not see the Python packages of this job: what is listed is not all that it used."
        yield RecordWarning("packages_incomplete", message)
    if root is None:
        message = "Where this job ran is unknown: the database lies in no project of its own. Import it with --cwd PROJECT."
        yield RecordWarning("cwd_unknown", message)


def _role_of(root: str, cwd: str, argv: list[str], script: object) -> Callable[[str, bool, int | None], Role]:
    """Roles from paths alone: the machine may be another one, and the record the same wherever it is made."""
    parts = root.split("/")
    home = "/root" if root.startswith("/root/") else "/".join(parts[:3]) if root.startswith(("/home/", "/Users/")) else "/root"
    roles = Roles(home, [root, cwd], exists=lambda path: False)
    program = _place(cwd, script) if isinstance(script, str) and script else None
    named = {_place(cwd, argument) for argument in argv[1:]}

    def role(path: str, generated: bool, size: int | None) -> Role:
        if "://" in path:
            return Role.DATA
        verdict = roles.classify(path, executed=path == program, generated=generated, size=size, named=path in named)
        if verdict.rule is None:
            return verdict.role or Role.DATA
        return Role.DATA if generated else Role.ENVIRONMENT

    return role


def _place(base: str, path: str) -> str:
    """`path` below `base`, without dots; addresses (`s3://…`) stay as they are."""
    if "://" in path:
        return path
    joined = posixpath.join(base, path)
    return posixpath.normpath(joined) if joined else joined


def _argv(command: str) -> list[str]:
    """The words of a command that was quoted for a shell; the whole as one word where the quotes do not match."""
    try:
        return shlex.split(command)
    except ValueError:
        return [command]


def _microseconds(seconds: float) -> int:
    return round(seconds * _SECOND)
