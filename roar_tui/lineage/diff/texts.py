"""The text of a code or config file as a run had it: from a snapshot, or from the commit where the repository is there."""

from __future__ import annotations

import difflib
import os
import subprocess
from collections.abc import Iterable

from roar_tui.errors import RoarTuiError
from roar_tui.lineage.diff.graph import Graph
from roar_tui.lineage.diff.heads import Heads
from roar_tui.record.model import Git, digest
from roar_tui.store.archive import Archive

LINES = 400  # of a change; nobody reads more in a terminal
TEXT_LIMIT = 1 << 20  # bytes of a file asked of git
GIT_SECONDS = 5


class Texts:
    """Finds texts by their digest; each is looked for once."""

    def __init__(self, archive: Archive, heads: Heads, graphs: Iterable[Graph]) -> None:
        self._archive = archive
        self._jobs = {job.id: job for graph in graphs for job in graph.jobs.values()}
        self._heads = heads
        self._found: dict[str, bytes | None] = {}

    def get(self, content: str | None, path: str) -> bytes | None:
        """The bytes with that digest that some job had at `path`; None where nobody kept them."""
        if content is None:
            return None
        if content not in self._found:
            self._found[content] = self._snapshot(content) or self._committed(content, path)
        return self._found[content]

    def change(self, a: str | None, b: str | None, path_a: str, path_b: str) -> list[str] | None:
        """The unified diff of two texts, without its head; None where one of them is not known or no text."""
        texts = []
        for content, path in ((a, path_a), (b, path_b)):
            data = b"" if content is None else self.get(content, path)
            if data is None or b"\0" in data:
                return None
            texts.append(data.decode("utf-8", "backslashreplace").splitlines())
        lines = list(difflib.unified_diff(texts[0], texts[1], lineterm="", n=2))[2:]
        return lines if len(lines) <= LINES else [*lines[:LINES], f"… {len(lines) - LINES} more lines"]

    def _snapshot(self, content: str) -> bytes | None:
        """A snapshot is a blob under the digest of the file itself."""
        try:
            return self._archive.blob(content)
        except RoarTuiError:  # a damaged blob costs the text, not the answer
            return None

    def _committed(self, content: str, path: str) -> bytes | None:
        tried = set()
        for job in self._jobs.values():
            head = self._heads.of(job)
            git = head.git if head is not None else None
            if git is None or git.commit is None or (git.root, git.commit) in tried or not path.startswith(git.root + "/"):
                continue
            tried.add((git.root, git.commit))
            data = _show(git, os.path.relpath(path, git.root))
            if data is not None and digest(data) == content:
                return data
        return None


def _show(git: Git, path: str) -> bytes | None:
    """A file of a commit, by plumbing that runs no filter and no hook."""
    command = ["git", "-C", git.root, "cat-file", "blob", f"{git.commit}:{path}"]
    try:
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=GIT_SECONDS, check=False)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return done.stdout if done.returncode == 0 and len(done.stdout) <= TEXT_LIMIT else None
