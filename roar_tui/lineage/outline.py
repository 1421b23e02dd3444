"""The rows of a walk drawn as a tree: each node opened once, every later mention says "seen above"."""

from __future__ import annotations

from dataclasses import dataclass

from roar_tui.lineage.model import Edge, Node, Walk


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
    """The tree rows of `walk`, depth first."""
    raise NotImplementedError
