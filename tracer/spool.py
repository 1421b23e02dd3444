"""Follows a trace file while strace writes it: whole lines, the cut-off last one, and the disk that was read given back.

What is given back stays as a compressed copy (a twentieth), so that a run whose recorder died can be read again from its beginning.
"""
from __future__ import annotations

import contextlib
import ctypes
import gzip
import os
import select
import time
import zlib
from collections.abc import Iterator, Sequence

CHUNK = 1 << 20
GIVE_BACK = 8 << 20  # bytes that are read before their disk is given back
TAIL = 64 << 10  # bytes that stay, for who looks at the last lines
_PUNCH = 0x02 | 0x01  # FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
_MODIFIED = 0x2  # IN_MODIFY
_POLL = 0.02  # s between looks where inotify does not work
_BUSY = 0.01  # s: a trace that grew twice in this time is busy,
_GATHER = 0.004  # s: and is read in pieces of this length, not line by line, which costs a third more


class Spool:
    """Reads `path` from its beginning. `offset` is where the next line begins; `partial` the text after the last newline.

    `copy` is where the part that was read is kept, compressed, before its disk is given back; `again` reads such a copy first,
    and changes nothing. strace flushes every line, and the first half of a call before the kernel executes it: what `partial`
    begins may be happening.
    """

    def __init__(self, path: str, *, copy: str | None = None, again: bool = False) -> None:
        self._file = os.open(path, (os.O_RDONLY if copy is None else os.O_RDWR) | os.O_CLOEXEC)
        self._copy = copy if not again else None
        self._old = _parts(copy) if copy is not None and again else iter(())
        self._copied = 0  # bytes of the file that the copy holds
        self._rest = b""
        self.offset = 0
        self._grew = 0.0  # when the last wait ended because the file grew
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
        data = next(self._old, b"") or os.pread(self._file, CHUNK, self.position)
        if not data:
            return []
        text = self._rest + data
        end = text.rfind(b"\n") + 1
        self._rest = text[end:]
        self.offset += end
        if self._copy is not None and self.offset - self._copied >= GIVE_BACK:
            self._give_back(self._copy)
        return text[:end].decode("latin-1").split("\n")[:-1] if end else self.lines()

    def wait(self, timeout: float, others: Sequence[int] = ()) -> list[int]:
        """Wait until the file grew, one of the descriptors `others` is readable, or `timeout` seconds; which of `others` are."""
        if time.monotonic() - self._grew < _BUSY:
            time.sleep(_GATHER)
        poller = select.poll()
        for number in others:
            poller.register(number, select.POLLIN)
        if self._notify is None:
            timeout = min(timeout, _POLL)
        else:
            poller.register(self._notify, select.POLLIN)
        ready = [number for number, _ in poller.poll(timeout * 1000)]
        if self._notify is not None and self._notify in ready:
            self._grew = time.monotonic()
            with contextlib.suppress(OSError):
                os.read(self._notify, 65536)
        return [number for number in ready if number != self._notify]

    def close(self) -> None:
        os.close(self._file)
        if self._notify is not None:
            os.close(self._notify)

    def _give_back(self, copy: str) -> None:
        """Copy what was read, then give its disk back to the file system; where either is impossible, the file just stays whole."""
        length = self.offset - TAIL - self._copied
        try:
            part = gzip.compress(os.pread(self._file, length, self._copied), 1)
            with open(copy, "ab", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
                file.write(part)
        except OSError:
            self._copy = None
            return
        libc = _libc()
        punch = getattr(libc, "fallocate64", None) or libc.fallocate  # musl has only the one, which is 64 bits wide
        if punch(self._file, _PUNCH, ctypes.c_int64(self._copied), ctypes.c_int64(length)) != 0:
            self._copy = None
        self._copied += length


def _parts(copy: str) -> Iterator[bytes]:
    """What a compressed copy holds, part by part; a last part that was cut off while it was written is left out."""
    if not os.path.exists(copy):
        return
    with open(copy, "rb") as file:
        data = file.read(CHUNK)
        while data:
            unpacker = zlib.decompressobj(wbits=31)
            part = b""
            while data and not unpacker.eof:
                part += unpacker.decompress(data)
                data = unpacker.unused_data if unpacker.eof else file.read(CHUNK)
            if not unpacker.eof:
                return
            yield part
            data = data or file.read(CHUNK)


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
