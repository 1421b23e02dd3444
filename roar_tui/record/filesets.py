"""Filesets: many files that a step read below one directory, kept as one set whose manifest all jobs share.

A fileset is a way to store. What is said of it is said of its members, so nothing that lineage goes by may be lost: a set holds
files of one step, role and directory, all hashed, and no time that matters in the job (a generated file's opening or end) lies
between the first and the last of them being opened. Then its two times say as much as a time for each.

The manifest is a line of its kind and one for each file (path below the directory, NUL, digest), sorted by the bytes of the paths:
its digest, which is the fileset's, agrees with roar's composite of the same files. A second blob has the sizes, a line each.
"""

from __future__ import annotations

import os
import re
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import msgspec
from blake3 import blake3

from roar_tui.record.model import Access, FilesetUse, Record, Role, Status, Step

FROM = 32  # files of a directory that make a set; directories with sets that make one flat set
HEADER = b"roar:blake3-tree:v1\n"
_LINE = re.compile(rb"([^\0]+)\0blake3:([0-9a-f]{64})\n")  # a name may hold a newline: what follows its NUL has one length

_ENCODING = sys.getfilesystemencoding()

KeepBlob = Callable[[bytes], str]
LoadBlob = Callable[[str], bytes | None]


class IncompleteError(ValueError):
    """The blobs of a fileset are not there, or are not what they should be; the message is a sentence's middle."""


class Member(NamedTuple):
    """A file of a set: its path below the directory, its digest (lowercase hex) and size (bytes)."""

    name: str
    digest: str
    size: int


def manifest(files: Iterable[tuple[str, str]]) -> bytes:
    """The bytes that the digest of a fileset is of; `files` are relative paths and digests (hex)."""
    return HEADER + b"".join(sorted(b"%b\0blake3:%b\n" % (os.fsencode(name), digest.encode()) for name, digest in files))


def tree_digest(files: Iterable[tuple[str, str]]) -> str:
    """The digest of relative paths with their contents' digests."""
    return blake3(manifest(files)).hexdigest()


def members(use: FilesetUse, load: LoadBlob) -> Iterator[Member]:
    """The files of a set, sorted by the bytes of their names; raises IncompleteError, where the lists end if not before."""
    listed, sizes = load(use.digest), load(use.sizes)
    if listed is None or sizes is None:
        raise IncompleteError(f"the list of the {use.count} files below {use.directory} is missing")
    count = 0
    for line, size in zip(_LINE.finditer(listed, len(HEADER)), sizes.split(), strict=False):
        count += 1
        yield Member(os.fsdecode(line[1]), line[2].decode(), int(size))
    if count != use.count:
        raise IncompleteError(f"the list of the {use.count} files below {use.directory} has {count} of them")


def pack(record: Record, keep: KeepBlob) -> Record:
    """`record` with its large sets of used files in manifests, which `keep` takes (it returns the digest of what it was given)."""
    if all(len(step.used) < FROM for step in record.steps):
        return record
    moments = _moments(record.steps)
    steps = [_packed(step, moments, keep) for step in record.steps]
    if not any(step.filesets for step in steps):
        return record
    return msgspec.structs.replace(record, steps=steps, files=count_files(record))


def unpack(record: Record, load: LoadBlob) -> Record:
    """`record` with every file by itself, as before `pack` but for the times inside a set; raises IncompleteError."""
    if not any(step.filesets for step in record.steps):
        return record
    return msgspec.structs.replace(record, steps=[_unpacked(step, load) for step in record.steps], files=None)


def blobs_of(record: Record) -> Iterator[str]:
    """The digests of all blobs that a record names, some more than once."""
    yield from record.snapshots.values()
    if record.git is not None and record.git.patch is not None:
        yield record.git.patch
    for step in record.steps:
        for use in step.filesets:
            yield use.digest
            yield use.sizes


def count_files(record: Record) -> tuple[int, int]:
    """The inputs and outputs of a job as lists count them: distinct paths, environment no input."""
    if record.files is not None:
        return record.files
    inputs = {used.path for step in record.steps for used in step.used if used.external and used.role is not Role.ENVIRONMENT}
    outputs = {made.path for step in record.steps for made in step.generated if made.survives}
    return len(inputs), len(outputs)


