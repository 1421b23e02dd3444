"""Hashes files in the background, and says exactly what was hashed: stat, hash, stat again.

Large files are mapped, in a process of their own: a file that is truncated while it is mapped kills who maps it with SIGBUS,
and that must not be the recorder. Then, and for all others, they are read.
"""

from __future__ import annotations

import contextlib
import os
import queue
import stat as modes
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Generic, NamedTuple, Protocol, TypeAlias, TypeVar

import blake3

from roar_tui.record.clock import CLOCK
from roar_tui.record.early import Early, open_regular, parent_of
from roar_tui.record.model import Status
from roar_tui.record.mounts import in_memory, on_network

Token = TypeVar("Token")
_Queue: TypeAlias = "queue.SimpleQueue[tuple[str, Token, Early | None, bool] | None]"

BUFFER = 1 << 20
SMALL = 16 << 10  # bytes: up to here hashing again (8 µs when cached, as what the job just read is) beats asking what is known
QUICK = 256 << 10  # bytes: up to here one thread hashes alone; two wait for each other (Python's lock) and take twice its time
LARGE = 256 << 20  # bytes: from here on a process of its own (0.1 s) is worth it: mapped, 7 GB/s on two cores; read, 4 GB/s
MAPPED = "import sys, blake3; print(blake3.blake3(max_threads=-1).update_mmap('/proc/self/fd/' + sys.argv[1]).hexdigest())"
NETWORK_MARGIN = 60_000_000  # µs: how far a file server's clock may be off


class Known(Protocol):
    """Digests of files that did not change since (`store.known`)."""

    def get(self, path: str, stat: os.stat_result) -> str | None: ...


class Evidence(NamedTuple):
    """What hashing a path found. Times are µs; `position` is how long the trace was when the hashing had ended.

    `status` is HASHED with a digest when the file was the same before and after, CHANGED when it was not, MISSING or UNREADABLE;
    None when the path is no regular file. `lasting`: the digest is new, the file's ctime was old enough before the hashing for it
    to be remembered, and the file is large enough for that to pay. `displaced`: `path` does not lead any more to what was hashed,
    which was opened before the hashing, at this time at the latest; only its ctime may have moved then. 0 for all others.
    """

    path: str
    status: Status | None
    digest: str | None
    stat: os.stat_result | None
    began: int
    ended: int
    position: int
    lasting: bool = False
    displaced: int = 0

    @property
    def size(self) -> int | None:
        return self.stat.st_size if self.stat is not None else None

    @property
    def ctime(self) -> int:
        return self.stat.st_ctime_ns // 1000 if self.stat is not None else 0

    @property
    def mtime(self) -> int:
        return self.stat.st_mtime_ns // 1000 if self.stat is not None else 0

    @property
    def margin(self) -> int:
        """By how much (µs) one of the file's times must be before another time for that to be certain."""
        return NETWORK_MARGIN if self.stat is not None and on_network(self.stat.st_dev) else CLOCK.margin

    def certain_since(self, time: int) -> bool:
        """Whether the file did not change between `time` and the hashing, by its ctime."""
        return self.stat is not None and self.ctime <= time


def identity(stat: os.stat_result) -> tuple[int, int, int, int, int]:
    """What tells one state of a file from another."""
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


def now() -> int:
    """The time, µs since the epoch."""
    return time.time_ns() // 1000


