"""A child's lines behind its fork: -z prints a call when it has returned, and a child may have begun by then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tracer.events import Call, Event, Exited, Killed, Unfinished, Unparsed
from tracer.namer import FORKS

PATIENCE = 64  # events of others until a process counts as one whose fork is not in the log
SHORT = 500_000  # µs, the same in the log's time


def behind_forks(events: Iterable[Event], pending: Mapping[int, Unfinished]) -> Iterator[Event]:
    """`events`, those of a process that nobody has forked yet held back until somebody has, for a little while.

    A fork in flight (`pending`, by pid) is not waited for: then the observer knows what to do.
    """
    known: set[int] = set()
    held: dict[int, list[Call | Exited | Killed]] = {}
    patience = PATIENCE
    forks = False
    for event in events:
        if isinstance(event, Unparsed):
            yield event
            continue
        pid = event.pid
        if held:
            patience -= 1
            if patience <= 0 or event.time - next(iter(held.values()))[0].time > SHORT:
                known.update(held)
                yield from (one for some in held.values() for one in some)
                held.clear()
        if pid not in known:
            waits = forks and isinstance(event, Call) and not any(call.name in FORKS for call in pending.values())
            if pid in held or waits:
                if not held:
                    patience = PATIENCE
                if isinstance(event, (Call, Exited, Killed)):
                    held.setdefault(pid, []).append(event)
                continue
            known.add(pid)
        yield event
        if isinstance(event, Call):
            if event.name in FORKS:
                forks = True
                if event.value:
                    known.add(event.value)
                    yield from held.pop(event.value, ())
        elif isinstance(event, (Exited, Killed)):
            known.discard(pid)
    yield from (one for some in held.values() for one in some)
