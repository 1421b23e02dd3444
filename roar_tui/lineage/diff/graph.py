"""One side of a diff: the steps upstream of a target, what each used and made, and the jobs they belong to."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from roar_tui.lineage.script import family, script


class Maker(NamedTuple):
    """Where a used content comes from: the step (node id) and the row id of its generation."""

    step: str
    generation: int


@dataclass(slots=True, eq=False)
class File:
    """A content at a path, as one step used or made it; `row` is the row id of the access. Compared by identity.

    `named` is the path that the step gave, where a symbolic link made it another one. `grown`: the step could only append to it,
    and what was there before matters to nothing else: that it differs says nothing.
    """

    row: int
    path: str
    digest: str | None
    role: str
    status: str
    opened: int
    size: int | None = None
    maker: Maker | None = None
    survives: bool = False
    named: str | None = None
    grown: bool = False


@dataclass(slots=True, eq=False)
class Step:
    """A step of the graph. `used` and `made` list every file but those of very large sets that both sides have alike.

    `same_used` and `same_made` count those. `writers` are the steps (node ids) at the other end of its pipes, `partners` the other
    ranks of its run and those that wrote the same files together with it; `parent` started it.
    `starter`: it is here because it started others, not because something flowed through it.
    """

    id: str
    row: int
    job: str
    number: int
    program: str
    argv: tuple[str, ...]
    cwd: str
    started: int
    ended: int | None
    exit_code: int | None
    exit_signal: int | None
    parent: str | None = None
    starter: bool = False
    used: list[File] = field(default_factory=list)
    made: list[File] = field(default_factory=list)
    writers: list[str] = field(default_factory=list)
    partners: list[str] = field(default_factory=list)
    same_used: int = 0
    same_made: int = 0

    @property
    def family(self) -> tuple[str, str]:
        """Program and script, by name."""
        return family(self.program, self.argv)

    @property
    def label(self) -> str:
        """What a person calls the step: its script, else its program."""
        named = script(self.argv) or (self.argv[0] if self.argv else self.program)
        return os.path.basename(named) or named

    @property
    def failed(self) -> bool:
        return bool(self.exit_code) or self.exit_signal is not None

    @property
    def products(self) -> list[File]:
        """What it made that may flow on: no logs."""
        return [file for file in self.made if file.role != "log"]


@dataclass(frozen=True, slots=True)
class Job:
    """A job that steps of the graph belong to; `record` is its file below the archive's `records/`."""

    id: str
    record: str
    command: tuple[str, ...]
    name: str | None
    cwd: str
    state: str
    started: int
    ended: int | None
    exit_code: int | None
    exit_signal: int | None
    host: str
    user: str
    commit: str | None


@dataclass
class Graph:
    """Everything upstream of one target. `targets` are the files asked for (None for a job or step, which `wanted` names).

    `job` is the job that the target is, or belongs to, where there is one.
    """

    steps: dict[str, Step] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    targets: list[File] | None = None
    wanted: list[str] = field(default_factory=list)
    job: str | None = None

    @cached_property
    def asked(self) -> frozenset[str]:
        """The steps of the job or step that was asked for, or those that made the files that were."""
        if self.targets is None:
            return frozenset(self.wanted)
        return frozenset(file.maker.step for file in self.targets if file.maker is not None)

    def upstream(self, past: Collection[str]) -> set[str]:
        """All steps that what was asked for comes from, and what started them, without going through those in `past`."""
        found: set[str] = set()
        waiting = [step for step in (*self.wanted, *self.asked) if step not in past]
        while waiting:
            each = waiting.pop()
            if each in found or each in past or each not in self.steps:
                continue
            found.add(each)
            step = self.steps[each]
            waiting += [file.maker.step for file in step.used if file.maker is not None]
            waiting += [*step.writers, *step.partners, *([step.parent] if step.parent is not None else [])]
        return found

    def downstream(self, past: Collection[str]) -> set[str]:
        """The steps that read what those in `past` made, or what was made of it."""
        feeds: dict[str, list[str]] = {}
        for step in self.steps.values():
            for source in (*(file.maker.step for file in step.used if file.maker is not None), *step.writers):
                feeds.setdefault(source, []).append(step.id)
        found: set[str] = set()
        waiting = [reader for each in past for reader in feeds.get(each, ())]
        while waiting:
            each = waiting.pop()
            if each not in found:
                found.add(each)
                waiting += feeds.get(each, ())
        return found

    def ancestors(self, step: Step) -> list[Step]:
        """The steps that started `step`, nearest first."""
        found: list[Step] = []
        while step.parent is not None and step.parent in self.steps:
            step = self.steps[step.parent]
            found.append(step)
        return found
