"""Where a line of a diff leads: what can be walked from it, and what is copied."""

from __future__ import annotations

import os.path

from roar_tui.lineage.diff.result import Cause, Change, Diff, Outcome, StepRow, Unknown
from roar_tui.tui.diff_lines import DiffRow
from roar_tui.tui.diff_values import is_digest


def refs_of(diff: Diff, row: DiffRow, cwd: str | None) -> list[str]:
    """References for a walk from this line, best first: B's file or step, A's where only A has one. Empty where there is none."""
    thing = row.thing
    if row.detail is not None and row.detail.path is not None and isinstance(thing, Cause):
        node = thing.step.b if row.detail.b else thing.step.a
        return _of_file(node, row.detail.path, row.detail.b or row.detail.a)
    if isinstance(thing, Cause):
        gone = thing.change is Change.REMOVED
        node, value = (thing.step.a or thing.step.b, thing.a) if gone else (thing.step.b or thing.step.a, thing.b)
        path = thing.detail.get("path") or (thing.subject if thing.subject.startswith("/") else None)
        refs = _of_file(node, path, value if is_digest(value) and path == thing.subject else None) if path else []
        return [*refs, *_of_step(node)]
    if isinstance(thing, StepRow):
        return _of_step(thing.b or thing.a)
    if isinstance(thing, Outcome):
        if is_digest(thing.b or thing.a):
            return [thing.b or thing.a]
        side = diff.b if diff.b.kind == "job" else diff.a
        name = thing.what.rsplit(":", 1)[0] if ":" in thing.what else ""
        files = [f"{side.id}:{os.path.join(cwd or '/', name)}"] if name else []
        return [*files, side.id] if side.kind == "job" else []
    return []


def copied_of(row: DiffRow) -> tuple[str, str] | None:
    """What `y` copies, and what it is called: a hash, a changed text, a value; B's before A's."""
    thing, detail = row.thing, row.detail
    if detail is not None and detail.path is not None:
        return detail.b or detail.a or detail.path, "the full hash"
    if isinstance(thing, Cause):
        lines: list[str] = thing.detail.get("lines", [])
        if detail is not None and lines:
            return "\n".join(lines) + "\n", "the changed lines"
        return _copied_value(thing.b if thing.b is not None else thing.a, thing.subject)
    if isinstance(thing, Outcome):
        return _copied_value(thing.b if thing.b is not None else thing.a, thing.what)
    if isinstance(thing, StepRow):
        node = thing.b or thing.a
        return (node.removeprefix("s:"), "the reference of the step") if node is not None else None
    if isinstance(thing, Unknown):
        return thing.subject, "its name"
    return None


def _of_file(node: str | None, path: str, digest: str | None) -> list[str]:
    """A file as the step's job had it; failing that its content, its path."""
    refs = [f"{node.split(':')[1]}:{path}"] if node is not None else []
    return [*refs, digest if digest is not None else path]


def _of_step(node: str | None) -> list[str]:
    return [node.removeprefix("s:")] if node is not None else []


def _copied_value(value: object, subject: str) -> tuple[str, str]:
    if is_digest(value):
        return str(value), "the full hash"
    return (subject, "its name") if value is None else (str(value), "the value")
