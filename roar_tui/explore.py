"""Starts the explorer: the one place where the command line reaches it, and only when it is wanted (Textual costs 0.2 s)."""

from __future__ import annotations

from pathlib import Path


def explore(root: Path, focus: str | None = None) -> int:
    """Explore the store at `root`, the cursor on the reference `focus`; returns the exit status."""
    from roar_tui.tui.app import run

    return run(root, focus=focus)
