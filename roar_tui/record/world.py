"""The file system of a running job, as the observer asks about it: real paths, and when a file was made."""

from __future__ import annotations

import ctypes
import os
import stat

from roar_tui.record.clock import CLOCK

_STATX_BTIME = 0x800
_AT_FDCWD = -100
_LARGEST_CACHE = 100_000  # directories


class LiveWorld:
    """Asks the kernel, and remembers real paths of directories until a link or a directory changes."""

    def __init__(self) -> None:
        self._directories: dict[str, str] = {}

    def real(self, path: str, *, follow: bool) -> str:
        """`path` without symbolic links or dots; of the last component only if `follow`."""
        directory, _, name = path.rstrip("/").rpartition("/")
        if name in ("", ".", ".."):
            return os.path.realpath(path)
        real = self._directories.get(directory)
        if real is None:
            real = os.path.realpath(directory or "/")
            if len(self._directories) >= _LARGEST_CACHE:
                self._directories.clear()
            self._directories[directory] = real
        joined = f"{real}/{name}" if real != "/" else f"/{name}"
        return os.path.realpath(joined) if follow and os.path.islink(joined) else joined

    def rewired(self) -> None:
        """Forget real paths: links or directories changed."""
        self._directories.clear()

    def same(self, path: str, other: str) -> bool:
        """Whether both are names of one file now."""
        try:
            return os.path.samestat(os.lstat(path), os.lstat(other))
        except OSError:
            return False

    def names(self, path: str) -> tuple[int, int] | None:
        """Device and inode of the file at `path`, if it has more than one name."""
        try:
            found = os.lstat(path)
        except OSError:
            return None
        return (found.st_dev, found.st_ino) if found.st_nlink > 1 and stat.S_ISREG(found.st_mode) else None

    def born(self, path: str) -> int | None:
        """When the file at `path` was made at the latest (µs), by statx(2); None where nobody keeps that, or the file is gone.

        The clock that stamps files is late: a file that an open has just made must not look as if it had been there before.
        """
        made = birth(path)
        return made + CLOCK.margin if made is not None else None


    def interpreter(self, path: str) -> str | None:
        """What the first line of the script at `path` names behind #!, as the kernel reads it (BINPRM_BUF_SIZE)."""
        try:
            with open(path, "rb") as file:
                line, end, _ = file.read(256).partition(b"\n")
        except OSError:
            return None
        words = line[2:].split() if line.startswith(b"#!") and (end or len(line) < 256) else []
        return os.fsdecode(words[0]) if words else None

    def is_fifo(self, path: str) -> bool:
        """Whether `path` is a FIFO."""
        try:
            return stat.S_ISFIFO(os.lstat(path).st_mode)
        except OSError:
            return False


class _Timestamp(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_int64), ("nanoseconds", ctypes.c_uint32), ("reserved", ctypes.c_int32))


class _Statx(ctypes.Structure):
    """struct statx of <linux/stat.h>: fixed for all architectures."""

    _fields_ = (
        ("mask", ctypes.c_uint32),
        ("skipped", ctypes.c_uint8 * 76),  # blksize to attributes_mask, 8-byte aligned atime
        ("btime", _Timestamp),
        ("rest", ctypes.c_uint8 * 160),
    )


def birth(path: str) -> int | None:
    """The btime of `path` in µs, None where it is not to be had."""
    try:
        statx = ctypes.CDLL(None, use_errno=True).statx
    except AttributeError:  # a C library older than glibc 2.28
        return None
    found = _Statx()
    done = statx(_AT_FDCWD, os.fsencode(path), 0, _STATX_BTIME, ctypes.byref(found))
    if done != 0 or not found.mask & _STATX_BTIME:
        return None
    return int(found.btime.seconds) * 1_000_000 + int(found.btime.nanoseconds) // 1000
