"""All there is to say about one thing, as lines of sections: the text of the details screen."""

from __future__ import annotations

import os.path
from collections.abc import Iterable, Sequence
from typing import Any

from roar_tui import text
from roar_tui.lineage.model import Alternative
from roar_tui.record.model import State
from roar_tui.store.results import AccessView, ArtifactView, FilesetView, JobView, SeenAt, StepView
from roar_tui.tui.brief import APPENDED, git_words, piped
from roar_tui.tui.lines import Line, wrap
from roar_tui.tui.nodes import Look
from roar_tui.tui.rows import ending

SHOWN_FILES = 500
SHOWN_TEXT_LINES = 5_000
NAME = 12  # on a terminal of 80 cells, a whole hash stands beside its name


class Page:
    """Lines under headings; values are wrapped at the page's width."""

    def __init__(self, width: int, look: Look) -> None:
        self.width = max(width, 20)
        self.look = look
        self.lines: list[Line] = []

    def section(self, title: str, count: int | None = None) -> None:
        """A heading with a rule behind it."""
        if self.lines:
            self.lines.append([])
        words = title + (f" {text.count(count)}" if count is not None else "")
        rule = self.look.marks.rule * max(self.width - len(words) - 1, 0)
        self.lines.append([(words, "title"), (" ", "plain"), (rule, "rule")])

    def field(self, name: str, value: Line | str) -> None:
        """`name  value`, the value wrapped beside its name."""
        line: Line = [(value, "plain")] if isinstance(value, str) else value
        if not any(part for part, _ in line):
            return
        label: Line = [(f"{name:<{NAME - 1}} ", "dim")]
        self.lines.extend(wrap([*label, *line], self.width, NAME, more=self.look.marks.more))

    def paragraph(self, line: Line | str, indent: int = 0) -> None:
        """Words, wrapped."""
        self.lines.extend(wrap([(line, "plain")] if isinstance(line, str) else line, self.width, indent, more=self.look.marks.more))


def job_page(view: JobView, step: StepView | None, width: int, look: Look) -> list[Line]:
    """A job, or one step of it with the job's context: command, place, git, files, environment, warnings."""
    page = Page(width, look)
    for warning in view.warnings:
        page.paragraph([("! ", "warn"), (text.display(warning.message), "warn")], 2)
    if step is not None:
        _step(page, view, step)
        _files(page, "Used", step.used, view.cwd)
        _pipes(page, "from", piped(view, step, to=False))
        _files(page, "Generated", step.generated, view.cwd)
        _pipes(page, "to", piped(view, step, to=True))
    page.section("Job")
    page.field("command", [(text.command_line(view.command), "strong")])
    page.field("id", [(view.id, "hash")])
    page.field("name", text.display(view.name or ""))
    page.field("in", text.shorten_path(view.cwd, home=look.home))
    page.field("started", text.moment(view.started))
    page.field("ended", ending(view.exit, view.state, view.duration))
    page.field("by", " on ".join(text.display(part) for part in (view.user, view.host) if part))
    page.field("group", text.display(view.group or "") + (f"  rank {view.rank}" if view.rank is not None else ""))
    if view.git is not None:
        page.field("git", git_words(view.git))
        page.field("commit", [(text.display(view.git.commit or ""), "hash")])
        page.field("remote", text.display(view.git.remote or ""))
    for tracker in view.trackers:
        page.field(text.display(tracker.kind), text.display(tracker.url))
    if step is None:
        _files(page, "Inputs", view.inputs, view.cwd)
        _files(page, "Outputs", view.outputs, view.cwd)
        page.section("Steps", len(view.steps))
        for each in view.steps[:SHOWN_FILES]:
            page.field(str(each.id), [(text.command_line(each.argv), "plain"), (f"  {text.duration(each.duration)}", "dim")])
    _environment(page, view)
    if view.left_out:
        page.section("Left out")
        for rule in view.left_out:
            page.field(rule.rule, text.count(rule.count, "file"))
    return page.lines


def artifact_page(
    view: ArtifactView,
    width: int,
    look: Look,
    *,
    alternatives: Sequence[Alternative] = (),
    disk: Sequence[tuple[str, Line]] | None = None,
    content: str | None = None,
) -> list[Line]:
    """An artifact: hash, places and what is there now, who made it, who used it, and its text if that was kept."""
    page = Page(width, look)
    page.section("Artifact")
    page.field("hash", [(view.digest, "hash")])
    page.field(
        "size", f"{text.size(view.size)}" + (f"  ({view.size:,} bytes)" if view.size is not None and view.size >= 1000 else "")
    )
    page.field("first seen", text.moment(view.first_seen))
    page.section("Places", view.path_count)
    states = dict(disk or ())
    for path in view.paths[:SHOWN_FILES]:
        state = states.get(path, [("…", "dim")] if disk is None else [])
        page.paragraph([(text.shorten_path(path, home=look.home), "strong"), ("  ", "plain"), *state], 2)
    _seen(page, "Made by", view.producers, view.producer_count, "Nothing recorded made it: it is a root.")
    if alternatives:
        page.section("Alternatives", len(alternatives))
        page.paragraph([("Other recorded generations of the same content, which may have been the one.", "dim")])
        for other in alternatives:
            code = f"{look.short(other.job)}:{other.step}"
            page.field(text.when(other.time, look.now), [(code, "hash"), (f"  {text.display(other.path)}", "plain")])
    _seen(page, "Used by", view.consumers, view.consumer_count, "Nothing recorded used it.")
    if content is not None:
        lines = content.split("\n")
        page.section("Text", len(lines))
        digits = len(str(min(len(lines), SHOWN_TEXT_LINES)))
        for number, line in enumerate(lines[:SHOWN_TEXT_LINES], 1):
            numbered: Line = [(f"{number:>{digits}}  ", "faint"), (text.display(line.expandtabs(4)), "plain")]
            page.lines.extend(wrap(numbered, page.width, digits + 4) if len(line) > page.width - digits - 2 else [numbered])
        if len(lines) > SHOWN_TEXT_LINES:
            page.paragraph([(f"The first {SHOWN_TEXT_LINES:,} of {text.count(len(lines), 'line')}.", "dim")])
    return page.lines


