"""The line with the two tabs of the home screen; at its right the filter that is on, and what it left."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.message import Message
from textual.strip import Strip

from roar_tui.tui.lines import Line, crop, width_of
from roar_tui.tui.marks import Marks
from roar_tui.tui.widgets.line_view import LineView


class TabLine(LineView):
    """Tabs by id and title; `status` is drawn at the right end."""

    @dataclass
    class Picked(Message):
        """A tab was clicked."""

        tab: str

    def __init__(self, tabs: list[tuple[str, str]], marks: Marks) -> None:
        super().__init__(id="tabs")
        self._tabs = tabs
        self._marks = marks
        self.active = tabs[0][0]
        self.status: Line = []

    def show_tab(self, active: str) -> None:
        """Mark this tab as the one that is shown."""
        self.active = active
        self.refresh()

    def show_status(self, status: Line) -> None:
        """Draw this at the right end."""
        if status != self.status:
            self.status = status
            self.refresh()

    def _words(self, at: int) -> Line:
        name, title = self._tabs[at]
        if name == self.active:
            return [(self._marks.cursor, "accent"), (f" {title}", "title"), (" ", "plain")]
        return [(f"  {title} ", "dim")]

    def render_line(self, y: int) -> Strip:
        left: Line = []
        for i in range(len(self._tabs)):
            left.extend([*self._words(i), (" ", "plain")])
        room = self.size.width - width_of(left) - 2  # the tabs stay whole; a status that is cut is better than a silent filter
        status: Line = [*crop(self.status, room, self._marks.more), (" ", "plain")]
        blanks = " " * (self.size.width - width_of(left) - width_of(status))
        return self.painter.strip([*left, (blanks, "plain"), *status], self.size.width)

    def on_click(self, event: events.Click) -> None:
        at = 0
        for i, (name, _) in enumerate(self._tabs):
            end = at + width_of(self._words(i))
            if at <= event.x < end:
                self.post_message(self.Picked(name))
            at = end + 1
