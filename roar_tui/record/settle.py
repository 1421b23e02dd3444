"""Turns what was captured into the steps and pipes of a record: what was really written, what survives, which role it had."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from roar_tui.record.capture import Captured, Outcome
from roar_tui.record.clock import CLOCK
from roar_tui.record.hashing import Evidence
from roar_tui.record.model import Access, Connection, Exit, Pipe, Role, Status, Step
from roar_tui.record.nested import asked_for, recorders
from roar_tui.record.policy import SHELL
from roar_tui.record.proof import RENAME, only_named, untouched
from roar_tui.record.writers import Writers
from tracer.observation import Channel, Generation, Image, Use, Version

AT_ONCE = 50_000  # µs: a program that ends so soon after its last write did nothing else that matters
MAKE = frozenset({"make", "gmake"})
RoleOf = Callable[..., Role]  # AccessPolicy.role


@dataclass(frozen=True)
class Settled:
    """The steps and pipes of a record; `own` are the paths that a recorder inside the job touched, which are not kept."""

    steps: list[Step]
    pipes: list[Pipe]
    own: frozenset[str] = frozenset()


def settle(
    captured: Captured, role_of: RoleOf, *, argv_of: Callable[[list[str]], list[str]] = list, unread: bool = False
) -> Settled:
    """The steps and pipes. `argv_of` redacts arguments. `unread`: nobody read what the job was given as standard input."""
    versions = captured.observation.versions
    unwritten, heirs = _never_written(captured)
    settler = _Settler(captured, role_of, unwritten, heirs, unread)
    used: dict[Image, list[Access]] = {}
    generated: dict[Image, list[Access]] = {}
    own, machinery = set(), recorders(captured.observation.images)
    for version in versions:
        for use in version.uses.values():
            if use.image in machinery:
                own.add(use.path)
                continue
            access = settler.used(use)
            if access is not None:
                used.setdefault(use.image, []).append(access)
        if version not in unwritten:
            for generation in version.generations.values():
                if generation.image in machinery and not asked_for(generation.image, version.path):
                    own.add(version.path)
                    continue
                made = settler.generated(generation)
                if made is not None:
                    generated.setdefault(generation.image, []).append(made)
    steps = [_step(image, argv_of, used.get(image, []), generated.get(image, [])) for image in captured.observation.images]
    kept = {access.path for step in steps for access in (*step.used, *step.generated)} if own else own
    return Settled(steps, _pipes(captured.observation.channels), frozenset(own - kept))


def _step(image: Image, argv_of: Callable[[list[str]], list[str]], used: list[Access], generated: list[Access]) -> Step:
    finished = image.code is not None or image.signal is not None
    return Step(
        id=image.id,
        parent=image.parent.id if image.parent is not None else None,
        program=image.program,
        argv=argv_of(image.argv),
        cwd=image.cwd,
        started=image.started,
        pid=image.pid,
        ended=image.ended,
        exit=Exit(image.code, image.signal) if finished else None,
        used=sorted(_once(used), key=_by_time),
        generated=sorted(_once(generated), key=_by_time),
        connections=[Connection(address, port, time) for time, address, port in image.connections],
    )


def _by_time(access: Access) -> tuple[int, str]:
    return access.opened, access.path


def _once(accesses: list[Access]) -> list[Access]:
    """Each path and content once: a step that reads the same bytes again has not used another thing."""
    if len({access.path for access in accesses}) == len(accesses):  # nearly always, and at a quarter of the cost
        return accesses
    found: dict[tuple[str, str | None, Status], Access] = {}
    for access in accesses:
        key = (access.path, access.digest, access.status)
        known = found.get(key)
        if known is None or access.opened < known.opened:
            found[key] = access
    return list(found.values())


def _never_written(captured: Captured) -> tuple[set[Version], dict[Version, Version]]:
    """The versions that never came to be: opened for writing without truncation, and not changed since.

    With them, for each version that such opens left as it was, the last of its heirs: what happened to that happened to it.
    """
    unwritten: set[Version] = set()
    heirs: dict[Version, Version] = {}
    for version in reversed(captured.observation.versions):  # a version comes after its base
        last = heirs.get(version, version)
        final = captured.finals.get(last) if last.ended is None else _when_closed(captured, last, last.ended)
        if _unwritten(version, final, _read_to_write(captured, version)):
            unwritten.add(version)
            if version.base is not None:
                heirs[version.base] = last
    return unwritten, heirs


def _when_closed(captured: Captured, version: Version, until: int) -> Evidence | None:
    """What was hashed when the writers of a version had closed it, if nobody can have written to it from then on up to `until`."""
    closed, final = captured.closed.get(version), captured.finals.get(version)
    if closed is None or final is None or final.status is not Status.HASHED or version.both_ways:
        return None
    in_place = final.path == version.path and version.touched < final.began and final.ended < until
    return final if in_place and final.began >= closed and not version.disturbed(closed + 1, until - 1) else None


def _read_to_write(captured: Captured, version: Version) -> str | None:
    """The digest of what the one image that opened the version for writing found there, where it is known."""
    images = list(version.generations)
    use = version.base.uses.get(images[0]) if version.base is not None and len(images) == 1 else None
    outcome = captured.uses.get(use) if use is not None else None
    return outcome.digest if outcome is not None else None


def _unwritten(version: Version, final: Evidence | None, before: str | None) -> bool:
    """Whether a version never came to be; `before` is the digest of what was there before, `final` what is there at the end."""
    generations = version.generations.values()
    if not generations or not all(generation.tentative for generation in generations) or final is None or final.stat is None:
        return False
    first = min(generation.opened for generation in generations)
    if max(final.ctime, final.mtime) < first - CLOCK.margin:
        return True
    if version.uses or version.touched:  # another may have read what was there in between; or else it has another name now
        return False
    return before is not None and before == final.digest


class _Settler:
    """Judges each use and generation of one capture."""

    def __init__(
        self, captured: Captured, role_of: RoleOf, unwritten: set[Version], heirs: dict[Version, Version], unread: bool
    ) -> None:
        self._unread = unread
        self._captured = captured
        self._role_of = role_of
        self._unwritten = unwritten
        self._heirs = heirs
        self._writers = Writers(captured.observation.images)
        self._families: dict[Version, list[Version]] = {}
        for version in captured.observation.versions:
            first = _first(version)
            if version is not first and version.generations and version not in unwritten:
                self._families.setdefault(first, []).append(version)
        self._made = {v.path for v in captured.observation.versions if v.generations and v not in unwritten}

    def used(self, use: Use) -> Access | None:
        """The access of a use; None where it was of no regular file."""
        outcome = self._captured.uses.get(use)
        version = use.version
        if (use.given and self._unread) or (use.blind and not self._went_into_what_was_written(use)):
            return None
        if outcome is not None and outcome.digest is None and version in self._unwritten:
            outcome = self._still(version, use) or outcome
        while version in self._unwritten and version.base is not None:
            version = version.base
        if version.moved_to is not None and (outcome is None or outcome.digest is None):
            target = self._captured.finals.get(version.moved_to)
            if version.moved_to.directory or (target is not None and target.status is None):
                return None
            outcome = self._moved(version, use.opened) or outcome
        if outcome is not None and outcome.digest is None:
            outcome = self._left_alone(version, use) or self._product(version, use.opened) or outcome
        if outcome is None or version.directory:
            return None
        if use.mixed and outcome.digest is not None and not outcome.size:
            return None  # opened to be written, and there was nothing in it
        external = version.external and not version.generations
        return Access(
            path=use.path,
            role=self._role(version, use.path, outcome.size, executed=use.executed, generated=False),
            status=outcome.status,
            opened=use.opened,
            digest=outcome.digest,
            size=outcome.size,
            named=use.named,
            external=external,
            appended=use.blind,
        )

    def _went_into_what_was_written(self, use: Use) -> bool:
        """Whether the image of a use that could only write has changed the file that it opened."""
        return any(made.base is use.version and made not in self._unwritten for made in use.image.outputs)

    def _still(self, version: Version, use: Use) -> Outcome | None:
        """The content of a version that was opened for writing and never written: what is there in the end."""
        final = self._captured.finals.get(version)
        if final is None or final.status is not Status.HASHED or not untouched(use, final):
            return None
        return Outcome(Status.HASHED, final.digest, final.size)

    def generated(self, generation: Generation) -> Access | None:
        """The access of a generation; None for what is no regular file."""
        version = generation.version
        last = self._heirs.get(version, version)
        final = self._captured.finals.get(last)
        if version.directory or (final is not None and final.status is None) or _passed_on(generation):
            return None
        survives = last.ended is None and (final is None or final.status is not Status.MISSING)
        status, digest, size = self._content(version, last, final)
        finished = last.ended if last.ended is not None else _finished(generation, version, final, last.touched)
        return Access(
            path=last.path,
            role=self._role(version, last.path, size, executed=False, generated=True),
            status=status,
            opened=generation.opened,
            digest=digest,
            size=size,
            finished=max(finished, generation.opened),
            survives=survives,
        )

    def _content(self, version: Version, last: Version, final: Evidence | None) -> tuple[Status, str | None, int | None]:
        """What a generated version held in the end: by the hash of it or its heir, or, once it is gone, by a reader's."""
        if last.ended is None:
            if final is None:
                return Status.SKIPPED, None, None
            assert final.status is not None
            if final.status is Status.HASHED and not self._writers.wrote_last({version, last}, final):
                return Status.CHANGED, None, None
            return final.status, final.digest, final.size if final.status is not Status.CHANGED else None
        known = self._product(version, last.ended) or self._as_closed(version, last.ended)
        removed = last.removed
        if known is not None:
            return (Status.REMOVED if removed else Status.HASHED), known.digest, known.size
        return (Status.REMOVED if removed else Status.CHANGED), None, None

    def _product(self, version: Version, until: int) -> Outcome | None:
        """The content of a version that the job wrote and nobody changed up to `until`, from any hash of it that proves it."""
        ends = [generation.image.idle for generation in version.generations.values()]
        if not ends or any(end is None or end > until for end in ends):
            return None
        done = max(end for end in ends if end is not None)
        if version.writable(done):
            return None
        final = self._captured.finals.get(version)
        in_time = final is not None and (version.ended is None or final.ended <= version.ended)
        if final is not None and in_time and final.path == version.path and final.certain_since(done) and final.digest:
            return Outcome(Status.HASHED, final.digest, final.size)
        for use in version.uses.values():
            outcome = self._captured.uses.get(use)
            if outcome is None or outcome.digest is None or use.opened < done:
                continue
            if outcome.changed <= done or (version.touched and outcome.changed <= version.touched + RENAME):
                return outcome
        return None

    def _as_closed(self, version: Version, until: int) -> Outcome | None:
        """The content of a version that was hashed when its writers had closed it, unless it was opened to be written again."""
        final = _when_closed(self._captured, version, until)
        if final is None:
            return None
        return Outcome(Status.HASHED, final.digest, final.size)

    def _left_alone(self, version: Version, use: Use) -> Outcome | None:
        """The content of what was opened for writing after `use`, if it is at the end as it was then."""
        last = self._heirs.get(version)
        final = self._captured.finals.get(last) if last is not None else None
        if final is None or final.status is not Status.HASHED or not untouched(use, final):
            return None
        return Outcome(Status.HASHED, final.digest, final.size)

    def _moved(self, version: Version, opened: int) -> Outcome | None:
        """The content, from `opened` on, of a file that a step renamed: that of its new name, if only the rename touched it."""
        target = version.moved_to
        if target is None:
            return None
        final = self._captured.finals.get(target)
        if final is None or final.status is not Status.HASHED or target.ended is not None:
            return None
        if not only_named(final, target.touched, opened) or target.wrote > opened or version.wrote > opened:
            return None
        if final.stat is not None and self._captured.rewritten((final.stat.st_dev, final.stat.st_ino)) is not None:
            return None
        return Outcome(Status.HASHED, final.digest, final.size)

    def _role(self, version: Version, path: str, size: int | None, *, executed: bool, generated: bool) -> Role:
        first = _first(version)
        if first.generations and _is_log([first, *self._families.get(first, [])]):
            return Role.LOG
        return self._role_of(path, executed=executed, generated=generated, made_by_job=path in self._made, size=size)


