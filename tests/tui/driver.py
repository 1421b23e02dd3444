"""Drives the explorer by keys and reads its screen; waits for what is expected, never for time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot

from roar_tui.tui.explorer import Explorer

PATIENCE = 10.0  # seconds until a test gives up on a condition


class Driver:
    """An explorer under test: keys in, the screen's lines out."""

    def __init__(self, app: Explorer, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def lines(self) -> list[str]:
        """The screen as it is, line by line."""
        return [strip.text for strip in self.app.screen._compositor.render_strips()]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def type(self, words: str) -> None:
        names = {"/": "slash", ":": "colon", " ": "space", ".": "full_stop", "-": "minus", "@": "at", "_": "underscore"}
        await self.pilot.press(*(names.get(letter, letter) for letter in words))

    async def until(self, condition: Callable[[], bool], what: str = "") -> None:
        """Wait until `condition` holds."""
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while not condition():
            if asyncio.get_running_loop().time() > deadline:
                raise AssertionError(f"waited in vain for {what or condition}; the screen shows:\n{self.text}")
            await self.pilot.pause(0.02)

    async def sees(self, *words: str) -> None:
        """Wait until all these words are on the screen."""
        await self.until(lambda: all(word in self.text for word in words), " and ".join(map(repr, words)))

    async def misses(self, word: str) -> None:
        """Wait until that word is not on the screen any more."""
        await self.until(lambda: word not in self.text, f"{word!r} to go")


@asynccontextmanager
async def opened(root: Path, size: tuple[int, int] = (80, 24), *, focus: str | None = None) -> AsyncIterator[Driver]:
    """The explorer on the store at `root`."""
    app = Explorer(root, focus=focus)
    async with app.run_test(size=size, notifications=True) as pilot:
        yield Driver(app, pilot)
