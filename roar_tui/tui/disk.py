"""Are the bytes on disk still the recorded ones? Asked of the file system on a thread; can be cancelled between two blocks."""

from __future__ import annotations

import enum
import os
import stat
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import blake3

from roar_tui import text
from roar_tui.store.known import KnownDigests
from roar_tui.tui.lines import Line
from roar_tui.tui.marks import Marks

BLOCK = 1 << 20
HASHED_UNASKED = 64 << 20  # bytes that are hashed just because the cursor rests on a file; more on the details screen
MEMBERS_UNASKED = 2_000  # files of a set that are looked at


class DiskState(enum.Enum):
    """What is at a path now, next to what was recorded."""

    SAME = "unchanged"
    CHANGED = "changed"
    GONE = "gone"
    UNREADABLE = "unreadable"
    SAME_SIZE = "the same size, not hashed again"


@dataclass(frozen=True)
class Recorded:
    """A file as it was recorded."""

    path: str
    digest: str
    size: int | None


class CancelledError(Exception):
    """The check was called off."""


def check(file: Recorded, known: KnownDigests | None, cancel: threading.Event, limit: int | None = HASHED_UNASKED) -> DiskState:
    """What is at the file's path now. Hashes at most `limit` bytes (None: whatever it takes); raises CancelledError."""
    try:
        found = os.stat(file.path)
    except (FileNotFoundError, NotADirectoryError):
        return DiskState.GONE
    except (OSError, ValueError):
        return DiskState.UNREADABLE
    if not stat.S_ISREG(found.st_mode) or (file.size is not None and found.st_size != file.size):
        return DiskState.CHANGED
    digest = known.get(file.path, found) if known is not None else None
    if digest is None:
        if limit is not None and found.st_size > limit:
            return DiskState.SAME_SIZE
        try:
            digest = _hash(file.path, cancel)
        except OSError:
            return DiskState.UNREADABLE
    return DiskState.SAME if digest == file.digest else DiskState.CHANGED


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


def words_for(counts: dict[DiskState, int], total: int, marks: Marks) -> Line:
    """The counts as a phrase: `1,000 unchanged`, `997 unchanged · 3 changed`."""
    tones = {
        DiskState.SAME: "ok", DiskState.CHANGED: "bad", DiskState.GONE: "warn", DiskState.UNREADABLE: "warn",
        DiskState.SAME_SIZE: "plain",
    }  # fmt: skip
    line: Line = []
    for state in DiskState:
        if number := counts.get(state, 0):
            if line:
                line.append((f" {marks.dot} ", "dim"))
            line.append((state.value if total == 1 else f"{text.count(number)} {state.value}", tones[state]))
    if sum(counts.values()) < total:
        line.append((f" {marks.dot} of {text.count(total)}, the first looked at", "dim"))
    return line


def best(states: Sequence[DiskState]) -> DiskState:
    """Of several places of one content, the one that says most: it is still there somewhere."""
    order = (DiskState.SAME, DiskState.SAME_SIZE, DiskState.CHANGED, DiskState.UNREADABLE, DiskState.GONE)
    return next((state for state in order if state in states), DiskState.GONE)


def _hash(path: str, cancel: threading.Event) -> str:
    hasher = blake3.blake3()
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb", buffering=0) as file:
        while block := file.read(BLOCK):
            if cancel.is_set():
                raise CancelledError
            hasher.update(block)
    return hasher.hexdigest()
