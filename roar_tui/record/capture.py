"""Drives the tracer over the trace of a running job, and hashes what its steps read and write while it runs."""

from __future__ import annotations

import contextlib
import os
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from roar_tui.record import proof
from roar_tui.record.clock import CLOCK
from roar_tui.record.early import is_at_or_below, open_early
from roar_tui.record.hashing import Evidence, Hasher, Known, now
from roar_tui.record.held import Held
from roar_tui.record.model import Status
from roar_tui.record.policy import AccessPolicy
from roar_tui.record.quiet import Quiet
from roar_tui.record.roles import Roles
from roar_tui.record.run import Run
from roar_tui.record.world import LiveWorld
from tracer.observation import Image, Observation, Use, Version
from tracer.observer import Observer
from tracer.spool import Spool
from tracer.syntax import Reader

AT_ONCE = 32  # files waiting to be hashed up to which one more is opened at once: later it may be gone
FOREVER = 1 << 62
THREADS = max(2, min(8, len(os.sched_getaffinity(0))))


class Outcome(NamedTuple):
    """What is known of the content of one use: a digest, or why there is none; `changed` is the file's ctime (µs)."""

    status: Status
    digest: str | None
    size: int | None
    changed: int = 0


@dataclass(slots=True, frozen=True)
class Captured:
    """Everything that a capture found. A use that is not in `uses` was of no regular file, and is no access."""

    observation: Observation
    uses: dict[Use, Outcome]
    finals: dict[Version, Evidence]
    closed: dict[Version, int] = field(default_factory=dict)  # since when (µs) nobody had a file open, before it was hashed
    rewritten: Callable[[tuple[int, int]], Version | None] = lambda file: None  # as `Observer.rewritten`


