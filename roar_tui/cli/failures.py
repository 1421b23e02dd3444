"""From exceptions to one sentence, a hint and an exit status: nobody sees a traceback unless ROAR_TUI_DEBUG asks for it."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from typing import TextIO

import click

from roar_tui.errors import AmbiguousError, RecordingError, RoarTuiError, StoreError, UsageError
from roar_tui.text import command_line, display

USAGE = UsageError.exit_status
STORE = StoreError.exit_status
OWN_FAILURE = RecordingError.exit_status  # of `run`, where the other numbers are the command's own
CANNOT_START = (126, 127)  # as a shell says that the command may not be executed, or is not there
OF_RUN = (USAGE, OWN_FAILURE, 126, 127)  # what `run` may leave with before its command does; 126 and 127 as a shell
INTERNAL = 70  # EX_SOFTWARE of sysexits.h
INTERRUPTED = 130
PIPE_CLOSED = 141  # as a shell reports a program that SIGPIPE ended


def say(message: str, hint: str = "", more: list[str] | None = None) -> None:
    """Write a sentence to stderr, the lines of `more` and the hint indented below it."""
    lines = [f"roar-tui: {display(message)}", *(f"  {display(line)}" for line in more or [])]
    lines += [f"  {display(line)}" for line in hint.splitlines() if line]
    with suppress(OSError):  # nobody reads stderr any more
        click.echo("\n".join(lines), err=True)


def report(error: Exception, command: str | None) -> int:
    """Say on stderr what `error` means and what to do; the exit status that it leaves `command` with."""
    if os.environ.get("ROAR_TUI_DEBUG") and not isinstance(error, (click.ClickException, BrokenPipeError)):
        import traceback

        traceback.print_exception(error)
    status = _said(error)
    if command == "run" and status not in (USAGE, *CANNOT_START):
        return OWN_FAILURE
    return status


def _said(error: Exception) -> int:
    if isinstance(error, BrokenPipeError):  # `| head` has seen enough
        _silence_stdout()
        return PIPE_CLOSED
    if isinstance(error, click.UsageError):
        from roar_tui.cli.usage import explain

        say(*explain(error))
        return USAGE
    if isinstance(error, click.ClickException):
        say(" ".join(error.format_message().split()))
        return USAGE
    if isinstance(error, RoarTuiError):
        say(error.message, error.hint, error.candidates if isinstance(error, AmbiguousError) else None)
        return error.exit_status
    if isinstance(error, OSError) and error.errno:
        where = f": {os.fsdecode(error.filename)}" if isinstance(error.filename, (str, bytes)) else ""
        say(f"{os.strerror(error.errno)}{where}.", _os_hint(error.errno))
        if not where:  # a write to stdout: keep Python's own flush at exit from saying it again
            _silence_stdout()
        return STORE
    if "sqlite3" in sys.modules:
        import sqlite3

        if isinstance(error, sqlite3.Error):
            say(f"The index cannot be read: {error}.", "Make it anew from the records: roar-tui store rebuild")
            return STORE
    say(f"Internal error: {type(error).__name__}: {error}", "ROAR_TUI_DEBUG=1 shows where; please report it.")
    return INTERNAL


def _os_hint(number: int) -> str:
    if number in (errno.ENOSPC, errno.EDQUOT):
        return "Free some space, or choose another store with --store DIR."
    if number in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "Check the permissions, or choose another store with --store DIR."
    return ""


def unknown_command(args: list[str], known: list[str], ctx: click.Context) -> click.UsageError:
    """The usage error for a command that is none of `known`: what was meant, or how to record it as a job."""
    from difflib import get_close_matches

    near = get_close_matches(args[0], known, n=1, cutoff=0.6)
    error = click.UsageError(f"There is no command {args[0]!r}.", ctx)
    if near:
        hint = f"Did you mean: roar-tui {near[0]}"
    else:
        hint = f"To record it as a job: roar-tui run {command_line(args)}\nAll commands: roar-tui --help"
    error.hint = hint  # type: ignore[attr-defined]
    return error


def tolerate_any_text() -> None:
    """Let stdout and stderr write characters that their encoding lacks as escapes instead of failing (LC_ALL=C, Latin-1)."""
    for stream in (sys.stdout, sys.stderr):
        _tolerate(stream)


def need_streams() -> None:
    """Open /dev/null for each of stdin, stdout and stderr that is closed, so that no file of ours gets their descriptors.

    Not for `run`: what is closed for it is closed for the job.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115 -- for the life of the process


def end_quietly() -> None:
    """Write out what stdout holds; a reader that has gone is no error."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        _silence_stdout()


def _tolerate(stream: TextIO | None) -> None:
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")


def _silence_stdout() -> None:
    """Send what is left in stdout's buffer nowhere, so that the flush at exit cannot fail."""
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
    except (OSError, ValueError):  # not a real descriptor (a test's buffer): nothing to flush
        pass
