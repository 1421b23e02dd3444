"""Every key of the screen that one came from, and the marks, made from the table of actions."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from roar_tui.tui.actions import HOME, MOVES, TITLES, WALK, Action, actions_for, key_name
from roar_tui.tui.desk import Desk
from roar_tui.tui.lines import Line, wrap
from roar_tui.tui.marks import Marks
from roar_tui.tui.screens.base import ExplorerScreen
from roar_tui.tui.widgets.line_view import LineView

KEYS = 18

FILTERS: tuple[tuple[str, str], ...] = (
    ("any words", "in commands, paths and names; hex digits are also a hash"),
    ("hash:7c3a8de", "contents and jobs whose hash begins so"),
    ("role:config", "code, config, data or log"),
    ("host:gpu-node-7", "jobs of one machine"),
    ("git:726f617", "jobs of one commit or branch"),
    ("exit:failed", "ok, failed, a status such as 1, or a signal such as SIGKILL"),
    ("since:3d", "from a time on: a date, today, yesterday, 3d, 12h"),
    ("before:2026-11-01", "up to a time"),
)


def help_lines(screen_name: str, width: int, marks: Marks) -> list[Line]:
    """The page: keys, movements, filter terms where there is a filter, marks where there are any."""
    lines: list[Line] = [[], [(f"  {TITLES.get(screen_name, screen_name)}", "title")], []]
    rows = [(_keys(action, marks), action.help) for action in actions_for(screen_name)]
    rows += [(keys if marks.unicode else keys.replace("↑ ↓", "up down"), words) for keys, words in MOVES]
    lines.extend(_table(rows, width))
    if screen_name == HOME:
        lines.extend([[], [("  What the filter understands", "title")], []])
        lines.extend(_table(list(FILTERS), width))
    if screen_name == WALK:
        lines.extend([[], [("  Marks", "title")], []])
        for glyph, tone, words in _legend(marks):
            lines.append([("  ", "plain"), (f"{glyph:<4}", tone), (words, "plain")])
    return lines


def _legend(marks: Marks) -> list[tuple[str, str, str]]:
    return [
        (marks.artifact, "artifact", "a file's content, under its hash"),
        (marks.fileset, "fileset", "files of one directory, shown as one"),
        (marks.step, "step", "a program that ran"),
        (marks.code, "code", "code, or configuration"),
        (marks.pipe, "pipe", "a pipe between two programs"),
        (marks.root, "root", "a root: nothing recorded made it, here the story begins"),
        (marks.seen, "dim", "stands further up already, with all that is behind it"),
        (f"{marks.closed} {marks.opened}", "faint", "closed and open branches"),
    ]


def _keys(action: Action, marks: Marks) -> str:
    return " ".join(key_name(key, ascii_only=not marks.unicode) for key in action.keys)


def _table(rows: list[tuple[str, str]], width: int) -> list[Line]:
    lines: list[Line] = []
    for keys, words in rows:
        lines.extend(wrap([("  ", "plain"), (f"{keys:<{KEYS}} ", "key"), (words, "plain")], width - 1, KEYS + 3))
    return lines


class ScrolledLines(LineView, can_focus=True):
    """Lines that scroll by the usual keys."""

    scrolls = True

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_by(-1)", show=False),
        Binding("down,j", "scroll_by(1)", show=False),
        Binding("pageup,ctrl+b", "scroll_pages(-1)", show=False),
        Binding("pagedown,ctrl+f,space", "scroll_pages(1)", show=False),
        Binding("home,g", "scroll_ends(-1)", show=False),
        Binding("end,G", "scroll_ends(1)", show=False),
    ]

    def action_scroll_by(self, lines: int) -> None:
        self.scroll_to(y=self.scroll_offset.y + lines, animate=False)

    def action_scroll_pages(self, pages: int) -> None:
        self.action_scroll_by(pages * max(self.size.height - 1, 1))

    def action_scroll_ends(self, which: int) -> None:
        self.scroll_to(y=0 if which < 0 else len(self.content_lines), animate=False)


class HelpScreen(ExplorerScreen):
    """The keys of `of`, the screen below."""

    screen_name = "help"

    def __init__(self, desk: Desk, of: str) -> None:
        super().__init__(desk)
        self._of = of
        self.page = ScrolledLines(id="page")

    def compose_middle(self) -> ComposeResult:
        yield self.page

    def on_mount(self) -> None:
        self.page.focus()

    def on_resize(self) -> None:
        self.page.show(help_lines(self._of, self.size.width, self.desk.marks))
