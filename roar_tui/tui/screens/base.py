"""What all screens have in common: bindings and footer from the table of actions, the prompt, copying, going to a reference."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.strip import Strip

from roar_tui.tui.actions import bindings
from roar_tui.tui.copying import through_tmux
from roar_tui.tui.desk import Desk, sentence
from roar_tui.tui.widgets.footer import Footer
from roar_tui.tui.widgets.line_view import LineView
from roar_tui.tui.widgets.prompt import Prompt

if TYPE_CHECKING:
    from roar_tui.tui.explorer import Explorer

REST = 0.12  # seconds after which typing pauses


class Rule(LineView):
    """A line across."""

    def __init__(self, glyph: str) -> None:
        super().__init__(classes="rule")
        self._glyph = glyph

    def render_line(self, y: int) -> Strip:
        return self.painter.strip([(self._glyph * self.size.width, "rule")], self.size.width)


class ExplorerScreen(Screen[None]):
    """A screen of the explorer. Subclasses set `screen_name` (a key of the table of actions) and compose their middle."""

    screen_name: ClassVar[str] = ""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (22, "-tall")]
    AUTO_FOCUS = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        cls.BINDINGS: list[BindingType] = list(bindings(cls.screen_name))  # type: ignore[misc]
        super().__init_subclass__(**kwargs)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.footer = Footer(self.screen_name, desk.marks)
        self.prompt = Prompt()

    @property
    def explorer(self) -> Explorer:
        """The app, by its own type."""
        from roar_tui.tui.explorer import Explorer

        assert isinstance(self.app, Explorer)
        return self.app

    def compose(self) -> ComposeResult:
        yield from self.compose_middle()
        yield self.footer
        yield self.prompt

    def compose_middle(self) -> ComposeResult:
        """All but the last line."""
        raise NotImplementedError

    def focus_list(self) -> None:
        """Give the keys back to the screen's list."""

    def begin(self, work: Callable[[], Coroutine[Any, Any, None]], *, group: str, exclusive: bool = False) -> None:
        """Start `work` beside everything else; it ends with the screen, or with the next of its group if that is exclusive.

        What goes wrong in it is told as a sentence: it must not end the explorer.
        """

        async def guarded() -> None:
            try:
                await work()
            except asyncio.CancelledError:
                raise
            except Exception as error:
                self.tell_error(error)

        self.run_worker(cast(Any, guarded), group=group, exclusive=exclusive)  # not called yet: a screen that closes never calls it

    def tell(self, message: str, *, hint: str = "", severity: str = "information") -> None:
        """Say a sentence in the corner; everything in it is data."""
        self.app.notify(message if not hint else f"{message}\n{hint}", severity=severity, markup=False, timeout=6)  # type: ignore[arg-type]

    def tell_error(self, error: Exception) -> None:
        """Say what went wrong, what it means and what to do."""
        message, hint = sentence(error)
        self.tell(message, hint=hint, severity="error")

    # Going to a reference

    def action_go(self) -> None:
        self.prompt.open("go", ":", placeholder="a hash, a path, a job, JOB:STEP, JOB:PATH or @")

    @on(Prompt.Submitted)
    def _go_to(self, event: Prompt.Submitted) -> None:
        if event.purpose == "go" and event.value.strip():
            self.explorer.walk_to(event.value.strip())

    @on(Prompt.Closed)
    def _prompt_closed(self) -> None:
        self.focus_list()

    @on(Footer.Pressed)
    async def _footer_pressed(self, event: Footer.Pressed) -> None:
        event.stop()
        await self.run_action(event.action.method)

    # Copying

    def copied(self) -> tuple[str, str] | None:
        """What `y` copies, and what it is called; None where there is nothing."""
        return None

    def action_copy(self) -> None:
        thing = self.copied()
        if thing is None:
            self.tell("There is nothing to copy here.", severity="warning")
        else:
            self.begin(partial(self._copy, *thing), group="copy", exclusive=True)

    async def _copy(self, words: str, what: str) -> None:
        if await self.desk.aside(partial(through_tmux, words)):
            way = "to tmux's buffer and the clipboard"
        else:
            self.app.copy_to_clipboard(words.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
            way = "to the terminal's clipboard"
        self.tell(f"Copied {what} {way}.")

    def action_help(self) -> None:
        from roar_tui.tui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen(self.desk, self.screen_name))

    def action_back(self) -> None:
        self.dismiss()
