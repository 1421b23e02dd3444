"""Diff: what changed from A to B; causes first, each opens to what lies behind it."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.timer import Timer

from roar_tui import text
from roar_tui.lineage.diff.result import Cause, Context, Outcome, StepRow, Unknown
from roar_tui.lineage.target import Target
from roar_tui.tui import diff_export, diff_lines, diff_lookup
from roar_tui.tui.comparing import Marked
from roar_tui.tui.desk import Desk, working_directory
from roar_tui.tui.diff_lines import DiffRow
from roar_tui.tui.diff_lookup import Compared
from roar_tui.tui.diff_refs import copied_of, refs_of
from roar_tui.tui.lines import Line
from roar_tui.tui.screens.base import ExplorerScreen, Rule
from roar_tui.tui.widgets.cursor_view import CursorView
from roar_tui.tui.widgets.diff_view import DiffView
from roar_tui.tui.widgets.line_view import LineView

TICK = 0.5  # seconds between two drawings of how long it takes


class DiffScreen(ExplorerScreen):
    """Compares `a` with `b`; what was compared once is kept, so that swapping back costs nothing."""

    screen_name = "diff"

    def __init__(self, desk: Desk, a: Marked, b: Marked) -> None:
        super().__init__(desk)
        self._sides = self._asked = (a, b)  # what is shown, and what is being compared
        self._found: dict[tuple[Marked, Marked], Compared] = {}
        self._everything = False
        self._opened: frozenset[str] | None = None  # None: not decided yet what is open unasked
        self._cancel = threading.Event()
        self._since: float | None = None  # when the comparison that runs was begun
        self._ticking: Timer | None = None
        self.head = LineView(id="diff-head")
        self.view = DiffView(desk.marks, id="diff")

    def compose_middle(self) -> ComposeResult:
        yield self.head
        yield Rule(self.desk.marks.rule)
        yield self.view

    def on_mount(self) -> None:
        self.focus_list()
        self._ticking = self.set_interval(TICK, self._say_progress, pause=True)
        self._compare(*self._sides)

    def on_unmount(self) -> None:
        self._cancel.set()

    def on_resize(self) -> None:
        self._show()

    def focus_list(self) -> None:
        self.view.focus()

    @property
    def compared(self) -> Compared | None:
        """What is shown; None before it was found."""
        return self._found.get(self._sides)

    # Comparing

    def _compare(self, a: Marked, b: Marked) -> None:
        if (a, b) in self._found:
            self._sides = (a, b)
            self._show()
            return
        self._cancel.set()
        self._cancel = threading.Event()
        self.begin(partial(self._find, a, b, self._cancel), group="diff", exclusive=True)

    async def _find(self, a: Marked, b: Marked, cancel: threading.Event) -> None:
        self._since, self._asked = time.monotonic(), (a, b)
        self._say_progress()
        if self._ticking is not None:
            self._ticking.resume()
        try:
            found = await self.desk.read("diff", lambda db: diff_lookup.compare(self.desk, db, a, b, cancel))
        except asyncio.CancelledError:
            raise
        except Exception as error:  # told as a sentence; there is nothing to stay for unless another diff is shown
            if cancel.is_set() and isinstance(error, sqlite3.OperationalError):
                return
            self._rest()
            self.tell_error(error)
            if self.compared is None:
                self.dismiss()
            return
        self._rest()
        self._found[a, b] = found
        self._sides = (a, b)
        if found.note:
            self.tell(text.display(found.note))
        self._show()

    def _rest(self) -> None:
        """Nothing is being compared any more."""
        self._since = None
        if self._ticking is not None:
            self._ticking.pause()
        self._show()

    def _say_progress(self) -> None:
        if self._since is None:
            return
        seconds = time.monotonic() - self._since
        marks, (a, b) = self.desk.marks, self._asked
        waiting: Line = [
            (f" comparing{marks.more}", "warn"),
            (f"  {seconds:.0f} s" if seconds >= 1 else "", "plain"),
            ("  esc", "key"),
        ]
        lines: list[Line] = [[(" A ", "key"), (a.name, "strong")], [(" B ", "key"), (b.name, "strong")]]
        self.head.show([*lines, [*waiting, (" calls it off", "dim")]])

    def _show(self) -> None:
        compared = self.compared
        if compared is None or self._since is not None or not self.size.width:
            return
        width, look = self.size.width, self.desk.look()
        self.head.show(diff_lines.head(compared, width, look))
        if self._opened is None:
            self._opened = self._open_unasked(compared, width - 1)
        self.view.show_rows(diff_lines.rows(compared, width - 1, look, everything=self._everything, opened=self._opened))
        self.footer.rename({"diff.unchanged": "less"} if self._everything else {})

    def _open_unasked(self, compared: Compared, width: int) -> frozenset[str]:
        """The causes, if the terminal has room for all that lies behind them."""
        causes = frozenset(f"cause:{number}" for number in range(len(compared.diff.causes)))
        lines = diff_lines.rows(compared, width, self.desk.look(), everything=False, opened=causes)
        return causes if len(lines) <= self.view.size.height else frozenset()

    # Actions

    @property
    def row(self) -> DiffRow | None:
        """The row under the cursor."""
        return self.view.row

    @on(CursorView.Moved)
    def _moved(self) -> None:
        hidden = set()
        if self.row is None or isinstance(self.row.thing, (Outcome, Context)):
            hidden.add("diff.details")
        if self.row is None or isinstance(self.row.thing, (Unknown, Context)):
            hidden.add("diff.walk")
        self.footer.hide(hidden)

    @on(CursorView.Chosen)
    def _chosen(self) -> None:
        self.action_details()

    def action_details(self) -> None:
        """Open what lies behind the line, or close it."""
        row = self.row
        if row is None or not isinstance(row.thing, (Cause, StepRow, Unknown)):
            return
        key = row.key.split("/")[0]
        self._opened = (self._opened or frozenset()) ^ {key}
        self._show()

    def action_unchanged(self) -> None:
        self._everything = not self._everything
        self._show()

    def action_swap(self) -> None:
        a, b = self._sides
        if self.compared is not None:
            self._compare(b, a)

    def action_walk(self) -> None:
        compared, row = self.compared, self.row
        refs = refs_of(compared.diff, row, compared.cwd) if compared is not None and row is not None else []
        if not refs:
            self.tell(
                "There is nothing to walk from here.",
                hint="Put the cursor on a cause, a consequence or a step.",
                severity="warning",
            )
            return
        self.begin(partial(self._walk, refs), group="walk", exclusive=True)

    async def _walk(self, refs: list[str]) -> None:
        target: Target = await self.desk.read("side", lambda db: diff_lookup.first_of(self.desk, db, refs))
        self.explorer.walk_to(target)

    def copied(self) -> tuple[str, str] | None:
        return copied_of(self.row) if self.row is not None else None

    def action_export(self) -> None:
        if self.compared is not None:
            self.begin(partial(self._export, self.compared), group="export", exclusive=True)

    async def _export(self, compared: Compared) -> None:
        folder = working_directory()
        try:
            work = partial(diff_export.write, compared.diff, folder, compared.a.code, compared.b.code)
            path = await self.desk.aside(work)
        except OSError as error:
            self.tell(
                f"The diff could not be written into {text.display(folder)}: {error.strerror or error}.",
                hint="Start roar-tui in a directory that you may write to, or use: roar-tui diff A B --json",
                severity="error",
            )
            return
        self.tell(f"Wrote the whole diff to {text.display(str(path))}.")

    def action_back(self) -> None:
        """Call off what runs; with nothing to show then, and else, back to where one was."""
        if self._since is not None:
            self._cancel.set()
            self.workers.cancel_group(self, "diff")
            self._rest()
            if self.compared is not None:
                return
        self.dismiss()
