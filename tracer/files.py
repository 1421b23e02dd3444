"""Which version of a file is where: the tree of paths that a job touched, with renames of files and of whole directories."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.observation import Version


class Files:
    """The versions that are at some path now. Memory grows with distinct paths, not with events."""

    def __init__(self) -> None:
        self._current: dict[str, Version] = {}
        self._below: dict[str, set[str]] = {}  # directory -> names of files and directories in it
        self._all: list[Version] = []
        self._gone: dict[str, Version] = {}

    def get(self, path: str) -> Version | None:
        return self._current.get(path)

    def gone(self, path: str) -> Version | None:
        """The version that was removed from `path`, or overwritten there, last."""
        return self._gone.get(path)

    def note(self, version: Version) -> None:
        """There was this version, which is at its path no more."""
        self._all.append(version)
        self._gone[version.path] = version

    def all(self) -> list[Version]:
        """Every version that there ever was, in the order of its first appearance."""
        return self._all

    def add(self, version: Version) -> Version:
        """`version` is what is at its path from now on."""
        self._all.append(version)
        self._put(version.path, version)
        return version

    def remove(self, path: str, time: int) -> Version | None:
        """The name `path` is gone; the version that was there, if one was known."""
        version = self._take(path)
        if version is not None and version.path == path:
            version.ended, version.removed = time, True
            self._gone[path] = version
        return version

    def overwrite(self, path: str, time: int) -> None:
        """Whatever was at `path` is replaced by other content."""
        version = self._take(path)
        if version is not None and version.path == path:
            version.ended = time
            self._gone[path] = version

    def move(self, old: str, new: str, time: int, returned: int) -> list[Version]:
        """`old`, a file or a directory with all below it, is called `new` now: who hashes by the old name finds another file."""
        moved = list(self._subtree(old))
        for path, version in moved:
            target = new + path[len(old) :]
            self._take(path)
            self.overwrite(target, time)
            version.path = target
            version.touched = time
            version.rename(time, returned)
            self._put(target, version)
        return [version for _, version in moved]

    def exchange(self, one: str, other: str, time: int, returned: int) -> None:
        """RENAME_EXCHANGE: both names stay, each with the other's content."""
        first, second = list(self._subtree(one)), list(self._subtree(other))
        for path, _ in (*first, *second):
            self._take(path)
        for found, old, new in ((first, one, other), (second, other, one)):
            for path, version in found:
                version.path = new + path[len(old) :]
                version.touched = time
                version.rename(time, returned)
                self._put(version.path, version)

    def is_directory(self, path: str) -> bool:
        """True where something below `path` was touched."""
        return path in self._below

    def _put(self, path: str, version: Version) -> None:
        self._current[path] = version
        while path:
            directory, _, name = path.rpartition("/")
            names = self._below.get(directory)
            if names is not None:
                names.add(name)
                return
            self._below[directory] = {name}
            path = directory

    def _take(self, path: str) -> Version | None:
        version = self._current.pop(path, None)
        while version is not None and path not in self._below:
            directory, _, name = path.rpartition("/")
            names = self._below.get(directory)
            if names is None:
                break
            names.discard(name)
            if names or not directory:
                break
            del self._below[directory]
            if directory in self._current:
                break
            path = directory
        return version

    def _subtree(self, path: str) -> Iterator[tuple[str, Version]]:
        version = self._current.get(path)
        if version is not None:
            yield path, version
        for name in sorted(self._below.get(path, ())):
            yield from self._subtree(f"{path}/{name}")
