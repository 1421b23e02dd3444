"""Writing files so that no reader sees half of one, with the modes of the directory around them, and errors in plain words."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from roar_tui.errors import StoreError

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


PARTS = ("records", "blobs", "running")  # of an archive
ATTEMPTS = 20  # to put a file into a directory that writers make at once: each time a file of another is in it sooner


def make_archive(root: Path) -> None:
    """Make the archive's directories; raises StoreError where that is impossible.

    It stands here, because a command that is recorded waits for this, and not for what an archive needs to write records (30 ms).
    """
    try:
        if not root.is_dir():
            root.parent.mkdir(parents=True, exist_ok=True)
            root.mkdir(mode=0o700, exist_ok=True)
        for part in PARTS:
            directory_like_parent(root / part)
            if not os.access(root / part, os.W_OK | os.X_OK):
                read_only = os.statvfs(root).f_flag & os.ST_RDONLY
                raise OSError(errno.EROFS if read_only else errno.EACCES, os.strerror(errno.EROFS if read_only else errno.EACCES))
    except OSError as error:
        raise explain_write(root, error) from error


def directory_like_parent(directory: Path) -> None:
    """Make `directory`, unless it is there, with its parent's mode: private in a private store, shared in a group's.

    The mode is set explicitly: in a group's directory a narrow umask of one member would shut the others out. It is there with
    its mode or not at all: what is put into it takes its own mode from it.
    """
    if directory.is_dir():
        return
    mode = directory.parent.stat().st_mode & 0o7777
    draft = directory.with_name(f".{directory.name}.{os.urandom(8).hex()}.tmp")
    draft.mkdir(mode=0o700)
    draft.chmod(mode)
    try:
        draft.rename(directory)
    except OSError:  # somebody else has made it, and put something into it
        draft.rmdir()
        if not directory.is_dir():
            raise


def publish_below(path: Path, data: bytes) -> None:
    """`publish`, in a directory that is made like its parent if need be; raises OSError."""
    for attempt in range(ATTEMPTS):
        directory_like_parent(path.parent)
        try:
            return publish(path, data)
        except FileNotFoundError:  # the directory was empty, and another writer's took its place
            if attempt == ATTEMPTS - 1:
                raise


def publish(path: Path, data: bytes) -> None:
    """Make `path` hold `data`, whole or not at all, even if the machine stops now; raises OSError.

    Who may enter the directory may read the file; only its owner may write it.
    """
    temporary = path.parent / f".{path.name[:16]}.{os.urandom(8).hex()}.tmp"
    mode = 0o600 | path.parent.stat().st_mode & 0o044
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fchmod(stream.fileno(), mode)
            os.fsync(stream.fileno())
        os.rename(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _flush_directory(path.parent)


def _flush_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:  # some network file systems cannot flush a directory
            raise
    finally:
        os.close(descriptor)


def explain_write(place: Path, error: OSError) -> StoreError:
    """The StoreError that says why nothing could be written at `place`, and what to do."""
    if error.errno in FULL:
        return StoreError(f"The disk of the store {place} is full.", "Free space there, or choose another with --store DIR.")
    if error.errno in FORBIDDEN:
        return StoreError(f"Cannot write to the store {place}: {reason(error)}.", "Choose another store with --store DIR.")
    return StoreError(f"Cannot write to the store {place}: {reason(error)}.", "Check the directory with: roar-tui doctor")


def explain_read(place: Path, error: OSError) -> StoreError:
    """The StoreError that says why `place` cannot be read, and what to do."""
    if error.errno in FORBIDDEN:
        hint = "Ask its owner for read permission, or choose another store with --store DIR."
        return StoreError(f"Cannot read {place}: {reason(error)}.", hint)
    return StoreError(f"Cannot read {place}: {reason(error)}.", "Check the store with: roar-tui doctor")


def reason(error: OSError) -> str:
    """What the system says of `error`, as the middle of a sentence."""
    text = os.strerror(error.errno) if error.errno else str(error)
    return text[:1].lower() + text[1:]
