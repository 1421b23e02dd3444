"""The errors that a user may see: each a sentence that says what happened, and a hint that says what to do."""

from __future__ import annotations


class RoarTuiError(Exception):
    """Base of all expected errors; `exit_status` is what the command line leaves with."""

    exit_status = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class NotFoundError(RoarTuiError):
    """A reference names nothing in the store."""


class AmbiguousError(RoarTuiError):
    """A reference names several things; `candidates` are lines that tell them apart."""

    def __init__(self, message: str, candidates: list[str], hint: str = "") -> None:
        super().__init__(message, hint)
        self.candidates = candidates


class UsageError(RoarTuiError):
    """The command line is wrong."""

    exit_status = 2


class StoreError(RoarTuiError):
    """The store cannot be read or written."""

    exit_status = 3


class RecordingError(RoarTuiError):
    """roar-tui itself failed before the command was started."""

    exit_status = 125
