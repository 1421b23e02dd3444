from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

import pytest

from roar_tui.record.context.command import CommandError, output
from roar_tui.record.context.git import GitState, inspect, read_head
from roar_tui.record.model import digest

NOBODY = 12345


def git(repo: Path, *arguments: str) -> str:
    settings = [
        "-c",
        "user.name=t",
        "-c",
        "user.email=t@example.org",
        "-c",
        "init.defaultBranch=main",
        "-c",
        "commit.gpgsign=false",
    ]
    settings += ["-c", "protocol.file.allow=always"]
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(["git", *settings, *arguments], cwd=repo, env=env, check=True, capture_output=True)
    return os.fsdecode(done.stdout).strip()


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    home = tmp_path / "home"
    home.mkdir()
    return {"PATH": os.environ["PATH"], "HOME": str(home), "GIT_DIR": "/misleading", "GIT_INDEX_FILE": "/misleading"}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    place = tmp_path / "repo"
    place.mkdir()
    git(place, "init", "-q")
    (place / "a.txt").write_text("one\n")
    git(place, "add", ".")
    git(place, "commit", "-q", "-m", "first")
    return place


def state(cwd: Path, env: dict[str, str]) -> GitState:
    head = read_head(str(cwd))
    assert head is not None
    return inspect(head, env, threading.Event())


def fingerprint(repo: Path) -> dict[str, tuple[int, int, bytes]]:
    files = [path for path in (repo / ".git").rglob("*") if path.is_file()]
    return {str(path): (path.stat().st_mtime_ns, path.stat().st_ino, path.read_bytes()) for path in files}


def test_no_repository(tmp_path: Path) -> None:
    assert read_head(str(tmp_path)) is None


def test_a_clean_repository(repo: Path, env: dict[str, str]) -> None:
    (repo / "sub").mkdir()
    found = state(repo / "sub", env)
    assert found.git is not None
    assert (found.git.root, found.git.commit, found.git.branch) == (str(repo), git(repo, "rev-parse", "HEAD"), "main")
    assert (found.git.dirty, found.git.patch, found.git.remote, found.patch, found.warnings) == (False, None, None, None, [])


def test_uncommitted_changes_are_kept_as_a_patch_that_applies(repo: Path, env: dict[str, str]) -> None:
    (repo / "a.txt").write_text("two\n")
    (repo / "staged\n\udcff.txt").write_text("new\n")
    git(repo, "add", "staged\n\udcff.txt")
    found = state(repo, env)
    assert found.git is not None
    assert found.git.dirty is True
    assert found.patch is not None
    assert found.git.patch == digest(found.patch)
    git(repo, "reset", "-q", "--hard")
    (repo / "patch").write_bytes(found.patch)
    git(repo, "apply", "patch")
    assert (repo / "a.txt").read_text() == "two\n"
    assert (repo / "staged\n\udcff.txt").read_text() == "new\n"


def test_untracked_files_do_not_make_it_dirty(repo: Path, env: dict[str, str]) -> None:
    (repo / "model.pt").write_text("weights")
    assert state(repo, env).git.dirty is False  # type: ignore[union-attr]


def test_the_repository_is_not_changed_even_when_its_index_is_stale(repo: Path, env: dict[str, str]) -> None:
    os.utime(repo / "a.txt", (1, 1))  # same content, other mtime: git would like to refresh its index
    before = fingerprint(repo)
    assert state(repo, env).git.dirty is False  # type: ignore[union-attr]
    assert fingerprint(repo) == before


def test_a_change_within_the_mtime_of_the_index_is_seen(repo: Path, env: dict[str, str]) -> None:
    index = (repo / ".git" / "index").stat()
    (repo / "a.txt").write_text("two\n")  # as long as before
    os.utime(repo / "a.txt", ns=(index.st_mtime_ns, index.st_mtime_ns))
    assert state(repo, env).git.dirty is True  # type: ignore[union-attr]


def test_a_branch_without_a_commit(tmp_path: Path, env: dict[str, str]) -> None:
    git(tmp_path, "init", "-q")
    found = state(tmp_path, env).git
    assert found is not None
    assert (found.commit, found.branch, found.dirty) == (None, "main", False)
    (tmp_path / "a").write_text("x")
    git(tmp_path, "add", "a")
    assert state(tmp_path, env).git.dirty is True  # type: ignore[union-attr]


