"""The preview: what the thing under the cursor is, in three lines below the list or a column beside it."""

from __future__ import annotations

import os.path
from collections.abc import Sequence

from roar_tui import text
from roar_tui.lineage.model import Kind, Node
from roar_tui.record.model import Git, Role
from roar_tui.store.results import AccessView, ArtifactView, FilesetView, JobRow, JobView, StepView
from roar_tui.tui.lines import Line, crop, join, wrap
from roar_tui.tui.nodes import Look, mark_of, name_of
from roar_tui.tui.rows import ending

Field = tuple[str, Line]
LABEL = 6
NOTHING: Line = [("nothing", "dim")]
FOLD_FROM = 4
APPENDED = "(only appended to)"  # said of a used file through which the step could but write
NOTE = "note"  # the field that holds what a recording warns of


def lay_out(fields: Sequence[Field], width: int, height: int, look: Look) -> list[Line]:
    """Fields as one line each where there are few lines, else each with its label above and as many lines as it needs.

    Of few lines a note takes none from what was made and used: `!` before all says that there is one.
    """
    width = max(width, 10)
    if height <= 4:
        few = sorted(fields, key=lambda field: field[0] == NOTE)[:height]
        noted: Line = [("! ", "warn")] if any(label == NOTE for label, _ in fields) else []
        heads = [[(f"{label:<{LABEL}}", "dim")] if label else noted for label, _ in few]
        return [crop([*head, *value], width, look.marks.more) for head, (_, value) in zip(heads, few, strict=True)]
    tall: list[Line] = []
    for label, value in fields:
        if label:
            if tall:
                tall.append([])
            tall.append([(label, "dim")])
        tall.extend(wrap(value, width, 2 if not label else 0, limit=12, more=look.marks.more))
    return tall[:height]


def job_fields(row: JobRow, view: JobView | None, look: Look) -> list[Field]:
    """A job: its command and where it ran, what it made, what it used. Without `view` only what the list knows."""
    dot = look.marks.dot
    command: Line = [
        (text.what(row.command), "strong"),
        ("  in ", "dim"),
        (text.shorten_path(row.cwd, 40, home=look.home), "plain"),
    ]
    if row.host:  # a log of strace does not say it
        command += [(" on ", "dim"), (text.display(row.host), "plain")]
    if view is not None:
        if where := scheduler_words(view.environment.scheduler, view.rank):
            command += [(f" {dot} ", "dim"), (where, "plain")]
        if view.git is not None:
            command += [(f" {dot} ", "dim"), *git_words(view.git)]
    elif row.git_commit:
        command += [(f" {dot} ", "dim"), (text.display(f"{row.git_branch or 'detached'}@{row.git_commit[:7]}"), "plain")]
    if row.name:
        command = [(text.display(row.name), "accent"), ("  ", "plain"), *command]
    if view is None:
        return [
            ("", command),
            ("made", [(text.count(row.outputs, "file"), "plain")]),
            ("used", [(text.count(row.inputs, "file"), "plain")]),
        ]
    fields: list[Field] = [
        ("", command),
        ("made", files_words(view.outputs, look, hashes=True)),
        ("used", files_words(view.inputs, look)),
    ]
    if view.warnings:
        words: Line = join([[(text.display(w.message), "warn")] for w in view.warnings[:3]], [("  ", "plain")])
        fields.insert(1, (NOTE, words))
    fields.append(("ended", ending(row.exit, row.state, row.duration)))
    fields.append(("started", [(text.moment(row.started), "plain")]))
    return fields


