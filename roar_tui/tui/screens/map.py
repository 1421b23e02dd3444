"""Map: the nearest part of a walk as boxes and lines, data flowing down, the cursor on the same node as in the outline."""

from __future__ import annotations

import asyncio
import sqlite3
from functools import partial
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip

from roar_tui import text
from roar_tui.lineage.model import Direction, Node
from roar_tui.lineage.walk import Walker
from roar_tui.tui import lookup
from roar_tui.tui.desk import Desk
from roar_tui.tui.lines import Line, spread
from roar_tui.tui.map_draw import draw, sizes
from roar_tui.tui.map_graph import Map, collect
from roar_tui.tui.map_layout import Layout, lay_out
from roar_tui.tui.map_move import beside
from roar_tui.tui.nodes import Look, code_of, name_of, title, typed
from roar_tui.tui.screens.base import ExplorerScreen, Rule
from roar_tui.tui.widgets.line_view import LineView


class MapView(LineView, can_focus=True):
    """Draws a map and moves the cursor from box to box."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "go('up')", show=False),
        Binding("down,j", "go('down')", show=False),
        Binding("left,h", "go('left')", show=False),
        Binding("right,l", "go('right')", show=False),
        Binding("home,g", "go('first')", show=False),
        Binding("end,G", "go('last')", show=False),
    ]

    class Moved(Message):
        """The cursor is on another box."""

    class Chosen(Message):
        """The box under the cursor was clicked again."""

    def __init__(self) -> None:
        super().__init__(id="map")
        self.shown: Map | None = None
        self.layout_of: Layout = Layout()
        self.cursor = ""
        self._look: Look | None = None

    def show_map(self, shown: Map, cursor: str, look: Look) -> None:
        """Draw this map, with the cursor on that box."""
        self.shown, self._look = shown, look
        self.layout_of = lay_out(sizes(shown, look), shown.edges)
        self.put_cursor(cursor)

    def put_cursor(self, cursor: str) -> None:
        """Put the cursor on a box and bring it into view."""
        if self.shown is None or self._look is None or cursor not in self.shown.boxes:
            return
        self.cursor = cursor
        margin = self._margin
        self.content_lines = [[(" " * margin, "plain"), *line] for line in draw(self.shown, self.layout_of, cursor, self._look)]
        self.virtual_size = Size(max(self.layout_of.width + 1, self.size.width), len(self.content_lines))
        self.refresh()
        place = self.layout_of.places[cursor]
        region = Region(place.x + margin, place.y, place.width, place.height).grow((2, 2, 2, 2))
        self.scroll_to_region(region, animate=False, force=True)
        self.post_message(self.Moved())

    def render_line(self, y: int) -> Strip:
        at, left = y + self.scroll_offset.y, self.scroll_offset.x
        line = self.content_lines[at] if at < len(self.content_lines) else []
        width = max(self.virtual_size.width, self.size.width)
        return self.painter.strip(line, width).crop(left, left + self.size.width)

    def action_go(self, way: str) -> None:
        if self.shown is not None:
            self.put_cursor(beside(self.shown, self.layout_of, self.cursor, way))

    def on_click(self, event: events.Click) -> None:
        if self.shown is None:
            return
        x, y = event.x + self.scroll_offset.x - self._margin, event.y + self.scroll_offset.y
        for name in self.shown.boxes:
            place = self.layout_of.places[name]
            if place.x <= x < place.x + place.width and place.y <= y < place.y + place.height:
                if name == self.cursor:
                    self.post_message(self.Chosen())
                self.put_cursor(name)

    def on_resize(self) -> None:
        self.put_cursor(self.cursor)

    @property
    def _margin(self) -> int:
        """The cells left of a map that is narrower than the screen."""
        return max((self.size.width - self.layout_of.width) // 2, 0)

    def hidden(self) -> int:
        """How many boxes lie wholly beside what is on screen."""
        if self.shown is None:
            return 0
        window = Region(self.scroll_offset.x - self._margin, self.scroll_offset.y, self.size.width, self.size.height)
        places = (self.layout_of.places[name] for name in self.shown.boxes)
        return sum(not window.overlaps(Region(place.x, place.y, place.width, place.height)) for place in places)


class MapScreen(ExplorerScreen):
    """Draws what lies around `subject` in one direction."""

    screen_name = "map"

    def __init__(self, desk: Desk, subject: Node, direction: Direction, cursor: Node | None) -> None:
        super().__init__(desk)
        self._subject = subject
        self._direction = direction
        self._cursor = cursor or subject
        self.head = LineView(id="trail")
        self.view = MapView()

    def compose_middle(self) -> ComposeResult:
        yield self.head
        yield Rule(self.desk.marks.rule)
        yield self.view

    def on_mount(self) -> None:
        self.focus_list()
        self.head.show([[(" drawing", "dim"), (self.desk.marks.more, "dim")]])
        for side in ("scroll_x", "scroll_y"):
            self.watch(self.view, side, self._say_title, init=False)
        self.begin(self._read, group="map", exclusive=True)

    def focus_list(self) -> None:
        self.view.focus()

    async def _read(self) -> None:
        upstream = self._direction is Direction.UPSTREAM
        try:
            shown = await self.desk.read("walk", lambda db: collect(self._subject, partial(self._expand, db), upstream=upstream))
        except asyncio.CancelledError:
            raise
        except Exception as error:  # told as a sentence, and there is nothing to stay for
            self.tell_error(error)
            self.dismiss()
            return
        at = shown.home_of(self._cursor.id) or shown.subject
        self.view.show_map(shown, at, self.desk.look())

    def _expand(self, db: sqlite3.Connection, node: Node) -> list[Node]:
        found = Walker(db, self._direction).expand(node)
        lookup.learn(self.desk, db, found)
        return found

    @property
    def node(self) -> Node | None:
        """The node under the cursor."""
        view = self.view
        return view.shown.boxes[view.cursor].node if view.shown is not None and view.cursor else None

    def on_map_view_moved(self) -> None:
        self._say_title()

    def on_resize(self) -> None:
        self._say_title()

    def _say_title(self) -> None:
        view, look, node = self.view, self.desk.look(), self.node
        if view.shown is None or node is None:
            return
        left: Line = [
            (" ", "plain"),
            *title(node, look),
            (f"  {code_of(node, look)}", "hash"),
            (f"  {text.size(node.size)}", "plain"),
        ]
        inside = view.shown.boxes[view.cursor].inside
        if inside:
            left.append(("  with " + ", ".join(name_of(each) for each in inside[:6]), "dim"))
        behind = sum(box.more for box in view.shown.boxes.values())
        right: Line = [(text.count(len(view.shown.boxes), "box", "boxes"), "dim")]
        if hidden := view.hidden():
            right.append((f", {hidden} out of view", "dim"))
        right.append((f", {behind} with more behind " if behind else " ", "warn"))
        self.head.show([spread(left, right, self.size.width, more=look.marks.more)])

    def on_map_view_chosen(self) -> None:
        self.action_follow()

    def action_follow(self) -> None:
        if (node := self.node) is not None:
            self.explorer.walk_node(node)

    def action_details(self) -> None:
        if (node := self.node) is not None:
            self.explorer.show_details(node)

    def action_back(self) -> None:
        if (node := self.node) is not None:
            self.explorer.point_at(node)
        self.dismiss()

    def copied(self) -> tuple[str, str] | None:
        node = self.node
        words = typed(node) if node is not None else None
        return None if node is None or words is None else (words, f"the reference of {name_of(node)}")
