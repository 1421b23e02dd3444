"""Roots too small to be told apart: equal contents that a recorded step made at another path may be the same file, moved.

Below `links.SMALL` bytes a content is equal by chance, so no walk goes on from it at another path; but that it did not come from
there is not known either.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from roar_tui.lineage.links import SMALL, first_sighting
from roar_tui.lineage.model import Alternative, Direction, Kind, Node, Walk
from roar_tui.lineage.opener import Opener
from roar_tui.store.schema import to_sql


class Doubtful(NamedTuple):
    """A root of a walk, and the recorded generations that may have been it, newest first."""

    root: Node
    makers: tuple[Alternative, ...]


def doubtful(opener: Opener, walk: Walk, depth: int | None = None) -> Iterator[Doubtful]:
    """The roots of an upstream `walk` (of at most `depth` edges) that have other makers and are too small to be told apart."""
    if walk.direction is not Direction.UPSTREAM:
        return
    for node in walk.nodes.values():
        if not is_small_root(node) or (depth is not None and node.depth >= depth):
            continue
        row = opener.db.execute(_ARTIFACT, (bytes.fromhex(node.digest or ""),)).fetchone()
        makers = () if row is None else _makers(opener, row[0], node.paths)
        if makers:
            yield Doubtful(node, makers)


def is_small_root(node: Node) -> bool:
    """Whether nothing recorded is known to have made it, and it is too small to be followed to another path."""
    return node.kind is Kind.ARTIFACT and node.root and node.digest is not None and 0 < (node.size or 0) < SMALL


# UNIQUE (digest, algorithm)
_ARTIFACT = "SELECT id FROM artifact WHERE digest = ? ORDER BY algorithm = 'blake3' DESC LIMIT 1"
# used_artifact, member_artifact
SIGHTED = f"SELECT {first_sighting(':artifact', '(SELECT id FROM path WHERE path = :path)')}"


def _makers(opener: Opener, artifact: int, paths: list[str]) -> tuple[Alternative, ...]:
    """Who made a content (row id) before it was first seen at one of `paths`: what was made later did not come there from it."""
    values = [{"artifact": artifact, "path": to_sql(path)} for path in paths]
    seen = max((opener.db.execute(SIGHTED, each).fetchone()[0] for each in values), default=0)
    return tuple(maker for maker in opener.generated(artifact, seen, None) if maker.time <= seen)
