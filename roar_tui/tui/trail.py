"""The trail of a walk: the subjects that were passed, and the line that shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from roar_tui.lineage.model import Direction, Node
from roar_tui.tui.lines import Line, join, spread, width_of
from roar_tui.tui.nodes import Look, code_of, name_of, title
from roar_tui.tui.tree import Branch, Tree

ROOM_FOR_WORDS = 100  # cells from which the direction is said in words too
SAYS = {Direction.UPSTREAM: "what it was made from", Direction.DOWNSTREAM: "what was made from it"}


@dataclass
class Stop:
    """One subject of the trail: its outline in one direction, and where the cursor was."""

    tree: Tree
    direction: Direction
    cursor: Branch | None = None

    @property
    def node(self) -> Node:
        return self.tree.top.node


def trail_line(trail: Sequence[Stop], width: int, look: Look) -> Line:
    """`first ‹ second ‹ ◆ here 7c3a8de2 … upstream`; where there is no room, the beginning of the trail goes first."""
    stop, marks = trail[-1], look.marks
    says = f"{SAYS[stop.direction]}  " if width >= ROOM_FOR_WORDS else ""
    right: Line = [(says, "dim"), (stop.direction.value, "accent"), (" ", "plain")]
    parts: list[Line] = [[(name_of(each.node), "dim")] for each in trail[:-1]]
    here: Line = [*title(stop.node, look), (f" {code_of(stop.node, look)}", "hash")]
    separator: Line = [(f" {marks.trail} ", "faint")]
    left = join([*parts, here], separator)
    while parts and width_of(left) > width - width_of(right) - 4:
        parts.pop(0)
        left = join([[(marks.more, "dim")], *parts, here], separator)
    return spread([(" ", "plain"), *left], right, width, more=marks.more)
