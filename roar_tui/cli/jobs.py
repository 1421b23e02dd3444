"""`roar-tui jobs`: the recorded jobs, newest first."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from roar_tui.cli.context import Settings, common_options, opened, print_json
from roar_tui.cli.listing import fetch, filter_option, limit_option, parse, tell_empty, tell_more

if TYPE_CHECKING:
    import sqlite3

    from roar_tui.cli.render import Part
    from roar_tui.store.results import JobRow


@click.command("jobs")
@limit_option
@filter_option
@common_options
def command(settings: Settings, limit: int | None, filter_text: str) -> None:
    """List recorded jobs, newest first: when, job id, what ran, files in and out, how long, how it ended."""
    list_jobs(settings, limit, filter_text)


def list_jobs(settings: Settings, limit: int | None = None, filter_text: str = "") -> None:
    """Print the jobs that match `filter_text`, the newest `limit` of them."""
    from roar_tui.store import queries
    from roar_tui.store.results import to_json

    chosen = parse(filter_text)
    with opened(settings) as (_, db):
        rows, more = fetch(lambda n, after: queries.jobs(db, chosen, limit=n, after=after), limit, json=settings.json)
        if settings.json:
            print_json(to_json(rows))
        elif rows:
            print_table(db, rows)
        if not rows:
            tell_empty("jobs", filter_text, limit, not queries.jobs(db, limit=1), settings.root)
        elif more:
            tell_more(len(rows), "jobs", limit)


def print_table(db: sqlite3.Connection, rows: list[JobRow]) -> None:
    """Print the columns of the job list."""
    from roar_tui.cli.phrases import how_it_ended, label, moment_of
    from roar_tui.cli.render import HASH, QUIET, Column, Screen
    from roar_tui.record.model import State
    from roar_tui.store import queries
    from roar_tui.text import count, duration

    screen = Screen()
    columns = [
        Column("when", style=QUIET),
        Column("job", style=HASH),
        Column("what", flexible=True),
        Column("in", right=True),
        Column("out", right=True),
        Column("took", right=True),
        Column("exit"),
    ]
    now = time.time_ns() // 1000
    table: list[list[Part]] = [
        [
            moment_of(row.started, now, screen.terminal),
            queries.short(db, row.id),
            label(row),
            count(row.inputs) + more,
            count(row.outputs) + more,
            duration(row.duration),
            how_it_ended(row.state, row.exit),
        ]
        for row in rows
        for more in ("+" if row.state is State.RUNNING else "",)  # not all is known before it ends
    ]
    screen.table(columns, table)
