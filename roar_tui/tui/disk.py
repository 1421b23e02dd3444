"""How the explorer says what became of files on disk, and how much it looks at unasked."""

from __future__ import annotations

from roar_tui import text
from roar_tui.lineage.disk import CancelledError, DiskState, Recorded, best, check, check_all
from roar_tui.tui.lines import Line
from roar_tui.tui.marks import Marks

__all__ = [
    "HASHED_UNASKED", "MEMBERS_UNASKED", "CancelledError", "DiskState", "Recorded", "best", "check", "check_all", "words_for",
]  # fmt: skip

HASHED_UNASKED = 64 << 20  # bytes that are hashed just because the cursor rests on a file; more on the details screen
MEMBERS_UNASKED = 2_000  # files of a set that are looked at


def words_for(counts: dict[DiskState, int], total: int, marks: Marks) -> Line:
    """The counts as a phrase: `1,000 unchanged`, `997 unchanged · 3 changed`."""
    tones = {
        DiskState.SAME: "ok", DiskState.CHANGED: "bad", DiskState.GONE: "warn", DiskState.UNREADABLE: "warn",
        DiskState.SAME_SIZE: "plain",
    }  # fmt: skip
    line: Line = []
    for state in DiskState:
        if number := counts.get(state, 0):
            if line:
                line.append((f" {marks.dot} ", "dim"))
            line.append((state.value if total == 1 else f"{text.count(number)} {state.value}", tones[state]))
    if sum(counts.values()) < total:
        line.append((f" {marks.dot} of {text.count(total)}, the first looked at", "dim"))
    return line
