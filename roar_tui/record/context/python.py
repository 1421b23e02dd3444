"""The versions of the Python interpreters that ran."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Collection, Mapping
from typing import Final

from roar_tui.record.context.command import CommandError, output

_NAME: Final = re.compile(r"(python|pypy)[\d.]*t?")
_VERSION: Final = re.compile(rb"Python (\d+\.\d+\.\d+\S*)")
_SECONDS: Final = 2.0
_MOST: Final = 8  # interpreters asked in one job


def versions(programs: Collection[str], env: Mapping[str, str], cancel: threading.Event) -> str | None:
    """The interpreters' versions ("3.11.7"; several, sorted, with commas between), None where none ran or none answers.

    Each is asked with `-V`, which prints and ends before anything is imported (about 3 ms).
    """
    found: set[str] = set()
    for path in sorted(interpreters(programs))[:_MOST]:
        clean = {name: value for name, value in env.items() if not name.startswith("PYTHON") and name != "LD_PRELOAD"}
        try:
            answer = output([path, "-I", "-V"], "/", clean, cancel, seconds=_SECONDS, limit=1024)
        except CommandError:
            continue
        match = _VERSION.search(answer)
        if match:
            found.add(os.fsdecode(match[1]))
    return ", ".join(sorted(found)) or None


def interpreters(programs: Collection[str]) -> set[str]:
    """The Python binaries among `programs` and behind the first line of scripts, as real paths.

    A script's interpreter is opened by the kernel: `#!/venv/bin/python` leaves no other trace of it.
    """
    found: set[str] = set()
    for program in programs:
        start = _first_bytes(program)
        if start[:2] == b"#!":
            words = os.fsdecode(start[2:].partition(b"\n")[0]).split(maxsplit=1)
            program = words[0] if words else ""
            start = _first_bytes(program)
        if _NAME.fullmatch(os.path.basename(program)) and start[:4] == b"\x7fELF":  # pyenv's shims are shell scripts
            found.add(os.path.realpath(program))
    return found


def _first_bytes(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(256)
    except (OSError, ValueError):
        return b""
