"""The archive: a directory of immutable records and blobs, the truth of which the index is only a reading.

    records/2026-11-23/<job id>.json.gz    one record, by the UTC day of its start; the id is the digest of the bytes inside
    blobs/ab/<digest>.gz                   bytes under their digest
    running/                               runs in progress

Every file is written under a temporary name, flushed to disk, and renamed, so that many processes on many machines can write
at once and a reader never sees half a file.
"""

from __future__ import annotations

import datetime
import gzip
import os
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from roar_tui.errors import NotFoundError, StoreError
from roar_tui.record import filesets
from roar_tui.record.model import FORMAT, Record, decode, digest, encode
from roar_tui.store.files import explain_read, explain_write, make_archive, publish_below

SUFFIX = ".json.gz"
DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
RECORD = re.compile(r"([0-9a-f]{64})\.json\.gz\Z")
DIGEST = re.compile(r"[0-9a-f]{64}\Z")


class DamagedRecordError(StoreError):
    """A record's file is there, and is not what its name promises."""


class Archive:
    """The archive at `root`. Nothing is made before `ensure` or the first `keep`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.records = root / "records"
        self.blobs = root / "blobs"
        self.running = root / "running"

    def ensure(self) -> None:
        """Make the archive's directories; raises StoreError where that is impossible."""
        make_archive(self.root)

    def keep(self, record: Record) -> str:
        """Write `record` and return its job id (the digest of its canonical bytes); keeping it twice changes nothing.

        Its large sets of files go into manifests first. Raises StoreError when the disk is full or the directory cannot be written.
        """
        return self.keep_encoded(encode(filesets.pack(record, self.keep_blob)), record.started)

    def keep_encoded(self, data: bytes, started: int) -> str:
        """Write the bytes of a record that started then, as `keep` does: a copy keeps what this version does not know of it."""
        job_id = digest(data)
        self._write(self.records / day_of(started) / f"{job_id}{SUFFIX}", data)
        return job_id

    def keep_blob(self, data: bytes) -> str:
        """Write `data` as a blob and return its digest; raises StoreError as `keep` does."""
        name = digest(data)
        self._write(self.blobs / name[:2] / f"{name}.gz", data)
        return name

    def blob(self, name: str) -> bytes | None:
        """The bytes whose digest is `name`, or None if they are not in the archive.

        Raises StoreError when they are there and cannot be read, or are not what they should be.
        """
        if not DIGEST.match(name):
            return None
        path = self.blobs / name[:2] / f"{name}.gz"
        try:
            data = _unpack(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise explain_read(path, error) from error
        if digest(data) != name:
            raise _damaged(path, "its bytes do not have the digest that is its name")
        return data

    def load(self, job_id: str, record: str | None = None) -> Record:
        """The record of `job_id`, each file by itself; `record` is its path below `records/`, where known, and saves a search.

        Raises NotFoundError when it is not there, DamagedRecordError when it is not what its name promises, StoreError when it
        cannot be read.
        """
        if record is not None and (self.records / record).is_file():
            return self.load_file(record)
        if DIGEST.match(job_id):
            for day in sorted(self.days(), reverse=True):
                if (self.records / day / f"{job_id}{SUFFIX}").is_file():
                    return self.load_file(f"{day}/{job_id}{SUFFIX}")
        raise NotFoundError(f"There is no record of job {job_id[:8]} in {self.root}.", "See the jobs with: roar-tui jobs")

    def load_file(self, name: str) -> Record:
        """The record in `name`, a path below `records/` as `files` gives it, each file by itself; raises as `load` does."""
        record = self.load_packed(name)
        try:
            return filesets.unpack(record, self.blob)
        except filesets.IncompleteError as error:
            raise _damaged(self.records / name, str(error)) from error

    def load_packed(self, name: str) -> Record:
        """The record in `name` as it was written, with sets of files in place of their members; raises as `load` does."""
        path = self.records / name
        data = self.read_file(name)
        try:
            record = decode(data)
        except (ValueError, RecursionError, msgspec.MsgspecError) as error:
            raise _damaged(path, "it is no record that this version can read") from error
        if record.format > FORMAT:
            raise _damaged(path, f"it was written by a newer roar-tui (format {record.format})")
        return record

    def read_file(self, name: str) -> bytes:
        """The canonical bytes of the record in `name`, known to be what its name promises; raises as `load` does."""
        path = self.records / name
        try:
            data = _unpack(path)
        except OSError as error:
            raise explain_read(path, error) from error
        expected = RECORD.match(path.name)
        if expected is None or digest(data) != expected[1]:
            raise _damaged(path, "its bytes do not have the digest that is its name")
        return data

    def days(self) -> list[str]:
        """The day folders in `records/`, unsorted; empty for an archive that does not exist."""
        try:
            return [entry.name for entry in _scan(self.records) if is_day(entry)]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise explain_read(self.records, error) from error

    def files(self) -> Iterator[str]:
        """The names of all records, as paths below `records/`, by day and name. What is no record is passed over."""
        for day in sorted(self.days()):
            yield from (f"{day}/{name}" for name in sorted(self.day_files(day)))

    def day_files(self, day: str) -> list[str]:
        """The file names of the records of one day, unsorted; raises StoreError when the folder cannot be read."""
        try:
            return [entry.name for entry in _scan(self.records / day) if is_record(entry)]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise explain_read(self.records / day, error) from error

    def _write(self, path: Path, data: bytes) -> None:
        if path.exists():
            return
        try:
            if not path.parent.parent.is_dir():
                self.ensure()
            # 6 takes three times as long and saves 6 %
            publish_below(path, gzip.compress(data, compresslevel=1, mtime=0))
        except OSError as error:
            raise explain_write(self.root, error) from error


def day_of(started: int) -> str:
    """The folder of a record: the UTC day of its start."""
    try:
        moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=started)
    except OverflowError:  # a clock gone mad must not cost the record
        return "1970-01-01"
    return moment.date().isoformat()


def is_record(entry: os.DirEntry[str]) -> bool:
    """True for a regular file with a record's name; links and strangers are not read."""
    return RECORD.match(entry.name) is not None and entry.is_file(follow_symlinks=False)


def is_day(entry: os.DirEntry[str]) -> bool:
    """True for a directory with a day's name; links are not followed."""
    return DAY.match(entry.name) is not None and entry.is_dir(follow_symlinks=False)


def _scan(directory: Path) -> list[os.DirEntry[str]]:
    with os.scandir(directory) as entries:
        return list(entries)


def _unpack(path: Path) -> bytes:
    """The bytes in the gzip file at `path`; OSError when it cannot be read, DamagedRecordError when it is no gzip file."""
    packed = path.read_bytes()
    try:
        return zlib.decompress(packed, wbits=31)  # a third faster than gzip.decompress; the digest covers the rest
    except zlib.error as error:
        raise _damaged(path, "it is cut short or not a gzip file") from error


def _damaged(path: Path, why: str) -> DamagedRecordError:
    hint = "Restore it from a copy of the store, or move it away; all other jobs are unharmed."
    return DamagedRecordError(f"The file {path} is damaged: {why}.", hint)
