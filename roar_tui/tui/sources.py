"""Where the lists get their rows: the store's queries as sources of pages, and the counts above them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from roar_tui.lineage.model import Direction, Node
from roar_tui.lineage.walk import Walker
from roar_tui.store import queries
from roar_tui.store.filter import Filter
from roar_tui.tui.desk import Desk
from roar_tui.tui.pages import Keyset, Offset
from roar_tui.tui.rows import ArtifactItem, JobItem


def jobs(desk: Desk, chosen: Filter) -> Keyset[JobItem]:
    """The jobs that pass the filter, newest first."""

    def after(db: sqlite3.Connection, last: JobItem | None, limit: int, skip: int) -> list[JobItem]:
        rows = queries.jobs(db, chosen, limit=limit, after=last.row.cursor if last else None, offset=skip)
        desk.learn_shorts(db, (row.id for row in rows))
        return [JobItem(row, desk.short(row.id)) for row in rows]

    return Keyset(after, lambda db: queries.count_jobs(db, chosen), lambda item: item.row.id)


def artifacts(desk: Desk, chosen: Filter) -> Keyset[ArtifactItem]:
    """The artifacts that pass the filter, the one seen last first."""

    def after(db: sqlite3.Connection, last: ArtifactItem | None, limit: int, skip: int) -> list[ArtifactItem]:
        rows = queries.artifacts(db, chosen, limit=limit, after=last.row.cursor if last else None, offset=skip)
        desk.learn_shorts(db, (row.digest for row in rows))
        return [ArtifactItem(row, desk.short(row.digest)) for row in rows]

    return Keyset(after, lambda db: queries.count_artifacts(db, chosen), lambda item: item.row.digest)


def members(desk: Desk, fileset: Node, direction: Direction, words: Callable[[], str]) -> Offset[Node]:
    """The files of a fileset whose names hold `words()`, by path."""

    def rows(db: sqlite3.Connection, offset: int, limit: int) -> list[Node]:
        found, _ = Walker(db, direction).members(fileset, offset, limit, words())
        desk.learn_shorts(db, (node.digest for node in found))
        return found

    def count(db: sqlite3.Connection) -> int:
        return Walker(db, direction).members(fileset, 0, 1, words())[1]

    return Offset(rows, count, lambda node: (node.id, tuple(node.paths[:1])))
