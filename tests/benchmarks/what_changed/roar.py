"""The same scenarios through `roar-cli`: a commit before each command, `roar run`, and the root cause that `roar diff` names."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.benchmarks.what_changed.scenario import Scenario
from tests.benchmarks.what_changed.work import PLAIN, PYTHON, Command, Work

SECONDS = 300
# As its users have it: code and settings in git, data and results not.
TRACKED = ("*.py", "*.sh", "*.awk", "*.c", "*.h", "Makefile", "*.yaml", "*.toml", "*.ini", "*.md", ".gitignore")
IGNORE = "\n".join(["*", "!*/", *(f"!{each}" for each in TRACKED), ".roar/", ""])


class CannotError(Exception):
    """roar does not run or does not compare what the scenario does."""


@dataclass(frozen=True)
class RoarVerdict:
    """What roar said of a scenario: its root cause, or why it could not say one."""

    scenario: Scenario
    category: str | None = None
    description: str = ""
    why_not: str = ""

    @property
    def first(self) -> bool:
        """Whether the root cause is a true one (of none: that there is none); of code the category will do, roar knows commits."""
        if self.why_not:
            return False
        if not self.scenario.causes:
            return self.category is None
        return any(self._is(category, subject) for category, subject in self.scenario.causes)

    @property
    def false(self) -> int:
        return int(not self.why_not and self.category is not None and not self.first)

    @property
    def right(self) -> bool:
        """True, and nothing missed: of two causes one alone is not the answer."""
        return self.first and len(self.scenario.causes) < 2

    def _is(self, category: str, subject: str) -> bool:
        if ":" in subject:  # a key of a config file, which roar takes for data
            name = subject.partition(":")[0].rpartition("/")[2]
            return self.category in (category, "data") and name in self.description
        if category != self.category:
            return False
        name = subject.rpartition("/")[2].lstrip("-$")
        return category in ("code", "pipeline") or name in self.description


class RoarWork(Work):
    """`record` and `diff` by roar."""

    program: Path = Path("roar")

    def record(self, command: Command) -> str:
        if not (self.root / ".roar").exists():
            self._roar("init", "--no-gitignore")
            self._roar("tracer", "use", "preload")
        self.write(".gitignore", IGNORE)
        if not (self.root / ".git").exists():
            self.git("init", "-q", "-b", "main")
        self.git("add", "-A")
        staged = subprocess.run(["git", "diff", "--cached", "--quiet"], cwd=self.root, check=False)
        if staged.returncode != 0:  # no commit where nothing changed: roar would take it for other code
            self.git("commit", "-q", "-m", "as it is now")
        known = self._jobs()
        done = self._run(["run", *command.argv], self.root / command.where)
        new = [job for job in self._jobs() if job not in known]
        if not new or (done.returncode != 0) != (command.status != 0):
            raise CannotError((done.stderr or done.stdout).strip()[-200:] or f"exit {done.returncode}")
        return new[-1]

    def diff(self, a: str, b: str) -> dict[str, Any]:
        done = self._run(["diff", a, b, "--json"], self.root)
        try:
            found: dict[str, Any] = json.loads(done.stdout)
        except ValueError as error:
            raise CannotError((done.stderr or done.stdout).strip()[-200:]) from error
        return found

    def _jobs(self) -> list[str]:
        with closing(sqlite3.connect(f"file:{self.root}/.roar/roar.db?mode=ro", uri=True)) as db:
            return [str(row[0]) for row in db.execute("SELECT job_uid FROM jobs ORDER BY id")]

    def _roar(self, *arguments: str) -> None:
        done = self._run(list(arguments), self.root)
        if done.returncode != 0:
            raise CannotError((done.stderr or done.stdout).strip()[-200:])

    def _run(self, arguments: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
        environ = {**PLAIN, "PATH": f"{Path(PYTHON).parent}:{os.environ.get('PATH', os.defpath)}", **self.environ}
        environ |= {"DO_NOT_TRACK": "1", "NO_COLOR": "1", "HOME": str(self.store.parent)}
        line = [str(self.program), *arguments]
        try:
            return subprocess.run(line, cwd=cwd, env=environ, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                                  timeout=SECONDS, check=False)  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise CannotError(f"no answer within {SECONDS} s") from error


def judge(scenario: Scenario, place: Path, program: Path) -> RoarVerdict:
    """Record both runs of a scenario with roar below `place`, which it does not want below /tmp, and compare them."""
    try:
        plain = scenario.pipeline(place)
        work = RoarWork(plain.root, plain.store, plain.commands, plain.environ)
        work.program = program
        if scenario.prepare is not None:
            scenario.prepare(work)
        a = work.run()
        second = _again(work)
        scenario.change(second)
        found = second.diff(a, second.run())
    except (CannotError, subprocess.CalledProcessError, sqlite3.Error) as error:
        return RoarVerdict(scenario, why_not=str(error) or type(error).__name__)
    cause = found.get("root_cause")
    if cause is None:
        return RoarVerdict(scenario)
    details = " ".join(json.dumps(each) for each in found.get("diffs", ()) if each.get("is_root_cause"))
    return RoarVerdict(scenario, cause["category"], f"{cause['description']} {details}")


def _again(work: RoarWork) -> RoarWork:
    second = RoarWork(work.root, work.store, [replace(each, argv=list(each.argv)) for each in work.commands], dict(work.environ))
    second.program = work.program
    return second
