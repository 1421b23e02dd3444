"""All there is about one thing on a page that scrolls: a job with its environment, an artifact with its places and its text."""

from __future__ import annotations

import asyncio
import threading
from functools import partial

from textual.app import ComposeResult

from roar_tui import text
from roar_tui.lineage.model import Kind, Node
from roar_tui.lineage.target import Target
from roar_tui.store import queries
from roar_tui.tui import lookup
from roar_tui.tui.brief import lay_out, node_fields
from roar_tui.tui.desk import Desk
from roar_tui.tui.details import artifact_page, job_page
from roar_tui.tui.disk import CancelledError, DiskState, words_for
from roar_tui.tui.lines import Line, plain, spread
from roar_tui.tui.lookup import About
from roar_tui.tui.nodes import code_of, title
from roar_tui.tui.screens.base import ExplorerScreen, Rule
from roar_tui.tui.screens.help import ScrolledLines
from roar_tui.tui.widgets.line_view import LineView

MARGIN = 2


class DetailsScreen(ExplorerScreen):
    """Looks `what` up: a target, or a node of a walk."""

    screen_name = "details"

    def __init__(self, desk: Desk, what: Target | Node) -> None:
        super().__init__(desk)
        self._what = what
        self._about: About | None = None
        self._disk: list[tuple[str, DiskState]] | None = None
        self._cancel = threading.Event()
        self.head = LineView(id="trail")
        self.page = ScrolledLines(id="page")

    def compose_middle(self) -> ComposeResult:
        yield self.head
        yield Rule(self.desk.marks.rule)
        yield self.page

    def on_mount(self) -> None:
        self.focus_list()
        self.head.show([[(" looking up", "dim"), (self.desk.marks.more, "dim")]])
        self.begin(self._look_up, group="details", exclusive=True)

    def on_unmount(self) -> None:
        self._cancel.set()

    def on_resize(self) -> None:
        self._show()

    def focus_list(self) -> None:
        self.page.focus()

    async def _look_up(self) -> None:
        what = self._what
        try:
            if isinstance(what, Node):
                self._about = await self.desk.read("side", lambda db: lookup.about_node(self.desk, db, what))
            else:
                self._about = await self.desk.read("side", lambda db: lookup.about_target(self.desk, db, what))
        except asyncio.CancelledError:
            raise
        except Exception as error:  # told as a sentence, and there is nothing to stay for
            self.tell_error(error)
            self.dismiss()
            return
        self._show()
        places = self._about.places
        if places:  # whatever it takes: who opens the details wants to know; leaving cancels it
            work = partial(lookup.on_disk, self.desk, places, self._cancel, limit=None)
            try:
                self._disk = await self.desk.aside(work)
            except CancelledError:
                return
            self._show()

    def _show(self) -> None:
        about = self._about
        if about is None:
            return
        head: Line
        width, look = self.size.width - 2 * MARGIN, self.desk.look()
        if about.artifact is not None:
            alternatives = about.node.alternatives if about.node is not None else []
            disk = [(path, words_for({state: 1}, 1, look.marks)) for path, state in self._disk] if self._disk is not None else None
            if not about.places:
                disk = []
            lines = artifact_page(about.artifact, width, look, alternatives=alternatives, disk=disk, content=about.content)
            path = about.artifact.paths[0] if about.artifact.paths else about.artifact.digest
            head, code = [(text.shorten_path(path, max(width - 20, 20), home=look.home), "strong")], ""
        elif about.job is not None:
            node = about.node
            of_step = about.step if node is None or node.kind is Kind.STEP else None
            step = next((s for s in about.job.steps if s.id == of_step), None)
            job = queries.folded_job(about.job)
            lines = job_page(job, queries.folded_step(step) if step is not None else None, width, look)
            if node is not None and node.kind is Kind.ARTIFACT:
                lines = [*lay_out(node_fields(node, look, None, None, None), width, 100, look), [], *lines]
            notebook = look.notebook(step.job, step.id) if step is not None else None
            head = [(text.what(step.argv if step is not None else about.job.command, notebook), "strong")]
            code = look.short(about.job.id) + (f":{step.id}" if step is not None else "")
        elif about.node is not None:
            lines = lay_out(node_fields(about.node, look, None, None, None), width, 100, look)
            head, code = title(about.node, look), code_of(about.node, look)
        else:
            return
        self.head.show([spread([(" ", "plain"), *head], [(code, "hash"), (" ", "plain")], self.size.width, more=look.marks.more)])
        margin: Line = [(" " * MARGIN, "plain")]
        self.page.show([[*margin, *line] for line in lines])

    def copied(self) -> tuple[str, str] | None:
        about = self._about
        if about is None:
            return None
        if about.content is not None:
            return about.content, f"the text, {text.count(about.content.count(chr(10)) + 1, 'line')},"
        if about.artifact is not None:
            return about.artifact.digest, "the full hash"
        lines = self.page.content_lines
        return "\n".join(plain(line).strip() for line in lines), "this page"
