"""Jobs in few words, and walks as lists of names, so that a test reads as what it says."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from roar_tui.lineage.model import Direction, Kind, Node, Walk
from roar_tui.lineage.target import ArtifactTarget, JobTarget, StepTarget, Target
from roar_tui.lineage.walk import closure
from roar_tui.record.model import Record
from tests.builders import MINUTE, T0, at, build_store, content

T1, T2, T3, T4 = (T0 + minutes * MINUTE for minutes in range(1, 5))


@contextmanager
def index(root: Path, records: Sequence[Record]) -> Iterator[sqlite3.Connection]:
    """A connection to the index of a store that keeps `records`."""
    with closing(build_store(root, records).reader()) as db:
        yield db


def artifact(db: sqlite3.Connection, word: str, path: str | None = None) -> ArtifactTarget:
    """The content `word`, named by its hash, or by `path`."""
    (rowid,) = db.execute("SELECT id FROM artifact WHERE digest = ?", (bytes.fromhex(content(word)),)).fetchone()
    return ArtifactTarget(content(word), rowid, None if path is None else at(path))


def job(db: sqlite3.Connection, name: str) -> JobTarget:
    """The job with that name."""
    rowid, digest = db.execute("SELECT id, digest FROM job WHERE name = ?", (name,)).fetchone()
    return JobTarget(digest.hex(), rowid)


def step(db: sqlite3.Connection, name: str, number: int) -> StepTarget:
    """A step of the job with that name."""
    target = job(db, name)
    (rowid,) = db.execute("SELECT id FROM step WHERE job = ? AND number = ?", (target.rowid, number)).fetchone()
    return StepTarget(target.job_id, number, rowid)


def access(db: sqlite3.Connection, name: str, path: str, *, generated: bool) -> ArtifactTarget:
    """The newest access of the job with that name to a path."""
    table = "generated" if generated else "used"
    rowid, artifact_id, digest = db.execute(
        f"""SELECT x.id, x.artifact, a.digest FROM {table} x JOIN step s ON s.id = x.step JOIN job j ON j.id = s.job
        JOIN path p ON p.id = x.path JOIN artifact a ON a.id = x.artifact WHERE j.name = ? AND p.path = ? ORDER BY x.opened DESC""",
        (name, at(path)),
    ).fetchone()
    more = {"generated": rowid} if generated else {"used": rowid}
    return ArtifactTarget(digest.hex(), artifact_id, at(path), job(db, name).job_id, **more)


def upstream(db: sqlite3.Connection, target: Target, depth: int | None = None) -> Walk:
    return closure(db, target, Direction.UPSTREAM, depth)


def downstream(db: sqlite3.Connection, target: Target, depth: int | None = None) -> Walk:
    return closure(db, target, Direction.DOWNSTREAM, depth)


def name(node: Node) -> str:
    """A node as a person would call it."""
    if node.kind is Kind.STEP:
        return "$ " + " ".join(node.argv)
    if node.kind is Kind.PIPE:
        return f"pipe {node.number}"
    if node.kind is Kind.FILESET:
        return f"{os.path.basename(node.path or '')}/ {node.count} files"
    return os.path.basename(node.paths[0])


def names(walk: Walk) -> list[str]:
    """The walk's nodes, nearest first."""
    return [name(node) for node in walk.nodes.values()]


def arrows(walk: Walk) -> set[str]:
    """The walk's edges, `source > target`."""
    return {f"{name(walk.nodes[edge.source])} > {name(walk.nodes[edge.target])}" for edge in walk.edges.values()}


def called(walk: Walk, wanted: str) -> Node:
    """The one node with that name."""
    (node,) = [node for node in walk.nodes.values() if name(node) == wanted]
    return node
