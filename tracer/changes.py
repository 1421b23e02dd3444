"""What happens to files: which image used and generated which version, and where versions are renamed, linked and removed."""

from __future__ import annotations

from tracer import effects
from tracer.events import Call
from tracer.observation import Generation, Image, Use, Version
from tracer.places import Places
from tracer.process import Process

SLACK = 10_000  # µs: the kernel stamps files with a clock that ticks every 1 to 10 ms


class Changes(Places):
    """Uses, generations, renames, links and removals."""

    def _current(self, mapped: str, *, foreign: bool = False) -> Version:
        version = self._files.get(mapped)
        if version is None:
            version = self._files.add(Version(mapped, external=True, foreign=foreign))
        return version

    def _use(self, process: Process, mapped: str, named: str | None, time: int, *, mixed: bool = False) -> Use | None:
        """Note that the process read what is at `mapped`; None where it only read back what its own image had written."""
        version = self._current(mapped, foreign=process.foreign)
        return self._use_version(process, version, named, time, mixed=mixed)

    def _use_version(
        self,
        process: Process,
        version: Version,
        named: str | None,
        time: int,
        *,
        mixed: bool = False,
        blind: bool = False,
        given: bool = False,
    ) -> Use | None:
        image = process.image
        began_with = version.base.uses.get(image) if version.base is not None and image in version.generations else None
        if began_with is not None:
            began_with.blind &= blind  # it reads what it may not have written yet (sort a -o a)
        use = version.uses.get(image)
        if use is not None:
            use.blind &= blind
            use.given &= given
            return use
        if len(version.generations) == 1 and image in version.generations and not version.generations[image].tentative:
            return None
        use = Use(image, version, version.path, named, time, process.pid, mixed, blind, given, foreign=process.foreign)
        use.returned = self._last
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
        self._meet(process, mapped, time)
        current = self._files.get(mapped)
        fresh = not mode.keeps or (current is None and mode.creates and self._is_new(path, time))
        if current is not None:
            current.intend(time, call.time)
            if all(_is_of(image, version) for version in current.twins or (current,)):
                current.both_ways |= mode.reads
                current.foreign |= process.foreign
                made = current.generations[image]
                made.named = False
                made.tentative &= not fresh
                return current
        base = None
        if not fresh:
            base = self._current(mapped, foreign=process.foreign)
            self._use_version(process, base, None, time, mixed=True, blind=not mode.reads)
            base.intend(time, call.time)
        self._files.overwrite(mapped, time)
        version = self._files.add(
            Version(mapped, external=False, base=base, foreign=process.foreign, both_ways=mode.reads)
        )
        self._generate(image, version, time, tentative=not fresh)
        if current is not None and not (mode.exclusive or mode.temporary):
            version.replaces(current)
        if current is not None and current.twins is not None:
            self._write_twins(process, current.twins, version, time)
        if not process.foreign and (names := self._world.names(mapped)) is not None:
            self._several[names] = version
            version.intend(time, call.time)
        return version

    def _meet(self, process: Process, path: str, time: int) -> None:
        """If `path` is another name of a file that the job has written, say so: it had that name before the job."""
        if not self._several or process.foreign:
            return
        names = self._world.names(path)
        written = self._several.get(names) if names is not None else None
        if written is None or written.path == path or self._files.get(written.path) is not written:
            return
        here = self._files.get(path)
        if here is not None and here in (written.twins or ()):
            return
        if here is None and written.base is not None:
            here = self._current(path)
        self._files.overwrite(path, time)
        twin = Version(path, external=False, base=here, both_ways=written.both_ways, touched=written.touched)
        written.link(self._files.add(twin))
        twin.intents.extend(written.intents)
        twin.wrote = written.wrote
        for image, made in written.generations.items():
            self._generate(image, twin, made.opened, tentative=made.tentative)

    def rewritten(self, file: tuple[int, int]) -> Version | None:
        """The last version of what has this device and inode, if it had several names when it was written."""
        return self._several.get(file)

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
                version.replaces(twin)

    def _generate(
        self, image: Image, version: Version, time: int, *, tentative: bool = False, named: bool = False
    ) -> Generation:
        generation = Generation(image, version, time, tentative=tentative, named=named)
        version.generations[image] = generation
        image.outputs.append(version)
        self._listener.wrote(version)
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
            if effect.whole:
                self._begun_anew(current, process.image)
            return
        mode = effects.mode("O_WRONLY|O_TRUNC" if effect.whole else "O_WRONLY")
        self._write(process, path, mode, call)

    def _begun_anew(self, version: Version, image: Image) -> None:
        """`image` opened a file for writing and then cut it to nothing (sort -o): what was there has no part in what it writes."""
        version.generations[image].tentative = False
        use = version.base.uses.get(image) if version.base is not None else None
        if use is not None and use.blind and len(version.generations) == 1:
            del use.version.uses[image]

    def _removed(self, process: Process, effect: effects.Removed, call: Call) -> None:
        path = self._path(process, effect.place, follow=False)
        if path is None:
            return
        self._listener.displaced(path, call.time)
        removed = self._files.remove(path, call.started)
        self._links.discard(path)
        if self._irregular.pop(path, None) is not None:
            self._channels.pop(path, None)
        if removed is None:
            self._world.rewired()  # it may have been a symbolic link
        else:
            removed.rename(call.started, call.time)

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
        self._rename(process, old, new, call, exchange=effect.exchange)
        for path in (old, new):
            self._listener.displaced(path, call.time)

    def _rename(self, process: Process, old: str, new: str, call: Call, *, exchange: bool) -> None:
        time = call.started
        for path in (old, new) if exchange else (new,):
            replaced = self._files.get(path)
            if replaced is not None:
                replaced.rename(time, call.time)
        if self._files.is_directory(old) or self._files.is_directory(new):
            self._world.rewired()
        if exchange:
            self._exchanged(process, old, new, call)
            return
        moved = self._files.get(old)
        irregular = old in self._irregular
        if irregular:
            self._irregular[new] = self._irregular.pop(old)
        if old in self._channels:
            self._channels[new] = self._channels.pop(old)
        if irregular or self._files.is_directory(old):
            self._tell_moved(self._files.move(old, new, time, call.time))
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
        moved.rename(time, call.time)
        if moved.external:
            moved.moved_to = self._copied(process, moved, new, time)
            self._files.remove(old, time)
            return
        if self._policy.written(new) is None:
            self._files.remove(old, time)  # to where nothing is kept: python's cached bytecode
            return
        self._tell_moved(self._files.move(old, new, time, call.time))

    def _tell_moved(self, versions: list[Version]) -> None:
        for version in versions:
            if version.generations:
                self._listener.wrote(version)

    def _exchanged(self, process: Process, one: str, other: str, call: Call) -> None:
        """Both names stay, each with the other's content: what the job had not written is used, and generated anew."""
        places = ((one, other), (other, one))
        found = {old: self._files.get(old) for old, _ in places}
        if any(self._files.is_directory(path) or self.irregular(path) for path in found):
            self._files.exchange(one, other, call.started, call.time)
            return
        for old, new in places:
            if found[old] is None and self._policy.read(old) == old and not self._is_link(process, new):
                found[old] = self._current(old, foreign=process.foreign)
        self._files.exchange(one, other, call.started, call.time)
        for old, new in places:
            version = found[old]
            if version is not None and version.external:
                version.path = old  # under its new name it is another version
                version.ended, version.removed = call.started, True
                version.rename(call.started, call.started + 1)  # what is found under its old name is the other file
                version.moved_to = self._copied(process, version, new, call.started)

    def _moved_in(self, process: Process, old: str, new: str, time: int) -> None:
        """A file that the job had not touched got another name: its content is used, and generated under the new name."""
        read, written = self._policy.read(old), self._policy.written(new)
        if written is None:
            return
        if read is not None and read != old:
            read = None
        source = self._current(read, foreign=process.foreign) if read is not None else None
        if source is None:
            self._named_anew(process, written, time)
            return
        source.rename(time, time + 1)  # what is found under its old name is another file
        source.moved_to = self._copied(process, source, written, time)
        self._files.remove(old, time)

    def _named_anew(self, process: Process, written: str, time: int, opened: int | None = None) -> Version:
        """The file that has this name since `time`, and was written since `opened` (None: since then)."""
        self._files.overwrite(written, time)
        version = self._files.add(Version(written, external=False, foreign=process.foreign, touched=time))
        self._generate(process.image, version, time if opened is None else opened, named=True)
        return version

    def _copied(self, process: Process, source: Version, new: str, time: int) -> Version | None:
        """`new` is another name for the content of `source`, which this process's image did not write."""
        written = self._policy.written(new)
        if written is None:
            return None
        self._use_version(process, source, None, time)
        version = self._named_anew(process, written, time)
        source.link(version)
        return version

    def _linked(self, process: Process, effect: effects.Linked, call: Call) -> None:
        new = self._path(process, effect.new, follow=False)
        if new is None:
            return
        time = call.started
        source = self._opened_as(process, effect, new)
        if source is not None and not source.external and not source.touched and source in process.files.values():
            self._name(process, source, new, time)
            return
        if source is None:
            old = self._path(process, effect.old, follow=False)
            if old is None:
                self._generated_from_nowhere(process, new, time)
                return
            source = self._files.get(old)
            if source is None:
                if self._policy.read(old) != old:
                    if (written := self._policy.written(new)) is not None:
                        self._named_anew(process, written, time)
                    return
                source = self._current(old, foreign=process.foreign)
        source.touched = time
        if set(source.generations) == {process.image}:
            written = self._policy.written(new)
            if written is None:
                return
            source.link(self._named_anew(process, written, time, source.generations[process.image].opened))
            return
        self._copied(process, source, new, time)

    def _opened_as(self, process: Process, effect: effects.Linked, new: str) -> Version | None:
        """What a link that names its file by a descriptor links to; None for a link by name, or where that is not known.

        The descriptor may be a duplicate that nothing says the making of: then the file that is at `new` now tells.
        """
        if effect.descriptor is None and not effect.old.name.startswith("/proc/"):
            return None
        nameless = process.files.get(-1 if effect.descriptor is None else effect.descriptor)
        if nameless is not None:
            return nameless
        for version in process.files.values():
            if not effect.old.name and version.path == effect.old.directory:
                return version
        if process.foreign:
            return None
        for _, version, _, _ in process.opened.values():
            if version.path != new and self._world.same(version.path, new):
                return version
        unnamed = [version for version in dict.fromkeys(process.files.values()) if not version.touched]
        return unnamed[0] if len(unnamed) == 1 and not self._world.names(new) else None

    def _generated_from_nowhere(self, process: Process, new: str, time: int) -> None:
        """A name for a file of which nothing else is known."""
        written = self._policy.written(new)
        if written is not None:
            self._files.overwrite(written, time)
            self._generate(process.image, self._files.add(Version(written, external=False, foreign=process.foreign)), time)

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


def _is_of(image: Image, version: Version) -> bool:
    """Whether `image` alone wrote and read this name of a file, as long as it was one."""
    if version.ended is not None:
        return True
    alone = len(version.generations) == 1 and image in version.generations
    return alone and not any(reader is not image for reader in version.uses)
