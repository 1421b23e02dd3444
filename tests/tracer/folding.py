"""Folds lines of strace into what was observed of a job, under a policy that keeps everything and a world nobody can look at."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from tracer.observation import Image, Observation, Use, Version
from tracer.observer import Observer
from tracer.syntax import Reader

PROGRAMS = ("/bin/", "/usr/bin/")


class Everything:
    """Keeps every path, programs excepted."""

    def read(self, path: str) -> str | None:
        return path

    def written(self, path: str) -> str | None:
        return path

    def executed(self, path: str) -> str | None:
        return None if path.startswith(PROGRAMS) else path

    def named(self, argv: Sequence[str], cwd: str) -> None: ...


@dataclass
class Offline:
    """A file system of which only this is known."""

    births: dict[str, int] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    interpreters: dict[str, str] = field(default_factory=dict)
    fifos: set[str] = field(default_factory=set)

    def real(self, path: str, *, follow: bool) -> str:
        path = os.path.normpath(path)
        return self.links.get(path, path) if follow else path

    def rewired(self) -> None: ...

    def same(self, path: str, other: str) -> bool:
        return False

    def names(self, path: str) -> tuple[int, int] | None:
        return None

    def born(self, path: str) -> int | None:
        return self.births.get(path)

    def interpreter(self, path: str) -> str | None:
        return self.interpreters.get(path)

    def is_fifo(self, path: str) -> bool:
        return path in self.fifos


class Notes:
    """What a listener was told, in order."""

    def __init__(self) -> None:
        self.uses: list[Use] = []
        self.ended: list[Image] = []

    def used(self, use: Use) -> None:
        self.uses.append(use)

    def wrote(self, version: Version) -> None: ...
    def started(self, image: Image) -> None: ...
    def displaced(self, path: str, time: int) -> None: ...

    def idle(self, image: Image) -> None:
        self.ended.append(image)


@dataclass
class Folded:
    """An observation, and short ways to ask it."""

    observation: Observation
    notes: Notes
    observer: Observer

    def steps(self) -> list[str]:
        """The command lines of all images, in order of start."""
        return [" ".join(image.argv) for image in self.observation.images]

    def image(self, argv: str) -> Image:
        (found,) = [image for image in self.observation.images if " ".join(image.argv) == argv]
        return found

    def parents(self) -> dict[str, str | None]:
        return {" ".join(i.argv): " ".join(i.parent.argv) if i.parent else None for i in self.observation.images}

    def used(self, argv: str) -> set[str]:
        """The names, below /w, that an image read."""
        return {name(use.path) for v in self.observation.versions for use in v.uses.values() if " ".join(use.image.argv) == argv}

    def generated(self, argv: str) -> set[str]:
        """The names, below /w, of what an image wrote, as they were last."""
        return {name(v.path) for v in self.observation.versions for i in v.generations if " ".join(i.argv) == argv}

    def inputs(self) -> set[str]:
        return {name(u.path) for v in self.observation.versions if v.external and not v.generations for u in v.uses.values()}

    def outputs(self) -> set[str]:
        """The names of what was written, and neither overwritten nor removed."""
        return {name(v.path) for v in self.observation.versions if v.generations and v.ended is None}

    def pipes(self) -> set[tuple[str, str]]:
        """Which image wrote to which through pipes; who made one stands for an end that nobody was seen to hold."""
        return {
            (" ".join(w.argv), " ".join(r.argv))
            for channel in self.observation.channels
            for w in channel.writers or [channel.creator]
            for r in channel.readers or [channel.creator]
            if w is not r
        }

    def version(self, path: str) -> Version:
        """What is at /w/`path` in the end."""
        found = self.observer.current(f"/w/{path}")
        assert found is not None
        return found

    @property
    def warnings(self) -> set[str]:
        return set(self.observation.warnings)


def name(path: str) -> str:
    return path.removeprefix("/w/")


def stamped(script: str) -> list[str]:
    """Lines `PID rest` with a time put in between, a millisecond apart."""
    lines = [line.strip() for line in script.strip().splitlines() if line.strip()]
    found = []
    for n, line in enumerate(lines):
        pid, rest = line.split(" ", 1)
        found.append(f"{pid} 1700000000.{n * 1000:06d} {rest}" if n < 1000 else f"{pid} 1700000001.{n * 1000 % 1000000:06d} {rest}")
    return found


def fold(
    script: str, *, world: Offline | None = None, stdin: str | None = None, stdout: str | None = None, skip: int = 0
) -> Folded:
    """Fold lines without times; `stdin` and `stdout` are the files that the job was started with."""
    return fold_lines(stamped(script), world=world, stdin=stdin, stdout=stdout, skip=skip)


def fold_lines(
    lines: Sequence[str], *, world: Offline | None = None, stdin: str | None = None, stdout: str | None = None, skip: int = 0
) -> Folded:
    reader = Reader()
    notes = Notes()
    observer = Observer(Everything(), world or Offline(), notes, cwd="/w", pending=reader.pending, skip=skip)
    if stdin is not None:
        observer.inherit(0, stdin, opened=1, reads=True, writes=False, content=True)
    if stdout is not None:
        observer.inherit(1, stdout, opened=1, reads=False, writes=True, content=False)
    for line in lines:
        event = reader.read(line)
        if event is not None:
            observer.observe(event)
    for call in reader.close():
        observer.observe(call)
    return Folded(observer.finish(), notes, observer)


# -- lines of strace, as it prints them with -f -y ----------------------------------------------------------------------------


def executed(pid: int, argv: str) -> str:
    words = ", ".join(f'"{word}"' for word in argv.split())
    return f'{pid} execve("/bin/{argv.split()[0]}", [{words}], 0x7ffd /* 9 vars */) = 0'


def read(pid: int, path: str, number: int = 3, cwd: str = "/w") -> str:
    return f'{pid} openat(AT_FDCWD<{cwd}>, "{path}", O_RDONLY) = {number}<{os.path.join(cwd, path)}>'


def wrote(pid: int, path: str, number: int = 3, flags: str = "O_WRONLY|O_CREAT|O_TRUNC, 0666", cwd: str = "/w") -> str:
    return f'{pid} openat(AT_FDCWD<{cwd}>, "{path}", {flags}) = {number}<{os.path.join(cwd, path)}>'


def duplicated(pid: int, source: int, number: int, what: str) -> str:
    return f"{pid} dup2({source}<{what}>, {number}) = {number}<{what}>"


def forked(pid: int, child: int, flags: str = "CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD") -> str:
    return f"{pid} clone(child_stack=NULL, flags={flags}, child_tidptr=0x7f) = {child}"


def exited(pid: int, code: int = 0) -> str:
    return f"{pid} +++ exited with {code} +++"
