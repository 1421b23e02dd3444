"""The explorer for real: in a tmux pane of 80 by 24, by keys as a person presses them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import builders

PATIENCE = 30.0  # seconds until a condition is given up
POLL = 0.05

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")


class Pane:
    """A tmux server of its own with one pane, in which a shell waits."""

    def __init__(self, socket: Path, environ: dict[str, str], width: int = 80, height: int = 24) -> None:
        self._tmux = ["tmux", "-S", str(socket), "-f", os.devnull]
        self._environ = environ
        self.call("new-session", "-d", "-x", str(width), "-y", str(height), "env PS1='ready> ' bash --norc --noprofile")
        self.until(lambda: "ready>" in self.text)

    def call(self, *arguments: str) -> str:
        done = subprocess.run([*self._tmux, *arguments], capture_output=True, text=True, env=self._environ, check=False)
        return done.stdout

    @property
    def text(self) -> str:
        return self.call("capture-pane", "-p")

    def keys(self, *names: str) -> None:
        self.call("send-keys", *names)

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"waited in vain; the pane shows:\n{self.text}")
            time.sleep(POLL)

    def sees(self, *words: str) -> None:
        self.until(lambda: all(word in self.text for word in words))

    def close(self) -> None:
        self.call("kill-server")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A home of its own, and the index in it."""
    kept = {name: os.environ[name] for name in ("PATH", "VIRTUAL_ENV") if name in os.environ}
    return {
        **kept,
        "HOME": str(tmp_path),
        "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", str(tmp_path / "cache")),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "LC_ALL": "C.UTF-8",
        "TERM": "xterm-256color",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }


@pytest.fixture
def pane(tmp_path: Path, environ: dict[str, str]) -> Iterator[Pane]:
    opened = Pane(tmp_path / "tmux", environ)
    try:
        yield opened
    finally:
        opened.close()


@pytest.fixture
def command(tmp_path: Path) -> str:
    """What starts the explorer on a store with two runs."""
    root = builders.build_store(tmp_path / "store", builders.two_runs()).root
    return f"{sys.executable} -m roar_tui --store {root}"


def test_walking_three_levels_and_quitting_gives_the_shell_back(pane: Pane, command: str) -> None:
    pane.keys(f"{command}; echo status $?", "Enter")
    pane.sees("6 jobs", "train.py --lr", "q quit")
    pane.keys("Enter")
    pane.sees("upstream", "shards/", "params.yaml")
    for _ in range(3):
        pane.keys("Down")
    pane.keys("Enter")
    pane.sees("train.py --lr 0.2 ‹ ▤ shards/")
    pane.keys("Down", "Enter")
    pane.sees("shards/ ‹ ⚙ prep.py")
    pane.keys("?")
    pane.sees("Make this the subject of the walk")
    pane.keys("q")
    pane.sees("ready> ", "status 0")
    assert "upstream" not in pane.text  # the other screen is gone, with what was drawn on it
    pane.keys("echo typed-$((20+3))", "Enter")
    pane.sees("typed-23")


def test_marking_comparing_and_opening_a_cause(pane: Pane, command: str) -> None:
    pane.keys(command, "Enter")
    pane.sees("6 jobs", "train.py --lr", "d diff")
    pane.keys("j", "j", "j")
    pane.until(lambda: re.search(r"^▌ 18 Nov .*train.py", pane.text, re.MULTILINE) is not None)
    pane.keys("Space")
    pane.until(lambda: re.search(r"^A 18 Nov .*train.py", pane.text, re.MULTILINE) is not None)
    pane.sees("d diff with A")
    pane.keys("g", "d")
    pane.sees("── causes", "0.1 → 0.2", "── consequences", "shards/", "8 of 8 differ", "x swap")
    pane.keys("G", "g", "Enter")
    pane.sees("Suspects")
    pane.keys("Escape")
    pane.sees("6 jobs")
    pane.keys("q")
    pane.sees("ready>")


