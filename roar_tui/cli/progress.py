"""A progress line on stderr, for a person only: on a terminal, and when the work takes longer than half a second."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType

from roar_tui.text import count

AFTER = 0.5  # seconds of silence first: what is quick needs no bar
EVERY = 0.1


class Progress:
    """Call it with (done, total); it draws one line over itself and leaves none behind. `words` makes numbers readable."""

    def __init__(self, doing: str, words: Callable[[int], str] = count) -> None:
        self.doing = doing
        self.words = words
        self.drawn = False
        self._next = time.monotonic() + AFTER
        self._terminal = sys.stderr.isatty()

    def __enter__(self) -> Progress:
        return self

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if not self._terminal or now < self._next:
            return
        self._next = now + EVERY
        self.drawn = True
        of = f" of {self.words(total)}" if total else ""
        sys.stderr.write(f"\r\x1b[K{self.doing}: {self.words(done)}{of}")
        sys.stderr.flush()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.drawn:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
