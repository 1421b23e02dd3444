# ruff: noqa: E501 -- a table: one case, one line
"""Processes in all their forms: directories, threads, namespaces, programs that trace, daemons, thousands of children."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.project import PYTHON, Project, digest

A = {"a": "alpha\n"}
ALPHA = digest(b"alpha\n")


def codes(job: dict[str, Any]) -> list[str]:
    return [warning["code"] for warning in job["warnings"]]


def both(project: Project, job: dict[str, Any]) -> tuple[dict[str, str | None], dict[str, str | None]]:
    return project.files(job["inputs"]), project.files(job["outputs"])


SYSCALL = "import ctypes, os; call = ctypes.CDLL(None, use_errno=True).syscall\n"


@pytest.mark.parametrize(
    ("code", "inputs", "outputs"),
    [
        pytest.param(
            "import os; os.mkdir('d'); os.chdir('d'); open('x', 'w').write(open('../a').read()); os.rename('x', 'y');"
            "os.link('y', 'z'); os.remove('y')",
            {"a"}, {"d/z"}, id="relative rename, link and unlink after chdir",
        ),
        pytest.param(
            "import os; os.mkdir('d'); os.fchdir(os.open('d', os.O_RDONLY)); os.rename('../a', 'b')",
            {"a"}, {"d/b"}, id="relative rename after fchdir",
        ),
        pytest.param(
            "import os, threading; os.mkdir('d')\n"
            "t = threading.Thread(target=os.chdir, args=('d',)); t.start(); t.join(); open('x', 'w').write(open('../a').read())",
            {"a"}, {"d/x"}, id="chdir in a thread",
        ),
        pytest.param(
            "import os; os.mkdir('d'); n = os.open('d', os.O_RDONLY)\n"
            "if os.fork() == 0: os.fchdir(n); os.execv('/bin/cp', ['cp', '../a', 'x'])\n"
            "os.wait()",
            {"a"}, {"d/x"}, id="exec after fchdir in a child",
        ),
        pytest.param(
            SYSCALL + "f = call(437, -100, b'a', (ctypes.c_uint64 * 3)(0, 0, 0), 24); open('x', 'wb').write(os.read(f, 99))",
            {"a"}, {"x"}, id="openat2",
        ),
        pytest.param(
            SYSCALL + "f = call(85, b'x', 0o644); os.write(f, open('a', 'rb').read())", {"a"}, {"x"}, id="creat",
            marks=pytest.mark.skipif(os.uname().machine != "x86_64", reason="creat is numbered otherwise here"),
        ),
        pytest.param(
            SYSCALL + "open('x', 'w').write(open('a').read()); open('y', 'w').write('why'); assert call(316, -100, b'x', -100, b'y', 2) == 0",
            {"a"}, {"x", "y"}, id="RENAME_EXCHANGE",
            marks=pytest.mark.skipif(os.uname().machine != "x86_64", reason="renameat2 is numbered otherwise here"),
        ),
        pytest.param(
            "import os; f = open('a'); open('x', 'w').write(open(f'/proc/self/fd/{f.fileno()}').read())", {"a"}, {"x"}, id="/proc/self/fd",
        ),
        pytest.param("import os, subprocess; subprocess.run(['cp', '/dev/stdin', 'x'], stdin=open('a'))", {"a"}, {"x"}, id="/dev/stdin"),
        pytest.param(
            "import os; os.posix_spawn('/bin/cp', ['cp', 'a', 'x'], os.environ); os.wait()", {"a"}, {"x"}, id="posix_spawn",
        ),
        pytest.param(
            "import subprocess; subprocess.run(['sort', 'a'], stdout=open('x', 'w'))", {"a"}, {"x"}, id="redirected by Python",
        ),
        pytest.param(
            "import subprocess as s; p = s.Popen(['cat', 'a'], stdout=s.PIPE); s.run(['sort'], stdin=p.stdout, stdout=open('x', 'w'))",
            {"a"}, {"x"}, id="piped by Python",
        ),
        pytest.param(
            "import os, signal\nif os.fork() == 0: open('x', 'w').write(open('a').read()); os.kill(os.getpid(), signal.SIGKILL)\nos.wait()",
            {"a"}, {"x"}, id="a child that is killed",
        ),
        pytest.param(
            "import os, shutil; shutil.copytree('.', '../tree'); shutil.move('../tree', 'tree')", {"a"}, {"tree/a"}, id="a tree copied and moved",
        ),
        pytest.param(
            "import os\nfor n in range(50): open('x', 'w').write(str(n) + open('a').read())", {"a"}, {"x"}, id="an output rewritten many times",
        ),
    ],
)  # fmt: skip
def test_inputs_and_outputs(project: Project, code: str, inputs: set[str], outputs: set[str]) -> None:
    project.write(A)
    job = project.python(code)
    read, written = both(project, job)
    assert read == dict.fromkeys(inputs, ALPHA)
    assert written == {name: digest((project.root / name).read_bytes()) for name in outputs}


def test_both_names_of_a_symbolic_link_are_known(project: Project) -> None:
    project.write({"real/a": "alpha\n"})
    (project.root / "link").symlink_to("real")
    job = project.record("cat", "link/a")
    assert [(project.relative(a["path"]), project.relative(a["named"])) for a in job["inputs"]] == [("real/a", "link/a")]


def test_a_script_with_a_shebang_is_code_of_its_interpreters_step(project: Project) -> None:
    project.write({**A, "run.py": f"#!{PYTHON}\nopen('x', 'w').write(open('a').read())\n"})
    (project.root / "run.py").chmod(0o755)
    job = project.record("./run.py")
    assert {project.relative(a["path"]): a["role"] for a in job["inputs"]} == {"run.py": "code", "a": "data"}
    assert len(job["steps"]) == 1


def test_a_chain_of_execs_is_a_chain_of_steps(project: Project) -> None:
    project.write(A)
    job = project.record("env", "X=1", "nice", "-n", "1", "sh", "-c", "exec cp a x")
    assert [os.path.basename(step["program"]) for step in job["steps"]] == ["env", "nice", "sh", "cp"]
    assert [step["parent"] for step in job["steps"]] == [None, 0, 1, 2]
    assert both(project, job) == ({"a": ALPHA}, {"x": ALPHA})
    assert job["steps"][3]["exit"] == {"code": 0, "signal": None}


def test_a_killed_child_says_its_signal(project: Project) -> None:
    job = project.shell("sh -c 'kill -9 $$'; true")
    assert {"code": None, "signal": 9} in [step["exit"] for step in job["steps"]]


def test_thousands_of_processes(project: Project) -> None:
    job = project.shell("for n in $(seq 1500); do /bin/true; done; cat < /dev/null; echo end > x")
    assert len(job["steps"]) >= 1500
    assert both(project, job)[1] == {"x": digest(b"end\n")}
    assert codes(job) == []


def test_a_static_program(project: Project) -> None:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    project.write({**A, "c.c": "#include <stdio.h>\nint main(void) { FILE *i = fopen(\"a\", \"r\"), *o = fopen(\"x\", \"w\"); int c;"
                   " while ((c = getc(i)) != EOF) putc(c, o); return 0; }\n"})  # fmt: skip
    subprocess.run(["gcc", "-static", "-o", "copy", "c.c"], cwd=project.root, check=True)
    job = project.record("./copy")
    assert both(project, job)[1] == {"x": ALPHA}
    assert {project.relative(a["path"]): a["role"] for a in job["inputs"]} == {"copy": "code", "a": "data"}


def test_a_program_that_traces_does_not_hang(project: Project, strace: str) -> None:
    """strace inside a job: a process has one tracer, so it fails, as it does without us under any tracer."""
    done = project.call("run", "bash", "-c", f"{strace} -o log cat /dev/null; echo ended with $?; echo out > x")
    assert done.returncode == 0
    assert "ended with" in done.stdout
    assert "x" in project.files(project.show("@")["outputs"])


def test_gdb_does_not_hang(project: Project) -> None:
    if shutil.which("gdb") is None:
        pytest.skip("gdb is not installed")
    done = project.call("run", "gdb", "-batch", "-ex", "run", "--args", "/bin/true")
    assert project.show("@")["exit"]["code"] == done.returncode


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes its root")
def test_another_root_or_other_mounts_are_said(project: Project) -> None:
    done = project.call("run", "unshare", "-m", "sh", "-c", "cat /etc/hostname > x")
    if done.returncode:
        pytest.skip(f"unshare is forbidden here: {done.stderr}")
    job = project.show("@")
    assert "namespace" in codes(job)
    assert all(a["hash"] is None for step in job["steps"] if step["argv"][0] == "cat" for a in step["used"] + step["generated"])


def test_io_uring_is_said(project: Project) -> None:
    job = project.python(SYSCALL + "call(425, 4, (ctypes.c_uint8 * 120)())")
    if "io_uring" not in codes(job):
        assert subprocess.run([PYTHON, "-c", SYSCALL + "exit(call(425, 4, (ctypes.c_uint8 * 120)()) > 0)"], check=False).returncode == 0
        pytest.skip("this system has no io_uring")


def test_programs_that_hand_work_elsewhere_are_said(project: Project) -> None:
    tools = project.root / "tools"
    project.write({"tools/srun": '#!/bin/sh\nexec "$@"\n'})
    (tools / "srun").chmod(0o755)
    job = project.record("srun", "true", env={**project.environ, "PATH": f"{tools}:{os.environ['PATH']}"})
    assert "remote" in codes(job)


@pytest.mark.skipif(os.geteuid() == 0 and shutil.which("setpriv") is None, reason="root keeps its privilege under a tracer")
def test_a_setuid_program_inside_a_job_is_said(project: Project) -> None:
    program = project.root / "privileged"
    shutil.copy("/bin/true", program)
    program.chmod(0o4755)
    job = project.shell("./privileged; true")
    assert "setuid" in codes(job)


def test_connections_are_inputs_of_a_step(project: Project) -> None:
    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]

    def serve() -> None:
        end, _ = server.accept()
        end.sendall(b"answer")
        end.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    job = project.python(f"import socket; print(socket.create_connection(('127.0.0.1', {port})).recv(9))")
    thread.join(10)
    server.close()
    connections = [connection for step in job["steps"] for connection in step["connections"]]
    assert [(c["address"], c["port"]) for c in connections] == [("127.0.0.1", port)]


def test_a_git_clone_is_made_of_its_repository(project: Project) -> None:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    project.write({"origin/code.py": "print(1)\n"})
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "first"]):
        subprocess.run(["git", *command], cwd=project.root / "origin", check=True)
    job = project.record("git", "clone", "-q", "origin", "copy")
    assert both(project, job)[1].get("copy/code.py") == digest(b"print(1)\n")


def test_a_database_that_is_only_read_is_an_input(project: Project) -> None:
    make = "import sqlite3; d = sqlite3.connect('data.db'); d.execute('create table t (x)'); d.commit()"
    subprocess.run([sys.executable, "-c", make], cwd=project.root, check=True)
    before = digest((project.root / "data.db").read_bytes())
    job = project.python("import sqlite3; print(list(sqlite3.connect('data.db').execute('select * from t')))")
    assert both(project, job) == ({"data.db": before}, {})
    written = project.python("import sqlite3; d = sqlite3.connect('data.db'); d.execute('insert into t values (1)'); d.commit()")
    assert both(project, written)[1] == {"data.db": digest((project.root / "data.db").read_bytes())}
    assert both(project, written)[0].keys() == {"data.db"}


def test_a_package_installed_for_editing_is_code(project: Project, tmp_path: Path) -> None:
    project.write({"src/mine/__init__.py": "VALUE = 'alpha\\n'\n", "main.py": "import mine\nopen('x', 'w').write(mine.VALUE)\n"})
    site = tmp_path / "venv" / "lib" / "python3" / "site-packages"
    site.mkdir(parents=True)
    (site / "mine.pth").write_text(f"{project.root}/src\n")
    code = f"import site; site.addsitedir({str(site)!r}); exec(open('main.py').read())"
    job = project.python(code)
    assert {"src/mine/__init__.py", "main.py"} <= both(project, job)[0].keys()


def test_a_directory_that_is_listed_and_removed_is_no_input(project: Project) -> None:
    project.write(A)
    job = project.python(
        "import os, shutil; os.mkdir('d'); open('d/x', 'w').close(); os.close(os.open('d', os.O_RDONLY)); shutil.rmtree('d');"
        "os.mkdir('e'); os.close(os.open('e', os.O_RDONLY)); os.rmdir('e'); open('a').read()"
    )
    assert both(project, job) == ({"a": ALPHA}, {})
