"""In a real terminal: size, colours, Ctrl-C, Ctrl-Z and fg are as without us."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import shlex
import struct
import subprocess
import termios
import time
from collections.abc import Iterator

import pytest

from tests.e2e.project import Project

PATIENCE = 60.0


class Terminal:
    """A shell with job control on a pseudo-terminal of 100 columns and 30 rows."""

    def __init__(self, project: Project) -> None:
        self.seen = ""
        self.process, self.end = pty.fork()
        if self.process == 0:
            os.chdir(project.root)
            environ = {**project.environ, "PS1": "", "TERM": "xterm-256color", "HISTFILE": ""}
            os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"], environ)
        fcntl.ioctl(self.end, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        self.send("stty -echo; echo re''ady\n")
        self.expect("ready")

    def send(self, text: str) -> None:
        os.write(self.end, text.encode())

    def expect(self, pattern: str) -> re.Match[str]:
        """Wait until `pattern` was printed, and forget what was printed up to its end."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            match = re.search(pattern, self.seen)
            if match is not None:
                self.seen = self.seen[match.end() :]
                return match
            if select.select([self.end], [], [], 0.1)[0]:
                self.seen += os.read(self.end, 65536).decode(errors="replace")
        raise AssertionError(f"{pattern!r} was never printed; seen: {self.seen!r}")

    def close(self) -> None:
        os.close(self.end)
        os.waitpid(self.process, 0)


@pytest.fixture
def terminal(project: Project) -> Iterator[Terminal]:
    found = Terminal(project)
    yield found
    found.close()


def run(project: Project, script: str) -> str:
    return shlex.join(project.command("run", "bash", "-c", script))


def test_the_terminal_is_the_commands(terminal: Terminal, project: Project) -> None:
    script = "[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && stty size && echo $TERM && tput colors"
    terminal.send(run(project, script) + "\n")
    terminal.expect(r"30 100\s+xterm-256color\s+256")
    terminal.expect("roar-tui: job [0-9a-f]{8}")


def test_ctrl_c_reaches_the_command_once(terminal: Terminal, project: Project) -> None:
    script = "trap 'echo caught; exit 7' INT; echo on''line; while :; do sleep 0.02; done"
    terminal.send(run(project, script) + "; echo status=$?\n")
    terminal.expect("online")
    terminal.send("\x03")
    terminal.expect("caught")
    terminal.expect("status=7")
    assert "caught" not in terminal.seen
    assert project.show("@")["exit"] == {"code": 7, "signal": None}


def test_ctrl_z_stops_the_job_and_fg_continues_it(terminal: Terminal, project: Project) -> None:
    terminal.send(run(project, "echo on''line; until [ -e go ]; do sleep 0.02; done; echo fini''shed") + "; echo status=$?\n")
    terminal.expect("online")
    terminal.send("\x1a")
    terminal.expect("Stopped")
    terminal.send("echo shell''again; touch go; jobs\n")
    terminal.expect("shellagain")
    terminal.expect("Stopped")
    assert "finished" not in terminal.seen
    terminal.send("fg; echo status=$?\n")
    terminal.expect("finished")
    terminal.expect("status=0")
    assert project.show("@")["exit"] == {"code": 0, "signal": None}


def test_a_job_in_the_background_does_not_stop_for_the_terminal(terminal: Terminal, project: Project) -> None:
    terminal.send(run(project, "sleep 0.1; echo from''behind") + " & wait $!; echo status=$?\n")
    terminal.expect("frombehind")
    terminal.expect("status=0")


def test_a_command_that_stops_itself_stops_the_job(terminal: Terminal, project: Project) -> None:
    terminal.send(run(project, "kill -STOP $$; echo went''on") + "; echo status=$?\n")
    terminal.expect("Stopped")
    terminal.send("fg\n")
    terminal.expect("wenton")
    terminal.expect("roar-tui: job")


def test_reading_from_the_terminal(terminal: Terminal, project: Project) -> None:
    terminal.send(run(project, "read line; echo got=$line") + "\n")
    terminal.send("typed\n")
    terminal.expect("got=typed")


def test_a_closed_terminal_leaves_a_record(project: Project) -> None:
    """The connection is lost: the shell, the launcher and the command get HUP; what was written until then is recorded."""
    terminal = Terminal(project)
    terminal.send(run(project, "echo out > made; echo on''line; exec sleep 600") + "\n")
    terminal.expect("online")
    terminal.close()
    deadline = time.monotonic() + PATIENCE
    while not (jobs := project.json("jobs")):
        assert time.monotonic() < deadline, "no record"
        time.sleep(0.1)
    job = project.show(jobs[0]["id"])
    assert job["exit"] == {"code": None, "signal": 1}
    assert "made" in project.files(job["outputs"])


def test_a_job_in_tmux(project: Project) -> None:
    if subprocess.run(["sh", "-c", "command -v tmux"], capture_output=True, check=False).returncode:
        pytest.skip("tmux is not installed")
    tmux = ["tmux", "-L", f"roar-tui-{os.getpid()}", "-f", os.devnull]
    script = run(project, "cat a > b; stty size")
    project.write({"a": "x\n"})
    command = f"export ROAR_TUI_STORE={shlex.quote(str(project.store))}; {script}; touch over; cat"
    try:
        session = [*tmux, "new-session", "-d", "-x", "80", "-y", "24", command]
        subprocess.run(session, cwd=project.root, env=project.environ, check=True)
        deadline = time.monotonic() + PATIENCE
        while not (project.root / "over").exists():
            assert time.monotonic() < deadline, "the job never ended"
            time.sleep(0.05)
        screen = subprocess.run([*tmux, "capture-pane", "-p"], capture_output=True, text=True, check=True).stdout
        assert re.search(r"2[34] 80", screen)
        job = project.show("@")
        assert project.files(job["inputs"]).keys() == {"a"}
        assert project.files(job["outputs"]).keys() == {"b"}
    finally:
        subprocess.run([*tmux, "kill-server"], capture_output=True, check=False)
