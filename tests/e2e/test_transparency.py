"""The job comes first: a command is under `roar-tui run` what it is without."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.project import PYTHON, Project, digest

PATIENCE = 60.0


def wait_for(condition: Callable[[], Any], what: str) -> Any:
    """Wait until `condition` holds, not for a time."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"never happened: {what}")


@pytest.mark.parametrize(
    ("script", "status", "ending"),
    [
        ("exit 0", 0, {"code": 0, "signal": None}),
        ("exit 3", 3, {"code": 3, "signal": None}),
        ("kill -KILL $$", 137, {"code": None, "signal": 9}),
        ("kill -TERM $$", 143, {"code": None, "signal": 15}),
        ("kill -SEGV $$", 139, {"code": None, "signal": 11}),
    ],
)
def test_the_exit_status_is_the_commands(project: Project, script: str, status: int, ending: dict[str, int | None]) -> None:
    done = project.call("run", "bash", "-c", script)
    assert done.returncode == status
    assert project.show("@")["exit"] == ending


def test_a_command_that_is_not_there_is_127_and_one_that_may_not_run_126(project: Project) -> None:
    project.write({"text": "no program"})
    assert project.call("run", "no-such-command").returncode == 127
    assert project.call("run", "./no-such-file").returncode == 127
    done = project.call("run", "./text")
    assert done.returncode == 126
    assert "Permission denied" in done.stderr
    assert project.json("jobs") == []


def test_a_script_without_a_shebang_runs_as_in_a_shell(project: Project) -> None:
    project.write({"plain": "echo from $0\n"})
    (project.root / "plain").chmod(0o755)
    done = project.call("run", "./plain")
    assert (done.returncode, done.stdout) == (0, "from ./plain\n")


def test_stdin_stdout_and_stderr_are_the_commands(project: Project) -> None:
    done = subprocess.run(
        project.command("run", "bash", "-c", "cat; echo problem >&2"),
        input=b"\x00\xff text", capture_output=True, cwd=project.root, env=project.environ, timeout=PATIENCE, check=True,
    )  # fmt: skip
    assert done.stdout == b"\x00\xff text"
    first, *rest = done.stderr.decode().splitlines()
    assert first == "problem"
    assert len(rest) == 1
    assert rest[0].startswith("roar-tui: job ")


@pytest.mark.parametrize("locale", [{}, {"LC_ALL": "C"}, {"LC_ALL": "", "LC_CTYPE": "", "LANG": ""}])
def test_the_environment_is_untouched(project: Project, locale: dict[str, str]) -> None:
    """Exported functions, odd names and the locale too: Python sets LC_CTYPE for itself where the locale is C."""
    environ = {**project.environ, **locale, "BASH_FUNC_greet%%": "() {  echo hi\n}", "a.b": "odd", "EMPTY": ""}
    bare = subprocess.run(["env", "-0"], capture_output=True, env=environ, cwd=project.root, check=True).stdout
    recorded = subprocess.run(
        project.command("run", "env", "-0"), capture_output=True, env=environ, cwd=project.root, check=True
    ).stdout
    assert recorded == bare



def test_signal_dispositions_descriptors_and_group_are_as_without(project: Project) -> None:
    script = "grep -E '^(SigBlk|SigIgn)' /proc/self/status; ls /proc/self/fd | tr '\\n' ' '; ulimit -a; umask; pwd"
    bare = subprocess.run(["bash", "-c", script], capture_output=True, cwd=project.root, stdin=subprocess.DEVNULL, check=True)
    recorded = project.call("run", "bash", "-c", script)
    assert recorded.stdout == bare.stdout.decode()


def test_extra_descriptors_reach_the_command(project: Project) -> None:
    read, write = os.pipe()
    with os.fdopen(read, "rb") as end:
        done = subprocess.run(
            project.command("run", "bash", "-c", f"echo through >&{write}"),
            pass_fds=[write], cwd=project.root, env=project.environ, stdin=subprocess.DEVNULL, timeout=PATIENCE, check=True,
        )  # fmt: skip
        os.close(write)
        assert done.returncode == 0
        assert end.read() == b"through\n"


