"""A log of strace -> a record, folded by the same observer as a run that is recorded here. No file is looked at or hashed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
from blake3 import blake3

from roar_tui import __version__
from roar_tui.exchange import doubts
from roar_tui.exchange.elsewhere import UNKNOWN, Elsewhere
from roar_tui.exchange.forks import behind_forks
from roar_tui.exchange.log import Clock, Log, Progress
from roar_tui.exchange.order import timed, together
from roar_tui.exchange.source import UnusableFileError
from roar_tui.exchange.translate import Translation, ended_at, known_programs
from roar_tui.record import redaction
from roar_tui.record.assemble import Redactor
from roar_tui.record.capture import Captured, Outcome
from roar_tui.record.model import FORMAT, Environment, Record, State, Status
from roar_tui.record.policy import AccessPolicy
from roar_tui.record.roles import Roles
from roar_tui.record.settle import settle
from tracer.events import Call, Event, Exited, Killed, Unparsed
from tracer.namer import FORKS
from tracer.observation import Image, Observation, Use, Version
from tracer.observer import Observer

SOURCE = "strace-log"
_EXITS = ("exit_group", "exit", "_exit")  # they never return: no line of them is passed over
# The calls that name the files of a job: a log without any of them says nothing of what was read and written.
_FILE_CALLS = frozenset((
    "open", "openat", "openat2", "creat", "open_by_handle_at", "execve", "execveat", "rename", "renameat", "renameat2", "link",
    "linkat", "unlink", "unlinkat", "truncate",
))  # fmt: skip


def read_log(name: str, logs: Sequence[Log], *, cwd: str | None, progress: Progress | None = None) -> tuple[Record, int]:
    """The record of the job in `logs` (one file, or one per process), and how many lines could not be read.

    `cwd` is where the job started, if the user knows; what the log itself says of it is believed more.

    Raises UnusableFileError where they are no strace logs, or hold no call on a file.
    """
    if not any(log.look.calls for log in logs):
        raise _no_log(name, logs)
    reading = _Reading(logs, cwd)
    reading.read(progress)
    if not reading.touching:
        if any(log.look.summary for log in logs):
            raise _no_log(name, logs)
        raise UnusableFileError(
            f"{name} has no calls that open files: what was read and written is not in it.",
            "Record with strace -f -y -ttt, or at least with -e trace=file,process.",
        )
    return reading.record(name), reading.observer.counts.unparsed


class _Reading:
    """One job's log being read. It is the observer's listener, too."""

    def __init__(self, logs: Sequence[Log], cwd: str | None) -> None:
        self._logs = logs
        first = min(logs, key=lambda log: (log.look.first or 0, log.part.pid))
        self._given = cwd if first.look.cwd is None else None  # what the log says is believed more
        self._cwd = first.look.cwd or cwd or UNKNOWN
        self._markers: set[str] = set()
        projects = [] if self._cwd == UNKNOWN else [self._cwd]
        self.policy = AccessPolicy(Roles(home_of(self._cwd), projects, exists=self._markers.__contains__), live=False)
        self.world = Elsewhere()
        pending = logs[0].reader.pending if len(logs) == 1 else {}
        self.observer = Observer(self.policy, self.world, self, cwd=self._cwd, pending=pending, lost=UNKNOWN)
        self.observer.moves_unseen = not any(log.look.moves for log in logs)
        self.touching = 0
        self._calls: set[str] = set()
        self._children: set[int] = set()
        self._uses: list[Use] = []
        self._exits: dict[int, tuple[int, int]] = {}  # pid -> time, status: where the log has no notice of the end
        self._first: int | None = None
        self._last = 0

    # -- the observer's listener ----------------------------------------------------------------------------------------

    def used(self, use: Use) -> None:
        """Keep it for the end: it is judged when all that is in the log is known."""
        self._uses.append(use)

    def wrote(self, version: Version) -> None:
        """Nothing is hashed."""

    def started(self, image: Image) -> None:
        """Nothing is held open."""

    def displaced(self, path: str, time: int) -> None:
        """Nothing is held open."""

    def idle(self, image: Image) -> None:
        """Nothing is hashed, so it does not matter when a program ends."""

    # -- reading --------------------------------------------------------------------------------------------------------

    def read(self, progress: Progress | None) -> None:
        """Fold all events."""
        if len(self._logs) == 1:
            log = self._logs[0]
            events = behind_forks(self._in_time(log.events(progress)), log.reader.pending)
        else:
            events = self._in_time(together(self._logs, progress))
        observe = self.observer.observe
        for event in events:
            if isinstance(event, Call):
                self._calls.add(event.name)
                if event.name in _FILE_CALLS:
                    self.touching += 1
                    if event.error is None and any("pyvenv.cfg" in argument for argument in event.args[:2]):
                        self._markers.update(argument.strip('"') for argument in event.args[:2])
                elif event.name in _EXITS:
                    self._leave(event)
                elif event.value and event.name in FORKS:
                    self._children.add(event.value)
            elif isinstance(event, (Exited, Killed)):
                self._exits.pop(event.pid, None)
            observe(event)
            if abandoned := self._logs[0].reader.abandoned:
                if not isinstance(event, (Exited, Killed)):  # a process may end in a call, and then it had no effect
                    self._unfinished(abandoned)
                abandoned.clear()
        for log in self._logs:
            self._unfinished(log.reader.close())

    def _unfinished(self, calls: Iterable[Call]) -> None:
        """Count the calls on files whose return is not in the log."""
        self.observer.counts.unfinished += sum(call.name in _FILE_CALLS for call in calls)

    def _in_time(self, events: Iterable[Event]) -> Iterator[Event]:
        """The events, those of lines without a time at the time of the line before."""
        absolute = self._logs[0].look.clock is Clock.ABSOLUTE
        for event in events:
            if not isinstance(event, Unparsed):
                if absolute and not event.time:
                    event.time = self._last
                    if isinstance(event, Call):
                        event.started = self._last
                if self._first is None:
                    self._first = event.started if isinstance(event, Call) else event.time
                self._last = max(self._last, event.time)
            yield event

    def _leave(self, call: Call) -> None:
        if call.args and call.args[0].isdigit():
            self._exits[call.pid] = (call.started, int(call.args[0]) & 0xFF)

    # -- the record -----------------------------------------------------------------------------------------------------

    def record(self, name: str) -> Record:
        """The record of what was read."""
        observation = self.observer.finish()
        self._end(observation)
        digest = self._digest()
        redactor = Redactor(redaction.load_key(redaction.key_path()))
        captured = Captured(observation, self._outcomes(), {})
        settled = settle(captured, self.policy.role, argv_of=redactor.argv)
        usable = len(self._logs) == 1 or timed(self._logs)
        clock = self._logs[0].look.clock if usable else Clock.NONE
        modified = max(log.source.modified for log in self._logs)
        ended = ended_at(self._last, modified, of_day=clock is Clock.OF_DAY)
        shift = 0 if clock is Clock.ABSOLUTE else max(0, ended - self._last)  # a file may be said to be of 1970
        mark = f"?{digest[:8]}"
        translation = Translation(shift, mark, self.observer.irregular)
        steps, pipes = known_programs([translation.step(s) for s in settled.steps], [translation.pipe(p) for p in settled.pipes])
        root = next((step for step in reversed(steps) if step.pid == steps[0].pid), None)
        command = next((step.argv for step in steps if step.argv), None)
        cut = any(log.source.cut for log in self._logs)
        finished = root.exit if root is not None else None
        found = doubts.Doubts(
            world=self.world,
            clock=clock,
            ordered=usable,
            cut=cut,
            mark=mark,
            calls=self._calls.union(*(log.passed for log in self._logs)),
            cwd_given=self._given is not None,
            absent=self._absent(),
            moves_unseen=self.observer.moves_unseen and not any(log.look.here for log in self._logs),
        )
        return Record(
            format=FORMAT,
            run_id=digest[:32],
            state=State.COMPLETE if finished is not None and not cut else State.INTERRUPTED,
            command=list(command) if command is not None else [Path(name).name],
            cwd=translation.path(self._cwd),
            started=(self._first or 0) + shift,
            host="",
            user="",
            version=__version__,
            ended=(root.ended if root is not None and root.ended is not None else self._last + shift),
            exit=finished,
            steps=steps,
            pipes=pipes,
            environment=Environment(
                secrets=redactor.secrets, key=redaction.key_id(redactor.key) if redactor.secrets else None
            ),
            left_out=[translation.left_out(left_out) for left_out in self.policy.left_out()],
            warnings=doubts.warnings(found, observation, steps),
            source=SOURCE,
        )

    def _end(self, observation: Observation) -> None:
        """What no notice said of the end of programs."""
        for image in observation.images:
            if image.ended is None and image.pid in self._exits and image.code is None:
                image.ended, image.code = self._exits[image.pid]
            if image.idle is None:
                image.idle = self._last  # nothing in the log was written later

    def _absent(self) -> int:
        """How many processes the files of a log speak of without one of them being theirs; the first one's parent counts, too."""
        if len(self._logs) == 1:
            return 0
        present = {log.part.pid for log in self._logs}
        return len(self._children - present) + (len(present - self._children) > 1)

    def _outcomes(self) -> dict[Use, Outcome]:
        removed = Outcome(Status.REMOVED, None, None)
        skipped = Outcome(Status.SKIPPED, None, None)
        return {
            use: removed if use.version.removed and not use.version.external else skipped
            for use in self._uses
            if not self.observer.irregular(use.path)
        }

    def _digest(self) -> str:
        """What makes this job the same job when it is imported again: the log's bytes, and where it is said to have run."""
        several = len(self._logs) > 1
        parts = sorted((log.part.pid if several else 0, log.source.digest) for log in self._logs)
        name = msgspec.json.encode([SOURCE, parts, (self._given or "").encode("utf-8", "surrogateescape").hex()])
        return blake3(name).hexdigest()


def home_of(cwd: str) -> str:
    """The home directory that a job's working directory lies in, by the usual places; "" where it lies in none."""
    names = cwd.split("/")
    if names[1:2] == ["root"]:
        return "/root"
    return "/".join(names[:3]) if names[1:2] in (["home"], ["Users"]) and len(names) > 2 else ""


def _no_log(name: str, logs: Sequence[Log]) -> UnusableFileError:
    if any(log.look.summary for log in logs):
        return UnusableFileError(
            f"{name} is a table of strace -c: it counts calls and names no files.", "Record with strace -f -y -ttt, without -c."
        )
    hint = "What can be imported: output of strace, roar's .roar/roar.db, and records of roar-tui (.json.gz)."
    return UnusableFileError(f"{name} is not a strace log.", hint)
