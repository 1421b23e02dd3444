"""The git repository around a job's directory: commit, branch, remote, and what was changed and not committed.

Nothing is written to the repository: git works on a copy of the index (`git diff` refreshes it, GIT_OPTIONAL_LOCKS or not). And
nothing of it is executed unless it is the user's own: in a repository that someone else owns, a configured filter or fsmonitor
would run as the user (CVE-2022-24765), so there git gets a directory of ours that only borrows the objects.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from roar_tui.record.context.command import CommandError, output
from roar_tui.record.model import Git, digest
from roar_tui.record.model import Warning as RecordWarning
from roar_tui.record.redaction import redact_text
from roar_tui.record.roles import git_root
from roar_tui.record.secret_patterns import has_secret

PATCH_LIMIT: Final = 1024 * 1024  # bytes; a larger patch is data that somebody keeps in git
DIFF_SECONDS: Final = 60.0
_CONFIG_SECONDS: Final = 5.0
_CONFIG_KEYS: Final = r"^(remote\..*\.url|branch\..*\.remote|core\.[a-z]+|extensions\.objectformat)$"
_HARMLESS: Final = re.compile(  # what changes how files are compared, and nothing more
    r"(core\.(filemode|autocrlf|eol|symlinks|ignorecase|precomposeunicode|trustctime|checkstat|repositoryformatversion)"
    r"|extensions\.objectformat)"
)
_SETTINGS: Final = {
    "core.fsmonitor": "false",
    "core.untrackedCache": "false",
    "core.hooksPath": os.devnull,
    "core.quotePath": "true",
    "diff.noprefix": "false",
    "diff.mnemonicPrefix": "false",
}
_OBJECT_ID: Final = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


@dataclass(frozen=True)
class Head:
    """What HEAD said when the job started, read without running anything."""

    root: str
    git_dir: str
    common_dir: str
    commit: str | None
    branch: str | None
    readable: bool = True  # False: refs are kept in a way that only git itself can read


@dataclass(frozen=True)
class GitState:
    """The repository for the record, the dirty patch's bytes if there is one to keep, and what could not be told."""

    git: Git | None
    patch: bytes | None = None
    warnings: list[RecordWarning] = field(default_factory=list)


def read_head(cwd: str) -> Head | None:
    """HEAD of the repository around `cwd`, from its files (well below a millisecond); None outside of one."""
    root = git_root(cwd)
    if root is None:
        return None
    git_dir = os.path.join(root, ".git")
    if os.path.isfile(git_dir):  # a linked worktree or a submodule
        link = _text(git_dir)
        if not link.startswith("gitdir:"):
            return None
        git_dir = os.path.normpath(os.path.join(root, link.removeprefix("gitdir:").strip("\n").lstrip(" ")))
    common = _text(os.path.join(git_dir, "commondir")).strip("\n")
    common_dir = os.path.normpath(os.path.join(git_dir, common)) if common else git_dir
    head = _text(os.path.join(git_dir, "HEAD")).strip("\n")
    if not head:
        return None
    if not head.startswith("ref:"):
        return Head(root, git_dir, common_dir, head if _OBJECT_ID.fullmatch(head) else None, None)
    ref = head.removeprefix("ref:").strip()
    readable = not ref.endswith("/.invalid") and not os.path.isdir(os.path.join(common_dir, "reftable"))
    commit = _resolve(ref, git_dir, common_dir) if readable else None
    return Head(root, git_dir, common_dir, commit, ref.removeprefix("refs/heads/") if readable else None, readable)


