"""What kind of file it is, and so who reads it; the records that were read, kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from roar_tui.exchange.log import Log, Progress
from roar_tui.exchange.parcels import Parcel, Part, apart
from roar_tui.exchange.records import keep_with_blobs, looks_like_record, read_record
from roar_tui.exchange.roar_database import is_roar_database, read
from roar_tui.exchange.roar_facts import Said, said_in
from roar_tui.exchange.source import Source
from roar_tui.exchange.strace_logs import read_log
from roar_tui.record.filesets import count_files
from roar_tui.record.model import Record, State
from roar_tui.record.model import Warning as RecordWarning
from roar_tui.store.archive import Archive
from roar_tui.text import count

RELABELLED = "roar has other labels by now: a record never changes, it keeps those of its import."


@dataclass(frozen=True)
class Imported:
    """A job that was imported: from which file, its id, and what it holds. `unparsed` lines could not be read.

    `new` is False for a job of a database that the store has from an earlier import: nothing is written for it.
    """

    file: str
    job: str
    source: str
    steps: int
    inputs: int
    outputs: int
    unparsed: int
    warnings: list[RecordWarning]
    command: list[str] = field(default_factory=list)
    new: bool = True


class Present(NamedTuple):
    """A job that the store has already."""

    job: str
    steps: int
    inputs: int
    outputs: int
    command: list[str]
    state: State


Find = Callable[[str], Present | None]  # by run id


def bring_in(
    parcel: Parcel,
    archive: Archive,
    *,
    cwd: str | None = None,
    find: Find = lambda run_id: None,
    progress: Progress | None = None,
    say: Callable[[str], None] = lambda sentence: None,
) -> Iterator[Imported]:
    """Import the jobs in `parcel` into `archive`, one by one. `cwd` is where the job of a log started, if the user knows.

    `find` tells which jobs of a database are there already: those are named, and not written again. `say` hears what of a
    database is not imported.
    Raises UnusableFileError for a file that cannot be imported, StoreError where the archive cannot be written.
    """
    if len(parcel.parts) > 1:
        yield from _several(parcel, archive, cwd, progress)
        return
    if parcel.parts[0].path.is_file() and is_roar_database(parcel.parts[0].path):  # a pipe can be read once
        yield from _database(parcel, archive, cwd, find, progress, say)
        return
    source = Source(parcel.parts[0].path)
    if looks_like_record(source):
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


def _database(
    parcel: Parcel, archive: Archive, cwd: str | None, find: Find, progress: Progress | None, say: Callable[[str], None]
) -> Iterator[Imported]:
    """The jobs of roar's database, those that are there already too."""
    path = parcel.parts[0].path
    there: dict[str, Present] = {}
    outdated: set[str] = set()

    def known(run_id: str, state: State) -> bool:
        present = find(run_id)
        if present is None or (state is State.COMPLETE and present.state is not State.COMPLETE):
            return False  # a job that has ended by now takes the place of its unfinished self
        there[run_id] = present
        return True

    def spoken(run_id: str, said: Said) -> None:
        if said_in(archive.load(there[run_id].job)) != said:
            outdated.add(run_id)

    def planned(number: int) -> None:
        say(f"{count(number, 'job')} of {parcel.name} never ran: roar keeps them to be run here. They are not imported.")

    def in_bytes(done: int, total: int) -> None:
        if progress is not None:
            size = path.stat().st_size
            progress(size * done // max(total, 1), size)

    for record in read(path, cwd=cwd, known=known, spoken=spoken, planned=planned, progress=in_bytes):
        yield _imported(parcel.name, archive.keep(record), record, 0)
    for run_id, one in there.items():
        warnings = [RecordWarning("labels_changed", RELABELLED, [run_id[:8]])] if run_id in outdated else []
        yield Imported(parcel.name, one.job, "roar", one.steps, one.inputs, one.outputs, 0, warnings, one.command, new=False)


def _imported(name: str, job: str, record: Record, unparsed: int) -> Imported:
    inputs, outputs = count_files(record)
    return Imported(name, job, record.source, len(record.steps), inputs, outputs, unparsed, record.warnings, record.command)
