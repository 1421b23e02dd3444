"""What somebody looks for in a walk: a file as it is now, a directory's files, a recorded content, a step or a job."""

from __future__ import annotations

import os
import re
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from roar_tui.errors import AmbiguousError, NotFoundError
from roar_tui.lineage.disk import digest_now
from roar_tui.lineage.jobs import job as find_job
from roar_tui.lineage.links import SMALL
from roar_tui.lineage.model import Direction
from roar_tui.lineage.opener import Opener
from roar_tui.lineage.reference import resolve
from roar_tui.lineage.start import seeds
from roar_tui.lineage.target import ArtifactTarget, FilesetTarget, JobTarget, Member, PathTarget, StepTarget, Target
from roar_tui.lineage.workers import spread
from roar_tui.store.known import KnownDigests
from roar_tui.store.store import Store

_DIGEST = re.compile(r"(?:a:)?([0-9a-fA-F]{64})")

Tick = Callable[[int, int], None]  # bytes hashed, of how many


@dataclass(frozen=True)
class One:
    """One thing that is looked for, by its node id; `unknown` says why it has none, `small` that it may be equal by chance.

    `path` is the absolute path that named it, where it is the path that was asked about and not one version of it.
    """

    name: str
    node: str | None
    unknown: str | None = None
    small: bool = False
    path: str | None = None


@dataclass(frozen=True)
class Sought:
    """All that is looked for; a walk that has `every` of `parts` has it, of a job one step is enough."""

    name: str
    parts: tuple[One, ...]
    every: bool = True
    note: str | None = None


def seek(
    store: Store, db: sqlite3.Connection, ref: str, *, cwd: str, direction: Direction, known: KnownDigests | None, tick: Tick | None
) -> Sought:
    """What `ref` names: a file or directory that exists is hashed as it is now, all else is looked up.

    A whole digest that no job has seen is a content like any other. Raises NotFoundError and AmbiguousError as `resolve` does,
    and OSError where a file cannot be read.
    """
    place = os.path.realpath(os.path.join(cwd, os.path.expanduser(ref))) if ref and "\0" not in ref else ""
    if place and os.path.exists(place) and not _names_a_job(db, ref):
        return _on_disk(ref, place, known, tick)
    try:
        target = resolve(store, db, ref, cwd=cwd)
    except NotFoundError:
        digest = _DIGEST.fullmatch(ref)
        if digest is None:
            raise
        return Sought(ref, (One(ref, f"a:{digest[1].lower()}"),), note="No recorded job has seen this content.")
    return Sought(ref, tuple(_recorded(db, target, ref, direction)), every=not isinstance(target, JobTarget), note=target.note)


def _names_a_job(db: sqlite3.Connection, ref: str) -> bool:
    """`@`, `@~1` and what begins with a job before a colon come before paths."""
    if ref.startswith("@"):
        return True
    left, colon, right = ref.partition(":")
    try:
        return bool(colon and left and right) and "/" not in left and find_job(db, left) is not None
    except AmbiguousError:
        return False


def _on_disk(ref: str, place: str, known: KnownDigests | None, tick: Tick | None) -> Sought:
    if not os.path.isdir(place):
        if not stat.S_ISREG(os.stat(place).st_mode):
            raise NotFoundError(f"{ref} is no regular file.", "Name a file, a directory or a hash.")
        paths = [place]
    else:
        paths = sorted(_files_below(place), key=os.fsencode)
        if not paths:
            raise NotFoundError(f"There is no file in the directory {ref}.", "Name a file, a directory or a hash.")
    parts = {each.name: each for each in _hashed(paths, known, tick)}
    if paths == [place] and parts[place].unknown is not None:
        raise NotFoundError(f"{ref} cannot be compared: {parts[place].unknown}.", "Try again, or name a hash.")
    return Sought(ref, tuple(parts[path] for path in paths))


def _files_below(directory: str) -> Iterator[str]:
    for folder, _, names in os.walk(directory):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                yield path


def _hashed(paths: Sequence[str], known: KnownDigests | None, tick: Tick | None) -> Iterator[One]:
    """The files by what is in them now; what was hashed before and has not changed since is not read again."""
    sizes = {path: _size(path) for path in paths}
    total, done = sum(sizes.values()), [0]
    counting = threading.Lock()

    def count(number: int) -> None:
        with counting:
            done[0] += number

    def work(path: str, cancel: threading.Event) -> One:
        try:
            real = os.path.realpath(path) if os.path.islink(path) else path
            digest = known.get(path, os.stat(path)) if known is not None else None
            digest = digest or digest_now(path, cancel, read=count)
        except OSError as error:
            return One(path, None, f"it cannot be read ({error.strerror})", path=path)
        if digest is None:
            return One(path, None, "it is being written", path=real)
        return One(path, f"a:{digest}", small=sizes[path] < SMALL, path=real)

    for _, found in spread(work, paths, None if tick is None else lambda: tick(done[0], total)):
        yield found


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


# UNIQUE (job, number)
_STEPS = "SELECT number FROM step WHERE job = ? ORDER BY number"
_SIZE = "SELECT size FROM artifact WHERE id = ?"


def _recorded(db: sqlite3.Connection, target: Target, ref: str, direction: Direction) -> Iterator[One]:
    if isinstance(target, JobTarget):
        for (number,) in db.execute(_STEPS, (target.rowid,)):
            yield One(f"{ref}:{number}", f"s:{target.job_id}:{number}")
    elif isinstance(target, StepTarget):
        yield One(ref, f"s:{target.job_id}:{target.step}")
    elif isinstance(target, ArtifactTarget):
        (size,) = db.execute(_SIZE, (target.rowid,)).fetchone()
        path = target.path if target.job_id is None else None
        yield One(ref, f"a:{target.digest}", small=size is not None and size < SMALL, path=path)
    elif isinstance(target, PathTarget):
        yield _unknown(db, target, direction)
    else:
        for member in target.members:
            yield _member(db, target, member, direction)


def _member(db: sqlite3.Connection, fileset: FilesetTarget, member: Member, direction: Direction) -> One:
    if member.digest is not None:
        return One(member.path, f"a:{member.digest}", small=member.size is not None and member.size < SMALL, path=member.path)
    return _unknown(db, PathTarget(member.path, "", 0, member.generated, member.used), direction)


def _unknown(db: sqlite3.Connection, target: PathTarget, direction: Direction) -> One:
    """An access of unknown content: the walk has it if it has the very same access."""
    (seed,) = seeds(Opener(db, direction), target)
    return One(target.path, seed.node.id, f"its content was not known ({target.status or seed.node.status})")
