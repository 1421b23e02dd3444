"""The readable form of a diff: what came out, the causes, what follows from them, the steps."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from typing import Any

from roar_tui.cli.render import BAD, GAP, GOOD, HASH, HEAD, QUIET, WARN, Column, Line, Part, Screen
from roar_tui.lineage.diff.causes import NAMES
from roar_tui.lineage.diff.result import Category, Cause, Change, Consequence, Diff, Outcome, Side, StepStatus
from roar_tui.store import queries
from roar_tui.text import cells, clip_apart, clip_changes, count, display, duration, marks, pad, shorten_path

WORDS = 30  # cells of a value before it is cut
LISTED = 20  # lines of a section before it says how many more there are
INDENT = "    "
TEXT = 12  # lines of a changed text
_SIGNS = {StepStatus.SAME: "=", StepStatus.CHANGED: "~", StepStatus.ADDED: "+", StepStatus.REMOVED: "-"}
_STYLES = {StepStatus.SAME: QUIET, StepStatus.CHANGED: WARN, StepStatus.ADDED: GOOD, StepStatus.REMOVED: BAD}


def print_diff(db: sqlite3.Connection, diff: Diff, cwd: str, *, everything: bool) -> None:
    """Print `diff`; paths below `cwd` are relative to it. `everything`: every line, unchanged steps, and the context."""
    _View(Screen(), db, cwd, everything).show(diff)


def one_line(db: sqlite3.Connection, cause: Cause, cwd: str) -> str:
    """A cause in one line: category, subject, what it was and is."""
    return _View(Screen(), db, cwd, False).cause(cause)


class _View:
    def __init__(self, screen: Screen, db: sqlite3.Connection, cwd: str, everything: bool) -> None:
        self._screen = screen
        self._db = db
        self._cwd = cwd
        self._everything = everything

    def show(self, diff: Diff) -> None:
        self._screen.fitted(("A  ", HEAD), *self._side(diff.a))
        self._screen.fitted(("B  ", HEAD), *self._side(diff.b))
        self._screen.line()
        self._headline(diff)
        self._causes(diff.causes)
        self._consequences(diff)
        self._outcome(diff.outcome)
        self._steps(diff)
        self._unknown(diff)
        if self._everything and diff.context:
            self._screen.heading("Context", "differs between any two runs")
            rows = [[display(each.subject), self._value(each.a), self._value(each.b)] for each in diff.context]
            self._screen.table([Column(""), Column("A", flexible=True), Column("B", flexible=True)], rows)

    def cause(self, cause: Cause) -> str:
        """A cause in one line."""
        return GAP.join([*self._row(cause), self._about(cause)]).rstrip()

    def _side(self, side: Side) -> Line:
        named = [(display(side.ref) + GAP, "")] if side.ref and side.ref != side.id else []
        what = shorten_path(side.label, cwd=self._cwd) if side.label.startswith("/") else display(side.label)
        known = _is_hex(side.id)
        return [*named, (queries.short(self._db, side.id) + GAP, HASH) if known else "", what if what != side.ref else ""]

    def _headline(self, diff: Diff) -> None:
        if diff.identical:
            self._screen.line(("Identical: the very same content.", GOOD))
        elif diff.unknown and not diff.causes:
            self._screen.line(("Unknown: no difference was found, but not everything could be compared.", WARN))
        elif not diff.causes and not diff.outcome:
            self._screen.line("No difference was found.")
        elif not diff.causes and diff.one_step is None:
            self._screen.line("Nothing that went in differs.")
        elif diff.one_step is None:
            reaching = sum(cause.reaches_target for cause in diff.causes)
            effect = "" if reaching == len(diff.causes) else f", {count(reaching)} of them with an effect on the result"
            self._screen.line((count(len(diff.causes), "cause") + effect, HEAD))
        if diff.one_step is not None:
            label = next((step.label for step in diff.steps if step.b == diff.one_step), "")
            job = queries.short(self._db, diff.one_step.split(":")[1])
            self._screen.line("Both were made by one step of one run: ", display(label), GAP, (job, HASH))
            apart = "It read more for the one than for the other:"
            self._screen.line(apart if diff.causes else "Nothing tells what it read for the one from the rest.")
        if diff.identical and diff.causes:
            self._screen.line(("What differs upstream had no effect on it.", QUIET))

    def _causes(self, causes: Sequence[Cause]) -> None:
        if not causes:
            return
        self._screen.heading("Causes", count(len(causes)))
        rows = [self._row(cause) for cause in self._cut(causes)]
        widths = [max(cells(row[i]) for row in rows) for i in range(3)]
        sign = "*" if marks().dot == "-" else "●"
        for cause, row in zip(self._cut(causes), rows, strict=True):
            reach = (f"{sign} ", BAD) if cause.reaches_target else ("  ", "")
            words: list[Part] = [(pad(row[0], widths[0]) + GAP, QUIET), pad(row[1], widths[1]) + GAP, pad(row[2], widths[2]) + GAP]
            about = ", ".join(each for each in (self._about(cause), "" if cause.reaches_target else "without effect") if each)
            self._screen.fitted(reach, *words, (about, QUIET))
            lines = [display(line) for line in self._text(cause)]
            if cause.category is Category.CODE and self._screen.width is not None:
                lines = clip_changes(lines, self._screen.width - len(INDENT))
            for line in lines:
                style = GOOD if line.startswith("+") else BAD if line.startswith("-") else QUIET
                self._screen.fitted(INDENT, (line, style))
        self._more(causes)

    def _consequences(self, diff: Diff) -> None:
        if not diff.consequences:
            return
        self._screen.heading("Consequences", count(len(diff.consequences)))
        rows = [self._row(each) for each in self._cut(diff.consequences)]
        widths = [max(cells(row[i]) for row in rows) for i in range(3)]
        for each, row in zip(self._cut(diff.consequences), rows, strict=True):
            kind = GAP + pad(row[0], widths[0]) + GAP
            words: list[Part] = [(kind, QUIET), pad(row[1], widths[1]) + GAP, pad(row[2], widths[2]) + GAP]
            self._screen.fitted(*words, (self._because(each, diff.causes), QUIET))
        self._more(diff.consequences)

    def _because(self, each: Consequence, causes: Sequence[Cause]) -> str:
        if not each.because:
            return "because of something unknown"
        names = [self._subject(causes[index]) for index in each.because[:3]]
        more = f" and {count(len(each.because) - 3)} more" if len(each.because) > 3 else ""
        return "because of " + ", ".join(names) + more

    def _row(self, cause: Cause) -> list[str]:
        return [cause.category.value, self._subject(cause), self._change(cause)]

    def _subject(self, cause: Cause) -> str:
        if cause.subject.startswith("/"):
            directory = "/" if cause.a is None and cause.b is None and "members" in cause.detail else ""
            return shorten_path(cause.subject, 40, cwd=self._cwd) + directory
        return display(cause.subject, width=40)

    def _path(self, path: str) -> str:
        return shorten_path(path, cwd=self._cwd) if path.startswith("/") else display(path)

    def _change(self, cause: Cause) -> str:
        members = cause.detail.get("members")
        if members and members["differ"] > 1:
            parts = [f"{count(len(members[name]))} {name}" for name in ("added", "removed") if members[name]]
            return f"{count(members['differ'])} of {count(members['of'])} differ" + (f" ({', '.join(parts)})" if parts else "")
        if cause.change is not Change.CHANGED and cause.category is not Category.PARAMS:
            value = cause.b if cause.change is Change.ADDED else cause.a
            shown = "" if cause.category is Category.PIPELINE else GAP + self._value(value)
            return f"only in {'B' if cause.change is Change.ADDED else 'A'}{shown}"
        if cause.a is None and cause.b is None:
            return "differs"
        arrow = marks().becomes
        if isinstance(cause.a, str) and isinstance(cause.b, str) and not self._everything and not _is_hex(cause.a):
            one, other = clip_apart(display(cause.a), display(cause.b), WORDS)
            return f"{one} {arrow} {other}"
        return f"{self._value(cause.a)} {arrow} {self._value(cause.b)}"

    def _value(self, value: Any) -> str:
        if value is None:
            return "(none)"
        if value is True:
            return "(set)"
        text = value if isinstance(value, str) else repr(value)
        return queries.short(self._db, text) if _is_hex(text) else display(text, width=None if self._everything else WORDS)

    def _about(self, cause: Cause) -> str:
        """Where it entered, and what else there is to know in a few words."""
        label = display(cause.detail.get("label", ""))
        verb = "of" if cause.category in (Category.PARAMS, Category.ENVIRONMENT) else "read by"
        words = [f"{verb} {label}"] if label and cause.category in (Category.DATA, Category.CODE, Category.PARAMS) else []
        paths = cause.detail.get("paths")
        if paths and os.path.basename(paths["a"]) != os.path.basename(paths["b"]):
            words.append(f"in A {self._path(paths['a'])}")
        if cause.detail.get("outside"):
            words.append("changed outside any recorded step")
        if cause.detail.get("left"):
            words.append(f"left by {'A' if cause.change is Change.ADDED else 'B'}")
        if cause.detail.get("between"):
            words.append("between the two")
        if cause.category is Category.NONDETERMINISM:
            suspects = cause.detail.get("suspects", [])
            same = "same but for names" if NAMES in suspects else "same in every respect"
            words.append(f"{same}, yet differs: " + display(", ".join(suspects)))
        return ", ".join(words)

    def _text(self, cause: Cause) -> list[str]:
        if cause.category is Category.CODE:
            lines: list[str] = [line for line in cause.detail.get("lines", []) if not line.startswith("@@")]
            lines = lines if self._everything else [line for line in lines if line.startswith(("+", "-"))]
            more = len(lines) - TEXT
            return lines if self._everything or more <= 0 else [*lines[:TEXT], f"({count(more, 'more line')}; --all shows them)"]
        members = cause.detail.get("members")
        if members and members["differ"] > 1:
            named = [(name, each["path"]) for name in ("added", "removed", "changed") for each in members[name]]
            shown = named if self._everything else named[:4]
            signs = {"added": "+", "removed": "-", "changed": "~"}
            below = cause.subject.rstrip("/") + "/"
            lines = [f"{signs[name]} {path[len(below):] if path.startswith(below) else path}" for name, path in shown]
            left = len(named) - len(shown)
            return [*lines, f"({count(left, 'more file')}; --all shows them)"] if left else lines
        return []

    def _outcome(self, outcome: Sequence[Outcome]) -> None:
        shown = [each for each in outcome if self._everything or each.what != "duration"]
        if not shown:
            return
        self._screen.heading("Outcome")
        rows: list[list[Part]] = []
        for each in self._cut(shown):
            a, b = (duration(v) if each.what == "duration" else self._value(v) for v in (each.a, each.b))
            name = self._path(each.what)
            if each.was is not None:
                name = f"{self._path(each.was)} {marks().becomes} {name}"
            rows.append([name, a, b])
        self._screen.table([Column("", flexible=True, keep_end=True), Column("A"), Column("B")], rows)
        self._more(shown)

    def _steps(self, diff: Diff) -> None:
        counts = {status: sum(step.status is status for step in diff.steps) for status in StepStatus}
        about = ", ".join(f"{count(number)} {status.value}" for status, number in counts.items() if number)
        if not about:
            return
        self._screen.heading("Steps", about)
        shown = [step for step in diff.steps if self._everything or len(diff.steps) <= LISTED or step.status is not StepStatus.SAME]
        line: Line = []
        width = self._screen.width or 80
        used = 0
        for step in self._cut(shown):
            only = {StepStatus.ADDED: " (only B)", StepStatus.REMOVED: " (only A)"}.get(step.status, "")
            word = f"{_SIGNS[step.status]} {display(step.label, width=WORDS)}{only}"
            if line and used + cells(word) + 3 > width:
                self._screen.line(*line)
                line, used = [], 0
            line += [(word, _STYLES[step.status]), "   "]
            used += cells(word) + 3
        if line:
            self._screen.line(*line[:-1])
        self._more(shown)

    def _unknown(self, diff: Diff) -> None:
        if not diff.unknown:
            return
        self._screen.heading("Unknown", "not compared, and not taken to be the same")
        for each in self._cut(diff.unknown):
            self._screen.fitted((self._path(each.subject), WARN), GAP, (display(each.why), QUIET))
        self._more(diff.unknown)

    def _cut(self, listed: Sequence[Any]) -> Sequence[Any]:
        return listed if self._everything else listed[:LISTED]

    def _more(self, listed: Sequence[object]) -> None:
        left = len(listed) - len(self._cut(listed))
        if left > 0:
            self._screen.line((f"and {count(left)} more; --all lists them", QUIET))


def _is_hex(text: str) -> bool:
    return len(text) == 64 and all(character in "0123456789abcdef" for character in text)
