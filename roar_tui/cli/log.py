"""`roar-tui log`: every recorded version of a path or a name, each with what changed since the one before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from roar_tui.cli.context import Settings, common_options, note, opened, print_json, working_directory
from roar_tui.cli.references import complete_ref

if TYPE_CHECKING:
    import sqlite3

    from roar_tui.lineage.diff.result import Diff
    from roar_tui.lineage.versions import Entry


@click.command("log")
@click.argument("name", metavar="PATH_OR_NAME", shell_complete=complete_ref)
@click.option("--limit", type=click.IntRange(min=0), default=20, show_default=True, metavar="N", help="No more than N versions.")
@common_options
def command(settings: Settings, name: str, limit: int) -> None:
    """Show every recorded version of a file, or every job of a name, newest first, each with what changed since the one before."""
    from roar_tui.lineage.diff import diff, to_json
    from roar_tui.lineage.versions import versions
    from roar_tui.store.results import iso
    from roar_tui.text import count

    with opened(settings) as (store, db):
        cwd = working_directory()
        entries = versions(db, name, cwd=cwd)
        shown: list[tuple[Entry, Diff | None]] = []
        for number, entry in enumerate(entries[:limit]):
            before = entries[number + 1] if number + 1 < len(entries) else None
            shown.append((entry, None if before is None else diff(store, db, before.target, entry.target)))
        if settings.json:
            documents = []
            for entry, found in shown:
                document = {"path": entry.path, "hash": entry.digest, "job": entry.job, "time": iso(entry.time)}
                more = {"causes": [], "unknown": []} if found is None else to_json(found)
                documents.append({**document, "found": entry.found, "causes": more["causes"], "unknown": more["unknown"]})
            print_json(documents)
        else:
            _print(db, shown, cwd)
        if len(entries) > limit:
            older = count(len(entries) - limit, "older version is", "older versions are")
            note(f"{older} not shown: --limit {len(entries)}")


def _print(db: sqlite3.Connection, shown: list[tuple[Entry, Diff | None]], cwd: str) -> None:
    import time

    from roar_tui.cli.phrases import moment_of
    from roar_tui.cli.render import GAP, HASH, HEAD, QUIET, WARN, Screen
    from roar_tui.cli.views.diff import one_line
    from roar_tui.store import queries
    from roar_tui.text import display, shorten_path, what

    screen = Screen()
    now = time.time_ns() // 1000
    if shown:
        path = shown[0][0].path
        screen.line((shorten_path(path, cwd=cwd) if path.startswith("/") else display(path), HEAD))
    for entry, found in shown:
        digest = queries.short(db, entry.digest or entry.job) if entry.digest or not entry.path.startswith("/") else "unknown"
        row = db.execute("SELECT argv FROM job WHERE digest = ?", (bytes.fromhex(entry.job),)).fetchone()
        by = "found there by" if entry.found else "by"
        made = f"{by} {queries.short(db, entry.job)} {what(_words(row))}"
        screen.fitted((digest, HASH), GAP, (moment_of(entry.time, now, screen.terminal), QUIET), GAP, made)
        if found is None:
            continue
        if found.identical:
            screen.line(("    the same content as before", QUIET))
        for cause in found.causes:
            if cause.reaches_target or not found.identical:
                screen.fitted("    ", one_line(db, cause, cwd))
        if not found.causes and not found.identical:
            if not found.unknown:
                why = "of the same step" if found.one_step is not None else "and nothing that went in does"
                screen.line((f"    differs, {why}", WARN))
            for each in found.unknown:
                subject = shorten_path(each.subject, cwd=cwd) if each.subject.startswith("/") else display(each.subject)
                screen.fitted(("    unknown: ", WARN), subject, GAP, (display(each.why), QUIET))


def _words(row: tuple[str] | None) -> list[str]:
    from roar_tui.store.schema import argv_from_sql

    return argv_from_sql(row[0]) if row is not None else []
