"""The file system of a log: nothing of it can be looked at, and where a process was may be unknown.

Below an unknown working directory a path is kept as `?1a2b3c4d/name`: it says that it is relative to something, and because the
digits are the log's own, it is never taken for a path of another job. While the log is read, an unknown directory is DEPTH
directories called "?", so that `..` leads out of it and not to a path that nobody named.
"""

from __future__ import annotations

import os

DEPTH = 64
UNKNOWN = "/?" * DEPTH


class Elsewhere:
    """The observer's world for a log. `doubtful` are files that were opened to be written and may have had content before."""

    def __init__(self) -> None:
        self.doubtful: set[str] = set()

    def real(self, path: str, *, follow: bool) -> str:
        """`path` without dots; links cannot be followed."""
        return plain(path)

    def rewired(self) -> None:
        """Links are not followed anyway."""

    def same(self, path: str, other: str) -> bool:
        return False

    def names(self, path: str) -> tuple[int, int] | None:
        return None

    def born(self, path: str) -> int | None:
        """None: whether the file was there before is not to be known."""
        self.doubtful.add(path)
        return None

    def interpreter(self, path: str) -> str | None:
        """None: what is in a file is not known."""
        return None

    def is_fifo(self, path: str) -> bool:
        """False: what a path is is not known."""
        return False


def plain(path: str) -> str:
    """The absolute `path` without dots and doubled slashes."""
    if "/." in path or "//" in path or path.endswith("/"):
        path = os.path.normpath(path)
        return path[1:] if path.startswith("//") else path
    return path


def uncertain(path: str) -> bool:
    """Whether `path` lies below an unknown directory, or above it."""
    return path.startswith("/?") and (path == "/?" or path.startswith("/?/?"))


def told(path: str, mark: str) -> str:
    """`path` as the record says it: below `mark` (`?1a2b3c4d`) where its directory is unknown."""
    if not uncertain(path):
        return path
    names = path.split("/")[1:]
    known = 0
    while known < min(DEPTH, len(names)) and names[known] == "?":
        known += 1
    return "/".join([mark, *[".."] * (DEPTH - known), *names[known:]])
