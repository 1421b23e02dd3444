"""The rows of a walk drawn as a tree: each node opened once, every later mention says "seen above"."""

from __future__ import annotations

from dataclasses import dataclass

from roar_tui.lineage.model import Direction, Edge, Node, Walk


@dataclass(frozen=True)
class Row:
    """One line: `last` says, for each level down to its own, whether the branch ends there; `last == ()` at the top.

    `seen_above`: the node stands further up with everything below it. `edge` joins it to its parent row (None at the top).
    """

    node: Node
    last: tuple[bool, ...]
    edge: Edge | None = None
    seen_above: bool = False

    @property
    def depth(self) -> int:
        """How far the row is indented, from 0."""
        return len(self.last)


def outline(walk: Walk) -> list[Row]:
    """The tree rows of `walk`, depth first. Iterative: a walk may be as deep as a chain of jobs is long."""
    beside: dict[str, list[tuple[Edge, str]]] = {}
    for joined in walk.edges.values():
        near, far = joined.source, joined.target
        if walk.direction is Direction.UPSTREAM:
            near, far = far, near
        beside.setdefault(near, []).append((joined, far))
    rows: list[Row] = []
    opened: set[str] = set()
    stack: list[tuple[str, tuple[bool, ...], Edge | None]] = [(target, (), None) for target in reversed(walk.targets)]
    while stack:
        node, last, edge = stack.pop()
        below = beside.get(node, [])
        seen = node in opened
        rows.append(Row(walk.nodes[node], last, edge, seen))
        if not seen:
            opened.add(node)
            for position, (link, far) in reversed(list(enumerate(below))):
                stack.append((far, (*last, position == len(below) - 1), link))
    return rows
