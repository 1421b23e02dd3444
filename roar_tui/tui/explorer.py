"""The Textual app: screens one upon another, the watch over the store, and an orderly end on every signal."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sqlite3
import threading
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, cast

from textual.app import App
from textual.binding import Binding, BindingType

from roar_tui.lineage.model import Direction, Node
from roar_tui.lineage.target import Target
from roar_tui.store.results import SyncReport
from roar_tui.tui.actions import DIFF
from roar_tui.tui.comparing import Marked
from roar_tui.tui.desk import Desk, sentence
from roar_tui.tui.palette import ActionCommands
from roar_tui.tui.screens.details import DetailsScreen
from roar_tui.tui.screens.files import FilesScreen
from roar_tui.tui.screens.home import HomeScreen
from roar_tui.tui.screens.walk import WalkScreen
from roar_tui.tui.terminal import leave_if_gone
from roar_tui.tui.themes import FALLBACK, THEMES, theme_name

BUSY = 0.3
WATCH = 2.0  # seconds between two looks at the store; a look costs some stat calls


class Explorer(App[None]):
    """Opens the store at `root`, which need not exist; with `focus`, the walk of that reference lies on top."""

    CSS_PATH = "theme.tcss"
    TITLE = "roar-tui"
    COMMANDS: ClassVar = {ActionCommands}
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c,ctrl+q", "quit", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", show=False, priority=True),
    ]

    def __init__(self, root: Path, *, focus: str | None = None, no_color: bool = False) -> None:
        super().__init__(ansi_color=True if no_color else None)
        self.desk = Desk(root)
        self._focus = focus
        self._plain = no_color
        self._syncing = False
        self._stopping = threading.Event()
        self._told: set[str] = set()
        self.home_screen: HomeScreen | None = None
        self.signal_status: int | None = None  # 128 + N once a signal has ended it
        self._version: tuple[int, ...] | None = None

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return FALLBACK

    async def on_mount(self) -> None:
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = theme_name(self.console.color_system, no_color=self._plain)
        self.animation_level = "none"
        self._obey_signals()
        self.home_screen = HomeScreen(self.desk)
        await self.push_screen(self.home_screen)
        self.look_for_news()
        self.set_interval(WATCH, self.look_for_news)

    def _obey_signals(self) -> None:
        """End in order on TERM and HUP: the terminal is restored, the status is the shell's 128 + N."""
        if threading.current_thread() is not threading.main_thread():
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            with contextlib.suppress(ValueError, RuntimeError, NotImplementedError):
                loop.add_signal_handler(number, self._end, 128 + number)
        signal.signal(signal.SIGHUP, leave_if_gone)  # the loop is told as well: it listens to a descriptor

    def _end(self, status: int) -> None:
        self.signal_status = status
        self.stop_work()
        self.exit(return_code=status)

    def on_unmount(self) -> None:
        self.stop_work()

    def stop_work(self) -> None:
        """Call off what threads are doing, so that leaving takes no time."""
        self._stopping.set()
        self.desk.close()

    # Where to go

    def walk_to(self, ref: str | Target) -> None:
        """Walk from what `ref` names; on a walk the trail grows, and what is walked from a diff lies above it."""
        diffs = [at for at, screen in enumerate(self.screen_stack) if getattr(screen, "screen_name", "") == DIFF]
        if any(isinstance(screen, WalkScreen) for screen in self.screen_stack[diffs[-1] if diffs else 0 :]):
            self._down_to_walk().open_ref(ref)
        else:
            self.push_screen(WalkScreen(self.desk, ref))

    def walk_node(self, node: Node) -> None:
        """Go on with the walk below from `node`; what lies above it is closed."""
        self._down_to_walk().follow(node)

    def _down_to_walk(self) -> WalkScreen:
        """Close what lies above the walk."""
        while not isinstance(self.screen, WalkScreen):
            self.pop_screen()
        return self.screen

    def show_details(self, what: Target | Node) -> None:
        """All there is about a reference or a node."""
        self.push_screen(DetailsScreen(self.desk, what))

    def show_diff(self, a: Marked, b: Marked) -> None:
        """What changed from `a` to `b`."""
        from roar_tui.tui.screens.diff import DiffScreen

        self.clear_notifications()  # how to mark has been understood
        self.push_screen(DiffScreen(self.desk, a, b))

    def show_files(self, fileset: Node, direction: Direction) -> None:
        """The files of a set."""
        self.push_screen(FilesScreen(self.desk, fileset, direction))

    def show_map(self, subject: Node, direction: Direction, cursor: Node | None) -> None:
        """The walk from `subject` as boxes and lines, with the cursor on the same node."""
        from roar_tui.tui.screens.map import MapScreen

        self.push_screen(MapScreen(self.desk, subject, direction, cursor))

    def point_at(self, node: Node) -> None:
        """Put the cursor of the walk below on `node`, if it is in the open part."""
        if isinstance(below := self.screen_stack[-2] if len(self.screen_stack) > 1 else None, WalkScreen):
            below.point_at(node)

    # The store

    def look_for_news(self, *, thoroughly: bool = False) -> None:
        """Bring the index up to date in the background, and show what is new."""
        if not self._syncing:
            self._syncing = True
            self.run_worker(cast(Any, partial(self._look_for_news, thoroughly)), group="news")

    async def _look_for_news(self, thoroughly: bool) -> None:
        report, version = SyncReport(), None
        try:
            report = await self.desk.aside(self._sync)
            version = await self.desk.read("side", data_version)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # the lists go on showing what they have
            if not self._stopping.is_set():
                self._tell_once(*sentence(error))
        finally:
            self._syncing = False
        home = self.home_screen
        if home is None or self._stopping.is_set():
            return
        home.header.show_progress(None)
        if thoroughly or report.changed or version != self._version:
            self._version = version
            home.news()
        if report.busy:  # held by another process, or not done in the time that one look may take
            self.set_timer(BUSY, self.look_for_news)
        else:
            home.sync_done()
            if self._focus is not None:
                self.walk_to(self._focus)
                self._focus = None
        for damaged in report.damaged:
            self._tell_once(f"A record is damaged and is left out: {damaged.record}.", damaged.problem)
        for name in report.unreadable[:3]:
            self._tell_once(f"You may not read {name} in this store: its jobs are left out.", "")
        if report.warning:
            self._tell_once(report.warning, "")

    def _sync(self) -> SyncReport:
        """On a thread: at most some seconds of work, the rest comes with the next look."""

        def progress(done: int, total: int) -> None:
            if self._stopping.is_set():
                raise StoppedError
            if self.home_screen is not None and total > 50:
                self.call_later(self.home_screen.header.show_progress, (done, total))

        return self.desk.store.sync(wait=False, progress=progress)

    def _tell_once(self, message: str, hint: str) -> None:
        from roar_tui.text import display

        if message not in self._told:
            self._told.add(message)
            words = display(message) + (f"\n{display(hint)}" if hint else "")
            self.notify(words, severity="warning", markup=False, timeout=10)


class StoppedError(Exception):
    """The explorer is being left while the index is brought up to date; the rest comes the next time."""


def data_version(db: sqlite3.Connection) -> tuple[int, ...]:
    """Changes when another connection has changed the index."""
    return tuple(db.execute("PRAGMA data_version").fetchone())
