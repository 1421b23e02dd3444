"""The readable form of an artifact: where it was seen, what made it, what used it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence

from roar_tui.cli.phrases import moment_of
from roar_tui.cli.render import HASH, HEAD, QUIET, WARN, Column, Part, Screen
from roar_tui.cli.views.facts import How, fact, status_words
from roar_tui.lineage.target import FilesetTarget, PathTarget
from roar_tui.record.model import Status
from roar_tui.store import queries
from roar_tui.store.results import ArtifactView, SeenAt
from roar_tui.text import count, display, moment, shorten_path, size, what


def print_artifact(db: sqlite3.Connection, view: ArtifactView, cwd: str, how: How) -> None:
    """Print `view`; paths below `cwd` are relative to it."""
    screen = Screen()
    screen.line((shorten_path(view.paths[0], cwd=cwd) if view.paths else view.kind, HEAD))
    screen.line()
    fact(screen, "hash", (view.digest, HASH), "" if view.algorithm == "blake3" else f" ({display(view.algorithm)})")
    fact(screen, "size", size(view.size) + (f" ({view.size:,} bytes)" if view.size is not None and view.size >= 1000 else ""))
    fact(screen, "first seen", moment(view.first_seen))
    shown = how.cut(view.paths)
    for path in shown:
        fact(screen, "at", display(path))
    if len(shown) < view.path_count:
        fact(screen, "", (f"and {count(view.path_count - len(shown), 'more place')}", QUIET))
    places(screen, db, "Made by", view.producers, view.producer_count, cwd, how)
    places(screen, db, "Used by", view.consumers, view.consumer_count, cwd, how)
    if not view.producers:
        screen.line()
        screen.line(("Nothing that is recorded made it: here the recorded story begins.", QUIET))


def places(screen: Screen, db: sqlite3.Connection, title: str, seen: Sequence[SeenAt], total: int, cwd: str, how: How) -> None:
    """Write a section of steps that made or used something, newest first; nothing for an empty list."""
    if not seen:
        return
    screen.heading(title, count(total, "step"))
    now = time.time_ns() // 1000
    shown = how.cut(seen)
    columns = [
        Column("when", style=QUIET),
        Column("step", style=HASH),
        Column("what", flexible=True),
        Column("as", flexible=True, keep_end=True),
    ]
    rows: list[list[Part]] = [
        [
            moment_of(at.time, now, screen.terminal),
            f"{queries.short(db, at.job)}:{at.step}",
            what(at.argv),
            shorten_path(at.path, cwd=cwd),
        ]
        for at in shown
    ]
    screen.table(columns, rows)
    if len(shown) < total:
        screen.line((f"and {count(total - len(shown), 'more step')}; --all lists them", QUIET))


def print_directory(
    db: sqlite3.Connection,
    target: FilesetTarget,
    digest: str | None,
    producers: Sequence[SeenAt],
    consumers: Sequence[SeenAt],
    cwd: str,
    how: How,
) -> None:
    """Print the newest recorded version of each file below a directory."""
    screen = Screen()
    screen.line((shorten_path(target.path, cwd=cwd).rstrip("/") + "/", HEAD), (f"  {count(len(target.members), 'file')}", QUIET))
    screen.line()
    fact(screen, "hash", (digest or "", HASH))
    sizes = [member.size for member in target.members]
    fact(screen, "size", size(sum(filter(None, sizes))) + (" and files of unknown size" if None in sizes else ""))
    screen.heading("Files", "the newest recorded version of each")
    shown = how.cut(target.members)
    rows: list[list[Part]] = []
    for member in shown:
        known = queries.short(db, member.digest) if member.digest else "unknown"
        rows.append([known, size(member.size), shorten_path(member.path, cwd=target.path)])
    screen.table([Column("hash", style=HASH), Column("size", right=True), Column("path")], rows)
    if len(shown) < len(target.members):
        screen.line((f"and {count(len(target.members) - len(shown), 'more file')}; --all lists them", QUIET))
    places(screen, db, "Made by", producers, len(producers), cwd, how)
    places(screen, db, "Used by", consumers, len(consumers), cwd, how)


def print_unknown(
    db: sqlite3.Connection, target: PathTarget, producers: Sequence[SeenAt], consumers: Sequence[SeenAt], cwd: str, how: How
) -> None:
    """Print a file whose content is unknown: why, and what made and used it."""
    screen = Screen()
    screen.line((shorten_path(target.path, cwd=cwd), HEAD))
    screen.line()
    why = status_words(Status(target.status)) if target.status else "not hashed"
    fact(screen, "hash", (f"unknown: {why}", WARN))
    fact(screen, "at", display(target.path))
    fact(screen, "step", (f"{queries.short(db, target.job_id)}:{target.step}", HASH))
    places(screen, db, "Made by", producers, len(producers), cwd, how)
    places(screen, db, "Used by", consumers, len(consumers), cwd, how)
