"""Roots too small to be told apart: equal contents that a recorded step made at another path may be the same file, moved.

Below `links.SMALL` bytes a content is equal by chance, so no walk goes on from it at another path; but that it did not come from
there is not known either.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
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
    ended = _last_use(walk)
    for node in walk.nodes.values():
        if not is_small_root(node) or (depth is not None and node.depth >= depth):
            continue
        row = db.execute(_ARTIFACT, (bytes.fromhex(node.digest or ""),)).fetchone()
        makers = () if row is None else opener.generated(row[0], ended.get(node.id, FOREVER), None)
        if makers:
            yield Doubtful(node, makers)


def is_small_root(node: Node) -> bool:
    """Whether nothing recorded is known to have made it, and it is too small to be followed to another path."""
    return node.kind is Kind.ARTIFACT and node.root and node.digest is not None and 0 < (node.size or 0) < SMALL


# UNIQUE (digest, algorithm)
_ARTIFACT = "SELECT id FROM artifact WHERE digest = ? ORDER BY algorithm = 'blake3' DESC LIMIT 1"


def _last_use(walk: Walk) -> dict[str, int]:
    """When the last step that used a file of `walk` had ended, by the file's node id: what was made from then on was not it."""
    last: dict[str, int] = {}
    for source, to in walk.edges:
        ended = walk.nodes[to].ended
        last[source] = max(last.get(source, 0), FOREVER if ended is None else ended)
    return last
