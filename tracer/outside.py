"""What folding a trace asks of its caller: which paths are kept, what the file system says, and who wants to know at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tracer.observation import Image, Use, Version


class Policy(Protocol):
    """Under which path an access is kept; None leaves it out (the policy counts it)."""

    def read(self, path: str) -> str | None: ...
    def written(self, path: str) -> str | None: ...
    def executed(self, path: str) -> str | None: ...
    def named(self, argv: Sequence[str], cwd: str) -> None: ...


class World(Protocol):
    """The file system as it is now, or as nobody can know any more."""

    def real(self, path: str, *, follow: bool) -> str:
        """`path` without symbolic links; the last component is followed only if `follow`."""

    def rewired(self) -> None:
        """Links or directories changed: what was resolved before may lead elsewhere."""

    def same(self, path: str, other: str) -> bool:
        """Whether both are names of one file now; False where that is not known."""

    def names(self, path: str) -> tuple[int, int] | None:
        """What tells the file at `path` from others, if it has more than one name; None where it has not or is not known."""

    def born(self, path: str) -> int | None:
        """When the file at `path` was made at the latest (µs), None where that is not known."""


    def interpreter(self, path: str) -> str | None:
        """What the first line of the script at `path` names behind #!; None for what is no script, or not known."""

    def is_fifo(self, path: str) -> bool:
        """Whether `path` is a FIFO."""


class Listener(Protocol):
    """Who wants to know at once."""

    def used(self, use: Use) -> None:
        """A file was read for the first time by an image."""

    def wrote(self, version: Version) -> None:
        """A file is being written, or was renamed after it was."""

    def started(self, image: Image) -> None:
        """A program was started whose paths are ours."""

    def displaced(self, path: str, time: int) -> None:
        """The name of a file or a directory was taken away by `time`, or may have been given to another."""

    def idle(self, image: Image) -> None:
        """The last process of `image` has ended."""
