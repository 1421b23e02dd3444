"""What a walk had at the paths of sought files: other contents than now, or contents that are not known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from roar_tui.lineage.gaps import Gap, why_not_hashed
from roar_tui.lineage.model import Direction, Kind, Node, Walk
from roar_tui.lineage.sought import One
from roar_tui.lineage.ways import Ways


@dataclass(frozen=True)
class Earlier:
    """An earlier version of the file at a sought path, by its digest, and the node ids of a shortest way to it."""

    path: str
    digest: str
    via: list[str]


def earlier(walk: Walk, ways: Ways, missing: Iterable[One]) -> list[Earlier]:
    """The contents that `walk` had at the paths of what is `missing` in it, nearest first."""
    return [Earlier(path, node.digest, ways.to([node.id])) for path, node in _at(walk, missing) if node.digest is not None]


def unknown_there(walk: Walk, missing: Iterable[One]) -> list[Gap]:
    """What `walk` had at those paths without its content being known: it may have been what is sought."""
    was = "was read there" if walk.direction is Direction.UPSTREAM else "was there"
    return [
        Gap(path, f"it {was}, with a content that is not known: {why_not_hashed(node)}", node.id)
        for path, node in _at(walk, missing)
        if node.digest is None
    ]


def _at(walk: Walk, missing: Iterable[One]) -> Iterator[tuple[str, Node]]:
    wanted = {one.path for one in missing if one.path is not None}
    if wanted:
        for node in walk.nodes.values():
            if node.kind is Kind.ARTIFACT:
                yield from ((path, node) for path in node.paths if path in wanted)
