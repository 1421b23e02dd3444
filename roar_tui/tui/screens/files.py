"""The files of a set, a page at a time, with a filter of their own; one file pulled out continues the walk."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.timer import Timer

from roar_tui import text
from roar_tui.lineage.model import Direction, Node
from roar_tui.tui import sources
from roar_tui.tui.comparing import Marked, marked_of, reference
from roar_tui.tui.desk import Desk
from roar_tui.tui.lines import Line, fit, highlight, spread
from roar_tui.tui.nodes import name_of, title, typed
from roar_tui.tui.rows import lead
from roar_tui.tui.screens.base import REST, Rule
from roar_tui.tui.screens.comparing import ComparingScreen
from roar_tui.tui.widgets.cursor_view import CursorView
from roar_tui.tui.widgets.line_view import LineView
from roar_tui.tui.widgets.prompt import Prompt
from roar_tui.tui.widgets.virtual_list import VirtualList


class FilesScreen(ComparingScreen):
    """Lists the members of `fileset`."""

    screen_name = "files"

    def __init__(self, desk: Desk, fileset: Node, direction: Direction) -> None:
        super().__init__(desk)
        self._fileset = fileset
        self._direction = direction
        self._words = ""
        self._typing: Timer | None = None
        self.head = LineView(id="trail")
        self.files = VirtualList[Node](desk.reader("walk"), self._line, id="files")
        self.message = LineView(id="message")

    def compose_middle(self) -> ComposeResult:
        yield self.head
        yield Rule(self.desk.marks.rule)
        yield self.files
        yield self.message

    def on_mount(self) -> None:
        self.focus_list()
        self._fill()

    def on_resize(self) -> None:
        self._say_title()

    def focus_list(self) -> None:
        self.files.focus()

    def _fill(self) -> None:
        words = self._words
        self.files.use(sources.members(self.desk, self._fileset, self._direction, lambda: words))

    def _line(self, node: Node, width: int, under_cursor: bool) -> Line:
        marks = self.desk.marks
        path = node.paths[0] if node.paths else ""
        base = (self._fileset.path or "").rstrip("/")
        name = text.shorten_path(path, width - 24, cwd=base or None, home=self.desk.home)
        code = self.desk.short(node.digest) if node.digest else (node.status or "unknown")
        line: Line = [
            lead(under_cursor, marks, marked=self.desk.is_marked(reference(node, self._direction))),
            (" ", "plain"),
            (fit(code, 9, more=marks.more), "hash" if node.digest else "warn"),
        ]
        line += [(" " + fit(text.size(node.size), 8, right=True) + "  ", "plain"), *highlight([(name, "strong")], self._words)]
        if node.root:
            line.append((f"  {marks.root} root", "root"))
        return line

    def _say_title(self) -> None:
        look = self.desk.look()
        left: Line = [(" ", "plain"), *title(self._fileset, look), (f"  {text.count(self._fileset.count, 'file')}", "plain")]
        left.append((f"  {text.size(self._fileset.size)}", "dim"))
        right: Line = []
        if self._words:
            right = [("/ ", "key"), (text.display(self._words), "strong"), (f"  {self.files.count:,} found ", "dim")]
        self.head.show([spread(left, right, self.size.width, more=look.marks.more)])

    @on(VirtualList.Loaded)
    def _loaded(self, event: VirtualList.Loaded) -> None:
        if event.error is not None:
            self.tell_error(event.error)
        self.message.show(
            [
                [("No file of this set has ", "plain"), (text.display(self._words), "title"), (" in its name.", "plain")],
                [],
                [("esc", "key"), (" shows all of them again.", "dim")],
            ]
        )
        self.set_class(event.count == 0, "-empty")
        self._say_title()

    # Actions

    @on(CursorView.Chosen)
    def _chosen(self) -> None:
        self.action_follow()

    def action_follow(self) -> None:
        node = self.files.cursor_row
        if node is not None:
            self.explorer.walk_node(node)

    def action_details(self) -> None:
        node = self.files.cursor_row
        if node is not None:
            self.explorer.show_details(node)

    def comparable(self) -> Marked | None:
        return marked_of(self.files.cursor_row, self.desk.look(), self._direction)

    def redraw_marks(self) -> None:
        self.files.refresh()

    def copied(self) -> tuple[str, str] | None:
        node = self.files.cursor_row
        words = typed(node) if node is not None else None
        return None if node is None or words is None else (words, f"the hash of {name_of(node)}")

    def action_back(self) -> None:
        if self._words:
            self._words = ""
            self._fill()
        else:
            self.dismiss()

    def action_filter(self) -> None:
        self.prompt.open("filter", "/", self._words, "part of a name")

    @on(Prompt.Changed)
    def _typed(self, event: Prompt.Changed) -> None:
        if event.purpose != "filter":
            return
        self._words = event.value.strip()
        if self._typing is not None:
            self._typing.stop()
        self._typing = self.set_timer(REST, self._fill)

    @on(Prompt.Cancelled)
    def _cancelled(self, event: Prompt.Cancelled) -> None:
        if event.purpose == "filter" and self._words:
            self._words = ""
            self._fill()
