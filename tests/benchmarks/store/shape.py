"""A synthetic store shaped like training pipelines: the records, the same for the same shape, oldest first.

Each pipeline of a project is a version of its data: array tasks turn raw files into shards, jobs train on all shards (one of them
is run again, with the same outcome), each model is evaluated. At last one job of the project trains on the shards of all versions,
and a report reads all metrics. Code files change now and then, a few hot files are read by every job. A shape with fewer pipelines
gives the first records of one with more, but for the last jobs of the projects.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import NamedTuple

from roar_tui.record.model import FORMAT, Access, Exit, Git, Record, Role, State, Status, Step, digest

SECOND = 1_000_000
MINUTE = 60 * SECOND
T0 = 1_760_000_000 * SECOND
VERSION_APART = 20 * MINUTE  # between the beginnings of two pipelines
SHARDS = 1_000
TASKS = 20
TRAININGS = 7
CODE_FILES = 20
CHANGED_CODE = 2  # per version
RAW_PER_TASK = 2
CHECKPOINTS = 4
EVALUATED = 50  # shards that an evaluation reads
PROJECTS = 10
FINAL = "final.pt"  # below the home of a project
REPORT = "report.html"


class File(NamedTuple):
    """A content at a path."""

    path: str
    role: Role
    digest: str
    size: int


@dataclass(frozen=True)
class Shape:
    """How much: `pipelines` of `shards` shards each, by turns of `projects`. Whoever has the same seed has the same digests."""

    pipelines: int
    projects: int = PROJECTS
    shards: int = SHARDS
    seed: int = 7

    @property
    def tasks(self) -> int:
        return min(TASKS, self.shards)

    def first(self, pipelines: int) -> Shape:
        """The beginning of this store."""
        return replace(self, pipelines=pipelines)


def shape_of(artifacts: int) -> Shape:
    """The shape with about so many artifacts, and ten times as many accesses where there are at least 100,000."""
    shards = max(TASKS, min(SHARDS, artifacts // 10))
    each = shards + TASKS * RAW_PER_TASK + CHANGED_CODE + TRAININGS * (CHECKPOINTS + 3) + 1
    pipelines = max(2, artifacts // each)
    return Shape(pipelines, min(PROJECTS, pipelines), shards)


def records(shape: Shape) -> Iterator[Record]:
    """All records of the store."""
    hot = [_file(shape, f"/shared/{name}", role, "", 5_000) for name, role in HOT]
    projects = [_Project(shape, number, hot) for number in range(shape.projects)]
    for number in range(shape.pipelines):
        started = T0 + number * VERSION_APART
        yield from projects[number % shape.projects].pipeline(number, started)
    for project in projects:
        yield project.final(T0 + shape.pipelines * VERSION_APART)
        yield project.report(T0 + (shape.pipelines + 1) * VERSION_APART)


HOT = (("tokenizer.json", Role.DATA), ("cluster.yaml", Role.CONFIG), ("common.py", Role.CODE))


def _file(shape: Shape, path: str, role: Role, version: object, size: int) -> File:
    return File(path, role, digest(os.fsencode(f"{shape.seed} {path} {version}")), size)


class _Project:
    """One project: what its pipelines share, and the metrics that they left."""

    def __init__(self, shape: Shape, number: int, hot: Sequence[File]) -> None:
        self._shape = shape
        self._hot = hot
        self._number = number
        self._data = f"/data/project-{number:02}"
        self._home = f"/home/ana/project-{number:02}"
        self._code = [self._file(f"{self._home}/src/module_{n:02}.py", Role.CODE, 0, 3_000 + n) for n in range(CODE_FILES)]
        self._metrics: list[File] = []
        self._versions: list[int] = []

    def pipeline(self, number: int, started: int) -> Iterator[Record]:
        """The jobs of one version, a few minutes one after another."""
        random = Random(self._shape.seed * 1_000_003 + number)
        self._versions.append(number)
        for changed in random.sample(range(CODE_FILES), CHANGED_CODE):
            old = self._code[changed]
            self._code[changed] = self._file(old.path, Role.CODE, number, old.size)
        config = self._file(f"{self._home}/prep.yaml", Role.CONFIG, number // 20, 400)
        shards: list[File] = []
        for task in range(self._shape.tasks):
            job, made = self._prepare(number, task, config, started + task * SECOND)
            shards += made
            yield job
        for run in range(TRAININGS):
            job, model = self._train(number, run, shards, started + 5 * MINUTE + run * 20 * SECOND, again=False)
            yield job
            yield self._evaluate(number, run, model, shards, started + 12 * MINUTE + run * SECOND)
        yield self._train(number, 0, shards, started + 13 * MINUTE, again=True)[0]

    def final(self, started: int) -> Record:
        """The training on every shard of every version: whole closures begin with what it made."""
        shards = [file for number in self._versions for task in range(self._shape.tasks) for file in self._shards(number, task)]
        made = [self._file(f"{self._home}/{FINAL}", Role.DATA, "", 80_000_000)]
        used = [*self._code, *self._hot, *shards]
        return self._job(["python3", "src/module_02.py", "--all"], used, made, started, f"final-{self._number:02}")

    def report(self, started: int) -> Record:
        """The job that reads every metric of the project."""
        used = [self._code[0], *self._hot, *self._metrics]
        made = [self._file(f"{self._home}/{REPORT}", Role.DATA, started, 90_000)]
        return self._job(["python3", "src/module_00.py", "--report"], used, made, started, f"report-{self._number:02}")

    def _prepare(self, number: int, task: int, config: File, started: int) -> tuple[Record, list[File]]:
        raw = [
            self._file(f"{self._data}/raw/v{number:05}/part-{task * RAW_PER_TASK + n:04}.jsonl", Role.DATA, "", 40_000_000)
            for n in range(RAW_PER_TASK)
        ]
        made = self._shards(number, task)
        command = ["python3", "src/module_01.py", "--task", str(task), "--version", str(number)]
        used = [*self._code[:8], config, *self._hot, *raw]
        return self._job(command, used, made, started), made

    def _shards(self, number: int, task: int) -> list[File]:
        """What one task of a version makes."""
        mine = range(task, self._shape.shards, self._shape.tasks)
        return [self._file(f"{self._data}/shards/v{number:05}/shard-{n:05}.tar", Role.DATA, "", 9_000_000 + n) for n in mine]

    def _train(self, number: int, run: int, shards: Sequence[File], started: int, *, again: bool) -> tuple[Record, File]:
        place = f"{self._home}/runs/v{number:05}-{run}"
        params = self._file(f"{place}/params.yaml", Role.CONFIG, "", 300)
        made = [self._file(f"{place}/checkpoint-{n}.pt", Role.DATA, "", 80_000_000) for n in range(CHECKPOINTS)]
        log = self._file(f"{place}/train.log", Role.LOG, started, 20_000)
        command = ["python3", "src/module_02.py", "--params", params.path]
        used = [*self._code, *self._hot, params, *shards]
        name = f"train-{self._number:02}-{number}-{run}{'-again' if again else ''}"
        return self._job(command, used, [*made, log], started, name), made[-1]

    def _evaluate(self, number: int, run: int, model: File, shards: Sequence[File], started: int) -> Record:
        metrics = self._file(f"{self._home}/runs/v{number:05}-{run}/metrics.json", Role.DATA, "", 500)
        self._metrics.append(metrics)
        command = ["python3", "src/module_03.py", model.path]
        used = [*self._code[:6], *self._hot, model, *shards[:EVALUATED]]
        return self._job(command, used, [metrics], started)

    def _job(self, command: list[str], used: Sequence[File], made: Sequence[File], started: int, name: str | None = None) -> Record:
        """A shell that starts one program, which reads first and then writes; an access takes a millisecond."""
        first = started + SECOND
        then = first + 1000 * len(used)
        ended = then + 1000 * (len(made) + 1)
        read = [
            Access(path, role, Status.HASHED, first + 1000 * n, digest, size, None, None, True)
            for n, (path, role, digest, size) in enumerate(used)
        ]
        written = [
            Access(path, role, Status.HASHED, then + 1000 * n, digest, size, then + 1000 * n + 900, None, False, True)
            for n, (path, role, digest, size) in enumerate(made)
        ]
        shell = Step(0, None, "/usr/bin/bash", ["bash", "job.sh"], self._home, started, 4000, ended, Exit(0))
        work = Step(1, 0, "/usr/bin/python3", command, self._home, first - 1000, 4001, ended, Exit(0), read, written)
        run_id = digest(os.fsencode(f"{self._shape.seed} {self._home} {command} {started}"))[:32]
        return Record(
            FORMAT, run_id, State.COMPLETE, ["bash", "job.sh"], self._home, started, f"node-{self._number}", "ana", "0.1.0",
            ended=ended + 1000, exit=Exit(0), name=name, steps=[shell, work], git=Git(self._home, run_id + "0" * 8, "main"),
        )  # fmt: skip

    def _file(self, path: str, role: Role, version: object, size: int) -> File:
        return _file(self._shape, path, role, version, size)
