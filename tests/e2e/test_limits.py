# ruff: noqa: E501 -- a table: one case, one line
"""Where seeing ends: programs that trace, launchers, sockets, 32 bit, privilege. The record says so, and a job never hangs for it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.project import PYTHON, Project, digest

A = {"a": "alpha\n"}
ALPHA = digest(b"alpha\n")
COPY = (
    '#include <stdio.h>\nint main(void) { FILE *i = fopen("a", "r"), *o = fopen("x", "w"); int c;'
    " while ((c = getc(i)) != EOF) putc(c, o); return 0; }\n"
)


def codes(job: dict[str, Any]) -> list[str]:
    return [warning["code"] for warning in job["warnings"]]


def compiled(project: Project, source: str, *options: str) -> None:
    """Compile `source` to ./program; skips where that cannot be done."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    project.write({"c.c": source})
    done = subprocess.run(["gcc", *options, "-o", "program", "c.c"], cwd=project.root, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"gcc {' '.join(options)} does not work here: {done.stderr.splitlines()[0]}")
    tried = subprocess.run(["./program"], cwd=project.root, check=False)
    (project.root / "x").unlink(missing_ok=True)
    if tried.returncode:
        pytest.skip("this system does not run such programs")


@pytest.mark.parametrize("options", [["-m32"], ["-m32", "-static"], ["-static"]], ids=" ".join)
def test_programs_of_another_word_size_or_without_libraries(project: Project, options: list[str]) -> None:
    project.write(A)
    compiled(project, COPY, *options)
    job = project.shell("./program; rev x > y; true")
    assert project.files(job["inputs"]) == {"a": ALPHA, "program": digest((project.root / "program").read_bytes())}
    assert project.files(job["outputs"]) == {"x": ALPHA, "y": digest(b"ahpla\n")}


INT80 = """#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
static int old(int number, long a, long b, long c) {
    int result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory", "r8", "r9", "r10", "r11");
    return result;
}
int main(void) {
    char *low = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0), data[99];
    strcpy(low, "a"); strcpy(low + 8, "x");
    int in = old(5, (long)low, 0, 0), out = old(5, (long)(low + 8), 01101, 0644);
    return in < 0 || out < 0 || write(out, data, read(in, data, sizeof data)) < 1;
}
"""


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="only x86-64 has this second way into the kernel")
def test_32_bit_calls_from_a_64_bit_program(project: Project) -> None:
    project.write(A)
    compiled(project, INT80)
    job = project.record("./program")
    assert project.files(job["inputs"]).keys() == {"a", "program"}
    assert project.files(job["outputs"]) == {"x": ALPHA}


def test_a_program_that_traces_is_said(project: Project, strace: str) -> None:
    project.write(A)
    code = "import ctypes; print(ctypes.CDLL(None).ptrace(0, 0, 0, 0)); open('x', 'w').write(open('a').read())"
    job = project.python(code)
    assert codes(job) == ["ptrace"]
    assert project.files(job["outputs"]) == {"x": ALPHA}
    assert "ptrace" in codes(project.shell(f"{strace} -o log true; true"))


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("ssh host true", True), ("tools/mpirun -n 2 true", True), ("env X=1 nice sbatch job.sh", True), ("sh -c 'docker run image; true'", True),
        ("bash script", True), ("cat tools/ssh; ls -l tools > list", False), ("echo ssh docker", False), ("bash ssh.sh", False),
    ],
)  # fmt: skip
def test_what_hands_work_elsewhere(project: Project, command: str, said: bool) -> None:
    project.write({**A, "script": "srun true\n", "ssh.sh": "cat a\n"})
    for name in ("ssh", "mpirun", "sbatch", "docker", "srun"):
        project.write({f"tools/{name}": "#!/bin/sh\n:\n"})
        (project.root / "tools" / name).chmod(0o755)
    job = project.shell(command, env={**project.environ, "PATH": f"{project.root}/tools:{os.environ['PATH']}"})
    assert ("remote" in codes(job)) is said


SERVE = "import socket, sys, threading\ns = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen()\n"
ASK = "c = socket.socket(socket.AF_UNIX); c.connect(sys.argv[1]); open('x', 'wb').write(c.recv(99))\n"
ANSWER = "def answer():\n    c, _ = s.accept(); c.sendall(b'answer'); c.close()\nthreading.Thread(target=answer, daemon=True).start()\n"


def test_a_unix_socket_is_an_input_from_outside_the_job_alone(project: Project) -> None:
    project.write({"serve.py": SERVE + ANSWER + "print('ready', flush=True); sys.stdin.read()"})
    server = subprocess.Popen([PYTHON, "serve.py", "out"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=project.root)
    assert server.stdout is not None
    assert server.stdout.readline()
    job = project.record(PYTHON, "-c", "import socket, sys\n" + ASK, "out")
    server.communicate(timeout=10)
    assert [(c["address"], c["port"]) for step in job["steps"] for c in step["connections"]] == [(str(project.root / "out"), 0)]
    assert f"connected {project.root}/out" in " ".join(project.call("show", "@:0").stdout.split())
    job = project.record(PYTHON, "-c", SERVE + ANSWER + ASK, "in")
    assert [step["connections"] for step in job["steps"]] == [[]]


@pytest.mark.skipif(os.geteuid() == 0, reason="root keeps its privilege under a tracer")
def test_a_setuid_program_is_run_untraced(project: Project) -> None:
    program = shutil.which("su") or ""
    if not program or not os.stat(program).st_mode & 0o4000:
        pytest.skip("no setuid program here")
    done = project.call("run", program, "--help")
    job = project.show("@")
    assert (done.returncode, job["state"], codes(job)) == (0, "untraced", ["untraced"])


def test_a_tracer_that_is_killed_is_no_silence(project: Project) -> None:
    """The job's calls fail without its tracer: it may suffer, but we end, and say what is not known."""
    project.write(A)
    run = subprocess.Popen(
        project.command("run", "bash", "-c", "cp a x; echo > started; while [ ! -e go ]; do sleep 0.1; done; cp a y"),
        cwd=project.root, env=project.environ, stderr=subprocess.PIPE,
    )  # fmt: skip
    while not (project.root / "started").exists():
        assert run.poll() is None
        time.sleep(0.02)
    tracers = [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if _traces(pid, project.root)]
    assert tracers
    os.kill(tracers[0], signal.SIGKILL)
    (project.root / "go").touch()
    run.communicate(timeout=60)
    job = project.show("@")
    assert "unfinished" in codes(job)
    assert project.files(job["outputs"]).get("x") == ALPHA


def _traces(pid: int, root: Path) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        return b"strace" in os.path.basename(command[0]) and b"-ttt" in command and os.readlink(f"/proc/{pid}/cwd") == str(root)
    except OSError:
        return False
