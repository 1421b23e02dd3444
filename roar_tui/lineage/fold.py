"""Folding: four or more files of one directory that share a story become one fileset node.

Files share a story when they lie in one directory, have the same role and the same makers, and one step touched four of
them. Upstream they may also have been made by different steps of one family (array tasks, `make -j`) for the same reader. An
edge says how many of the files it stands for. A script that a step runs stays by itself, and so does what the walk began with,
unless that was a directory.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from roar_tui.lineage.model import Direction, Edge, Kind, Node, Overlap, Walk
from roar_tui.lineage.reading import bulk
from roar_tui.lineage.script import family, runs
from roar_tui.record.filesets import tree_digest
from roar_tui.store.pattern import FOLD_FROM, pattern


def fold(walk: Walk) -> Walk:
    """`walk` with filesets in place of sibling files; a fileset is as near as its nearest file."""
    with bulk():
        sets = [fileset(directory, members) for directory, members in _Sides(walk).groups()]
        return _with(walk, sets) if sets else walk


def _with(walk: Walk, sets: list[Node]) -> Walk:
    """The walk with each of `sets` in place of its members."""
    now = {member.id: node for node in sets for member in node.members}
    ids = {member: node.id for member, node in now.items()}
    result = replace(walk, nodes={}, edges={}, targets=list(dict.fromkeys(ids.get(target, target) for target in walk.targets)))
    for node in walk.nodes.values():
        kept = now.get(node.id, node)
        result.nodes.setdefault(kept.id, kept)
    joined: dict[tuple[str, str], list[Edge]] = {}
    for (source, target), edge in walk.edges.items():
        joined.setdefault((ids.get(source, source), ids.get(target, target)), []).append(edge)
    for (source, target), edges in joined.items():
        source_node, target_node = result.nodes[source], result.nodes[target]
        if source_node.kind is Kind.FILESET:
            result.edges[source, target] = _joined(walk, edges, source_node, target)
        elif target_node.kind is Kind.FILESET:
            result.edges[source, target] = _joined(walk, edges, target_node, source)
        else:
            result.edges[source, target] = edges[0]
    return result


def fileset(directory: str, members: list[Node]) -> Node:
    """One node for the files of `members` below `directory`.

    Its id is `a:` and the tree digest, which equals that of any tool with the same preimage; the first member's id where a
    content is unknown.
    """
    below = [(name, node) for node in members for name in _names(directory, node)]
    below.sort(key=lambda each: os.fsencode(each[0]))
    names = [name for name, _ in below]
    first = members[0]
    digest = None
    if all(node.digest is not None and node.algorithm is None for node in members):
        digest = tree_digest([(name, node.digest or "") for name, node in below])
    sizes = [node.size for _, node in below]
    return Node(
        id=first.id if digest is None else f"a:{digest}",
        kind=Kind.FILESET,
        depth=min(node.depth for node in members),
        root=all(node.root for node in members),
        leaf=True if all(node.leaf for node in members) else None,
        tree=digest,
        size=None if None in sizes else sum(size or 0 for size in sizes),
        role=first.role,
        status=first.status,
        path=directory,
        paths=[directory],
        count=len(names),
        pattern=pattern(names),
        members=tuple(sorted(members, key=lambda node: os.fsencode(node.paths[0]))),
    )


def _names(directory: str, node: Node) -> list[str]:
    """The node's paths below `directory`, relative to it; the base name of one that lies elsewhere."""
    prefix = directory.rstrip("/") + "/"
    return [path[len(prefix) :] for path in node.paths if path.startswith(prefix)] or [os.path.basename(node.paths[0])]


def _joined(walk: Walk, edges: list[Edge], files: Node, step: str) -> Edge:
    """One edge for those between a step and some of the fileset's files."""
    assert files.path is not None
    prefix = files.path.rstrip("/") + "/"
    common = min(files.count, sum(max(1, sum(path.startswith(prefix) for path in edge.paths)) for edge in edges))
    whole = max(files.count, walk.touched.get((step, files.path), 0))
    ends = (files.id, step) if edges[0].target == step else (step, files.id)
    time = min(edge.time for edge in edges)
    overlap = Overlap(common, whole) if common < whole else None
    return Edge(*ends, [files.path], time, files.role, overlap, group=all(edge.group for edge in edges))


