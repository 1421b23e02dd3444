"""The readable form of one step: which program, started by what, what it read and made, where it connected to."""

from __future__ import annotations

import sqlite3

from roar_tui.cli.phrases import how_it_ended
from roar_tui.cli.render import HASH, HEAD, Screen
from roar_tui.cli.views.facts import SO_FAR, How, fact, files
from roar_tui.record.model import State
from roar_tui.store import queries
from roar_tui.store.results import StepView
from roar_tui.text import command_line, display, duration, moment, what


def print_step(db: sqlite3.Connection, view: StepView, state: State | None, how: How) -> None:
    """Print `view`, a step of a job in that state."""
    screen = Screen()
    short = queries.short(db, view.job)
    screen.line((what(view.argv) or display(view.program), HEAD))
    screen.line()
    fact(screen, "step", (f"{short}:{view.id}", HASH))
    fact(screen, "job", (view.job, HASH))
    fact(screen, "started by", (f"{short}:{view.parent}", HASH) if view.parent is not None else "")
    fact(screen, "program", display(view.program))
    fact(screen, "command", command_line(view.argv))
    fact(screen, "in", display(view.cwd))
    took = f", took {duration(view.duration)}" if view.duration is not None else ""
    fact(screen, "started", f"{moment(view.started)}{took}")
    fact(screen, "exit", how_it_ended(State.COMPLETE, view.exit) if view.exit else "")
    for connection in view.connections:
        name = f" ({connection.name})" if connection.name else ""
        fact(screen, "connected", display(f"{connection.text}{name}"))
    running = SO_FAR if state is State.RUNNING else ""
    files(screen, db, "Read", view.used, view.cwd, how, more=running)
    files(screen, db, "Made", view.generated, view.cwd, how, more=running)
