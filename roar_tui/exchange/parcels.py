"""Which of the files that were named belong together: `strace -ff -o log` writes one file per process, `log.PID`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from roar_tui.exchange.roar_source import locate
from roar_tui.exchange.source import STDIN, UnusableFileError, unreadable

_NUMBERED = re.compile(r"(.+)\.(\d{1,8})(\.(?:gz|bz2|xz|zst))?", re.DOTALL)


@dataclass(frozen=True)
class Part:
    """One file; `pid` is the number at the end of its name, the process of its lines if nothing in them says otherwise."""

    path: Path
    pid: int = 0


@dataclass(frozen=True)
class Parcel:
    """One job's files. `name` is what to call it: the file, or what the names of its files begin with."""

    name: str
    parts: tuple[Part, ...]


def parcels(names: Iterable[str]) -> tuple[list[Parcel], list[UnusableFileError]]:
    """The parcels in files, directories of files, and beginnings of file names (`log` for `log.1`, `log.2`), in their order.

    `-` is standard input.

    The errors are of names that lead to no file.
    """
    found: list[Path] = []
    errors: list[UnusableFileError] = []
    for name in names:
        try:
            found += [STDIN] if name == "-" else _files(Path(name))
        except UnusableFileError as error:
            errors.append(error)
    groups: dict[str, list[Part]] = {}
    for path in dict.fromkeys(found):
        number = _NUMBERED.fullmatch(path.name)
        if number is not None:
            groups.setdefault(str(path.with_name(number[1])), []).append(Part(path, int(number[2])))
        else:
            groups[f"{path}\0"] = [Part(path)]  # no other's name
    return [_parcel(name, parts) for name, parts in groups.items()], errors


def apart(parcel: Parcel) -> list[Parcel]:
    """Its files as parcels of their own: numbered logs that are not one per process."""
    return [Parcel(str(part.path), (Part(part.path),)) for part in parcel.parts]


def _parcel(name: str, parts: Sequence[Part]) -> Parcel:
    if len(parts) == 1:
        return Parcel(str(parts[0].path), (parts[0],))
    return Parcel(name, tuple(sorted(parts, key=lambda part: part.pid)))


def _files(path: Path) -> list[Path]:
    """What `path` names."""
    if path.is_dir():
        database = locate(path)  # a project of roar's, or its .roar
        return _inside(path) if database.is_dir() else [database]
    return [path] if path.exists() else _beginning(path)


def _inside(directory: Path) -> list[Path]:
    """The files in `directory`; of a store, its records."""
    records = directory / "records"
    try:
        if records.is_dir():
            found = sorted(records.glob("*/*.json.gz"))
        else:
            found = sorted(path for path in directory.iterdir() if path.is_file() and not path.name.startswith("."))
    except OSError as error:
        raise unreadable(directory, error) from error
    if not found:
        raise UnusableFileError(f"There is nothing to import in {directory}.")
    return found


def _beginning(path: Path) -> list[Path]:
    """The files `path`.PID."""
    try:
        entries = os.listdir(path.parent)
    except OSError:
        entries = []
    found = [path.with_name(name) for name in entries if (number := _NUMBERED.fullmatch(name)) and number[1] == path.name]
    if not found:
        hint = "A log of strace -ff is named by what the names of its files begin with: log for log.1234."
        raise UnusableFileError(f"There is no file {path}.", hint)
    return sorted(found)
