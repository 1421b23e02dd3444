"""Files that a running program has written and closed: hashed now, because a later step of the program may remove them.

A training run keeps its last few checkpoints and removes those before them; another job may have read one. When it is removed,
nobody can say any more what it was.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable

from tracer.observation import Version

STILL = 0.5  # s without a change before a file is looked at
SHARE = 50  # a look takes 2 µs per descriptor of the job: so many times as long passes before the next, at least


class Quiet:
    """The files that are being written, until each was found closed once."""

    def __init__(self) -> None:
        self._open: dict[Version, None] = {}
        self._next = 0.0

    def __bool__(self) -> bool:
        return bool(self._open)

    def note(self, version: Version) -> None:
        """`version` is being written."""
        self._open[version] = None

    def closed(self, processes: Iterable[int]) -> list[Version]:
        """Those that are still, and that none of the `processes` has open; each is returned once."""
        moment = time.monotonic()
        if not self._open or moment < self._next:
            return []
        self._next = moment + STILL
        still: dict[Version, tuple[int, int]] = {}
        until = (time.time() - STILL) * 1e9
        for version in list(self._open):
            if version.ended is not None or version.foreign or version.directory:
                del self._open[version]
                continue
            try:
                found = os.lstat(version.path)
            except OSError:
                continue
            if max(found.st_mtime_ns, found.st_ctime_ns) < until:
                still[version] = (found.st_dev, found.st_ino)
        if not still:
            return []
        held = _held(processes)
        self._next = time.monotonic() + max(STILL, SHARE * (time.monotonic() - moment))
        finished = [version for version, inode in still.items() if held is not None and inode not in held]
        for version in finished:
            del self._open[version]
        return finished


def _held(processes: Iterable[int]) -> set[tuple[int, int]] | None:
    """The files (device, inode) that the processes have open; None where they cannot be asked."""
    found = set()
    for process in processes:
        try:
            with os.scandir(f"/proc/{process}/fd") as descriptors:
                for descriptor in descriptors:
                    try:
                        status = descriptor.stat()
                    except OSError:
                        continue
                    found.add((status.st_dev, status.st_ino))
        except (FileNotFoundError, ProcessLookupError):
            continue
        except OSError:
            return None
    return found
