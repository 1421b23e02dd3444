"""How the two values of a difference are written: hashes short, sets of files as counts, what is missing as a word."""

from __future__ import annotations

import json
from typing import Any

from roar_tui import text
from roar_tui.lineage.diff.result import Category, Cause, Change, Outcome
from roar_tui.tui.lines import Line
from roar_tui.tui.nodes import Look

TONES = {
    Category.DATA: "artifact", Category.CODE: "code", Category.PARAMS: "config", Category.ENVIRONMENT: "fileset",
    Category.PIPELINE: "step", Category.NONDETERMINISM: "warn",
}  # fmt: skip


def is_digest(value: object) -> bool:
    """Whether a value is a whole hash."""
    return isinstance(value, str) and len(value) == 64 and all(character in "0123456789abcdef" for character in value)


def value_words(value: Any, look: Look) -> str:
    """One value, printable: `none` where there is none, `set` for an option without a value."""
    if value is None:
        return "none"
    if value is True:
        return "set"
    if isinstance(value, str):
        return look.short(value) if is_digest(value) else text.display(value) or '""'
    return text.display(json.dumps(value, ensure_ascii=True, default=str))


def tone_of(value: Any) -> str:
    """Hashes look like hashes everywhere."""
    return "hash" if is_digest(value) else "dim" if value is None else "plain"


def pair_words(a: Any, b: Any, look: Look) -> Line:
    """`0.1 → 0.2`."""
    return [
        (value_words(a, look), tone_of(a)),
        (f" {look.marks.becomes} ", "dim"),
        (value_words(b, look), tone_of(b)),
    ]


def change_words(cause: Cause, look: Look) -> Line:
    """What changed, in a few words: `2b0024f → c2e8487`, `3 of 1,000 differ`, `only in B`."""
    members = cause.detail.get("members")
    if members and members["differ"] > 1:
        return [(f"{members['differ']:,} of {members['of']:,} differ", "plain")]
    if cause.change is not Change.CHANGED and cause.category is not Category.PARAMS:
        value = cause.b if cause.change is Change.ADDED else cause.a
        words: Line = [(f"only in {'B' if cause.change is Change.ADDED else 'A'}", "plain")]
        if cause.category is not Category.PIPELINE and value is not None:
            words += [("  ", "plain"), (value_words(value, look), tone_of(value))]
        return words
    if cause.a is None and cause.b is None:
        return [("differs", "plain")]
    return pair_words(cause.a, cause.b, look)


def subject_words(cause: Cause, look: Look, cwd: str | None, width: int | None = None) -> str:
    """The subject as a person names it: a path as seen from `cwd`, of a long one the end; a directory ends in a slash."""
    directory = "/" if cause.a is None and cause.b is None and "members" in cause.detail else ""
    return path_words(cause.subject, look, cwd, None if width is None else max(width - len(directory), 4)) + directory


def path_words(subject: str, look: Look, cwd: str | None, width: int | None = None) -> str:
    """A path as seen from `cwd`; anything else as it is."""
    if subject.startswith("/"):
        return text.shorten_path(subject, width, cwd=cwd, home=look.home)
    return text.display(subject, width=width)


def outcome_words(outcome: Outcome, look: Look, cwd: str | None, *, after: Outcome | None = None) -> Line:
    """`model.pt differs`, `metrics.json:acc 0.91 → 0.87` (only `acc` after another of the file), `exit 0 → 1`, `took 4s → 7s`."""
    a, b = outcome.a, outcome.b
    if outcome.what == "duration":
        return [("took ", "dim"), *pair_words(text.duration(a) or None, text.duration(b) or None, look)]
    name = path_words(outcome.what, look, cwd)
    if outcome.was is not None:
        name = f"{path_words(outcome.was, look, cwd)} {look.marks.becomes} {name}"
    if is_digest(a) and is_digest(b):
        return [(name, "strong"), (" differs", "warn")]
    if (is_digest(a) and b is None) or (is_digest(b) and a is None):
        return [(name, "strong"), (f" only in {'A' if b is None else 'B'}", "warn")]
    _, colon, key = name.rpartition(":")
    if colon and after is not None and after.what.rpartition(":")[0] == outcome.what.rpartition(":")[0]:
        name = key
    return [(name, "strong"), (" ", "plain"), *pair_words(a, b, look)]
