"""What a file was to the step that touched it: decided from its path and how it was opened, without reading it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from roar_tui.record.model import LeftOut, Role


class Verdict(NamedTuple):
    """The decision on one path.

    `rule` is None for what is kept as an access with `role`. Where a `rule` is named the access is left out and counted under
    it: with `role` ENVIRONMENT (system, interpreter, packages, conda, spack, module, user) or, as noise, with no role at all.
    """

    role: Role | None
    rule: str | None

    @property
    def kept(self) -> bool:
        """Whether this becomes an access of the record."""
        return self.rule is None


class Roles:
    """Tells roles apart for one job. Answers about directories are remembered: a path costs about a microsecond."""

    def __init__(
        self,
        home: str,
        projects: Iterable[str] = (),
        prefixes: Mapping[str, str] | None = None,
        exists: Callable[[str], bool] | None = None,
    ) -> None:
        """`projects`: the job's directory and git root; `prefixes`: installed trees -> rule; `exists` looks for markers."""
        raise NotImplementedError

    @classmethod
    def here(cls, env: Mapping[str, str], cwd: str) -> Roles:
        """The roles for a job started in `cwd` with `env`: its project, and the conda, Spack and module trees it names."""
        raise NotImplementedError

    def classify(
        self,
        path: str,
        *,
        executed: bool = False,
        loaded: bool = False,
        generated: bool = False,
        size: int | None = None,
        made_by_job: bool = False,
        named: bool = False,
    ) -> Verdict:
        """The role of the absolute, normalised `path`.

        `executed`: by execve; `loaded`: a shared library mapped by the loader; `generated`: this access wrote it; `made_by_job`:
        some step of the job wrote it before; `named`: an argument of the step names it (`sort /etc/passwd` is then data).
        """
        raise NotImplementedError


def bytecode_source(path: str) -> str | None:
    """The source of cached bytecode (`/p/__pycache__/m.cpython-311.pyc` -> `/p/m.py`), None for any other path."""
    raise NotImplementedError


class LeftOutTally:
    """Counts what is left out, by rule, with a few example paths of each."""

    def add(self, rule: str, path: str) -> None:
        """Counts `path`, a distinct path, under `rule`."""
        raise NotImplementedError

    def result(self) -> list[LeftOut]:
        """The counts, most frequent rule first."""
        raise NotImplementedError
