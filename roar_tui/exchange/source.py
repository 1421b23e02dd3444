"""A file to import: unpacked as it is read, line by line, with the digest of what was read. Memory stays flat at any size."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import zlib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import blake3

from roar_tui.errors import RoarTuiError

CHUNK = 1 << 20
STDIN = Path("/dev/stdin")
LONGEST = 64 << 20  # bytes of a line; what is longer is junk, and is cut
_MAGIC = ((b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"), (b"\xfd7zXZ\x00", "xz"), (b"\x28\xb5\x2f\xfd", "zstd"))
_MARK = b"\xef\xbb\xbf"  # of UTF-8, where an editor put one


class UnusableFileError(RoarTuiError):
    """A file that cannot be imported; nothing of it was."""


class Source:
    """The file at `path`. Read `head` first, then `data` or `lines`, each once.

    `cut` says that a packed file ended too early: what came before the end was read. Raises UnusableFileError where the file
    cannot be read or unpacked.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.cut = False
        self._hash = blake3.blake3()
        try:
            # The descriptor itself: a socket, as sshd gives, cannot be opened by its name.
            self._raw = os.fdopen(os.dup(0), "rb") if path == STDIN else path.open("rb")
            status = os.fstat(self._raw.fileno())
            self.size = status.st_size
            self.modified = status.st_mtime_ns // 1000
            packed = self._raw.peek(8)[:8]
        except OSError as error:
            raise unreadable(path, error) from error
        self._stream: Any = self._raw
        self.packing = next((name for magic, name in _MAGIC if packed.startswith(magic)), None)
        if self.packing is not None:
            self._stream = self._unpacked(self.packing)
        self.head = self._read().removeprefix(_MARK)

    @property
    def position(self) -> int:
        """How many bytes of the file were read, packed ones."""
        return 0 if self._raw.closed else self._raw.tell()

    @property
    def digest(self) -> str:
        """The BLAKE3 digest of what was read, unpacked: a log is the same log when it is packed."""
        return self._hash.hexdigest()

    def data(self) -> bytes:
        """All of it."""
        parts = [self.head]
        while part := self._read():
            parts.append(part)
        self.close()
        return b"".join(parts)

    def lines(self) -> Iterator[list[str]]:
        """The lines, some at a time, decoded as latin-1 so that no byte is lost; the last one may have no newline."""
        rest, part = b"", self.head
        while part:
            rest += part
            end = rest.rfind(b"\n") + 1
            if end:
                yield rest[:end].decode("latin-1").split("\n")[:-1]
                rest = rest[end:]
            elif len(rest) > LONGEST:
                yield [rest.decode("latin-1")]
                rest = b""
            part = self._read()
        if rest:
            yield [rest.decode("latin-1")]
        self.close()

    def close(self) -> None:
        self._raw.close()

    def _unpacked(self, packing: str) -> Any:
        if packing == "gzip":
            return gzip.GzipFile(fileobj=self._raw)
        if packing == "bzip2":
            return bz2.BZ2File(self._raw)
        if packing == "xz":
            return lzma.LZMAFile(self._raw)
        try:
            return import_module("compression.zstd").ZstdFile(self._raw)
        except ImportError:
            hint = f"Unpack it first: zstd -d {self.path.name}"
            raise UnusableFileError(f"{self.path} is packed with zstd, which this Python cannot unpack.", hint) from None

    def _read(self) -> bytes:
        parts: list[bytes] = []
        size = 0
        try:
            while size < CHUNK and (part := self._stream.read1(CHUNK)):  # read(CHUNK) would lose what is before an early end
                parts.append(part)
                size += len(part)
        except EOFError:
            self.cut = True
        except (zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
            raise UnusableFileError(f"{self.path} cannot be unpacked: {error}.", "It is damaged; get it again.") from error
        except OSError as error:
            raise unreadable(self.path, error) from error
        whole = b"".join(parts)
        self._hash.update(whole)
        return whole


def unreadable(path: Path, error: OSError) -> UnusableFileError:
    """What to say where `path` cannot be opened or read."""
    if isinstance(error, FileNotFoundError):
        return UnusableFileError(f"There is no file {path}.")
    return UnusableFileError(f"{path} cannot be read: {error.strerror or error}.")
