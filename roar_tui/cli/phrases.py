"""Short phrases about jobs and files that several commands print the same way."""

from __future__ import annotations

import signal

from roar_tui.cli.render import BAD, GOOD, WARN, Part
from roar_tui.record.model import Exit, Git, State
from roar_tui.store.results import JobRow
from roar_tui.text import count, display, moment, what, when


def moment_of(time: int, now: int, terminal: bool) -> str:
    """A time as a person looks for it on a terminal, as a sortable date and time elsewhere (local time both)."""
    return when(time, now) if terminal else moment(time)


def label(row: JobRow) -> str:
    """What a job was: its name, what ran, and how many steps when there is more than one."""
    words = [f"[{display(row.name)}]"] if row.name else []
    words.append(what(row.command))
    if row.steps > 1:
        words.append(f" ({count(row.steps, 'step')})")
    return " ".join(words)


def how_it_ended(state: State, exit_: Exit | None) -> Part:
    """`ok`, `exit 1`, `SIGKILL`, or the state where the recording says more than the exit."""
    if state == State.RUNNING:
        return ("running", GOOD)
    if exit_ is None:
        return (state.value, WARN)
    limits = "" if state == State.COMPLETE else f", {state.value}"
    if exit_.signal is not None:
        return (signal_name(exit_.signal) + limits, BAD)
    if exit_.code:
        return (f"exit {exit_.code}{limits}", BAD)
    return (f"ok{limits}", WARN if limits else GOOD)


def signal_name(number: int) -> str:
    """`SIGKILL` for 9; `signal 99` where there is none of that number."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def git_phrase(git: Git) -> str:
    """`main@726f617 dirty`."""
    at = "@".join(part for part in (display(git.branch or ""), (git.commit or "")[:7]) if part) or "no commit yet"
    return f"{at} dirty" if git.dirty else at
