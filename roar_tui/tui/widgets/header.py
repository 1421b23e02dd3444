"""The first line of the home screen: which store this is, and how much is in it."""

from __future__ import annotations

from textual.strip import Strip

from roar_tui import text
from roar_tui.store.results import Totals
from roar_tui.tui.desk import Desk
from roar_tui.tui.lines import Line, spread
from roar_tui.tui.widgets.line_view import LineView

ROOM_FOR_SIZE = 64  # cells from which the bytes are said too


class StoreHeader(LineView):
    """Draws the store's place and totals, or how far the reading of the archive is."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(id="header")
        self._desk = desk
        self._totals: Totals | None = None
        self._progress: tuple[int, int] | None = None

    def show_totals(self, totals: Totals) -> None:
        """Say how many jobs and artifacts there are."""
        if totals != self._totals:
            self._totals = totals
            self.refresh()

    def show_progress(self, progress: tuple[int, int] | None) -> None:
        """Say how many records of how many were read; None where nothing is being read."""
        if progress != self._progress:
            self._progress = progress
            self.refresh()

    def line(self, width: int) -> Line:
        """The header in `width` cells."""
        place = text.shorten_path(str(self._desk.root), max(width - 50, 16), home=self._desk.home)
        left: Line = [(" roar-tui", "title"), ("  ", "plain"), (place, "dim")]
        return spread(left, [*self._right(width), (" ", "plain")], width, more=self._desk.marks.more)

    def _right(self, width: int) -> Line:
        if self._progress is not None:
            done, total = self._progress
            return [(f"reading the archive {done:,} of {total:,}", "warn")]
        if self._totals is None:
            return []
        words = [text.count(self._totals.jobs, "job"), text.count(self._totals.artifacts, "artifact")]
        if width >= ROOM_FOR_SIZE:
            words.append(f"{text.size(self._totals.size)} seen")
        return [(f" {self._desk.marks.dot} ".join(words), "dim")]

    def render_line(self, y: int) -> Strip:
        return self.painter.strip(self.line(self.size.width) if y == 0 else [], self.size.width)
