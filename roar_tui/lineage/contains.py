"""Was this file in the training data of this model? Yes with the way from one to the other, no, or unknown with the reasons.

"No" is said only where everything is known that could make it a yes.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any, Literal

from roar_tui.lineage.beside import beside
from roar_tui.lineage.closure import reach
from roar_tui.lineage.earlier import Earlier, earlier, unknown_there
from roar_tui.lineage.gaps import Gap, gaps
from roar_tui.lineage.model import Direction, Kind, Walk
from roar_tui.lineage.opener import Opener
from roar_tui.lineage.small import doubtful
from roar_tui.lineage.sought import One, Sought
from roar_tui.lineage.target import JobTarget, StepTarget, Target
from roar_tui.lineage.ways import Ways, along
from roar_tui.store.archive import Archive
from roar_tui.text import count, size, what


@dataclass(frozen=True)
class Answer:
    """The answer; `via` are the node ids of a shortest way from the target to what was sought (of several, to the nearest).

    `found` of the `of` things that were sought are in the walk, which has so many `files`, so many of them `roots`; `path` is the
    way alone, as a walk. `earlier` are other versions of what was not found, at the same paths: they change no answer, for the
    question is about a content; where there is no way otherwise, `path` is the way to the nearest of them.
    """

    answer: Literal["yes", "no", "unknown"]
    via: list[str]
    unknown: list[Gap]
    found: int
    of: int
    files: int
    roots: int
    path: Walk
    earlier: list[Earlier]


def contains(
    archive: Archive, db: sqlite3.Connection, target: Target, direction: Direction, sought: Sought, depth: int | None = None
) -> Answer:
    """Whether what is `sought` is among what `target` was made from (upstream) or what was made from it, within `depth` edges."""
    walk = reach(db, [target], direction, depth)
    found, missing = _parted(sought, walk)
    doubts: list[Gap] = []
    if not _is_yes(sought, found, missing):
        named = [target.job_id] if isinstance(target, (JobTarget, StepTarget)) else []
        other = beside(db, walk)
        doubts = [*unknown_there(walk, missing), *unknown_there(other, missing)]
        told = {gap.node for gap in doubts}
        doubts += _small(db, walk, depth)
        doubts += [gap for gap in gaps(archive, db, walk, named) if gap.node not in told]
        doubts += _beside(other, missing)
        known = set(doubts)
        doubts += [gap for gap in gaps(archive, db, other) if gap not in known and gap.node not in told]
        doubts += [Gap(one.name, one.unknown) for one in missing if one.unknown is not None]
    return decide(sought, walk, found, missing, doubts)


def decide(sought: Sought, walk: Walk, found: list[One], missing: list[One], doubts: list[Gap]) -> Answer:
    """The answer, when `found` and `missing` are what is sought and `doubts` all that is not known."""
    ways = Ways(walk)
    via = ways.to({one.node for one in found if one.node is not None})
    yes = _is_yes(sought, found, missing)
    files = [node for node in walk.nodes.values() if node.kind is Kind.ARTIFACT]
    roots = sum(node.root for node in files)
    answer: Literal["yes", "no", "unknown"] = "yes" if yes else "unknown" if doubts else "no"
    other = [] if yes else earlier(walk, ways, missing)
    path = along(walk, via or (other[0].via if other else []))
    return Answer(answer, via, [] if yes else doubts, len(found), len(sought.parts), len(files), roots, path, other)


def document(answer: Answer) -> dict[str, Any]:
    """The JSON document of an answer."""
    return {
        "answer": answer.answer,
        "via": answer.via,
        "unknown": [{"subject": gap.subject, "why": gap.why, "node": gap.node} for gap in answer.unknown],
        "members": {"found": answer.found, "of": answer.of},
        "searched": answer.files,
        "roots": answer.roots,
        "earlier": [{"path": each.path, "hash": each.digest, "via": each.via} for each in answer.earlier],
    }


def _parted(sought: Sought, walk: Walk) -> tuple[list[One], list[One]]:
    """What of the sought things is in the walk, and what is not."""
    found = [one for one in sought.parts if one.node in walk.nodes]
    return found, [one for one in sought.parts if one.node not in walk.nodes]


def _is_yes(sought: Sought, found: list[One], missing: list[One]) -> bool:
    return bool(found) and (not missing or not sought.every)


def _small(db: sqlite3.Connection, walk: Walk, depth: int | None) -> list[Gap]:
    """Roots that may be what a recorded step made, which the walk cannot go on from."""
    found = []
    opener = Opener(db, walk.direction)
    for root, makers in doubtful(opener, walk, depth):
        more = f", and so did {count(len(makers) - 1, 'other')}" if len(makers) > 1 else ""
        step = opener.nodes.step(f"s:{makers[0].job}:{makers[0].step}")
        made = f"{what(step.argv, step.notebook)} made the same content as {makers[0].path}{more}"
        why = f"too small ({size(root.size)}) to be told apart: {made}"
        found.append(Gap(root.paths[0] if root.paths else root.id, why, root.id))
    return found


def _beside(other: Walk, missing: list[One]) -> list[Gap]:
    """The missing things that steps had which nothing links to the walk."""
    doubts, ways = [], Ways(other)
    for one in missing:
        way = ways.to({one.node} if one.node is not None else ())
        if way:
            step = other.nodes[way[0]]
            had = f"{what(step.argv, step.notebook)} had it, a step of the same job that nothing seen links to this"
            doubts.append(Gap(one.name, had, step.id))
    return doubts
