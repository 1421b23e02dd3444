"""`roar-tui import`: jobs that were observed elsewhere, from strace logs, roar's database and records of other stores."""

from __future__ import annotations

import contextlib
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

from roar_tui.cli.context import Settings, brought_up_to_date, common_options, note, print_json, working_directory
from roar_tui.cli.failures import report
from roar_tui.errors import UsageError

if TYPE_CHECKING:
    import sqlite3

    from roar_tui.exchange.importing import Find, Imported, Present
    from roar_tui.exchange.parcels import Parcel
    from roar_tui.store.store import Store

MEGABYTE = 1_000_000
SHOWN_EXAMPLES = 3


@click.command("import")
@click.argument("names", nargs=-1, required=True, metavar="FILE...", type=click.Path())
@click.option("--cwd", metavar="DIR", help="Where the job of a log started, or roar's project.")
@common_options
def command(settings: Settings, names: tuple[str, ...], cwd: str | None) -> int:
    """Bring in jobs from elsewhere: output of strace, roar's .roar/roar.db, or records of another store.

    Any options of strace that print opens will do, packed or not; best are -f -y -ttt. The files of strace -ff are one job: name
    the directory, or what the names begin with (log for log.1234). - reads standard input. Nothing is hashed: the files may have
    changed since.
    """
    from roar_tui.exchange.parcels import parcels
    from roar_tui.store.store import Store

    if "-" in names and sys.stdin.isatty():
        raise UsageError("Standard input is a terminal, and no log.", "Pipe one in: xz -dc build.log.xz | roar-tui import -")
    started = None if cwd is None else os.path.normpath(os.path.join(working_directory(), cwd))
    store = Store.open(settings.root)
    found, errors = parcels(names)
    status = 0
    for error in errors:
        status = max(status, report(error, "import"))
    imported: list[Imported] = []
    left_out: list[str] = []
    for parcel in found:
        status = max(status, _bring_in(parcel, store, started, imported, left_out.append))
    if imported:
        brought_up_to_date(settings, quiet=settings.json)
    if settings.json:
        print_json([_shape(one) for one in imported])
    else:
        _tell(store, imported)
    note(*left_out)
    return status


def _bring_in(parcel: Parcel, store: Store, cwd: str | None, imported: list[Imported], say: Callable[[str], None]) -> int:
    """Import the jobs of one parcel; the exit status. What cannot be imported is said, and the others go on."""
    from roar_tui.cli.progress import Progress
    from roar_tui.exchange.importing import bring_in
    from roar_tui.exchange.source import UnusableFileError

    with Progress(f"Reading {os.path.basename(parcel.name)} (MB)") as progress, _finder(store) as find:

        def in_megabytes(done: int, total: int) -> None:
            progress(done // MEGABYTE, total // MEGABYTE)

        try:
            for one in bring_in(parcel, store.archive, cwd=cwd, find=find, progress=in_megabytes, say=say):
                imported.append(one)
        except UnusableFileError as error:
            problem = error
        else:
            return 0
    return report(problem, "import")


@contextlib.contextmanager
def _finder(store: Store) -> Iterator[Find]:
    """How to find the jobs that the store has already, by their run; the index is read first when one is asked for."""
    from roar_tui.exchange.importing import Present
    from roar_tui.store import queries

    with contextlib.ExitStack() as stack:
        readers: list[sqlite3.Connection] = []

        def find(run_id: str) -> Present | None:
            if not readers:
                store.sync()
                readers.append(stack.enter_context(contextlib.closing(store.reader())))
            row = queries.job_of_run(readers[0], run_id)
            return None if row is None else Present(row.id, row.steps, row.inputs, row.outputs, row.command, row.state)

        yield find


def _shape(one: Imported) -> dict[str, object]:
    warnings = [{"code": warning.code, "message": warning.message, "examples": warning.examples} for warning in one.warnings]
    return {
        "file": one.file,
        "id": one.job,
        "command": one.command,
        "new": one.new,
        "source": one.source,
        "steps": one.steps,
        "inputs": one.inputs,
        "outputs": one.outputs,
        "unparsed": one.unparsed,
        "warnings": warnings,
    }


def _tell(store: Store, imported: list[Imported]) -> None:
    """One line for each job that is new, and at the end, on stderr, what limits their records."""
    from roar_tui.cli.render import HASH, QUIET, Screen
    from roar_tui.store import queries
    from roar_tui.text import count, display, what

    screen = Screen()
    new = [one for one in imported if one.new]
    ids = store.ask(lambda db: [queries.short(db, one.job) for one in new])
    for short, one in zip(ids, new, strict=True):
        holds = (count(one.steps, "step"), count(one.inputs, "input"), count(one.outputs, "output"))
        called = what(one.command) if one.source == "roar" else display(one.file)
        screen.line((short, HASH), f"  {called}  ", ", ".join(holds))
    if len(new) < len(imported):
        there = count(len(imported) - len(new), "job of the database was", "jobs of the database were")
        screen.line((f"{there} there already", QUIET))
    times = Counter(warning.message for one in imported for warning in one.warnings)
    examples: dict[str, list[str]] = {}
    for one in imported:
        for warning in one.warnings:
            examples.setdefault(warning.message, []).extend(warning.examples)
    for message, number in times.items():
        note(f"  {message}" + (f" ({count(number, 'job')})" if number > 1 else ""))
        note(*(f"    {example}" for example in dict.fromkeys(examples[message][:SHOWN_EXAMPLES])))
