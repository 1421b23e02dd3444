"""Which installed Python distributions the modules that a job read belong to, by the metadata beside them.

Only what was read counts: a directory of site-packages may hold five hundred distributions of which a run uses ten.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from roar_tui.record.model import Package

_INSTALLED: Final = re.compile(r"(.*/(?:site|dist)-packages)/(.+)", re.DOTALL)
_METADATA_DIR: Final = re.compile(r"(.+?)-(\d[^-]*)(?:-.*)?\.(dist-info|egg-info)")
_EGG: Final = re.compile(r"([^-/]+)-([^-/]+)(?:-[^/]*)?\.egg")
_HEADER: Final = re.compile(rb"(?mi)^(Name|Version):[ \t]*(.+?)[ \t]*\r?$")
_RECORD_PATH: Final = re.compile(rb"(?m)^(?:\"([^\"\n]+)\"|([^,\n]+)),")
_MODULE_FILE: Final = re.compile(r"([^./]+)\.(?:.*\.)?(?:py|pyc|so|pyd)")
_NOT_IMPORTED: Final = (".dist-info", ".egg-info", ".pth", ".egg-link")


@dataclass
class Distribution:
    """One distribution's metadata in a directory of installed packages."""

    directory: str
    name: str  # of the .dist-info or .egg-info entry in `directory`

    @cached_property
    def package(self) -> Package:
        """Name and version, as the metadata says, else as its file name does."""
        found: dict[bytes, bytes] = {}
        for file in ("METADATA", "PKG-INFO", ""):
            for key, value in _HEADER.findall(self._read(file).partition(b"\n\n")[0]):
                found.setdefault(key.lower(), value)
        match = _METADATA_DIR.fullmatch(self.name)
        name = os.fsdecode(found.get(b"name", b"")) or (match[1] if match else self.name.rpartition(".")[0])
        version = os.fsdecode(found.get(b"version", b"")) or (match[2] if match else "")
        return Package("pip", name, version)

    @cached_property
    def files(self) -> frozenset[str]:
        """The installed files relative to `directory`, empty where no RECORD is kept."""
        return frozenset(os.fsdecode(quoted or plain) for quoted, plain in _RECORD_PATH.findall(self._read("RECORD")))

    @cached_property
    def modules(self) -> frozenset[str]:
        """The top-level names that it installs."""
        listed = os.fsdecode(self._read("top_level.txt")).split()
        if listed:
            return frozenset(listed)
        names = {module_of(file) for file in self.files}
        return frozenset(name for name in names if name) or frozenset({_normalised(self.package.name)})

    def _read(self, file: str) -> bytes:
        try:
            with open(
                os.path.join(self.directory, self.name, file) if file else os.path.join(self.directory, self.name), "rb"
            ) as data:
                return data.read()
        except OSError:
            return b""


def packages(paths: Collection[str]) -> list[Package]:
    """The distributions that the files in `paths` belong to, each once, by name. Reads metadata of directories in `paths` only."""
    read: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    found: set[Package] = set()
    for path in paths:
        match = _INSTALLED.fullmatch(path)
        if match is None:
            continue
        egg = _EGG.match(match[2])
        if egg:
            found.add(Package("pip", egg[1], egg[2]))
        elif module := module_of(match[2]):
            read[match[1]][module].append(match[2])
    for directory, modules in read.items():
        found.update(_owners(directory, modules))
    return sorted(found, key=lambda package: (package.name.lower(), package.version))


def module_of(file: str) -> str | None:
    """The top-level module that `file`, relative to site-packages, belongs to; None for metadata and the like."""
    parts = file.split("/")
    if parts[0] == "__pycache__" and len(parts) == 2:
        parts = parts[1:]
    first = parts[0]
    if first in ("..", "__pycache__", "") or first.endswith(_NOT_IMPORTED) or first.startswith("~"):
        return None
    if len(parts) > 1:
        return first.removesuffix(".libs")  # shared libraries that auditwheel put beside the package
    match = _MODULE_FILE.fullmatch(first)
    return match[1] if match else None


def _owners(directory: str, modules: dict[str, list[str]]) -> set[Package]:
    """The distributions of `directory` that own `modules` (name -> the files of it that were read)."""
    try:
        entries = sorted(os.listdir(directory))
    except OSError:
        return set()
    claims: dict[str, list[Distribution]] = defaultdict(list)
    for entry in entries:
        if _METADATA_DIR.fullmatch(entry) or entry.endswith(".egg-info"):
            distribution = Distribution(directory, entry)
            for module in distribution.modules:
                claims[_normalised(module)].append(distribution)
    found: set[Package] = set()
    for module, files in modules.items():
        claimants = claims.get(_normalised(module), [])
        if len(claimants) > 1:  # a namespace: google, nvidia, azure
            sources = {*files, *(_source(file) for file in files)}
            claimants = [one for one in claimants if not one.files or one.files & sources]
        found.update(one.package for one in claimants)
    return found


def _source(file: str) -> str:
    """The module that a bytecode file was made from: pip's RECORD has both, an installer that did not compile only this one."""
    return re.sub(r"__pycache__/([^/]+?)\.[^/]*\.pyc$", r"\1.py", file)


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()
