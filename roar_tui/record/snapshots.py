"""Which small text files are kept whole, so that a later diff can show lines and keys; never what may hold a secret."""

from __future__ import annotations

import os
import stat
from typing import Final

from roar_tui.record.model import Role, digest
from roar_tui.record.secret_patterns import has_secret, secret_file

TEXT_LIMIT: Final = 256 * 1024  # bytes of a code or config file
RESULT_LIMIT: Final = 64 * 1024  # bytes of a JSON, YAML or TOML output: metrics, parameters
_RESULTS: Final = (".json", ".yaml", ".yml", ".toml")


def wanted(path: str, role: Role, size: int, generated: bool) -> bool:
    """Whether this file is worth reading for a snapshot, from its name, role and size alone."""
    if role in (Role.CODE, Role.CONFIG):
        fits = size <= TEXT_LIMIT
    else:
        fits = generated and role is Role.DATA and size <= RESULT_LIMIT and path.lower().endswith(_RESULTS)
    return fits and size > 0 and not secret_file(path)  # last: a job may have read a million data files


def take(path: str, digest_of_use: str, read: bytes) -> bytes | None:
    """The bytes to keep: `read` if it is text without secrets and the very content that `digest_of_use` names, else None."""
    if len(read) > TEXT_LIMIT or b"\0" in read or secret_file(path) or digest(read) != digest_of_use:
        return None
    try:
        text = read.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if has_secret(text) else read


def from_disk(path: str, digest_of_use: str) -> bytes | None:
    """`take` of what the file at `path` holds now; None as well when it is no regular file or cannot be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe put there since must not hold us up
    except OSError:
        return None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size > TEXT_LIMIT:
            return None
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return take(path, digest_of_use, file.read(TEXT_LIMIT + 1))
    except OSError:
        return None
    finally:
        os.close(descriptor)
