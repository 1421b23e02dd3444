"""The lines of the Diff screen as data: what came out, causes, consequences, steps, what is unknown, context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from rich.cells import cell_len

from roar_tui import text
from roar_tui.lineage.diff.result import Category, Cause, Consequence, Context, Diff, Outcome, StepRow, StepStatus, Unknown
from roar_tui.tui.diff_detail import Detail, because_words, cause_detail, step_detail, unknown_detail
from roar_tui.tui.diff_lookup import Compared, SideWords
from roar_tui.tui.diff_values import TONES, change_words, outcome_words, pair_words, path_words, subject_words
from roar_tui.tui.lines import Line, crop, fit, join, spread, width_of
from roar_tui.tui.nodes import Look

Thing: TypeAlias = "Cause | StepRow | Outcome | Unknown | Context"

FEW_STEPS = 6  # up to so many steps are shown even where they are unchanged
CHANGE_CELLS = 28
ABOUT_CELLS = 14  # fewer are not worth a column
NAMED = 4  # causes of one consequence that its line names


@dataclass(frozen=True)
class DiffRow:
    """A line of the list. `thing` is None for headings and gaps, which the cursor passes over; `key` stays when lines open."""

    key: str
    line: Line = field(compare=False)
    thing: Thing | None = None
    detail: Detail | None = None


def head(compared: Compared, width: int, look: Look) -> list[Line]:
    """Three lines: A, B, and what came out."""
    codes = max(cell_len(compared.a.code), cell_len(compared.b.code))
    return [
        _side("A", compared.a, codes, width, look),
        _side("B", compared.b, codes, width, look),
        crop([(" ", "plain"), *came_out(compared, look)], width, look.marks.more),
    ]


def came_out(compared: Compared, look: Look) -> Line:
    """The answer in one line: identical or not, then outputs and metrics that differ."""
    diff = compared.diff
    parts: list[Line] = []
    if diff.identical:
        parts.append([(f"{look.marks.ok} identical: the very same content", "ok")])
        if diff.causes:
            parts.append([("what differs upstream had no effect", "dim")])
    else:
        shown = _but_explained(outcomes(diff, everything=False))
        parts += [outcome_words(each, look, compared.cwd, after=shown[at - 1] if at else None) for at, each in enumerate(shown)]
        if not shown and not diff.causes:
            nothing = "no difference was found, but not everything could be compared" if diff.unknown else "no difference was found"
            parts.append([(nothing, "warn" if diff.unknown else "ok")])
        elif not diff.causes and (diff.unknown or diff.one_step is None):
            unknown = "why is unknown: see below" if diff.unknown else "nothing that went in differs"
            parts.append([(unknown, "warn")])
        if diff.one_step is not None:
            parts.append([("made by one step of one run", "dim")])
    return join(parts, [(f"  {look.marks.dot}  ", "dim")])


def outcomes(diff: Diff, *, everything: bool) -> list[Outcome]:
    """What came out otherwise, metrics first, for they are what is asked for; how long it took only with `everything`."""
    shown = [each for each in diff.outcome if everything or each.what != "duration"]
    return sorted(shown, key=_weight)


def rows(compared: Compared, width: int, look: Look, *, everything: bool, opened: frozenset[str]) -> list[DiffRow]:
    """All lines below the head. `opened`: keys of the rows that show their detail; `everything`: the unchanged and context."""
    diff = compared.diff
    made = _Rows(compared, width, look, opened)
    made.differences("causes", diff.causes, "cause")
    made.differences("consequences", diff.consequences, "consequence")
    shown = outcomes(diff, everything=everything)
    if everything or width_of(came_out(compared, look)) + 1 > width:
        made.outcome(shown)
    made.steps(diff.steps, everything=everything)
    made.unknown(diff.unknown)
    if everything:
        made.context(diff.context)
    if not any(row.thing for row in made.found):
        made.nothing()
    return made.found


class _Rows:
    """Collects the rows section by section."""

    def __init__(self, compared: Compared, width: int, look: Look, opened: frozenset[str]) -> None:
        self.found: list[DiffRow] = []
        self._diff = compared.diff
        self._cwd = compared.cwd
        self._width = max(width, 30)
        self._look = look
        self._opened = opened

    def differences(self, title: str, differences: Sequence[Cause], kind: str) -> None:
        """Causes or consequences, in columns as wide as they need and the terminal allows."""
        if not differences:
            return
        self._heading(title, f"{len(differences):,}")
        marks, look = self._look.marks, self._look
        words = max(len(each.category.value) for each in differences)
        room = self._width - 3 - words - 2 - 3
        changes = [change_words(each, look) for each in differences]
        change = min(max(width_of(line) for line in changes), CHANGE_CELLS, room // 2)
        names = max(cell_len(subject_words(each, look, self._cwd)) for each in differences)
        subject = min(names, room - change - 2)
        about = room - change - subject - 4
        if about < ABOUT_CELLS:
            subject, about = min(names, room - change - 2), 0
        elif names > subject:  # a long name gets what few words about it leave
            subject = min(names, subject + max(about - 2 * ABOUT_CELLS, 0))
            about = room - change - subject - 4
        for number, (each, changed) in enumerate(zip(differences, changes, strict=True)):
            key = f"{kind}:{number}"
            strong = each.reaches_target and kind == "cause"
            mark = ("●" if marks.unicode else "*") if strong else " " if kind == "consequence" else marks.dot
            line: Line = [(f"{mark} ", "accent" if strong else "faint"), (fit(each.category.value, words), TONES[each.category])]
            line += [("  ", "plain"), (fit(subject_words(each, look, self._cwd, subject), subject, more=marks.more), "strong")]
            cropped = crop(changed, change, marks.more)
            line += [("  ", "plain"), *cropped, (" " * (change - width_of(cropped)), "plain")]
            if about:
                line += [("  ", "plain"), *crop([(self._about(each), "dim")], about, marks.more)]
            self._add(key, line, each, lambda each=each: cause_detail(each, self._diff.causes, self._width, look, self._cwd))

    def outcome(self, shown: Sequence[Outcome]) -> None:
        """What came out otherwise, one a line."""
        if shown:
            self._heading("outcome", f"{len(shown):,}")
        for number, each in enumerate(shown):
            self._add(f"outcome:{number}", [("  ", "plain"), *outcome_words(each, self._look, self._cwd)], each)

    def steps(self, steps: Sequence[StepRow], *, everything: bool) -> None:
        """The steps: all where they are few, else those that changed."""
        if not steps:
            return
        counts = [(sum(step.status is status for step in steps), status.value) for status in StepStatus]
        self._heading("steps", ", ".join(f"{number:,} {word}" for number, word in counts if number))
        differences = [*self._diff.causes, *self._diff.consequences]
        for number, step in enumerate(steps):
            if step.status is StepStatus.SAME and not everything and len(steps) > FEW_STEPS:
                continue
            sign, tone, only = self._sign(step.status)
            name_tone = "dim" if step.status is StepStatus.SAME else "plain"
            line: Line = [("  ", "plain"), (f"{sign}  ", tone), (text.display(step.label), name_tone), (only, "dim")]
            self._add(
                f"step:{number}",
                line,
                step,
                lambda step=step: step_detail(step, differences, self._width, self._look, self._cwd),
            )

    def unknown(self, unknown: Sequence[Unknown]) -> None:
        """What could not be compared, and is not taken to be the same."""
        if unknown:
            self._heading("unknown", f"{len(unknown):,}, not taken to be the same")
        for number, each in enumerate(unknown):
            name = path_words(each.subject, self._look, self._cwd, max(self._width // 2 - 4, 12))
            line: Line = [("? ", "warn"), (name, "strong"), ("  ", "plain"), (text.display(each.why), "dim")]
            self._add(f"unknown:{number}", line, each, lambda each=each: unknown_detail(each, self._width, self._look))

    def context(self, context: Sequence[Context]) -> None:
        """What differs between any two runs and explains nothing by itself."""
        if context:
            self._heading("context", "differs between any two runs")
        names = min(max((cell_len(text.display(each.subject)) for each in context), default=0), self._width // 3)
        for number, each in enumerate(context):
            name = fit(path_words(each.subject, self._look, self._cwd, names), names, more=self._look.marks.more)
            line: Line = [("  ", "plain"), (name, "dim"), ("  ", "plain"), *pair_words(each.a, each.b, self._look)]
            self._add(f"context:{number}", line, each)

    def nothing(self) -> None:
        """Say what can be done where there is nothing to show."""
        self.found.append(DiffRow("nothing", [("  Nothing differs. ", "plain"), ("u", "key"), (" shows what is the same.", "dim")]))

    def _heading(self, title: str, words: str) -> None:
        rule = self._look.marks.rule
        line: Line = [(rule * 2 + " ", "rule"), (title, "title"), (f"  {words} ", "dim")]
        line = [*line, (rule * max(self._width - width_of(line), 0), "rule")]
        self.found.append(DiffRow(f"heading:{title}", crop(line, self._width, self._look.marks.more)))

    def _add(self, key: str, line: Line, thing: Thing, detail: object = None) -> None:
        """A row, with the mark that it opens, and its detail where it is open."""
        marks, is_open = self._look.marks, key in self._opened
        right: Line = [(f" {marks.opened if is_open else marks.closed}", "faint")] if callable(detail) else []
        line = [(" ", "plain"), *line]
        self.found.append(DiffRow(key, spread(line, right, self._width - 1, 1, marks.more), thing))
        if is_open and callable(detail):
            for number, each in enumerate(detail()):
                self.found.append(DiffRow(f"{key}/{number}", each.line, thing, each))

    def _about(self, cause: Cause) -> str:
        """Where it entered, or what explains it."""
        if isinstance(cause, Consequence):
            return "because of " + because_words(cause, self._diff.causes, self._look, self._cwd, NAMED)
        label = text.display(cause.detail.get("label", ""))
        if not cause.reaches_target:
            return "without effect"
        if cause.category is Category.NONDETERMINISM:
            return "same in every respect, yet differs"
        if not label or cause.category is Category.PIPELINE:
            return ""
        more = len(cause.detail.get("steps", [])) - 1
        words = f"{'of' if cause.category in (Category.PARAMS, Category.ENVIRONMENT) else 'read by'} {label}"
        words += f" and {more} more" if more > 0 else ""
        return words + (", changed outside" if cause.detail.get("outside") else "")

    def _sign(self, status: StepStatus) -> tuple[str, str, str]:
        unequal = "≠" if self._look.marks.unicode else "~"
        return {
            StepStatus.SAME: ("=", "dim", ""),
            StepStatus.CHANGED: (unequal, "warn", ""),
            StepStatus.ADDED: ("+", "ok", "  only in B"),
            StepStatus.REMOVED: ("-", "bad", "  only in A"),
        }[status]


def _side(letter: str, side: SideWords, codes: int, width: int, look: Look) -> Line:
    line: Line = [(f" {letter} ", "key")]
    if codes:
        line += [(fit(side.code, codes), "hash"), ("  ", "plain")]
    if side.time is not None:
        line += [(text.when(side.time, look.now), "dim"), ("  ", "plain")]
    room = max(width - width_of(line) - 1, 8)
    label = text.shorten_path(side.label, room, home=look.home) if side.label.startswith("/") else text.display(side.label)
    return crop([*line, (label, "strong")], width, look.marks.more)


def _but_explained(shown: list[Outcome]) -> list[Outcome]:
    """Without the files whose metrics say how they differ."""
    files = {each.what.rpartition(":")[0] for each in shown if _weight(each) == 1}
    return [each for each in shown if each.what not in files]


def _weight(outcome: Outcome) -> int:
    """Exit first, then metrics, then files, then time."""
    if outcome.what in ("exit", "duration"):
        return 0 if outcome.what == "exit" else 3
    return 2 if isinstance(outcome.a or outcome.b, str) and len(str(outcome.a or outcome.b)) == 64 else 1
