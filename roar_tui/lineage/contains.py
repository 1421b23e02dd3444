"""Was this file in the training data of this model? Yes with the way from one to the other, no, or unknown with the reasons.

"No" is said only where everything is known that could make it a yes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from roar_tui.lineage.beside import beside
from roar_tui.lineage.closure import reach
from roar_tui.lineage.gaps import Gap, gaps
from roar_tui.lineage.model import Direction, Kind, Walk
from roar_tui.lineage.sought import One, Sought
from roar_tui.lineage.target import JobTarget, StepTarget, Target
from roar_tui.store.archive import Archive
from roar_tui.text import what


@dataclass(frozen=True)
class Answer:
    """The answer; `via` are the node ids of a shortest way from the target to what was sought (of several, to the nearest).

    `found` of the `of` things that were sought are in the walk, which has so many `files`, so many of them `roots`; `path` is the
    way alone, as a walk.
    """

    answer: Literal["yes", "no", "unknown"]
    via: list[str]
    unknown: list[Gap]
    found: int
    of: int
    files: int
    roots: int
    path: Walk


def contains(
    archive: Archive, db: sqlite3.Connection, target: Target, direction: Direction, sought: Sought, depth: int | None = None
) -> Answer:
    """Whether what is `sought` is among what `target` was made from (upstream) or what was made from it, within `depth` edges."""
    walk = reach(db, [target], direction, depth)
    found, missing = _parted(sought, walk)
    doubts: list[Gap] = []
    if not _is_yes(sought, found, missing):
        named = [target.job_id] if isinstance(target, (JobTarget, StepTarget)) else []
        doubts = gaps(archive, db, walk, named)
        other = beside(db, walk)
        doubts += _beside(other, missing)
        known = set(doubts)
        doubts += [gap for gap in gaps(archive, db, other) if gap not in known]
        doubts += [Gap(one.name, one.unknown) for one in missing if one.unknown is not None]
    return decide(sought, walk, found, missing, doubts)


def decide(sought: Sought, walk: Walk, found: list[One], missing: list[One], doubts: list[Gap]) -> Answer:
    """The answer, when `found` and `missing` are what is sought and `doubts` all that is not known."""
    via = shortest(walk, {one.node for one in found if one.node is not None})
    yes = _is_yes(sought, found, missing)
    files = [node for node in walk.nodes.values() if node.kind is Kind.ARTIFACT]
    roots = sum(node.root for node in files)
    answer: Literal["yes", "no", "unknown"] = "yes" if yes else "unknown" if doubts else "no"
    return Answer(answer, via, [] if yes else doubts, len(found), len(sought.parts), len(files), roots, along(walk, via))


def shortest(walk: Walk, goals: Collection[str]) -> list[str]:
    """The node ids of a shortest way from a target of `walk` to one of `goals`, both ends included; empty where there is none."""
    ends = [node for node in goals if node in walk.nodes]
    if not ends:
        return []
    nearer: dict[str, list[str]] = {}
    for source, to in walk.edges:
        near, far = (to, source) if walk.direction is Direction.UPSTREAM else (source, to)
        nearer.setdefault(far, []).append(near)
    way = [min(ends, key=lambda node: (walk.nodes[node].depth, node))]
    while walk.nodes[way[-1]].depth > 0:
        depth = walk.nodes[way[-1]].depth
        way.append(next(node for node in nearer[way[-1]] if walk.nodes[node].depth == depth - 1))
    return way[::-1]


def along(walk: Walk, via: list[str]) -> Walk:
    """The part of `walk` that lies on the way `via`."""
    pairs = set(pairwise(via[::-1] if walk.direction is Direction.UPSTREAM else via))
    edges = {ends: edge for ends, edge in walk.edges.items() if ends in pairs}
    return Walk(walk.direction, via[:1], {node: walk.nodes[node] for node in via}, edges)


def document(answer: Answer) -> dict[str, Any]:
    """The JSON document of an answer."""
    return {
        "answer": answer.answer,
        "via": answer.via,
        "unknown": [{"subject": gap.subject, "why": gap.why, "node": gap.node} for gap in answer.unknown],
        "members": {"found": answer.found, "of": answer.of},
        "searched": answer.files,
        "roots": answer.roots,
    }


def _parted(sought: Sought, walk: Walk) -> tuple[list[One], list[One]]:
    """What of the sought things is in the walk, and what is not."""
    found = [one for one in sought.parts if one.node in walk.nodes]
    return found, [one for one in sought.parts if one.node not in walk.nodes]


def _is_yes(sought: Sought, found: list[One], missing: list[One]) -> bool:
    return bool(found) and (not missing or not sought.every)


def _beside(other: Walk, missing: list[One]) -> list[Gap]:
    """The missing things that steps had which nothing links to the walk."""
    doubts = []
    for one in missing:
        way = shortest(other, {one.node} if one.node is not None else ())
        if way:
            step = other.nodes[way[0]]
            had = f"{what(step.argv)} had it, a step of the same job that nothing seen links to this"
            doubts.append(Gap(one.name, had, step.id))
    return doubts
