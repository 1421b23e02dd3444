"""Follows a trace file while strace writes it: whole lines, the cut-off last one, and the disk that was read given back."""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
from collections.abc import Sequence

CHUNK = 1 << 20
GIVE_BACK = 8 << 20  # bytes read between two hole punches
TAIL = 64 << 10  # bytes that stay, for who looks at the last lines
_PUNCH = 0x02 | 0x01  # FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
_MODIFIED = 0x2  # IN_MODIFY
_POLL = 0.02  # s between looks where inotify does not work


class Spool:
    """Reads `path` from its beginning. `offset` is where the next line begins; `partial` the text after the last newline.

    strace flushes every line, and the first half of a call before the kernel executes it: what `partial` begins may be happening.
    """

    def __init__(self, path: str, *, give_back: bool = False) -> None:
        self._file = os.open(path, (os.O_RDWR if give_back else os.O_RDONLY) | os.O_CLOEXEC)
        self._give_back = give_back
        self._punched = 0
        self._rest = b""
        self.offset = 0
        self._notify = _watch(path)

    @property
    def partial(self) -> str:
        return self._rest.decode("latin-1")

    @property
    def position(self) -> int:
        """How many bytes were read, the partial line included."""
        return self.offset + len(self._rest)

    def size(self) -> int:
        """How many bytes strace has written. May be called from any thread."""
        return os.fstat(self._file).st_size

    def lines(self) -> list[str]:
        """The next whole lines, decoded as latin-1 so that no byte is lost; empty when there are none now."""
        data = os.pread(self._file, CHUNK, self.position)
        if not data:
            return []
        text = self._rest + data
        end = text.rfind(b"\n") + 1
        self._rest = text[end:]
        self.offset += end
        if self._give_back and self.offset - self._punched >= GIVE_BACK:
            self._punch()
        return text[:end].decode("latin-1").split("\n")[:-1] if end else self.lines()

    def wait(self, timeout: float, others: Sequence[int] = ()) -> list[int]:
        """Wait until the file grew, one of the descriptors `others` is readable, or `timeout` seconds; which of `others` are."""
        poller = select.poll()
        for number in others:
            poller.register(number, select.POLLIN)
        if self._notify is None:
            timeout = min(timeout, _POLL)
        else:
            poller.register(self._notify, select.POLLIN)
        ready = [number for number, _ in poller.poll(timeout * 1000)]
        if self._notify is not None and self._notify in ready:
            with contextlib.suppress(OSError):
                os.read(self._notify, 65536)
        return [number for number in ready if number != self._notify]

    def close(self) -> None:
        os.close(self._file)
        if self._notify is not None:
            os.close(self._notify)

    def _punch(self) -> None:
        """Give the disk that was read back to the file system; where it cannot, the file just stays whole."""
        end = self.offset - TAIL
        done = _libc().fallocate64(self._file, _PUNCH, ctypes.c_int64(self._punched), ctypes.c_int64(end - self._punched))
        self._punched = end
        if done != 0:
            self._give_back = False


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _watch(path: str) -> int | None:
    """An inotify descriptor that is readable when `path` was written; None where there is none to be had."""
    try:
        libc = _libc()
        number = int(libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        if number < 0:
            return None
        if libc.inotify_add_watch(number, os.fsencode(path), _MODIFIED) < 0:
            os.close(number)
            return None
    except (OSError, AttributeError):
        return None
    return number
