"""What an archive holds on disk: bytes of records and blobs, runs in progress, and what does not belong there."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from roar_tui.store.archive import Archive, is_day, is_record


class Sizes(msgspec.Struct):
    """Bytes and counts; `unreadable` names the folders that this user may not list."""

    record_bytes: int = 0
    blob_bytes: int = 0
    running: int = 0
    odd: int = 0
    unreadable: list[str] = []


def measure(archive: Archive) -> Sizes:
    """The sizes of `archive`, all 0 for one that does not exist; raises OSError when it cannot be listed at all."""
    sizes = Sizes()
    for day in sorted(_entries(archive.records), key=lambda entry: entry.name):
        if not is_day(day):
            sizes.odd += 1
            continue
        for entry in _members(day, sizes):
            if is_record(entry):
                sizes.record_bytes += _size(entry)
            elif not entry.name.startswith("."):  # a record being written, or what a crash left of one
                sizes.odd += 1
    for prefix in _entries(archive.blobs):
        if prefix.is_dir(follow_symlinks=False):
            sizes.blob_bytes += sum(_size(entry) for entry in _members(prefix, sizes))
    sizes.running = sum(1 for entry in _entries(archive.running) if entry.name.endswith(".json"))
    return sizes


def _members(folder: os.DirEntry[str], sizes: Sizes) -> list[os.DirEntry[str]]:
    try:
        return _entries(Path(folder.path))
    except PermissionError:
        sizes.unreadable.append(folder.name)
        return []


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except FileNotFoundError:
        return []


def _size(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_size
    except FileNotFoundError:  # gone since the listing
        return 0
