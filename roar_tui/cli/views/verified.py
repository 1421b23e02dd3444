"""The readable form of a verification: what is not as it was recorded, then how much was looked at."""

from __future__ import annotations

import socket
import sqlite3
from collections import Counter

from roar_tui.cli.render import BAD, GAP, GOOD, HASH, QUIET, WARN, Column, Part, Screen
from roar_tui.lineage.verify import Problem, Verified
from roar_tui.store import queries
from roar_tui.store.hashes import SHOWN
from roar_tui.text import count, display, marks, shorten_path

LISTED = 1000  # lines of one kind on a screen; --json has them all
STATES = ("changed", "gone", "moved")


def print_verified(db: sqlite3.Connection, result: Verified, cwd: str) -> None:
    """Print `result`; paths below `cwd` are relative to it."""
    screen = Screen()
    if result.problems:
        rows: list[list[Part]] = [
            [(each.state, WARN if each.state == "moved" else BAD), queries.short(db, each.digest), _what(db, each, cwd)]
            for each in result.problems[:LISTED]
        ]
        screen.table([Column("state"), Column("hash", style=HASH), Column("path")], rows)
        _more(screen, len(result.problems))
        screen.line()
    for each in result.unknown[:LISTED]:
        screen.line(("unknown", WARN), GAP, shorten_path(each.path, cwd=cwd), (f"{GAP}{display(each.why)}", QUIET))
    _more(screen, len(result.unknown))
    for kind, checked in (("record", result.records), ("blob", result.blobs)):
        for damaged in checked.damaged:
            screen.line((f"damaged {kind}", BAD), GAP, display(damaged.problem))
    _summary(screen, result)


def _what(db: sqlite3.Connection, problem: Problem, cwd: str) -> str:
    path = shorten_path(problem.path, cwd=cwd)
    if problem.moved_to is not None:
        return f"{path}{GAP}is now at {shorten_path(problem.moved_to, cwd=cwd)}"
    if problem.state == "changed":
        if problem.now is None:
            return f"{path}{GAP}cannot be hashed now"
        by = f", written by job {queries.short(db, problem.now_job)}" if problem.now_job else ""
        return f"{path}{GAP}is now {problem.now[:SHOWN]}{by}"
    return path


def _more(screen: Screen, number: int) -> None:
    if number > LISTED:
        screen.line((f"and {count(number - LISTED)} more; --json lists them all", QUIET))


def _summary(screen: Screen, result: Verified) -> None:
    """`1,003 files checked: 1,000 unchanged · 2 changed · 1 gone`, and what else a person should know."""
    states = Counter(each.state for each in result.problems)
    parts = [f"{count(result.unchanged)} unchanged", *(f"{count(states[state])} {state}" for state in STATES if states[state])]
    if result.unknown:
        parts.append(f"{count(len(result.unknown))} that cannot be compared")
    sign = (f"{marks().ok} ", GOOD) if not result.problems else (f"{marks().fail} ", BAD)
    if result.checked or result.unknown:
        screen.line(sign, f"{count(result.checked, 'file')} checked: " + f" {marks().dot} ".join(parts))
    else:
        screen.line("Nothing that should still be on disk was recorded here.")
    if result.records.checked:
        harm = len(result.records.damaged) + len(result.blobs.damaged)
        sound = "all are sound" if result.records.checked + result.blobs.checked > 1 else "it is sound"
        also = f" and {count(result.blobs.checked, 'blob')}" if result.blobs.checked else ""
        screen.line(
            (f"{marks().fail} ", BAD) if harm else (f"{marks().ok} ", GOOD),
            f"{count(result.records.checked, 'record')}{also} checked: " + (f"{count(harm)} damaged" if harm else sound),
        )
    elsewhere = Counter(each.host for each in result.problems if each.host != socket.gethostname())
    if elsewhere:
        hosts = ", ".join(display(host) for host in sorted(elsewhere))
        were = count(elsewhere.total(), "of these was", "of these were")
        screen.line((f"{marks().warn} ", WARN), f"{were} seen on other machines: {hosts}")
