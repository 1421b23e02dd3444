"""What the store answers with: rows of lists and views of one job, step or artifact, drawn on screens, printed by `--json`.

Times are integers, microseconds since the epoch; sizes bytes; digests lowercase hex. `to_json` in `json_shapes` turns any of
these into the documents that scripts rely on.
"""

from __future__ import annotations

import datetime
from typing import Any, NamedTuple

import msgspec

from roar_tui.record.model import Connection, Environment, Exit, Git, LeftOut, Pipe, Role, State, Status, Tracker
from roar_tui.record.model import Warning as RecordWarning

BLAKE3 = "blake3"


class Cursor(NamedTuple):
    """A place in a list sorted by time, newest first: `time` in microseconds and the index's row id, which breaks ties."""

    time: int
    rowid: int


class Result(msgspec.Struct, frozen=True):
    """Base of all results: immutable, compared by value."""


class JobRow(Result, frozen=True):
    """One line of the job list. `inputs`, `outputs` count files; `id` is the job's whole digest, `rowid` the index's key."""

    rowid: int
    id: str
    name: str | None
    command: list[str]
    cwd: str
    state: State
    started: int
    ended: int | None
    exit: Exit | None
    host: str
    user: str
    git_commit: str | None
    git_branch: str | None
    git_dirty: bool | None
    group: str | None
    inputs: int
    outputs: int
    steps: int
    warnings: int

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.started, self.rowid)

    @property
    def duration(self) -> float | None:
        """Seconds that the command took, None while that is unknown."""
        return seconds(self.started, self.ended)


class ArtifactRow(Result, frozen=True):
    """One line of the artifact list. `paths` holds the first few places where it was seen, the newest first; `path_count` says
    how many there are. `producers` and `consumers` count steps; `made_by` is the argv of the newest step that generated it.
    """

    rowid: int
    digest: str
    algorithm: str
    kind: str
    size: int | None
    first_seen: int
    paths: list[str]
    path_count: int
    producers: int
    consumers: int
    made_by: list[str] | None

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.first_seen, self.rowid)


class AccessView(Result, frozen=True):
    """A file as a job or step had it; `digest` (by `algorithm`) is None where the content is unknown, and `status` says why."""

    path: str
    digest: str | None
    size: int | None
    role: Role
    status: Status
    opened: int
    finished: int | None = None
    named: str | None = None
    external: bool = False
    survives: bool = False
    algorithm: str = BLAKE3
    appended: bool = False


class FilesetView(Result, frozen=True):
    """Files of one directory and role shown as one; `pattern` covers their names, `size` is None where one is unknown."""

    path: str
    count: int
    size: int | None
    pattern: str
    role: Role
    opened: int
    members: list[AccessView]


class StepView(Result, frozen=True):
    """One step of a job; `id` is its number inside the job, `job` the job's digest."""

    job: str
    id: int
    parent: int | None
    program: str
    argv: list[str]
    cwd: str
    started: int
    ended: int | None
    exit: Exit | None
    used: list[AccessView | FilesetView]
    generated: list[AccessView | FilesetView]
    connections: list[Connection] = []

    @property
    def duration(self) -> float | None:
        return seconds(self.started, self.ended)


class JobView(Result, frozen=True):
    """One job, whole. `inputs`: read before the job wrote them, every role but environment; `outputs`: written and left."""

    id: str
    rowid: int | None
    name: str | None
    command: list[str]
    cwd: str
    state: State
    started: int
    ended: int | None
    exit: Exit | None
    group: str | None
    rank: int | None
    host: str
    user: str
    inputs: list[AccessView | FilesetView]
    outputs: list[AccessView | FilesetView]
    steps: list[StepView]
    pipes: list[Pipe]
    git: Git | None
    environment: Environment
    trackers: list[Tracker]
    snapshots: dict[str, str]
    left_out: list[LeftOut]
    warnings: list[RecordWarning]
    source: str = "run"
    version: str = ""
    labels: dict[str, Any] = {}
    origin: dict[str, Any] = {}

    @property
    def duration(self) -> float | None:
        return seconds(self.started, self.ended)


class SeenAt(Result, frozen=True):
    """A step that used or generated an artifact: `job` is the job's digest, `step` the number inside it, `time` the open."""

    job: str
    step: int
    path: str
    time: int
    role: Role
    argv: list[str]


class ArtifactView(Result, frozen=True):
    """One content and every place where it was seen, the newest first. Lists may be cut; the counts are of steps and whole."""

    rowid: int
    digest: str
    algorithm: str
    kind: str
    size: int | None
    first_seen: int
    paths: list[str]
    producers: list[SeenAt]
    consumers: list[SeenAt]
    path_count: int
    producer_count: int
    consumer_count: int


class Totals(Result, frozen=True):
    """What the index holds: jobs, artifacts, and the bytes of all distinct contents that were seen."""

    jobs: int
    artifacts: int
    size: int


class Damaged(Result, frozen=True):
    """A record that cannot be used: its path below `records/`, and a sentence that says why."""

    record: str
    problem: str


class SyncReport(Result, frozen=True):
    """What bringing the index up to date did. `busy`: another process holds the index, and some records may not be in it yet.

    `damaged` are the records found damaged now (the whole list is in `StoreInfo`), `unreadable` the folders and records that
    this user may not read, `warning` says where the index went when the cache directory cannot hold it.
    """

    added: int = 0
    removed: int = 0
    damaged: list[Damaged] = []
    unreadable: list[str] = []
    busy: bool = False
    warning: str | None = None

    @property
    def changed(self) -> bool:
        """True when lists that were read before may show something else now."""
        return bool(self.added or self.removed)


class StoreInfo(Result, frozen=True):
    """Size and health of a store. Sizes are bytes on disk; `odd` counts what lies in `records/` and is no record."""

    path: str
    index: str
    exists: bool
    jobs: int
    artifacts: int
    seen_bytes: int
    record_bytes: int
    blob_bytes: int
    index_bytes: int
    running: int
    odd: int
    damaged: list[Damaged] = []
    unreadable: list[str] = []
    warning: str | None = None


def seconds(started: int, ended: int | None) -> float | None:
    """The seconds between two times, or None where the end is unknown; never negative, clocks may jump."""
    return None if ended is None else max(0, ended - started) / 1_000_000


def iso(time: int) -> str:
    """`time` as ISO 8601 UTC with microseconds and `Z`."""
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=time)
    return moment.isoformat(timespec="microseconds") + "Z"


def to_json(result: Any) -> Any:
    """`result` (any of the above, or a list of them) as the plain values of the JSON that scripts rely on."""
    from roar_tui.store.json_shapes import shape

    return shape(result)
