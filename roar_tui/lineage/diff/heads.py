"""What only the records say of the jobs of a diff: environment, git, snapshots, connections; read without the files' lists."""

from __future__ import annotations

import contextlib
import json

import msgspec

from roar_tui.errors import RoarTuiError
from roar_tui.lineage.diff.graph import Job
from roar_tui.record.model import Connection, Environment, Git
from roar_tui.record.model import Warning as RecordWarning
from roar_tui.store.archive import Archive


class StepHead(msgspec.Struct, frozen=True):
    """A step without its files."""

    id: int
    connections: list[Connection] = []


class Head(msgspec.Struct, frozen=True):
    """A record without its files; skipping them is ten times faster than reading them."""

    environment: Environment = Environment()
    git: Git | None = None
    snapshots: dict[str, str] = {}
    warnings: list[RecordWarning] = []
    steps: list[StepHead] = []


class Heads:
    """The heads of jobs, each read once; None where a record cannot be read, which `problems` then says."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._heads: dict[str, Head | None] = {}
        self.problems: dict[str, str] = {}

    def of(self, job: Job) -> Head | None:
        """The head of a job's record."""
        if job.id not in self._heads:
            self._heads[job.id] = self._read(job)
        return self._heads[job.id]

    def _read(self, job: Job) -> Head | None:
        try:
            data = self._archive.read_file(job.record)
        except RoarTuiError as error:
            self.problems[job.id] = error.message
            return None
        with contextlib.suppress(msgspec.MsgspecError):
            return msgspec.json.decode(data, type=Head)
        try:  # a path that is not UTF-8, which only Python's JSON reads
            return msgspec.convert(json.loads(data), type=Head)
        except (ValueError, RecursionError, msgspec.MsgspecError):
            self.problems[job.id] = "its record is none that this version can read"
            return None
