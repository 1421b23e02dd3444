"""A line of strace output, parsed; the halves of unfinished and resumed calls, joined."""

from __future__ import annotations

from tracer.arguments import Descriptor, array, clone_flags, descriptor, field, flags, split, string
from tracer.events import Call, Event, Exited, Killed, Signal, Superseded, Unfinished, Unparsed

__all__ = [
    "Call", "Descriptor", "Event", "Exited", "Killed", "Reader", "Signal", "Superseded", "Unfinished", "Unparsed",
    "array", "clone_flags", "descriptor", "field", "flags", "split", "string",
]  # fmt: skip


class Reader:
    """Reads the lines of one strace log in order. Lines are str, decoded as latin-1, without newline."""

    def __init__(self, default_pid: int = 0, *, midnight: int = 0) -> None:
        self.default_pid = default_pid
        self.pending: dict[int, Unfinished] = {}

    def read(self, line: str) -> Event | None:
        """What `line` says; None for a line that is understood but has nothing to say (the first half of a call)."""
        raise NotImplementedError

    def partial(self, text: str) -> Unfinished | None:
        """The call that a cut-off last line begins, None where it does not begin one. Changes nothing in the reader."""
        raise NotImplementedError

    def close(self) -> list[Call]:
        """The calls that were never finished, with value None, in order of entry; the reader forgets them."""
        raise NotImplementedError
