"""What the map shows: the nearest part of a walk, at most some 25 boxes, with a step's own code and settings inside its box."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from roar_tui.lineage.model import Kind, Node

LIMIT = 25
WITHIN = ("code", "config", "log")


@dataclass
class Box:
    """A node on the map. `inside` are files drawn within the box; `more` says that something lies behind that is not drawn."""

    node: Node
    inside: list[Node] = field(default_factory=list)
    more: bool = False


@dataclass
class Map:
    """Boxes by node id, and edges (from, to) in the direction the data flows."""

    subject: str
    boxes: dict[str, Box] = field(default_factory=dict)
    edges: set[tuple[str, str]] = field(default_factory=set)

    def home_of(self, node_id: str) -> str | None:
        """The box that a node is, or lies in."""
        if node_id in self.boxes:
            return node_id
        return next((at for at, box in self.boxes.items() if any(n.id == node_id for n in box.inside)), None)


def collect(subject: Node, expand: Callable[[Node], list[Node]], *, upstream: bool, limit: int = LIMIT) -> Map:
    """The nodes nearest to `subject`, breadth first, until there are `limit` boxes. `expand` gives the nodes behind one.

    Roots that are code, configuration or a log go into the box of their step: what flows is what the map is about.
    """
    found = Map(subject.id, {subject.id: Box(subject)})
    waiting = deque([subject])
    while waiting:
        node = waiting.popleft()
        box = found.boxes[node.id]
        if len(found.boxes) >= limit:
            box.more = not (node.root or node.leaf)
            continue
        for child in expand(node):
            if node.kind is Kind.STEP and child.role in WITHIN and (child.root or not upstream) and child.id not in found.boxes:
                box.inside.append(child)
                continue
            if child.id not in found.boxes:
                if len(found.boxes) >= limit:
                    box.more = True
                    continue
                found.boxes[child.id] = Box(child)
                waiting.append(child)
            edge = (child.id, node.id) if upstream else (node.id, child.id)
            if edge[0] != edge[1]:
                found.edges.add(edge)
    return found
