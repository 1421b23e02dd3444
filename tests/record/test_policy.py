"""What is kept of an access, under which path, and which argument is a script."""

from __future__ import annotations

from pathlib import Path

import pytest

from roar_tui.record.model import Role
from roar_tui.record.policy import AccessPolicy, script_of
from roar_tui.record.roles import Roles


@pytest.mark.parametrize(
    ("argv", "script"),
    [
        (["bash", "job"], "job"),
        (["bash", "-e", "job", "x"], "job"),
        (["sh", "-c", "echo"], None),
        (["bash", "-ec", "echo"], None),
        (["python3.11", "-u", "train", "--lr", "1"], "train"),
        (["python3", "-m", "package"], None),
        (["perl", "-ne", "print"], None),
        (["python3", "-", "data.txt"], None),
        (["bash", "-", "job"], "job"),
        (["/opt/x/bin/Rscript", "model"], "model"),
        (["cat", "job"], None),
        ([], None),
    ],
)
def test_the_script_of_an_interpreter(argv: list[str], script: str | None) -> None:
    assert script_of(argv) == script


@pytest.fixture
def policy(tmp_path: Path) -> AccessPolicy:
    return AccessPolicy(Roles(home=str(tmp_path / "home"), projects=[str(tmp_path)]))


def test_a_script_without_a_suffix_is_code(policy: AccessPolicy, tmp_path: Path) -> None:
    policy.named(["bash", "job"], str(tmp_path))
    path = str(tmp_path / "job")
    assert policy.role(path, executed=False, generated=False, made_by_job=False, size=3) is Role.CODE
    assert policy.role(str(tmp_path / "raw"), executed=False, generated=False, made_by_job=False, size=3) is Role.DATA


def test_bytecode_stands_for_its_source(policy: AccessPolicy, tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("")
    cached = str(tmp_path / "__pycache__" / "m.cpython-311.pyc")
    assert policy.read(cached) == str(tmp_path / "m.py")
    assert policy.written(cached + ".140") is None
    orphan = str(tmp_path / "__pycache__" / "gone.cpython-311.pyc")
    assert policy.read(orphan) == orphan


def test_what_is_left_out_is_counted_once(policy: AccessPolicy) -> None:
    for _ in range(3):
        assert policy.read("/usr/lib/libc.so.6") is None
        assert policy.executed("/usr/bin/true") is None
    assert [(entry.rule, entry.count) for entry in policy.left_out()] == [("system", 2)]
    assert policy.environment == {"/usr/lib/libc.so.6"}


def test_what_the_job_made_in_a_system_place_is_kept_when_it_is_read_back(policy: AccessPolicy) -> None:
    path = "/usr/local/share/made"
    assert policy.read(path) is None
    assert policy.written(path) == path
    assert policy.read(path) == path


def test_a_system_file_that_an_argument_names_is_an_input(policy: AccessPolicy) -> None:
    policy.read("/etc/passwd")
    policy.named(["sort", "/etc/passwd"], "/")
    assert policy.read("/etc/passwd") == "/etc/passwd"
    assert policy.read("/etc/group") is None
