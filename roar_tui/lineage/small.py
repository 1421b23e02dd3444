"""Roots too small to be told apart: equal contents that a recorded step made at another path may be the same file, moved.

Below `links.SMALL` bytes a content is equal by chance, so no walk goes on from it at another path; but that it did not come from
there is not known either.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from typing import NamedTuple

from roar_tui.lineage.links import FOREVER, SMALL
from roar_tui.lineage.model import Alternative, Direction, Kind, Node, Walk
from roar_tui.lineage.opener import Opener


class Doubtful(NamedTuple):
    """A root of a walk, and the recorded generations that may have been it, newest first."""

    root: Node
    makers: tuple[Alternative, ...]


def doubtful(db: sqlite3.Connection, walk: Walk, depth: int | None = None) -> Iterator[Doubtful]:
    """The roots of an upstream `walk` (of at most `depth` edges) that have other makers and are too small to be told apart."""
    if walk.direction is not Direction.UPSTREAM:
        return
    opener = Opener(db, walk.direction)
    users = _users(walk)
    for node in walk.nodes.values():
        if not is_small_root(node) or (depth is not None and node.depth >= depth):
            continue
        row = db.execute(_ARTIFACT, (bytes.fromhex(node.digest or ""),)).fetchone()
        makers = () if row is None else opener.generated(row[0], _last_use(opener, row[0], users.get(node.id, ())), None)
        if makers:
            yield Doubtful(node, makers)


def is_small_root(node: Node) -> bool:
    """Whether nothing recorded is known to have made it, and it is too small to be followed to another path."""
    return node.kind is Kind.ARTIFACT and node.root and node.digest is not None and 0 < (node.size or 0) < SMALL


# UNIQUE (digest, algorithm)
_ARTIFACT = "SELECT id FROM artifact WHERE digest = ? ORDER BY algorithm = 'blake3' DESC LIMIT 1"
# used_artifact
USES = "SELECT step, opened FROM used INDEXED BY used_artifact WHERE artifact = ? ORDER BY opened DESC"


def _users(walk: Walk) -> dict[str, list[Node]]:
    """The steps that used each file of an upstream `walk`, by the file's node id."""
    users: dict[str, list[Node]] = {}
    for source, to in walk.edges:
        users.setdefault(source, []).append(walk.nodes[to])
    return users


def _last_use(opener: Opener, artifact: int, steps: Collection[Node]) -> int:
    """When the last of `steps` opened a content (row id): what was made from then on was not it. FOREVER for no steps.

    A member of a fileset has no row of its own: it was opened before its step ended.
    """
    rows = {opener.nodes.row(step.id) for step in steps}
    for step, opened in opener.db.execute(USES, (artifact,)) if rows else ():
        if step in rows:
            return int(opened)
    return max((FOREVER if step.ended is None else step.ended for step in steps), default=FOREVER)
