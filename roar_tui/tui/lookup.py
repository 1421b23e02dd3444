"""What screens look up on a reader's thread: the subject of a walk, what lies behind a node, and all there is about one thing."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import dataclass, field

from roar_tui.errors import RoarTuiError
from roar_tui.lineage.model import Direction, Kind, Node
from roar_tui.lineage.reference import resolve
from roar_tui.lineage.target import ArtifactTarget, FilesetTarget, JobTarget, PathTarget, StepTarget, Target
from roar_tui.lineage.walk import Walker
from roar_tui.store import queries
from roar_tui.store.results import ArtifactView, JobView
from roar_tui.tui.desk import Desk, working_directory
from roar_tui.tui.details import SHOWN_FILES, text_of
from roar_tui.tui.disk import HASHED_UNASKED, MEMBERS_UNASKED, DiskState, Recorded, check, check_all

SNAPSHOT_JOBS = 5  # jobs that are asked for a kept text
PLACES = 20  # places of one content that are looked at on disk


@dataclass
class Subject:
    """Where a walk begins: the node, and a note on how the reference was understood."""

    node: Node
    note: str | None = None


@dataclass
class About:
    """All that was looked up about one thing; parts that do not apply are None."""

    title: str
    artifact: ArtifactView | None = None
    job: JobView | None = None
    step: int | None = None
    content: str | None = None
    node: Node | None = None
    note: str | None = None
    places: list[Recorded] = field(default_factory=list)


def subject(desk: Desk, db: sqlite3.Connection, ref: str | Target, direction: Direction) -> Subject:
    """The node that `ref` names or is; raises NotFoundError or AmbiguousError."""
    target = resolve(desk.store, db, ref, cwd=working_directory()) if isinstance(ref, str) else ref
    node = Walker(db, direction).start(target)
    learn(desk, db, [node])
    return Subject(node, target.note)


def behind(desk: Desk, db: sqlite3.Connection, node: Node, direction: Direction) -> list[Node]:
    """The nodes next to `node` in that direction."""
    found = Walker(db, direction).expand(node)
    learn(desk, db, found)
    return found


def learn(desk: Desk, db: sqlite3.Connection, nodes: list[Node]) -> None:
    """Look up how short the hashes of these nodes can be shown."""
    for node in nodes:
        desk.learn_shorts(db, (node.digest, node.job))


def about_target(desk: Desk, db: sqlite3.Connection, target: Target) -> About:
    """All about a target."""
    if isinstance(target, ArtifactTarget):
        found = about_artifact(desk, db, target.digest)
        found.note = target.note
        return found
    if isinstance(target, JobTarget):
        found = about_job(desk, db, target.job_id)
        found.note = target.note
        return found
    if isinstance(target, FilesetTarget):
        return About("files", node=Walker(db, Direction.UPSTREAM).start(target), note=target.note)
    assert isinstance(target, (StepTarget, PathTarget))
    job = queries.job_view(desk.store, db, target.job_id)
    desk.learn_notebooks(db, (step for step in job.steps if step.id == target.step))
    return About("step", job=job, step=target.step, note=target.note)


def about_job(desk: Desk, db: sqlite3.Connection, job_id: str) -> About:
    """A whole job."""
    job = queries.job_view(desk.store, db, job_id)
    desk.learn_shorts(db, [job.id, *(getattr(f, "digest", None) for f in job.outputs[:100])])
    return About("job", job=job)


def about_node(desk: Desk, db: sqlite3.Connection, node: Node, *, text: bool = True) -> About:
    """All about a node of a walk; without its `text` where only the rest is shown."""
    if node.kind in (Kind.FILESET, Kind.PIPE):
        return About(node.kind.value, node=node)
    if node.kind is Kind.ARTIFACT and node.digest:
        found = about_artifact(desk, db, node.digest, text=text)
        found.node = node
        return found
    if node.job is not None:
        job = queries.job_view(desk.store, db, node.job)
        _learn_job(desk, db, job)
        desk.learn_notebooks(db, (step for step in job.steps if step.id == node.step))
        return About("step" if node.kind is Kind.STEP else "job", job=job, step=node.step, node=node)
    return About(node.kind.value, node=node)


def about_artifact(desk: Desk, db: sqlite3.Connection, digest: str, *, text: bool = True) -> About:
    """An artifact, with its text (unless that is not asked for) where one was kept."""
    view = queries.artifact_view(desk.store, db, digest)
    desk.learn_shorts(db, [view.digest, *(seen.job for seen in (*view.producers, *view.consumers))])
    desk.learn_notebooks(db, (*view.producers[:SHOWN_FILES], *view.consumers[:SHOWN_FILES]))
    places = [Recorded(path, view.digest, view.size) for path in view.paths[:PLACES]] if view.algorithm == "blake3" else []
    return About("artifact", artifact=view, content=_kept_text(desk, view) if text else None, places=places)


def on_disk(
    desk: Desk, places: list[Recorded], cancel: threading.Event, *, limit: int | None = HASHED_UNASKED
) -> list[tuple[str, DiskState]]:
    """What is at each place now; raises CancelledError."""
    known = desk.known()
    return [(place.path, check(place, known, cancel, limit)) for place in places]


def fileset_on_disk(desk: Desk, members: list[Node], cancel: threading.Event) -> dict[DiskState, int]:
    """What became of the files of a set, as far as one looks without being asked."""
    files = [Recorded(n.paths[0], n.digest, n.size) for n in members[:MEMBERS_UNASKED] if n.digest and n.paths]
    return check_all(files, desk.known(), cancel, HASHED_UNASKED)


def _learn_job(desk: Desk, db: sqlite3.Connection, job: JobView) -> None:
    desk.learn_shorts(db, [job.id])
    for step in job.steps[:20]:
        desk.learn_shorts(db, [getattr(f, "digest", None) for f in (*step.used[:100], *step.generated[:100])])


def _kept_text(desk: Desk, view: ArtifactView) -> str | None:
    """The snapshot of a text artifact, from the records of the jobs that touched it last."""
    archive = desk.store.archive
    for job in list(dict.fromkeys(seen.job for seen in (*view.producers, *view.consumers)))[:SNAPSHOT_JOBS]:
        try:
            name = archive.load(job).snapshots.get(view.digest)
            blob = archive.blob(name) if name else None
        except RoarTuiError:  # damaged or gone: another job may have kept it, and `store info` tells of the damage
            continue
        if blob is not None:
            return text_of(blob)
    return None
