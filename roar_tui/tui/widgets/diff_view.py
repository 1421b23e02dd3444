"""The list of the Diff screen: rows with a cursor that passes over headings."""

from __future__ import annotations

from collections.abc import Sequence

from roar_tui.tui.diff_lines import DiffRow
from roar_tui.tui.lines import Line
from roar_tui.tui.marks import Marks
from roar_tui.tui.widgets.cursor_view import CursorView


class DiffView(CursorView):
    """Shows `DiffRow`s; the cursor stays on its row when others open and close."""

    def __init__(self, marks: Marks, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._marks = marks
        self.rows: Sequence[DiffRow] = []

    @property
    def line_count(self) -> int:
        return len(self.rows)

    @property
    def row(self) -> DiffRow | None:
        """The row under the cursor; None where there is none but headings."""
        row = self.rows[self.cursor] if self.cursor < len(self.rows) else None
        return row if row is not None and row.thing is not None else None

    def draw_line(self, at: int, width: int) -> Line:
        line = self.rows[at].line
        if at != self.cursor or self.rows[at].thing is None:
            return line
        (words, tone), *rest = line
        return [(self._marks.cursor, "accent"), (words[1:], tone), *rest]

    def show_rows(self, rows: Sequence[DiffRow]) -> None:
        """Show these rows; the cursor stays on its row, or on the one whose detail it was in."""
        key = self.row.key if self.row is not None else None
        self.rows = rows
        at = self._place(key) if key is not None else None
        if at is None and key is not None:
            at = self._place(key.split("/")[0])
        self.cursor = self._nearest(self.cursor if at is None else at, 1)
        self.resize_content(len(rows))
        self.refresh()
        self.reveal()
        self.post_message(self.Moved(self, self.cursor))

    def move_to(self, at: int) -> None:
        at = max(0, min(at, self.line_count - 1))
        super().move_to(self._nearest(at, 1 if at >= self.cursor else -1))

    def reveal(self) -> None:
        """The heading above the first row comes into view with it."""
        super().reveal()
        if self.rows and all(row.thing is None for row in self.rows[: self.cursor]):
            self.scroll_to(y=0, animate=False, force=True)

    def _place(self, key: str) -> int | None:
        return next((at for at, row in enumerate(self.rows) if row.key == key), None)

    def _nearest(self, at: int, by: int) -> int:
        """The row at or after `at` (in the direction `by`) that is no heading; else the one on its other side."""
        for step in (by, -by):
            place = at
            while 0 <= place < len(self.rows):
                if self.rows[place].thing is not None:
                    return place
                place += step
        return max(0, min(at, len(self.rows) - 1))
