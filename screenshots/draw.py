"""Draws the screenshots: the real explorer, driven by keys, on the store that `roar-tui demo` records.

    python screenshots/draw.py [DIR]     DIR: a demo that is kept, recorded anew where there is none

Needs strace. The pictures are SVG as Textual exports them, written beside this file.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
PATIENCE = 20.0  # seconds until a screen is given up


@dataclass(frozen=True)
class Picture:
    """One screenshot: its file, the terminal's size, what the explorer opens on, the keys, and what must be on the screen then."""

    name: str
    size: tuple[int, int]
    focus: str | None
    keys: tuple[str, ...]
    sees: tuple[str, ...]


PICTURES = (
    Picture("walk", (100, 26), "model.json", (), ("train.py", "shards/", "sources.zip", "unchanged")),
    Picture("jobs", (100, 24), None, (), ("train.py", "collect.py", "made")),
    Picture("artifacts", (120, 30), None, ("2",), ("model.json", "first seen")),
    Picture("map", (100, 40), "model.json", ("m",), ("boxes", "shards/")),
    Picture("details", (100, 40), "model.json", ("j", "j", "e"), ("Used by", "Text", "def ", "unchanged")),
    Picture("files", (80, 24), "model.json", ("slash", *"shards", "enter", "f"), ("40 files", "shard-")),
    Picture("diff", (100, 36), None, ("d", "d"), ("causes", "params.json:order", '-  "order": 3', "steps")),
    Picture("help", (100, 44), "model.json", ("question_mark",), ("Marks", "root")),
    Picture("narrow", (60, 20), "model.json", (), ("train.py", "shards/")),
)


async def draw(picture: Picture, store: Path) -> str:
    """The picture as SVG, once everything that must be on the screen is there."""
    from roar_tui.tui.explorer import Explorer

    app = Explorer(store, focus=picture.focus)
    async with app.run_test(size=picture.size) as pilot:
        if picture.focus is not None:
            await until(pilot.pause, lambda: "sources.zip" in text_of(app) or "shards/" in text_of(app), app)
        else:
            await until(pilot.pause, lambda: " jobs" in text_of(app), app)
        for key in picture.keys:
            await pilot.press(key)
            await pilot.pause(0.2)
        await until(pilot.pause, lambda: all(word in text_of(app) for word in picture.sees), app)
        await pilot.pause(0.5)  # the preview and the look at the disk come after the cursor rests
        return app.export_screenshot(title="roar-tui")


def text_of(app: object) -> str:
    """What is on the screen."""
    from roar_tui.tui.explorer import Explorer

    assert isinstance(app, Explorer)
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


async def until(pause: Callable[[float], object], condition: Callable[[], bool], app: object) -> None:
    """Wait for a condition."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE
    while not condition():
        if loop.time() > deadline:
            raise SystemExit(f"the screen never showed what it should:\n{text_of(app)}")
        await pause(0.05)  # type: ignore[misc]


def main() -> None:
    """Record the demo where it is not kept, and draw every picture."""
    os.environ.update(LC_ALL="C.UTF-8", COLORTERM="truecolor", TERM="xterm-256color")
    os.environ.pop("NO_COLOR", None)
    with tempfile.TemporaryDirectory(prefix="roar-tui-screenshots-") as scratch:
        os.environ["XDG_CACHE_HOME"] = scratch
        kept = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(scratch) / "language-model"
        if not (kept / ".roar-tui").is_dir():
            command = [sys.executable, "-m", "roar_tui", "demo", "--keep", str(kept)]
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        os.chdir(kept)
        os.environ["HOME"] = str(kept.parent)  # paths in the pictures begin with ~
        for picture in PICTURES:
            (HERE / f"{picture.name}.svg").write_text(asyncio.run(draw(picture, kept / ".roar-tui")), "utf-8")
            print(f"drawn: screenshots/{picture.name}.svg")


if __name__ == "__main__":
    main()
