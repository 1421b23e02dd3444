"""The argument REF of the commands, and what a shell offers for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from roar_tui.cli.context import Settings

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

OFFERED = 30
_PLAIN = re.compile(r"[\w@.+=,:/-]+")  # the shells get completions unquoted, one a line: offer nothing that needs quotes


def complete_ref(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem[Any]]:
    """Names and ids of recent jobs that begin with `incomplete`; files where there are none. Never fails, never waits."""
    from click.shell_completion import CompletionItem

    found: list[CompletionItem[Any]] = []
    if not incomplete.startswith((".", "/", "~")):
        try:
            found = [CompletionItem(value, help=line) for value, line in _recent(ctx.ensure_object(Settings), incomplete)]
        except Exception:  # a message in the middle of a prompt helps nobody; the commands themselves say it
            found = []
    return found or [CompletionItem(incomplete, type="file")]


def _recent(settings: Settings, incomplete: str) -> list[tuple[str, str]]:
    """(what can be typed, what it is) of the newest jobs, from the index as it is."""
    from roar_tui.store import queries
    from roar_tui.store.store import Store
    from roar_tui.text import what

    db = Store.open(settings.root).reader()
    try:
        offers: dict[str, str] = {}
        rows = queries.jobs(db, limit=500)
        if rows:
            offers["@"] = f"your last job: {what(rows[0].command)}"
        for row in rows:
            if row.name:
                offers.setdefault(row.name, what(row.command))
            offers.setdefault(queries.short(db, row.id) if row.id.startswith(incomplete) else row.id, what(row.command))
    finally:
        db.close()
    fitting = [(value, line) for value, line in offers.items() if value.startswith(incomplete) and _PLAIN.fullmatch(value)]
    return fitting[:OFFERED]


ref_argument = click.argument("ref", metavar="REF", shell_complete=complete_ref)
