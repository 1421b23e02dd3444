"""A run about to be recorded: what the launcher and the recorder both know of it, and how they talk."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from roar_tui.record.early import Early
from tracer.command import tracer_of_this_process

if TYPE_CHECKING:  # the launcher needs neither, and the command starts 30 ms earlier without msgspec and blake3
    from roar_tui.record.hashing import Known
    from roar_tui.record.model import Record


TRACED = "it is traced already, by the strace of a job around it or a debugger, and a process has one tracer"


@dataclass(frozen=True)
class Inherited:
    """A regular file that is a standard stream of the job from its start; `content`: it was not empty then."""

    number: int
    path: str
    reads: bool
    writes: bool
    content: bool


@dataclass(frozen=True)
class Run:
    """One run. `program` is the file that is executed, `command` its argv as typed; `environ` as the caller had it."""

    run_id: str
    command: list[str]
    program: str
    cwd: str
    environ: dict[str, str]
    started: int
    name: str | None = None
    id_file: str | None = None
    snapshots: bool = True
    directory: str = ""  # of the spool and strace's messages, 0700
    inherited: list[Inherited] = field(default_factory=list)
    held: dict[str, Early] = field(default_factory=dict)  # what the command names, opened before it started

    @property
    def spool(self) -> str:
        return os.path.join(self.directory, "trace")

    @property
    def copy(self) -> str:
        """Where the part of the spool that was read is kept, compressed."""
        return os.path.join(self.directory, "trace.gz")

    @property
    def messages(self) -> str:
        return os.path.join(self.directory, "messages")


class Shelf(Protocol):
    """Where a recording is kept; the store, wired in by the command line."""

    @property
    def known(self) -> Known: ...
    def keep(self, record: Record) -> str: ...
    def keep_blob(self, data: bytes) -> str: ...
    def remember(self, items: list[tuple[str, os.stat_result, str]]) -> None: ...
    def announce(self, run_id: str, status: Mapping[str, Any]) -> None: ...
    def retire(self, run_id: str) -> None: ...
    def index(self) -> None: ...


class Line:
    """A conversation over a socket: JSON objects, one per line. A partner that is gone is told nothing, and says None."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._rest = b""
        self.open = True

    def fileno(self) -> int:
        return self._end.fileno()

    def say(self, **message: Any) -> None:
        """Send one message."""
        with contextlib.suppress(OSError):  # what the partner said before it went is still to be heard
            self._end.sendall(json.dumps(message).encode() + b"\n")

    def hear(self) -> list[dict[str, Any]]:
        """What was said, without waiting; `open` turns False when the partner is gone."""
        while self.open:
            try:
                data = self._end.recv(65536, socket.MSG_DONTWAIT)
            except (BlockingIOError, InterruptedError):
                break
            except OSError:
                data = b""
            if not data:
                self.open = False
            self._rest += data
        *lines, self._rest = self._rest.split(b"\n")
        return [json.loads(line) for line in lines]

    def close(self) -> None:
        self._end.close()


def original_environ() -> dict[bytes, bytes]:
    """The environment that this process was started with. Python itself changes LC_CTYPE in some locales."""
    try:
        with open("/proc/self/environ", "rb") as file:
            entries = file.read().split(b"\0")
    except OSError:
        return dict(os.environb)
    return dict(entry.split(b"=", 1) for entry in entries if b"=" in entry)


def inherited_files() -> list[Inherited]:
    """The regular files among this process's standard streams."""
    found = []
    for number in (0, 1, 2):
        try:
            status = os.fstat(number)
            path = os.readlink(f"/proc/self/fd/{number}")
            with open(f"/proc/self/fdinfo/{number}", encoding="ascii") as file:
                flags = int(next(line for line in file if line.startswith("flags:")).split()[1], 8)
        except (OSError, StopIteration, ValueError):
            continue
        if stat.S_ISREG(status.st_mode) and path.startswith("/") and not path.endswith(" (deleted)"):
            access = flags & os.O_ACCMODE
            found.append(Inherited(number, path, access != os.O_WRONLY, access != os.O_RDONLY, status.st_size > 0))
    return found


def first_line(path: str) -> str:
    """What strace said first, as a part of a sentence; what it means, where another tracer was there before."""
    with open(path, encoding="utf-8", errors="replace") as file:
        said = file.readline().strip().removesuffix(".")
    if "Operation not permitted" in said and tracer_of_this_process():
        return f"{TRACED} ({said})"
    return said