def test_a_detached_head(repo: Path, env: dict[str, str]) -> None:
    commit = git(repo, "rev-parse", "HEAD")
    git(repo, "checkout", "-q", commit)
    found = state(repo, env).git
    assert found is not None
    assert (found.commit, found.branch) == (commit, None)


def test_packed_refs_and_branches_with_slashes(repo: Path, env: dict[str, str]) -> None:
    git(repo, "checkout", "-q", "-b", "feature/ü+x")
    git(repo, "pack-refs", "--all")
    found = state(repo, env).git
    assert found is not None
    assert (found.commit, found.branch) == (git(repo, "rev-parse", "HEAD"), "feature/ü+x")


def test_a_linked_worktree(repo: Path, tmp_path: Path, env: dict[str, str]) -> None:
    tree = tmp_path / "tree\nwith newline"
    git(repo, "worktree", "add", "-q", "-b", "other", str(tree))
    (tree / "a.txt").write_text("two\n")
    found = state(tree, env).git
    assert found is not None
    assert (found.root, found.commit, found.branch, found.dirty) == (str(tree), git(repo, "rev-parse", "HEAD"), "other", True)
    assert state(repo, env).git.dirty is False  # type: ignore[union-attr]


def test_a_submodule_is_a_repository_of_its_own(repo: Path, tmp_path: Path, env: dict[str, str]) -> None:
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init", "-q")
    git(outer, "submodule", "add", "-q", str(repo), "inner")
    git(outer, "commit", "-q", "-m", "with submodule")
    assert state(outer / "inner", env).git.root == str(outer / "inner")  # type: ignore[union-attr]
    assert state(outer / "inner", env).git.dirty is False  # type: ignore[union-attr]
    (outer / "inner" / "a.txt").write_text("two\n")
    assert state(outer / "inner", env).git.dirty is True  # type: ignore[union-attr]
    assert state(outer, env).git.dirty is True  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("git@github.com:org/repo.git", "git@github.com:org/repo.git"),
        ("https://ada:pw@example.org/repo", "https://example.org/repo"),
        ("https://0123456789abcdef0123@example.org/repo", "https://example.org/repo"),
        ("ssh://ada:pw@example.org/repo", "ssh://ada:<redacted>@example.org/repo"),
    ],
)
def test_the_remote_is_known_without_credentials(repo: Path, env: dict[str, str], url: str, shown: str) -> None:
    git(repo, "remote", "add", "origin", url)
    assert state(repo, env).git.remote == shown  # type: ignore[union-attr]


def test_the_remote_is_the_one_that_the_branch_follows(repo: Path, env: dict[str, str]) -> None:
    git(repo, "remote", "add", "fork", "https://example.org/fork")
    assert state(repo, env).git.remote == "https://example.org/fork"  # type: ignore[union-attr]
    git(repo, "remote", "add", "origin", "https://example.org/origin")
    assert state(repo, env).git.remote == "https://example.org/origin"  # type: ignore[union-attr]
    git(repo, "config", "branch.main.remote", "fork")
    assert state(repo, env).git.remote == "https://example.org/fork"  # type: ignore[union-attr]


def test_a_patch_with_a_secret_is_not_kept(repo: Path, env: dict[str, str]) -> None:
    (repo / "a.txt").write_text('password = "hunter2!"\n')
    found = state(repo, env)
    assert found.git is not None
    assert (found.git.dirty, found.git.patch, found.patch) == (True, None, None)
    assert [warning.code for warning in found.warnings] == ["patch_secret"]


def test_a_huge_patch_is_not_kept(repo: Path, env: dict[str, str]) -> None:
    (repo / "a.txt").write_text("line of text\n" * 200_000)
    found = state(repo, env)
    assert found.git is not None
    assert (found.git.dirty, found.patch) == (True, None)
    assert [warning.code for warning in found.warnings] == ["patch_large"]


def test_without_git_the_warning_says_so(repo: Path, tmp_path: Path) -> None:
    found = state(repo, {"PATH": str(tmp_path / "nothing")})
    assert found.git is None
    assert [warning.code for warning in found.warnings] == ["git_missing"]


