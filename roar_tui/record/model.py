"""The record: everything that is kept of one job, immutable once written.

Times are integers, microseconds since the Unix epoch (UTC); sizes bytes; digests lowercase hex BLAKE3, unless `algorithm`
beside one says otherwise. Paths are absolute
`str` as `os.fsdecode` gives them: bytes that are not UTF-8 are surrogate-escaped.
"""

from __future__ import annotations

import enum
import json
from typing import Any

import blake3
import msgspec

FORMAT = 2  # 2: sets of files in manifests, which a reader of 1 would not see


class Role(str, enum.Enum):
    """What a file was to the step that touched it."""

    CODE = "code"
    CONFIG = "config"
    DATA = "data"
    LOG = "log"
    ENVIRONMENT = "environment"


class Status(str, enum.Enum):
    """How much is known of an access's content; only `HASHED` has a digest for certain."""

    HASHED = "hashed"
    CHANGED = "changed"  # not the same any more when it could be hashed: the content that was meant is unknown
    MISSING = "missing"  # gone before it could be hashed, by nobody that we saw
    UNREADABLE = "unreadable"
    SKIPPED = "skipped"  # never tried: imported log, or hashing cut short
    REMOVED = "removed"  # made and removed by the job (its digest is kept where a reader's hash gave it)


class State(str, enum.Enum):
    """How a job's recording ended."""

    COMPLETE = "complete"
    INTERRUPTED = "interrupted"
    UNTRACED = "untraced"
    RUNNING = "running"


class Frozen(msgspec.Struct, frozen=True, omit_defaults=True):
    """Base of all parts of a record; unknown fields of newer versions are ignored when read."""


class Exit(Frozen, frozen=True):
    """How a process ended: `code` when it exited, `signal` (a number) when one killed it."""

    code: int | None = None
    signal: int | None = None


class Access(Frozen, frozen=True):
    """A step used or generated the content `digest` at `path`.

    `opened` is the first open (used) or the first open for writing (generated); `finished` is set on generated accesses: the
    rename into place, or the last known change. `named` is the absolute path that the step itself gave, when symbolic links made
    it another one. `external` is set on used accesses whose content was there before any step of the job wrote the path: the
    inputs of the job are these. `survives` is set on generated accesses whose content is at `path` when the job ends: the
    outputs of the job are these. `appended` is set on used accesses through which the step could only write: what was there stays
    in that file, and is in nothing else that the step made. `algorithm` names what made `digest` where that is not BLAKE3: imported
    records alone have it.
    """

    path: str
    role: Role
    status: Status
    opened: int
    digest: str | None = None
    size: int | None = None
    finished: int | None = None
    named: str | None = None
    external: bool = False
    survives: bool = False
    algorithm: str | None = None
    appended: bool = False


class FilesetUse(Frozen, frozen=True):
    """A step used `count` files below `directory`, `size` bytes in all, each with the content that the manifest says.

    `digest` is the fileset's and that of the blob with its manifest, `sizes` that of the blob with the sizes (see
    `record.filesets`). The files were opened from `opened` to `last`. `named` is the directory as the step gave it, when symbolic
    links made it another one; `role` and `external` are those of every member, as in `Access`.
    """

    directory: str
    digest: str
    sizes: str
    count: int
    size: int
    role: Role
    opened: int
    last: int
    external: bool = False
    named: str | None = None


class Connection(Frozen, frozen=True):
    """A step connected to a network address, or to the Unix socket at the path `address`: then `port` is 0.

    `name` is for records that know it: strace shows no answer of a name server, so that a run states the address alone.
    """

    address: str
    port: int
    time: int
    name: str | None = None

    @property
    def text(self) -> str:
        """Where it leads, for people."""
        return f"{self.address} port {self.port}" if self.port else self.address

    @property
    def endpoint(self) -> str:
        """The name, or else the address, with the port."""
        place = self.name or self.address
        return f"{place}:{self.port}" if self.port else place