COUNTS = "trap 'echo got >> got; exit 9' {signal}; touch ready; while :; do sleep 0.02; done"


def start(project: Project, script: str, **options: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        project.command("run", "bash", "-c", script), cwd=project.root, env=project.environ, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["TERM", "HUP", "USR1"])
@pytest.mark.parametrize("whom", ["launcher", "group"])
def test_a_signal_reaches_the_command_once(project: Project, name: str, whom: str) -> None:
    """Sent to the launcher alone it is passed on; sent to the whole group the command has it already."""
    running = start(project, COUNTS.format(signal=name), start_new_session=True)
    wait_for((project.root / "ready").exists, "the command is running")
    number = getattr(signal, f"SIG{name}")
    if whom == "group":
        os.killpg(running.pid, number)
    else:
        running.send_signal(number)
    assert running.wait(PATIENCE) == 9
    assert (project.root / "got").read_text() == "got\n"


def test_an_interrupt_of_the_group_ends_the_command_and_keeps_the_record(project: Project) -> None:
    running = start(project, "echo out > made; echo > ready; exec sleep 100", start_new_session=True)
    wait_for((project.root / "ready").exists, "the command is running")
    os.killpg(running.pid, signal.SIGINT)
    assert running.wait(PATIENCE) == 130
    job = project.show("@")
    assert job["exit"] == {"code": None, "signal": 2}
    assert "made" in project.files(job["outputs"])


def test_a_killed_launcher_leaves_the_job_running_and_recorded(project: Project) -> None:
    running = start(project, "touch ready; until [ -e go ]; do sleep 0.02; done; echo done > late")
    wait_for((project.root / "ready").exists, "the command is running")
    running.kill()
    running.wait(PATIENCE)
    project.write({"go": ""})
    job = wait_for(lambda: project.json("jobs"), "the record is kept")[0]
    shown = project.show(job["id"])
    assert "late" in project.files(shown["outputs"])
    assert shown["exit"] == {"code": 0, "signal": None}


def test_a_process_left_behind_does_not_hold_the_command_back(project: Project) -> None:
    done = project.call("run", "bash", "-c", "(until [ -e go ]; do sleep 0.02; done; echo late > late) > /dev/null 2>&1 & echo now")
    assert done.stdout == "now\n"
    assert "still running" in done.stderr
    assert [job["state"] for job in project.json("jobs")] == ["running"]
    project.write({"go": ""})
    wait_for(lambda: project.json("jobs")[0]["state"] == "complete", "the record is kept")
    (job,) = project.json("jobs")
    assert "late" in project.files(project.show(job["id"])["outputs"])


def test_a_job_that_is_still_running_never_looks_as_if_it_had_read_nothing(project: Project) -> None:
    project.write({"a": "a\n"})
    later = "(until [ -e go ]; do sleep 0.02; done; cat a > x) > /dev/null 2>&1 & true"
    done = project.call("run", "--name", "it", "bash", "-c", later)
    assert done.returncode == 0
    shown = project.call("show", "it").stdout
    assert "\nRead  0 files so far; all of it is known when the job ends\n" in shown
    assert "all that the job reads is known when they end" in shown
    assert "\nRead  0 files so far; all of it is known when the job ends\n" in project.call("show", "it:0").stdout
    assert project.json("show", "it:0")["state"] == "running"
    (line,) = [line for line in project.call("jobs").stdout.splitlines() if "[it]" in line]
    assert "0+" in line.split()
    walk = project.call("upstream", "it")
    assert "is still running: what it reads and writes is known when it ends.\n" in walk.stderr
    assert "Nothing that is recorded" not in walk.stderr
    assert project.call("upstream", "it", "--contains", "a").returncode == 4
    project.write({"go": ""})
    wait_for(lambda: project.json("jobs")[0]["state"] == "complete", "the record is kept")
    assert "\nRead  1 file\n" in project.call("show", "it").stdout


