"""The events of several files, one per process (`strace -ff`), in the order in which they happened as far as that is known."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator, Sequence

from roar_tui.exchange.log import Clock, Log, Progress
from tracer.events import Call, Event, Unparsed
from tracer.namer import FORKS

_FORKED = re.compile(rf"(?:{'|'.join(FORKS)})\(.*\) += (0x[0-9a-f]+|\d+)")


def together(logs: Sequence[Log], progress: Progress | None) -> Iterator[Event]:
    """The events of `logs`, set aside before: by time, or each process right behind its fork where there are no common times."""
    files = _Files(logs, progress)
    return files.by_time() if timed(logs) else files.by_forks()


def timed(logs: Sequence[Log]) -> bool:
    """Whether all files have times that can be compared: those of -r begin anew in each."""
    return all(log.look.clock in (Clock.ABSOLUTE, Clock.OF_DAY) for log in logs if log.look.calls)


class _Files:
    def __init__(self, logs: Sequence[Log], progress: Progress | None) -> None:
        self._logs = logs
        self._progress = progress
        self._size = sum(log.source.size for log in logs)
        self._done = 0

    def _events(self, log: Log) -> Iterator[Event]:
        yield from log.events()
        self._done += log.source.size
        if self._progress is not None:
            self._progress(self._done, self._size)

    def by_time(self) -> Iterator[Event]:
        """A file is open only from its first time to its last."""
        order = sorted(self._logs, key=lambda log: (log.look.first or 0, log.part.pid))
        heap: list[tuple[int, int, Event | None]] = [(log.look.first or 0, n, None) for n, log in enumerate(order)]
        heapq.heapify(heap)
        running: dict[int, Iterator[Event]] = {}
        while heap:
            time, n, event = heap[0]
            if event is None:
                running[n] = self._events(order[n])
            else:
                yield event
            following = next(running[n], None)
            if following is None:
                del running[n]
                heapq.heappop(heap)
            else:
                heapq.heapreplace(heap, (max(time, _time(following)), n, following))

    def by_forks(self) -> Iterator[Event]:
        """Each process as a whole, from its fork on; its parent goes on behind it. Times are counted."""
        waiting = {log.part.pid: log for log in self._logs}
        children = {int(pid, 0) for log in self._logs for pid in _forked(log)}
        count = 0
        for root in sorted(waiting, key=lambda pid: (pid in children, pid)):
            if root not in waiting:
                continue
            stack = [self._events(waiting.pop(root))]
            while stack:
                event = next(stack[-1], None)
                if event is None:
                    stack.pop()
                    continue
                if not isinstance(event, Unparsed):
                    count += 1
                    event.time = count
                if isinstance(event, Call):
                    event.started = count
                    if event.name in FORKS and event.value in waiting:
                        stack.append(self._events(waiting.pop(event.value)))
                yield event


def _time(event: Event) -> int:
    if isinstance(event, Unparsed):
        return 0
    return event.started if isinstance(event, Call) else event.time


def _forked(log: Log) -> Iterator[str]:
    """The processes that `log` says were made."""
    again = Log(log.part)
    for line in again.raw():
        if match := _FORKED.search(line):
            yield match[1]
