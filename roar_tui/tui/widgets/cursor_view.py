"""Lines with a cursor: moving it by keys and mouse draws two lines anew, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip

from roar_tui.tui.lines import Line
from roar_tui.tui.widgets.line_view import LineView

MOVES: list[Binding] = [
    Binding("up,k", "move(-1)", show=False),
    Binding("down,j", "move(1)", show=False),
    Binding("pageup,ctrl+b", "move_page(-1)", show=False),
    Binding("pagedown,ctrl+f", "move_page(1)", show=False),
    Binding("home,g", "move_end(-1)", show=False),
    Binding("end,G", "move_end(1)", show=False),
]


class CursorView(LineView, can_focus=True):
    """Lines with a cursor on one of them: keys, mouse, and redrawing of just the lines that change."""

    BINDINGS: ClassVar[list[Binding]] = MOVES  # type: ignore[assignment]

    @dataclass
    class Moved(Message):
        """The cursor rests on another line (or the line under it has become known)."""

        view: CursorView
        at: int

        @property
        def control(self) -> CursorView:
            return self.view

    @dataclass
    class Chosen(Message):
        """The line under the cursor was clicked a second time."""

        view: CursorView
        at: int

        @property
        def control(self) -> CursorView:
            return self.view

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.cursor = 0

    @property
    def line_count(self) -> int:
        """How many lines there are; subclasses say it."""
        return len(self.content_lines)

    def draw_line(self, at: int, width: int) -> Line:
        """The line `at`; subclasses make it here."""
        return self.content_lines[at]

    def render_line(self, y: int) -> Strip:
        at = y + self.scroll_offset.y
        width = self.scrollable_content_region.width or self.size.width
        if at >= self.line_count:
            return self.painter.strip([], self.size.width)
        under = None
        if at == self.cursor:
            under = "line--cursor" if self.has_focus else "line--cursor-blurred"
        return self.painter.strip(self.draw_line(at, width), self.size.width, cursor=under)

    def refresh_line_at(self, at: int) -> None:
        """Draw one line anew, if it is on screen."""
        y = at - self.scroll_offset.y
        if 0 <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def move_to(self, at: int) -> None:
        """Put the cursor on line `at` (or the nearest there is) and scroll it into view."""
        at = max(0, min(at, self.line_count - 1))
        before, self.cursor = self.cursor, at
        self.refresh_line_at(before)
        self.refresh_line_at(at)
        self.reveal()
        if before != at:
            self.post_message(self.Moved(self, at))

    def reveal(self) -> None:
        """Scroll the cursor into view, at once."""
        top, height = self.scroll_offset.y, max(self.scrollable_content_region.height, 1)
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, force=True)
        elif self.cursor >= top + height:
            self.scroll_to(y=self.cursor - height + 1, animate=False, force=True)

    def resize_content(self, count: int) -> None:
        """Tell the scroll bar how many lines there are."""
        self.virtual_size = Size(self.size.width, count)

    def action_move(self, by: int) -> None:
        self.move_to(self.cursor + by)

    def action_move_page(self, by: int) -> None:
        self.move_to(self.cursor + by * max(self.scrollable_content_region.height - 1, 1))

    def action_move_end(self, which: int) -> None:
        self.move_to(0 if which < 0 else self.line_count - 1)

    def on_click(self, event: events.Click) -> None:
        """First click: the cursor goes there. A click on the cursor's own line: chosen."""
        at = event.y + self.scroll_offset.y
        if at >= self.line_count:
            return
        if at == self.cursor:
            self.post_message(self.Chosen(self, at))
        else:
            self.move_to(at)

    def on_focus(self) -> None:
        self.refresh_line_at(self.cursor)

    def on_blur(self) -> None:
        self.refresh_line_at(self.cursor)

    @on(events.Resize)
    def _keep_cursor_in_view(self) -> None:
        self.call_after_refresh(self.reveal)
