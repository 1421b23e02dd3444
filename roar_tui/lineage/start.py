"""Where a walk begins: the nodes that a target stands for, and what opening them goes on from."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from roar_tui.lineage import links
from roar_tui.lineage.links import FOREVER, SMALL, Generation, generations, uses
from roar_tui.lineage.model import Node
from roar_tui.lineage.opener import Hop, Opener
from roar_tui.lineage.target import ArtifactTarget, FilesetTarget, JobTarget, Member, PathTarget, StepTarget, Target
from roar_tui.store.schema import to_sql

# step: UNIQUE (job, number); generated_step
_JOB_STEPS = """SELECT s.id,
    EXISTS (SELECT 1 FROM generated g INDEXED BY generated_step
            WHERE g.step = s.id AND g.survives AND g.role NOT IN ('log', 'environment')),
    EXISTS (SELECT 1 FROM generated g INDEXED BY generated_step
            WHERE g.step = s.id AND g.role NOT IN ('log', 'environment'))
FROM step s WHERE s.job = ? ORDER BY s.number"""
# generated_path
_ON_PATH = """SELECT g.id FROM generated g INDEXED BY generated_path
WHERE g.path = (SELECT id FROM path WHERE path = :path) AND g.artifact = :artifact ORDER BY g.opened DESC, g.id DESC LIMIT 1"""
# generated_artifact, bounded by the first sighting on the path that was named: used_path; used_artifact
_ANYWHERE = """SELECT id FROM generated INDEXED BY generated_artifact WHERE artifact = :artifact AND opened < COALESCE(
    (SELECT e.opened FROM used e INDEXED BY used_path WHERE e.path = (SELECT id FROM path WHERE path = :path)
     AND e.artifact = :artifact ORDER BY e.opened LIMIT 1), :never) ORDER BY opened DESC, id DESC LIMIT 1"""
_NEWEST_USE = "SELECT id FROM used INDEXED BY used_artifact WHERE artifact = :artifact ORDER BY opened DESC, id DESC LIMIT 1"
_SIZE = "SELECT size FROM artifact WHERE id = ?"


class Seed(NamedTuple):
    """A node that a walk begins with: a step (row id, asked for everything), or a file that leads to steps."""

    node: Node
    step: int | None
    hops: list[Hop]


def seeds(opener: Opener, target: Target) -> list[Seed]:
    """The nodes at depth 0: one, but for a job with several steps and for a directory."""
    if isinstance(target, JobTarget):
        return [_step(opener, rowid) for rowid in starting_steps(opener, target.rowid)]
    if isinstance(target, StepTarget):
        return [_step(opener, target.rowid)]
    if isinstance(target, FilesetTarget):
        return [seed for member in target.members if (seed := _member(opener, member)) is not None]
    if isinstance(target, PathTarget) or target.generated is not None or target.used is not None:
        return [_access(opener, target.generated, target.used)]
    return [_content(opener, target)]


def starting_steps(opener: Opener, job: int) -> list[int]:
    """The steps (row ids) that stand for a job: those that left outputs; else those that wrote; else all that did anything."""
    rows: list[tuple[int, int, int]] = opener.db.execute(_JOB_STEPS, (job,)).fetchall()
    left = [rowid for rowid, survives, _ in rows if survives]
    wrote = [rowid for rowid, _, writes in rows if writes]
    worked = [rowid for rowid, _, _ in rows if not opener.nodes.only_started_others(rowid)] if not wrote else []
    return left or wrote or worked or [rowid for rowid, _, _ in rows]


def _step(opener: Opener, rowid: int) -> Seed:
    return Seed(opener.nodes.step(rowid), rowid, [])


def _member(opener: Opener, member: Member) -> Seed | None:
    """A file of a directory: upstream as its newest access had it, downstream everything that read the content."""
    if not opener.up and member.digest is not None and member.rowid is not None:
        return _content(opener, ArtifactTarget(member.digest, member.rowid, member.path))
    if member.generated is None and member.used is None:
        return None
    return _access(opener, member.generated, member.used)


def _access(opener: Opener, generated: int | None, used: int | None) -> Seed:
    """One access of one job, and nothing else that had the same content; one of the row ids is given."""
    if generated is not None:
        return _generation(opener, generations(opener.db, links.ONE_GENERATION, generated=generated)[0])
    assert used is not None
    found = uses(opener.db, links.ONE_USE, use=used)
    if not found:  # a log, or scratch of its own: it stands alone
        return _lone_use(opener, used)
    use = found[0]
    node = opener.used(use)
    if opener.up:
        node.alternatives = opener.alternatives(use)
        return Seed(node, None, opener.made_by(use))
    return Seed(node, None, _readers(opener, use.artifact, use.size, use.path) if use.artifact else opener.used_by(use))


def _generation(opener: Opener, output: Generation) -> Seed:
    flow = opener.made(output, [])
    if opener.up:
        if output.artifact is not None:
            flow.node.alternatives = opener.generated(output.artifact, FOREVER, output.id)
        return Seed(flow.node, None, [Hop(output.step, output.finished, output.path, flow.time, output.role)])
    query = links.CONSUMERS_OF_ONE if output.artifact is not None else links.PASSING_OF_ONE
    consumers = [use for use in uses(opener.db, query, generated=output.id) if use.artifact == output.artifact]
    return Seed(flow.node, None, [hop for use in consumers for hop in opener.used_by(use)])


def _content(opener: Opener, target: ArtifactTarget) -> Seed:
    """A content without a given use: upstream its newest generation, on the path that was named first; downstream every use."""
    size: int | None = opener.db.execute(_SIZE, (target.rowid,)).fetchone()[0]
    newest = _newest_generation(opener.db, target.rowid, target.path, size)
    if newest is not None:
        output = generations(opener.db, links.ONE_GENERATION, generated=newest)[0]
        node = opener.made(output, []).node
        hops = [Hop(output.step, output.finished, output.path, _time(opener, output), output.role)]
    else:
        node, hops = _never_generated(opener, target, size), []
    if target.path is not None and target.path not in node.paths:
        node.paths.insert(0, target.path)
    node.root = newest is None
    if not opener.up:
        return Seed(node, None, _readers(opener, target.rowid, size, target.path))
    node.alternatives = opener.generated(target.rowid, FOREVER, newest) if size != 0 else ()
    return Seed(node, None, hops)


def _newest_generation(db: sqlite3.Connection, artifact: int, path: str | None, size: int | None) -> int | None:
    if path is not None:
        row = db.execute(_ON_PATH, {"artifact": artifact, "path": to_sql(path)}).fetchone()
        if row is not None or (size is not None and size < SMALL):
            return row[0] if row is not None else None
    row = db.execute(_ANYWHERE, {"artifact": artifact, "path": None if path is None else to_sql(path), "never": FOREVER}).fetchone()
    return row[0] if row is not None else None


def _never_generated(opener: Opener, target: ArtifactTarget, size: int | None) -> Node:
    row = opener.db.execute(_NEWEST_USE, {"artifact": target.rowid}).fetchone()
    if row is not None:
        node = _lone_use(opener, row[0]).node
        node.root, node.leaf = True, True if opener.up else None
        return node
    raise AssertionError("an artifact of the index that no access has")


def _readers(opener: Opener, artifact: int, size: int | None, path: str | None) -> list[Hop]:
    """Everything that read a content; what is small enough to be equal by chance counts on its own path only."""
    only = to_sql(path) if path is not None and size is not None and size < SMALL else None
    found = uses(opener.db, links.USES_OF_CONTENT, artifact=artifact, path=only)
    return [hop for use in found for hop in opener.used_by(use)]


def _lone_use(opener: Opener, used: int) -> Seed:
    use = links.bare_use(opener.db, used)
    return Seed(opener.nodes.file(use), None, [] if opener.up else opener.used_by(use))


def _time(opener: Opener, output: Generation) -> int:
    return opener.ended(output.step, output.opened, output.finished)