def files_words(files: Sequence[AccessView | FilesetView], look: Look, *, hashes: bool = False) -> Line:
    """Files in one line: data first, directories of four and more as one, what was only appended to last, code as a count."""
    if not files:
        return NOTHING
    parts: list[tuple[int, Line]] = []
    code = sum(f.count if isinstance(f, FilesetView) else 1 for f in files if f.role is Role.CODE)
    folders: dict[str, list[AccessView]] = {}
    for file in files:
        if file.role is Role.CODE:
            continue
        if isinstance(file, FilesetView):
            parts.append((0, _folder(file.path, file.count, file.size)))
        else:
            folders.setdefault(os.path.dirname(file.path), []).append(file)
    for folder, members in folders.items():
        if len(members) >= FOLD_FROM:
            sizes = [m.size for m in members]
            parts.append((0, _folder(folder, len(members), None if None in sizes else sum(s or 0 for s in sizes))))
            continue
        for file in members:
            words: Line = [(text.display(os.path.basename(file.path)), "strong" if file.role is Role.DATA else "plain")]
            if hashes and file.digest:
                words.append((f" {look.short(file.digest)}", "hash"))
            elif file.digest is None:
                words.append((f" ({file.status.value})", "warn"))
            if file.appended:
                words.append((f" {APPENDED}", "dim"))
            parts.append((3 if file.appended else 2 if file.role is Role.LOG else 1, words))
    parts.sort(key=lambda part: part[0])
    lines = [line for _, line in parts]
    if code:
        lines.append([(f"{code:,} code", "code")])
    return join(lines[:40], [(f" {look.marks.dot} ", "dim")])


def piped(job: JobView, step: StepView, *, to: bool) -> list[StepView]:
    """The steps that read what `step` wrote into pipes (`to`), or that wrote what it read from them; each once."""
    ends = [(pipe.writers, pipe.readers) if to else (pipe.readers, pipe.writers) for pipe in job.pipes]
    others = {other for near, far in ends if step.id in near for other in far} - {step.id}
    return [other for other in job.steps if other.id in others]


def _with_pipes(files: Line, job: JobView, step: StepView | None, look: Look, *, to: bool) -> Line:
    """What a step made (`to`) or used: its files, and the steps at the other ends of its pipes."""
    others = piped(job, step, to=to) if step is not None else []
    pipes: list[Line] = [[("a pipe to " if to else "a pipe from ", "pipe"), (text.what(each.argv), "step")] for each in others[:6]]
    return join([*([files] if files != NOTHING else []), *pipes], [(f" {look.marks.dot} ", "dim")]) if pipes else files


def git_words(git: Git) -> Line:
    """`main@726f617 dirty`."""
    commit = (git.commit or "no commit")[:7]
    words: Line = [(text.display(f"{git.branch or 'detached'}@{commit}"), "plain")]
    if git.dirty:
        words.append((" dirty", "warn"))
    return words


def scheduler_words(scheduler: dict[str, str], rank: int | None) -> str:
    """`slurm 88123 rank 0/4` as far as it is known."""
    values = {key.lower(): value for key, value in scheduler.items()}
    words = []
    kind = values.get("kind") or next((k for k in ("slurm", "pbs", "lsf") if any(key.startswith(k) for key in values)), "")
    job = values.get("job_id") or values.get("job") or values.get(f"{kind}_job_id") or values.get(f"{kind}_jobid")
    if kind or job:
        words.append(" ".join(filter(None, (kind, job))))
    if rank is not None:
        size = values.get("world_size") or values.get("ntasks") or values.get("slurm_ntasks")
        words.append(f"rank {rank}" + (f"/{size}" if size else ""))
    return text.display(" ".join(words))


def artifact_fields(view: ArtifactView, look: Look, disk: Line | None = None) -> list[Field]:
    """An artifact: its name and size, where it was seen, who made it and who used it."""
    path = view.paths[0] if view.paths else ""
    name: Line = [
        (text.display(os.path.basename(path)), "strong"),
        (f"  {look.short(view.digest)}", "hash"),
        (f"  {text.size(view.size)}", "plain"),
    ]
    if path:
        name += [("  in ", "dim"), (text.shorten_path(os.path.dirname(path) or "/", 60, home=look.home), "plain")]
    if view.path_count > 1:
        name.append((f"  and {text.count(view.path_count - 1, 'more place')}", "dim"))
    if disk is not None:
        name += [(f"  {look.marks.dot} on disk ", "dim"), *disk]
    fields: list[Field] = [("", name)]
    if view.producers:
        first = view.producers[0]
        made: Line = [
            (text.what(first.argv, look.notebook(first.job, first.step)), "step"),
            (f"  {look.short(first.job)}", "hash"),
            (f"  {text.when(first.time, look.now)}", "dim"),
        ]
        if view.producer_count > 1:
            made.append((f"  +{view.producer_count - 1:,}", "dim"))
    else:
        made = [(f"{look.marks.root} root: nothing recorded made it", "root")]
    fields.append(("made", made))
    used = [[(text.what(seen.argv, look.notebook(seen.job, seen.step)), "step")] for seen in view.consumers[:6]]
    line = join(used, [(f" {look.marks.dot} ", "dim")]) or [("by nothing recorded", "dim")]
    if view.consumer_count > 6:
        line = [*line, (f"  +{view.consumer_count - 6:,}", "dim")]
    fields.append(("used", line))
    return fields


