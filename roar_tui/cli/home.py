"""`roar-tui` without a command: the explorer, or the job list where there is no terminal to draw it on."""

from __future__ import annotations

from roar_tui.cli.context import Settings, on_terminal


def open_home(settings: Settings) -> int | None:
    """Open the explorer and return its exit status; without a terminal print the jobs, never control codes."""
    if on_terminal():
        from roar_tui.explore import explore

        return explore(settings.root)
    from roar_tui.cli.jobs import list_jobs

    list_jobs(settings)
    return None
