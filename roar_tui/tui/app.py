"""The explorer: an app that shows the store's lists and walks, and restores the terminal however it ends."""

from __future__ import annotations

from pathlib import Path


def run(root: Path, *, focus: str | None = None) -> int:
    """Open the explorer on the store at `root`, with the cursor on the reference `focus`; returns the exit status.

    Raises `StoreError` before the terminal is touched when the store cannot be read.
    """
    from roar_tui.tui.explorer import Explorer

    app = Explorer(root, focus=focus)
    app.run()
    return app.return_code or 0
