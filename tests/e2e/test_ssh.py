"""Over ssh, from another directory, in a git tree or none: the record is right each time."""

from __future__ import annotations

import getpass
import os
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.project import Project, digest

PATIENCE = 60.0
SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


@pytest.fixture
def ssh(tmp_path: Path) -> Iterator[list[str]]:
    """The command that logs in to a server of our own on this machine."""
    if SSHD is None or shutil.which("ssh") is None or shutil.which("ssh-keygen") is None:
        pytest.skip("there is no ssh server to start")
    for key in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / key)], check=True)
    (tmp_path / "authorized").write_text((tmp_path / "user.pub").read_text())
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = {
        "HostKey": tmp_path / "host", "AuthorizedKeysFile": tmp_path / "authorized", "StrictModes": "no", "UsePAM": "no",
        "PidFile": "none", "PasswordAuthentication": "no", "PermitRootLogin": "yes", "ListenAddress": f"127.0.0.1:{port}",
    }  # fmt: skip
    Path("/run/sshd").mkdir(exist_ok=True) if os.geteuid() == 0 else None
    config = tmp_path / "sshd_config"
    config.write_text("".join(f"{name} {value}\n" for name, value in options.items()))
    log = (tmp_path / "sshd.log").open("w")
    server = subprocess.Popen([SSHD, "-D", "-e", "-f", str(config)], stderr=log, stdin=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + PATIENCE
        while socket.socket().connect_ex(("127.0.0.1", port)):
            if server.poll() is not None:
                pytest.skip(f"sshd does not start here: {(tmp_path / 'sshd.log').read_text().strip()[-200:]}")
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield [
            "ssh", "-i", str(tmp_path / "user"), "-p", str(port), "-o", "StrictHostKeyChecking=no",
            "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", f"{getpass.getuser()}@127.0.0.1",
        ]  # fmt: skip
    finally:
        server.terminate()
        server.wait()
        log.close()


@pytest.mark.parametrize("terminal", [[], ["-tt"]], ids=["no terminal", "terminal"])
def test_a_job_over_ssh(ssh: list[str], project: Project, terminal: list[str]) -> None:
    project.write({"raw.txt": "b\na\n"})
    remote = " && ".join([
        f"cd {shlex.quote(str(project.root))}",
        f"export ROAR_TUI_STORE={shlex.quote(str(project.store))} PYTHONPATH={shlex.quote(os.getcwd())}",
        shlex.join(project.command("run", "bash", "-c", "sort raw.txt > sorted.txt; exit 6")),
    ])  # fmt: skip
    done = subprocess.run([ssh[0], *terminal, *ssh[1:], remote], capture_output=True, timeout=PATIENCE, check=False)
    assert done.returncode == 6, done.stderr
    job = project.show("@")
    inputs = project.files(job["inputs"])  # bash reads a login's own files over ssh: they may be there
    assert {name: found for name, found in inputs.items() if not name.startswith("..")} == {"raw.txt": digest(b"b\na\n")}
    assert project.files(job["outputs"]) == {"sorted.txt": digest(b"a\nb\n")}


def test_a_job_without_git_has_none(project: Project) -> None:
    assert project.record("true")["git"] is None


def test_a_job_in_a_dirty_tree_says_so(project: Project) -> None:
    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=project.root, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    project.write({"code.py": "print(1)\n"})
    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-q", "-m", "first")
    clean = project.record("cat", "code.py")["git"]
    assert (clean["commit"], clean["branch"], clean["dirty"]) == (git("rev-parse", "HEAD"), "main", False)
    project.write({"code.py": "print(2)\n"})
    dirty = project.record("cat", "code.py")
    assert dirty["git"]["dirty"] is True
    assert dirty["git"]["root"] == str(project.root)
    assert project.files(dirty["inputs"]) == {"code.py": digest(b"print(2)\n")}
    assert git("status", "--porcelain") == "M code.py"
