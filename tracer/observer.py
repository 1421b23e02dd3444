"""Folds the events of a trace into an Observation: images, versions of files with their uses and generations, channels.

Memory grows with distinct files and processes, not with events. What a path means (kept, left out, kept under another path) is
the caller's `Policy`; the file system as it is now is the caller's `World`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from tracer import effects
from tracer.effects import Effect
from tracer.events import Call, Event, Exited, Killed, Signal, Superseded, Unfinished, Unparsed
from tracer.namer import FORKS
from tracer.observation import Image, Observation, Version
from tracer.opens import Opens
from tracer.outside import Listener, Policy, World
from tracer.process import Folder, Process, Stream, is_worker
from tracer.streams import OUTSIDE

INTERPRETERS = 4  # scripts whose interpreters are scripts: so many in a row does the kernel follow
SYSTEM_SOCKETS = (  # names, logs, the bus and the screen: nothing that a result is made of
    "/run/nscd/", "/var/run/nscd/", "/var/lib/sss/", "/run/systemd/", "/run/dbus/", "/var/run/dbus/", "/run/user/", "/dev/log",
    "/run/avahi-daemon/", "/var/run/avahi-daemon/", "/tmp/.X11-unix/", "/tmp/.ICE-unix/",
)  # fmt: skip
UNSEEN = -1  # the id of an image before it counts as one of the job's
JUMP = 1_000_000  # µs: a line this much older than one before it means that the clock was set


class Observer(Opens):
    """Takes events in the order of the log. `skip` images of the first process are the launcher's own and are not observed.

    `lost` is the working directory of a process whose start was not seen, in a log where some process changed its own: by
    default it is `cwd` for these too.
    """

    def __init__(
        self,
        policy: Policy,
        world: World,
        listener: Listener,
        *,
        cwd: str,
        pending: Mapping[int, Unfinished],
        skip: int = 0,
        lost: str | None = None,
    ) -> None:
        super().__init__(policy, world, listener, cwd, cwd if lost is None else lost)
        self._pending = pending
        self._skip = skip
        self._root: int | None = None
        self._outer: dict[int, Stream] = {}
        self._processes: dict[int, Process] = {}
        self._early: dict[int, list[Call | Exited | Killed | Superseded]] = {}
        self._begun: dict[int, int] = {}  # pid of a fork in flight -> child that has been seen already
        self._hidden: list[tuple[Process, effects.Forked]] = []  # forks in a pid namespace: what they return is another number
        self._images: list[Image] = []
        self._own_sockets: set[str] = set()  # where the job itself answers
        self._handlers = {
            effects.Opened: self._opened, effects.Executed: self._executed, effects.Forked: self._forked,
            effects.Entered: self._entered, effects.Renamed: self._renamed, effects.Linked: self._linked,
            effects.Removed: self._removed, effects.RemovedDirectory: self._removed_directory,
            effects.Truncated: self._truncated, effects.Duplicated: self._duplicated,
            effects.Piped: self._piped, effects.Connected: self._connected, effects.Isolated: self._isolated,
            effects.Rewired: self._rewired, effects.Ring: self._ring, effects.Closed: self._closed,
            effects.Irregular: self._unlike, effects.Interpreted: self._interpreted, effects.Traced: self._traced,
            effects.Bound: self._bound,
        }  # fmt: skip

    # -- from outside ---------------------------------------------------------------------------------------------------

    def inherit(self, number: int, path: str, *, opened: int, reads: bool, writes: bool, content: bool) -> None:
        """The job starts with descriptor `number` on the file `path`, opened by whoever called; `content`: it was not empty."""
        stream = Stream(opened, OUTSIDE, None, reads=reads, writes=writes)
        if number == 0:
            mapped = self._policy.read(path)
            if mapped is not None and reads:
                stream.version = self._current(mapped)
        elif writes:
            mapped = self._policy.written(path)
            if mapped is not None:
                known = self._files.get(mapped)  # stdout and stderr may be one file
                if known is None or known.external:
                    base = self._current(mapped) if content else None
                    known = self._files.add(Version(mapped, external=False, base=base))
                known.outer = True
                stream.version = known
        if stream.version is not None:
            self._outer[number] = stream

    def observe(self, event: Event) -> None:
        """Take in one event."""
        if type(event) is Call and (process := self._processes.get(event.pid)) is not None and event.time >= self._last:
            self._last = event.time  # nearly every line: in order, of a process that is known
            self.counts.calls += 1
            if event.error is None:
                if not self._opened_again(process, event):
                    self._call(process, event)
            elif event.error in effects.TELLING:
                self._call(process, event)
            return
        if isinstance(event, Unparsed):
            self._unread(event.text)
            return
        if event.time < self._last - JUMP:
            self.warnings["clock"] = "The clock was set back while the job ran: the order of its accesses is not certain."
        self._last = max(self._last, event.time)
        self._take(event)

    def _take(self, event: Call | Exited | Killed | Signal | Superseded) -> None:
        process = self._processes.get(event.pid)
        if process is None:
            if isinstance(event, Signal) or not self._adopt(event):
                return
            process = self._processes[event.pid]
        if isinstance(event, Call):
            self.counts.calls += 1
            self._call(process, event)
        elif isinstance(event, Exited):
            self._ended(process, event.time, event.code, None)
        elif isinstance(event, Killed):
            self._ended(process, event.time, None, event.number)
        elif isinstance(event, Superseded):
            self._superseded(event)

    def touches(self, call: Unfinished) -> list[str]:
        """The paths of files or directories that a call in flight may be about to write, to replace or to take away."""
        process = self._processes.get(call.pid)
        found = []
        for place in effects.intents(call):
            path = self._path(process, place, follow=True)
            if path is not None:
                found.append(path)
        return found

    def current(self, path: str) -> Version | None:
        """The version that is at the kept path `path` now."""
        return self._files.get(path)

    @property
    def last(self) -> int:
        """The time of the last event (µs)."""
        return self._last

    @property
    def running(self) -> int:
        """How many processes have not ended."""
        return sum(1 for process in self._processes.values() if not process.thread)

    @property
    def processes(self) -> list[int]:
        """The processes that have not ended."""
        return [pid for pid, process in self._processes.items() if not process.thread]

    def finish(self) -> Observation:
        """What was observed. Processes that never ended stay without an end."""
        for pid in list(self._early):
            self._flush(pid)
        if self.counts.unparsed:
            self.warnings["unparsed"] = f"{self.counts.unparsed} lines of the trace could not be read: what they said is unknown."
        return self.so_far()

    def so_far(self) -> Observation:
        """What was observed up to now; it grows with what is observed later."""
        for version in self._files.all():
            if version.external and version.ended is None and self._files.is_directory(version.path):
                version.directory = True
        return Observation(self._images, self._files.all(), self._kept_channels, self.warnings, self.counts)

    # -- processes ------------------------------------------------------------------------------------------------------

    def _adopt(self, event: Call | Exited | Killed | Superseded) -> bool:
        """Make a process for a pid that is not known.

        Its parent's fork may not have returned yet. Where only one is in flight, it is that one; of several, only the returns
        will tell whose child it is: then the event waits, and the answer is False.
        """
        if self._hidden:
            parent, effect = self._hidden.pop(0)
            self._start(parent, effect._replace(child=event.pid))
            return True
        forks = [call for call in self._pending.values() if call.name in FORKS and call.pid not in self._begun]
        if self._root is not None and forks and event.pid not in self._early:
            maker = self._processes.get(forks[0].pid)
            if len(forks) == 1 and maker is not None:
                self._begun[maker.pid] = event.pid
                self._start(maker, effects.fork(event.pid, forks[0]))
                return True
        if self._root is not None and forks:
            self._early.setdefault(event.pid, []).append(event)
            return False
        if event.pid in self._early:
            self._flush(event.pid)
            return event.pid in self._processes
        if isinstance(event, (Exited, Killed, Superseded)) or event.value is None:
            return False
        root = self._root is None
        if root:
            self._root = event.pid
        cwd = self._cwd if root else self._cwd_of_orphan()
        image = Image(UNSEEN, None, event.pid, "", [], cwd, event.time)
        self._processes[event.pid] = process = Process(event.pid, image, Folder(cwd))
        if root:
            process.streams.update(self._outer)
        if root and self._skip:
            self._launcher = image
        elif not (isinstance(event, Call) and event.name in ("execve", "execveat")):
            self._begin(image)
        return True

    def _cwd_of_orphan(self) -> str:
        """Where a process is that no fork in the log made."""
        if not self._moved:
            return self._cwd
        self.counts.lost += 1
        return self._lost

    def _begin(self, image: Image) -> None:
        image.id = len(self._images)
        image.live = 1
        self._images.append(image)

    def _flush(self, pid: int) -> None:
        """Take in the events of `pid` that came before its parent's fork returned."""
        events = self._early.pop(pid, [])
        if pid not in self._processes and events:
            first = events[0]
            cwd = self._cwd_of_orphan()
            image = Image(UNSEEN, None, pid, "", [], cwd, first.time)
            self._begin(image)
            self._processes[pid] = Process(pid, image, Folder(cwd))
        for event in events:
            self._take(event)

    def _forked(self, process: Process, effect: effects.Forked, call: Call) -> None:
        begun = self._begun.pop(process.pid, None)
        if begun is not None and (begun == effect.child or process.inner):
            return
        if process.inner:
            self._hidden.append((process, effect))
            return
        self._start(process, effect)
        if effect.child in self._early:
            self._flush(effect.child)

    def _start(self, process: Process, effect: effects.Forked) -> None:
        """The child of a fork begins to run."""
        child = process.fork(
            effect.child, thread=effect.thread, shares_directory=effect.shares_directory, shares_files=effect.shares_files
        )
        child.waited = effect.waits
        child.inner = process.inner or process.inner_children or effect.inner
        if effect.isolated:
            self._isolated(child, effects.Isolated("clone"), None)
        if not effect.thread:
            process.image.live += 1
            process.image.idle = None
        self._processes[effect.child] = child

    def _executed(self, process: Process, effect: effects.Executed, call: Call) -> None:
        named = self._join(process, effect.place) if effect.place is not None else ""
        old = process.image
        if old is self._launcher and self._skip:
            self._skip -= 1
            return
        observed = old.id != UNSEEN
        if effect.cut:
            self.warnings["argv"] = "The arguments of a program were too long to be printed whole by strace."
        if observed and is_worker(effect.argv):
            if not effect.nameless:
                self._use_executable(process, named, call)
            process.opened.clear()
            return
        parent = old if observed else None
        image = Image(UNSEEN, parent, process.pid, named, effect.argv, process.folder.path, call.time)
        self._begin(image)
        self._policy.named(effect.argv, image.cwd)
        if not process.foreign:
            self._listener.started(image)
        process.image, process.thread = image, False
        process.files = {}
        process.streams = dict(process.streams)
        if process.descriptors:
            process.descriptors = dict(process.descriptors)
        self._adopt_streams(process, old, call.time)
        process.opened = {}
        process.named = {}
        if observed:
            self._release(old, call.time)
            if old.pid == process.pid:
                old.ended = call.time
        if not effect.nameless:
            self._use_executable(process, named, call)

    def _use_executable(self, process: Process, named: str, call: Call, depth: int = 0) -> None:
        """Note that a program was executed, and the interpreter that the kernel loads for a script: it opens that unseen."""
        if not named:
            self._unread(call)
            return
        path = self._world.real(named, follow=True) if not process.foreign else named
        mapped = self._policy.executed(path)
        if mapped is not None:
            use = self._use(process, mapped, named if named != path else None, call.time)
            if use is not None:
                use.executed = True
            interpreter = self._world.interpreter(path) if depth < INTERPRETERS and not process.foreign else None
            if interpreter is not None:
                self._use_executable(process, os.path.join(process.folder.path, interpreter), call, depth + 1)

    def _ended(self, process: Process, time: int, code: int | None, signal: int | None) -> None:
        del self._processes[process.pid]
        self._begun.pop(process.pid, None)
        image = process.image
        if not process.thread:
            if image.pid == process.pid and image.ended is None:
                image.ended, image.code, image.signal = time, code, signal
            self._release(image, time)

    def _release(self, image: Image, time: int) -> None:
        image.live -= 1
        if image.live <= 0:
            image.idle = time
            self._listener.idle(image)

    def _superseded(self, event: Superseded) -> None:
        """A thread called execve: it goes on under the pid of its process, whose leader is gone without an end of its own."""
        thread = self._processes.pop(event.by, None)
        leader = self._processes.get(event.pid)
        if leader is None and thread is not None:
            thread.pid, thread.thread = event.pid, False
            self._processes[event.pid] = thread

    # -- calls ----------------------------------------------------------------------------------------------------------

    def _call(self, process: Process, call: Call) -> None:
        if process.image is self._launcher and call.name not in ("execve", "execveat"):
            return
        try:
            effect = effects.effect(call)
        except (ValueError, IndexError):
            self._unread(call)
            if call.value is not None and effects.returns_descriptor(call.name):
                process.descriptors.pop(call.value, None)
            return
        if effect is not None:
            self._apply(process, effect, call)

    def _apply(self, process: Process, effect: Effect, call: Call) -> None:
        self._handlers[type(effect)](process, effect, call)  # type: ignore[operator]

    def _ring(self, process: Process, effect: effects.Ring, call: Call) -> None:
        self.warnings["io_uring"] = "A program used io_uring: files opened through the ring are not seen."

    def _traced(self, process: Process, effect: effects.Traced, call: Call) -> None:
        self.warnings["ptrace"] = (
            "A program used ptrace, as gdb and strace do: a process has one tracer, so it could not trace what this job runs."
        )

    def _interpreted(self, process: Process, effect: effects.Interpreted, call: Call) -> None:
        self._policy.named(["sh", self._join(process, effect.place)], process.folder.path)

    def _connected(self, process: Process, effect: effects.Connected, call: Call) -> None:
        known = process.image.connections
        address = effect.address
        if not effect.port:
            address = os.path.normpath(os.path.join(process.folder.path, address))
            if address in self._own_sockets or address.startswith(SYSTEM_SOCKETS):
                return
        if all((other, port) != (address, effect.port) for _, other, port in known):
            known.append((call.started, address, effect.port))

    def _bound(self, process: Process, effect: effects.Bound, call: Call) -> None:
        self._own_sockets.add(os.path.normpath(os.path.join(process.folder.path, effect.address)))
