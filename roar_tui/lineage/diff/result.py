"""What a diff answers with: the one result object that the command line prints and the Diff screen shows.

Digests are lowercase hex, paths absolute, steps node ids (`s:<job>:<step>`). `to_json` gives contract.md's document.
"""

from __future__ import annotations

import enum
from typing import Any

import msgspec


class Category(str, enum.Enum):
    """What kind of thing differs; the order is that of causes that lie equally far upstream."""

    DATA = "data"
    CODE = "code"
    PARAMS = "params"
    ENVIRONMENT = "environment"
    PIPELINE = "pipeline"
    NONDETERMINISM = "nondeterminism"


class Change(str, enum.Enum):
    """`ADDED`: only B has it. `REMOVED`: only A has it."""

    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"


class StepStatus(str, enum.Enum):
    """How a pair of aligned steps compares; SAME also where both runs share the very step."""

    SAME = "same"
    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all parts."""


class Side(Result, frozen=True):
    """One of the two things compared: `kind` is job, step, artifact, path or fileset; `id` a job id, digest or path.

    `ref` is what was typed, where it is known; `label` what a person would call it.
    """

    ref: str | None
    kind: str
    id: str
    label: str = ""


class StepPair(Result, frozen=True):
    """The aligned steps that a difference was found at; None on the side that has none."""

    a: str | None
    b: str | None


class Cause(Result, frozen=True):
    """A difference that nothing upstream explains.

    `subject` is what a person would name: a path (B's, A's when removed), `file:key`, an option, `$VARIABLE`, a package, a step's
    label. `a` and `b` are what it was on either side: digests for data and code, values for parameters and environment.
    `detail` holds, where they apply: `label` (of the step), `steps` (labels of all that it entered), `path` (of a config file),
    `paths` {a, b} (where they differ), `sizes` {a, b}, `lines` (unified diff of a text), `members` {of, changed, added, removed}
    (files of a set that differ), `outside` (true: changed outside any recorded step), `left` (true: the other run had
    left it, where this one wrote it again), `between` (true: the one step that made both read it after it had made the one and
    before it made the other), `outputs` and `suspects` (of nondeterminism).
    """

    category: Category
    subject: str
    change: Change
    a: Any
    b: Any
    step: StepPair
    reaches_target: bool
    detail: dict[str, Any] = {}


class Consequence(Cause, frozen=True):
    """A difference that differences upstream explain: `because` are indexes into the diff's causes."""

    because: list[int] = []


class Context(Result, frozen=True):
    """What differs between any two runs and explains nothing by itself."""

    subject: str
    a: Any
    b: Any


class StepRow(Result, frozen=True):
    """A pair of aligned steps, or a step that only one side has; in the order of the flow."""

    status: StepStatus
    a: str | None
    b: str | None
    label: str


class Outcome(Result, frozen=True):
    """What came out: `exit`, `duration` (seconds), an output's digest by its path, or a metric by `file:key`.

    `what` is B's path, A's where B has none; `was` what A calls it, where that is another path as seen from the jobs' directories.
    """

    what: str
    a: Any
    b: Any
    was: str | None = None


class Unknown(Result, frozen=True):
    """What could not be compared, and why: never taken to be the same."""

    subject: str
    why: str


class Diff(Result, frozen=True):
    """What changed from A to B. `identical`: equal digests, or equal outputs of the jobs.

    `one_step`: the step (node id) that made both, where the two are different files of one and the same run.
    """

    a: Side
    b: Side
    identical: bool
    causes: list[Cause]
    consequences: list[Consequence]
    context: list[Context]
    steps: list[StepRow]
    outcome: list[Outcome]
    unknown: list[Unknown]
    one_step: str | None = None


def to_json(diff: Diff) -> dict[str, Any]:
    """The document of `roar-tui diff --json`, as plain values; surrogates stay in the strings."""
    document: dict[str, Any] = msgspec.to_builtins(diff)
    return document
