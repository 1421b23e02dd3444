"""Real paths and birth times of a live file system, asked while a job changes it."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from roar_tui.record.clock import CLOCK
from roar_tui.record.world import LiveWorld, birth


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "d" / "e").mkdir(parents=True)
    (tmp_path / "d" / "a").write_text("a")
    (tmp_path / "link").symlink_to("d")
    (tmp_path / "d" / "l").symlink_to("a")
    return Path(os.path.realpath(tmp_path))


@pytest.mark.parametrize(
    ("path", "followed", "itself"),
    [
        ("d/a", "d/a", "d/a"),
        ("link/a", "d/a", "d/a"),
        ("link/l", "d/a", "d/l"),
        ("link", "d", "link"),
        ("link/../d/./a", "d/a", "d/a"),
        ("d/e/../a", "d/a", "d/a"),
        ("d//a", "d/a", "d/a"),
        ("d/gone/x", "d/gone/x", "d/gone/x"),
        ("link/.", "d", "d"),
        ("link/e/..", "d", "d"),
    ],
)
def test_real_paths(root: Path, path: str, followed: str, itself: str) -> None:
    world = LiveWorld()
    for _ in range(2):  # asked, and remembered
        assert world.real(f"{root}/{path}", follow=True) == str(root / followed)
        assert world.real(f"{root}/{path}", follow=False) == str(root / itself)


def test_the_root(root: Path) -> None:
    assert LiveWorld().real("/", follow=True) == "/"
    assert LiveWorld().real("/nowhere", follow=False) == "/nowhere"


def test_a_link_that_was_turned_is_seen_once_that_is_said(root: Path) -> None:
    world = LiveWorld()
    assert world.real(f"{root}/link/a", follow=False) == f"{root}/d/a"
    (root / "link").unlink()
    (root / "link").symlink_to("d/e")
    world.rewired()
    assert world.real(f"{root}/link/a", follow=False) == f"{root}/d/e/a"


def test_names_of_any_bytes(root: Path) -> None:
    name = os.fsdecode(b"\xff\n<unfinished ...>")
    (root / name).write_text("x")
    assert LiveWorld().real(f"{root}/link/../{name}", follow=True) == f"{root}/{name}"


def test_when_a_file_was_made(root: Path) -> None:
    before = time.time_ns() // 1000
    (root / "new").write_text("x")
    after = time.time_ns() // 1000
    born = birth(str(root / "new"))
    if born is None:
        pytest.skip("this file system does not keep it")
    assert before - 20_000 <= born <= after
    time.sleep(0.03)
    (root / "new").write_text("y")
    assert birth(str(root / "new")) == born
    assert LiveWorld().born(str(root / "gone")) is None


def test_a_new_file_looks_new_even_when_the_clock_of_file_times_is_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CLOCK, "lag", 20_000)
    opened = time.time_ns() // 1000
    path = tmp_path / "new"
    path.write_text("")
    stamped, made = birth(str(path)), LiveWorld().born(str(path))
    if stamped is None or made is None:
        pytest.skip("this file system keeps no birth times")
    assert made == stamped + 40_000
    assert made >= opened
