"""Which accesses of a running job are kept, and under which path: roles applied once per path, what is left out counted."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Sequence

from roar_tui.record.model import LeftOut, Role
from roar_tui.record.role_tables import ENVIRONMENT_RULES
from roar_tui.record.roles import LeftOutTally, Roles, bytecode_source

_LIBRARY = re.compile(r"\.so(\.[0-9.]+)?$")
SHELL = re.compile(r"(ba|da|k|z|c|tc|fi)?sh")
_INTERPRETER = re.compile(r"python[0-9.]*|pypy[0-9.]*|perl|ruby|node|Rscript|julia|lua")
_NO_SCRIPT = re.compile(r"-[a-zA-Z]*[cem]|-")  # the program is the argument (python -c), a module, or comes in (python -)
_NOSHELL_SCRIPT = re.compile(r"-[a-z]*[cs]")
_AREAS = ("/etc/", "/usr/", "/var/")  # where a file is an input only when the user named it (see Roles.classify)
REMOTE = frozenset({  # programs that hand the work to other machines or to a daemon
    "srun", "sbatch", "salloc", "mpirun", "mpiexec", "mpiexec.hydra", "prun", "jsrun", "bsub", "qsub", "qrsh", "ssh", "pdsh",
    "clush", "docker", "podman", "nerdctl", "kubectl", "ray", "rsh", "orterun", "prterun", "aprun", "flux", "pbsdsh", "oarsub",
    "oarsh", "condor_submit", "condor_run", "systemd-run", "machinectl", "at", "singularity", "apptainer",
})  # fmt: skip


class AccessPolicy:
    """The observer's policy. `environment` collects what was read of the installed world, for the packages of the record.

    A log from elsewhere is not `live`: nothing is looked up in the file system, which may be another machine's.
    """

    def __init__(self, roles: Roles, *, live: bool = True) -> None:
        self._roles = roles
        self._live = live
        self._tally = LeftOutTally()
        self._read: dict[str, str | None] = {}
        self._written: dict[str, str | None] = {}
        self._executed: dict[str, str | None] = {}
        self._named: set[str] = set()
        self._scripts: set[str] = set()
        self.environment: set[str] = set()
        self.programs: set[str] = set()
        self.setuid: set[str] = set()

    def read(self, path: str) -> str | None:
        """The path under which reading `path` is kept: cached bytecode stands for its source."""
        try:
            return self._read[path]
        except KeyError:
            found = self._read[path] = self._decide_read(path)
            return found

    def written(self, path: str) -> str | None:
        """The path under which writing `path` is kept."""
        try:
            return self._written[path]
        except KeyError:
            found = self._written[path] = self._decide(path, self._roles.left_out(path, generated=True))
            if found is not None:
                self._read.pop(path, None)  # what the job makes is kept when it is read, wherever it lies
            return found

    def executed(self, path: str) -> str | None:
        """The path under which executing `path` is kept."""
        self.programs.add(path)
        try:
            return self._executed[path]
        except KeyError:
            try:
                if self._live and os.stat(path).st_mode & (stat.S_ISUID | stat.S_ISGID):
                    self.setuid.add(path)
            except OSError:
                pass
            found = self._executed[path] = self._decide(path, self._roles.left_out(path, executed=True))
            return found

    def named(self, argv: Sequence[str], cwd: str) -> None:
        """An image was started with `argv` in `cwd`: what it names of the system's own files is data, its script is code."""
        script = script_of(argv)
        if script is not None:
            self._scripts.add(os.path.normpath(os.path.join(cwd, script)))
        below = cwd.startswith(_AREAS)
        for argument in argv[1:]:
            if argument.startswith(_AREAS) or (below and not argument.startswith(("/", "-"))):
                path = os.path.normpath(os.path.join(cwd, argument))
                self._named.add(path)
                self._read.pop(path, None)

    def role(self, path: str, *, executed: bool, generated: bool, made_by_job: bool, size: int | None) -> Role:
        """The role of an access that is kept."""
        verdict = self._roles.classify(
            path,
            executed=executed or (path in self._scripts and not generated),
            loaded=not generated and ".so" in path and _LIBRARY.search(path) is not None,
            generated=generated,
            size=size,
            made_by_job=made_by_job,
            named=path in self._named,
        )
        return verdict.role if verdict.role is not None and verdict.rule is None else Role.DATA

    def leave_out(self, rule: str, paths: Iterable[str]) -> None:
        """Count `paths` as left out, for a reason that only the end told."""
        for path in sorted(paths):
            self._tally.add(rule, path)

    def left_out(self) -> list[LeftOut]:
        """What was touched and not kept, by rule."""
        return self._tally.result()

    def _decide_read(self, path: str) -> str | None:
        if self._written.get(path) is not None:
            return path
        source = bytecode_source(path) if path.endswith(".pyc") else None
        if source is not None:
            rule = self._roles.left_out(source)
            if rule is None:
                return source if not self._live or os.path.exists(source) else path
        else:
            loaded = ".so" in path and _LIBRARY.search(path) is not None
            rule = self._roles.left_out(path, loaded=loaded, named=path in self._named)
        if rule in ENVIRONMENT_RULES:
            self.environment.add(path)
        return self._decide(path, rule)

    def _decide(self, path: str, rule: str | None) -> str | None:
        if rule is None:
            return path
        if path not in self._read and path not in self._written and path not in self._executed:
            self._tally.add(rule, path)
        return None


def script_of(argv: Sequence[str]) -> str | None:
    """The script that an interpreter was started with: the first argument that is no option, unless an option is the program."""
    name = os.path.basename(argv[0]) if argv else ""
    shell = SHELL.fullmatch(name) is not None
    if not shell and not _INTERPRETER.fullmatch(name):
        return None
    for argument in argv[1:]:
        if not argument.startswith("-"):
            return argument
        if (_NOSHELL_SCRIPT if shell else _NO_SCRIPT).fullmatch(argument):
            return None
    return None