@dataclass
class _Group:
    """Files with the same makers; `paths` tells versions of one file apart: they never fold together."""

    makers: frozenset[str]
    readers: set[str]
    members: list[Node] = field(default_factory=list)
    paths: set[str] = field(default_factory=set)

    def add(self, members: Iterable[Node], readers: Iterable[str]) -> None:
        for node in members:
            self.members.append(node)
            self.paths.update(node.paths)
        self.readers.update(readers)


_Key = tuple[object, ...]


class _Sides:
    """Who made and who read each file of a walk, and the groups that follow."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self.makers: dict[str, set[str]] = {}
        self.readers: dict[str, set[str]] = {}
        self.scripts: set[str] = set()
        for (source, target), edge in walk.edges.items():
            if walk.nodes[source].kind is Kind.ARTIFACT:
                self.readers.setdefault(source, set()).add(target)
                step = walk.nodes[target]
                if edge.role == "code" and any(runs(step.argv, step.cwd or "/", path) for path in edge.paths):
                    self.scripts.add(source)
            else:
                self.makers.setdefault(target, set()).add(source)

    def groups(self) -> Iterator[tuple[str, list[Node]]]:
        """Directories with the files to fold, each file once."""
        targets = set(self.walk.targets)
        if self.walk.directory is not None:
            yield self.walk.directory, [self.walk.nodes[target] for target in self.walk.targets]
        buckets: dict[_Key, list[_Group]] = {}
        for node in self.walk.nodes.values():
            if node.kind is Kind.ARTIFACT and node.id not in targets and node.id not in self.scripts:
                makers = frozenset(self.makers.get(node.id, ()))
                key: _Key = (node.paths[0].rpartition("/")[0] or "/", node.role, node.digest is None, node.root, makers)
                self._place(buckets.setdefault(key, []), [node], node.paths, self.readers.get(node.id, set()), makers)
        if self.walk.direction is Direction.UPSTREAM:
            buckets = self._families(buckets)
        for key, found in buckets.items():
            for group in found:
                for members in self._together(group):
                    yield str(key[0]), members

    @staticmethod
    def _place(groups: list[_Group], members: list[Node], paths: Iterable[str], readers: set[str], makers: frozenset[str]) -> None:
        for group in groups:
            if group.paths.isdisjoint(paths):
                break
        else:
            group = _Group(makers, set())
            groups.append(group)
        group.add(members, readers)

    def _families(self, buckets: dict[_Key, list[_Group]]) -> dict[_Key, list[_Group]]:
        """The groups again, those that steps of one family made for the same readers together."""
        merged: dict[_Key, list[_Group]] = {}
        for key, found in buckets.items():
            for group in found:
                families = frozenset(
                    family(step.program or "", step.argv) for maker in group.makers for step in (self.walk.nodes[maker],)
                )
                wider = (*key[:-1], families, frozenset(group.readers))
                self._place(merged.setdefault(wider, []), group.members, group.paths, group.readers, group.makers)
        return merged

    def _together(self, group: _Group) -> Iterator[list[Node]]:
        """The parts of a group that hang together through steps that touched at least four of its files."""
        if len(group.members) < FOLD_FROM:
            return
        touched: dict[str, list[str]] = {}
        for node in group.members:
            for step in (*self.makers.get(node.id, ()), *self.readers.get(node.id, ())):
                touched.setdefault(step, []).append(node.id)
        if any(len(files) == len(group.members) for files in touched.values()):  # as a rule one step had them all
            yield group.members
            return
        leader: dict[str, str] = {}

        def find(node: str) -> str:
            while leader.setdefault(node, node) != node:
                leader[node] = node = leader[leader[node]]
            return node

        big = [files for files in touched.values() if len(files) >= FOLD_FROM]
        for files in big:
            for other in files[1:]:
                leader[find(other)] = find(files[0])
        parts: dict[str, list[Node]] = {}
        for node in group.members:
            if node.id in leader:
                parts.setdefault(find(node.id), []).append(node)
        yield from parts.values()
