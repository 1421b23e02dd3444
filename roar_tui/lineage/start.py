"""Where a walk begins: the nodes that a target stands for, and what opening them goes on from."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from roar_tui.lineage import links
from roar_tui.lineage.links import FOREVER, SMALL, Generation, generations, uses
from roar_tui.lineage.model import Node
from roar_tui.lineage.nodes import gone
from roar_tui.lineage.opener import Hop, Opener
from roar_tui.lineage.target import FilesetTarget, JobTarget, Member, PathTarget, StepTarget, Target
from roar_tui.store.schema import to_sql

# UNIQUE (digest) of job, UNIQUE (job, number) of step; generated_step
_JOB_STEPS = """SELECT s.id,
    EXISTS (SELECT 1 FROM generated g INDEXED BY generated_step
            WHERE g.step = s.id AND g.survives AND g.role NOT IN ('log', 'environment')),
    EXISTS (SELECT 1 FROM generated g INDEXED BY generated_step
            WHERE g.step = s.id AND g.role NOT IN ('log', 'environment'))
FROM step s WHERE s.job = (SELECT id FROM job WHERE digest = ?) ORDER BY s.number"""
# generated_path
_ON_PATH = """SELECT g.id FROM generated g INDEXED BY generated_path
WHERE g.path = (SELECT id FROM path WHERE path = :path) AND g.artifact = :artifact ORDER BY g.opened DESC, g.id DESC LIMIT 1"""
# generated_artifact, bounded by the first sighting on the path that was named
_ANYWHERE = f"""SELECT id FROM generated INDEXED BY generated_artifact
WHERE artifact = :artifact
AND COALESCE(finished, opened) <= {links.first_sighting(":artifact", "(SELECT id FROM path WHERE path = :path)")}
ORDER BY opened DESC, id DESC LIMIT 1"""
# used_artifact; member_artifact, of each fileset the newest use by used_set_fileset
_NEWEST_USE = """SELECT id FROM (
    SELECT * FROM (SELECT id, opened FROM used INDEXED BY used_artifact
        WHERE artifact = :artifact ORDER BY opened DESC, id DESC LIMIT 1)
    UNION ALL SELECT u.id, u.opened FROM member m INDEXED BY member_artifact
        CROSS JOIN used_member u ON u.number = m.number AND u.used_set = (
            SELECT s.id FROM used_set s WHERE s.fileset = m.fileset ORDER BY s.opened DESC LIMIT 1)
    WHERE m.artifact = :artifact
) ORDER BY opened DESC LIMIT 1"""
# UNIQUE (digest, algorithm)
_ARTIFACT = "SELECT id, size FROM artifact WHERE digest = ? ORDER BY algorithm = 'blake3' DESC LIMIT 1"


class Seed(NamedTuple):
    """A node that a walk begins with: a step, which is asked for everything, or a file that leads to steps."""

    node: Node
    hops: list[Hop]


def seeds(opener: Opener, target: Target) -> list[Seed]:
    """The nodes at depth 0: one, but for a job with several steps and for a directory."""
    if isinstance(target, JobTarget):
        return [Seed(opener.nodes.step(step), []) for step in starting_steps(opener, target.job_id)]
    if isinstance(target, StepTarget):
        return [Seed(opener.nodes.step(f"s:{target.job_id}:{target.step}"), [])]
    if isinstance(target, FilesetTarget):
        files = [seed for member in target.members if (seed := _member(opener, member)) is not None]
    elif isinstance(target, PathTarget) or target.generated is not None or target.used is not None:
        files = [_access(opener, target.generated, target.used)]
    else:
        files = [_content(opener, target.digest, target.path)]
    for seed in files:
        seed.node.leaf = not seed.hops
    return files


def starting_steps(opener: Opener, job_id: str) -> list[str]:
    """The steps (node ids) that stand for a job: those that left outputs; else those that wrote; else all that did anything."""
    rows: list[tuple[int, int, int]] = opener.db.execute(_JOB_STEPS, (bytes.fromhex(job_id),)).fetchall()
    left = [rowid for rowid, survives, _ in rows if survives]
    wrote = [rowid for rowid, _, writes in rows if writes]
    worked = [rowid for rowid, _, _ in rows if not opener.nodes.only_started_others(rowid)] if not wrote else []
    return [opener.nodes.about(rowid).id for rowid in left or wrote or worked or [rowid for rowid, _, _ in rows]]


def _member(opener: Opener, member: Member) -> Seed | None:
    """A file of a directory: upstream as its newest access had it, downstream everything that read the content."""
    if not opener.up and member.digest is not None:
        return _content(opener, member.digest, member.path)
    if member.generated is None and member.used is None:
        return None
    return _access(opener, member.generated, member.used)


def _access(opener: Opener, generated: int | None, used: int | None) -> Seed:
    """One access of one job, and nothing else that had the same content; one of the row ids is given."""
    if generated is not None:
        return _generation(opener, _one(opener, generated))
    assert used is not None
    found = uses(opener.db, links.ONE_USE, use=used)
    if not found:  # a log, or scratch of its own: it stands alone
        return _lone_use(opener, used)
    use = found[0]
    node = opener.used(use)
    if opener.up:
        node.alternatives = opener.alternatives(use)
        return Seed(node, opener.made_by(use))
    known = use.artifact is not None
    return Seed(node, _readers(opener, use.artifact, use.size, use.path, use.role) if known else opener.used_by(use))


def _generation(opener: Opener, output: Generation) -> Seed:
    flow = opener.made(output, [])
    if opener.up:
        if output.artifact is not None:
            flow.node.alternatives = opener.generated(output.artifact, FOREVER, output.id)
        return Seed(flow.node, opener.makers(output.id, output.step, output.finished, output.path, flow.time))
    query = links.CONSUMERS_OF_ONE if output.artifact is not None else links.PASSING_OF_ONE
    consumers = [use for use in uses(opener.db, query, generated=output.id) if use.artifact == output.artifact]
    return Seed(flow.node, [hop for use in consumers for hop in opener.used_by(use)])


def _one(opener: Opener, generated: int) -> Generation:
    found = generations(opener.db, links.ONE_GENERATION, generated=generated)
    if not found:
        raise gone("file", "that was asked for")
    return found[0]


def _content(opener: Opener, digest: str, path: str | None) -> Seed:
    """A content without a given use: upstream its newest generation, on the path that was named first; downstream every use."""
    row: tuple[int, int | None] | None = opener.db.execute(_ARTIFACT, (bytes.fromhex(digest),)).fetchone()
    if row is None:
        raise gone("file", digest[:8])
    artifact, size = row
    newest = _newest_generation(opener.db, artifact, path, size)
    if newest is not None:
        output = _one(opener, newest)
        node = opener.made(output, []).node
        hops = opener.makers(output.id, output.step, output.finished, output.path, _time(opener, output))
    else:
        node, hops = _never_generated(opener, artifact), []
    if path is not None and path not in node.paths:
        node.paths = [path, *node.paths]
    node.root = newest is None
    if not opener.up:
        return Seed(node, _readers(opener, artifact, size, path, node.role))
    node.alternatives = opener.generated(artifact, FOREVER, newest) if size != 0 else ()
    return Seed(node, hops)


def _newest_generation(db: sqlite3.Connection, artifact: int, path: str | None, size: int | None) -> int | None:
    if path is not None:
        row = db.execute(_ON_PATH, {"artifact": artifact, "path": to_sql(path)}).fetchone()
        if row is not None or (size is not None and size < SMALL):
            return row[0] if row is not None else None
    row = db.execute(_ANYWHERE, {"artifact": artifact, "path": None if path is None else to_sql(path)}).fetchone()
    return row[0] if row is not None else None


def _never_generated(opener: Opener, artifact: int) -> Node:
    """A content of which only copies were made, if anything; some access has every artifact of the index."""
    row = opener.db.execute(_NEWEST_USE, {"artifact": artifact}).fetchone()
    if row is not None:
        return _lone_use(opener, row[0]).node
    newest = generations(opener.db, links.GENERATIONS_OF_CONTENT, artifact=artifact, before=FOREVER, limit=1)
    return opener.nodes.file(newest[0])


def _readers(opener: Opener, artifact: int | None, size: int | None, path: str | None, role: str | None) -> list[Hop]:
    """Everything that read a content; what is small enough to be equal by chance counts on its own path only."""
    only = to_sql(path) if path is not None and size is not None and size < SMALL else None
    query = links.EVERY_USE_OF_CONTENT if role in ("log", "environment") else links.USES_OF_CONTENT
    found = uses(opener.db, query, artifact=artifact, path=only)
    return [hop for use in found for hop in opener.used_by(use)]


def _lone_use(opener: Opener, used: int) -> Seed:
    use = links.bare_use(opener.db, used)
    if use is None:
        raise gone("file", "that was asked for")
    return Seed(opener.nodes.file(use), [] if opener.up else opener.used_by(use))


def _time(opener: Opener, output: Generation) -> int:
    return opener.ended(output.step, output.opened, output.finished)
