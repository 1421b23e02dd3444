"""What a file was to the step that touched it: decided from its path and how it was opened, without reading it.

Of a path's directories the last one that means something decides: a project below /usr is a project, a virtual environment
below a project is an environment. The tables are in `role_tables`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from roar_tui.record import role_tables as tables
from roar_tui.record.model import LeftOut, Role

_KEEP: Final = ""  # what a directory says of its files: a rule's name, or that they are told apart by name
_NAMED_BELOW: Final = ("/etc/", "/usr/share/", "/usr/local/share/", "/usr/local/etc/", "/var/")
_BYTECODE: Final = re.compile(r"(.*/)__pycache__/([^/]+?)\.(?:cpython|pypy|graalpy)[\w.-]*\.pyc")
_EXAMPLES: Final = 20


class Verdict(NamedTuple):
    """The decision on one path.

    `rule` is None for what is kept as an access with `role`. Where a `rule` is named the access is left out and counted under
    it: with `role` ENVIRONMENT (system, interpreter, packages, venv, conda, spack, module, user), or as noise, with no role
    (device, runtime, git, bytecode, cache, lock).
    """

    role: Role | None
    rule: str | None

    @property
    def kept(self) -> bool:
        """Whether this becomes an access of the record."""
        return self.rule is None


_CODE: Final = Verdict(Role.CODE, None)
_CONFIG: Final = Verdict(Role.CONFIG, None)
_LOG: Final = Verdict(Role.LOG, None)
_DATA: Final = Verdict(Role.DATA, None)


class Roles:
    """Tells roles apart for one job. Answers about directories are remembered: a path costs two or three microseconds.

    `projects` are the job's directory and git root, `prefixes` installed trees by path -> rule. `exists` looks for the markers
    of virtual and conda environments, once per directory that could be one.
    """

    def __init__(
        self,
        home: str,
        projects: Iterable[str] = (),
        prefixes: Mapping[str, str] | None = None,
        exists: Callable[[str], bool] = os.path.exists,
    ) -> None:
        self._exists = exists
        self._homes = frozenset(spelling for spelling in _spellings(home) if spelling != "/")
        self._projects = frozenset(
            spelling for project in projects for spelling in _spellings(project) if spelling not in tables.NO_PROJECT
        )
        self._trees: dict[str, str] = {tree: rule or _KEEP for tree, rule in tables.TREES.items()}
        for place in self._homes:
            self._trees |= {f"{place}/{tree}": rule for tree, rule in tables.HOME_TREES.items()}
            self._trees |= {f"{place}/.config/{tool}": "user" for tool in tables.CONFIG_TOOLS}
            self._trees |= {f"{place}/.cache/{tool}": "cache" for tool in tables.CACHE_TOOLS}
        for prefix, rule in (prefixes or {}).items():
            self._trees |= dict.fromkeys(_spellings(prefix), rule)
        self._directories: dict[str, str] = {}
        self._installations: dict[str, str] = {}

    @classmethod
    def here(cls, env: Mapping[str, str], cwd: str) -> Roles:
        """The roles for a job started in `cwd` with `env`: its project, and the conda, Spack and module trees it names."""
        home = env.get("HOME") or os.path.expanduser("~")
        root = git_root(cwd)
        projects = [cwd] if root is None else [cwd, root]
        return cls(home, projects, named_prefixes(env, (home, *projects)))

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
        """The role of the absolute, normalised `path`; `size` in bytes where it is known.

        `executed`: by execve; `loaded`: a shared library that the loader opened; `generated`: this access wrote it;
        `made_by_job`: some step of the job wrote it before; `named`: an argument of the step names it (`sort /etc/passwd`:
        there it is data).
        """
        rule = self.left_out(
            path, executed=executed, loaded=loaded, generated=generated, made_by_job=made_by_job, named=named
        )
        if rule is not None:
            return Verdict(Role.ENVIRONMENT if rule in tables.ENVIRONMENT_RULES else None, rule)
        if executed or loaded:
            return _CODE
        return _by_name(path.rpartition("/")[2], size, made=generated or made_by_job)

    def left_out(
        self,
        path: str,
        *,
        executed: bool = False,
        loaded: bool = False,
        generated: bool = False,
        made_by_job: bool = False,
        named: bool = False,
    ) -> str | None:
        """The rule by which `path` is left out, None where it is kept: half of `classify`, at half the cost."""
        directory, _, name = path.rpartition("/")
        rule = self._directories.get(directory)
        if rule is None:
            rule = self._directories[directory] = self._of_directory(directory) if path.startswith("/") else "device"
        if rule == _KEEP:
            rule = self._of_file(path, directory, name)
        elif rule == "system" and (
            generated or made_by_job or (named and not (executed or loaded) and path.startswith(_NAMED_BELOW))
        ):
            rule = _KEEP  # an output is one wherever it is put, and what the user points at is an input
        return rule if rule != _KEEP else None

    def _of_directory(self, directory: str) -> str:
        """The rule for what lies directly in `directory`, or _KEEP: the last directory on the way that says something."""
        rule = _KEEP
        place = parent_name = ""
        for name in directory.split("/")[1:]:
            parent, place = place, f"{place}/{name}"
            found = None
            if place in self._projects:
                found = _KEEP
            elif rule == _KEEP or rule in tables.ENVIRONMENT_RULES or place in self._trees:  # noise has only noise below it
                found = self._trees.get(place)
                if found is None:
                    found = tables.COMPONENTS.get(name)
                if found is None:
                    found = self._by_neighbours(parent, parent_name, name, rule)
            if found is not None:
                rule = found
            parent_name = name
        return rule

    def _by_neighbours(self, parent: str, parent_name: str, name: str, rule: str) -> str | None:
        """What `parent`/`name` is by the names or the files around it, None when nothing says."""
        if parent_name in ("lib", "lib64") and tables.PYTHON_LIBRARY.fullmatch(name):
            return "interpreter"
        if parent_name == "opt" and name == "spack":
            return "spack"
        if parent_name == "R" and name.endswith("-library"):
            return "packages"
        if parent in ("/opt", "/usr/local") and tables.VENDORS.match(name):
            return "system"
        if parent == "/tmp" and tables.TEMPORARY.match(name):
            return "runtime"
        if name in tables.INSTALLED and rule == _KEEP and parent:
            return self._installation(parent)
        return None

    def _installation(self, prefix: str) -> str | None:
        """venv or conda when `prefix` is such an environment, found by its marker."""
        kind = self._installations.get(prefix)
        if kind is None:
            markers = (("pyvenv.cfg", "venv"), ("conda-meta", "conda"))
            kind = next((found for marker, found in markers if self._exists(f"{prefix}/{marker}")), "")
            self._installations[prefix] = kind
        return kind or None

    def _of_file(self, path: str, directory: str, name: str) -> str:
        """The rule for a file in a directory that keeps its files: a few are left out by their own name."""
        rule = tables.NOISE_NAMES.get(name)
        if rule is not None:
            return rule
        if directory in self._homes and name in tables.HOME_FILES:
            return "user"
        if path in self._trees:  # a tree's rule holds for a file of that name too
            return self._trees[path]
        if directory.endswith(("/bin", "/lib")) and tables.INTERPRETER_NAME.fullmatch(name):
            return "interpreter"
        if directory == "/dev/shm" and tables.SHARED_MEMORY.match(name):
            return "runtime"
        if directory == "/tmp" and tables.TEMPORARY.match(name):
            return "runtime"
        return _KEEP


def _by_name(name: str, size: int | None, *, made: bool) -> Verdict:
    """Code, config, log or data, by the file's name; `made`: by a step of this job."""
    dot = name.rfind(".")
    suffix = name[dot:].lower() if dot > 0 else ""
    if suffix in tables.CODE_SUFFIXES or name in tables.CODE_NAMES:
        return _CODE
    if suffix in tables.CONFIG_SUFFIXES or tables.CONFIG_NAMES.fullmatch(name):
        return _DATA if made or (size is not None and size > tables.CONFIG_LIMIT) else _CONFIG
    may_be_log = suffix in tables.LOG_SUFFIXES or suffix[-1:].isdigit() or name.startswith("events.")  # spares most names 1.2 us
    return _LOG if may_be_log and tables.LOG_NAMES.fullmatch(name) else _DATA


