"""Work on files on several threads: results as they come, and called off within a block when nobody wants more of them."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from roar_tui.lineage.disk import CancelledError

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST_THREADS = 8
TICK = 0.1  # seconds between two looks of the waiting thread, which is where Ctrl-C arrives
AHEAD = 1000  # results that may wait to be taken
PATIENCE = 2.0  # seconds that a thread is waited for when it was called off: a network file system may hang


def threads() -> int:
    """One for each core that may be used, and two on one core: a disk answers more than one question at a time."""
    return max(2, min(len(os.sched_getaffinity(0)), MOST_THREADS))


def spread(
    work: Callable[[Item, threading.Event], Result], items: Iterable[Item], tick: Callable[[], None] | None = None
) -> Iterator[tuple[Item, Result]]:
    """(item, work(item, cancel)) in the order in which they are done; `tick` is called while waiting.

    `cancel` is set when whoever iterates stops, so that long work can end itself. What `work` raises is raised here, but for
    CancelledError.
    """
    cancel = threading.Event()
    source = iter(items)
    taking = threading.Lock()
    done: queue.Queue[tuple[Item, Result] | BaseException | None] = queue.Queue(AHEAD)

    def serve() -> None:
        try:
            while not cancel.is_set():
                with taking:
                    item = next(source)
                put((item, work(item, cancel)))
        except (StopIteration, CancelledError):
            pass
        except BaseException as error:
            put(error)
        put(None)

    def put(result: tuple[Item, Result] | BaseException | None) -> None:
        while True:
            try:
                return done.put(result, timeout=TICK)
            except queue.Full:
                if cancel.is_set():
                    return

    workers = [threading.Thread(target=serve, daemon=True) for _ in range(threads())]
    for worker in workers:
        worker.start()
    running = len(workers)
    try:
        while running:
            if tick is not None:
                tick()
            try:
                result = done.get(timeout=TICK)
            except queue.Empty:
                continue
            if result is None:
                running -= 1
            elif isinstance(result, BaseException):
                raise result
            else:
                yield result
    finally:
        cancel.set()
        for worker in workers:
            worker.join(PATIENCE)
