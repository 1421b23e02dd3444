"""A project directory and a store of its own; `roar-tui` as a real process over real strace."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import blake3

PYTHON = sys.executable


def digest(content: bytes) -> str:
    return blake3.blake3(content).hexdigest()


class Project:
    """Files under `root`, commands recorded in them."""

    def __init__(self, root: Path, store: Path) -> None:
        self.root = root
        self.store = store
        self.environ = {**os.environ, "ROAR_TUI_STORE": str(store)}

    def write(self, files: Mapping[str, str | bytes]) -> None:
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)

    def command(self, *arguments: str) -> list[str]:
        return [PYTHON, "-m", "roar_tui", *arguments]

    def call(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """`roar-tui ARGUMENTS` in the project."""
        options = {"cwd": self.root, "env": self.environ, "stdin": subprocess.DEVNULL, **options}
        return subprocess.run(
            self.command(*arguments), capture_output=True, text=True, errors="surrogateescape", timeout=120, check=False, **options
        )

    def record(self, *command: str, **options: Any) -> dict[str, Any]:
        """Record a command that must succeed, and return the job as `show @ --json` prints it."""
        done = self.call("run", "--", *command, **options)
        assert done.returncode == 0, done.stderr
        return self.show("@")

    def shell(self, script: str, **options: Any) -> dict[str, Any]:
        """Record `bash -c SCRIPT`."""
        return self.record("bash", "-c", script, **options)

    def python(self, code: str, **options: Any) -> dict[str, Any]:
        """Record `python -c CODE`."""
        return self.record(PYTHON, "-c", code, **options)

    def show(self, ref: str) -> dict[str, Any]:
        answer = self.json("show", ref)
        assert isinstance(answer, dict)
        return answer

    def json(self, *arguments: str) -> Any:
        done = self.call(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def relative(self, path: str) -> str:
        return os.path.relpath(path, self.root)

    def files(self, accesses: list[dict[str, Any]]) -> dict[str, str | None]:
        """Relative path -> digest (None where unknown) of the accesses below the project."""
        return {self.relative(a["path"]): a["hash"] for a in accesses}

    def contents(self, **files: str | bytes) -> dict[str, str]:
        return {name: digest(c.encode() if isinstance(c, str) else c) for name, c in files.items()}
