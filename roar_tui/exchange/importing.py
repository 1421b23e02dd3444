"""What kind of file it is, and so who reads it; the records that were read, kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from roar_tui.exchange.log import Log, Progress
from roar_tui.exchange.parcels import Parcel, Part, apart
from roar_tui.exchange.records import keep_with_blobs, looks_like_record, read_record
from roar_tui.exchange.source import Source, UnusableFileError
from roar_tui.exchange.strace_logs import read_log
from roar_tui.record.model import Record
from roar_tui.record.model import Warning as RecordWarning
from roar_tui.store.archive import Archive
from roar_tui.store.judge import count_files

_SQLITE = b"SQLite format 3\0"


@dataclass(frozen=True)
class Imported:
    """A job that was imported: from which file, its id, and what it holds. `unparsed` lines could not be read."""

    file: str
    job: str
    source: str
    steps: int
    inputs: int
    outputs: int
    unparsed: int
    warnings: list[RecordWarning]


def bring_in(parcel: Parcel, archive: Archive, *, cwd: str | None = None, progress: Progress | None = None) -> Iterator[Imported]:
    """Import the jobs in `parcel` into `archive`, one by one. `cwd` is where the job of a log started, if the user knows.

    Raises UnusableFileError for a file that cannot be imported, StoreError where the archive cannot be written.
    """
    if len(parcel.parts) > 1:
        yield from _several(parcel, archive, cwd, progress)
        return
    source = Source(parcel.parts[0].path)
    if source.head.startswith(_SQLITE):
        source.close()
        yield from _database(parcel, archive)
    elif looks_like_record(source):
        record, data = read_record(source)
        yield _imported(parcel.name, keep_with_blobs(record, data, source.path, archive), record, 0)
    else:
        yield _log(parcel.name, [Log(parcel.parts[0], source)], archive, cwd, progress)


def _several(parcel: Parcel, archive: Archive, cwd: str | None, progress: Progress | None) -> Iterator[Imported]:
    """The files of one job, or, where their lines name processes, of as many jobs."""
    logs = [_first_look(part) for part in parcel.parts]
    if any(log.look.pids for log in logs):
        for one in apart(parcel):
            yield from bring_in(one, archive, cwd=cwd, progress=progress)
    else:
        yield _log(parcel.name, logs, archive, cwd, progress)


def _first_look(part: Part) -> Log:
    log = Log(part)
    log.set_aside()
    return log


def _log(name: str, logs: Sequence[Log], archive: Archive, cwd: str | None, progress: Progress | None) -> Imported:
    record, unparsed = read_log(name, logs, cwd=cwd, progress=progress)
    return _imported(name, archive.keep(record), record, unparsed)


def _database(parcel: Parcel, archive: Archive) -> Iterator[Imported]:
    raise UnusableFileError(f"{parcel.name} is a database, and this version of roar-tui imports none.")


def _imported(name: str, job: str, record: Record, unparsed: int) -> Imported:
    inputs, outputs = count_files(record)
    return Imported(name, job, record.source, len(record.steps), inputs, outputs, unparsed, record.warnings)
