"""Walking: what something was made from, or what was made from it, opened node by node (`Walker`) or as a whole (`closure`)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from msgspec.structs import replace

from roar_tui.lineage.closure import closure
from roar_tui.lineage.fold import fileset, fold
from roar_tui.lineage.links import Use
from roar_tui.lineage.model import Direction, Kind, Node, Overlap, Walk, union
from roar_tui.lineage.opener import Flow, Hop, Opener
from roar_tui.lineage.reading import bulk, snapshot
from roar_tui.lineage.start import Seed, seeds
from roar_tui.lineage.target import FilesetTarget, JobTarget, Target
from roar_tui.store.pattern import FOLD_FROM

__all__ = ["Walker", "closure"]


class Walker:
    """A walk that loads as it is opened; for one thread, on one connection.

    Every node carries what opening it goes on from, so nodes may be opened in any order and more than once. A node's `edge` joins
    it to the node that it was opened from; the same content can come up in several places.
    """

    def __init__(self, db: sqlite3.Connection, direction: Direction) -> None:
        self.direction = direction
        self._opener = Opener(db, direction)

    def start(self, target: Target) -> Node:
        """The node that `target` is: of a directory its fileset, of a job its step, or a JOB node where several stand for it."""
        found = [self._seeded(seed) for seed in seeds(self._opener, target)]
        if isinstance(target, FilesetTarget):
            unique = {node.id: node for node in found}
            return fileset(target.path, list(unique.values()))
        if isinstance(target, JobTarget) and len(found) != 1:
            node = self._opener.nodes.job(target.job_id)
            node.state = found
            return node
        return found[0]

    def expand(self, node: Node) -> list[Node]:
        """The nodes next to `node`, folded, each with its `edge` (None below a JOB); a step's in the order of their opening."""
        if node.kind is Kind.JOB:
            return [replace(step, depth=node.depth + 1) for step in node.state]
        with snapshot(self._opener.db), bulk():
            if node.kind is Kind.STEP:
                found = self._beside_step(node)
            else:
                found = self._beside_files(node, node.members if node.kind is Kind.FILESET else (node,))
        for each in found:
            each.depth = node.depth + 1
        return found

    def members(self, node: Node, offset: int = 0, limit: int = 100, text: str = "") -> tuple[list[Node], int]:
        """A page of a fileset's files whose path below it holds `text`, by path, and how many such files there are.

        Each can be expanded, and carries the fileset's depth.
        """
        wanted = text.casefold()
        start = len(node.path or "")
        found = [each for each in node.members if any(wanted in path[start:].casefold() for path in each.paths)]
        return [replace(each, depth=node.depth, edge=node.edge) for each in found[offset : offset + limit]], len(found)

    def _seeded(self, seed: Seed) -> Node:
        if seed.node.kind is Kind.STEP:
            through = self._opener.all_appended(seed.node.id)
            seed.node.state = _Asked(self._opener.whole, dict.fromkeys(through, self._opener.whole))
        else:
            seed.node.state = seed.hops
        return seed.node

    def _beside_step(self, step: Node) -> list[Node]:
        files: dict[str, Node] = {}
        small = Walk(self.direction, [step.id], {step.id: step})
        used: dict[str, Use] = {}
        for flow in self._flows(step):
            file = files.setdefault(flow.node.id, flow.node)
            if file is flow.node:
                file.state = []
            else:
                file.paths = union(file.paths, flow.node.paths)
            file.state += flow.hops
            if flow.use is not None:
                used[file.id] = flow.use
            small.join(self._opener.edge(step, file, flow.path, flow.time, into_step=self._opener.up, group=flow.group))
            small.nodes[file.id] = file
            self._add_far_ends(small, file, flow.hops)
        folded = fold(small)
        found = []
        for edge in folded.edges.values():
            near, far = (edge.target, edge.source) if self._opener.up else (edge.source, edge.target)
            if near == step.id:
                node = folded.nodes[far]
                node.edge = edge
                if node.id in used:
                    node.alternatives = self._opener.alternatives(used[node.id])
                found.append(node)
        return found

    def _flows(self, step: Node) -> Iterator[Flow]:
        asked: _Asked = step.state
        if asked.moment is not None:
            yield from self._opener.beside_step(step.id, asked.moment)
        for path, moment in asked.through.items():
            yield from self._opener.through(step.id, path, moment)

    def _beside_files(self, node: Node, files: Iterable[Node]) -> list[Node]:
        """The steps that files lead to, each with how many of the files do."""
        steps: dict[str, _Reached] = {}
        for file in files:
            for hop in file.state:
                steps.setdefault(hop.step, _Reached(hop.time, hop.group)).add(file, hop, up=self._opener.up)
        return [self._reached(node, self._opener.nodes.step(step), reached) for step, reached in steps.items()]

    def _reached(self, node: Node, step: Node, reached: _Reached) -> Node:
        step.state = _Asked(reached.moment, reached.through)
        step.edge = self._opener.edge(step, node, None, reached.time, into_step=not self._opener.up, group=reached.group)
        step.edge.paths = list(reached.paths)
        if node.kind is Kind.FILESET:
            directory, common = node.path or "", len(reached.files)
            whole = node.count
            if common >= FOLD_FROM:
                whole = max(whole, self._opener.touched(step.id, ())[directory])
            step.edge.paths = [directory]
            step.edge.members = Overlap(common, whole) if common < whole else None
        return step

    def _add_far_ends(self, small: Walk, file: Node, hops: list[Hop]) -> None:
        """Put the steps behind a file into the small walk that folding decides on: only makers matter, so only upstream."""
        if not self._opener.up:
            return
        for hop in hops:
            maker = small.nodes.get(hop.step)
            if maker is None:
                maker = small.nodes[hop.step] = self._opener.nodes.step(hop.step)
            small.join(self._opener.edge(maker, file, hop.path, hop.time, into_step=False, group=hop.group))


def leads_to(node: Node) -> frozenset[str]:
    """The steps (node ids) that opening a file or fileset goes on to: one content comes up again where others had it."""
    files = node.members if node.kind is Kind.FILESET else (node,) if node.kind in (Kind.ARTIFACT, Kind.PIPE) else ()
    return frozenset(hop.step for file in files for hop in file.state or ())


class _Asked(NamedTuple):
    """What a step is opened for: all beside it as of a moment, or since (None: not), and what flows `through` a path alone."""

    moment: int | None
    through: dict[str, int]


@dataclass
class _Reached:
    """How files lead to one step: which of them, and the moment that covers them all.

    `through` has that moment for each path to which the step appended.
    """

    time: int
    group: bool
    files: set[str] = field(default_factory=set)
    paths: dict[str, None] = field(default_factory=dict)
    moment: int | None = None
    through: dict[str, int] = field(default_factory=dict)

    def add(self, file: Node, hop: Hop, *, up: bool) -> None:
        cover = max if up else min
        if hop.appended and hop.path is not None:
            self.through[hop.path] = cover(hop.moment, self.through.get(hop.path, hop.moment))
        if up or not hop.appended:
            self.moment = hop.moment if self.moment is None else cover(self.moment, hop.moment)
        self.time = min(self.time, hop.time)
        self.group = self.group and hop.group
        self.files.add(file.id)
        if hop.path is not None:
            self.paths[hop.path] = None
