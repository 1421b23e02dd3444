"""Keeps open what a program's arguments name, from its start on: what it then removes or replaces can still be hashed.

`gzip a`, `sed -i … a` and `mv a /other/disk` take a file away within a millisecond of opening it.
"""

from __future__ import annotations

import contextlib
import os
import stat as modes
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from roar_tui.record.hashing import Early, open_early
from tracer.observation import Image, Version

MOST = 64  # files held at once; of one program's arguments as many are looked at


class Hold(NamedTuple):
    """An open file, whose argument it was, and which version was there."""

    file: Early
    image: Image
    version: Version | None


class Held:
    """The files that are held, by real path. Few, and only while their program runs: an open file keeps its disk space."""

    def __init__(self) -> None:
        self._holds: dict[str, Hold] = {}

    def names(self, argv: Sequence[str], cwd: str) -> Iterator[str]:
        """The real paths of regular files that the arguments name, `if=FILE` included."""
        for argument in argv[1 : MOST + 1]:
            name = argument.rpartition("=")[2]
            if not name or name.startswith("-") or "\n" in name:
                continue
            path = os.path.join(cwd, name)
            with contextlib.suppress(OSError, ValueError):
                if modes.S_ISREG(os.stat(path).st_mode):
                    yield os.path.realpath(path)

    def hold(self, path: str, image: Image, version: Version | None) -> None:
        """Keep `path` open for `image`; `version` is what the trace says is there."""
        if path in self._holds:
            return
        with contextlib.suppress(OSError):
            file = open_early(path)
            if file is None:
                return
            if len(self._holds) >= MOST:
                os.close(self._holds.pop(next(iter(self._holds))).file.descriptor)
            self._holds[path] = Hold(file, image, version)

    def take(self, path: str, version: Version) -> Early | None:
        """The file held at `path`, whose descriptor is the caller's now; None where none is held, or another version's."""
        hold = self._holds.pop(path, None)
        if hold is None:
            return None
        if hold.version is version or (hold.version is None and version.external):
            return hold.file
        os.close(hold.file.descriptor)
        return None

    def release(self, image: Image | None = None) -> None:
        """Let go of what is held for `image`; of everything without one."""
        for path in [path for path, hold in self._holds.items() if image is None or hold.image is image]:
            os.close(self._holds.pop(path).file.descriptor)
