"""`roar-tui artifacts`: the recorded contents, newest first."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from roar_tui.cli.context import Settings, common_options, opened, print_json
from roar_tui.cli.listing import fetch, filter_option, limit_option, parse, tell_empty, tell_more

if TYPE_CHECKING:
    import sqlite3

    from roar_tui.cli.render import Part
    from roar_tui.store.results import ArtifactRow


@click.command("artifacts")
@limit_option
@filter_option
@common_options
def command(settings: Settings, limit: int | None, filter_text: str) -> None:
    """List recorded contents, newest first: when first seen, hash, size, path, what made it, how many steps used it."""
    from roar_tui.store import queries
    from roar_tui.store.results import to_json

    chosen = parse(filter_text)
    with opened(settings) as (_, db):
        rows, more = fetch(lambda n, after: queries.artifacts(db, chosen, limit=n, after=after), limit, json=settings.json)
        if settings.json:
            print_json(to_json(rows))
        elif rows:
            print_table(db, rows)
        if not rows:
            tell_empty("artifacts", filter_text, limit, not queries.artifacts(db, limit=1), settings.root)
        elif more:
            tell_more(len(rows), "artifacts", limit)


def print_table(db: sqlite3.Connection, rows: list[ArtifactRow]) -> None:
    """Print the columns of the artifact list."""
    import os

    from roar_tui.cli.phrases import moment_of
    from roar_tui.cli.render import HASH, QUIET, Column, Screen
    from roar_tui.store import queries
    from roar_tui.text import count, shorten_path, size, what

    screen = Screen()
    columns = [
        Column("first seen", style=QUIET),
        Column("hash", style=HASH),
        Column("size", right=True),
        Column("path", flexible=True, keep_end=True),
        Column("made by", flexible=True),
        Column("used", right=True),
    ]
    now = time.time_ns() // 1000
    home = os.path.expanduser("~")

    def place(row: ArtifactRow) -> str:
        return shorten_path(row.paths[0], home=home if screen.terminal else None) if row.paths else ""

    table: list[list[Part]] = [
        [
            moment_of(row.first_seen, now, screen.terminal),
            queries.short(db, row.digest),
            size(row.size),
            place(row),
            what(row.made_by) if row.made_by else "",
            count(row.consumers),
        ]
        for row in rows
    ]
    screen.table(columns, table)
