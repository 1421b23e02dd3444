"""The readable form of a job: what ran, when and where, what it read and made, its steps, what limits the record."""

from __future__ import annotations

import sqlite3
import time

from roar_tui.cli.phrases import git_phrase, how_it_ended
from roar_tui.cli.render import GAP, HASH, HEAD, QUIET, WARN, Column, Part, Screen, text
from roar_tui.cli.views.facts import FEW, SO_FAR, How, fact, files, number_of
from roar_tui.cli.views.machine import machine
from roar_tui.record.model import Environment, State
from roar_tui.store.results import JobView, StepView
from roar_tui.text import command_line, count, display, duration, moment, what, when


def print_job(db: sqlite3.Connection, view: JobView, how: How) -> None:
    """Print `view`."""
    screen = Screen()
    screen.line((what(view.command), HEAD))
    for warning in view.warnings:
        screen.line((f"! {display(warning.message)}", WARN))
    screen.line()
    _head(screen, view)
    running = SO_FAR if view.state is State.RUNNING else ""
    files(screen, db, "Read", view.inputs, view.cwd, how, more=running)
    files(screen, db, "Made", view.outputs, view.cwd, how, more=running)
    _steps(screen, view.steps, how)
    _environment(screen, view.environment, how)
    if view.left_out:
        screen.heading("Left out", "--left-out lists examples")
        for left in view.left_out:
            fact(screen, display(left.rule), count(left.count, "file"))


def print_left_out(view: JobView) -> None:
    """Print which files were touched but are not kept, by rule: why is my file not here?"""
    screen = Screen()
    if not view.left_out:
        screen.line("No file was left out.")
    for left in view.left_out:
        screen.line((display(left.rule), HEAD), (GAP + count(left.count, "file"), QUIET))
        for path in left.paths:
            screen.line("  " + display(path))
        if 0 < len(left.paths) < left.count:
            screen.line((f"  and {count(left.count - len(left.paths), 'more file')}, not kept by name", QUIET))


def _head(screen: Screen, view: JobView) -> None:
    fact(screen, "job", (view.id, HASH))
    fact(screen, "name", display(view.name or ""))
    fact(screen, "command", command_line(view.command))
    fact(screen, "in", display(view.cwd))
    now = time.time_ns() // 1000
    took = f", took {duration(view.duration)}" if view.duration is not None else ""
    fact(screen, "started", f"{moment(view.started)} ({when(view.started, now)}){took}")
    ended = how_it_ended(view.state, view.exit)
    fact(screen, "exit", ended)
    if view.state is not State.COMPLETE and view.state.value not in text(ended):
        fact(screen, "state", (view.state.value, WARN))
    fact(screen, "host", display(f"{view.host}, user {view.user}" if view.user else view.host))
    if view.git:
        remote = f"{GAP}{display(view.git.remote)}" if view.git.remote else ""
        fact(screen, "git", git_phrase(view.git) + remote)
    rank = f", rank {view.rank}" if view.rank is not None else ""
    fact(screen, "group", display(view.group) + rank if view.group else "")
    fact(screen, "scheduler", _pairs(view.environment.scheduler))
    for tracker in view.trackers:
        fact(screen, display(tracker.kind), display(tracker.url))
    fact(screen, "labels", ", ".join(f"{display(name)}={display(str(value))}" for name, value in view.labels.items()))
    fact(screen, "source", _source(view))


def _source(view: JobView) -> str:
    """Who recorded the job, and what it is called there; nothing for roar-tui itself."""
    if view.source == "run":
        return ""
    known = {name: display(str(view.origin[name])) for name in ("job_uid", "step", "session") if name in view.origin}
    step = f"@{'B' if view.origin.get('job_type') == 'build' else ''}{known['step']}" if "step" in known else ""
    session = f"of session {known['session'][:8]}" if "session" in known else ""
    there = " ".join(part for part in (known.get("job_uid", ""), step, session) if part)
    return f"{display(view.source)}{', as ' + there if there else ''}"


def _steps(screen: Screen, steps: list[StepView], how: How) -> None:
    if not steps:
        return
    idle = 0
    if len(steps) > FEW and not how.everything:
        busy = [step for step in steps if step.used or step.generated] or steps
        idle = len(steps) - len(busy)
    else:
        busy = steps
    about = f" ({count(idle)} that touched no file of interest not listed; --all lists them)" if idle else ""
    screen.heading("Steps", count(len(steps)) + about)
    depths = _depths(steps, {step.id for step in busy})
    shown = how.cut(busy)
    columns = [
        Column("", right=True, style=QUIET),
        Column("took", right=True),
        Column("exit"),
        Column("read", right=True),
        Column("made", right=True),
        Column("what", flexible=True),
    ]
    rows: list[list[Part]] = []
    for step in shown:
        indent = "  " * min(depths[step.id], 8)
        label = what(step.argv) or display(step.program)
        ended = how_it_ended(State.COMPLETE, step.exit) if step.exit else ("", QUIET)
        read, made = count(number_of(step.used)), count(number_of(step.generated))
        rows.append([str(step.id), duration(step.duration), ended, read, made, indent + label])
    screen.table(columns, rows)
    if len(shown) < len(busy):
        screen.line((f"and {count(len(busy) - len(shown), 'more step')}; --all lists them", QUIET))


def _depths(steps: list[StepView], listed: set[int]) -> dict[int, int]:
    """How many of the `listed` steps each step stands below; a parent that is missing or comes later counts as none."""
    depths: dict[int, int] = {}
    for step in steps:
        parent = step.parent
        depths[step.id] = 0 if parent is None or parent not in depths else depths[parent] + (parent in listed)
    return depths


def _environment(screen: Screen, environment: Environment, how: How) -> None:
    if not (environment.python or environment.packages or environment.variables or environment.host):
        return
    screen.heading("Environment")
    fact(screen, "python", display(environment.python or ""))
    for name, value in machine(environment.host):
        fact(screen, name, value)
    packages = [f"{package.name} {package.version}" for package in environment.packages]
    variables = [f"{name}={value}" for name, value in sorted(environment.variables.items())]
    if how.everything:
        for name, listed in (("packages", packages), ("variables", variables)):
            for entry in listed:
                fact(screen, name, display(entry))
        return
    more = f" and {count(len(packages) - 8)} more" if len(packages) > 8 else ""
    fact(screen, "packages", display(", ".join(packages[:8])) + more)
    fact(screen, "variables", f"{count(len(variables))}; --all lists them" if variables else "")


def _pairs(values: dict[str, str]) -> str:
    return display(", ".join(f"{key} {value}" for key, value in values.items()))


