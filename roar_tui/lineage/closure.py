"""A whole walk: breadth first, each step asked once for each stretch of time, until nothing is left or the depth is reached."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from itertools import chain

from roar_tui.lineage.links import FOREVER, Use
from roar_tui.lineage.model import Direction, Edge, Kind, Node, Walk, union
from roar_tui.lineage.opener import Hop, Opener
from roar_tui.lineage.reading import bulk, snapshot
from roar_tui.lineage.start import seeds
from roar_tui.lineage.target import FilesetTarget, Target
from roar_tui.store.pattern import FOLD_FROM

EXPLAINED = 2000  # contents whose alternatives are looked up; more than anybody reads


class _Closure:
    """The walk while it grows, depth by depth.

    A step is opened again only for time that it was not yet asked for, so every use is read once and the walk ends. `_waiting` has
    the steps to open, by their depth, each with the moment that covers all that led to it there, so that it is asked once for all
    of them; with a path for what flows through the file there alone, to which the step appended. What a step leads to is followed
    at once to the steps behind it: a walk may hold a million files, and few steps.
    """

    def __init__(self, opener: Opener, walk: Walk, limit: int | None) -> None:
        self._opener = opener
        self._walk = walk
        self._limit = FOREVER if limit is None else limit
        self._waiting: dict[int, dict[tuple[str, str | None], int]] = {}
        self._cover: Callable[[int, int], int] = max if opener.up else min
        self._asked: dict[tuple[str, str | None], int] = {}
        self._uses: dict[str, Use] = {}
        self.detours = False  # something was found from what is farther from the targets than the nearest that leads to it

    def run(self, targets: Iterable[Target]) -> None:
        for seed in chain.from_iterable(seeds(self._opener, target) for target in targets):
            self._add(seed.node, 0)
            if seed.node.id not in self._walk.targets:
                self._walk.targets.append(seed.node.id)
            if seed.node.kind is Kind.STEP:
                self._wait(seed.node.id, None, self._opener.whole, 0)
                for path in self._opener.all_appended(seed.node.id):
                    self._wait(seed.node.id, path, self._opener.whole, 0)
            else:
                self._open_file(self._walk.nodes[seed.node.id], seed.hops, 0)
        while self._waiting:
            depth = min(self._waiting)
            for (step, through), moment in self._waiting.pop(depth).items():
                self._open_step(step, through, moment, depth)

    def _wait(self, step: str, path: str | None, moment: int, depth: int) -> None:
        if depth < self._limit:
            steps = self._waiting.setdefault(depth, {})
            steps[step, path] = self._cover(moment, steps.get((step, path), moment))

    def explain(self) -> None:
        """Look up the alternatives of the contents that were found."""
        for node, use in self._uses.items():
            self._walk.nodes[node].alternatives = self._opener.alternatives(use)

    def count_touched(self) -> None:
        """Count, where files may fold, all that the step at the far end of their edges touched in their directory."""
        far: dict[str, list[str]] = {}
        nodes, up = self._walk.nodes, self._opener.up
        for (source, target), edge in self._walk.edges.items():
            step, file = (source, target) if up else (target, source)
            if nodes[file].kind is Kind.ARTIFACT:
                far.setdefault(step, []).extend(edge.paths)
        for step, paths in far.items():
            if len(paths) >= FOLD_FROM:
                for directory, count in self._opener.touched(step, set(paths)).items():
                    self._walk.touched[step, directory] = count

    def _open_step(self, step: str, through: str | None, moment: int, depth: int) -> None:
        """What lies beside a step of that depth, or flows `through` one of its files alone, and the steps behind it."""
        done, up = self._asked.get((step, through)), self._opener.up
        if done is not None:
            if moment <= done if up else moment >= done:
                return
            self.detours = True
        self._asked[step, through] = moment
        if through is None:
            flows = self._opener.beside_step(step, moment, done)
        else:
            flows = self._opener.through(step, through, moment, done)
        for flow in flows:
            file = self._add(flow.node, depth + 1)
            use = flow.use
            if use is not None and use.artifact is not None and len(self._uses) < EXPLAINED:
                self._uses.setdefault(file.id, use)
            self._join(file, step, flow.node.paths, flow.path, flow.time, flow.group, into_step=up)
            if flow.hops:
                self.detours = self.detours or file.depth <= depth
                self._open_file(file, flow.hops, depth + 1)

    def _open_file(self, file: Node, hops: list[Hop], depth: int) -> None:
        """The steps that a file or pipe, found at that depth, leads to."""
        if depth >= self._limit:
            return
        up = self._opener.up
        for hop in hops:
            if hop.step not in self._walk.nodes:
                self._add(self._opener.nodes.step(hop.step), depth + 1)
            self._join(file, hop.step, file.paths, hop.path, hop.time, hop.group, into_step=not up)
            if hop.appended:
                self._wait(hop.step, hop.path, hop.moment, depth + 1)
            if up or not hop.appended:
                self._wait(hop.step, None, hop.moment, depth + 1)

    def _join(
        self, file: Node, step: str, paths: list[str], path: str | None, time: int, group: bool, *, into_step: bool
    ) -> None:
        """Add an edge through `path`, as `Walk.join` does; `paths` are shared where they are that one alone."""
        if len(paths) != 1 or paths[0] != path:
            paths = [path] if path else []
        ends = (file.id, step) if into_step else (step, file.id)
        edge = Edge(*ends, paths, time, file.role, None, group)
        if self._walk.edges.setdefault(ends, edge) is not edge:
            self._walk.join(edge)

    def _add(self, node: Node, depth: int) -> Node:
        """The node of that id in the walk: this one, or the one that is there, which then stands for both."""
        known = self._walk.nodes.setdefault(node.id, node)
        if known is node:
            node.depth = depth
        else:
            known.paths = union(known.paths, node.paths)
            known.root = known.root and node.root
        return known


def closure(
    db: sqlite3.Connection, target: Target, direction: Direction, depth: int | None = None, *, to_fold: bool = True
) -> Walk:
    """Everything that `target` leads to within `depth` edges (None: all), unfolded, nearest first.

    With `to_fold` it has what folding needs to know beside: how many files of a directory each step touched in all.
    """
    walk = Walk(direction, [], note=target.note, directory=target.path if isinstance(target, FilesetTarget) else None)
    growing = _Closure(Opener(db, direction), walk, depth)
    with snapshot(db), bulk():
        growing.run([target])
        if direction is Direction.UPSTREAM:
            growing.explain()
        if to_fold:
            growing.count_touched()
        settle(walk, sure_of_depths=not growing.detours)
    return walk


def reach(db: sqlite3.Connection, targets: Iterable[Target], direction: Direction, depth: int | None = None) -> Walk:
    """The nodes and edges that `targets` lead to, as `closure` but without what people alone read: alternatives, counts."""
    walk = Walk(direction, [])
    with snapshot(db), bulk():
        growing = _Closure(Opener(db, direction), walk, depth)
        growing.run(targets)
        settle(walk, sure_of_depths=not growing.detours)
    return walk


def settle(walk: Walk, *, sure_of_depths: bool) -> None:
    """Set every node's depth to its shortest distance from a target, roots to what no edge leads to, and sort nearest first.

    A walk that took no detour, level by level, found everything at its depth.
    """
    if not sure_of_depths:
        depths = _shortest(walk)
        for node in walk.nodes.values():
            node.depth = depths[node.id]
    made = {target for _, target in walk.edges}
    for node in walk.nodes.values():
        if node.root and node.id in made:
            node.root = False
    walk.nodes = dict(sorted(walk.nodes.items(), key=lambda item: item[1].depth))


def _shortest(walk: Walk) -> dict[str, int]:
    """The shortest distance of every node from a target."""
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
    return depths
