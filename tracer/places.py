"""Where things are: paths as calls named them, real paths, working directories, and processes whose paths are not ours."""

from __future__ import annotations

import os
import re

from tracer import effects
from tracer.effects import Place
from tracer.events import Call
from tracer.files import Files
from tracer.observation import Channel, Counts, Image, Version
from tracer.outside import Listener, Policy, World
from tracer.process import Process

EXAMPLES = 10
_DESCRIPTORS = re.compile(r"/proc/[^/]+/(task/[^/]+/)?fd/")


class Places:
    """The ground that the observer's other layers stand on: what is known of the file system and of the caller's wishes.

    `lost` is the working directory of a process whose start was not seen, in a log where some process changed its own.
    """

    def __init__(self, policy: Policy, world: World, listener: Listener, cwd: str, lost: str) -> None:
        self._policy = policy
        self._world = world
        self._listener = listener
        self._cwd = cwd
        self._lost = lost
        self._moved = False  # some process changed its working directory
        self.moves_unseen = False  # the log leaves out calls that change it (strace -e trace=file has no fchdir)
        self._links: set[str] = set()  # symbolic links that the job made
        self._irregular: dict[str, bool] = {}  # path -> whether it is a directory
        self._several: dict[tuple[int, int], Version] = {}  # what was written that had more names before: by device and inode
        self._files = Files()
        self._channels: dict[str, Channel] = {}
        self._kept_channels: list[Channel] = []
        self.warnings: dict[str, str] = {}
        self.counts = Counts()
        self._launcher: Image | None = None  # what ran before the job's own first program
        self._last = 0  # the time of the last event, which is when the call that is taken in had returned

    def irregular(self, path: str) -> bool:
        """Whether the log shows that `path` is no regular file: a directory, a FIFO, a device."""
        return path in self._irregular or self._files.is_directory(path)

    def _unread(self, what: Call | str) -> None:
        """Count a call or a line that says what is not understood, and keep the first few."""
        self.counts.unparsed += 1
        if len(self.counts.examples) < EXAMPLES:
            text = what if isinstance(what, str) else f"{what.name}({', '.join(what.args)})"
            self.counts.examples.append(text[:300])

    def _join(self, process: Process | None, place: Place) -> str:
        """The absolute path of a place as it was named, symbolic links and all."""
        directory = self._directory(process, place) or self._lost
        path = os.path.join(directory, place.name)
        return os.path.normpath(process.own(path) if process is not None else path)

    def _directory(self, process: Process | None, place: Place) -> str | None:
        """What `place.name` is below; None for a descriptor of which the log says nothing."""
        if place.directory:
            return place.directory
        if place.number is not None:
            return process.descriptors.get(place.number) if process is not None else None
        return process.folder.path if process is not None else self._cwd

    def _named(self, process: Process, place: Place | None, path: str) -> str | None:
        """The absolute path that the call gave, where it is another one than the real `path`."""
        if place is None or place.name == path or f"{place.directory or process.folder.path}/{place.name}" == path:
            return None
        named = self._join(process, place)
        return named if named != path else None

    def _path(self, process: Process | None, place: Place, *, follow: bool) -> str | None:
        """The real path of a place; None for what is no file (`pipe:[1]`)."""
        directory = self._directory(process, place)
        if directory is None or not directory.startswith("/"):
            if place.name.startswith("/"):
                directory = "/"
            else:
                self.counts.nowhere += directory is None and place.name != ""
                return None
        path = os.path.join(directory, place.name) if place.name else directory
        if process is not None:
            path = process.own(path)
            if path.startswith("/proc/") and _DESCRIPTORS.match(path):
                return None  # what it leads to for the process, it does not for whoever looks it up
            if process.foreign:
                return os.path.normpath(path)
        return self._world.real(path, follow=follow)

    def _entered(self, process: Process, effect: effects.Entered, call: Call) -> None:
        path = self._path(process, effect.place, follow=True) if effect.place is not None else None
        if path is None:
            self._unread(call)
            path = self._lost
        self._moved |= path != process.folder.path
        process.folder.path = path

    def _distrust(self, process: Process, place: Place, path: str) -> None:
        """Where moves are not seen: a name that led to another `path` than below the working directory says that it is another.

        Or else the name is a symbolic link: which of the two, nobody can tell.
        """
        if self._join(process, place) != path:
            self._moved = True
            process.folder.path = self._lost

    def _isolated(self, process: Process, effect: effects.Isolated, call: Call | None) -> None:
        process.inner_children |= effect.inner
        if not effect.mounts:
            return
        process.foreign = True
        self.warnings["namespace"] = (
            f"A program changed its root or its mounts ({effect.call}): its files are kept as it named them, without digests."
        )

    def _rewired(self, process: Process, effect: effects.Rewired, call: Call) -> None:
        self._world.rewired()
        path = self._path(process, effect.place, follow=False)
        if path is not None:
            self._links.add(path)

    def _is_link(self, process: Process, path: str) -> bool:
        """Whether `path` is a symbolic link now, as far as that can be known."""
        return not process.foreign and self._world.real(path, follow=True) != path