def test_copying_loads_the_buffer_of_tmux(pane: Pane, command: str) -> None:
    pane.keys(command, "Enter")
    pane.sees("6 jobs", "made")
    pane.keys("y")
    pane.sees("Copied the id of job", "tmux's buffer")
    copied = pane.call("show-buffer")
    assert len(copied) == 64
    assert copied[:8] in pane.text
    pane.keys("q")
    pane.sees("ready>")


@pytest.mark.parametrize(("signal", "status"), [("TERM", 143), ("HUP", 129)])
def test_a_signal_ends_it_in_order(pane: Pane, command: str, tmp_path: Path, signal: str, status: int) -> None:
    pane.keys(f"sh -c 'echo $$ > {tmp_path}/pid; exec {command}'; echo status $?", "Enter")
    pane.sees("6 jobs", "q quit")
    pid = (tmp_path / "pid").read_text().strip()
    subprocess.run(["kill", f"-{signal}", pid], check=True)
    pane.sees("ready> ", f"status {status}")
    pane.keys("stty -a | grep -o ' echo ' | tr -d ' ' ; tput lines", "Enter")
    pane.sees("echo\n24")


def test_a_failure_of_our_own_is_one_sentence_and_the_terminal_is_restored(pane: Pane, tmp_path: Path, command: str) -> None:
    store = command.rsplit(" ", 1)[1]
    broken = tmp_path / "broken.py"
    broken.write_text(
        "import sys, pathlib\n"
        "from roar_tui.tui.app import run\n"
        "from roar_tui.tui.screens.base import ExplorerScreen\n"
        "def fail(self): raise RuntimeError('as planned')\n"
        "ExplorerScreen.action_help = fail\n"
        f"sys.exit(run(pathlib.Path({store!r})))\n"
    )
    pane.keys(f"{sys.executable} {broken}; echo status $?", "Enter")
    pane.sees("6 jobs", "q quit")
    pane.keys("?")
    pane.sees("roar-tui: the explorer failed: RuntimeError: as planned", "status 1", "ready> ")
    assert "Traceback" not in pane.text


def test_a_lost_terminal_ends_it(pane: Pane, command: str, tmp_path: Path) -> None:
    pane.keys(f"sh -c 'echo $$ > {tmp_path}/pid; exec {command}'", "Enter")
    pane.sees("6 jobs", "q quit")
    pid = int((tmp_path / "pid").read_text())
    pane.close()
    pane.until(lambda: not Path(f"/proc/{pid}").exists())


def test_a_c_locale_and_no_colour_stay_readable(tmp_path: Path, environ: dict[str, str], command: str) -> None:
    plain = {**environ, "LC_ALL": "C", "NO_COLOR": "1"}
    pane = Pane(tmp_path / "plain", plain)
    try:
        pane.keys(command, "Enter")
        pane.sees("6 jobs", "train.py --lr")
        pane.keys("Enter")
        pane.sees("upstream", "# shards/", "`-@ prep.py")
        pane.keys("Escape")
        pane.sees("6 jobs", "d diff")
        pane.keys("d", "d")
        pane.sees("-- causes", "* params", "0.1 -> 0.2", "~  train.py")
        coloured = pane.call("capture-pane", "-p", "-e")
        assert pane.text.isascii()
        assert not re.search(r"\x1b\[(\d+;)*[34][0-8](;\d+)*m", coloured)  # no colour, of whatever kind
    finally:
        pane.close()


def test_moving_the_cursor_writes_few_bytes(tmp_path: Path, environ: dict[str, str], command: str) -> None:
    pane = Pane(tmp_path / "bytes", environ)
    log = tmp_path / "bytes.log"
    try:
        pane.keys(command, "Enter")
        pane.sees("6 jobs", "made  metrics.json")
        pane.keys("G", "g")
        pane.until(lambda: "\n▌ 19 Nov" in pane.text and "metrics.json" in pane.text)
        pane.call("pipe-pane", f"cat >> {log}")
        pane.keys("j")
        pane.sees("bash prep.sh  in /p")
        pane.call("pipe-pane")
        assert 0 < log.stat().st_size < 3_000  # two lines of the list and the preview; a screen is some 8,000
    finally:
        pane.close()
