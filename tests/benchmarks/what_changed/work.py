"""A project directory whose commands are recorded one after the other, as often as a scenario wants."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

PYTHON = sys.executable
# What a terminal would set and a test runner may not: the same for every run, so that scenarios decide what differs.
PLAIN = {"HOME": os.environ.get("HOME", "/"), "LANG": "C.UTF-8", "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}


@dataclass
class Command:
    """One recorded command, run in `where` below the project; `before` runs unrecorded in front of it, `status` is its exit."""

    argv: list[str]
    before: Callable[[Path], None] | None = None
    status: int = 0
    where: str = "."


@dataclass
class Work:
    """One run of a pipeline: where, which commands, with which variables."""

    root: Path
    store: Path
    commands: list[Command]
    environ: dict[str, str] = field(default_factory=dict)

    def again(self) -> Work:
        """A second run of the same, to be changed."""
        return replace(self, commands=[replace(each, argv=list(each.argv)) for each in self.commands], environ=dict(self.environ))

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.root / name
        text = path.read_text()
        assert old in text, f"{old!r} is not in {name}"
        path.write_text(text.replace(old, new))

    def set(self, number: int, old: str, new: str) -> None:
        """Replace an argument of a command."""
        argv = self.commands[number].argv
        argv[argv.index(old)] = new

    def move(self, to: str) -> None:
        """Go on in a copy of the project."""
        root = self.root.parent / to
        shutil.copytree(self.root, root)
        self.root = root

    def git(self, *arguments: str) -> None:
        who = ["-c", "user.name=a", "-c", "user.email=a@localhost", "-c", "commit.gpgSign=false"]
        subprocess.run(["git", *who, *arguments], cwd=self.root, check=True, capture_output=True)

    def run(self) -> str:
        """Record every command; the id of the last job."""
        job = ""
        for command in self.commands:
            if command.before is not None:
                command.before(self.root)
            job = self.record(command)
        return job

    def record(self, command: Command) -> str:
        file = self.store.parent / "job-id"
        environ = {**PLAIN, "PATH": f"{Path(PYTHON).parent}:{os.environ.get('PATH', os.defpath)}", **self.environ}
        kept = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "ROAR_TUI_STRACE")
        environ |= {name: os.environ[name] for name in kept if name in os.environ}
        line = [PYTHON, "-m", "roar_tui", "--store", str(self.store), "run", "--id-file", str(file), "--", *command.argv]
        environ["PYTHONPATH"] = str(Path(__file__).resolve().parents[3])
        quiet = subprocess.DEVNULL
        done = subprocess.run(
            line, cwd=self.root / command.where, env=environ, capture_output=True, text=True, stdin=quiet, check=False
        )
        assert done.returncode == command.status, f"{command.argv}: {done.returncode}\n{done.stdout}{done.stderr}"
        return file.read_text().strip()

    def diff(self, a: str, b: str) -> dict[str, Any]:
        line = [PYTHON, "-m", "roar_tui", "--store", str(self.store), "diff", a, b, "--json"]
        done = subprocess.run(line, cwd=self.root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found
