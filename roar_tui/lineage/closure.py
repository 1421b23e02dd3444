"""A whole walk: breadth first, each step asked once for each stretch of time, until nothing is left or the depth is reached."""

from __future__ import annotations

import os
import sqlite3
from collections import Counter, deque
from itertools import chain
from typing import NamedTuple

from roar_tui.lineage.links import Use
from roar_tui.lineage.model import Direction, Kind, Node, Walk
from roar_tui.lineage.opener import Hop, Opener
from roar_tui.lineage.start import seeds
from roar_tui.lineage.target import FilesetTarget, Target
from roar_tui.store.pattern import FOLD_FROM

EXPLAINED = 2000  # contents whose alternatives are looked up; more than anybody reads


class _Place(NamedTuple):
    """Something to open: a step (row id) as of a moment, or a file or pipe that leads to steps."""

    node: str
    depth: int
    step: int | None
    moment: int
    hops: list[Hop]


class _Closure:
    """The walk while it grows.

    A step is opened again only for time that it was not yet asked for, so every use is read once and the walk ends.
    """

    def __init__(self, opener: Opener, walk: Walk, limit: int | None) -> None:
        self._opener = opener
        self._walk = walk
        self._limit = limit
        self._queue: deque[_Place] = deque()
        self._asked: dict[int, int] = {}
        self._uses: dict[str, Use] = {}
        self._rows: dict[str, int] = {}

    def run(self, target: Target) -> None:
        for seed in seeds(self._opener, target):
            self._add(seed.node, 0)
            if seed.node.id not in self._walk.targets:
                self._walk.targets.append(seed.node.id)
            self._queue.append(_Place(seed.node.id, 0, seed.step, self._opener.whole, seed.hops))
        while self._queue:
            place = self._queue.popleft()
            if self._limit is not None and place.depth >= self._limit:
                continue
            if place.step is None:
                self._open_file(place)
            else:
                self._open_step(place.node, place.depth, place.step, place.moment)

    def explain(self) -> None:
        """Look up the alternatives of the contents that were found."""
        for node, use in list(self._uses.items())[:EXPLAINED]:
            self._walk.nodes[node].alternatives = self._opener.alternatives(use)

    def count_touched(self) -> None:
        """Count, where files may fold, all that the step at the far end of their edges touched in their directory."""
        far: Counter[tuple[str, str]] = Counter()
        for (source, target), edge in self._walk.edges.items():
            step, file = (source, target) if self._opener.up else (target, source)
            if self._walk.nodes[file].kind is Kind.ARTIFACT:
                far.update({(step, directory) for directory in map(os.path.dirname, edge.paths)})
        for step in dict.fromkeys(step for (step, _), count in far.items() if count >= FOLD_FROM):
            directories = self._opener.touched(self._rows[step])
            self._walk.touched.update(((step, directory), count) for directory, count in directories.items())

    def _open_step(self, node: str, depth: int, step: int, moment: int) -> None:
        done = self._asked.get(step)
        if done is not None and (moment <= done if self._opener.up else moment >= done):
            return
        self._asked[step] = moment
        for flow in self._opener.beside_step(step, moment, done):
            if flow.use is not None and flow.use.artifact is not None:
                self._uses.setdefault(flow.node.id, flow.use)
            self._add(flow.node, depth + 1)
            self._walk.join(self._opener.edge(self._walk.nodes[node], flow.node, flow.path, flow.time, into_step=self._opener.up))
            if flow.hops:
                self._queue.append(_Place(flow.node.id, depth + 1, None, 0, flow.hops))

    def _open_file(self, place: _Place) -> None:
        file = self._walk.nodes[place.node]
        for hop in place.hops:
            step = self._opener.nodes.step(hop.step)
            self._rows[step.id] = hop.step
            self._add(step, place.depth + 1)
            self._walk.join(self._opener.edge(step, file, hop.path, hop.time, into_step=not self._opener.up))
            self._queue.append(_Place(step.id, place.depth + 1, hop.step, hop.moment, []))

    def _add(self, node: Node, depth: int) -> None:
        known = self._walk.nodes.get(node.id)
        if known is None:
            node.depth = depth
            self._walk.nodes[node.id] = node
            return
        known.paths += [path for path in node.paths if path not in known.paths]
        known.root = known.root and node.root


def closure(db: sqlite3.Connection, target: Target, direction: Direction, depth: int | None = None) -> Walk:
    """Everything that `target` leads to within `depth` edges (None: all), unfolded, nearest first."""
    walk = Walk(direction, [], note=target.note, directory=target.path if isinstance(target, FilesetTarget) else None)
    growing = _Closure(Opener(db, direction), walk, depth)
    growing.run(target)
    if direction is Direction.UPSTREAM:
        growing.explain()
    growing.count_touched()
    settle(walk)
    return walk


def settle(walk: Walk) -> None:
    """Set every node's depth to its shortest distance from a target, roots to what no edge leads to, and sort nearest first."""
    beside: dict[str, list[str]] = {}
    made = set()
    for source, target in walk.edges:
        made.add(target)
        near, far = (target, source) if walk.direction is Direction.UPSTREAM else (source, target)
        beside.setdefault(near, []).append(far)
    level, depth, depths = list(walk.targets), 0, dict.fromkeys(walk.targets, 0)
    while level:
        depth += 1
        next_to = dict.fromkeys(chain.from_iterable(beside.get(near, ()) for near in level))
        level = [node for node in next_to if depths.setdefault(node, depth) == depth]
    for node in walk.nodes.values():
        node.depth = depths[node.id]
        if node.kind in (Kind.ARTIFACT, Kind.FILESET):
            node.root = node.root and node.id not in made
    walk.nodes = dict(sorted(walk.nodes.items(), key=lambda item: item[1].depth))
