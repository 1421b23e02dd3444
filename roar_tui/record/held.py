"""The files that are held open while the program runs whose arguments name them (see `early`)."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from roar_tui.record.early import MOST, Early, is_at_or_below, named, open_early
from tracer.observation import Image, Version


class Hold(NamedTuple):
    """An open file, whose argument it was (None: of the command, which has not started), and which version was there."""

    file: Early
    image: Image | None
    version: Version | None


class Held:
    """The files that are held, by real path. Few, and only while their program runs."""

    def __init__(self) -> None:
        self._holds: dict[str, Hold] = {}

    def adopt(self, files: Mapping[str, Early]) -> None:
        """Hold what the launcher opened, for the first program that starts."""
        self._holds |= {path: Hold(file, None, None) for path, file in files.items()}

    def hold(self, argv: Sequence[str], cwd: str, image: Image, version: Callable[[str], Version | None]) -> None:
        """Keep open what the arguments of `image` name; `version` tells what the trace says is at a path."""
        for path, hold in self._holds.items():
            if hold.image is None:
                self._holds[path] = hold._replace(image=image)
        for path in named(argv, cwd):
            if path in self._holds:
                self._holds[path] = self._holds[path]._replace(image=image)
                continue
            with contextlib.suppress(OSError):
                if (file := open_early(path)) is not None:
                    if len(self._holds) >= MOST:
                        os.close(self._holds.pop(next(iter(self._holds))).file.descriptor)
                    self._holds[path] = Hold(file, image, version(path))

    def take(self, path: str, version: Version) -> Early | None:
        """The file held at `path`, whose descriptor is the caller's now; None where none is held, or another version's."""
        hold = self._holds.pop(path, None)
        if hold is None:
            return None
        if hold.version is version or (hold.version is None and version.external):
            return hold.file
        os.close(hold.file.descriptor)
        return None

    def forget(self, path: str, time: int) -> None:
        """Let go of what was opened at or below `path` before `time`, when that name was taken away: it may lead elsewhere now."""
        for place in [place for place, hold in self._holds.items() if is_at_or_below(place, path) and hold.file.since <= time]:
            os.close(self._holds.pop(place).file.descriptor)

    def release(self, image: Image | None = None) -> None:
        """Let go of what is held for `image`; of everything without one."""
        for path in [path for path, hold in self._holds.items() if image is None or hold.image is image]:
            os.close(self._holds.pop(path).file.descriptor)
