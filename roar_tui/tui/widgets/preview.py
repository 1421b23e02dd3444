"""The preview: follows the cursor when it rests, looks the thing up on a reader's thread, then asks the disk about it."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Hashable
from functools import partial
from typing import Any, TypeAlias, cast

from textual.timer import Timer

from roar_tui.lineage.model import Direction, Kind, Node
from roar_tui.lineage.walk import Walker
from roar_tui.tui import lookup
from roar_tui.tui.brief import Field, artifact_fields, job_fields, lay_out, node_fields
from roar_tui.tui.desk import Desk, sentence
from roar_tui.tui.disk import MEMBERS_UNASKED, CancelledError, best, words_for
from roar_tui.tui.lines import Line
from roar_tui.tui.lookup import About
from roar_tui.tui.rows import ArtifactItem, JobItem
from roar_tui.tui.widgets.line_view import LineView

Thing: TypeAlias = "JobItem | ArtifactItem | Node"

REST = 0.12  # seconds after which a cursor rests
REMEMBERED = 200


class Preview(LineView):
    """What the thing under the cursor is, as far as it is known by now."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(id="preview")
        self._desk = desk
        self._thing: Thing | None = None
        self._direction = Direction.UPSTREAM
        self._resting: Timer | None = None
        self._abouts: dict[Hashable, About] = {}
        self._cancel = threading.Event()

    def rest_on(self, thing: Thing | None, direction: Direction = Direction.UPSTREAM) -> None:
        """The cursor is on `thing` now; it is shown when the cursor has rested there, and what ran for another is called off."""
        self._thing, self._direction = thing, direction
        self._cancel.set()
        if self._resting is not None:
            self._resting.stop()
        self._resting = self.set_timer(REST, self._look)

    def forget(self) -> None:
        """What was looked up may have changed."""
        self._abouts.clear()

    def clear(self) -> None:
        """Show nothing."""
        self._thing = None
        self.show([])

    def on_resize(self) -> None:
        self.rest_on(self._thing, self._direction)

    def on_unmount(self) -> None:
        self._cancel.set()

    def _look(self) -> None:
        if self._thing is not None:
            self.run_worker(cast(Any, partial(self._show, self._thing, self._direction)), group="preview", exclusive=True)

    async def _show(self, thing: Thing, direction: Direction) -> None:
        self._cancel = threading.Event()
        try:
            about = await self._about(thing)
            self._say(self._fields(thing, about, None))
            disk = await self._disk(thing, about, direction, self._cancel)
        except (asyncio.CancelledError, CancelledError):
            return
        except Exception as error:  # a damaged record: it is told here, and its line in the list stays readable
            message, hint = sentence(error)
            self._say([("", [(message, "bad")]), ("", [(hint, "dim")])])
            return
        if disk is not None:
            self._say(self._fields(thing, about, disk))

    def _say(self, fields: list[Field]) -> None:
        self.show(lay_out(fields, self.size.width, self.size.height, self._desk.look()))

    def _fields(self, thing: Thing, about: About, disk: Line | None) -> list[Field]:
        look = self._desk.look()
        if isinstance(thing, JobItem):
            return job_fields(thing.row, about.job, look)
        if isinstance(thing, ArtifactItem):
            return artifact_fields(about.artifact, look, disk) if about.artifact is not None else []
        return node_fields(thing, look, about.artifact, about.job, disk)

    async def _about(self, thing: Thing) -> About:
        key: Hashable = thing.id if isinstance(thing, Node) else (type(thing), thing.row.rowid)
        if key not in self._abouts:
            if len(self._abouts) >= REMEMBERED:
                self._abouts.clear()
            self._abouts[key] = await self._desk.read("side", partial(self._look_up, thing))
        return self._abouts[key]

    def _look_up(self, thing: Thing, db: sqlite3.Connection) -> About:
        if isinstance(thing, JobItem):
            return lookup.about_job(self._desk, db, thing.row.id)
        if isinstance(thing, ArtifactItem):
            return lookup.about_artifact(self._desk, db, thing.row.digest, text=False)
        return lookup.about_node(self._desk, db, thing, text=False)

    async def _disk(self, thing: Thing, about: About, direction: Direction, cancel: threading.Event) -> Line | None:
        """What became of the files on disk, as a phrase; None where that means nothing. Raises CancelledError."""
        marks = self._desk.marks
        if isinstance(thing, Node) and thing.kind is Kind.FILESET:
            members, total = await self._desk.read("side", lambda db: Walker(db, direction).members(thing, 0, MEMBERS_UNASKED))
            counts = await self._desk.aside(partial(lookup.fileset_on_disk, self._desk, members, cancel))
            return words_for(counts, total, marks)
        if about.places:
            states = await self._desk.aside(partial(lookup.on_disk, self._desk, about.places, cancel))
            return words_for({best([state for _, state in states]): 1}, 1, marks)
        return None
