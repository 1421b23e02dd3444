"""Watches a running recorder from outside: its peak memory, and the disk that its trace takes."""

from __future__ import annotations

import contextlib
import json
import os
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.measure import FailedError

_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)
_PERIOD = 0.02  # s; the trace grows by about 2 MB in that time
_PATIENCE = 60.0  # s until a recorder is seen


class Watch:
    """Samples the recorder that announces itself in the store's `running/`. The most that was seen, in bytes.

    `stdin` is for the recorded command: it ends when both were seen, so that a command that reads it cannot be over before.
    """

    def __init__(self, store: Path) -> None:
        self._running = store / "running"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self.memory = 0
        self.spool = 0
        self.stdin, self._open = os.pipe()

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        os.close(self.stdin)

    def check(self) -> None:
        """Raises FailedError where no recorder was seen, or no trace."""
        if not self.memory or not self.spool:
            raise FailedError("no recorder announced itself in the store")

    def _work(self) -> None:
        try:
            deadline = time.monotonic() + _PATIENCE
            self._look(lambda: (self.memory and self.spool) or time.monotonic() > deadline)
        finally:
            os.close(self._open)
        self._look(lambda: False)

    def _look(self, enough: Callable[[], object]) -> None:
        """Look again and again until it is enough, or nobody wants to know any more."""
        found: tuple[int, str] | None = None
        while not enough() and not self._stop.wait(_PERIOD):
            found = found or self._announced()
            if found is None:
                continue
            process, spool = found
            with contextlib.suppress(OSError):  # it may be gone
                status = Path(f"/proc/{process}/status").read_text("ascii", "replace")
                peak = _PEAK.search(status)
                if peak is not None:
                    self.memory = max(self.memory, int(peak[1]) * 1024)
            with contextlib.suppress(OSError):
                self.spool = max(self.spool, os.stat(spool).st_blocks * 512)

    def _announced(self) -> tuple[int, str] | None:
        with contextlib.suppress(OSError, ValueError, KeyError):
            for path in self._running.glob("*.json"):
                told = json.loads(path.read_text("utf-8"))
                return int(told["pid"]), os.path.join(told["directory"], "trace")
        return None
