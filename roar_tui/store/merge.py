"""What the accesses of steps are to their job, and many files of one directory as one set. Nothing here asks the database."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from roar_tui.record.model import Access, Record, Role, Step
from roar_tui.store.pattern import FOLD_FROM, pattern
from roar_tui.store.results import BLAKE3, AccessView, FilesetView, JobView, StepView

Views = list[AccessView | FilesetView]


def view_of(access: Access) -> AccessView:
    """`access` as a view: the same fields."""
    return AccessView(
        path=access.path,
        digest=access.digest,
        size=access.size,
        role=access.role,
        status=access.status,
        opened=access.opened,
        finished=access.finished,
        named=access.named,
        external=access.external,
        survives=access.survives,
        algorithm=access.algorithm or BLAKE3,
        appended=access.appended,
    )


def inputs(steps: Iterable[Step]) -> Views:
    """What the job read before it wrote it, by path, environment left out.

    A path comes once for each content that was read there: more than once only where something outside the job changed it
    between two reads, or where one of them is unknown.
    """
    first: dict[tuple[str, str | None], Access] = {}
    for step in steps:
        for access in step.used:
            if access.external and access.role is not Role.ENVIRONMENT:
                key = (access.path, access.digest)
                if key not in first or access.opened < first[key].opened:
                    first[key] = access
    return _by_path(first.values())


def outputs(steps: Iterable[Step]) -> Views:
    """What the job wrote and left, by path; of several steps that wrote one path, what the last one made of it."""
    last: dict[str, Access] = {}
    for step in steps:
        for access in step.generated:
            if access.survives and (access.path not in last or _end(access) >= _end(last[access.path])):
                last[access.path] = access
    return _by_path(last.values())


def step_view(step: Step, job_id: str) -> StepView:
    """`step` as a view, accesses by the time they were opened."""
    return StepView(
        job=job_id,
        id=step.id,
        parent=step.parent,
        program=step.program,
        argv=step.argv,
        cwd=step.cwd,
        started=step.started,
        ended=step.ended,
        exit=step.exit,
        used=[view_of(access) for access in sorted(step.used, key=_opened)],
        generated=[view_of(access) for access in sorted(step.generated, key=_opened)],
        connections=step.connections,
    )


def job_view_of(record: Record, job_id: str, rowid: int | None) -> JobView:
    """`record` as a view."""
    return JobView(
        id=job_id,
        rowid=rowid,
        name=record.name,
        command=record.command,
        cwd=record.cwd,
        state=record.state,
        started=record.started,
        ended=record.ended,
        exit=record.exit,
        group=record.group,
        rank=record.rank,
        host=record.host,
        user=record.user,
        inputs=inputs(record.steps),
        outputs=outputs(record.steps),
        steps=[step_view(step, job_id) for step in record.steps],
        pipes=record.pipes,
        git=record.git,
        environment=record.environment,
        trackers=record.trackers,
        snapshots=record.snapshots,
        left_out=record.left_out,
        warnings=record.warnings,
        source=record.source,
        version=record.version,
        labels=record.labels,
        origin=record.origin,
    )


def folded(views: Sequence[AccessView | FilesetView]) -> Views:
    """`views` with four or more files of one directory and role as one fileset, where the first of them was."""
    groups: dict[tuple[str, Role], list[AccessView]] = defaultdict(list)
    for view in views:
        if isinstance(view, AccessView):
            groups[_group(view)].append(view)
    result: Views = []
    for view in views:
        if isinstance(view, FilesetView) or len(groups[_group(view)]) < FOLD_FROM:
            result.append(view)
        elif groups[_group(view)][0] is view:
            result.append(_fileset(groups[_group(view)]))
    return result


def folded_step(view: StepView) -> StepView:
    """`view` with its accesses folded."""
    return msgspec.structs.replace(view, used=folded(view.used), generated=folded(view.generated))


def folded_job(view: JobView) -> JobView:
    """`view` with the accesses of the job and of its steps folded."""
    steps = [folded_step(step) for step in view.steps]
    return msgspec.structs.replace(view, inputs=folded(view.inputs), outputs=folded(view.outputs), steps=steps)


def _fileset(members: list[AccessView]) -> FilesetView:
    sizes = [member.size for member in members]
    return FilesetView(
        path=os.path.dirname(members[0].path),
        count=len(members),
        size=None if None in sizes else sum(size for size in sizes if size is not None),
        pattern=pattern([os.path.basename(member.path) for member in members]),
        role=members[0].role,
        opened=min(member.opened for member in members),
        members=members,
    )


def _group(view: AccessView) -> tuple[str, Role]:
    return os.path.dirname(view.path), view.role


def _by_path(accesses: Iterable[Access]) -> Views:
    return [
        view_of(access) for access in sorted(accesses, key=lambda access: (access.path, access.opened, access.digest or ""))
    ]


def _opened(access: Access) -> int:
    return access.opened


def _end(access: Access) -> int:
    return access.opened if access.finished is None else access.finished