class Hasher(Generic[Token]):
    """Threads that hash what is submitted. Results are collected with `results`; `wake` becomes readable then.

    One thread takes everything, in order. What takes long without Python (a large file, one that a server must send) it leaves
    to `threads` others.
    """

    def __init__(self, threads: int, known: Known, position: Callable[[], int]) -> None:
        self._known = known
        self._position = position
        self._todo: _Queue[Token] = queue.SimpleQueue()
        self._slow: _Queue[Token] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[tuple[Token, Evidence]] = queue.SimpleQueue()
        self._seen: dict[tuple[int, int, int, int, int], str] = {}
        self._stop = False
        self._rung = False  # `wake` is readable, or about to be: one byte for many results
        self.wake, self._bell = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.outstanding = 0
        self.bytes_done = 0
        self._helpers = threads
        self._start("hash", self._todo, self._slow)
        for n in range(threads):
            self._start(f"hash-{n}", self._slow, None)

    def submit(self, path: str, token: Token, early: Early | None = None, *, mapped: bool = False) -> None:
        """Hash `path` when a thread is free; `early` is the file itself, opened already: closed when it is hashed.

        `mapped`: it may change without its times, so that no digest of before or later is its.
        """
        self.outstanding += 1
        self._todo.put((path, token, early, mapped))

    def results(self) -> list[tuple[Token, Evidence]]:
        """What was hashed since the last call."""
        if self._rung:
            self._rung = False  # before the queue is emptied: what comes after that rings again
            with contextlib.suppress(BlockingIOError):
                os.read(self.wake, 4096)
        found = []
        while True:
            try:
                found.append(self._done.get_nowait())
            except queue.Empty:
                break
        self.outstanding -= len(found)
        return found

    def cancel(self) -> None:
        """Hash nothing more: what is outstanding becomes SKIPPED."""
        self._stop = True

    def close(self) -> None:
        self._todo.put(None)
        for _ in range(self._helpers):
            self._slow.put(None)

    def _start(self, name: str, todo: _Queue[Token], slow: _Queue[Token] | None) -> None:
        threading.Thread(target=self._work, args=(todo, slow), daemon=True, name=name).start()

    def _work(self, todo: _Queue[Token], slow: _Queue[Token] | None) -> None:
        """One thread: hash what is in `todo`, and put into `slow`, where there is such a queue, what others are to hash."""
        buffer = bytearray(BUFFER)
        while (item := todo.get()) is not None:
            path, token, early, mapped = item
            evidence = self._hash(path, memoryview(buffer), early, patient=slow is None, mapped=mapped)
            if evidence is None:
                assert slow is not None
                slow.put(item)
                continue
            self._done.put((token, evidence))
            if not self._rung:
                self._rung = True
                with contextlib.suppress(BlockingIOError):  # then it is readable already
                    os.write(self._bell, b"!")

    def _hash(self, path: str, buffer: memoryview, early: Early | None, *, patient: bool, mapped: bool) -> Evidence | None:
        """What hashing `path` finds; None for a file that takes long, unless `patient`."""
        began = now() if early is None else early.since
        status: Status | None = None
        digest, stat = None, None
        displaced, lasting = 0, False
        try:
            descriptor = open_regular(path) if early is None else early.descriptor
            if descriptor is None:
                return Evidence(path, None, None, None, began, now(), self._position())
        except (FileNotFoundError, NotADirectoryError):
            status = Status.MISSING
        except OSError:
            status = Status.UNREADABLE
        else:
            before = stat = os.fstat(descriptor)
            if not patient and (before.st_size > QUICK or on_network(before.st_dev)):
                if early is None:
                    os.close(descriptor)
                return None
            try:
                if modes.S_ISREG(before.st_mode):
                    mapped |= in_memory(before.st_dev)
                    digest = self._content(path, descriptor, before, buffer, mapped=mapped)
                    status = Status.HASHED if digest is not None else Status.SKIPPED
                    stat = os.fstat(descriptor)
                    displaced = early.until if early is not None and not _leads_to(path, stat) else 0
                    if displaced and digest is not None:
                        status = Status.HASHED if _same_but_named(before, stat, path, early) else Status.CHANGED
                    elif digest is not None and identity(stat) != identity(before):
                        status = Status.CHANGED
                    if status is Status.CHANGED:
                        digest = None
            except OSError:
                status, digest = Status.UNREADABLE, None
            finally:
                os.close(descriptor)
        still = stat is not None and not displaced and stat.st_ctime_ns // 1000 <= began - CLOCK.margin
        if digest is not None and stat is not None and still and stat.st_size > SMALL and not mapped:
            state = identity(stat)
            lasting = state not in self._seen
            self._seen[state] = digest
        return Evidence(path, status, digest, stat, began, now(), self._position(), lasting, displaced)

    def _content(self, path: str, descriptor: int, before: os.stat_result, buffer: memoryview, *, mapped: bool) -> str | None:
        known = None
        if before.st_size > SMALL and not mapped:
            known = self._seen.get(identity(before)) or self._known.get(path, before)
        if known is not None or self._stop:
            return known
        return self._read(descriptor, before.st_size, buffer)

    def _read(self, descriptor: int, size: int, buffer: memoryview) -> str | None:
        """The digest of all bytes; None when it was told to stop meanwhile."""
        if size >= LARGE and (digest := self._mapped(descriptor)) is not None:
            self.bytes_done += size
            return digest
        hasher = blake3.blake3()
        while not self._stop:
            count = os.readv(descriptor, [buffer])
            hasher.update(buffer[:count])
            self.bytes_done += count
            if not count or count == size:  # all of a small file at once: whether it grew, the stat after it tells
                return hasher.hexdigest()
        return None

    def _mapped(self, descriptor: int) -> str | None:
        """The digest, by a process that maps the file; None when that failed or was told to stop."""
        command = [sys.executable, "-I", "-c", MAPPED, str(descriptor)]
        with subprocess.Popen(
            command, pass_fds=(descriptor,), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as child:
            while True:
                try:
                    answer, _ = child.communicate(timeout=0.2)
                except subprocess.TimeoutExpired:
                    if self._stop:
                        child.kill()
                    continue
                text = answer.decode("ascii", "replace").strip()
                return text if child.returncode == 0 and len(text) == 64 else None


def _leads_to(path: str, stat: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.stat(path), stat)
    except OSError:
        return False


def _same_but_named(before: os.stat_result, after: os.stat_result, path: str, early: Early | None) -> bool:
    """Whether only the names of a file changed while it was hashed, in the directory where it was opened.

    One that had other names could be written by these, unseen.
    """
    if early is None or early.parent is None or early.names != 1:
        return False
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        return False
    return parent_of(path) == early.parent
