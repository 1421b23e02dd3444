"""The context of a job, gathered in threads beside it: git, variables, packages, machine, scheduler, trackers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from roar_tui.record.context import git, host, owners, pip, python, scheduler, trackers
from roar_tui.record.model import Environment, Git, Package, Tracker
from roar_tui.record.model import Warning as RecordWarning
from roar_tui.record.redaction import key_id, key_path, load_key, redact_text, redact_variables

FINISH_SECONDS: Final = 3.0
_T = TypeVar("_T")


@dataclass(frozen=True)
class Gathered:
    """What `finish` returns; `blobs` are contents to keep in the archive by digest (the dirty patch)."""

    git: Git | None
    environment: Environment
    trackers: list[Tracker]
    group: str | None
    rank: int | None
    warnings: list[RecordWarning]
    blobs: dict[str, bytes] = field(default_factory=dict)


class _Part(Generic[_T]):
    """One piece of the context, made in a daemon thread; `absent` stands for it where it fails or is late."""

    def __init__(self, name: str, absent: _T, make: Callable[[], _T]) -> None:
        self._name = name
        self._result = absent
        self._problem: str | None = "was not ready in time"
        self._make = make
        self._thread = threading.Thread(target=self._run, name=f"roar-tui-{name}", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:  # no more threads allowed (ulimit -u)
            self._problem = "could not be gathered: no thread could be started"

    def take(self, deadline: float) -> tuple[_T, list[RecordWarning]]:
        """What was made until `deadline` (monotonic clock), and what went wrong."""
        if self._thread.ident is not None:
            self._thread.join(max(0.0, deadline - time.monotonic()))
        result, problem = self._result, self._problem
        return result, [RecordWarning("context", f"{self._name} {problem}")] if problem else []

    def _run(self) -> None:
        try:
            self._result = self._make()
            self._problem = None
        except Exception as problem:  # whatever it is, the record is worth more than this part of it
            self._problem = f"could not be gathered: {redact_text(str(problem)) or type(problem).__name__}"


class Pending:
    """The parts that are under way. All of them are given up at the end of `finish`."""

    def __init__(self, cwd: str, env: Mapping[str, str], key: bytes | None) -> None:
        self._env = dict(env)
        self._key = key
        self._cancel = threading.Event()
        self._git_part = _Part("the git repository", git.GitState(None), self._git(cwd))
        self._host = _Part[dict[str, Any]]("the machine", {}, lambda: host.describe(self._env, self._cancel))

    def finish(self, paths: Collection[str], programs: Collection[str], written: Collection[str] = ()) -> Gathered:
        """The context, after at most 3 seconds of waiting.

        `paths`: every file that was opened for reading, left-out ones and libraries included; `programs`: what was executed;
        `written`: what was generated. A part that failed or is late becomes a warning; nothing is raised.
        """
        deadline = time.monotonic() + FINISH_SECONDS
        env, cancel = self._env, self._cancel
        parts = (
            _Part[list[Package]]("the list of Python packages", [], lambda: pip.packages(paths)),
            _Part[list[Package]]("the list of system packages", [], lambda: owners.packages(paths, programs, cancel)),
        )
        version_part = _Part[str | None]("the version of Python", None, lambda: python.versions(programs, env, cancel))
        tracker_part = _Part[list[Tracker]]("the links to trackers", [], lambda: trackers.find(written, env))
        variable_part = _Part[Environment]("the variables", Environment(), self._variables)

        warnings: list[RecordWarning] = []
        packages: list[Package] = []
        for part in parts:
            found, problems = part.take(deadline)
            packages += found
            warnings += problems
        variables, problems = variable_part.take(deadline)
        warnings += problems
        version, problems = version_part.take(deadline)
        warnings += problems
        links, problems = tracker_part.take(deadline)
        warnings += problems
        machine, problems = self._host.take(deadline)
        warnings += problems
        repository, problems = self._git_part.take(deadline)
        warnings += [*repository.warnings, *problems]
        cancel.set()
        scheduled = scheduler.describe(env)
        environment = Environment(
            variables=variables.variables,
            packages=packages,
            python=version,
            host=machine,
            scheduler={name: redact_text(value) for name, value in scheduled.values.items()},
            secrets=variables.secrets,
            key=variables.key,
        )
        patch = repository.patch
        blobs = {repository.git.patch: patch} if repository.git and repository.git.patch and patch else {}
        return Gathered(repository.git, environment, links, scheduled.group, scheduled.rank, warnings, blobs)

    def _git(self, cwd: str) -> Callable[[], git.GitState]:
        """Reads HEAD now, before the job can move it, and leaves the rest to a thread."""
        try:
            head = git.read_head(cwd)
        except (OSError, ValueError) as problem:
            failure = f"git's state could not be read: {problem}"
            return lambda: git.GitState(None, warnings=[RecordWarning("git", failure)])
        if head is None:
            return lambda: git.GitState(None)
        return lambda: git.inspect(head, self._env, self._cancel)

    def _variables(self) -> Environment:
        key = load_key(key_path()) if self._key is None else self._key
        variables, secrets = redact_variables(self._env, key)
        return Environment(variables=variables, secrets=secrets, key=key_id(key))


def start(cwd: str, env: Mapping[str, str], key: bytes | None = None) -> Pending:
    """Begins to gather, in daemon threads; call it before the command starts (git's state is the one from now). Never raises.

    `key` is redaction's key, loaded from its usual place when None.
    """
    return Pending(cwd, env, key)