def _moments(steps: Sequence[Step]) -> list[int]:
    """The times that a set may not span: when an output was finished, and when one was begun that a step of the job may have used.

    What was read after an output was finished is not in it; what was read before a file was begun did not come from that file.
    """
    made = [access for step in steps for access in step.generated if access.role is not Role.LOG]
    times = {access.finished for access in made if access.finished is not None}
    paths = {access.path for access in made}
    digests = {access.digest for access in made} - {None}
    uses = [access for step in steps for access in step.used if access.path in paths or access.digest in digests]
    used = {access.path for access in uses} | ({access.digest for access in uses} - {None})
    times |= {access.opened for access in made if access.path in used or access.digest in used}
    return sorted(times)


class _Key(NamedTuple):
    """What the files of a set have in common. `before` counts the moments that came before they were opened."""

    directory: str
    role: str
    external: bool
    named: str  # the directory under the name that the step gave, empty where that is the same
    before: int


def _packed(step: Step, moments: list[int], keep: KeepBlob) -> Step:
    if len(step.used) < FROM:
        return step
    groups: dict[tuple[str, str, bool, str, int], list[Access]] = {}
    hashed = Status.HASHED
    for access in step.used:
        if access.status is not hashed or access.digest is None or access.size is None:
            continue
        if access.algorithm is not None or access.appended:
            continue
        directory, _, name = access.path.rpartition("/")
        before = bisect_left(moments, access.opened) if moments else 0
        named = "" if access.named is None else _named_directory(access.named, name)
        if not directory or not name or named is None or (moments and before != bisect_right(moments, access.opened)):
            continue
        groups.setdefault((directory, access.role._value_, access.external, named, before), []).append(access)
    large = {_Key(*key): files for key, group in groups.items() if len(group) >= FROM and len(files := _once(group)) >= FROM}
    if not large:
        return step
    taken = {id(access) for group in large.values() for access in group}
    uses = [_use(key, group, keep) for key, group in _flattened(large)]
    return msgspec.structs.replace(
        step,
        used=[access for access in step.used if id(access) not in taken],
        filesets=sorted(uses, key=lambda use: (use.opened, use.directory, use.digest)),
    )


def _named_directory(named: str, name: str) -> str | None:
    """The directory under the name that a step gave; None where that calls the file itself something else."""
    directory, _, own = named.rpartition("/")
    return directory if directory and own == name else None


def _once(group: list[Access]) -> list[Access]:
    """Of two contents at one path the first."""
    first = {access.path: access for access in reversed(group)}
    return group if len(first) == len(group) else list(first.values())[::-1]


def _flattened(large: dict[_Key, list[Access]]) -> Iterator[tuple[_Key, list[Access]]]:
    """The groups, but one for those of many directories below one: a directory for each class, say."""

    def above(key: _Key) -> _Key:
        return key._replace(directory=key.directory.rpartition("/")[0], named="")

    for parent, keys in groupby(sorted(large, key=lambda key: (above(key), key)), key=above):
        below = list(keys)
        if len(below) >= FROM and parent.directory and not any(key.named for key in below):
            yield parent, [access for key in below for access in large[key]]
        else:
            yield from ((key, large[key]) for key in below)


def _use(key: _Key, group: list[Access], keep: KeepBlob) -> FilesetUse:
    start = len(key.directory) + 1
    # what os.fsencode does, at a third of its cost
    files = sorted([(a.path[start:].encode(_ENCODING, "surrogateescape"), a.digest or "", a.size or 0) for a in group])
    times = [access.opened for access in group]
    return FilesetUse(
        directory=key.directory,
        digest=keep(HEADER + b"".join([b"%b\0blake3:%b\n" % (name, digest.encode()) for name, digest, _ in files])),
        sizes=keep(b"".join([b"%d\n" % size for _, _, size in files])),
        count=len(files),
        size=sum(size for _, _, size in files),
        role=Role(key.role),
        opened=min(times),
        last=max(times),
        external=key.external,
        named=key.named or None,
    )


def _unpacked(step: Step, load: LoadBlob) -> Step:
    if not step.filesets:
        return step
    used = list(step.used)
    for use in step.filesets:
        used += [
            Access(
                path=f"{use.directory}/{member.name}",
                role=use.role,
                status=Status.HASHED,
                opened=use.opened,
                digest=member.digest,
                size=member.size,
                named=None if use.named is None else f"{use.named}/{member.name}",
                external=use.external,
            )
            for member in members(use, load)
        ]
    used.sort(key=lambda access: (access.opened, access.path))
    return msgspec.structs.replace(step, used=used, filesets=[])