def _passed_on(generation: Generation) -> bool:
    """Whether a shell opened a file only for one program that it started (`sort a > b`, where the shell redirects itself)."""
    version, image = generation.version, generation.image
    if generation.stream or SHELL.fullmatch(os.path.basename(image.argv[0] if image.argv else image.program)) is None:
        return False
    others = [other for other in version.generations.values() if other is not generation]
    return len(others) == 1 and others[0].stream and others[0].inherited and others[0].image.parent is image


def _first(version: Version) -> Version:
    """The version of the job with which a file began that was appended to since."""
    while version.base is not None and version.base.generations:
        version = version.base
    return version


def _is_log(versions: list[Version]) -> bool:
    """Whether a file is stdout or stderr of several steps: of the whole job, or with stderr in it (`> slurm.out 2>&1`).

    With stderr of the whole job in it, it is one even if a single step wrote it.

    `versions` are what it was from one append to the next. What several steps wrote to stdout alone (`for … done > merged.txt`)
    they made together, and what another step reads is data.
    """
    made = [generation for version in versions for generation in version.generations.values()]
    streams = [generation for generation in made if generation.stream]
    if any(version.outer for version in versions) and any(generation.errors for generation in streams):
        return True
    if len({generation.image for generation in streams}) < 2:
        return False
    writers = {generation.image for generation in made}
    read = any(image not in writers for version in versions for image in version.uses)
    return any(version.outer for version in versions) or (not read and any(generation.errors for generation in streams))


