"""What lies behind a line of a diff: changed lines of code, files of a set, suspects; each line may name a file of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from roar_tui import text
from roar_tui.lineage.diff.result import Category, Cause, Change, Consequence, StepRow, Unknown
from roar_tui.tui.diff_values import change_words, path_words, subject_words, value_words
from roar_tui.tui.lines import Line, crop, wrap
from roar_tui.tui.nodes import Look

SHOWN = 500  # lines of one text, files of one set
INDENT = 5
NAMED = 40  # causes of one consequence


class Detail(NamedTuple):
    """A line of detail; `path` with the digests `a` and `b` where it names a file of its own."""

    line: Line
    path: str | None = None
    a: str | None = None
    b: str | None = None


def cause_detail(cause: Cause, causes: Sequence[Cause], width: int, look: Look, cwd: str | None) -> list[Detail]:
    """All there is about a cause or a consequence, in lines of `width` cells."""
    said: list[Line] = []
    if isinstance(cause, Consequence):
        said.append(_because(cause, causes, look, cwd))
    elif not cause.reaches_target:
        said.append([("It had no effect on what is compared here.", "dim")])
    if where := _where(cause):
        said.append([(where, "plain")])
    if cause.detail.get("outside"):
        said.append([("Changed outside any recorded step: nothing that was recorded wrote it in between.", "warn")])
    if cause.detail.get("left"):
        other = "A" if cause.change is Change.ADDED else "B"
        said.append([(f"{other} had left it where this run wrote as well: an archive that is updated, a checkpoint.", "plain")])
    if cause.detail.get("between"):
        said.append([("The one step that made both read it after it had made the one, and before it made the other.", "plain")])
    members = cause.detail.get("members")
    if members and members["differ"] == 1 < members["of"]:
        said.append([(f"It alone differs among the {members['of']:,} files read beside it.", "plain")])
    said += _sides(cause, look, cwd)
    if cause.category is Category.NONDETERMINISM:
        said += _chance(cause, look, cwd)
    found = [Detail(line) for words in said for line in _indented(words, width, look)]
    found += _files(cause, width, look, cwd)
    found += [Detail(line) for line in _text(cause.detail.get("lines", []), width, look)]
    return found


def step_detail(step: StepRow, differences: Sequence[Cause], width: int, look: Look, cwd: str | None) -> list[Detail]:
    """What differs at a pair of steps, and how the two can be named."""
    names: Line = []
    for side, node in (("A", step.a), ("B", step.b)):
        if node is not None:
            _, job, number = node.split(":")
            names += [(f"{side} ", "key"), (f"{look.short(job)}:{number}", "hash"), ("   ", "plain")]
    if step.a is not None and step.a == step.b:
        names = [("Both runs share this very step.", "plain")]
    said = [names]
    for each in differences:
        if each.step.a == step.a and each.step.b == step.b:
            words: Line = [(f"{each.category.value}  ", "dim"), (subject_words(each, look, cwd), "strong"), ("  ", "plain")]
            said.append([*words, *change_words(each, look)])
    return [Detail(line) for words in said for line in _indented(words, width, look)]


def unknown_detail(unknown: Unknown, width: int, look: Look) -> list[Detail]:
    """Why something could not be compared, in full."""
    words: Line = [(text.display(unknown.subject), "strong"), (": ", "plain"), (text.display(unknown.why), "plain")]
    return [Detail(line) for line in _indented(words, width, look)]


def _where(cause: Cause) -> str:
    """Where it entered."""
    labels = cause.detail.get("steps") or [cause.detail["label"]] if cause.detail.get("label") else []
    if not labels or cause.category in (Category.PIPELINE, Category.NONDETERMINISM):
        return ""
    more = f" and {len(labels) - 6:,} more" if len(labels) > 6 else ""
    verb = "Of" if cause.category in (Category.PARAMS, Category.ENVIRONMENT) else "Read by"
    return f"{verb} {', '.join(text.display(label) for label in labels[:6])}{more}."


def _sides(cause: Cause, look: Look, cwd: str | None) -> list[Line]:
    """A's and B's value, with size and place where they are files."""
    sizes, paths, origin = (cause.detail.get(name) or {} for name in ("sizes", "paths", "from"))
    lines: list[Line] = []
    for side, value in (("a", cause.a), ("b", cause.b)):
        missing = Change.ADDED if side == "a" else Change.REMOVED
        if (cause.a is None and cause.b is None and not origin) or (cause.change is missing and value is None):
            continue
        line: Line = [(f"{side.upper()}  ", "key")]
        if cause.category is not Category.NONDETERMINISM and value is not None:
            line.append((value_words(value, look), "hash" if side in sizes else "plain"))
        if side in sizes:
            line.append((f"  {text.size(sizes[side])}", "plain"))
        if side in paths:
            line.append((f"  {path_words(paths[side], look, cwd)}", "plain"))
        if side in origin:
            line.append((f"  from {text.display(_listed(origin[side]))}", "plain"))
        if len(line) > 1:
            lines.append(line)
    return lines


def _chance(cause: Cause, look: Look, cwd: str | None) -> list[Line]:
    """Why the same step gave something else: what is suspected, and what came out otherwise."""
    suspects = ", ".join(cause.detail.get("suspects", [])) or "time or chance"
    outputs = cause.detail.get("outputs", [])
    lines: list[Line] = [
        [("It was the same in every respect that was recorded, and yet gave something else.", "plain")],
        [("Suspects: ", "dim"), (text.display(suspects), "strong")],
    ]
    if outputs:
        names = ", ".join(path_words(path, look, cwd) for path in outputs[:4])
        more = f" and {len(outputs) - 4:,} more" if len(outputs) > 4 else ""
        lines.append([("Differs: ", "dim"), (names + more, "plain")])
    return lines


def because_words(consequence: Consequence, causes: Sequence[Cause], look: Look, cwd: str | None, limit: int) -> str:
    """The causes of a consequence by their subjects, at most `limit` of them."""
    names = [subject_words(causes[index], look, cwd) for index in consequence.because[:limit]]
    more = len(consequence.because) - len(names)
    return ", ".join(names) + (f" and {more:,} more" if more else "") if names else "something unknown"


def _because(consequence: Consequence, causes: Sequence[Cause], look: Look, cwd: str | None) -> Line:
    return [("Because of ", "dim"), (because_words(consequence, causes, look, cwd, NAMED), "strong")]


def _files(cause: Cause, width: int, look: Look, cwd: str | None) -> list[Detail]:
    """The files of a set that differ, one a line."""
    members: dict[str, Any] | None = cause.detail.get("members")
    if not members or (members["differ"] < 2 and cause.change is Change.CHANGED and cause.a is not None):
        return []
    base = cause.subject.rstrip("/")
    signs = {"added": ("+", "ok"), "removed": ("-", "bad"), "changed": ("≠" if look.marks.unicode else "~", "warn")}
    found: list[Detail] = []
    for kind, (sign, tone) in signs.items():
        for each in members[kind][: SHOWN - len(found)]:
            name = text.shorten_path(each["path"], max(width - INDENT - 26, 12), cwd=base, home=look.home)
            line: Line = [(" " * INDENT, "plain"), (sign + " ", tone), (name, "strong"), ("  ", "plain")]
            a, b = each.get("a"), each.get("b")
            hashes = f" {look.marks.becomes} ".join(look.short(digest) for digest in (a, b) if digest)
            found.append(Detail(crop([*line, (hashes, "hash")], width, look.marks.more), each["path"], a, b))
    left = sum(len(members[kind]) for kind in signs) - len(found)
    if left > 0:
        more = f"and {text.count(left, 'more file')}; e writes all of them to a file"
        found.append(Detail([(" " * INDENT, "plain"), (more, "dim")]))
    return found


def _text(lines: Sequence[str], width: int, look: Look) -> list[Line]:
    """A unified diff: the signs carry the meaning, colour helps."""
    shown: list[Line] = []
    for line in text.clip_changes([text.display(each.expandtabs(4)) for each in lines[:SHOWN]], max(width - INDENT, 1)):
        tone = {"+": "ok", "-": "bad", "@": "accent"}.get(line[:1], "dim")
        shown.append(crop([(" " * INDENT, "plain"), (line, tone)], width, look.marks.more))
    if len(lines) > SHOWN:
        shown.append([(" " * INDENT, "plain"), (f"and {text.count(len(lines) - SHOWN, 'more line')}; y copies all of them", "dim")])
    return shown


def _indented(words: Line, width: int, look: Look) -> list[Line]:
    margin: Line = [(" " * INDENT, "plain")]
    return [[*margin, *line] for line in wrap(words, max(width - INDENT, 10), 3, limit=12, more=look.marks.more)]


def _listed(value: object) -> str:
    return ", ".join(str(each) for each in value) if isinstance(value, list | tuple) else str(value or "nothing recorded")
