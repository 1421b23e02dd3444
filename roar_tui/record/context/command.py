"""Runs a small program beside a job: no terminal, out of reach of its signals, bounded in time and output."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from roar_tui.errors import RoarTuiError

_CHUNK: Final = 1 << 16
_CHECK_SECONDS: Final = 0.05  # how often a waiting reader looks whether it has been cancelled


class CommandError(RoarTuiError):
    """The program could not be started, failed, or did not end in time; says which in half a sentence."""


def output(
    command: Sequence[str],
    cwd: str,
    env: Mapping[str, str],
    cancel: threading.Event,
    *,
    seconds: float,
    limit: int,
    accept: Collection[int] = (0,),
) -> bytes:
    """What `command` writes to stdout, at most `limit` + 1 bytes; the program is ended when there is more.

    Raises CommandError after `seconds`, when `cancel` is set, and on an exit status that is not in `accept`.
    """
    deadline = time.monotonic() + seconds
    with tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(
                command,
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,  # Ctrl-C is meant for the job
            )
        except (OSError, ValueError) as problem:
            raise CommandError(f"{command[0]} cannot be started ({problem})") from problem
        try:
            data, complete = _read(process, deadline, cancel, limit)
            if not complete:
                return data
            status = process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired as problem:
            raise CommandError(f"{command[0]} took longer than {seconds:g} s") from problem
        finally:
            _end(process)
        if status not in accept:
            errors.seek(0)
            lines = os.fsdecode(errors.read(_CHUNK)).strip().splitlines() or [f"exit status {status}"]
            raise CommandError(lines[0])
        return data


def _read(process: subprocess.Popen[bytes], deadline: float, cancel: threading.Event, limit: int) -> tuple[bytes, bool]:
    """(stdout, whether that is all of it)."""
    assert process.stdout is not None
    pieces: list[bytes] = []
    size = 0
    poller = select.poll()  # select() fails on descriptors from 1024 on
    poller.register(process.stdout, select.POLLIN)
    while True:
        if cancel.is_set():
            raise CommandError("the job ended first")
        if time.monotonic() > deadline:
            raise subprocess.TimeoutExpired(process.args, deadline)
        if not poller.poll(_CHECK_SECONDS * 1000):
            continue
        piece = os.read(process.stdout.fileno(), _CHUNK)
        if not piece:
            return b"".join(pieces), True
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            return b"".join(pieces)[: limit + 1], False


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends the program and what it started, and takes its exit status."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
