"""The last line: what the keys do here, made from the table of actions, never clipped in the middle of a word."""

from __future__ import annotations

from dataclasses import dataclass, replace

from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from roar_tui.tui.actions import Action, footer, key_name
from roar_tui.tui.lines import Line, plain, width_of
from roar_tui.tui.marks import Marks
from roar_tui.tui.widgets.line_view import LineView

GAP = "  "


def entry(action: Action, *, ascii_only: bool) -> Line:
    """`key word`."""
    return [(key_name(action.keys[0], ascii_only=ascii_only), "key"), (f" {action.word}", "dim")]


def choose(actions: list[Action], width: int, *, ascii_only: bool = False) -> list[Action]:
    """The most important actions that fit into `width` cells with a margin of one at both ends; `actions` are in order of rank."""
    room = width - 2
    kept: list[Action] = []
    for action in actions:
        size = width_of(entry(action, ascii_only=ascii_only)) + (len(GAP) if kept else 0)
        if size <= room:
            kept.append(action)
            room -= size
    return kept


class Footer(LineView):
    """One line of keys and words; a click on one does it."""

    @dataclass
    class Pressed(Message):
        """A word of the footer was clicked."""

        action: Action

    def __init__(self, screen_name: str, marks: Marks) -> None:
        super().__init__(id="footer")
        self._screen_name = screen_name
        self._marks = marks
        self._hidden: frozenset[str] = frozenset()
        self._words: dict[str, str] = {}
        self._places: list[tuple[int, int, Action]] = []

    def hide(self, ids: set[str]) -> None:
        """Leave these actions out: they mean nothing for what is under the cursor."""
        if ids != self._hidden:
            self._hidden = frozenset(ids)
            self.refresh()

    def rename(self, words: dict[str, str]) -> None:
        """Say these words (by id of action) instead of the table's: an action means something more just now."""
        if words != self._words:
            self._words = dict(words)
            self.refresh()

    def line(self, width: int) -> Line:
        """The footer for a terminal of `width` cells; quit goes to the right end."""
        ascii_only = not self._marks.unicode
        actions = [replace(a, word=self._words.get(a.id, a.word)) for a in footer(self._screen_name, self._hidden)]
        chosen = choose(actions, width, ascii_only=ascii_only)
        last = [a for a in chosen if a.id == "everywhere.quit"]
        line: Line = [(" ", "dim")]
        self._places = []
        for action in [a for a in chosen if a not in last]:
            if len(line) > 1:
                line.append((GAP, "dim"))
            start = width_of(line)
            line.extend(entry(action, ascii_only=ascii_only))
            self._places.append((start, width_of(line), action))
        for action in last:
            words = entry(action, ascii_only=ascii_only)
            start = max(width - 1 - width_of(words), width_of(line))
            line.append((" " * (start - width_of(line)), "dim"))
            self._places.append((start, start + width_of(words), action))
            line.extend(words)
        return line

    def render_line(self, y: int) -> Strip:
        line = self.line(self.size.width) if y == 0 else []
        return self.painter.strip(line, self.size.width)

    def on_click(self, event: events.Click) -> None:
        for start, end, action in self._places:
            if start <= event.x < end:
                self.post_message(self.Pressed(action))

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return container.width

    @property
    def text(self) -> str:
        """What it says now."""
        return plain(self.line(self.size.width))