def node_fields(node: Node, look: Look, artifact: ArtifactView | None, job: JobView | None, disk: Line | None) -> list[Field]:
    """A node of a walk, with what was looked up about it so far."""
    if node.kind is Kind.ARTIFACT and artifact is not None:
        fields = artifact_fields(artifact, look, disk)
        if node.alternatives:
            fields.append(
                ("also", [(text.count(len(node.alternatives), "other recorded generation") + " of the same content", "dim")])
            )
        return fields
    mark, tone = mark_of(node, look.marks)
    if node.kind is Kind.FILESET:
        words: Line = [(mark, tone), (f" {text.shorten_path(node.path or '', 60, home=look.home)}/", "strong")]
        words += [(f"  {text.count(node.count, 'file')}", "plain"), (f"  {text.size(node.size)}", "plain")]
        fields = [("", words), ("names", [(text.display(node.pattern or ""), "plain")])]
        if disk is not None:
            fields.append(("disk", disk))
        return fields
    if node.kind in (Kind.STEP, Kind.JOB):
        step = next((s for s in job.steps if s.id == node.step), None) if job is not None and node.kind is Kind.STEP else None
        return step_fields(node, job, step, look)
    if node.kind is Kind.PIPE:
        return [("", [("A pipe: what its writers wrote, its readers read. Its content was not kept.", "plain")])]
    words = [(mark, tone), (f" {text.shorten_path(node.paths[0], 60, home=look.home) if node.paths else name_of(node)}", "strong")]
    if node.digest is None:
        return [("", words), ("", [(unknown_because(node.status), "warn")])]
    return [("", [*words, (f"  {look.short(node.digest)}", "hash"), (f"  {text.size(node.size)}", "plain")])]


def step_fields(node: Node, job: JobView | None, step: StepView | None, look: Look) -> list[Field]:
    """A step: what it ran, what it made, where it ran, what it used."""
    fields: list[Field] = [("", [(name_of(node), "strong")])]
    if job is None:
        return fields
    used = [file for file in (step.used if step is not None else job.inputs) if file.role is not Role.ENVIRONMENT]
    made = step.generated if step is not None else job.outputs
    fields.append(("made", _with_pipes(files_words(made, look), job, step, look, to=True)))
    where: Line = [(text.shorten_path(node.cwd or job.cwd, 40, home=look.home), "plain")]
    if job.host:
        where += [(" on ", "dim"), (text.display(job.host), "plain")]
    if job.git is not None:
        where += [(f" {look.marks.dot} ", "dim"), *git_words(job.git)]
    if node.started is not None:
        where += [(f" {look.marks.dot} ", "dim"), (text.moment(node.started), "plain")]
    fields.append(("in", where))
    fields.append(("used", _with_pipes(files_words(used, look), job, step, look, to=False)))
    if python := job.environment.python:
        count = len(job.environment.packages)
        fields.append(("python", [(text.display(python), "plain"), (f"  {text.count(count, 'package')}" if count else "", "dim")]))
    if job.warnings:
        words: Line = join([[(text.display(w.message), "warn")] for w in job.warnings[:3]], [("  ", "plain")])
        fields.insert(1, (NOTE, words))
    return fields


def unknown_because(status: str | None) -> str:
    """Why a file's content is not known, as a sentence."""
    return {
        "changed": "Its content is unknown: it changed before it could be hashed.",
        "missing": "Its content is unknown: it was gone before it could be hashed.",
        "unreadable": "Its content is unknown: it could not be read for hashing.",
        "skipped": "Its content is unknown: it was never hashed.",
        "removed": "Its content is unknown: the job made it and removed it again.",
    }.get(status or "", "Its content is unknown.")


def _folder(path: str, count: int, size: int | None) -> Line:
    name = text.display(os.path.basename(path.rstrip("/"))) + "/"
    return [(name, "fileset"), (f" {text.count(count, 'file')}", "plain"), (f" {text.size(size)}" if size else "", "dim")]
