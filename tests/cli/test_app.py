"""How the command line answers as a whole: exit statuses, sentences instead of tracebacks, pipes and signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

import roar_tui
from roar_tui import __version__
from roar_tui.cli import app
from roar_tui.cli.app import COMMANDS, SECTIONS, main
from roar_tui.errors import AmbiguousError, NotFoundError, RecordingError, StoreError
from roar_tui.record.launcher import CannotStartError
from tests.builders import T0, build_store, single
from tests.cli.conftest import Run, document, in_terminal

ROAR = [sys.executable, "-m", "roar_tui"]


ABSOLUTE = {**os.environ, "PYTHONPATH": str(Path(roar_tui.__file__).parents[1])}  # where `-m` finds us when "" is no directory

# Root may read everything, until CAP_DAC_OVERRIDE (1) and CAP_DAC_READ_SEARCH (2) leave its bounding set (24: PR_CAPBSET_DROP).
WITHOUT_PRIVILEGE = """
import ctypes, os, sys
libc = ctypes.CDLL(None)
libc.prctl(24, 1, 0, 0, 0), libc.prctl(24, 2, 0, 0, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_version() -> None:
    done = subprocess.run([*ROAR, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"roar-tui {__version__}\n"


def test_help_names_every_command(run: Run) -> None:
    shown = run("--help").stdout
    assert all(f"  {name} " in shown for name in COMMANDS)
    assert sorted(COMMANDS) == sorted(name for _, names in SECTIONS for name in names)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(run: Run, name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0
    assert "Usage: roar-tui" in result.stdout


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["jbos"], "roar-tui jobs"),
        (["python3", "train.py"], "roar-tui run python3 train.py"),
        (["jobs", "--limt", "3"], "--limit"),
        (["jobs", "--limit", "many"], "many"),
        (["jobs", "--limit", "-1"], "-1"),
        (["show"], "REF"),
        (["upstream", "x", "y"], "y"),
        (["upstream", "x", "--depth", "deep"], "deep"),
        (["store"], "info"),
        (["store", "burn"], "burn"),
        (["completion", "tcsh"], "tcsh"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_wrong_usage_is_2_with_a_helpful_sentence(run: Run, args: list[str], said: str) -> None:
    result = run(*args)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("roar-tui: ")
    assert said in result.stderr


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--nope"], "There is no option --nope.\n  HOW roar-tui --help"),
        (["--store"], "--store needs a value.\n  HOW roar-tui --help"),
        (["show"], "show needs a REF.\n  That is @ (your last job), a path, a hash, a job id or a name: roar-tui show @"),
        (["show", "--nope"], "show has no option --nope.\n  HOW roar-tui show --help"),
        (["show", "--folded=3", "@"], "--folded takes no value.\n  HOW roar-tui show --help"),
        (["artifacts", "--fil", "x"], "artifacts has no option --fil.\n  Did you mean --filter? HOW roar-tui artifacts --help"),
        (["jobs", "--limit"], "--limit needs a value: --limit N.\n  HOW roar-tui jobs --help"),
        (["jobs", "--limit", "1.5"], "--limit takes a whole number from 0 on, not 1.5.\n  HOW roar-tui jobs --help"),
        (["jobs", "--limit", "-1"], "--limit takes a whole number from 0 on, not -1.\n  HOW roar-tui jobs --help"),
        (["upstream", "@", "--format", "svg"], "--format takes tree, graphml or dot, not svg.\n  HOW roar-tui upstream --help"),
        (["diff", "@"], "diff needs two things to compare.\n"
         "  They are jobs, files or directories, the older first: roar-tui diff @~1 @"),
        (["diff", "a", "b", "c", "d"], "diff takes no more arguments: c d is too much.\n"
         "  A name with spaces stands in quotes. HOW roar-tui diff --help"),
        (["store", "burn"], "store has no command burn.\n  It has info, rebuild and recover."),
        (["store", "info", "--nope"], "store info has no option --nope.\n  HOW roar-tui store info --help"),
    ],
)  # fmt: skip
def test_wrong_usage_says_what_is_wrong_and_how_it_is_written(run: Run, args: list[str], said: str) -> None:
    assert run(*args).stderr == f"roar-tui: {said}\n".replace("HOW", "How it is used:")


@pytest.mark.parametrize(
    ("error", "command", "status", "said"),
    [
        (NotFoundError("Nothing is called x.", "Try jobs."), "jobs", 1, "roar-tui: Nothing is called x.\n  Try jobs.\n"),
        (AmbiguousError("Two.", ["feed01 job", "feed02 x"]), "jobs", 1, "roar-tui: Two.\n  feed01 job\n  feed02 x\n"),
        (StoreError("Cannot read it."), "jobs", 3, "roar-tui: Cannot read it.\n"),
        (StoreError("Cannot write it."), "run", 125, "roar-tui: Cannot write it.\n"),
        (RecordingError("No."), "run", 125, "roar-tui: No.\n"),
        (CannotStartError("x: command not found", 127), "run", 127, "roar-tui: x: command not found\n"),
        (CannotStartError("x: Permission denied", 126), "run", 126, "roar-tui: x: Permission denied\n"),
        (ZeroDivisionError("oops\x1b[31m"), "jobs", 70, "roar-tui: Internal error: ZeroDivisionError: oops\\x1b[31m\n"),
        (ZeroDivisionError("oops"), "run", 125, "roar-tui: Internal error: ZeroDivisionError: oops\n"),
    ],
)
def test_every_error_is_a_sentence_and_a_status(
    monkeypatch: pytest.MonkeyPatch, error: Exception, command: str, status: int, said: str
) -> None:
    import click

    def failing() -> None:
        raise error

    module = SimpleNamespace(command=click.Command(command, callback=failing))
    monkeypatch.setattr(app, "import_module", lambda name: module)
    result = CliRunner().invoke(main, [command])
    assert result.exit_code == status
    assert result.stderr.startswith(said)
    assert "Traceback" not in result.stderr


def test_debug_adds_the_traceback(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file")
    environ = {**os.environ, "ROAR_TUI_DEBUG": "1"}
    command = [*ROAR, "--store", str(tmp_path / "store"), "jobs"]
    done = subprocess.run(command, capture_output=True, text=True, env=environ, check=False)
    assert done.returncode == 3
    assert "Traceback" in done.stderr


def test_a_store_that_is_a_file_is_3(run: Run, tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file")
    result = run("jobs", "--json", store=tmp_path / "store")
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith("roar-tui: ")


def test_a_store_without_permission_is_3(tmp_path: Path) -> None:
    build_store(tmp_path / "store", [single(["true"])])
    (tmp_path / "store").chmod(0)
    command = [sys.executable, "-c", WITHOUT_PRIVILEGE, *ROAR, "--store", str(tmp_path / "store"), "jobs"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    (tmp_path / "store").chmod(0o700)
    assert done.returncode == 3
    assert done.stdout == ""
    assert "ermission" in done.stderr


def test_a_removed_working_directory_is_no_reason_to_fail(root: Path, tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    script = 'cd "$1" && rmdir "$1" && shift && exec "$@"'
    command = ["bash", "-c", script, "bash", str(tmp_path / "gone"), *ROAR, "--store", str(root)]
    for asked in (["jobs"], ["show", "training"], ["upstream", "/p/model.pt"]):
        done = subprocess.run([*command, *asked], capture_output=True, text=True, cwd=tmp_path, check=False, env=ABSOLUTE)
        assert done.returncode == 0, done.stderr
        (tmp_path / "gone").mkdir()


def test_a_damaged_record_is_said_once_and_costs_nothing_else(run: Run, tmp_path: Path) -> None:
    store = build_store(tmp_path, [single(["true"]), single(["false"], started=T0 + 1)], sync=False)
    victim = next(store.archive.files())
    (store.archive.records / victim).write_bytes(b"nonsense")
    result = run("jobs", "--json", store=tmp_path)
    assert len(document(result)) == 1
    assert result.stderr.count("damaged") == 1
    again = run("jobs", "--json", store=tmp_path)
    assert len(document(again)) == 1
    assert document(run("store", "info", "--json", store=tmp_path))["damaged"][0]["record"] == victim


@pytest.mark.parametrize("where", ["before", "after", "environment"])
def test_the_store_may_be_named_before_or_after_the_command_or_in_the_environment(root: Path, where: str) -> None:
    arguments = {"before": ["--store", str(root), "jobs", "--json"], "after": ["jobs", "--json", "--store", str(root)]}
    environ = {"ROAR_TUI_STORE": str(root)} if where == "environment" else {}
    result = CliRunner().invoke(main, arguments.get(where, ["jobs", "--json"]), env=environ)
    assert len(document(result)) == 7


def test_the_option_after_the_command_wins(root: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["--store", str(tmp_path), "jobs", "--json", "--store", str(root)])
    assert len(document(result)) == 7


def test_without_a_terminal_the_bare_command_prints_the_jobs(root: Path) -> None:
    done = subprocess.run([*ROAR, "--store", str(root)], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 0
    assert "train.py --lr 0.2" in done.stdout
    assert "\x1b" not in done.stdout
    assert done.stdout == subprocess.run([*ROAR, "--store", str(root), "jobs"], capture_output=True, text=True, check=True).stdout


def test_head_ends_a_list_quietly(tmp_path: Path) -> None:
    build_store(tmp_path, [single(["true", "x" * 500, str(number)], started=T0 + number) for number in range(400)])
    done = subprocess.run(
        ["bash", "-c", '"$@" | head -1; exit ${PIPESTATUS[0]}', "bash", *ROAR, "--store", str(tmp_path), "jobs"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""
    assert done.returncode == 141


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_reason_to_fail(root: Path, closed: str) -> None:
    for command in (["jobs"], [], ["show", "training"], ["jobs", "--json"]):
        line = ["bash", "-c", f'"$@" {closed}', "bash", *ROAR, "--store", str(root), *command]
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "roar-tui:" not in done.stderr
    assert len(document(CliRunner().invoke(main, ["--store", str(root), "jobs", "--json"]))) == 7


def test_help_into_a_closed_pipe_is_quiet() -> None:
    line = ["bash", "-c", '("$@"; echo "status $?" >&2) | true', "bash", *ROAR, "--help"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.stderr.startswith("status ")


def test_a_full_disk_behind_stdout_is_a_sentence(root: Path) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run([*ROAR, "--store", str(root), "jobs"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode != 0
    assert done.stderr.count("\n") <= 2
    assert "No space left" in done.stderr


def test_a_broken_index_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    import sqlite3

    import click

    def failing() -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(app, "import_module", lambda name: SimpleNamespace(command=click.Command("jobs", callback=failing)))
    result = CliRunner().invoke(main, ["jobs"])
    assert result.exit_code == 3
    assert "disk I/O error" in result.stderr
    assert "store rebuild" in result.stderr


def test_ctrl_c_ends_with_130_and_no_traceback(tmp_path: Path) -> None:
    program = (
        "import time, click, roar_tui.cli.app as app\n"
        "def slow(): print('ready', flush=True); time.sleep(60)\n"
        "app.App.get_command = lambda *_: click.Command('jobs', callback=slow)\n"
        "app.main(['jobs'])\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert said.strip() == ""
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("environ", [{"LC_ALL": "C", "PYTHONUTF8": "0"}, {"PYTHONIOENCODING": "latin-1"}, {"LC_ALL": "C.UTF-8"}])
def test_any_name_can_be_printed_in_any_locale(root: Path, environ: dict[str, str]) -> None:
    for command in ("jobs", "artifacts"):
        line = [*ROAR, "--store", str(root), command]
        done = subprocess.run(line, capture_output=True, env={**os.environ, **environ}, check=False)
        assert done.returncode == 0, done.stderr
        assert b"\x1b" not in done.stdout


def test_json_goes_to_stdout_and_everything_else_to_stderr(run: Run, tmp_path: Path) -> None:
    result = run("store", "rebuild", "--json", store=tmp_path / "none")
    assert json.loads(result.stdout)["jobs"] == 0
    assert result.stderr != ""


def test_a_dumb_terminal_gets_the_jobs_as_a_list(root: Path) -> None:
    status, shown = in_terminal(["--store", str(root)], TERM="dumb")
    assert status == 0
    assert "train.py --lr 0.2" in shown
    assert "\x1b" not in shown


def test_in_a_terminal_the_bare_command_opens_the_explorer(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from roar_tui import explore
    from roar_tui.cli import home

    opened: list[Path] = []
    monkeypatch.setattr(home, "on_terminal", lambda: True)
    monkeypatch.setattr(explore, "explore", lambda root: opened.append(root) or 0)
    assert CliRunner().invoke(main, ["--store", str(root)]).exit_code == 0
    assert opened == [root]
