"""Setting up a machine: what `tools/setup.sh` cannot do itself it says in one sentence."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SETUP = Path(__file__).resolve().parent.parent / "tools" / "setup.sh"
BASICS = ("sh", "dirname", "env", "id", "mktemp", "rm", "tail")


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A PATH with a shell and the basic programs only: no package manager, no strace, no Python."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in BASICS:
        (programs / name).symlink_to(shutil.which(name) or pytest.fail(f"{name} is missing"))
    return programs


def setup(bare: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    surroundings = {"PATH": str(bare), "VENV": str(bare.parent / "venv"), **variables}
    return subprocess.run(["sh", str(SETUP), *arguments], capture_output=True, text=True, env=surroundings, check=False)


def sentences(done: subprocess.CompletedProcess[str]) -> list[str]:
    assert done.stdout == ""
    assert all(line.startswith("setup: ") for line in done.stderr.splitlines()), done.stderr
    return done.stderr.splitlines()


def test_without_strace_it_says_where_to_get_it(bare: Path) -> None:
    done = setup(bare, "system", "strace")
    assert done.returncode == 1
    assert ["conda-forge" in line for line in sentences(done)] == [True]


def test_strace_is_installed_after_the_lists_were_refreshed(bare: Path) -> None:
    """A package manager as in a fresh container: it knows no package until its lists are fetched."""
    program(bare / "sudo", 'shift\nexec "$@"\n')
    (bare / "touch").symlink_to(shutil.which("touch") or "")
    (bare / "chmod").symlink_to(shutil.which("chmod") or "")
    fetched, strace = bare / "fetched", bare / "strace"
    installs = f"[ -e {fetched} ] && touch {strace} && chmod +x {strace}"
    program(bare / "apt-get", f'case "$1" in\n  update) touch {fetched} ;;\n  install) {installs} ;;\nesac\n')
    done = setup(bare, "system", "strace")
    assert done.returncode == 0, done.stderr
    assert sentences(done) == ["setup: installing strace"]
    assert strace.exists()


def program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}")
    path.chmod(0o755)


def test_another_strace_will_do(bare: Path, tmp_path: Path) -> None:
    other = tmp_path / "strace-6"
    program(other, "")
    done = setup(bare, "system", "strace", ROAR_TUI_STRACE=str(other))
    assert (done.returncode, done.stderr) == (0, "")


def test_without_tmux_the_tests_go_on(bare: Path) -> None:
    done = setup(bare, "system", "tmux")
    assert done.returncode == 0
    assert ["skipped" in line for line in sentences(done)] == [True]


def test_without_a_recent_python_it_says_so(bare: Path) -> None:
    program(bare / "python3", "exit 1\n")  # what `sys.exit(sys.version_info < (3, 10))` does there
    done = setup(bare, "venv", "requirements.lock")
    assert done.returncode == 1
    assert ["Python 3.10 or newer" in line for line in sentences(done)] == [True]
    assert not (bare.parent / "venv").exists()


def test_a_virtual_environment_that_is_there_is_kept(bare: Path) -> None:
    (bare / "python3").symlink_to(sys.executable)
    environment = bare.parent / "venv"
    made = subprocess.run([sys.executable, "-m", "venv", str(environment)], capture_output=True, check=False)
    if made.returncode != 0:
        pytest.skip("this Python makes no virtual environments")
    marker = environment / "marker"
    marker.touch()
    missing = setup(bare, "venv", "no-such.lock")
    assert missing.returncode == 1  # the lock cannot be read; up to there, nothing was rebuilt
    assert marker.exists()
