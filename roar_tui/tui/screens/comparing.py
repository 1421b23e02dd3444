"""Marking A and comparing with it: what all screens that show jobs and files have in common."""

from __future__ import annotations

from functools import partial

from roar_tui.tui.comparing import Marked
from roar_tui.tui.desk import Desk
from roar_tui.tui.screens.base import ExplorerScreen


class ComparingScreen(ExplorerScreen):
    """A screen on which `space` marks the thing under the cursor as A, and `d` compares A with the thing under the cursor."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._offer: tuple[Marked, Marked] | None = None  # B, and what was offered as its A
        self._seeking: Marked | None = None  # for which an offer is being looked for
        self._eager = False  # `d` was pressed again meanwhile

    def comparable(self) -> Marked | None:
        """The thing under the cursor; None where there is none that can be compared."""
        raise NotImplementedError

    def redraw_marks(self) -> None:
        """Draw the list anew: another thing is marked."""
        raise NotImplementedError

    def say_mark(self) -> None:
        """Let the footer say whether there is an A."""
        self.footer.rename({"everywhere.diff": "diff with A"} if self.desk.marked is not None else {})

    def on_screen_resume(self) -> None:
        """The mark may have been set on a screen above."""
        self.say_mark()
        self.redraw_marks()

    def action_mark(self) -> None:
        thing = self.comparable()
        if thing is None:
            self.tell("This cannot be marked: it has no reference of its own.", severity="warning")
            return
        was = self.desk.marked is not None and self.desk.marked.ref == thing.ref
        self.desk.marked = None if was else thing
        self.say_mark()
        self.redraw_marks()

    def action_diff(self) -> None:
        thing, marked = self.comparable(), self.desk.marked
        if thing is None:
            self.tell("There is nothing under the cursor that can be compared.", severity="warning")
        elif marked is not None and marked.ref != thing.ref:
            self.explorer.show_diff(marked, thing)
        elif self._offer is not None and self._offer[0].ref == thing.ref:
            self.explorer.show_diff(self._offer[1], thing)
        elif marked is not None:
            self.tell("This is A itself.", hint="Put the cursor on what it is to be compared with, and press d there.")
        elif self._seeking is not None and self._seeking.ref == thing.ref:
            self._eager = True
        else:
            self._seeking, self._eager = thing, False
            self.begin(partial(self._suggest, thing), group="suggest", exclusive=True)

    async def _suggest(self, thing: Marked) -> None:
        """Say how to mark; where the previous run of the same command is obvious, offer it."""
        from roar_tui.tui import diff_lookup  # 30 ms, for those who compare

        how = "Mark one thing as A with space, put the cursor on another, and press d."
        try:
            earlier = await self.desk.read("side", lambda db: diff_lookup.before(self.desk, db, thing))
        finally:
            if self._seeking is thing:
                self._seeking = None
        if earlier is None:
            self.tell("Nothing is marked as A.", hint=how)
            return
        self._offer = (thing, earlier)
        if self._eager:
            self.explorer.show_diff(earlier, thing)
            return
        self.tell(f"Press d again to compare with the run before, {earlier.name}; space marks another A.")
