"""Folds the events of a trace into an Observation: images, versions of files with their uses and generations, channels.

Memory grows with distinct files and processes, not with events. What a path means (kept, left out, kept under another path) is
the caller's `Policy`; the file system as it is now is the caller's `World`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Protocol

from tracer import effects
from tracer.effects import Effect, Place
from tracer.events import Call, Event, Exited, Killed, Signal, Superseded, Unfinished, Unparsed
from tracer.files import Files
from tracer.namer import FORKS
from tracer.observation import Channel, Counts, Generation, Image, Observation, Use, Version
from tracer.process import Folder, Process, Stream, is_worker

EXAMPLES = 10
SLACK = 10_000  # µs: the kernel stamps files with a clock that ticks every 1 to 10 ms
OUTSIDE = -1  # the pid of who opened what the job started with: logs may call its first process 0
UNSEEN = -1  # the id of an image before it counts as one of the job's
JUMP = 1_000_000  # µs: a line this much older than one before it means that the clock was set


class Policy(Protocol):
    """Under which path an access is kept; None leaves it out (the policy counts it)."""

    def read(self, path: str) -> str | None: ...
    def written(self, path: str) -> str | None: ...
    def executed(self, path: str) -> str | None: ...
    def named(self, argv: Sequence[str], cwd: str) -> None: ...


class World(Protocol):
    """The file system as it is now, or as nobody can know any more."""

    def real(self, path: str, *, follow: bool) -> str:
        """`path` without symbolic links; the last component is followed only if `follow`."""

    def rewired(self) -> None:
        """Links or directories changed: what was resolved before may lead elsewhere."""

    def born(self, path: str) -> int | None:
        """When the file at `path` was made (µs), None where that is not known."""


class Listener(Protocol):
    """Who wants to know at once."""

    def used(self, use: Use) -> None:
        """A file was read for the first time by an image."""

    def idle(self, image: Image) -> None:
        """The last process of `image` has ended."""


class Observer:
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
        self._policy = policy
        self._world = world
        self._listener = listener
        self._cwd = cwd
        self._lost = cwd if lost is None else lost
        self._moved = False  # some process changed its working directory
        self._links: set[str] = set()  # symbolic links that the job made
        self._irregular: dict[str, bool] = {}  # path -> whether it is a directory
        self._pending = pending
        self._skip = skip
        self._launcher: Image | None = None
        self._root: int | None = None
        self._outer: dict[int, Stream] = {}
        self._processes: dict[int, Process] = {}
        self._early: dict[int, list[Call | Exited | Killed | Superseded]] = {}
        self._begun: dict[int, int] = {}  # pid of a fork in flight -> child that has been seen already
        self._hidden: list[tuple[Process, effects.Forked]] = []  # forks in a pid namespace: what they return is another number
        self._images: list[Image] = []
        self._files = Files()
        self._channels: dict[str, Channel] = {}
        self._kept_channels: list[Channel] = []
        self._last = 0
        self.warnings: dict[str, str] = {}
        self.counts = Counts()
        self._handlers = {
            effects.Opened: self._opened, effects.Executed: self._executed, effects.Forked: self._forked,
            effects.Entered: self._entered, effects.Renamed: self._renamed, effects.Linked: self._linked,
            effects.Removed: self._removed, effects.RemovedDirectory: self._removed_directory,
            effects.Truncated: self._truncated, effects.Duplicated: self._duplicated,
            effects.Piped: self._piped, effects.Connected: self._connected, effects.Isolated: self._isolated,
            effects.Rewired: self._rewired, effects.Ring: self._ring, effects.Closed: self._closed,
            effects.Irregular: self._unlike,
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
            elif event.error == effects.GOES_ON:
                self._call(process, event)
            return
        if isinstance(event, Unparsed):
            self.counts.unparsed += 1
            if len(self.counts.examples) < EXAMPLES:
                self.counts.examples.append(event.text[:300])
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

    def irregular(self, path: str) -> bool:
        """Whether the log shows that `path` is no regular file: a directory, a FIFO, a device."""
        return path in self._irregular or self._files.is_directory(path)

    @property
    def last(self) -> int:
        """The time of the last event (µs)."""
        return self._last

    @property
    def running(self) -> int:
        """How many processes have not ended."""
        return sum(1 for process in self._processes.values() if not process.thread)

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
            if version.external and self._files.is_directory(version.path):
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
        named = self._join(process, effect.place)
        old = process.image
        if old is self._launcher and self._skip:
            self._skip -= 1
            return
        observed = old.id != UNSEEN
        if effect.cut:
            self.warnings["argv"] = "The arguments of a program were too long to be printed whole by strace."
        if observed and is_worker(effect.argv):
            self._use_executable(process, named, call)
            process.opened.clear()
            return
        parent = old if observed else None
        image = Image(UNSEEN, parent, process.pid, named, effect.argv, process.folder.path, call.time)
        self._begin(image)
        self._policy.named(effect.argv, image.cwd)
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
        self._use_executable(process, named, call)

    def _use_executable(self, process: Process, named: str, call: Call) -> None:
        path = self._world.real(named, follow=True) if not process.foreign else named
        mapped = self._policy.executed(path)
        if mapped is not None:
            use = self._use(process, mapped, named if named != path else None, call.time)
            if use is not None:
                use.executed = True

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
            self.counts.unparsed += 1
            if len(self.counts.examples) < EXAMPLES:
                self.counts.examples.append(f"{call.name}({', '.join(call.args)})"[:300])
            return
        if effect is not None:
            self._apply(process, effect, call)

    def _apply(self, process: Process, effect: Effect, call: Call) -> None:
        self._handlers[type(effect)](process, effect, call)  # type: ignore[operator]

    def _join(self, process: Process | None, place: Place) -> str:
        """The absolute path of a place as it was named, symbolic links and all."""
        directory = self._directory(process, place) or self._lost
        return os.path.normpath(os.path.join(directory, place.name))

    def _directory(self, process: Process | None, place: Place) -> str | None:
        """What `place.name` is below; None for a descriptor of which the log says nothing."""
        if place.directory:
            return place.directory
        if place.number is not None:
            return process.descriptors.get(place.number) if process is not None else None
        return process.folder.path if process is not None else self._cwd

    def _named(self, process: Process, place: Place | None, path: str) -> str | None:
        """The absolute path that the call gave, where it is another one than the real `path`."""
        if place is None or place.name == path or f"{place.directory or process.folder.path}/{place.name}" == path:
            return None
        named = self._join(process, place)
        return named if named != path else None

    def _path(self, process: Process | None, place: Place, *, follow: bool) -> str | None:
        """The real path of a place; None for what is no file (`pipe:[1]`)."""
        directory = self._directory(process, place)
        if directory is None or not directory.startswith("/"):
            if place.name.startswith("/"):
                directory = "/"
            else:
                self.counts.nowhere += directory is None and place.name != ""
                return None
        path = os.path.join(directory, place.name) if place.name else directory
        if process is not None and process.foreign:
            return os.path.normpath(path)
        return self._world.real(path, follow=follow)

    def _entered(self, process: Process, effect: effects.Entered, call: Call) -> None:
        path = self._path(process, effect.place, follow=True)
        if path is not None:
            self._moved |= path != process.folder.path
            process.folder.path = path

    def _isolated(self, process: Process, effect: effects.Isolated, call: Call | None) -> None:
        process.inner_children |= effect.inner
        if not effect.mounts:
            return
        process.foreign = True
        self.warnings["namespace"] = (
            f"A program changed its root or its mounts ({effect.call}): its files are kept as it named them, without digests."
        )

    def _ring(self, process: Process, effect: effects.Ring, call: Call) -> None:
        self.warnings["io_uring"] = "A program used io_uring: files opened through the ring are not seen."

    def _rewired(self, process: Process, effect: effects.Rewired, call: Call) -> None:
        self._world.rewired()
        path = self._path(process, effect.place, follow=False)
        if path is not None:
            self._links.add(path)

    def _is_link(self, process: Process, path: str) -> bool:
        """Whether `path` is a symbolic link now, as far as that can be known."""
        return not process.foreign and self._world.real(path, follow=True) != path

    def _connected(self, process: Process, effect: effects.Connected, call: Call) -> None:
        known = process.image.connections
        if all((address, port) != (effect.address, effect.port) for _, address, port in known):
            known.append((call.started, effect.address, effect.port))

    # -- files ----------------------------------------------------------------------------------------------------------

    def _current(self, mapped: str, *, foreign: bool = False) -> Version:
        version = self._files.get(mapped)
        if version is None:
            version = self._files.add(Version(mapped, external=True, foreign=foreign))
        return version

    def _opened(self, process: Process, effect: effects.Opened, call: Call) -> None:
        path, place = effect.path, effect.place
        if path is None:
            path = self._undecorated(process, effect)
            if path is None or effect.mode.nothing:
                return
        if place is not None and place.directory and place.number is None and not process.foreign:
            process.folder.path = place.directory  # AT_FDCWD</p>: a chdir may have been missed
        if path in self._channels or not path.startswith("/"):
            self._opened_channel(process, effect, path, call.started)
            return
        mode = effect.mode
        if mode.temporary:
            self._nameless(process, path, effect.number, call.started)
            return
        if process.files:
            process.files.pop(effect.number, None)
        if effect.deleted:
            if not mode.writes and place is not None and not place.name.startswith("/proc/"):
                self._used_too_late(process, path, call.started)
            return
        if not mode.writes and not (mode.creates and self._is_made(path, mode, call.started)):
            mapped = self._policy.read(path)
            if mapped is None:
                return
            version = self._files.get(mapped)
            if version is None and self.irregular(mapped):
                return
            if version is None or process.image not in version.uses:
                named = self._named(process, effect.place, path) if mapped == path else None
                version = version or self._current(mapped, foreign=process.foreign)
                self._use_version(process, version, named, call.started)
        else:
            version = self._write(process, path, mode, call)
        if version is None:
            return
        process.remember(path, call.started, version, mode.reads, mode.writes)
        if effect.number <= 2:
            stream = process.remembered(path)
            assert stream is not None
            process.streams[effect.number] = stream

    def _nameless(self, process: Process, path: str, number: int, time: int) -> None:
        """O_TMPFILE: nothing is generated unless a link gives it a name."""
        mapped = self._policy.written(path)
        if mapped is not None:
            version = Version(mapped, external=False, foreign=process.foreign, both_ways=True)
            version.generations[process.image] = Generation(process.image, version, time)
            process.files[number] = version
            process.remember(path, time, version, True, True)

    def _used_too_late(self, process: Process, path: str, time: int) -> None:
        """The file lost its name between the open and strace's look at it: what was read is what was there before."""
        mapped = self._policy.read(path)
        if mapped is None:
            return
        version = self._files.gone(mapped)
        if version is None:
            version = Version(mapped, external=True, foreign=process.foreign, ended=time, removed=True)
            self._files.note(version)
        version.intend(time, time + 1)  # whatever is found there now is another file
        self._use_version(process, version, None, time)

    def _undecorated(self, process: Process, effect: effects.Opened) -> str | None:
        """The path of what was opened, in a log that does not print it; noted for who uses the descriptor's number."""
        place = effect.place
        path: str | None = None
        if place is None:
            self.counts.nowhere += 1
        elif (own := effects.own_descriptor(place.name)) is not None:
            path = process.descriptors.get(own)
        else:
            path = self._path(process, place, follow=True)
            if path is not None and effect.mode.temporary:
                path = f"{path}/#{process.pid}.{effect.number}"
        if path is None:
            process.descriptors.pop(effect.number, None)
        else:
            process.descriptors[effect.number] = path
        return path

    def _closed(self, process: Process, effect: effects.Closed, call: Call) -> None:
        process.descriptors.pop(effect.number, None)
        if effect.number <= 2:
            process.streams.pop(effect.number, None)

    def _unlike(self, process: Process, effect: effects.Irregular, call: Call) -> None:
        path = self._path(process, effect.place, follow=False)
        if path is None:
            return
        self._irregular[path] = effect.directory
        if not effect.directory:
            self._channels[path] = channel = Channel("fifo", process.image, call.started)
            self._kept_channels.append(channel)

    def _opened_again(self, process: Process, call: Call) -> bool:
        """Whether `call` opens for reading what is left out, or what its image has read before; then nothing is left to do.

        Most opens of a long job are such: this spares them the effect (10 of 12 µs).
        """
        path = call.path
        number = call.value
        if path is None or call.deleted or number is None or number <= 2 or not path.startswith("/"):
            return False
        if not effects.only_reads(call) or process.image is self._launcher:
            return False
        mapped = self._policy.read(path)
        if mapped is None:
            return True
        version = self._files.get(mapped)
        if version is None or process.image not in version.uses:
            return False
        process.remember(path, call.started, version, True, False)
        return True

    def _use(self, process: Process, mapped: str, named: str | None, time: int, *, mixed: bool = False) -> Use | None:
        """Note that the process read what is at `mapped`; None where it only read back what its own image had written."""
        version = self._current(mapped, foreign=process.foreign)
        return self._use_version(process, version, named, time, mixed=mixed)

    def _use_version(
        self, process: Process, version: Version, named: str | None, time: int, *, mixed: bool = False
    ) -> Use | None:
        image = process.image
        use = version.uses.get(image)
        if use is not None:
            return use
        if len(version.generations) == 1 and image in version.generations and not version.generations[image].tentative:
            return None
        use = Use(image, version, version.path, named, time, process.pid, mixed=mixed, foreign=process.foreign)
        version.uses[image] = use
        self._listener.used(use)
        return use

    def _write(self, process: Process, path: str, mode: effects.Mode, call: Call) -> Version | None:
        """Note that the process opened `path` for writing; the version that it writes."""
        mapped = self._policy.written(path)
        if mapped is None:
            return None
        image, time = process.image, call.started
        if self._irregular.get(mapped):
            del self._irregular[mapped]  # a directory cannot be written: it was removed, and this is another thing
        current = self._files.get(mapped)
        fresh = not mode.keeps or (current is None and mode.creates and self._is_new(path, time))
        if current is not None:
            current.intend(time, call.time)
            alone = len(current.generations) == 1 and image in current.generations
            if alone and not any(reader is not image for reader in current.uses):
                current.both_ways |= mode.reads
                current.foreign |= process.foreign
                if fresh:
                    current.generations[image].tentative = False
                return current
        base = None
        if not fresh:
            base = self._current(mapped, foreign=process.foreign)
            self._use_version(process, base, None, time, mixed=True)
            base.intend(time, call.time)
        self._files.overwrite(mapped, time)
        version = self._files.add(
            Version(mapped, external=False, base=base, foreign=process.foreign, both_ways=mode.reads)
        )
        self._generate(image, version, time, tentative=not fresh)
        if current is not None and current.twins is not None:
            self._write_twins(process, current.twins, version, time)
        return version

    def _write_twins(self, process: Process, old: list[Version], new: Version, time: int) -> None:
        """What is written to one name of a file is written to its other names."""
        tentative = new.generations[process.image].tentative
        for twin in old:
            if twin.ended is None and self._files.get(twin.path) is twin:
                self._files.overwrite(twin.path, time)
                version = Version(
                    twin.path, external=False, base=twin if tentative else None, foreign=new.foreign, both_ways=new.both_ways
                )
                new.link(self._files.add(version))
                self._generate(process.image, version, time, tentative=tentative)

    def _generate(self, image: Image, version: Version, time: int, *, tentative: bool = False) -> Generation:
        generation = Generation(image, version, time, tentative=tentative)
        version.generations[image] = generation
        image.outputs.append(version)
        return generation

    def _is_new(self, path: str, time: int) -> bool:
        """True where the file at `path` was made by the open at `time`, or nobody can tell."""
        born = self._world.born(path)
        return born is None or born >= time - SLACK

    def _is_made(self, path: str, mode: effects.Mode, time: int) -> bool:
        """Whether an open for reading made the file (a lock's)."""
        if self._files.get(path) is not None:
            return False
        born = self._world.born(path)
        return mode.exclusive or (born is not None and born >= time - SLACK)

    def _truncated(self, process: Process, effect: effects.Truncated, call: Call) -> None:
        if effect.place.number in process.files:
            return
        path = self._path(process, effect.place, follow=True)
        if path is None:
            return
        mapped = self._policy.written(path)
        current = self._files.get(mapped) if mapped is not None else None
        if current is not None and process.image in current.generations:
            current.intend(call.started, call.time)
            return
        mode = effects.mode("O_WRONLY|O_TRUNC" if effect.whole else "O_WRONLY")
        self._write(process, path, mode, call)

    def _removed(self, process: Process, effect: effects.Removed, call: Call) -> None:
        path = self._path(process, effect.place, follow=False)
        if path is None:
            return
        removed = self._files.remove(path, call.started)
        self._links.discard(path)
        if self._irregular.pop(path, None) is not None:
            self._channels.pop(path, None)
        if removed is None:
            self._world.rewired()  # it may have been a symbolic link
        else:
            removed.intend(call.started, call.time)

    def _removed_directory(self, process: Process, effect: effects.RemovedDirectory, call: Call) -> None:
        path = self._path(process, effect.place, follow=False)
        version = self._files.get(path) if path is not None else None
        if path is not None and version is not None:  # opened to be listed, as rmtree does
            version.directory = True
            self._files.remove(path, call.started)
        self._world.rewired()

    def _renamed(self, process: Process, effect: effects.Renamed, call: Call) -> None:
        old = self._path(process, effect.old, follow=False)
        new = self._path(process, effect.new, follow=False)
        if old is None or new is None or old == new:
            return
        time = call.started
        for path in (old, new) if effect.exchange else (new,):
            replaced = self._files.get(path)
            if replaced is not None:
                replaced.intend(time, call.time)
        if self._files.is_directory(old) or self._files.is_directory(new):
            self._world.rewired()
        if effect.exchange:
            self._files.exchange(old, new, time, call.time)
            return
        moved = self._files.get(old)
        irregular = old in self._irregular
        if irregular:
            self._irregular[new] = self._irregular.pop(old)
        if old in self._channels:
            self._channels[new] = self._channels.pop(old)
        if irregular or self._files.is_directory(old):
            self._files.move(old, new, time, call.time)
            return
        if moved is None:
            if old in self._links or self._is_link(process, new):
                self._links.discard(old)
                self._links.add(new)
                self._files.overwrite(new, time)
                self._world.rewired()
                return
            self._moved_in(process, old, new, time)
            return
        moved.intend(time, call.time)
        if moved.external:
            moved.moved_to = self._copied(process, moved, new, time)
            self._files.remove(old, time)
            return
        if self._policy.written(new) is None:
            self._files.remove(old, time)  # to where nothing is kept: python's cached bytecode
            return
        self._files.move(old, new, time, call.time)

    def _moved_in(self, process: Process, old: str, new: str, time: int) -> None:
        """A file that the job had not touched got another name: its content is used, and generated under the new name."""
        read, written = self._policy.read(old), self._policy.written(new)
        if written is None:
            return
        if read is not None and read != old:
            read = None
        source = self._current(read, foreign=process.foreign) if read is not None else None
        if source is None:
            self._files.overwrite(written, time)
            version = self._files.add(Version(written, external=False, foreign=process.foreign, touched=time))
            self._generate(process.image, version, time)
            return
        source.moved_to = self._copied(process, source, written, time)
        self._files.remove(old, time)

    def _copied(self, process: Process, source: Version, new: str, time: int) -> Version | None:
        """`new` is another name for the content of `source`, which this process's image did not write."""
        written = self._policy.written(new)
        if written is None:
            return None
        self._use_version(process, source, None, time)
        self._files.overwrite(written, time)
        version = self._files.add(Version(written, external=False, foreign=process.foreign, touched=time))
        self._generate(process.image, version, time)
        source.link(version)
        return version

    def _linked(self, process: Process, effect: effects.Linked, call: Call) -> None:
        new = self._path(process, effect.new, follow=False)
        if new is None:
            return
        time = call.started
        source: Version | None = None
        if effect.descriptor is not None:
            source = process.files.get(effect.descriptor)
        if source is not None and not source.touched:
            self._name(process, source, new, time)
            return
        if source is None:
            old = self._path(process, effect.old, follow=False)
            if old is None:
                return
            source = self._files.get(old)
            if source is None:
                mapped = self._policy.read(old)
                if mapped != old:
                    return
                source = self._current(old, foreign=process.foreign)
        source.touched = time
        if set(source.generations) == {process.image}:
            written = self._policy.written(new)
            if written is None:
                return
            self._files.overwrite(written, time)
            version = self._files.add(Version(written, external=False, foreign=process.foreign, touched=time))
            self._generate(process.image, version, source.generations[process.image].opened)
            source.link(version)
            return
        self._copied(process, source, new, time)

    def _name(self, process: Process, version: Version, new: str, time: int) -> None:
        """The first name of a file that had none."""
        written = self._policy.written(new)
        if written is None:
            return
        self._files.overwrite(written, time)
        version.path, version.touched = written, time
        self._files.add(version)
        for image in version.generations:
            image.outputs.append(version)

    # -- standard streams and pipes -------------------------------------------------------------------------------------

    def _give(self, process: Process) -> None:
        """The process puts its own standard input back: if it had opened a file for one program alone, it did not read it."""
        stream = process.streams.get(0)
        if stream is None or stream.version is None or stream.pid != process.pid or len(stream.takers) != 1:
            return
        uses = stream.version.uses
        use = uses.get(process.image)
        if use is not None and use.opened == stream.opened and stream.takers[0] in uses:
            del uses[process.image]

    def _duplicated(self, process: Process, effect: effects.Duplicated, call: Call) -> None:
        if effect.number == 0:
            self._give(process)
        path = effect.path
        if path is None:
            path = process.descriptors.get(effect.source)
            if path is None:
                process.descriptors.pop(effect.number, None)
            else:
                process.descriptors[effect.number] = path
            if effect.number > 2:
                return
        if path is None or not (path.startswith("/") or path in self._channels):
            process.streams.pop(effect.number, None)
            return
        if path in self._channels:
            process.streams[effect.number] = Stream(call.started, process.pid, process.image, channel=path)
            return
        known = process.remembered(path)
        if known is None:
            known = next((s for s in process.streams.values() if s.version is not None and s.version.path == path), None)
        if known is None:
            version = self._files.get(path)
            if version is None:
                process.streams.pop(effect.number, None)
                return
            known = Stream(call.started, OUTSIDE, None, version=version)
        process.streams[effect.number] = known

    def _adopt_streams(self, process: Process, old: Image, time: int) -> None:
        """The image that was just executed has the process's standard streams."""
        image = process.image
        replaced = old.pid == process.pid
        for number, stream in sorted(process.streams.items()):
            if stream.channel is not None:
                self._adopt_channel(process, old, stream.channel, number, time)
            elif stream.version is not None:
                own = stream.pid == process.pid and stream.image is old
                opened = stream.opened if own else time
                if number == 0 and stream.reads:
                    if process.waited and stream.image is old:
                        stream.takers.append(image)
                    self._adopt_use(process, old, stream, opened, own=own, replaced=replaced)
                elif number > 0 and stream.writes:
                    if own and process.did_more_than(stream):  # `exec > log`, and then more in the shell itself: both wrote
                        own, opened = False, time
                    self._adopt_generation(process, old, stream, opened, own=own, replaced=replaced)
                    made = stream.version.generations.get(image)
                    if made is not None:
                        made.errors |= number == 2
                    if own:  # what an append began with is the new image's as well
                        base = stream.version.base
                        if base is not None:
                            self._move_use(base, old, image)

    def _adopt_use(self, process: Process, old: Image, stream: Stream, opened: int, *, own: bool, replaced: bool) -> None:
        version, image = stream.version, process.image
        assert version is not None
        known = version.uses.get(old)
        if known is not None and ((own and known.opened == stream.opened) or (replaced and known.inherited)):
            known.inherited = True
            self._move_use(version, old, image)
            return
        use = self._use_version(process, version, None, opened)
        if use is not None:
            use.inherited = not own

    def _move_use(self, version: Version, old: Image, new: Image) -> None:
        use = version.uses.pop(old, None)
        if use is not None and new not in version.uses:
            use.image = new
            version.uses[new] = use

    def _adopt_generation(
        self, process: Process, old: Image, stream: Stream, opened: int, *, own: bool, replaced: bool
    ) -> None:
        version, image = stream.version, process.image
        assert version is not None
        known = version.generations.get(old)
        if known is not None and ((own and known.opened == stream.opened) or (replaced and known.inherited)):
            known.inherited = True  # a wrapper passes it on in turn
            del version.generations[old]
            if image in version.generations:
                return
            known.image, known.stream = image, True
            version.generations[image] = known
            image.outputs.append(version)
            return
        if image in version.generations:
            return
        outer = stream.pid == OUTSIDE  # opened before the job: perhaps nothing is written to it
        if outer and version.base is not None:
            self._use_version(process, version.base, None, opened, mixed=True)
        generation = self._generate(image, version, opened, tentative=outer or version.base is not None)
        generation.inherited, generation.stream = not own, True

    def _piped(self, process: Process, effect: effects.Piped, call: Call) -> None:
        channel = Channel(effect.kind, process.image, call.started)
        self._kept_channels.append(channel)
        keys = effect.keys
        if not keys:
            keys = (f"{effect.kind}:[{len(self._kept_channels)}]",)
            process.descriptors.update(dict.fromkeys(effect.numbers, keys[0]))
        for key in keys:
            self._channels[key] = channel

    def _adopt_channel(self, process: Process, old: Image, key: str, number: int, time: int) -> None:
        image = process.image
        named = process.named.get(key)  # opened by its name since the fork: by the shell, for this image alone
        channel = self._channels.get(key)
        if channel is None:
            return  # the caller's own pipe
        both = channel.kind == "socketpair"
        for ends, wanted in ((channel.readers, number == 0 or both), (channel.writers, number > 0 or both)):
            if wanted:
                mine = old.pid == process.pid or (named is not None and ends.get(old) == named)
                since = ends.pop(old, time) if mine else time
                ends.setdefault(image, since)

    def _opened_channel(self, process: Process, effect: effects.Opened, key: str, time: int) -> None:
        """A pipe opened by name: /dev/fd/63 of a process substitution, /dev/stdin."""
        channel = self._channels.get(key)
        if channel is None:
            return
        process.named[key] = time
        if effect.mode.reads:
            channel.readers.setdefault(process.image, time)
        if effect.mode.writes:
            channel.writers.setdefault(process.image, time)