def test_without_strace_the_job_runs_and_the_record_says_why(project: Project) -> None:
    done = project.call("run", "bash", "-c", "echo out > made; exit 4", env={**project.environ, "ROAR_TUI_STRACE": "/no/strace"})
    assert done.returncode == 4
    assert (project.root / "made").read_text() == "out\n"
    assert "/no/strace" in done.stderr
    job = project.show("@")
    assert job["state"] == "untraced"
    assert job["exit"] == {"code": 4, "signal": None}
    assert [warning["code"] for warning in job["warnings"]] == ["untraced"]
    assert "/no/strace" in job["warnings"][0]["message"]


def test_a_job_that_is_traced_already_runs_untraced(project: Project, strace: str) -> None:
    log = project.root.parent / "outer"
    done = subprocess.run(
        [strace, "-f", "-o", str(log), "-e", "trace=execve", *project.command("run", "bash", "-c", "echo out; exit 5")],
        capture_output=True, text=True, cwd=project.root, env=project.environ, stdin=subprocess.DEVNULL, timeout=PATIENCE,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (5, "out\n")
    job = project.show("@")
    assert job["state"] == "untraced"
    assert "traced already, by the strace of a job around it" in job["warnings"][0]["message"]


def test_a_job_inside_a_job_adds_nothing_of_its_own_to_the_outer_record(project: Project) -> None:
    inner = shlex.join(project.command("run", "--name", "inner", "--id-file", "id", "sort"))
    project.write({"a": "b\na\n"})
    done = project.call("run", "--name", "outer", "bash", "-c", f"{inner} < a > sorted\ncat sorted id > final")
    assert done.returncode == 0, done.stderr
    job = project.show("outer")
    assert project.files(job["inputs"]) == {"a": digest(b"b\na\n")}
    assert project.files(job["outputs"]).keys() == {"sorted", "id", "final"}
    assert project.show("inner")["state"] == "untraced"
    assert {left["rule"]: left["count"] for left in job["left_out"]}["recorder"] > 1
    accesses = [access["path"] for step in job["steps"] for access in (*step["used"], *step["generated"])]
    assert [path for path in accesses if path.startswith(f"{project.store}/")] == []
    walk = project.json("upstream", "./sorted", "--expand")
    steps = [node["argv"] for node in walk["nodes"] if node["kind"] == "step"]
    assert steps == [["sort"]]
    assert project.call("upstream", "./final", "--contains", "./a").returncode == 0


def test_a_store_that_cannot_be_written_stops_before_the_job(project: Project) -> None:
    project.write({"file": ""})
    done = project.call("run", "touch", "made", env={**project.environ, "ROAR_TUI_STORE": str(project.root / "file" / "store")})
    assert done.returncode == 125
    assert not (project.root / "made").exists()
    assert len(done.stderr.splitlines()) <= 2
    assert "Traceback" not in done.stderr


def test_the_id_file_gets_the_jobs_id(project: Project) -> None:
    done = project.call("run", "--name", "first", "--id-file", "id", "--", "true")
    assert done.returncode == 0
    job = project.show("@")
    assert (project.root / "id").read_text().strip() == job["id"]
    assert job["name"] == "first"
    assert project.show("first")["id"] == job["id"]


def test_nothing_is_left_in_the_temporary_directory(project: Project, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    project.record("true", env={**project.environ, "TMPDIR": str(temporary)})
    wait_for(lambda: not list(temporary.iterdir()), "the spool is gone")


def test_a_command_of_many_arguments_is_recorded_whole(project: Project) -> None:
    arguments = [f"argument-{n}" for n in range(20_000)]
    job = project.record("true", *arguments)
    assert job["command"] == ["true", *arguments]
    assert job["steps"][0]["argv"] == ["true", *arguments]


def test_options_after_the_command_are_the_commands(project: Project) -> None:
    done = project.call("run", PYTHON, "-c", "import sys; print(sys.argv[1:])", "--name", "x", "--help", "--", "--json")
    assert done.stdout == "['--name', 'x', '--help', '--', '--json']\n"
    assert sys.executable == PYTHON