class Capture:
    """One job's trace. `step` reads what there is to read; `finish` hashes the rest. It is the observer's listener.

    What was hashed is judged only while `judging`: before that, the clock must have been measured.
    `remembered` are digests for the next run: (path, stat, digest) of files that were still while they were hashed.
    """

    def __init__(self, spool: Spool, env: Mapping[str, str], cwd: str, known: Known, *, skip: int) -> None:
        self.spool = spool
        self.policy = AccessPolicy(Roles.here(env, cwd))
        self._reader = Reader()
        self.observer = Observer(self.policy, LiveWorld(), self, cwd=cwd, pending=self._reader.pending, skip=skip)
        self.hasher: Hasher[Use | Version] = Hasher(THREADS, known, spool.size)
        self._waiting: deque[tuple[Use, Evidence]] = deque()
        self._outcomes: dict[Use, Outcome | None] = {}
        self._finals: dict[Version, Evidence] = {}
        self._quiet = Quiet()
        self._closed: dict[Version, int] = {}
        self._mixed: list[Use] = []
        self._held = Held()
        self.judging = True
        self._displaced: list[tuple[Use, Evidence]] = []  # the call that took the file away is still to come
        self._finishing = False
        self._complete = FOREVER  # when (µs) nothing more was to come
        self.remembered: list[tuple[str, os.stat_result, str]] = []

    @classmethod
    def of(cls, run: Run, spool: Spool, known: Known) -> Capture:
        """The capture of `run`, which begins with the launcher's own image and the standard streams that the caller opened."""
        capture = cls(spool, run.environ, run.cwd, known, skip=1)
        capture._held.adopt(run.held)
        for stream in run.inherited:
            capture.observer.inherit(
                stream.number, stream.path, opened=run.started, reads=stream.reads, writes=stream.writes, content=stream.content
            )
        return capture

    # -- the observer's listener ----------------------------------------------------------------------------------------

    def used(self, use: Use) -> None:
        """Hash what was read, now: later it may be overwritten."""
        if use.foreign or use.version.foreign:
            self._outcomes[use] = Outcome(Status.SKIPPED, None, None)
            return
        if use.mixed:
            self._mixed.append(use)  # whether it was written is known only at the end
        early = self._held.take(use.path, use.version)
        if early is None and self.hasher.outstanding < AT_ONCE:
            with contextlib.suppress(OSError):
                early = open_early(use.path)
        self.hasher.submit(use.path, use, early, mapped=use.version.both_ways)

    def started(self, image: Image) -> None:
        """Keep open what the program's arguments name: it may be about to remove it."""
        self._held.hold(image.argv, image.cwd, image, self.observer.current)

    def wrote(self, version: Version) -> None:
        """Hash it when it is closed, as it may be removed before the end: at once where its writers have ended."""
        if self._finishing or version.foreign:
            return
        writers = version.generations.values()
        if all(writer.image.idle is not None for writer in writers) and not version.writable(self.observer.last):
            self._hash_closed(version)
        else:
            self._quiet.note(version)

    def _hash_closed(self, version: Version) -> None:
        self._closed[version] = self.observer.last
        self.hasher.submit(version.path, version, mapped=version.both_ways)

    def displaced(self, path: str, time: int) -> None:
        """What was held open at `path`, or below it, is not known to be what is found there."""
        self._held.forget(path, time)

    def idle(self, image: Image) -> None:
        """Hash what a finished program wrote, so that little is left for the end."""
        self._held.release(image)
        if self._finishing:
            return
        for version in image.outputs:
            writers = version.generations.values()
            if version.ended is None and not version.foreign and all(writer.image.idle is not None for writer in writers):
                self.hasher.submit(version.path, version, mapped=version.both_ways)

    @property
    def awaits(self) -> bool:
        """Whether some file is to be looked at again before long."""
        return bool(self._quiet)

    # -- while the job runs ---------------------------------------------------------------------------------------------

    def step(self) -> bool:
        """Read the lines that are there and judge the hashes that can be judged; False when there was nothing to do."""
        CLOCK.look()
        lines = self.spool.lines()
        read, observe = self._reader.read, self.observer.observe
        for line in lines:
            event = read(line)
            if event is not None:
                observe(event)
        results = self.hasher.results()
        for token, evidence in results:
            if evidence.lasting and evidence.stat is not None and evidence.digest is not None:
                self.remembered.append((evidence.path, evidence.stat, evidence.digest))
            if isinstance(token, Use):
                self._waiting.append((token, evidence))
            elif (known := self._finals.get(token)) is None or _newer(evidence, known, token.path):
                self._finals[token] = evidence
        if self.judging and (self._waiting or self._displaced):
            self._judge()
        if self._quiet and not lines and not self._finishing:
            closed = self._quiet.closed(self.observer.processes)
            if self.spool.size() == self.spool.position:
                for version in closed:
                    self._hash_closed(version)
            else:  # a process may have been made meanwhile, and have them open
                for version in closed:
                    self._quiet.note(version)
        return bool(lines or results)

    def _judge(self) -> None:
        """Decide on the uses whose hashing lies wholly before what was read of the trace."""
        position, waiting = self.spool.position, self._waiting
        threatened: set[str] | None = None
        displaced, self._displaced = self._displaced, []
        for use, evidence in displaced:
            self._take_away(use, evidence)
        while waiting and waiting[0][1].position <= position:  # they came in the order of their positions, or nearly so
            use, evidence = waiting.popleft()
            if evidence.displaced and evidence.status is Status.HASHED and not use.mixed:
                self._take_away(use, evidence)
                continue
            if threatened is None:
                threatened = self._in_flight()
            endangered = any(_endangers(path, use.path, evidence) for path in threatened)
            if use.mixed and evidence.began < self._complete:
                if not endangered and evidence.digest is not None and self._is_unwritten(use, evidence):
                    self._outcomes[use] = Outcome(Status.HASHED, evidence.digest, evidence.size, evidence.ctime)
                continue
            self._outcomes[use] = self._judged(use, evidence, endangered)

    def _take_away(self, use: Use, evidence: Evidence) -> None:
        """Decide on a file that was hashed when it was at its path no more, once it is known what took it away."""
        if use.version.ended is None:
            self._displaced.append((use, evidence))
        else:
            self._outcomes[use] = self._judged(use, evidence, False)

    def _is_unwritten(self, use: Use, evidence: Evidence) -> bool:
        followers = self._followers(use)
        return followers is not None and proof.not_yet_written(use, evidence, followers)

    def _followers(self, use: Use) -> list[Version] | None:
        """The versions that what is at the path of a mixed use was opened as since; None where it is another file."""
        followers = []
        found = self.observer.current(use.path)
        while found is not None and found is not use.version:
            followers.append(found)
            found = found.base
        return followers if found is not None else None

    def _judged(self, use: Use, evidence: Evidence, threatened: bool) -> Outcome | None:
        if evidence.status is None:
            replaced = use.version.ended is not None and use.version.ended <= evidence.ended and not use.version.directory
            return Outcome(Status.MISSING, None, None) if replaced else None
        if evidence.status is Status.HASHED:
            threatened = threatened or self._written_by_another_name(use, evidence)
            if proof.untouched(use, evidence) if use.mixed else not threatened and proof.proven(use, evidence):
                return Outcome(Status.HASHED, evidence.digest, evidence.size, evidence.ctime)
            return Outcome(Status.CHANGED, None, None)
        if evidence.status is Status.MISSING and use.version.removed and not use.version.external:
            return Outcome(Status.REMOVED, None, None)
        return Outcome(evidence.status, None, evidence.size if evidence.status is not Status.CHANGED else None)

    def _written_by_another_name(self, use: Use, evidence: Evidence) -> bool:
        """Whether a hard link that was there before the job was the way to write to what was hashed."""
        if evidence.stat is None or evidence.stat.st_nlink < 2:
            return False
        version = self.observer.rewritten((evidence.stat.st_dev, evidence.stat.st_ino))
        return version is not None and version is not use.version and version.disturbed(use.opened, evidence.ended)

    def _in_flight(self) -> set[str]:
        """The paths that a call which has not returned may be writing, the cut-off last line's included."""
        calls = list(self._reader.pending.values())
        begun = self._reader.partial(self.spool.partial) if self.spool.partial else None
        if begun is not None:
            calls.append(begun)
        return {path for call in calls for path in self.observer.touches(call)}

    # -- at the end -----------------------------------------------------------------------------------------------------

    def close_trace(self) -> None:
        """The trace is complete: take in what was cut off, and submit everything that is not known yet."""
        while self.step():
            pass
        for call in self._reader.close():
            self.observer.counts.unfinished += 1
            self.observer.observe(call)
        self._finishing, self._complete = True, now()
        versions = {id(v): v for image in self.observer.finish().images for v in image.outputs}
        for version in versions.values():
            if version.ended is None and not version.foreign:
                self.hasher.submit(version.path, version, mapped=version.both_ways)
        self._held.release()
        for use in self._mixed:
            if use in self._outcomes:
                continue
            if self._followers(use) is not None:
                self.hasher.submit(use.path, use, mapped=use.version.both_ways)
            else:
                self._outcomes[use] = Outcome(Status.REMOVED if not use.version.external else Status.CHANGED, None, None)

    def so_far(self) -> Captured:
        """What was captured up to now, while processes are still running."""
        return self._captured(self.observer.so_far())

    def _captured(self, observation: Observation) -> Captured:
        uses = {use: outcome for use, outcome in self._outcomes.items() if outcome is not None}
        uses |= {use: Outcome(Status.CHANGED, None, None) for use, _ in self._displaced}
        return Captured(observation, uses, dict(self._finals), dict(self._closed), self.observer.rewritten)

    def finish(self) -> Captured:
        """What was captured; call it when nothing is outstanding any more."""
        while self.step():
            pass
        self._judge()
        self.hasher.close()
        return self._captured(self.observer.finish())


def _newer(evidence: Evidence, known: Evidence, path: str) -> bool:
    """Whether `evidence` tells more of what is at `path` than what is known: threads do not finish in the order of their work."""
    return (evidence.path == path, evidence.began) >= (known.path == path, known.began)


def _endangers(threatened: str, path: str, evidence: Evidence) -> bool:
    """Whether a call that may be writing the path `threatened` may be writing what was hashed at `path`, by whichever name."""
    if is_at_or_below(path, threatened):
        return True
    if evidence.stat is None or evidence.stat.st_nlink < 2:
        return False
    try:
        return os.path.samestat(os.stat(threatened), evidence.stat)
    except OSError:
        return True
