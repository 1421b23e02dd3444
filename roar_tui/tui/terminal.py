"""The terminal that the explorer was started in: its settings, and whether it is still there."""

from __future__ import annotations

import os
import sys
import termios
from types import FrameType
from typing import Any


def attributes() -> list[Any] | None:
    """The terminal's settings as they are, None where there is no terminal (any more)."""
    try:
        return termios.tcgetattr(sys.__stdin__.fileno()) if sys.__stdin__ is not None else None
    except (termios.error, OSError, ValueError):
        return None


def leave_if_gone(number: int, frame: FrameType | None) -> None:
    """A handler for SIGHUP: end at once, as a shell says it, where the terminal is gone.

    Textual's thread that writes to it has died then, and whoever has something to write waits for that thread for ever; the kernel
    sends SIGCONT as well, upon which Textual writes. Nothing is lost: the explorer only reads.
    """
    if attributes() is None:
        os._exit(128 + number)
