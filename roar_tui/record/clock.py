"""The clock that stamps files: it moves on with the kernel's timer, and comes late when that does.

Its tick is 1 to 10 ms, and on a busy virtual machine of two cores it was seen 17 ms behind (medians 4 to 8). How far it is behind
is measured while a job runs: what is decided from a file's times must hold even then.
"""

from __future__ import annotations

import time

COARSE = getattr(time, "CLOCK_REALTIME_COARSE", 5)  # Python does not name it
TICK = max(int(time.clock_getres(COARSE) * 1_000_000), 1_000)  # µs
ENOUGH = 0.02  # s for which somebody must have looked before what is decided by the margin


class CoarseClock:
    """How far the clock of file times was behind at most (`lag`, µs), as often as somebody looked; `watched` for how many s."""

    def __init__(self) -> None:
        self.lag = 0
        self.watched = 0.0

    def look(self) -> None:
        """Measure once: two clock readings, 0.3 µs."""
        behind = (time.clock_gettime_ns(COARSE) - time.clock_gettime_ns(time.CLOCK_REALTIME)) // -1000
        self.lag = max(self.lag, behind)

    def watch(self, seconds: float) -> None:
        """Measure for so long, without a pause."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.look()
        self.watched += seconds

    @property
    def margin(self) -> int:
        """By how much (µs) one time must be before another for it to be certain, if one of them is a file's."""
        return max(2 * TICK, 2 * self.lag)


CLOCK = CoarseClock()
