"""Whose a line is, in a log that several processes share."""

from __future__ import annotations

from tracer.events import Unfinished

# Straces before 5.2 have no name for clone3: they print its number, and from 4.21 on in hexadecimal.
FORKS = frozenset(("clone", "clone3", "fork", "vfork", "syscall_435", "syscall_0x1b3"))


class Namer:
    """Whose the lines without a pid are, in a log where strace prints `[pid N]` only while there are several processes."""

    def __init__(self, default_pid: int) -> None:
        self.default_pid = default_pid
        self.root = default_pid  # the first process, as the caller gets it
        self.alias: int | None = None  # its number behind `[pid N]`, once known
        self.others: set[int] = set()  # living processes but the root
        self.attached = False
        self.anonymous = False  # lines without a pid have been seen
        self.bracketed = False  # lines with `[pid N]` have been seen

    def told(self, pid: int, what: str) -> None:
        """strace said that it attached to `pid`, or let go of it."""
        if what == "detached":
            self.gone(pid)
        elif what == "attached":
            if not self.anonymous and not self.others and not self.default_pid:
                self.root = self.alias = pid  # strace -p: all lines are of this process
            elif pid != self.alias:
                self.others.add(pid)
                self.attached = True

    def child(self, pid: int) -> None:
        """A call returned `pid` as a new process."""
        if self.anonymous:
            self.others.add(pid)

    def gone(self, pid: int) -> None:
        self.others.discard(pid)
        if pid == self.root:
            self.root = -1

    def pid(self, number: int | None, bracketed: bool, resumed: bool, pending: dict[int, Unfinished]) -> int:
        """The pid that the caller gets for a line whose prefix says `number`."""
        if number is None:
            self.anonymous = True
            if self.root < 0 and self.bracketed and len(self.others) == 1:
                return next(iter(self.others))
            return self.root if self.root >= 0 else self.default_pid
        if not bracketed:
            return number
        self.bracketed = True
        if number == self.alias:
            return self.root if self.root >= 0 else number
        if self.anonymous and self.alias is None and number not in self.others:
            begun = pending.get(self.root)
            if self.attached or resumed or begun is None or begun.name not in FORKS:
                self.alias = number
                return self.root
        self.others.add(number)
        return number