class Step(Frozen, frozen=True):
    """One program execution inside a job; `id` counts from 0 in order of start, `parent` is the id of the step that started it."""

    id: int
    parent: int | None
    program: str
    argv: list[str]
    cwd: str
    started: int
    pid: int
    ended: int | None = None
    exit: Exit | None = None
    used: list[Access] = []
    generated: list[Access] = []
    connections: list[Connection] = []
    filesets: list[FilesetUse] = []  # more of what it used, where that is many files below a directory


class Pipe(Frozen, frozen=True):
    """A pipe or socketpair between steps; `opened` is when it was made. Writers and readers are step ids."""

    id: int
    kind: str
    opened: int
    writers: list[int]
    readers: list[int]


class Git(Frozen, frozen=True):
    """The repository around the job's working directory; `patch` is the digest of the dirty patch's blob.

    `dirty` is None where git could not tell in time.
    """

    root: str
    commit: str | None = None
    branch: str | None = None
    remote: str | None = None
    dirty: bool | None = False
    patch: str | None = None


class Package(Frozen, frozen=True):
    """A package that a step really loaded from; `manager` is pip, conda or dpkg."""

    manager: str
    name: str
    version: str


class Environment(Frozen, frozen=True):
    """Variables (redacted), packages, interpreter, machine and scheduler of the job.

    `secrets` holds, for each redacted variable or argument, a keyed hash of its value: equal values under one user's key have
    equal hashes. `key` names that key (a digest of it), so that hashes under different keys are never compared.
    """

    variables: dict[str, str] = {}
    packages: list[Package] = []
    python: str | None = None
    host: dict[str, Any] = {}
    scheduler: dict[str, str] = {}
    secrets: dict[str, str] = {}
    key: str | None = None


class Tracker(Frozen, frozen=True):
    """A run of an experiment tracker that the job wrote: `kind` is wandb, mlflow, neptune or tensorboard."""

    kind: str
    url: str


class LeftOut(Frozen, frozen=True):
    """Files that were touched but are not kept as accesses, by the rule that says why."""

    rule: str
    count: int
    paths: list[str] = []


class Warning(Frozen, frozen=True):  # noqa: A001 -- the field's word, and this module's namespace is its own
    """Something that limits what the record can say; `code` is stable, `message` is for people, `examples` are what it is about."""

    code: str
    message: str
    examples: list[str] = []


class Record(Frozen, frozen=True):
    """One job, whole. Its id is the BLAKE3 of `encode(record)`; `run_id` is random and known from the start."""

    format: int
    run_id: str
    state: State
    command: list[str]
    cwd: str
    started: int
    host: str
    user: str
    version: str
    ended: int | None = None
    exit: Exit | None = None
    name: str | None = None
    group: str | None = None
    rank: int | None = None
    steps: list[Step] = []
    pipes: list[Pipe] = []
    git: Git | None = None
    environment: Environment = Environment()
    trackers: list[Tracker] = []
    snapshots: dict[str, str] = {}  # digest of a text artifact -> digest of the blob's bytes (the same when kept whole)
    left_out: list[LeftOut] = []
    warnings: list[Warning] = []
    source: str = "run"  # who observed it: run, strace-log, roar
    labels: dict[str, Any] = {}  # what people said of the job: JSON values by key
    files: tuple[int, int] | None = None  # inputs and outputs as lists count them, where manifests would have to be read to know
    origin: dict[str, Any] = {}  # what only the source knows, by its own names: ids, sessions, what it could not say elsewhere


def encode(record: Record) -> bytes:
    """The record's canonical bytes: JSON, as msgspec writes it, or ASCII JSON where a path is not UTF-8."""
    try:
        return msgspec.json.encode(record)
    except UnicodeEncodeError:  # a lone surrogate: JSON's \udcXX escapes can say it, UTF-8 cannot
        plain = msgspec.to_builtins(record)
        return json.dumps(plain, ensure_ascii=True, separators=(",", ":")).encode("ascii")


def decode(data: bytes) -> Record:
    """The record in `data`; raises `msgspec.ValidationError` or `ValueError` on anything that `encode` did not write."""
    try:
        return msgspec.json.decode(data, type=Record)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        return msgspec.convert(json.loads(data), type=Record)


def digest(data: bytes) -> str:
    """The BLAKE3 digest of `data`, lowercase hex, as `b3sum` prints it."""
    return blake3.blake3(data).hexdigest()
