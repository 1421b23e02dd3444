"""Walk: the outline of what a subject was made from, or of what was made from it, and the trail that led here."""

from __future__ import annotations

import asyncio
import time
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Container

from roar_tui.lineage.model import Direction, Kind, Node
from roar_tui.lineage.target import Target
from roar_tui.text import display
from roar_tui.tui import lookup
from roar_tui.tui.comparing import Marked, marked_of, reference
from roar_tui.tui.desk import Desk
from roar_tui.tui.lines import Line
from roar_tui.tui.nodes import name_of, typed
from roar_tui.tui.screens.base import REST, Rule
from roar_tui.tui.screens.comparing import ComparingScreen
from roar_tui.tui.trail import Stop, trail_line
from roar_tui.tui.tree import Branch, Tree, to_open_first
from roar_tui.tui.widgets.cursor_view import CursorView
from roar_tui.tui.widgets.line_view import LineView
from roar_tui.tui.widgets.outline import Outline
from roar_tui.tui.widgets.preview import Preview
from roar_tui.tui.widgets.prompt import Prompt

OPENED_STEPS = 4  # steps from the subject that open by themselves, as long as there are empty lines
LEAST_LINES = 12


class WalkScreen(ComparingScreen):
    """Begins at a reference; `enter` goes on from any node."""

    screen_name = "walk"

    def __init__(self, desk: Desk, ref: str | Target) -> None:
        super().__init__(desk)
        self._first_ref = ref
        self.trail: list[Stop] = []
        self._looking_for: str | None = None
        self.head = LineView(id="trail")
        self.outline = Outline(desk.look, id="outline")
        self.outline.is_marked = self._is_marked
        self.preview = Preview(desk)

    def compose_middle(self) -> ComposeResult:
        marks = self.desk.marks
        yield self.head
        yield Rule(marks.rule)
        with Container(id="body"):
            with Container(id="main"):
                yield self.outline
            with Container(id="side"):
                yield Rule(marks.rule)
                yield self.preview

    def on_mount(self) -> None:
        self.focus_list()
        self.open_ref(self._first_ref)

    def on_resize(self) -> None:
        self._say_trail()

    @property
    def stop(self) -> Stop | None:
        """The present subject; None before it was found."""
        return self.trail[-1] if self.trail else None

    @property
    def node(self) -> Node | None:
        """The node under the cursor."""
        branch = self.outline.branch
        return branch.node if branch is not None else None

    def focus_list(self) -> None:
        self.outline.focus()

    # Going along

    def open_ref(self, ref: str | Target) -> None:
        """Make what `ref` names the subject, as soon as it is found."""
        direction = self.stop.direction if self.stop else Direction.UPSTREAM
        self.begin(partial(self._open_ref, ref, direction), group="walk", exclusive=True)

    async def _open_ref(self, ref: str | Target, direction: Direction, *, instead: bool = False) -> None:
        self._looking_for = ref if isinstance(ref, str) else "it"
        self._say_trail()
        try:
            found = await self.desk.read("walk", lambda db: lookup.subject(self.desk, db, ref, direction))
        except asyncio.CancelledError:
            raise
        except Exception as error:  # told as a sentence; the walk stays where it is
            self._looking_for = None
            self.tell_error(error)
            if not self.trail:
                self.dismiss()
            else:
                self._say_trail()
            return
        self._looking_for = None
        if found.note:
            self.tell(found.note)
        if instead and self.trail:
            self.trail.pop()
        await self._arrive(Stop(Tree.of(found.node), direction))

    def follow(self, node: Node) -> None:
        """Make `node` the subject."""
        stop = self.stop
        if stop is not None:
            stop.cursor = self.outline.branch
            self.begin(partial(self._arrive, Stop(Tree.of(node), stop.direction)), group="walk", exclusive=True)

    def point_at(self, node: Node) -> None:
        """Put the cursor on `node` where it stands in the open part of the outline."""
        for at, row in enumerate(self.outline.rows):
            if row.branch.node.id == node.id and not row.branch.seen:
                self.outline.move_to(at)
                return

    async def _arrive(self, stop: Stop) -> None:
        self.trail.append(stop)
        self.outline.needle = ""
        self._show_stop()
        await self._open_first(stop)

    def _show_stop(self) -> None:
        stop = self.stop
        if stop is None:
            return
        if stop.direction is Direction.UPSTREAM:
            self.outline.end_note = [("Nothing recorded made it: here the recorded story begins.", "root")]
        else:
            self.outline.end_note = [("Nothing recorded was made from it.", "dim")]
        self.outline.show_tree(stop.tree, stop.cursor)
        self._say_trail()
        self._refresh_preview()

    async def _open_first(self, stop: Stop) -> None:
        """Open what is shown unasked: nearest first, until the screen is full."""
        budget, shown = max(self.outline.size.height, LEAST_LINES), time.monotonic()
        while self.stop is stop and (branch := to_open_first(stop.tree, OPENED_STEPS, budget)) is not None:
            show = time.monotonic() - shown > REST  # a quick walk is drawn once, a slow one as it comes
            await self._load(stop, branch, show=show)
            shown = time.monotonic() if show else shown
        if self.stop is stop:
            self.outline.changed()

    async def _load(self, stop: Stop, branch: Branch, *, show: bool = True) -> None:
        try:
            nodes = await self.desk.read("walk", lambda db: lookup.behind(self.desk, db, branch.node, stop.direction))
        except asyncio.CancelledError:
            branch.loading = False
            raise
        except Exception as error:  # told as a sentence, and on the branch
            branch.loading, branch.error = False, "could not be read"
            self.tell_error(error)
        else:
            stop.tree.attach(branch, nodes)
        if show and self.stop is stop:
            self.outline.changed()

    @on(Outline.Wanted)
    def _wanted(self, event: Outline.Wanted) -> None:
        if self.stop is not None:
            self.begin(partial(self._load, self.stop, event.branch), group="branch")

    # What is said

    def _say_trail(self) -> None:
        if self._looking_for is not None:
            words: Line = [(" looking up ", "dim"), (display(self._looking_for), "strong"), (self.desk.marks.more, "dim")]
            self.head.show([words])
        elif self.trail:
            self.head.show([trail_line(self.trail, self.size.width, self.desk.look())])

    @on(CursorView.Moved)
    def _moved(self, event: CursorView.Moved) -> None:
        node = self.node
        hidden = set()
        if node is None or node.kind is not Kind.FILESET:
            hidden.add("walk.files")
        if len(self.trail) < 2:
            hidden.add("walk.back")
        else:
            hidden.add("everywhere.back")
        self.footer.hide(hidden)
        self._refresh_preview()

    def _refresh_preview(self) -> None:
        if self.stop is not None:
            self.preview.rest_on(self.node, self.stop.direction)

    # Actions

    @on(CursorView.Chosen)
    def _chosen(self) -> None:
        self.action_follow()

    def action_follow(self) -> None:
        branch = self.outline.branch
        if branch is None:
            return
        if branch.parent is None:
            self.action_details()
        else:
            self.follow(branch.node)

    def action_open_branch(self) -> None:
        self.outline.toggle()

    def action_trail_back(self) -> None:
        self.workers.cancel_group(self, "walk")
        self._looking_for = None
        if len(self.trail) > 1:
            self.trail.pop()
            self._show_stop()
        else:
            self.dismiss()

    def action_back(self) -> None:
        """Cancel what is being loaded; else clear what was searched for; else go back on the trail, and from its start home."""
        loading = [w for w in self.workers if w.group in ("walk", "branch") and w.node is self and w.is_running]
        if loading and self.trail:
            for worker in loading:
                worker.cancel()
            self._looking_for = None
            self._say_trail()
            self.outline.changed()
        elif self.outline.needle:
            self.outline.needle = ""
            self.outline.refresh()
        else:
            self.action_trail_back()

    def action_turn(self) -> None:
        stop = self.stop
        if stop is None:
            return
        ref = typed(stop.node)
        if ref is None:
            self.tell("A pipe has no walk of its own: turn at one of the steps beside it.", severity="warning")
            return
        other = Direction.DOWNSTREAM if stop.direction is Direction.UPSTREAM else Direction.UPSTREAM
        self.begin(partial(self._open_ref, ref, other, instead=True), group="walk", exclusive=True)

    def action_details(self) -> None:
        if self.node is not None:
            self.explorer.show_details(self.node)

    def action_files(self) -> None:
        node = self.node
        if node is None or node.kind is not Kind.FILESET or self.stop is None:
            self.tell("Only a set of files opens into files.", severity="warning")
            return
        self.explorer.show_files(node, self.stop.direction)

    def action_map(self) -> None:
        if self.stop is not None:
            self.explorer.show_map(self.stop.node, self.stop.direction, self.node)

    def action_reload(self) -> None:
        self.refresh(layout=True)
        self.preview.forget()
        stop = self.stop
        if stop is not None and (ref := typed(stop.node)) is not None:
            self.begin(partial(self._open_ref, ref, stop.direction, instead=True), group="walk", exclusive=True)

    @property
    def _direction(self) -> Direction:
        return self.stop.direction if self.stop is not None else Direction.UPSTREAM

    def comparable(self) -> Marked | None:
        return marked_of(self.node, self.desk.look(), self._direction)

    def _is_marked(self, node: Node) -> bool:
        return self.desk.is_marked(reference(node, self._direction))

    def redraw_marks(self) -> None:
        self.outline.refresh()

    def copied(self) -> tuple[str, str] | None:
        node = self.node
        words = typed(node) if node is not None else None
        if node is None or words is None:
            return None
        what = "path" if node.kind is Kind.FILESET else "hash" if node.digest else "reference"
        return words, f"the {what} of {name_of(node)}"

    # Finding

    def action_filter(self) -> None:
        self.prompt.open("find", "/", placeholder="find in the open part of the walk")

    @on(Prompt.Changed)
    def _typed(self, event: Prompt.Changed) -> None:
        if event.purpose == "find":
            self.outline.needle = event.value.strip()
            self.outline.find(1, from_here=True)
            self.outline.refresh()

    @on(Prompt.Submitted)
    def _entered(self, event: Prompt.Submitted) -> None:
        if event.purpose == "find" and self.outline.needle and not self.outline.find(1, from_here=True):
            self.tell(
                f"Nothing in the open part of the walk holds {self.outline.needle}.", hint="Open more with →, or / to search anew."
            )

    @on(Prompt.Cancelled)
    def _cancelled(self, event: Prompt.Cancelled) -> None:
        if event.purpose == "find":
            self.outline.needle = ""
            self.outline.refresh()

    def action_find_next(self, by: int) -> None:
        if not self.outline.needle:
            self.action_filter()
        elif not self.outline.find(by):
            self.tell(f"Nothing in the open part of the walk holds {self.outline.needle}.", severity="warning")
