"""A whole walk: breadth first, each step asked once for each stretch of time, until nothing is left or the depth is reached."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable
from itertools import chain

from roar_tui.lineage.links import Use
from roar_tui.lineage.model import Direction, Kind, Node, Walk, union
from roar_tui.lineage.opener import Hop, Opener
from roar_tui.lineage.reading import bulk, snapshot
from roar_tui.lineage.start import seeds
from roar_tui.lineage.target import FilesetTarget, Target
from roar_tui.store.pattern import FOLD_FROM

EXPLAINED = 2000  # contents whose alternatives are looked up; more than anybody reads


class _Level:
    """What lies at one depth and is still to be opened: files and pipes with where they lead, and steps.

    A step has the moment that covers all that led to it, so that it is asked once for the whole level.
    """

    def __init__(self, *, later: bool) -> None:
        self.files: list[tuple[str, list[Hop]]] = []
        self.steps: dict[str, int] = {}
        self._cover: Callable[[int, int], int] = max if later else min

    def add_step(self, step: str, moment: int) -> None:
        self.steps[step] = self._cover(moment, self.steps.get(step, moment))


class _Closure:
    """The walk while it grows.

    A step is opened again only for time that it was not yet asked for, so every use is read once and the walk ends.
    """

    def __init__(self, opener: Opener, walk: Walk, limit: int | None) -> None:
        self._opener = opener
        self._walk = walk
        self._limit = limit
        self._asked: dict[str, int] = {}
        self._uses: dict[str, Use] = {}

    def run(self, targets: Iterable[Target]) -> None:
        level, depth = _Level(later=self._opener.up), 0
        for seed in chain.from_iterable(seeds(self._opener, target) for target in targets):
            self._add(seed.node, 0)
            if seed.node.id not in self._walk.targets:
                self._walk.targets.append(seed.node.id)
            if seed.node.kind is Kind.STEP:
                level.add_step(seed.node.id, self._opener.whole)
            else:
                level.files.append((seed.node.id, seed.hops))
        while (level.files or level.steps) and (self._limit is None or depth < self._limit):
            depth += 1
            level = self._open(level, depth)

    def _open(self, level: _Level, depth: int) -> _Level:
        """Open all of a level; what is found lies at `depth`."""
        found = _Level(later=self._opener.up)
        for node, hops in level.files:
            self._open_file(node, hops, depth, found)
        for step, moment in level.steps.items():
            self._open_step(step, moment, depth, found)
        return found

    def explain(self) -> None:
        """Look up the alternatives of the contents that were found."""
        for node, use in self._uses.items():
            self._walk.nodes[node].alternatives = self._opener.alternatives(use)

    def count_touched(self) -> None:
        """Count, where files may fold, all that the step at the far end of their edges touched in their directory."""
        far: dict[tuple[str, str], int] = {}
        nodes, up = self._walk.nodes, self._opener.up
        for (source, target), edge in self._walk.edges.items():
            step, file = (source, target) if up else (target, source)
            if nodes[file].kind is Kind.ARTIFACT:
                directories = map(os.path.dirname, edge.paths)
                for directory in directories if len(edge.paths) == 1 else set(directories):
                    far[step, directory] = far.get((step, directory), 0) + 1
        for step in dict.fromkeys(step for (step, _), count in far.items() if count >= FOLD_FROM):
            touched = self._opener.touched(step)
            self._walk.touched.update(((step, directory), count) for directory, count in touched.items())

    def _open_step(self, step: str, moment: int, depth: int, found: _Level) -> None:
        done = self._asked.get(step)
        if done is not None and (moment <= done if self._opener.up else moment >= done):
            return
        self._asked[step] = moment
        node = self._walk.nodes[step]
        for flow in self._opener.beside_step(step, moment, done):
            file = self._add(flow.node, depth)
            if flow.use is not None and flow.use.artifact is not None and len(self._uses) < EXPLAINED:
                self._uses.setdefault(file.id, flow.use)
            self._walk.join(self._opener.edge(node, file, flow.path, flow.time, into_step=self._opener.up, group=flow.group))
            if flow.hops:
                found.files.append((file.id, flow.hops))

    def _open_file(self, node: str, hops: list[Hop], depth: int, found: _Level) -> None:
        file = self._walk.nodes[node]
        for hop in hops:
            known = self._walk.nodes.get(hop.step)
            if known is None:
                known = self._opener.nodes.step(hop.step)
                self._add(known, depth)
            edge = self._opener.edge(known, file, hop.path, hop.time, into_step=not self._opener.up, group=hop.group)
            self._walk.join(edge)
            found.add_step(hop.step, hop.moment)

    def _add(self, node: Node, depth: int) -> Node:
        """The node of that id in the walk: this one, or the one that is there, which then stands for both."""
        known = self._walk.nodes.setdefault(node.id, node)
        if known is node:
            node.depth = depth
        else:
            known.paths = union(known.paths, node.paths)
            known.root = known.root and node.root
        return known


def closure(db: sqlite3.Connection, target: Target, direction: Direction, depth: int | None = None) -> Walk:
    """Everything that `target` leads to within `depth` edges (None: all), unfolded, nearest first."""
    walk = Walk(direction, [], note=target.note, directory=target.path if isinstance(target, FilesetTarget) else None)
    growing = _Closure(Opener(db, direction), walk, depth)
    with snapshot(db), bulk():
        growing.run([target])
        if direction is Direction.UPSTREAM:
            growing.explain()
        growing.count_touched()
        settle(walk)
    return walk


def reach(db: sqlite3.Connection, targets: Iterable[Target], direction: Direction, depth: int | None = None) -> Walk:
    """The nodes and edges that `targets` lead to, as `closure` but without what people alone read: alternatives, counts."""
    walk = Walk(direction, [])
    with snapshot(db), bulk():
        _Closure(Opener(db, direction), walk, depth).run(targets)
        settle(walk)
    return walk


def settle(walk: Walk) -> None:
    """Set every node's depth to its shortest distance from a target, roots to what no edge leads to, and sort nearest first."""
    depths = dict.fromkeys(walk.targets, 0)
    up, moved = walk.direction is Direction.UPSTREAM, True
    while moved:  # edges come nearest first, so that one pass and one more find every depth
        moved = False
        for source, target in walk.edges:
            near, far = (target, source) if up else (source, target)
            depth = depths[near] + 1 if near in depths else None
            if depth is not None and depth < depths.get(far, depth + 1):
                depths[far] = depth
                moved = True
    made = {target for _, target in walk.edges}
    for node in walk.nodes.values():
        node.depth = depths[node.id]
        if node.kind in (Kind.ARTIFACT, Kind.FILESET):
            node.root = node.root and node.id not in made
    walk.nodes = dict(sorted(walk.nodes.items(), key=lambda item: item[1].depth))
