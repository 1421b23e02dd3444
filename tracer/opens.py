"""Opens: the call that nearly every line of a trace is about."""

from __future__ import annotations

from tracer import effects
from tracer.events import Call
from tracer.observation import Channel
from tracer.process import Process
from tracer.streams import Streams


class Opens(Streams):
    """Takes opens apart into uses, writes, ends of pipes, and descriptors that later calls go by."""

    def _opened(self, process: Process, effect: effects.Opened, call: Call) -> None:
        path, place = effect.path, effect.place
        if path is None:
            path = self._undecorated(process, effect, call)
            if path is None or effect.mode.nothing:
                return
        if place is not None and place.directory and place.number is None and not process.foreign:
            process.folder.path = place.directory  # AT_FDCWD</p>: a chdir may have been missed
        elif self.moves_unseen and place is not None and place.number is None and effect.path and not place.name.startswith("/"):
            self._distrust(process, place, path)
        if path in self._channels or not path.startswith("/") or self._is_found_fifo(process, path, call.started):
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
            self._meet(process, mapped, call.started)
            version = self._files.get(mapped)
            if version is None and self.irregular(mapped):
                return
            known = version.uses.get(process.image) if version is not None else None
            if known is None or known.blind or known.given:
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

    def _is_found_fifo(self, process: Process, path: str, time: int) -> bool:
        """Whether `path` is a FIFO that was there before the job: it becomes known as a channel."""
        if process.foreign or self._files.get(path) is not None or not self._world.is_fifo(path):
            return False
        self._add_fifo(path, process, time)
        return True

    def _add_fifo(self, path: str, process: Process, time: int) -> None:
        self._irregular[path] = False
        self._channels[path] = channel = Channel("fifo", process.image, time)
        self._kept_channels.append(channel)

    def _undecorated(self, process: Process, effect: effects.Opened, call: Call) -> str | None:
        """The path of what was opened, in a log that does not print it; noted for who uses the descriptor's number."""
        place = effect.place
        path: str | None = None
        if place is None:
            self._unread(call)
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
        if effect.directory:
            self._irregular[path] = True
        else:
            self._add_fifo(path, process, call.started)

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
        known = version.uses.get(process.image) if version is not None else None
        if version is None or known is None or known.blind or known.given:
            return False
        process.remember(path, call.started, version, True, False)
        return True
