"""Which file a command names, as a shell finds it, and what its exit status is when there is none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from roar_tui.record.launcher import CannotStartError, locate, untraceable


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    programs, texts = ("one/x", "two/x", "two/data", "here"), ("one/data", "one/text")
    for name, mode in [*((name, 0o755) for name in programs), *((name, 0o644) for name in texts)]:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(mode)
    (tmp_path / "two" / "dir").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("command", "path", "found"),
    [
        ("x", "{}/one:{}/two", "{}/one/x"),
        ("x", "{}/none:{}/two", "{}/two/x"),
        ("data", "{}/one:{}/two", "{}/two/data"),
        ("./here", "", "./here"),
        ("one/x", "/nowhere", "one/x"),
        ("here", "/nowhere:", "./here"),
        ("here", "", "./here"),
    ],
)
def test_found(root: Path, command: str, path: str, found: str) -> None:
    assert locate(command, path.format(root, root)) == found.format(root)


@pytest.mark.parametrize(
    ("command", "status"), [("none", 127), ("./none", 127), ("dir", 127), ("two/dir", 126), ("text", 126), ("one/text", 126)]
)
def test_not_found(root: Path, command: str, status: int) -> None:
    with pytest.raises(CannotStartError) as caught:
        locate(command, f"{root}/one:{root}/two")
    assert caught.value.exit_status == status


def test_without_a_path_the_systems_programs_are_found() -> None:
    assert os.access(locate("sh", None), os.X_OK)


def test_what_would_lose_its_privilege_is_not_traced(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "here").chmod(0o4755)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "setuid" in (untraceable(str(root / "here")) or "")
    assert untraceable(str(root / "one/x")) is None
    assert untraceable(str(root / "none")) is None
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert untraceable(str(root / "here")) is None