def named_prefixes(env: Mapping[str, str], own: Iterable[str]) -> dict[str, str]:
    """Installed trees that the variables of a job name, path -> rule; never the directories in `own` or above them."""
    named: dict[str, str] = {}
    for variable in ("CONDA_PREFIX", "CONDA_ROOT", "MAMBA_ROOT_PREFIX"):
        named[env.get(variable, "")] = "conda"
    if "CONDA_EXE" in env:
        named[os.path.dirname(os.path.dirname(env["CONDA_EXE"]))] = "conda"
    named[env.get("PYENV_ROOT", "")] = "interpreter"
    named[env.get("SPACK_ROOT", "")] = "spack"
    modules = [env[name] for name in ("LMOD_DIR", "LMOD_PKG", "MODULESHOME") if name in env]
    modules += [value for name, value in env.items() if name.startswith("EBROOT")]
    modules += env.get("MODULEPATH", "").split(":")
    named |= dict.fromkeys(modules, "module")
    own = {spelling for place in own for spelling in _spellings(place)}
    for entry in f"{env.get('PATH', '')}:{env.get('LD_LIBRARY_PATH', '')}".split(":"):
        prefix, _, last = entry.rstrip("/").rpartition("/")
        mine = any(f"{entry}/".startswith(f"{place}/") for place in own if place != "/")
        if last not in tables.INSTALLED or mine or prefix == "" or f"{prefix}/".startswith("/usr/"):
            continue
        if env.get("LOADEDMODULES") or entry.startswith(tables.SOFTWARE_AREAS):
            named |= {f"{prefix}/{name}": "module" for name in tables.INSTALLED if f"{prefix}/{name}" not in tables.TREES}
    result = {}
    for tree, rule in named.items():
        place = tree.rstrip("/")
        above = any(f"{project}/".startswith(f"{place}/") for project in own)
        if place.startswith("/") and not above and place not in tables.TREES:
            result[place] = rule
    return result


