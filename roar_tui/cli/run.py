"""`roar-tui run CMD`: run a command, record what it really read and wrote, and end as it did.

Here the recorder is given its store: the record layer knows none.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from roar_tui.cli.context import Settings, store_option
from roar_tui.cli.failures import say
from roar_tui.errors import RecordingError, RoarTuiError
from roar_tui.record.launcher import launch, locate
from roar_tui.record.run import Line, Run, original_environ

if TYPE_CHECKING:
    pass

HARMLESS = frozenset({"no_access"})  # warnings that a record has, and nobody has to be told at once
QUIET = 0.5  # s of hashing before its progress is shown


@click.command(
    "run",
    context_settings={"allow_interspersed_args": False},
    epilog="Everything after CMD belongs to CMD. roar-tui run exits as CMD does.",
)
@click.option("--name", metavar="N", help="A name for the job, to find it by.")
@click.option("--id-file", metavar="F", type=click.Path(), help="Write the job's id to this file.")
@click.option("--no-snapshots", is_flag=True, help="Keep no copies of small code and config files.")
@store_option
@click.argument("command_line", metavar="CMD...", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def command(
    settings: Settings | None, name: str | None, id_file: str | None, no_snapshots: bool, command_line: tuple[str, ...]
) -> int:
    """Run CMD and record which files it really read and wrote, by which of its programs.

    Nothing has to be declared. stdin, stdout, stderr, signals and the exit status are CMD's own; one line on stderr says at the
    end what was recorded.
    """
    settings = click.get_current_context().ensure_object(Settings)
    if not command_line:
        raise click.UsageError("There is no command to run. Try: roar-tui run python3 train.py")
    if name is not None and (not name.strip() or name.startswith("@")):
        raise click.UsageError(f"A job cannot be called {name!r}: @ stands for your last job, and a name has at least one letter.")
    environ = {os.fsdecode(name): os.fsdecode(value) for name, value in original_environ().items()}
    program = locate(command_line[0], environ.get("PATH"))
    run = Run(
        run_id=os.urandom(16).hex(),
        command=list(command_line),
        program=program,
        cwd=_cwd(),
        environ=environ,
        started=time.time_ns() // 1000,
        name=name,
        id_file=_writable(id_file),
        snapshots=not no_snapshots,
    )
    try:
        from roar_tui.store.files import make_archive

        root = settings.root.absolute()
        make_archive(root)
    except RoarTuiError as error:
        raise RecordingError(f"The job was not started. {error.message}", error.hint) from error

    def record(run: Run, end: socket.socket, trace: int) -> None:
        from roar_tui.cli.shelf import StoreShelf
        from roar_tui.record.recorder import main

        main(run, lambda: StoreShelf(root), end, trace)

    try:
        return launch(run, record, tell)
    except OSError as error:
        sentence = f"The job was not started: {error.strerror} ({error.filename})."
        raise RecordingError(sentence, "Is TMPDIR full, or not writable?") from error


def tell(line: Line) -> None:
    """After the command: show how far the recorder is, pass a Ctrl-C on to it, and say what was recorded."""
    began = time.monotonic()
    shown = False
    while line.open:
        select.select([line], [], [], 0.1)
        for message in line.hear():
            if "progress" in message and sys.stderr.isatty() and time.monotonic() - began > QUIET:
                done, total, size = message["progress"]
                from roar_tui import text

                said = f"hashing {done} of {text.count(total, 'file')}, {text.size(size)}  (Ctrl-C leaves the rest)"
                click.echo(f"\r\x1b[Kroar-tui: {said}", nl=False, err=True)
                shown = True
            elif message.keys() & {"done", "left", "failed"}:
                if shown:
                    click.echo("\r\x1b[K", nl=False, err=True)
                _say_last(message)
                return
            elif "traceback" in message:
                click.echo(message["traceback"], err=True)
        if signal.sigtimedwait((signal.SIGINT, signal.SIGTERM, signal.SIGHUP), 0) is not None:
            line.say(skip=True)
    say("The recorder ended without a word: this job has no record.", "roar-tui doctor checks this machine.")


def _say_last(message: dict[str, Any]) -> None:
    """The one line that roar-tui adds to a job's stderr."""
    from roar_tui.text import count

    if "failed" in message:
        say(f"This job has no record: {message['failed']}", f"Its trace is kept in {message['kept']}.")
    elif "left" in message:
        say(f"{count(message['left'], 'process', 'processes')} of the job still running: it is recorded when the last one ends.")
    else:
        said = f"job {message['done'][:8]}: {message['inputs']} in, {message['outputs']} out, {count(message['steps'], 'step')}"
        told = {code: words for code, words in message["warnings"] if code not in HARMLESS}
        if "untraced" in told:
            said = f"job {message['done'][:8]}: {told.pop('untraced')}"
        elif told:
            said += f"; {count(len(told), 'warning')}: {', '.join(told)}"
        say(said)
        if message.get("problem"):
            say(message["problem"])


def _cwd() -> str:
    try:
        return os.getcwd()
    except OSError as error:
        raise RecordingError("The working directory does not exist any more.", "Change to one that does.") from error


def _writable(path: str | None) -> str | None:
    """The absolute path of the id file; an error now is better than one after two hours."""
    if path is None:
        return None
    with contextlib.suppress(FileNotFoundError):
        if os.path.exists(path) and not os.access(path, os.W_OK):
            raise RecordingError(f"The job was not started: {path} cannot be written.", "Choose another --id-file.")
    folder = os.path.dirname(os.path.abspath(path))
    if os.path.isdir(path) or not os.access(folder, os.W_OK | os.X_OK):
        raise RecordingError(f"The job was not started: {path} cannot be written.", "Choose another --id-file.")
    return os.path.abspath(path)
