"""`store` and `doctor`: what the store holds, and whether this machine can record."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from roar_tui.cli.checks.model import Outcome
from roar_tui.cli.checks.places import check_store, check_terminal
from roar_tui.cli.checks.tracing import check_permission, check_strace
from tests.cli.conftest import Run, document
from tracer.command import Strace, tracer_of_this_process


def test_store_info_counts(run: Run, root: Path) -> None:
    info = document(run("store", "info", "--json"))
    assert (info["path"], info["jobs"], info["damaged"]) == (str(root), 7, [])
    assert info["record_bytes"] > 0
    assert "7" in run("store", "info").stdout


def test_the_store_may_be_named_anywhere(run: Run, root: Path) -> None:
    for args in (["store", "--store", str(root), "info", "--json"], ["store", "info", "--json", "--store", str(root)]):
        assert document(run(*args, store=None))["jobs"] == 7


def test_rebuild_gives_the_same_index(run: Run) -> None:
    before = document(run("jobs", "--json"))
    document(run("store", "rebuild", "--json"))
    assert document(run("jobs", "--json")) == before


def test_an_index_of_garbage_is_made_anew(run: Run) -> None:
    before = document(run("jobs", "--json"))
    Path(document(run("store", "info", "--json"))["index"]).write_bytes(b"garbage" * 1000)
    assert document(run("jobs", "--json")) == before


def test_the_doctor_traces_for_real(run: Run, strace: str, tmp_path: Path) -> None:
    result = run("doctor", "--json", store=tmp_path)
    found = document(result)
    assert found["can_trace"] is True
    checks = {check["name"]: check for check in found["checks"]}
    assert {"strace", "permission", "store", "index", "spool", "terminal", "python"} <= checks.keys()
    assert all(set(check) == {"name", "status", "message", "hint"} for check in found["checks"])
    assert checks["permission"]["status"] == "ok"


def test_without_strace_the_doctor_says_how_to_get_it(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ROAR_TUI_STRACE", str(tmp_path / "none"))
    result = run("doctor")
    assert result.exit_code == 1
    assert "conda-forge" in result.stdout
    assert "cannot record" in result.stdout
    as_json = run("doctor", "--json")
    assert as_json.exit_code == 1
    assert '"can_trace": false' in as_json.stdout


def test_a_strace_that_may_not_trace_fails_the_check(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    forbidden = tmp_path / "strace"
    forbidden.write_text(
        "#!/bin/sh\n"
        'if [ "$1" = -V ]; then echo "strace -- version 6.1"; exit; fi\n'
        'echo "strace: PTRACE_TRACEME: Operation not permitted" >&2; exit 1\n'
    )
    forbidden.chmod(0o755)
    monkeypatch.setenv("ROAR_TUI_STRACE", str(forbidden))
    result = run("doctor")
    assert result.exit_code == 1
    assert "Operation not permitted" in result.stdout
    assert "SYS_PTRACE" in result.stdout


def test_inside_another_trace_the_doctor_says_so(strace: str, tmp_path: Path) -> None:
    import subprocess
    import sys

    outer = [strace, "-f", "-o", os.devnull, sys.executable, "-m", "roar_tui", "doctor"]
    done = subprocess.run(outer, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "itself traced" in done.stdout


@pytest.mark.parametrize(
    ("version", "status"), [((6, 1), Outcome.OK), ((5, 6), Outcome.OK), ((5, 5), Outcome.WARN), ((4, 24), Outcome.WARN)]
)
def test_an_old_strace_is_a_warning(version: tuple[int, int], status: Outcome) -> None:
    assert check_strace(Strace("/usr/bin/strace", version)).status is status


@pytest.mark.parametrize(
    ("failure", "scope", "status", "said"),
    [
        (None, 1, Outcome.OK, "Tracing works"),
        (None, 3, Outcome.OK, "Tracing works"),
        ("not permitted", 3, Outcome.FAIL, "ptrace_scope is 3"),
        ("not permitted", None, Outcome.FAIL, "not permitted"),
    ],
)
def test_what_stands_in_the_way_is_named(failure: str | None, scope: int | None, status: Outcome, said: str) -> None:
    check = check_permission(failure, scope)
    assert check.status is status
    assert said in check.message


def test_the_tracer_of_a_process_is_read_from_its_status() -> None:
    assert tracer_of_this_process("Name:\tx\nTracerPid:\t42\n") == 42
    assert tracer_of_this_process("Name:\tx\nTracerPid:\t0\n") == 0
    assert tracer_of_this_process("nothing") == 0


def test_a_store_below_a_file_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert check_store(tmp_path / "file" / "store").status is Outcome.FAIL
    assert check_store(tmp_path / "store").status is not Outcome.FAIL
    assert not (tmp_path / "store").exists()


def test_a_store_that_cannot_be_made_is_3(run: Run, strace: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert run("doctor", store=tmp_path / "file").exit_code == 3


def test_without_a_terminal_nothing_is_wrong_with_it() -> None:
    assert check_terminal({"TERM": "dumb"}).status is Outcome.OK