def inspect(head: Head, env: Mapping[str, str], cancel: threading.Event, *, limit: float = DIFF_SECONDS) -> GitState:
    """The whole state of `head`'s repository; `env` is the job's, for PATH and the user's own git configuration.

    Takes as long as `git diff` does, at most `limit` seconds and until `cancel` is set. Needs git; where it is missing or fails, a
    warning says so, and what is not known is None.
    """
    if shutil.which("git", path=env.get("PATH")) is None:
        return GitState(None, warnings=[_warning("git_missing", "git is not installed: commit and changes are not recorded")])
    run = _Runner(env, cancel, limit)
    try:
        settings = run.config(head)
        if not head.readable and _own(head):
            head = run.refs(head)
        git = Git(head.root, head.commit, head.branch, _remote(settings, head.branch))
        if head.commit is None:
            return GitState(_with(git, dirty=_has_entries(head) if head.readable else None))
        patch = run.diff(head, settings)
    except CommandError as problem:
        git = Git(head.root, head.commit, head.branch, None, None)
        return GitState(git, warnings=[_warning("git", f"git could not say what was changed since the commit: {problem}")])
    if not patch:
        return GitState(git)
    git = _with(git, dirty=True)
    if len(patch) > PATCH_LIMIT:
        return GitState(git, warnings=[_warning("patch_large", "the uncommitted changes are larger than 1 MiB and not kept")])
    if has_secret(patch.decode("utf-8", "replace")):
        return GitState(git, warnings=[_warning("patch_secret", "the uncommitted changes may hold a secret and are not kept")])
    return GitState(_with(git, dirty=True, patch=digest(patch)), patch)


class _Runner:
    """Runs git with nothing of the job's GIT_ variables, no terminal, no locks, no hooks."""

    def __init__(self, env: Mapping[str, str], cancel: threading.Event, limit: float) -> None:
        kept = {name: value for name, value in env.items() if not name.startswith("GIT_") and name != "LD_PRELOAD"}
        silent = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}
        self._env = {**kept, **silent}
        self._cancel = cancel
        self._limit = limit

    def config(self, head: Head) -> list[tuple[str, str]]:
        """The settings that matter here, (lower-case key, value) in order; an empty list where there are none."""
        file = os.path.join(head.common_dir, "config")
        command = ["git", "config", "--file", file, "--no-includes", "--null", "--get-regexp", _CONFIG_KEYS]
        found = output(command, "/", self._env, self._cancel, seconds=_CONFIG_SECONDS, limit=PATCH_LIMIT, accept=(0, 1))
        pairs = (os.fsdecode(item).partition("\n") for item in found.split(b"\0") if item)
        return [(key, value) for key, _, value in pairs]

    def refs(self, head: Head) -> Head:
        """`head` with what only git can read of it."""
        env = {**self._env, "GIT_DIR": head.git_dir}

        def ask(*arguments: str) -> str | None:
            command = ["git", *arguments]
            found = output(command, head.root, env, self._cancel, seconds=_CONFIG_SECONDS, limit=4096, accept=(0, 1, 128))
            return os.fsdecode(found).strip() or None

        commit, branch = ask("rev-parse", "--verify", "--quiet", "HEAD"), ask("symbolic-ref", "--short", "--quiet", "HEAD")
        return Head(head.root, head.git_dir, head.common_dir, commit, branch)

    def diff(self, head: Head, settings: list[tuple[str, str]]) -> bytes:
        """The patch from the commit to the working tree, at most one byte more than PATCH_LIMIT; empty when nothing changed."""
        with tempfile.TemporaryDirectory(prefix="roar-tui-git-") as scratch:
            index = os.path.join(scratch, "index")
            try:
                shutil.copy2(os.path.join(head.git_dir, "index"), index)  # with its mtime: git tells racily clean entries by it
            except FileNotFoundError:
                pass  # an empty index, as git sees it too
            except OSError as problem:
                raise CommandError(f"the index cannot be read ({problem.strerror})") from problem
            env = {**self._env, "GIT_WORK_TREE": head.root, "GIT_INDEX_FILE": index, "GIT_DIR": head.git_dir}
            command = ["git"]
            for key, value in _SETTINGS.items():
                command += ["-c", f"{key}={value}"]
            command += [
                "diff",
                "--no-ext-diff",
                "--no-textconv",
                "--no-color",
                "--full-index",
                "--submodule=short",
                f"-O{os.devnull}",
            ]
            if not _own(head):
                env |= {"GIT_DIR": _borrowed(scratch, settings), "GIT_OBJECT_DIRECTORY": os.path.join(head.common_dir, "objects")}
                command.append("--ignore-submodules=dirty")
            command += [head.commit or "HEAD", "--"]
            return output(command, head.root, env, self._cancel, seconds=self._limit, limit=PATCH_LIMIT)


