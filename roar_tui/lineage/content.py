"""The content of a file that exists: its digest, from memory where it did not change, else from its bytes."""

from __future__ import annotations

import os
import stat

import blake3

from roar_tui.store.known import KnownDigests
from roar_tui.store.location import known_path

MAPPED = 1 << 20  # bytes; below, reading is faster than mapping


def digest_of(path: str) -> str | None:
    """The BLAKE3 digest of the regular file at `path`, None where it is no regular file; raises OSError."""
    found = os.stat(path)
    if not stat.S_ISREG(found.st_mode):
        return None
    known = KnownDigests(known_path()).get(path, found) if found.st_size >= MAPPED else None
    if known is not None:
        return known
    hasher = blake3.blake3(max_threads=blake3.blake3.AUTO)
    if found.st_size >= MAPPED:
        hasher.update_mmap(path)
    else:
        with open(path, "rb") as file:
            hasher.update(file.read())
    return hasher.hexdigest()