def git_root(cwd: str) -> str | None:
    """The directory at or above `cwd` that holds `.git`, None without one."""
    place = cwd
    while True:
        if os.path.lexists(os.path.join(place, ".git")):
            return place
        above = os.path.dirname(place)
        if above == place:
            return None
        place = above


def bytecode_source(path: str) -> str | None:
    """The source of cached bytecode (`/p/__pycache__/m.cpython-311.pyc` -> `/p/m.py`), None for any other path."""
    match = _BYTECODE.fullmatch(path)
    return f"{match[1]}{match[2]}.py" if match else None


class LeftOutTally:
    """Counts what is left out, by rule, with a few example paths of each."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._examples: dict[str, list[str]] = {}

    def add(self, rule: str, path: str) -> None:
        """Counts `path` under `rule`; the caller adds each path once."""
        self._counts[rule] = self._counts.get(rule, 0) + 1
        examples = self._examples.setdefault(rule, [])
        if len(examples) < _EXAMPLES:
            examples.append(path)

    def result(self) -> list[LeftOut]:
        """The counts, most frequent rule first."""
        order = sorted(self._counts, key=lambda rule: (-self._counts[rule], rule))
        return [LeftOut(rule, self._counts[rule], self._examples[rule]) for rule in order]


def _spellings(path: str) -> tuple[str, ...]:
    """`path` without a trailing slash, and as the kernel names it when symbolic links lie on the way."""
    given = path.rstrip("/") or "/"
    if not path.startswith("/"):
        return ()
    real = os.path.realpath(given)
    return (given,) if real == given else (given, real)
