"""`roar-tui import`: jobs that were observed elsewhere, from strace logs and records of other stores."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from roar_tui.cli.context import Settings, brought_up_to_date, common_options, note, print_json, working_directory
from roar_tui.cli.failures import report

if TYPE_CHECKING:
    from roar_tui.exchange.importing import Imported
    from roar_tui.exchange.parcels import Parcel
    from roar_tui.store.store import Store

MEGABYTE = 1_000_000
SHOWN_EXAMPLES = 3


@click.command("import")
@click.argument("names", nargs=-1, required=True, metavar="FILE...", type=click.Path())
@click.option("--cwd", metavar="DIR", help="Where the job of a log started: relative paths in the log are below it.")
@common_options
def command(settings: Settings, names: tuple[str, ...], cwd: str | None) -> int:
    """Bring in jobs from elsewhere: output of strace, or records of another store.

    Any options of strace that print opens will do, packed or not; best are -f -y -ttt. The files of strace -ff are one job: name
    the directory, or what the names begin with (log for log.1234). Nothing is hashed: the files may have changed since.
    """
    from roar_tui.exchange.parcels import parcels
    from roar_tui.store.store import Store

    started = None if cwd is None else os.path.normpath(os.path.join(working_directory(), cwd))
    store = Store.open(settings.root)
    found, errors = parcels(names)
    status = 0
    for error in errors:
        status = max(status, report(error, "import"))
    imported: list[Imported] = []
    for parcel in found:
        status = max(status, _bring_in(parcel, store, started, imported))
    if imported:
        brought_up_to_date(settings, quiet=settings.json)
    if settings.json:
        print_json([_shape(one) for one in imported])
    else:
        _tell(store, imported)
    return status


def _bring_in(parcel: Parcel, store: Store, cwd: str | None, imported: list[Imported]) -> int:
    """Import the jobs of one parcel; the exit status. What cannot be imported is said, and the others go on."""
    from roar_tui.cli.progress import Progress
    from roar_tui.exchange.importing import bring_in
    from roar_tui.exchange.source import UnusableFileError

    with Progress(f"Reading {os.path.basename(parcel.name)} (MB)") as progress:

        def in_megabytes(done: int, total: int) -> None:
            progress(done // MEGABYTE, total // MEGABYTE)

        try:
            for one in bring_in(parcel, store.archive, cwd=cwd, progress=in_megabytes):
                imported.append(one)
        except UnusableFileError as error:
            problem = error
        else:
            return 0
    return report(problem, "import")


def _shape(one: Imported) -> dict[str, object]:
    warnings = [{"code": warning.code, "message": warning.message, "examples": warning.examples} for warning in one.warnings]
    return {
        "file": one.file,
        "id": one.job,
        "source": one.source,
        "steps": one.steps,
        "inputs": one.inputs,
        "outputs": one.outputs,
        "unparsed": one.unparsed,
        "warnings": warnings,
    }


def _tell(store: Store, imported: list[Imported]) -> None:
    """One line for each job, and below it, on stderr, what limits its record."""
    from roar_tui.cli.render import HASH, Screen
    from roar_tui.store import queries
    from roar_tui.text import count, display

    screen = Screen()
    ids = store.ask(lambda db: [queries.short(db, one.job) for one in imported])
    for short, one in zip(ids, imported, strict=True):
        holds = (count(one.steps, "step"), count(one.inputs, "input"), count(one.outputs, "output"))
        screen.line((short, HASH), f"  {display(one.file)}  ", ", ".join(holds))
        for warning in one.warnings:
            note(f"  {warning.message}", *(f"    {example}" for example in warning.examples[:SHOWN_EXAMPLES]))
