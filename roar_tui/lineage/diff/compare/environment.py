"""Environment: packages, Python, variables, graphics cards, container; and the context that differs between any two runs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from roar_tui.lineage.diff.graph import Job
from roar_tui.lineage.diff.heads import Head
from roar_tui.lineage.diff.places import plain
from roar_tui.record.redaction import REDACTED


def _words(text: str) -> list[str]:
    return text.split()


# Variables that say who, where and when, not what. Whole names, and beginnings.
_CONTEXT = frozenset(
    _words("""
    _ PWD OLDPWD SHLVL HOME USER LOGNAME USERNAME HOSTNAME HOST MAIL SHELL PATH MANPATH INFOPATH TERM COLORTERM COLUMNS LINES EDITOR
    PAGER DISPLAY WAYLAND_DISPLAY VISUAL XAUTHORITY WINDOWID STY LS_COLORS PS1 PS2 PROMPT_COMMAND HISTFILE HISTSIZE HISTCONTROL
    DBUS_SESSION_BUS_ADDRESS INVOCATION_ID JOURNAL_STREAM SYSTEMD_EXEC_PID MANAGERPID KRB5CCNAME TMPDIR TMP TEMP TEMPDIR NO_COLOR
    CLICOLOR FORCE_COLOR COLORFGBG VIRTUAL_ENV VIRTUAL_ENV_PROMPT CONDA_PREFIX CONDA_SHLVL CONDA_EXE CONDA_PYTHON_EXE
    CONDA_PROMPT_MODIFIER CONDA_DEFAULT_ENV PYENV_DIR PYENV_HOOK_PATH MASTER_ADDR MASTER_PORT HOSTTYPE MACHTYPE EPOCHSECONDS
    WANDB_RUN_ID WANDB_RUN_NAME WANDB_NAME WANDB_DIR MLFLOW_RUN_ID MLFLOW_TRACKING_URI RUN_ID RUN_NAME JOB_ID JOB_NAME TASK_ID
    BUILD_ID BUILD_NUMBER BUILD_URL RESTARTED TASKRUNNER MAKEFLAGS MFLAGS MAKELEVEL MAKE_TERMERR
    MAKE_TERMOUT LOADEDMODULES _LMFILES_ GPG_AGENT_INFO GPG_TTY SUDO_COMMAND SUDO_USER SUDO_UID SUDO_GID PIP_FIND_LINKS
    PYTEST_CURRENT_TEST PYTEST_XDIST_WORKER PYTEST_XDIST_TESTRUNUID PYTEST_VERSION CUDA_MPS_PIPE_DIRECTORY
    """)
)
_CONTEXT_STARTS = tuple(
    _words("""
    SSH_ TMUX TERM_ XDG_ SLURM PBS_ LSB_ LSF_ LS_ SGE_ OMPI_ PMI_ PMIX_ FLUX_ HYDRA_LAUNCH TORCHELASTIC_ GROUP_ VSCODE_ ITERM_
    KITTY_ WEZTERM_ ALACRITTY_ VTE_
    KONSOLE_ GNOME_ KDE_ DESKTOP_ SESSION_ GDM QT_ GTK_ BASH_FUNC_ LESS WT_ WSL CI_ GITHUB_ GITLAB_ RUNNER_
    JENKINS_ BUILDKITE_ KUBERNETES_ HOSTNAME_ ROAR_TUI_ COV_CORE_ COVERAGE_ __
    """)
)
_RANKS = frozenset({"RANK", "LOCAL_RANK", "NODE_RANK", "GROUP_RANK", "ROLE_RANK"})
_BUNDLED = frozenset({"pip", "setuptools", "wheel"})  # come with a Python, and differ when it does
_SYSTEM = frozenset({"dpkg", "rpm", "apk", "pacman"})
_PLACE = re.compile(r"/[^:]*")


class Difference(NamedTuple):
    """`name` as a person says it; `optional`: what is there on one side only, perhaps because it was not needed."""

    name: str
    a: Any
    b: Any
    optional: bool = False
    follows: str | None = None  # the name of a difference that brings this one along


class Compared(NamedTuple):
    """What differs between the environments of two jobs; `secrets` are arguments that hold one: (name, "changed")."""

    causes: list[Difference]
    context: list[Difference]
    secrets: list[str]
    unknown: list[tuple[str, str]]


def compare(job_a: Job, head_a: Head, job_b: Job, head_b: Head, touched: Callable[[str, str], bool]) -> Compared:
    """What differs; `touched` says of two values whether both name files of their runs."""
    a, b = head_a.environment, head_b.environment
    causes: list[Difference] = []
    context: list[Difference] = []
    if a.python != b.python:
        causes.append(Difference("python", a.python, b.python, optional=a.python is None or b.python is None))
    packages, chance = _packages(head_a, head_b, python=a.python != b.python)
    causes += packages
    context += chance
    for name in sorted(a.variables.keys() | b.variables.keys()):
        one, other = a.variables.get(name), b.variables.get(name)
        if one == other or REDACTED in (one or "") + (other or ""):
            continue
        found = Difference(f"${name}", one, other)
        (context if _is_context(name, one, other, job_a, job_b, touched) else causes).append(found)
    causes += _hardware(a.host, b.host)
    context += _machine(head_a, job_a, head_b, job_b)
    secrets, unknown = _secrets(head_a, head_b)
    causes += [Difference(name, REDACTED, REDACTED) for name in secrets if name.startswith("$")]
    return Compared(causes, context, [name for name in secrets if not name.startswith("$")], unknown)


def _packages(head_a: Head, head_b: Head, *, python: bool) -> tuple[list[Difference], list[Difference]]:
    """(causes, context). A library of the system that one run alone loaded, and that took no other's place, is context.

    Which of them are loaded late, or never, is chance; where one took another's place, each run has one that the other has not.
    """
    versions: list[dict[tuple[bool, str], str]] = []
    for head in (head_a, head_b):
        found: dict[tuple[bool, str], set[str]] = {}
        for package in head.environment.packages:
            name = re.sub(r"[-_.]+", "-", package.name).lower()
            found.setdefault((package.manager in _SYSTEM, name), set()).add(package.version)
        versions.append({name: ", ".join(sorted(each)) for name, each in found.items()})
    a, b = versions
    differences: list[Difference] = []
    late: list[Difference] = []
    for key in sorted(a.keys() | b.keys()):
        one, other = a.get(key), b.get(key)
        if one != other:
            system, name = key
            alone = one is None or other is None
            comes_along = python and (alone or (name in _BUNDLED and not system))
            difference = Difference(name, one, other, alone, "python" if comes_along else None)
            (late if system and alone else differences).append(difference)
    if any(each.a is None for each in late) and any(each.b is None for each in late):
        return differences + late, []
    return differences, late


def _is_context(
    name: str, one: str | None, other: str | None, job_a: Job, job_b: Job, touched: Callable[[str, str], bool]
) -> bool:
    if name in _CONTEXT or name in _RANKS or name.startswith(_CONTEXT_STARTS) or name.endswith(("_RUN_ID", "_JOB_ID", "_PID")):
        return True
    if one is None or other is None:
        return False
    if plain(one, job_a.cwd) == plain(other, job_b.cwd):
        return True
    return touched(one, other)


def _hardware(a: dict[str, Any], b: dict[str, Any]) -> list[Difference]:
    """Cards, their driver, and the container's image; the same cards with other serial numbers are no difference."""
    found = []
    for name, read in (("gpu", _cards), ("gpu driver", _drivers), ("container", _image)):
        one, other = read(a), read(b)
        if one != other:
            found.append(Difference(name, one, other, follows="gpu" if name == "gpu driver" and None in (one, other) else None))
    return found