def _finished(generation: Generation, version: Version, final: Evidence | None, touched: int) -> int:
    """When a surviving version was finished: its last change, by its times, or when it was `touched` by a link or rename.

    mtime can be set to any time (cp -p, tar, rsync), ctime only moves on: it bounds from above. Both are rounded down to a tick,
    which comes late on a busy machine: of a program that ended soon after, all that it read came before.
    It is one moment for all that wrote the version, which is how lineage knows them to have done it together. Of a file that
    could not be looked at, only the end of its writer is known.
    """
    if touched:
        return touched + 1  # what a link or rename read of its own, it read before
    if final is None or final.stat is None:
        return generation.image.idle or generation.opened
    first = min(each.opened for each in version.generations.values())
    ends = [each.image.idle for each in version.generations.values()]
    last = final.mtime if first - CLOCK.margin <= final.mtime <= final.ctime else final.ctime
    if all(end is not None and end - last <= AT_ONCE for end in ends):
        return max(last, *(end for end in ends if end is not None))
    return last + CLOCK.margin


def _pipes(channels: list[Channel]) -> list[Pipe]:
    """The channels that lead from one step to another; an end that no step was seen to hold is its creator's."""
    found: list[Pipe] = []
    for channel in channels:
        if not channel.writers and (not channel.readers or os.path.basename(channel.creator.program) in MAKE):
            continue  # make gives its parallel children a stdin that nobody writes to
        if channel.kind == "fifo" and not (channel.writers and channel.readers):
            continue  # its other end is opened by name too: by nobody of this job
        writers = {image.id for image in channel.writers} or {channel.creator.id}
        readers = {image.id for image in channel.readers} or {channel.creator.id}
        if writers == readers and len(writers) == 1:
            if channel.kind != "socketpair" or channel.creator.id in writers:
                continue
            writers.add(channel.creator.id)  # who made it holds the other end
            readers.add(channel.creator.id)
        found.append(Pipe(len(found), channel.kind, channel.opened, sorted(writers), sorted(readers)))
    return found
