"""A lost connection ends the explorer: nothing may be left behind that reads a dead terminal for ever."""

from __future__ import annotations

import os
import pty
import select
import sys
import time
from pathlib import Path

from tests.builders import build_store, pipeline

PATIENCE = 60.0


def test_a_lost_terminal_ends_the_explorer(tmp_path: Path) -> None:
    build_store(tmp_path / "store", pipeline(shard_count=2))
    process, end = pty.fork()
    if process == 0:
        os.environ["TERM"] = "xterm-256color"
        os.execv(sys.executable, [sys.executable, "-m", "roar_tui", "--store", str(tmp_path / "store")])
    seen, deadline = b"", time.monotonic() + PATIENCE
    while b"quit" not in seen:
        assert time.monotonic() < deadline, seen
        if select.select([end], [], [], 0.1)[0]:
            seen += os.read(end, 65536)
    os.close(end)
    ended = 0
    while not ended:
        assert time.monotonic() < deadline + PATIENCE, "the explorer is still there"
        ended, status = os.waitpid(process, os.WNOHANG)
        time.sleep(0.05)
    assert os.waitstatus_to_exitcode(status) in (129, -1)