def test_a_cancelled_or_late_git_leaves_dirty_unknown(repo: Path, env: dict[str, str]) -> None:
    head = read_head(str(repo))
    assert head is not None
    cancel = threading.Event()
    cancel.set()
    found = inspect(head, env, cancel)
    assert found.git is not None
    assert (found.git.commit, found.git.dirty) == (head.commit, None)
    assert [warning.code for warning in found.warnings] == ["git"]


def test_a_commit_made_after_the_start_is_not_taken_for_the_one_at_the_start(repo: Path, env: dict[str, str]) -> None:
    head = read_head(str(repo))
    assert head is not None
    (repo / "a.txt").write_text("two\n")
    git(repo, "commit", "-q", "-a", "-m", "by the job")
    found = inspect(head, env, threading.Event()).git
    assert found is not None
    assert (found.commit, found.dirty) == (head.commit, True)


@pytest.mark.parametrize("damage", ["HEAD", "refs", "objects", "index", "config"])
def test_a_damaged_repository_gives_no_false_statement(repo: Path, env: dict[str, str], damage: str) -> None:
    place = repo / ".git" / damage
    if place.is_dir():
        subprocess.run(["rm", "-rf", str(place)], check=True)
        place.mkdir()
    else:
        place.write_bytes(b"\xff\0nonsense")
    head = read_head(str(repo))
    assert head is not None
    found = inspect(head, env, threading.Event())
    assert found.git is not None
    assert found.git.dirty is not False or found.git.commit is None


def test_diff_drivers_and_monitors_are_not_run(repo: Path, env: dict[str, str], tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    script = tmp_path / "evil"
    script.write_text(f"#!/bin/sh\ntouch '{ran}'\n")
    script.chmod(0o755)
    for key in ("core.fsmonitor", "diff.external", "diff.x.command", "diff.x.textconv", "core.pager"):
        git(repo, "config", key, str(script))
    (repo / ".gitattributes").write_text("* diff=x\n")
    (repo / "a.txt").write_text("two\n")
    assert state(repo, env).git.dirty is True  # type: ignore[union-attr]
    assert not ran.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_in_somebody_elses_repository_nothing_of_its_configuration_is_run(repo: Path, env: dict[str, str], tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    git(repo, "config", "filter.evil.clean", f"touch '{ran}'; cat")
    git(repo, "config", "core.filemode", "false")
    git(repo, "remote", "add", "origin", "https://example.org/x")
    (repo / ".gitattributes").write_text("* filter=evil\n")
    for path in (repo, *repo.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    (repo / "a.txt").chmod(0o755)
    clean = state(repo, env)
    assert clean.git is not None
    assert (clean.git.dirty, clean.git.branch, clean.git.remote) == (False, "main", "https://example.org/x")
    (repo / "a.txt").write_text("two\n")
    dirty = state(repo, env)
    assert dirty.git is not None
    assert dirty.git.dirty is True
    assert dirty.patch is not None
    assert b"+two" in dirty.patch
    assert not ran.exists()


def test_a_repository_with_sha256(tmp_path: Path, env: dict[str, str]) -> None:
    git(tmp_path, "init", "-q", "--object-format=sha256")
    (tmp_path / "a").write_text("x\n")
    git(tmp_path, "add", "a")
    git(tmp_path, "commit", "-q", "-m", "x")
    found = state(tmp_path, env).git
    assert found is not None
    assert (found.commit, found.dirty) == (git(tmp_path, "rev-parse", "HEAD"), False)


def test_output_is_bounded_in_time_and_size() -> None:
    here = {"PATH": os.environ["PATH"]}
    assert output(["yes"], "/", here, threading.Event(), seconds=5, limit=10) == b"y\ny\ny\ny\ny\ny"
    with pytest.raises(CommandError, match="longer"):
        output(["sleep", "5"], "/", here, threading.Event(), seconds=0.1, limit=10)
    with pytest.raises(CommandError, match="cannot be started"):
        output(["/nonexistent"], "/", here, threading.Event(), seconds=1, limit=10)
    with pytest.raises(CommandError, match="no such"):
        output(["sh", "-c", "echo no such thing >&2; exit 3"], "/", here, threading.Event(), seconds=5, limit=10)