def _borrowed(scratch: str, settings: list[tuple[str, str]]) -> str:
    """A git directory in `scratch` with none of the repository's settings but the harmless ones."""
    place = Path(scratch, "git")
    for name in ("objects", "refs"):
        (place / name).mkdir(parents=True)
    (place / "HEAD").write_text("ref: refs/heads/none\n", encoding="ascii")
    sections: dict[str, list[str]] = {}
    for key, value in settings:
        if _HARMLESS.fullmatch(key) and re.fullmatch(r"\w+", value):
            section, _, name = key.partition(".")
            sections.setdefault(section, []).append(f"\t{name} = {value}\n")
    lines = "".join(f"[{section}]\n{''.join(entries)}" for section, entries in sections.items())
    (place / "config").write_text(lines, encoding="ascii")
    return str(place)


def _own(head: Head) -> bool:
    """Whether the repository is the user's own, whose configuration they would run anyway."""
    try:
        return {os.stat(place).st_uid for place in (head.git_dir, head.common_dir, head.root)} == {os.geteuid()}
    except OSError:
        return False


def _resolve(ref: str, git_dir: str, common_dir: str) -> str | None:
    """The commit that `ref` names, None on a branch without one."""
    for _ in range(5):  # git's own limit on symbolic references
        if not ref.startswith("refs/") or ".." in ref:
            return None
        value = _text(os.path.join(git_dir, ref)).strip() or _text(os.path.join(common_dir, ref)).strip()
        if not value:
            break
        if not value.startswith("ref:"):
            return value if _OBJECT_ID.fullmatch(value) else None
        ref = value.removeprefix("ref:").strip()
    packed = _text(os.path.join(common_dir, "packed-refs"))
    found = re.search(rf"(?m)^([0-9a-f]{{40,64}}) {re.escape(ref)}$", packed)
    return found[1] if found else None


def _has_entries(head: Head) -> bool:
    """Whether the index holds anything: on a branch without a commit that is what is changed."""
    try:
        with open(os.path.join(head.git_dir, "index"), "rb") as index:
            header = index.read(12)  # DIRC, version, number of entries (gitformat-index(5))
    except OSError:
        return False
    return header[:4] == b"DIRC" and int.from_bytes(header[8:12], "big") > 0


def _remote(settings: list[tuple[str, str]], branch: str | None) -> str | None:
    """The URL that the branch follows, else origin's, else the first; without user names and passwords of web addresses."""
    urls = {
        key[len("remote.") : -len(".url")]: value for key, value in settings if re.fullmatch(r"remote\..*\.url", key, re.DOTALL)
    }
    followed = dict(settings).get(f"branch.{branch}.remote", "origin")
    url = urls.get(followed) or urls.get("origin") or next(iter(urls.values()), None)
    return redact_text(re.sub(r"^(https?://)[^/@]*@", r"\1", url)) if url else None


def _with(git: Git, *, dirty: bool | None, patch: str | None = None) -> Git:
    return Git(git.root, git.commit, git.branch, git.remote, dirty, patch)


def _warning(code: str, message: str) -> RecordWarning:
    return RecordWarning(code, message)


def _text(path: str) -> str:
    """The file's text, empty when it cannot be read."""
    try:
        with open(path, "rb") as file:
            return os.fsdecode(file.read())
    except OSError:
        return ""
