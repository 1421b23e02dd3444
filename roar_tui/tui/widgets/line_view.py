"""Drawing lines of spans with the theme's styles; the base of everything on screen that shows recorded data."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from roar_tui.tui.lines import TONES, Line

COMPONENTS = {*(f"line--{tone}" for tone in TONES), "line--cursor", "line--cursor-blurred"}


class Painter:
    """Turns lines into strips for one widget; styles are looked up once per theme."""

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._tones: dict[str, Style] = {}

    def forget(self) -> None:
        """Call when the theme may have changed."""
        self._tones.clear()

    def tone(self, name: str) -> Style:
        """The style of a tone, without background of its own (except `match`)."""
        style = self._tones.get(name)
        if style is None:
            style = self._widget.get_component_rich_style(f"line--{name}", partial=True)
            self._tones[name] = style
        return style

    def strip(self, line: Line, width: int, *, cursor: str | None = None) -> Strip:
        """`line` in exactly `width` cells; `cursor` is the tone component that lies under the whole line."""
        base = self._widget.rich_style
        if cursor is not None:
            base = base + self._widget.get_component_rich_style(cursor, partial=True)
        segments = [Segment(text, base + self.tone(tone)) for text, tone in line]
        return Strip(segments).adjust_cell_length(width, base).simplify()


class LineView(ScrollView, can_focus=False):
    """Lines that were made elsewhere. Subclasses may make lines on demand.

    Only where `scrolls` is set is Textual told how many lines there are: each change of that number makes it lay out and write
    the whole screen anew (7 kB where two changed lines are 1 kB).
    """

    scrolls: ClassVar[bool] = False

    COMPONENT_CLASSES: ClassVar[set[str]] = COMPONENTS
    ALLOW_SELECT = False

    def __init__(self, lines: list[Line] | None = None, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.painter = Painter(self)
        self.content_lines: list[Line] = lines or []

    def show(self, lines: list[Line]) -> None:
        """Show these lines instead; nothing is drawn anew if they are the same."""
        if lines == self.content_lines:
            return
        self.content_lines = lines
        if self.scrolls:
            self.virtual_size = Size(self.scrollable_content_region.width or self.size.width, len(lines))
        self.refresh()

    def notify_style_update(self) -> None:
        """The theme changed: look the styles up again."""
        super().notify_style_update()
        self.painter.forget()

    def render_line(self, y: int) -> Strip:
        """One line of the visible part."""
        at = y + self.scroll_offset.y
        line = self.content_lines[at] if at < len(self.content_lines) else []
        return self.painter.strip(line, self.size.width)
