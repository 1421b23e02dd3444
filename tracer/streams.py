"""Standard streams and pipes: which image reads and writes what a shell, a parent or the caller opened for it."""

from __future__ import annotations

from tracer import effects
from tracer.changes import Changes
from tracer.events import Call
from tracer.observation import Channel, Image, Version
from tracer.process import Process, Stream

OUTSIDE = -1  # the pid of who opened what the job started with: logs may call its first process 0


class Streams(Changes):
    """Descriptors 0, 1 and 2 of every process, from dup2 to exec, and the ends of pipes."""

    _outer: dict[int, Stream]  # what the job started with, by number

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
            streams = (*process.streams.values(), *self._outer.values())  # its caller's, perhaps put aside for a while
            known = next((s for s in streams if s.version is not None and s.version.path == path), None)
        if known is None:
            version = self._files.get(path)
            if version is None:
                process.streams.pop(effect.number, None)
                return
            reads = effect.number == 0  # how it was opened is not known: it is used as it has to be, and for nothing else
            known = Stream(call.started, OUTSIDE, None, version=version, reads=reads, writes=not reads)
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
                    if own:
                        self._move_base(stream.version, old, image)
                elif number > 0 and stream.writes:
                    if own and process.did_more_than(stream):  # `exec > log`, and then more in the shell itself: both wrote
                        own, opened = False, time
                    self._adopt_generation(process, old, stream, opened, own=own, replaced=replaced)
                    made = stream.version.generations.get(image)
                    if made is not None:
                        made.errors |= number == 2
                    if own:
                        self._move_base(stream.version, old, image)

    def _adopt_use(self, process: Process, old: Image, stream: Stream, opened: int, *, own: bool, replaced: bool) -> None:
        version, image = stream.version, process.image
        assert version is not None
        known = version.uses.get(old)
        if known is not None and ((own and known.opened == stream.opened) or (replaced and known.inherited)):
            known.inherited = True
            self._move_use(version, old, image)
            return
        use = self._use_version(process, version, None, opened, given=stream.pid == OUTSIDE)
        if use is not None:
            use.inherited = not own

    def _move_base(self, version: Version, old: Image, new: Image) -> None:
        """What an append began with is the new image's as well."""
        if version.base is not None:
            self._move_use(version.base, old, new)

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
            self._use_version(process, version.base, None, opened, mixed=True, blind=not stream.reads)
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
