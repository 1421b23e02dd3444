"""The command line called in this process on stores of known records, and in a real terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from roar_tui.cli.app import main
from tests.builders import build_store, nasty, two_runs

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a project that ran twice, and a job whose names hold all that a name may hold."""
    root = tmp_path_factory.mktemp("store")
    build_store(root, [*two_runs(), nasty()])
    return root


@pytest.fixture
def run(root: Path) -> Run:
    """Call the command line on the store `root`; the result has `stdout`, `stderr` and `exit_code`."""

    def call(*args: str, store: Path | None = root) -> Result:
        option = ["--store", str(store)] if store else []
        return CliRunner().invoke(main, [*option, *args])

    return call


def document(result: Result) -> Any:
    """The one JSON document that a command printed."""
    assert result.exit_code == 0, result.stderr
    assert result.stdout.isascii()
    return json.loads(result.stdout)


STYLE = re.compile(r"\x1b\[([0-9;]*)m")


def plain(shown: str) -> str:
    """What a terminal shows, without colours and styles."""
    return STYLE.sub("", shown)


def colours(shown: str) -> set[str]:
    """The colours among the styles that a terminal got (bold and dim are none)."""
    return {code for codes in STYLE.findall(shown) for code in codes.split(";") if len(code) == 2}


def in_terminal(args: list[str], *, columns: int = 80, lines: int = 24, **environ: str) -> tuple[int, str]:
    """Exit status and all that `roar-tui ARGS` writes to a terminal of its own."""
    leader, follower = pty.openpty()
    settings = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8", "COLUMNS": str(columns), "LINES": str(lines), **environ}
    command = [sys.executable, "-m", "roar_tui", *args]
    ends = {"stdin": follower, "stdout": follower, "stderr": follower}
    with subprocess.Popen(command, **ends, env=settings, start_new_session=True) as process:
        os.close(follower)
        shown = b""
        while True:
            ready, _, _ = select.select([leader], [], [], 30)
            assert ready, f"nothing more came after {shown!r}"
            try:
                part = os.read(leader, 65536)
            except OSError:  # the last process closed the terminal
                break
            if not part:
                break
            shown += part
        status = process.wait(timeout=30)
    os.close(leader)
    return status, shown.decode("utf-8", "replace")
