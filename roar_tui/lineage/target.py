"""What a reference names: one thing in the store, with what a person should know about how it was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class JobTarget:
    """A whole job; `rowid` is `job.id` in the index."""

    job_id: str
    rowid: int
    note: str | None = None


@dataclass(frozen=True)
class StepTarget:
    """Step number `step` of a job; `rowid` is `step.id` in the index."""

    job_id: str
    step: int
    rowid: int
    note: str | None = None


@dataclass(frozen=True)
class ArtifactTarget:
    """A known content; `rowid` is `artifact.id` in the index.

    `path` is where it was looked for, if it was named by a path. `job_id` with `generated` or `used` (row ids) is set when one
    access of one job was named (`JOB:PATH`): walks then start from that access and no other.
    """

    digest: str
    rowid: int
    path: str | None = None
    job_id: str | None = None
    generated: int | None = None
    used: int | None = None
    note: str | None = None


@dataclass(frozen=True)
class PathTarget:
    """An access whose content is unknown: `generated` or `used` is its row id, `job_id` the job it belongs to."""

    path: str
    job_id: str
    step: int
    generated: int | None = None
    used: int | None = None
    status: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class Member:
    """A file of a directory that was named: `generated` or `used` is the row id of its newest access, `rowid` its artifact."""

    path: str
    digest: str | None
    rowid: int | None
    size: int | None
    generated: int | None = None
    used: int | None = None


@dataclass(frozen=True)
class FilesetTarget:
    """A directory: the newest recorded version of every file below it, sorted by the bytes of the paths."""

    path: str
    members: tuple[Member, ...]
    note: str | None = None


Target: TypeAlias = JobTarget | StepTarget | ArtifactTarget | PathTarget | FilesetTarget
