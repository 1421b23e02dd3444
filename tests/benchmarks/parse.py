"""Lines to effects: the reader and the observer as the recorder uses them, with nobody who hashes."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from roar_tui.record.policy import AccessPolicy
from roar_tui.record.roles import Roles
from roar_tui.record.world import LiveWorld
from tests.benchmarks.measure import FailedError
from tracer.observation import Image, Use, Version
from tracer.observer import Observer
from tracer.syntax import Reader


class _Deaf:
    """A listener that does nothing."""

    def used(self, use: Use) -> None: ...
    def wrote(self, version: Version) -> None: ...
    def started(self, image: Image) -> None: ...
    def displaced(self, path: str, time: int) -> None: ...

    def idle(self, image: Image) -> None: ...


def lines_per_second(lines: Sequence[str], cwd: str) -> float:
    """Lines per second of processor time; FailedError where not every line was understood."""
    reader = Reader()
    policy = AccessPolicy(Roles.here(os.environ, cwd))
    observer = Observer(policy, LiveWorld(), _Deaf(), cwd=cwd, pending=reader.pending)
    began = time.process_time()
    read, observe = reader.read, observer.observe
    for line in lines:
        event = read(line)
        if event is not None:
            observe(event)
    seconds = time.process_time() - began
    counts = observer.finish().counts
    if counts.unparsed or counts.calls != len(lines):
        raise FailedError(f"{counts.unparsed} lines were not understood, {counts.calls} calls seen of {len(lines)}")
    return len(lines) / seconds