def _step(page: Page, view: JobView, step: StepView) -> None:
    page.section(f"Step {step.id} of {text.count(len(view.steps))}" if len(view.steps) > 1 else "Step")
    page.field("command", [(text.command_line(step.argv), "strong")])
    page.field("notebook", text.display(page.look.notebook(step.job, step.id) or ""))
    page.field("program", text.display(step.program))
    page.field("in", text.shorten_path(step.cwd, home=page.look.home))
    page.field("started", text.moment(step.started))
    if step.exit is not None or view.state is not State.RUNNING:  # a step that was seen to end did so, whatever the recording did
        page.field("ended", ending(step.exit, State.COMPLETE if step.exit is not None else view.state, step.duration))
    for connection in step.connections[:20]:
        page.field("network", text.display(connection.endpoint))


def _files(page: Page, title: str, files: Sequence[AccessView | FilesetView], cwd: str) -> None:
    page.section(title, sum(f.count if isinstance(f, FilesetView) else 1 for f in files))
    for file in files[:SHOWN_FILES]:
        name = text.shorten_path(file.path, cwd=cwd, home=page.look.home)
        if isinstance(file, FilesetView):
            words: Line = [(f"{text.count(file.count, 'file'):>9}", "plain"), (f"{text.size(file.size):>7}  ", "plain")]
            words += [(f"{file.role.value:<6}  " if file.role.value != "data" else "        ", "dim"), (f"{name}/", "fileset")]
            words.append((f"  {text.display(file.pattern)}", "dim"))
        else:
            code = page.look.short(file.digest) if file.digest else file.status.value
            words = [(f"{code:<8}", "hash" if file.digest else "warn"), (f"{text.size(file.size):>8}", "plain")]
            words += [(f"  {file.role.value:<6}  " if file.role.value != "data" else " " * 10, "dim"), (name, "strong")]
            words += [(f"  {APPENDED}", "dim")] if file.appended else []
        page.paragraph(words, 4)
    if len(files) > SHOWN_FILES:
        page.paragraph([(f"and {text.count(len(files) - SHOWN_FILES)} more; roar-tui show prints all", "dim")])


def _pipes(page: Page, word: str, steps: Sequence[StepView]) -> None:
    """The steps at the other ends of a step's pipes; what went through them was not kept."""
    for step in steps[:SHOWN_FILES]:
        code = f"{page.look.short(step.job)}:{step.id}"
        page.field(f"pipe {word}", [(code, "hash"), ("  ", "plain"), (text.what(step.argv), "step")])


def _seen(page: Page, title: str, seen: Sequence[SeenAt], count: int, none: str) -> None:
    page.section(title, count)
    if not seen:
        page.paragraph([(none, "dim")])
    for at in seen[:SHOWN_FILES]:
        what = text.what(at.argv, page.look.notebook(at.job, at.step))
        words: Line = [(f"{page.look.short(at.job)}:{at.step}", "hash"), ("  ", "plain"), (what, "step")]
        words += [("  as ", "dim"), (text.shorten_path(at.path, home=page.look.home), "plain")]
        page.field(text.when(at.time, page.look.now), words)
    if count > len(seen[:SHOWN_FILES]):
        page.paragraph([(f"and {text.count(count - len(seen[:SHOWN_FILES]))} more", "dim")])


def _environment(page: Page, view: JobView) -> None:
    env = view.environment
    page.section("Environment")
    page.field("python", text.display(env.python or ""))
    for name, value in _flat(env.host):
        page.field(name, text.display(value))
    for name, value in sorted(env.scheduler.items()):
        page.field(text.display(name), text.display(value))
    if env.packages:
        page.section("Packages", len(env.packages))
        width = max(len(text.display(p.name)) for p in env.packages[:SHOWN_FILES])
        for package in env.packages[:SHOWN_FILES]:
            name = text.display(package.name)
            page.lines.append(
                [
                    (f"{name:<{min(width, 30)}}  ", "strong"),
                    (text.display(package.version), "plain"),
                    (f"  {package.manager}", "dim"),
                ]
            )
    if env.variables:
        page.section("Variables", len(env.variables))
        for name, value in sorted(env.variables.items()):
            page.paragraph([(text.display(name), "strong"), ("=", "dim"), (text.display(value), "plain")], 2)


def _flat(values: dict[str, Any], prefix: str = "") -> Iterable[tuple[str, str]]:
    """The facts of a machine, one per line: nested ones with dots, lists with commas."""
    for key, value in values.items():
        name = f"{prefix}{text.display(str(key))}"
        if isinstance(value, dict):
            yield from _flat(value, f"{name}.")
        elif isinstance(value, list):
            yield name, ", ".join(str(each) for each in value)
        elif "memory" in name and isinstance(value, int):
            yield name, text.size(value)
        elif value is not None:
            yield name, str(value)


def text_of(blob: bytes) -> str:
    """A kept text as text; bytes that are not UTF-8 are shown as escapes later."""
    return blob.decode("utf-8", "surrogateescape").removesuffix("\n")


def base(path: str) -> str:
    """The printable last name of a path."""
    return text.display(os.path.basename(path) or path)
