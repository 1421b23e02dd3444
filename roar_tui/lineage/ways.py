"""Shortest ways through a walk, from its targets to something in it."""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise

from roar_tui.lineage.model import Direction, Walk


class Ways:
    """The shortest ways in one walk, which is not to change meanwhile."""

    def __init__(self, walk: Walk) -> None:
        self._walk = walk
        self._nearer: dict[str, list[str]] | None = None  # by node id, those that lead to it; made for the first way

    def to(self, goals: Collection[str]) -> list[str]:
        """The node ids of a shortest way from a target to one of `goals`, both ends included; empty where there is none."""
        nodes = self._walk.nodes
        ends = [node for node in goals if node in nodes]
        if not ends:
            return []
        if self._nearer is None:
            self._nearer = _nearer(self._walk)
        way = [min(ends, key=lambda node: (nodes[node].depth, node))]
        while nodes[way[-1]].depth > 0:
            depth = nodes[way[-1]].depth
            way.append(next(node for node in self._nearer[way[-1]] if nodes[node].depth == depth - 1))
        return way[::-1]


def _nearer(walk: Walk) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for source, to in walk.edges:
        near, far = (to, source) if walk.direction is Direction.UPSTREAM else (source, to)
        found.setdefault(far, []).append(near)
    return found


def along(walk: Walk, via: list[str]) -> Walk:
    """The part of `walk` that lies on the way `via`."""
    pairs = set(pairwise(via[::-1] if walk.direction is Direction.UPSTREAM else via))
    edges = {ends: edge for ends, edge in walk.edges.items() if ends in pairs}
    return Walk(walk.direction, via[:1], {node: walk.nodes[node] for node in via}, edges)
