"""Writing a diff to a file: the same JSON that `roar-tui diff --json` prints."""

from __future__ import annotations

import json
import os
from pathlib import Path

from roar_tui.lineage.diff.result import Diff, to_json

TRIES = 1000


def write(diff: Diff, folder: str, a: str, b: str) -> Path:
    """Write `diff` into `folder` under a name made of the short hashes; no file is overwritten. Raises OSError."""
    stem = "-".join(["diff", *(part for part in (_plain(a), _plain(b)) if part)])
    words = json.dumps(to_json(diff), indent=2, ensure_ascii=True) + "\n"
    for number in range(1, TRIES):
        path = Path(folder) / f"{stem}{f'-{number}' if number > 1 else ''}.json"
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        except FileExistsError:
            continue
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(words)
        return path
    raise FileExistsError(f"{stem}.json and {TRIES} more are there already")


def _plain(code: str) -> str:
    return "".join(letter if letter.isalnum() else "." for letter in code)
