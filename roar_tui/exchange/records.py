"""Record files of another store: checked, and copied as they are, with the blobs that they name where these are at hand."""

from __future__ import annotations

from pathlib import Path

import msgspec

from roar_tui.exchange.source import Source, UnusableFileError
from roar_tui.record.filesets import blobs_of
from roar_tui.record.model import FORMAT, Record, decode, digest, encode
from roar_tui.store.archive import RECORD, Archive
from roar_tui.store.judge import UnusableRecordError, check


def looks_like_record(source: Source) -> bool:
    """Whether `source` begins as a record does."""
    return source.head.lstrip()[:1] == b"{" and b'"run_id"' in source.head


def read_record(source: Source) -> tuple[Record, bytes]:
    """The record in `source`, and its bytes: its own where its name is their digest, else the canonical ones.

    Raises UnusableFileError where it is damaged, contradicts itself, or is of a newer version.
    """
    path = source.path
    data = source.data()
    if source.cut:
        raise _damaged(path, "it is cut short")
    expected = RECORD.match(path.name)
    if expected is not None and digest(data) != expected[1]:
        raise _damaged(path, "its bytes do not have the digest that is its name")
    try:
        record = decode(data)
        check(record)
    except UnusableRecordError as error:
        raise _damaged(path, str(error)) from error
    except (ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise _damaged(path, "it is no record that this version can read") from error
    if record.format > FORMAT:
        hint = "Bring roar-tui up to date, and import it again."
        raise UnusableFileError(f"{path} was written by a newer roar-tui (format {record.format}).", hint)
    return record, data if expected is not None else encode(record)


def keep_with_blobs(record: Record, data: bytes, path: Path, archive: Archive) -> str:
    """Keep `record` (`data` when encoded) in `archive`, and what it names of the blobs of `path`'s own store; the job id."""
    other = Archive(path.resolve().parent.parent.parent)
    if other.blobs.is_dir() and other.root != archive.root.resolve():
        for name in dict.fromkeys(blobs_of(record)):
            blob = other.blob(name)
            if blob is not None:
                archive.keep_blob(blob)
    return archive.keep_encoded(data, record.started)


def _damaged(path: Path, why: str) -> UnusableFileError:
    return UnusableFileError(f"The record {path} is damaged: {why}.", "Get it again from where it came from.")
