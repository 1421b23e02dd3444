"""Are the bytes on disk still the recorded ones? Asks the file system; can be called off between two blocks."""

from __future__ import annotations

import enum
import hashlib
import os
import stat
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import blake3

from roar_tui.store.known import KnownDigests
from roar_tui.store.results import BLAKE3

BLOCK = 1 << 20
LARGE = 64 << 20  # bytes; from here on one file is hashed on all cores, in larger blocks
TRIES = 2  # at a file that changes while it is read


class DiskState(enum.Enum):
    """What is at a path now, next to what was recorded."""

    SAME = "unchanged"
    CHANGED = "changed"
    GONE = "gone"
    UNREADABLE = "unreadable"
    SAME_SIZE = "the same size, not hashed again"


@dataclass(frozen=True)
class Recorded:
    """A file as it was recorded; `algorithm` made the digest."""

    path: str
    digest: str
    size: int | None
    algorithm: str = BLAKE3


@dataclass(frozen=True)
class Found:
    """What is at a path now: `now` is the digest of it where that is known, `why` says what keeps it from being known."""

    state: DiskState
    now: str | None = None
    why: str | None = None


class CancelledError(Exception):
    """The check was called off."""


class _Hasher(Protocol):
    def update(self, data: bytes, /) -> object: ...
    def hexdigest(self) -> str: ...


def look(
    file: Recorded,
    known: KnownDigests | None,
    cancel: threading.Event,
    *,
    limit: int | None = None,
    whole: bool = False,
    read: Callable[[int], None] | None = None,
) -> Found:
    """What is at the file's path now; raises CancelledError.

    Hashes at most `limit` bytes (None: whatever it takes), and what has another size only if the `whole` truth is wanted. `known`
    digests are taken for read; `read` is told the number of bytes as they are read.
    """
    try:
        found = os.stat(file.path)
    except (FileNotFoundError, NotADirectoryError):
        return Found(DiskState.GONE)
    except (OSError, ValueError) as error:
        return Found(DiskState.UNREADABLE, why=_reason(error))
    if not stat.S_ISREG(found.st_mode):
        return Found(DiskState.CHANGED, why="it is no regular file now")
    resized = file.size is not None and found.st_size != file.size
    if resized and not whole:
        return Found(DiskState.CHANGED)
    digest = known.get(file.path, found) if known is not None and file.algorithm == BLAKE3 else None
    if digest is None:
        if limit is not None and found.st_size > limit:
            return Found(DiskState.SAME_SIZE)
        try:
            digest = digest_now(file.path, cancel, file.algorithm, read)
        except FileNotFoundError:
            return Found(DiskState.GONE)
        except OSError as error:
            return Found(DiskState.UNREADABLE, why=_reason(error))
        if digest is None:
            return Found(DiskState.CHANGED, why="it is being written")
    return Found(DiskState.SAME if digest == file.digest else DiskState.CHANGED, digest)


def check(file: Recorded, known: KnownDigests | None, cancel: threading.Event, limit: int | None) -> DiskState:
    """The state of one file; hashes at most `limit` bytes (None: whatever it takes); raises CancelledError."""
    return look(file, known, cancel, limit=limit).state


def check_all(
    files: Iterable[Recorded], known: KnownDigests | None, cancel: threading.Event, limit: int | None
) -> dict[DiskState, int]:
    """How many files are in which state; `limit` bytes of hashing in all."""
    counts: dict[DiskState, int] = {}
    left = limit
    for file in files:
        if cancel.is_set():
            raise CancelledError
        state = check(file, known, cancel, left)
        counts[state] = counts.get(state, 0) + 1
        if left is not None and state is DiskState.SAME:
            left = max(left - (file.size or 0), 0)
    return counts


def best(states: Sequence[DiskState]) -> DiskState:
    """Of several places of one content, the one that says most: it is still there somewhere."""
    order = (DiskState.SAME, DiskState.SAME_SIZE, DiskState.CHANGED, DiskState.UNREADABLE, DiskState.GONE)
    return next((state for state in order if state in states), DiskState.GONE)


def can_hash(algorithm: str) -> bool:
    """Whether digests of that algorithm can be made here."""
    return algorithm == BLAKE3 or (algorithm in hashlib.algorithms_guaranteed and not algorithm.startswith("shake"))


def digest_now(
    path: str, cancel: threading.Event, algorithm: str = BLAKE3, read: Callable[[int], None] | None = None
) -> str | None:
    """The digest of a regular file's bytes; None where it changes while it is read; raises OSError and CancelledError."""
    for _ in range(TRIES):
        # Never waits for the writer of a pipe that lies there now.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb", buffering=0) as file:
            before = os.fstat(file.fileno())
            large = before.st_size >= LARGE
            hasher: _Hasher
            if algorithm == BLAKE3:
                hasher = blake3.blake3(max_threads=blake3.blake3.AUTO if large else 1)
            else:
                hasher = hashlib.new(algorithm, usedforsecurity=False)
            while block := file.read(8 * BLOCK if large else BLOCK):
                if cancel.is_set():
                    raise CancelledError
                hasher.update(block)
                if read is not None:
                    read(len(block))
            if _written(before) == _written(os.fstat(file.fileno())):
                return hasher.hexdigest()
    return None


def _written(found: os.stat_result) -> tuple[int, int]:
    return found.st_size, found.st_mtime_ns


def _reason(error: Exception) -> str:
    return f"it cannot be read ({error.strerror or error})" if isinstance(error, OSError) else f"it cannot be read ({error})"
