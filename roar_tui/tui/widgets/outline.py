"""The outline of a walk: a tree of nodes with a cursor; branches ask to be loaded when they are opened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from textual.message import Message
from textual.strip import Strip

from roar_tui.lineage.model import Node
from roar_tui.tui.lines import Line, highlight, plain
from roar_tui.tui.nodes import Look, row_line
from roar_tui.tui.tree import Branch, Tree, TreeRow
from roar_tui.tui.widgets.cursor_view import CursorView


class Outline(CursorView):
    """Shows a `Tree`. Whoever owns the tree loads branches and then calls `changed`."""

    @dataclass
    class Wanted(Message):
        """A branch was opened that is not loaded yet."""

        branch: Branch

    def __init__(self, look: Callable[[], Look], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._look = look
        self.shown: Tree | None = None
        self.rows: list[TreeRow] = []
        self.needle = ""
        self.is_marked: Callable[[Node], bool] = lambda node: False
        self.end_note: Line = []  # what is said where nothing lies behind the subject

    @property
    def line_count(self) -> int:
        return len(self.rows)

    @property
    def branch(self) -> Branch | None:
        """The branch under the cursor."""
        return self.rows[self.cursor].branch if self.cursor < len(self.rows) else None

    def draw_line(self, at: int, width: int) -> Line:
        row = self.rows[at]
        line = row_line(row, width, at == self.cursor, self._look(), marked=self.is_marked(row.branch.node))
        return highlight(line, self.needle)

    def render_line(self, y: int) -> Strip:
        at = y + self.scroll_offset.y
        if self.shown is not None and self.shown.top.children == [] and at == self.line_count + 1:
            return self.painter.strip([("   ", "plain"), *self.end_note], self.size.width)
        return super().render_line(y)

    def show_tree(self, tree: Tree, cursor: Branch | None = None) -> None:
        """Show another tree, with the cursor on `cursor` (the top where None)."""
        self.shown = tree
        self.scroll_to(y=0, animate=False, force=True)
        self.cursor = 0
        self._reread(cursor or tree.top)

    def changed(self) -> None:
        """The tree has changed: read it again, the cursor stays on its branch."""
        self._reread(self.branch)

    def _reread(self, keep: Branch | None) -> None:
        self.rows = self.shown.rows() if self.shown else []
        before = self.cursor
        at = next((i for i, row in enumerate(self.rows) if row.branch is keep), None)
        if at is None and keep is not None and keep.parent is not None:  # it was folded away: its parent stands for it
            at = next((i for i, row in enumerate(self.rows) if row.branch is keep.parent), None)
        self.cursor = min(before, max(len(self.rows) - 1, 0)) if at is None else at
        self.resize_content(len(self.rows))
        self.refresh()
        self.reveal()
        self.post_message(self.Moved(self, self.cursor))

    def toggle(self) -> None:
        """Open the branch under the cursor (loading what lies behind), or close it."""
        branch = self.branch
        if branch is None or not branch.can_open or branch.loading:
            return
        if branch.children is None:
            branch.loading, branch.error = True, None
            self.refresh_line_at(self.cursor)
            self.post_message(self.Wanted(branch))
        else:
            branch.is_open = not branch.is_open
            self.changed()

    def find(self, by: int, *, from_here: bool = False) -> bool:
        """Go to the next (1) or previous (-1) row that holds the needle, around the end; False if there is none."""
        if not self.needle or not self.rows:
            return False
        needle, look, total = self.needle.lower(), self._look(), len(self.rows)
        for distance in range(0 if from_here else 1, total + 1):
            at = (self.cursor + by * distance) % total
            row = self.rows[at]
            words = plain(row_line(row, 400, False, look)).lower()
            node = row.branch.node
            if (
                needle in words
                or (node.digest or node.job or "").startswith(needle)
                or any(needle in p.lower() for p in node.paths[:20])
            ):
                self.move_to(at)
                return True
        return False
