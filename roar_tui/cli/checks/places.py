"""Can what was traced be kept? The store, its index, the place for traces, and the terminal to look at it."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from roar_tui.cli.checks.model import Check, fail, ok, warn
from roar_tui.store.filesystem import file_system, is_network, locks_work
from roar_tui.store.location import index_path
from roar_tui.text import UNICODE, display, marks, size

ANOTHER = "Choose another store with --store DIR or ROAR_TUI_STORE."
TIGHT = 1_000_000_000  # bytes below which a long job's trace may fill a disk


def nearest(path: Path) -> Path:
    """`path`, or the closest directory above it that exists."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def check_store(root: Path) -> Check:
    """Whether records can be written below `root`, and what kind of disk that is."""
    place = nearest(root)
    shown, above = display(str(root)), display(str(place))
    if not place.is_dir():
        return fail("store", f"The store {shown} cannot be made: {above} is a file.", ANOTHER)
    if not os.access(place, os.R_OK | os.W_OK | os.X_OK):
        return fail("store", f"The store {shown} cannot be used: you may not write to {above}.", ANOTHER)
    kind = file_system(place)
    free = shutil.disk_usage(place).free
    about = f"{shown} ({'' if root.exists() else 'not made yet, '}{kind}, {size(free)} free)"
    if free < TIGHT:
        return warn("store", f"The disk of the store is nearly full: {about}", "Free some space, or: " + ANOTHER)
    shared = " On a network file system, many machines may write to it at once." if is_network(kind) else ""
    return ok("store", about + shared)


def check_index(root: Path) -> Check:
    """Whether the index of the store has a place."""
    directory = index_path(root).parent
    place = nearest(directory)
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        return warn(
            "index",
            f"The index cannot be kept in {display(str(directory))}; a temporary directory holds it instead.",
            "Let XDG_CACHE_HOME name a directory that you may write to.",
        )
    kind = file_system(place)
    if is_network(kind) and not locks_work(place):
        return warn(
            "index",
            f"{display(str(directory))} lies on {kind}, where locks do not work: a temporary directory holds it.",
            "A local XDG_CACHE_HOME makes it faster.",
        )
    return ok("index", f"{display(str(directory))} ({kind})")


def check_spool() -> Check:
    """Whether the traces of running jobs lie on a local disk with room."""
    place = Path(tempfile.gettempdir())
    kind, free = file_system(place), shutil.disk_usage(place).free
    about = f"{display(str(place))} ({kind}, {size(free)} free)"
    if is_network(kind):
        return warn("spool", f"Traces of running jobs go to {about}, over the network.", "Let TMPDIR name a local disk.")
    if free < TIGHT:
        return warn("spool", f"Traces of running jobs go to {about}, nearly full.", "Let TMPDIR name a disk with room.")
    return ok("spool", f"Traces of running jobs go to {about}")


def check_terminal(environ: Mapping[str, str]) -> Check:
    """Whether the explorer can be drawn here, and how well."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return ok("terminal", "No terminal here: roar-tui prints lists instead of opening the explorer.")
    term = environ.get("TERM", "")
    columns, lines = shutil.get_terminal_size()
    if term in ("", "dumb"):
        return warn("terminal", f"The explorer cannot be drawn with TERM={term}.", "Set what it is, e.g. TERM=xterm-256color.")
    if columns < 60 or lines < 20:
        return warn("terminal", f"The terminal has {columns}x{lines} cells; the explorer wants 60x20.", "Make it larger.")
    about = f"{term}, {columns}x{lines}"
    if marks() is not UNICODE:
        return warn("terminal", f"{about}; the locale is not UTF-8, so that marks are ASCII.", "Set LANG=C.UTF-8, and tmux -u.")
    return ok("terminal", f"{about}, UTF-8{', without colour (NO_COLOR)' if environ.get('NO_COLOR') else ''}")


def check_python() -> Check:
    """Which Python this is."""
    return ok("python", f"Python {sys.version.split()[0]} at {display(sys.executable)}")
