"""`roar-tui store`: size and health of the store, and a new index for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from roar_tui.cli.context import Settings, brought_up_to_date, common_options, note, print_json, store_option

if TYPE_CHECKING:
    from roar_tui.store.results import StoreInfo
    from roar_tui.store.store import Store


@click.group("store", invoke_without_command=True)
@store_option
@click.pass_context
def command(ctx: click.Context) -> None:
    """Size and health of the store; rebuild its index."""
    if ctx.invoked_subcommand is None:
        raise click.UsageError("Say what to do with the store: info, rebuild or recover.", ctx)


@command.command("info", short_help="Where it is, what it holds, what cannot be read.")
@common_options
def info(settings: Settings) -> None:
    """Show where the store is, what it holds, its size, and what in it cannot be read."""
    _tell(settings, brought_up_to_date(settings, quiet=True))


@command.command("rebuild", short_help="Make the index anew from the records.")
@common_options
def rebuild(settings: Settings) -> None:
    """Throw the index away and make it anew from the records, which stay untouched."""
    from roar_tui.cli.progress import Progress
    from roar_tui.store.store import Store

    store = Store.open(settings.root)
    with Progress("Reading records") as progress:
        store.rebuild(progress=progress)
    note("The index is made anew.")
    _tell(settings, store)


@command.command("recover", short_help="Bring in runs whose recorder died.")
@common_options
def recover(settings: Settings) -> int:
    """Bring in your interrupted runs on this host, from the traces that they left. Every command does that by itself."""
    from roar_tui.cli.failures import say
    from roar_tui.cli.shelf import bring_in
    from roar_tui.text import count

    jobs, problems = bring_in(settings.root)
    brought_up_to_date(settings, quiet=True)
    if settings.json:
        print_json({"recovered": jobs, "problems": problems})
    else:
        note(f"{count(len(jobs), 'interrupted run')} recovered.", *jobs)
    for problem in problems:
        say(problem)
    return 1 if problems else 0


def _tell(settings: Settings, store: Store) -> None:
    from roar_tui.store.results import to_json

    found = store.info()
    if settings.json:
        print_json(to_json(found))
    else:
        _print(found)


def _print(found: StoreInfo) -> None:
    from roar_tui.cli.render import BAD, GAP, QUIET, WARN, Screen
    from roar_tui.text import count, display, pad, size

    screen = Screen()

    def fact(name: str, value: str) -> None:
        screen.line((pad(name, 9) + GAP, QUIET), value)

    fact("store", display(found.path) + ("" if found.exists else "  (not made yet; the first recorded job makes it)"))
    fact("jobs", count(found.jobs))
    fact("artifacts", f"{count(found.artifacts)} ({size(found.seen_bytes)} seen)")
    fact("records", size(found.record_bytes))
    fact("blobs", size(found.blob_bytes))
    fact("index", f"{size(found.index_bytes)}  {display(found.index)}")
    if found.running:
        fact("running", count(found.running, "job"))
    if found.odd:
        fact("strangers", f"{count(found.odd, 'file')} among the records that are none, left alone")
    if found.warning:
        screen.line((display(found.warning), WARN))
    for damaged in found.damaged:
        screen.line(("damaged  " + GAP, BAD), f"{display(damaged.record)}: {display(damaged.problem)}")
    for name in found.unreadable:
        screen.line(("no access" + GAP, BAD), display(name))
