"""What one line of strace output says: a call, the end of a process, a signal, or a line that was not understood.

Times are microseconds since the Unix epoch where the log has absolute times, 0 where it has none (see `tracer.syntax.Reader`
for logs with times of day only). A `pid` is the thread's id, as strace prints it; `Reader.default_pid` where it prints none.
"""

from __future__ import annotations

from dataclasses import dataclass

from tracer.arguments import split


@dataclass(slots=True)
class Call:
    """One system call, entered and left.

    `args` is the raw text of each top-level argument, as printed (decode with `tracer.arguments`). `value` is the return value,
    None where strace prints "?". `error` is the name of the error ("ENOENT", "ERESTARTSYS"), None on success. `path` is what
    stands in <…> behind a returned descriptor, decoded; `deleted` says that this file had no name any more. `time` is when
    the line of the return was begun (the time of entry for a call printed on one line), `started` the time of entry.
    """

    pid: int
    time: int
    name: str
    args: list[str]
    value: int | None
    error: str | None
    path: str | None
    deleted: bool
    started: int


@dataclass(slots=True)
class Unfinished:
    """A call in flight: `text` is the raw text of its arguments so far, without the opening parenthesis."""

    pid: int
    time: int
    name: str
    text: str

    @property
    def args(self) -> list[str]:
        """The raw arguments printed so far; the last one may be cut off."""
        return split(self.text)


@dataclass(slots=True)
class Exited:
    """The process (or thread) ended by itself with the exit status `code`."""

    pid: int
    time: int
    code: int


@dataclass(slots=True)
class Killed:
    """A signal ended the process: its name ("SIGKILL"), its number where known, and whether it dumped core."""

    pid: int
    time: int
    signal: str
    number: int | None
    core: bool


@dataclass(slots=True)
class Signal:
    """The process was sent the signal `name`."""

    pid: int
    time: int
    name: str


@dataclass(slots=True)
class Superseded:
    """The thread group leader `pid` was replaced by its thread `by`, which called execve and goes on under `pid`."""

    pid: int
    time: int
    by: int


@dataclass(slots=True)
class Unparsed:
    """A line that is not strace's, or that is cut off; `why` is a short phrase."""

    text: str
    why: str


Event = Call | Exited | Killed | Signal | Superseded | Unparsed
