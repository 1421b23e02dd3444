"""Jobs and Artifacts: two lists of everything recorded, newest first, with a filter and a preview."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container
from textual.strip import Strip
from textual.timer import Timer

from roar_tui import text
from roar_tui.errors import UsageError
from roar_tui.lineage.target import ArtifactTarget, JobTarget, Target
from roar_tui.store import queries
from roar_tui.store.filter import Filter
from roar_tui.tui import sources
from roar_tui.tui.comparing import Marked, marked_of
from roar_tui.tui.desk import Desk, now
from roar_tui.tui.empty import nothing_found, nothing_recorded, reading
from roar_tui.tui.lines import Line
from roar_tui.tui.rows import ARTIFACT_COLUMNS, JOB_COLUMNS, ArtifactItem, JobItem, artifact_line, heading, job_line
from roar_tui.tui.screens.base import REST, Rule
from roar_tui.tui.screens.comparing import ComparingScreen
from roar_tui.tui.widgets.cursor_view import CursorView
from roar_tui.tui.widgets.header import StoreHeader
from roar_tui.tui.widgets.line_view import LineView
from roar_tui.tui.widgets.preview import Preview
from roar_tui.tui.widgets.prompt import Prompt
from roar_tui.tui.widgets.tabs import TabLine
from roar_tui.tui.widgets.virtual_list import VirtualList

JOBS, ARTIFACTS = "jobs", "artifacts"
COLUMNS = {JOBS: JOB_COLUMNS, ARTIFACTS: ARTIFACT_COLUMNS}


class Heading(LineView):
    """The titles of the columns of the list below."""

    def __init__(self) -> None:
        super().__init__(id="heading")
        self.tab = JOBS

    def render_line(self, y: int) -> Strip:
        return self.painter.strip(heading(COLUMNS[self.tab], self.size.width - 1), self.size.width)


class Message(LineView):
    """What is said in the place of an empty list, broken to the width that it gets."""

    def __init__(self) -> None:
        super().__init__(id="message")
        self._words: Callable[[int], list[Line]] = lambda width: []

    def say(self, words: Callable[[int], list[Line]]) -> None:
        """Say what `words` makes of a width."""
        self._words = words
        self._break_lines()

    @on(events.Resize)
    def _break_lines(self) -> None:
        self.show(self._words(self.size.width))


class HomeScreen(ComparingScreen):
    """The first screen. It follows what other processes record without moving the cursor."""

    screen_name = "home"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.tab = JOBS
        self.filters: dict[str, str] = {JOBS: "", ARTIFACTS: ""}
        self.synced = False
        self._stale = False
        self._typing: Timer | None = None
        self._notes: dict[str, Line] = {}  # by tab: what is wrong with its filter
        self.header = StoreHeader(desk)
        self.tab_line = TabLine([(JOBS, "Jobs"), (ARTIFACTS, "Artifacts")], desk.marks)
        self.heading = Heading()
        self.lists: dict[str, VirtualList[Any]] = {
            JOBS: VirtualList[JobItem](desk.reader("jobs"), self._job_line, id=JOBS),
            ARTIFACTS: VirtualList[ArtifactItem](desk.reader("artifacts"), self._artifact_line, id=ARTIFACTS),
        }
        self.message = Message()
        self.preview = Preview(desk)

    def compose_middle(self) -> ComposeResult:
        yield self.header
        yield self.tab_line
        with Container(id="body"):
            with Container(id="main"):
                yield self.heading
                yield from self.lists.values()
                yield self.message
            with Container(id="side"):
                yield Rule(self.desk.marks.rule)
                yield self.preview

    def on_mount(self) -> None:
        self.lists[ARTIFACTS].display = False
        self.begin(self._read_totals, group="totals", exclusive=True)
        self.fill(JOBS)
        self.fill(ARTIFACTS)
        self.focus_list()

    # The lists

    @property
    def current(self) -> VirtualList[Any]:
        return self.lists[self.tab]

    def focus_list(self) -> None:
        self.current.focus()

    def _job_line(self, item: JobItem, width: int, under_cursor: bool) -> Line:
        marked = self.desk.is_marked(item.row.id)
        return job_line(item, width, under_cursor, marks=self.desk.marks, now=now(), marked=marked)

    def _artifact_line(self, item: ArtifactItem, width: int, under_cursor: bool) -> Line:
        marked = self.desk.is_marked(item.row.digest)
        return artifact_line(item, width, under_cursor, marks=self.desk.marks, now=now(), home=self.desk.home, marked=marked)

    def fill(self, tab: str, *, keep: bool = False) -> None:
        """Read a list (again), through its filter."""
        try:
            chosen = Filter.parse(self.filters[tab])
        except UsageError as error:
            self._notes[tab] = [(f"{error.message} {error.hint}", "warn")]
            self._say_filter()
            return
        self._notes.pop(tab, None)
        source: Any = sources.jobs(self.desk, chosen) if tab == JOBS else sources.artifacts(self.desk, chosen)
        self.lists[tab].use(source, keep=keep)

    @on(VirtualList.Loaded)
    def _loaded(self, event: VirtualList.Loaded) -> None:
        if event.error is not None:
            self.tell_error(event.error)
        if event.view is self.current:
            self._say_filter()
            self._say_if_empty()

    def news(self) -> None:
        """The index has changed: read both lists again, cursors stay."""
        self._stale = not self.is_current
        if self._stale:  # nobody looks: it is done when somebody does
            return
        self.preview.forget()
        self.begin(self._read_totals, group="totals", exclusive=True)
        for tab in (JOBS, ARTIFACTS):
            self.fill(tab, keep=True)

    def on_screen_resume(self) -> None:
        if self._stale:
            self.news()

    def sync_done(self) -> None:
        """The index is up to date: what is empty now is empty."""
        if not self.synced:
            self.synced = True
            self._say_if_empty()

    async def _read_totals(self) -> None:
        self.header.show_totals(await self.desk.read("side", queries.totals))

    # What is said around the lists

    def _say_filter(self) -> None:
        line = self.tab_line
        chosen = self.filters[self.tab]
        if note := self._notes.get(self.tab):
            line.show_status(note)
        elif chosen:
            count = text.count(self.current.count)
            line.show_status([("/ ", "key"), (text.display(chosen), "strong"), (f"  {count} found", "dim")])
        elif self.desk.marked is not None:  # it may be far from here
            line.show_status([("A ", "key"), (self.desk.marked.name, "strong")])
        else:
            line.show_status([])

    def _say_if_empty(self) -> None:
        empty = self.current.count == 0
        if empty:
            if chosen := self.filters[self.tab]:
                self.message.say(partial(nothing_found, self.tab, chosen))
            elif self.synced:
                self.message.say(partial(nothing_recorded, self.desk.marks))
            else:
                self.message.say(reading)
            self.preview.clear()
        self.set_class(empty, "-empty")

    @on(CursorView.Moved)
    def _moved(self, event: CursorView.Moved) -> None:
        if event.view is self.current:
            self.preview.rest_on(self.current.cursor_row)

    # Actions

    @on(CursorView.Chosen)
    def _chosen(self) -> None:
        self.action_walk()

    def action_walk(self) -> None:
        item = self.current.cursor_row
        if item is not None:
            self.explorer.walk_to(target_of(item))

    def action_details(self) -> None:
        item = self.current.cursor_row
        if item is not None:
            self.explorer.show_details(target_of(item))

    def comparable(self) -> Marked | None:
        return marked_of(self.current.cursor_row, self.desk.look())

    def redraw_marks(self) -> None:
        self.current.refresh()
        self._say_filter()

    def copied(self) -> tuple[str, str] | None:
        item = self.current.cursor_row
        if item is None:
            return None
        if isinstance(item, JobItem):
            return item.row.id, f"the id of job {item.short}"
        return item.row.digest, f"the hash {item.short}{self.desk.marks.more}"

    def show_tab(self, tab: str) -> None:
        """Show one of the two lists."""
        if tab == self.tab:
            return
        self.current.display = False
        self.tab = tab
        self.current.display = True
        self.tab_line.show_tab(tab)
        head = self.heading
        head.tab = tab
        head.refresh()
        self.preview.clear()
        self._say_filter()
        self._say_if_empty()
        self.focus_list()
        self.preview.rest_on(self.current.cursor_row)

    @on(TabLine.Picked)
    def _picked(self, event: TabLine.Picked) -> None:
        self.show_tab(event.tab)

    def action_tab_jobs(self) -> None:
        self.show_tab(JOBS)

    def action_tab_artifacts(self) -> None:
        self.show_tab(ARTIFACTS)

    def action_switch_tab(self) -> None:
        self.show_tab(ARTIFACTS if self.tab == JOBS else JOBS)

    def action_reload(self) -> None:
        self.explorer.look_for_news(thoroughly=True)
        self.refresh(layout=True)

    def action_filter(self) -> None:
        self.prompt.open("filter", "/", self.filters[self.tab], "words, hash: role: host: git: exit: since: before:")

    @on(Prompt.Changed)
    def _typed(self, event: Prompt.Changed) -> None:
        if event.purpose != "filter":
            return
        self.filters[self.tab] = event.value.strip()
        if self._typing is not None:
            self._typing.stop()
        self._typing = self.set_timer(REST, partial(self.fill, self.tab))

    @on(Prompt.Cancelled)
    def _cancelled(self, event: Prompt.Cancelled) -> None:
        if event.purpose == "filter":
            self._clear_filter()

    def action_back(self) -> None:
        self._clear_filter()

    def _clear_filter(self) -> None:
        if self._typing is not None:
            self._typing.stop()
        if self.filters[self.tab]:
            self.filters[self.tab] = ""
            self.fill(self.tab, keep=True)


def target_of(item: JobItem | ArtifactItem) -> Target:
    """The thing itself, for a walk or the details."""
    if isinstance(item, JobItem):
        return JobTarget(item.row.id, item.row.rowid)
    return ArtifactTarget(item.row.digest, item.row.rowid)
