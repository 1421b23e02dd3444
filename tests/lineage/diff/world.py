"""A made-up machine: pipelines whose steps make exactly what follows from their inputs, code, arguments and environment."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from roar_tui.lineage.diff import Diff, diff
from roar_tui.lineage.target import JobTarget, Target
from roar_tui.record.model import Environment, Package, Record, Step
from roar_tui.store.store import Store
from tests.builders import MINUTE, T0, build_store, content, job_id, made, record, step, used

DAY = 24 * 60 * MINUTE


@dataclass(frozen=True)
class Work:
    """A step: its script, options, what it reads (paths) and makes (paths); `salt` is chance."""

    script: str
    options: tuple[tuple[str, str], ...] = ()
    reads: tuple[str, ...] = ()
    makes: tuple[str, ...] = ()
    salt: str = ""

    @property
    def argv(self) -> list[str]:
        words = ["python3", self.script]
        for name, value in self.options:
            words += [name, value]
        return words


@dataclass(frozen=True)
class Run:
    """One run: files that were there (path -> content), steps in order, environment; `jobs`: each step a job, or one job of all."""

    files: dict[str, str]
    steps: tuple[Work, ...]
    variables: dict[str, str] = field(default_factory=dict)
    packages: dict[str, str] = field(default_factory=dict)
    together: bool = False
    driver: str = "pipeline.sh"
    start: int = T0
    host: str = "node-1"

    def records(self) -> list[Record]:
        """The records that this run leaves: its contents follow from what went in."""
        there = dict(self.files)
        steps = []
        environment = Environment(
            variables={**self.variables, "PWD": "/p", "SLURM_JOB_ID": str(self.start)},
            packages=[Package("pip", name, version) for name, version in sorted(self.packages.items())],
            python="3.11.7",
        )
        world = repr((self.variables.get("SEED"), sorted(self.packages.items())))
        made_here: set[str] = set()
        for number, work in enumerate(self.steps):
            began = self.start + number * MINUTE
            reads = [work.script, *work.reads]
            word = repr((work.options, [(path, there[path]) for path in reads], world, work.salt))
            uses = [
                used(path, there[path], opened=began + 10 + index, external=not (self.together and path in made_here), size=100)
                for index, path in enumerate(reads)
            ]
            makes = []
            for index, path in enumerate(work.makes):
                there[path] = content(f"{path} {word}")
                made_here.add(path)
                makes.append(made(path, there[path], opened=began + 1000 + index, size=100))
            steps.append(step(work.argv, used=uses, generated=makes, started=began, number=number))
        about = {"environment": environment, "host": self.host}
        if not self.together:
            return [
                record(list(each.argv), [replace_step(each, 0, None)], started=each.started, **about)  # type: ignore[arg-type]
                for each in steps
            ]
        bash = step(["bash", self.driver], used=[used(self.driver, self.files[self.driver], opened=self.start)], started=self.start)
        children = [replace_step(each, number + 1, 0) for number, each in enumerate(steps)]
        return [record(["bash", self.driver], [bash, *children], started=self.start, **about)]  # type: ignore[arg-type]

    def later(self) -> Run:
        copies = {name: dict(getattr(self, name)) for name in ("files", "variables", "packages")}
        return replace(self, start=self.start + DAY, **copies)  # type: ignore[arg-type]


def replace_step(each: Step, number: int, parent: int | None) -> Step:
    return msgspec.structs.replace(each, id=number, parent=parent)


@contextmanager
def both(root: Path, a: list[Record], b: list[Record]) -> Iterator[tuple[Store, Target, Target]]:
    """A store with both runs, and their last jobs."""
    store = build_store(root, [*a, *b])
    with closing(store.reader()) as db:
        targets = []
        for each in (a[-1], b[-1]):
            (row,) = db.execute("SELECT id FROM job WHERE digest = ?", (bytes.fromhex(job_id(each)),)).fetchone()
            targets.append(JobTarget(job_id(each), row))
    yield store, targets[0], targets[1]


def compare(root: Path, a: list[Record], b: list[Record]) -> Diff:
    """The diff of the last jobs of two runs."""
    with both(root, a, b) as (store, one, other), closing(store.reader()) as db:
        return diff(store, db, one, other)


def causes(found: Diff) -> set[tuple[str, str]]:
    return {(cause.category.value, cause.subject.removeprefix("/p/")) for cause in found.causes}


def pipeline(random_: random.Random) -> Run:
    """A random pipeline: each step reads some files of its own, and something of earlier steps; all of it leads to the last."""
    count = random_.randint(2, 6)
    files: dict[str, str] = {"pipeline.sh": "the driver"}
    steps: list[Work] = []
    loose: list[str] = []
    for number in range(count):
        script = f"step{number}.py"
        files[script] = f"code {number}"
        own = [f"raw/{number}-{index}.dat" for index in range(random_.randint(0 if number else 1, 6))]
        files.update((path, f"raw {path}") for path in own)
        last = number == count - 1
        earlier = list(loose) if last else random_.sample(loose, random_.randint(0, len(loose)))
        loose = [path for path in loose if path not in earlier]
        outputs = tuple(f"out/{number}-{index}.bin" for index in range(random_.randint(1, 5)))
        loose += outputs
        options = tuple((f"--{name}", str(random_.randint(1, 9))) for name in ("lr", "depth", "k")[: random_.randint(0, 3)])
        steps.append(Work(script, options, tuple(own) + tuple(earlier), outputs))
    return Run(files, tuple(steps), {"SEED": "1"}, {"numpy": "1.0"}, together=random_.random() < 0.5)


def mutate(random_: random.Random, run: Run) -> tuple[Run, set[tuple[str, str]]]:
    """A later run with no, one or two changes, and their names; what was decoyed with them names nothing."""
    later = run.later()
    expected: set[tuple[str, str]] = set()
    kinds = random_.sample(("data", "code", "params", "environment", "package", "chance"), random_.choice((0, 1, 1, 1, 2, 2)))
    if "chance" in kinds:
        kinds = ["chance"]
    for kind in kinds:
        number = random_.randrange(len(later.steps))
        work = later.steps[number]
        if kind == "data":
            path = random_.choice([path for path in later.files if path.startswith("raw/")])
            later.files[path] += " changed"
            expected.add(("data", path))
        elif kind == "code":
            later.files[work.script] += " changed"
            expected.add(("code", work.script))
        elif kind == "params" and work.options:
            chosen = random_.randrange(len(work.options))
            name, value = work.options[chosen]
            options = list(work.options)
            options[chosen] = (name, value + "0")
            changed = replace(work, options=tuple(options))
            later = replace(later, steps=tuple(changed if each is work else each for each in later.steps))
            expected.add(("params", name))
        elif kind == "environment":
            later.variables["SEED"] = "2"
            expected.add(("environment", "$SEED"))
        elif kind == "package":
            later.packages["numpy"] = "2.0"
            expected.add(("environment", "numpy"))
        elif kind == "chance":
            later = replace(later, steps=tuple(replace(each, salt="x") if each is work else each for each in later.steps))
            expected.add(("nondeterminism", work.script))
    if random_.random() < 0.5:  # decoys
        later = replace(later, host="node-2")
    if random_.random() < 0.5:
        later.variables["TMUX_PANE"] = "%3"
    return later, expected
