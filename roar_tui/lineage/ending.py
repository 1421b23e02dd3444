"""Recorded files by the end of their path, `model.pt` or `data/a.csv`: those of this place, and others only where a name is meant.

Every project has a `data/a.csv`. Where somebody stands in one, another project's is not what was asked for.
"""

from __future__ import annotations

import os
import sqlite3

from roar_tui.errors import AmbiguousError
from roar_tui.lineage import recorded
from roar_tui.lineage.jobs import CANDIDATES
from roar_tui.lineage.recorded import Version


def ending(db: sqlite3.Connection, name: str, *, cwd: str, why: str = "") -> tuple[Version, str] | None:
    """The newest version of the file that `name` means, seen from `cwd`, with a note that says which; None where there is none.

    `why` says why it is not the file in `cwd`. Raises AmbiguousError where `name` is a path of this place and only others have it.
    """
    found = recorded.named(db, name)
    if not found:
        return None
    if "/" in name.rstrip("/"):
        found = [version for version in found if version.path.startswith(cwd.rstrip("/") + "/")] or found
    elsewhere = not found[0].path.startswith(cwd.rstrip("/") + "/")
    if os.path.lexists(os.path.join(cwd, name)) or (elsewhere and _is_path_here(db, name, cwd)):
        lines = [f"path      {version.path}" for version in found[:CANDIDATES]]
        more = [f"          and {len(found) - CANDIDATES} more"] if len(found) > CANDIDATES else []
        raise AmbiguousError(
            f"{name} is not recorded in {cwd}{f' ({why})' if why else ''}. Elsewhere there "
            + ("is one such file." if len(found) == 1 else f"are {len(found)} such files."),
            lines + more,
            "Name one by its whole path.",
        )
    which = f"the newest of {len(found)} recorded files of that name" if len(found) > 1 else "the recorded file of that name"
    return found[0], f"{name} is {which}, {found[0].path}."


def _is_path_here(db: sqlite3.Connection, name: str, cwd: str) -> bool:
    """Whether `name` says where a file is below `cwd`: its first directory is there, or something was recorded in `cwd`."""
    first, slash, _ = name.partition("/")
    return bool(slash) and (os.path.lexists(os.path.join(cwd, first)) or recorded.has_below(db, cwd))
