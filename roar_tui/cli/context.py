"""What all commands share: the options --store and --json, the opened store, and how results are printed.

A command module looks so:

    @click.command("name")
    @ref_argument
    @common_options            # --store and --json; the command gets `settings: Settings`
    def command(settings: Settings, ref: str) -> int | None: ...   # an int is the exit status
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import click

from roar_tui.cli.failures import need_streams, say

if TYPE_CHECKING:
    import sqlite3

    from roar_tui.store.results import SyncReport
    from roar_tui.store.store import Store

P = ParamSpec("P")
R = TypeVar("R")


@dataclass
class Settings:
    """The options that stand before or after the command; one per invocation, as click's `obj`."""

    store: str | None = None
    json: bool = False

    @property
    def root(self) -> Path:
        """The archive's directory: --store, then ROAR_TUI_STORE, then the user's own."""
        from roar_tui.store.location import archive_root

        return archive_root(self.store)


def _remember_store(ctx: click.Context, _: click.Parameter, value: str | None) -> str | None:
    if value is not None:
        ctx.ensure_object(Settings).store = value
    return value


def _remember_json(ctx: click.Context, _: click.Parameter, value: bool) -> bool:
    if value:
        ctx.ensure_object(Settings).json = True
    return value


store_option = click.option(
    "--store",
    metavar="DIR",
    expose_value=False,
    callback=_remember_store,
    type=click.Path(readable=False),  # an unreadable store is not wrong usage: the store says so itself
    help="The store to use, instead of ROAR_TUI_STORE or your own.",
)
json_option = click.option(
    "--json", is_flag=True, expose_value=False, callback=_remember_json, help="Print one JSON document with all that is known."
)


def common_options(function: Callable[Concatenate[Settings, P], R]) -> Callable[P, R]:
    """Give a command --store and --json; it is called with the `Settings` as its first argument."""

    @wraps(function)
    def with_settings(*args: P.args, **kwargs: P.kwargs) -> R:
        need_streams()
        return function(click.get_current_context().ensure_object(Settings), *args, **kwargs)

    return store_option(json_option(with_settings))


@contextmanager
def opened(settings: Settings) -> Iterator[tuple[Store, sqlite3.Connection]]:
    """The store, brought up to date with its records, and a connection to its index for the time of the block."""
    store = brought_up_to_date(settings)
    db = store.reader()
    try:
        yield store, db
    finally:
        db.close()


def brought_up_to_date(settings: Settings, *, quiet: bool = False) -> Store:
    """The store, with new records read into its index; says on stderr what could not be read, unless `quiet`."""
    from roar_tui.cli.progress import Progress
    from roar_tui.store.store import Store

    store = Store.open(settings.root)
    _recover(store.root, quiet=quiet)
    with Progress("Reading new records") as progress:
        report = store.sync(progress=progress)
    if not quiet:
        _tell(report)
    return store


def _recover(root: Path, *, quiet: bool) -> None:
    """Bring in this user's runs whose recorder died. Costs a listing of a folder that is nearly always empty."""
    try:
        names = os.listdir(root / "running")
    except OSError:
        return
    if not any(name.endswith(".json") for name in names):
        return
    from roar_tui.cli.failures import say
    from roar_tui.cli.shelf import bring_in

    jobs, problems = bring_in(root)
    for job in jobs if not quiet else ():
        say(f"job {job[:8]}: its recording was interrupted; recovered from its trace.")
    for problem in problems:
        say(problem)


def _tell(report: SyncReport) -> None:
    """Say once, on stderr, what is missing from the index."""
    from roar_tui.text import count

    if report.damaged:
        say(f"{count(len(report.damaged), 'damaged record')} left out.", "Which ones, and why: roar-tui store info")
    if report.unreadable:
        say(f"{count(len(report.unreadable), 'file')} of the store left out: no permission.", "Which ones: roar-tui store info")
    if report.busy:
        say("Another process is bringing the index up to date; the newest jobs may be missing.")
    if report.warning:
        say(report.warning)


def note(*lines: str | None) -> None:
    """Say something about the answer, on stderr; lines that are None or empty are not written."""
    from roar_tui.text import display

    for line in filter(None, lines):
        click.echo(display(line), err=True)


def print_json(document: Any) -> None:
    r"""Print one JSON document: indented for a person, compact for a program. Surrogates become `\udcXX` escapes."""
    import json

    indent = 2 if sys.stdout.isatty() else None
    sys.stdout.write(json.dumps(document, ensure_ascii=True, indent=indent, allow_nan=False) + "\n")


def working_directory() -> str:
    """What relative references are relative to; the root where the working directory was removed."""
    try:
        return os.getcwd()
    except OSError:
        return "/"


def on_terminal() -> bool:
    """Whether a full-screen program can run: a terminal on both ends, and not a dumb one."""
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "dumb") not in ("", "dumb")
