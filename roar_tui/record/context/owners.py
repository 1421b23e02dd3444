"""Which packages of the system (dpkg, rpm) and of conda the libraries and programs of a job belong to.

Finding the owner of a file means reading every package's list of files (150 ms for 710 packages), so answers are kept between
runs, as long as the package database has not changed.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import threading
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Final

import msgspec
import platformdirs

from roar_tui.record.context.command import CommandError, output
from roar_tui.record.model import Package

Owner = tuple[str, str]  # name, version
DPKG: Final = Path("/var/lib/dpkg")
RPM: Final = (Path("/var/lib/rpm"), Path("/usr/lib/sysimage/rpm"))
_LIBRARY: Final = re.compile(r".*\.so(\.[\d.]+)?", re.DOTALL)
_MERGED: Final = re.compile(r"(?:/usr)?(/(?:bin|sbin|lib|lib32|lib64|libx32)/.*)", re.DOTALL)
_SECONDS: Final = 2.0


class _CondaPackage(msgspec.Struct):
    """What matters of a file in conda-meta."""

    name: str
    version: str
    files: list[str] = []


def packages(paths: Collection[str], programs: Collection[str], cancel: threading.Event) -> list[Package]:
    """The packages that own the libraries in `paths` and the `programs`, each once: dpkg's or rpm's, and conda's."""
    wanted = {path for path in paths if _LIBRARY.fullmatch(path)} | {os.path.realpath(program) for program in programs}
    in_conda: dict[str, set[str]] = {}
    markers: dict[str, str | None] = {}
    rest: set[str] = set()
    for path in wanted:
        prefix = _conda_prefix(os.path.dirname(path), markers)
        in_conda.setdefault(prefix, set()).add(path) if prefix else rest.add(path)
    found = {Package("conda", *owner) for prefix, files in in_conda.items() for owner in _conda(Path(prefix), files)}
    system = {path for path in rest if path.startswith(("/usr/", "/lib", "/bin/", "/sbin/", "/opt/"))}
    if system and (DPKG / "status").exists():
        found |= {Package("dpkg", *owner) for owner in _known("dpkg", DPKG / "status", system, lambda new: dpkg_owners(DPKG, new))}
    elif system and (database := next((place for place in RPM if place.is_dir()), None)):
        found |= {Package("rpm", *owner) for owner in _known("rpm", database, system, lambda new: _rpm_owners(new, cancel))}
    return sorted(found, key=lambda package: (package.manager, package.name, package.version))


def dpkg_owners(database: Path, paths: Collection[str]) -> dict[str, Owner]:
    """Path -> owner, from dpkg's own files: `info/*.list` says what a package installs, `status` its version."""
    spellings = {os.fsencode(spelling): path for path in paths for spelling in _spellings(path)}
    wanted = spellings.keys()
    owned: dict[str, str] = {}
    for file in database.joinpath("info").glob("*.list"):
        with contextlib.suppress(OSError):
            for line in wanted & set(file.read_bytes().split(b"\n")):
                owned[spellings[line]] = file.name.removesuffix(".list").partition(":")[0]
    names = set(owned.values())
    versions: dict[str, str] = {}
    for block in (database / "status").read_bytes().split(b"\n\n"):
        fields = dict(re.findall(rb"(?m)^(Package|Version): (.*)$", block))
        name = os.fsdecode(fields.get(b"Package", b""))
        if name in names and b"Version" in fields:
            versions[name] = os.fsdecode(fields[b"Version"])
    return {path: (name, versions[name]) for path, name in owned.items() if name in versions}


def _spellings(path: str) -> Iterable[str]:
    """`path` and its other name where /bin and /lib are links into /usr: a package may list either."""
    yield path
    if match := _MERGED.fullmatch(path):
        yield match[1]
        yield f"/usr{match[1]}"


def _rpm_owners(paths: Collection[str], cancel: threading.Event) -> dict[str, Owner]:
    """Path -> owner, by asking rpm, which answers in the order of the question, one line each."""
    asked = sorted(path for path in paths if "\n" not in path and os.path.exists(path))  # rpm gives others no line
    command = ["rpm", "-qf", "--qf", "%{NAME}\t%{VERSION}-%{RELEASE}\n", "--", *asked]
    env = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
    lines = os.fsdecode(output(command, "/", env, cancel, seconds=_SECONDS, limit=1 << 22, accept=range(256))).splitlines()
    if len(lines) != len(asked):
        return {}
    answers = (line.partition("\t") for line in lines)
    return {path: (name, version) for path, (name, tab, version) in zip(asked, answers, strict=True) if tab}


def _conda_prefix(directory: str, known: dict[str, str | None]) -> str | None:
    """The conda environment around `directory`, None outside of one; `known` remembers."""
    if directory in known:
        return known[directory]
    above = os.path.dirname(directory)
    if os.path.isdir(os.path.join(directory, "conda-meta")):
        found: str | None = directory
    else:
        found = _conda_prefix(above, known) if above != directory else None
    known[directory] = found
    return found


def _conda(prefix: Path, paths: Collection[str]) -> set[Owner]:
    """The owners of `paths`, all below the environment `prefix`."""

    def look(new: Collection[str]) -> dict[str, Owner]:
        owners: dict[str, Owner] = {}
        for file in (prefix / "conda-meta").glob("*.json"):
            with contextlib.suppress(OSError, msgspec.DecodeError):
                package = msgspec.json.decode(file.read_bytes(), type=_CondaPackage)
                for path in {f"{prefix}/{name}" for name in package.files} & set(new):
                    owners[path] = (package.name, package.version)
        return owners

    return _known("conda" + str(prefix).replace("/", "-"), prefix / "conda-meta", paths, look)


def _known(name: str, database: Path, paths: Collection[str], look: Callable[[Collection[str]], dict[str, Owner]]) -> set[Owner]:
    """The owners of `paths`: remembered ones while `database` is unchanged, the others by `look`. Never fails."""
    file = Path(platformdirs.user_cache_dir("roar-tui", appauthor=False)) / "owners" / f"{name[-150:]}@{socket.gethostname()}.json"
    try:
        state = database.stat()
    except OSError:
        return set()
    stamp = [state.st_mtime_ns, state.st_size, state.st_ino]
    known: dict[str, Owner | None] = {}
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        kept = json.loads(file.read_bytes())
        if kept["state"] == stamp:
            known = {path: (owner[0], owner[1]) if owner else None for path, owner in kept["owners"].items()}
    new = [path for path in paths if path not in known]
    if new:
        try:
            found = look(new)
        except (OSError, CommandError):
            return {owner for path in paths if (owner := known.get(path))}
        known |= {path: found.get(path) for path in new}
        _keep(file, {"state": stamp, "owners": known})
    return {owner for path in paths if (owner := known.get(path))}


def _keep(file: Path, content: object) -> None:
    """Writes the memory for the next run; where that is impossible the next run looks again."""
    temporary = file.with_name(f".{file.name}.{os.getpid()}.{threading.get_ident()}")
    with contextlib.suppress(OSError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary.write_text(json.dumps(content), encoding="ascii")
        temporary.replace(file)
