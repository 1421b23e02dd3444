"""Is the archive what it was when it was written? Every record and blob against the digest that is its name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec

from roar_tui.errors import StoreError
from roar_tui.record.filesets import blobs_of
from roar_tui.store.archive import DIGEST, Archive
from roar_tui.store.files import explain_read
from roar_tui.store.results import Damaged

BLOB_SUFFIX = ".gz"


class Checked(msgspec.Struct):
    """How many files were checked, and those that are damaged; a blob's `record` is its path below `blobs/`."""

    checked: int = 0
    damaged: list[Damaged] = msgspec.field(default_factory=list)


class Item(msgspec.Struct, frozen=True):
    """A file of the archive to check: a record by its path below `records/`, or a blob by its digest."""

    name: str
    blob: bool = False


class Verdict(msgspec.Struct, frozen=True):
    """What a check found: the `problem` as a sentence, None where there is none; `absent` where the file is not there."""

    problem: str | None = None
    absent: bool = False


def everything(archive: Archive) -> list[Item]:
    """All records and blobs; raises StoreError when they cannot be listed."""
    return [*map(Item, archive.files()), *(Item(name, blob=True) for name in blobs(archive))]


def of_job(archive: Archive, record: str) -> list[Item]:
    """A job's record, by its path below `records/`, and the blobs that it names, as far as it can be read."""
    try:
        found = archive.load_packed(record)
    except StoreError:
        return [Item(record)]
    return [Item(record), *(Item(blob, blob=True) for blob in dict.fromkeys(blobs_of(found)))]


def check(archive: Archive, item: Item) -> Verdict:
    """Read one file and hash it."""
    read = partial(archive.blob, item.name) if item.blob else partial(archive.load_packed, item.name)
    try:
        return Verdict(absent=read() is None)
    except StoreError as error:
        if not item.blob and not (archive.records / item.name).exists():
            return Verdict(absent=True)
        return Verdict(error.message)


def place(item: Item) -> str:
    """Where the file lies below `records/` or `blobs/`."""
    return f"{item.name[:2]}/{item.name}{BLOB_SUFFIX}" if item.blob else item.name


def blobs(archive: Archive) -> Iterator[str]:
    """The digests of all blobs, in order; what is no blob is passed over. Raises StoreError when they cannot be listed."""
    for prefix in _listed(archive.blobs):
        for name in _listed(archive.blobs / prefix):
            digest = name.removesuffix(BLOB_SUFFIX)
            if name.endswith(BLOB_SUFFIX) and DIGEST.match(digest) and digest.startswith(prefix):
                yield digest


def _listed(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise explain_read(folder, error) from error
