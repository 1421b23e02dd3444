from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from roar_tui.record.context import git, owners
from roar_tui.record.context.gather import FINISH_SECONDS, start
from roar_tui.record.model import Record, State, decode, digest, encode
from roar_tui.record.redaction import REDACTED, key_id

KEY = bytes(range(32))


@pytest.fixture(autouse=True)
def _own_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "API_KEY": "abc", "SEED": "7"}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    place = tmp_path / "repo"
    place.mkdir()
    (place / "a.txt").write_text("one\n")
    settings = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "first"]):
        subprocess.run(["git", *settings, *arguments], cwd=place, check=True)
    (place / "a.txt").write_text("two\n")
    return place


def test_everything_is_gathered_and_fits_into_a_record(repo: Path, env: dict[str, str]) -> None:
    pending = start(str(repo), env, KEY)
    found = pending.finish([str(sys.modules["pytest"].__file__)], [sys.executable], [f"{repo}/runs/events.out.tfevents.1.h"])
    assert found.warnings == []
    assert found.git is not None
    assert found.git.dirty is True
    assert found.git.patch is not None
    assert digest(found.blobs[found.git.patch]) == found.git.patch
    environment = found.environment
    assert environment.variables["API_KEY"] == REDACTED
    assert environment.variables["SEED"] == "7"
    assert list(environment.secrets) == ["$API_KEY"]
    assert environment.key == key_id(KEY)
    assert environment.python == ".".join(map(str, sys.version_info[:3]))
    assert "pytest" in {package.name for package in environment.packages}
    assert environment.host["memory"] > 0
    assert [tracker.kind for tracker in found.trackers] == ["tensorboard"]
    record = Record(1, "r", State.COMPLETE, ["x"], "/", 0, "h", "u", "0", git=found.git, environment=environment)
    assert decode(encode(record)) == record


def test_the_key_is_the_users_own_when_none_is_given(tmp_path: Path, env: dict[str, str]) -> None:
    one, other = (start(str(tmp_path), env).finish([], []).environment for _ in range(2))
    assert one.key == other.key
    assert one.secrets == other.secrets
    assert (tmp_path / "config" / "roar-tui" / "redaction.key").exists()


def test_a_directory_without_git_and_one_that_is_gone(tmp_path: Path, env: dict[str, str]) -> None:
    assert start(str(tmp_path), env, KEY).finish([], []).git is None
    assert start("/gone/\udcff\0", env, KEY).finish(["/x\0"], ["\udcff"], ["\n"]).git is None


def test_a_part_that_fails_is_a_warning(env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError("token=abcdef")

    monkeypatch.setattr(owners, "packages", broken)
    found = start(str(tmp_path), env, KEY).finish([], [sys.executable])
    assert [(warning.code, warning.message) for warning in found.warnings] == [
        ("context", "the list of system packages could not be gathered: token=<redacted>")
    ]
    assert found.environment.python is not None


def test_finish_does_not_wait_for_what_is_slow(repo: Path, env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("roar_tui.record.context.gather.FINISH_SECONDS", 0.3)
    monkeypatch.setattr(git, "inspect", lambda *_: time.sleep(2))
    begin = time.monotonic()
    found = start(str(repo), env, KEY).finish([], [])
    assert time.monotonic() - begin < FINISH_SECONDS / 2
    assert "the git repository was not ready in time" in {warning.message for warning in found.warnings}


def test_starting_is_cheap(repo: Path, env: dict[str, str]) -> None:
    begin = time.monotonic()
    pending = start(str(repo), env, KEY)
    assert time.monotonic() - begin < 0.25
    pending.finish([], [])
