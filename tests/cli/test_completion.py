"""What a shell offers: commands, options, references; and the scripts that make it ask."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import job_id, two_runs
from tests.cli.conftest import Run


def offered(root: Path, line: str) -> list[str]:
    """What bash would be offered for the last word of `line`."""
    words = line.split(" ")
    environ = {
        **os.environ,
        "_ROAR_TUI_COMPLETE": "bash_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
        "ROAR_TUI_STORE": str(root),
    }
    done = subprocess.run([sys.executable, "-m", "roar_tui"], capture_output=True, text=True, env=environ, check=True)
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_commands_and_options_are_offered(root: Path) -> None:
    assert offered(root, "roar-tui up") == ["plain,upstream"]
    assert "plain,--depth" in offered(root, "roar-tui upstream --d")
    assert "plain,info" in offered(root, "roar-tui store i")


def test_names_and_ids_of_jobs_are_offered(root: Path) -> None:
    newest = job_id(two_runs()[-1])
    assert "plain,training" in offered(root, "roar-tui show tra")
    assert offered(root, f"roar-tui show {newest[:4]}") == [f"plain,{newest[:8]}"]
    assert "plain,@" in offered(root, "roar-tui upstream ")


def test_paths_and_unknown_words_are_left_to_the_shell(root: Path) -> None:
    assert offered(root, "roar-tui show ./mo") == ["file,./mo"]
    assert offered(root, "roar-tui show zzzz") == ["file,zzzz"]


def test_names_that_would_need_quotes_are_not_offered(root: Path) -> None:
    assert offered(root, "roar-tui show nasty") == ["file,nasty"]


def test_a_store_that_cannot_be_read_offers_files_quietly(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("")
    assert offered(tmp_path / "store", "roar-tui show x") == ["file,x"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell_is_one_that_it_reads(run: Run, shell: str, tmp_path: Path) -> None:
    script = run("completion", shell).stdout
    assert "_ROAR_TUI_COMPLETE" in script
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    (tmp_path / "script").write_text(script)
    subprocess.run([shell, "-n", str(tmp_path / "script")], check=True)


def test_the_shell_in_use_is_the_default(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    assert run("completion").stdout == run("completion", "fish").stdout
    monkeypatch.setenv("SHELL", "/bin/tcsh")
    assert run("completion").exit_code == 2


@pytest.mark.skipif(not shutil.which("bash"), reason="bash is not installed")
def test_bash_completes_with_the_script(root: Path) -> None:
    beside = Path(sys.executable).parent
    if not (beside / "roar-tui").exists():
        pytest.skip("roar-tui is not installed beside this Python")
    script = (
        'eval "$(roar-tui completion bash)"; COMP_WORDS=(roar-tui show trai); COMP_CWORD=2; '
        '_roar_tui_completion roar-tui; echo "${COMPREPLY[@]}"'
    )
    environ = {**os.environ, "PATH": f"{beside}:{os.environ['PATH']}", "ROAR_TUI_STORE": str(root)}
    done = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, env=environ, check=True)
    assert done.stdout.split() == ["training"]
