"""The shape of a walk: nodes, the edges between them in the direction the data flows, and what a walk began with."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any

import msgspec


class Direction(str, enum.Enum):
    """UPSTREAM: towards what it was made from. DOWNSTREAM: towards what was made from it."""

    UPSTREAM = "upstream"
    DOWNSTREAM = "downstream"


class Kind(str, enum.Enum):
    """What a node is. JOB stands only at the top of a lazily opened walk that begins with several steps of one job."""

    ARTIFACT = "artifact"
    FILESET = "fileset"
    PIPE = "pipe"
    STEP = "step"
    JOB = "job"


@dataclass(frozen=True)
class Alternative:
    """Another recorded generation of the same content, which may have been the one; `time` in microseconds."""

    job: str
    step: int
    path: str
    time: int


class Node(msgspec.Struct, gc=False):
    """One thing in a walk. Fields that do not apply to its kind keep their defaults.

    `id` is the contract's: `a:<digest>` (a known content, or the tree digest of a fileset), `f:<job>:<step>:<n>` (content
    unknown), `p:<job>:<n>` (a pipe), `s:<job>:<step>`. Times are microseconds, sizes bytes, digests lowercase hex. Nodes and edges
    are in no cycle, and the collector need not know them: a walk has a hundred thousand.
    """

    id: str
    kind: Kind
    depth: int = 0
    root: bool = False  # artifacts and filesets: nothing recorded produced it
    leaf: bool | None = None  # True: opening it gives nothing; None: not known before it is opened
    note: str | None = None
    # artifact and fileset
    tree: str | None = None  # a fileset's digest
    algorithm: str | None = None  # what made the digest, where that is not BLAKE3
    size: int | None = None
    role: str | None = None
    status: str | None = None
    paths: list[str] = []  # never changed in place: an edge may hold the same list
    alternatives: tuple[Alternative, ...] = ()
    # fileset: the directory, how many files, what their names look like, and the files themselves where a walk has them
    path: str | None = None
    count: int = 0
    pattern: str | None = None
    members: tuple[Node, ...] = ()
    # step and job; a pipe has job and number, a file of unknown content the job and step that had it
    job: str | None = None
    step: int | None = None
    number: int | None = None
    program: str | None = None
    argv: tuple[str, ...] = ()
    cwd: str | None = None
    started: int | None = None
    ended: int | None = None
    exit_code: int | None = None
    exit_signal: int | None = None
    notebook: str | None = None  # whose cells this step, a Jupyter kernel, ran, as the command that started it named it
    state: Any = None  # the walk's own: what opening this node goes on from
    edge: Edge | None = None  # how a lazily opened node is joined to the node that it was opened from

    @property
    def digest(self) -> str | None:
        """The digest of an artifact, or the tree digest of a fileset; None where a content is unknown."""
        if self.kind is Kind.ARTIFACT:
            return self.id[2:] if self.id.startswith("a:") else None
        return self.tree


@dataclass(frozen=True)
class Overlap:
    """`common` of the `of` files that two ends touch: 250 of 1000."""

    common: int
    of: int


class Edge(msgspec.Struct, gc=False):
    """Data flowed from `source` to `target` (node ids): through `paths`, from `time` on (microseconds).

    `group`: another rank of the same parallel run wrote it, perhaps with what this one read.
    """

    source: str
    target: str
    paths: list[str] = []  # never changed in place
    time: int = 0
    role: str | None = None
    members: Overlap | None = None
    group: bool = False


@dataclass
class Walk:
    """Everything upstream or downstream of `targets`: nodes by id, nearest first; edges in data-flow direction.

    `directory` is set when the walk began with a directory, whose files are the targets. `touched` counts the files of a
    directory that the step at an edge's far end (node id) touched in all, in the walk or not.
    """

    direction: Direction
    targets: list[str]
    nodes: dict[str, Node] = field(default_factory=dict)
    edges: dict[tuple[str, str], Edge] = field(default_factory=dict)
    touched: dict[tuple[str, str], int] = field(default_factory=dict)
    directory: str | None = None
    note: str | None = None

    def join(self, edge: Edge) -> None:
        """Add an edge; where the two ends are joined already, its paths, from the earlier time on."""
        known = self.edges.setdefault((edge.source, edge.target), edge)
        if known is not edge:
            known.paths = union(known.paths, edge.paths)
            known.time = min(known.time, edge.time)
            known.group = known.group and edge.group

    @property
    def target(self) -> Node:
        """The node that the walk began with (the first, where a job began it with several steps)."""
        return self.nodes[self.targets[0]]


def union(paths: list[str], more: list[str]) -> list[str]:
    """`paths` and what `more` has besides; the same list where that is nothing."""
    new = [path for path in more if path not in paths]
    return [*paths, *new] if new else paths
