"""Files that are opened before it is their turn to be hashed: what is then removed or replaced can still be.

`gzip a`, `sed -i … a` and `mv a /other/disk` take a file away within a millisecond of opening it, so what a program's arguments
name is opened when it starts; a script given with `-c` names its files as well. The launcher opens what the command names, so
this imports nothing that takes time to import.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat as modes
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

DEEP = 1000  # characters of a path, of up to four bytes: from 4,096 bytes on the kernel does not take it at once
_READING = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
MOST = 64  # files held at once; of one program's arguments as many words are looked at
LARGEST = 16 << 20  # bytes: a file that is held keeps its disk space when it is removed
LONGEST = 4096  # characters of one argument
_BETWEEN = re.compile(r"""[\s;|&<>(){},="'`]+""")


class Early(NamedTuple):
    """A file that was opened before it is a thread's turn to hash it: between two times (µs).

    `parent` is where its directory was then, `names` how many hard links it had.
    """

    descriptor: int
    since: int
    until: int
    parent: tuple[int, int] | None
    names: int


def open_regular(path: str) -> int | None:
    """A descriptor for reading `path`; None where it is no regular file. Raises OSError."""
    try:
        if not modes.S_ISREG(os.stat(path).st_mode):  # opening a FIFO lets its writer go on, and a device may do anything
            return None
        return os.open(path, _READING)
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
    return _open_deep(path)


def _open_deep(path: str) -> int | None:
    """As `open_regular`, for a path that is longer than the kernel takes at once (4,096 bytes): directory by directory."""
    directory, _, name = path.rpartition("/")
    place = os.open("/", os.O_PATH | os.O_CLOEXEC)
    try:
        for part in directory.split("/"):
            if part:
                inner = os.open(part, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=place)
                os.close(place)
                place = inner
        if not modes.S_ISREG(os.stat(name, dir_fd=place).st_mode):
            return None
        return os.open(name, _READING, dir_fd=place)
    finally:
        os.close(place)


def open_early(path: str) -> Early | None:
    """The regular file at `path`, to be hashed later; None where there is none, or its path is too long to be looked at again."""
    if len(path) > DEEP:
        return None
    parent = parent_of(path)
    since = time.time_ns() // 1000
    descriptor = open_regular(path)
    if descriptor is None:
        return None
    return Early(descriptor, since, time.time_ns() // 1000, parent, os.fstat(descriptor).st_nlink)


def named(argv: Sequence[str], cwd: str) -> Iterator[str]:
    """The real paths of what `argv` names and is not too large to be held."""
    for name in _words(argv):
        with contextlib.suppress(OSError, ValueError):
            place = os.path.join(cwd, name)
            found = os.stat(place)
            if modes.S_ISREG(found.st_mode) and found.st_size <= LARGEST:
                yield os.path.realpath(place)


def open_named(argv: Sequence[str], cwd: str) -> dict[str, Early]:
    """What `argv` names, opened: real path -> file."""
    files: dict[str, Early] = {}
    for path in named(argv, cwd):
        if path not in files:
            with contextlib.suppress(OSError):
                if (file := open_early(path)) is not None:
                    files[path] = file
    return files


def is_at_or_below(path: str, place: str) -> bool:
    """Whether `path` is `place`, or in the directory that `place` is."""
    return path == place or path.startswith(place.rstrip("/") + "/")


def parent_of(path: str) -> tuple[int, int] | None:
    """Device and inode of the directory that `path` leads through now; None where there is none."""
    try:
        found = os.stat(os.path.dirname(path))
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _words(argv: Sequence[str]) -> Iterator[str]:
    """The words of the arguments that may be names of files: whole arguments first, then their parts (`if=FILE`, a script)."""
    arguments = [argument for argument in argv[1 : MOST + 1] if len(argument) <= LONGEST]
    parts = (part for argument in arguments for part in _BETWEEN.split(argument) if part != argument)
    seen = 0
    for word in (*arguments, *parts):
        if word and not word.startswith("-"):
            yield word
            seen += 1
        if seen >= MOST:
            return