def _cards(host: dict[str, Any]) -> str | None:
    names = sorted(str(card.get("name")) for card in host.get("gpus") or [] if isinstance(card, dict))
    return ", ".join(f"{names.count(name)} × {name}" for name in dict.fromkeys(names)) or None


def _drivers(host: dict[str, Any]) -> str | None:
    drivers = {str(card["driver"]) for card in host.get("gpus") or [] if isinstance(card, dict) and card.get("driver")}
    return ", ".join(sorted(drivers)) or None


def _image(host: dict[str, Any]) -> str | None:
    container = host.get("container")
    return container.get("image") if isinstance(container, dict) else None


def _machine(head_a: Head, job_a: Job, head_b: Head, job_b: Job) -> list[Difference]:
    """Who, where and when."""
    host_a, host_b = head_a.environment.host, head_b.environment.host
    pairs: list[tuple[str, Any, Any]] = [
        ("host", job_a.host, job_b.host),
        ("user", job_a.user, job_b.user),
        ("directory", job_a.cwd, job_b.cwd),
        ("git commit", job_a.commit, job_b.commit),
    ]
    pairs += [(name, host_a.get(name), host_b.get(name)) for name in ("os", "kernel", "architecture", "memory", "cuda_visible")]
    cpu_a, cpu_b = host_a.get("cpu") or {}, host_b.get("cpu") or {}
    pairs += [(f"cpu {name}", cpu_a.get(name), cpu_b.get(name)) for name in ("model", "cores", "usable")]
    plans = head_a.environment.scheduler, head_b.environment.scheduler
    pairs += [(f"scheduler {name}", plans[0].get(name), plans[1].get(name)) for name in sorted(plans[0].keys() | plans[1].keys())]
    return [Difference(*pair) for pair in pairs if pair[1] != pair[2]]


def _secrets(head_a: Head, head_b: Head) -> tuple[list[str], list[tuple[str, str]]]:
    """(names of secrets whose values differ, what cannot be compared and why)."""
    a, b = head_a.environment, head_b.environment
    names = sorted(a.secrets.keys() | b.secrets.keys())
    if a.key != b.key:
        return [], [(name, "it is a secret, and each run kept its hash under another key") for name in names]
    return [name for name in names if a.secrets.get(name) != b.secrets.get(name)], []
