"""Walking: what something was made from, or what was made from it, one node at a time or as a whole."""

from __future__ import annotations

import sqlite3

from roar_tui.lineage.model import Direction, Node, Walk
from roar_tui.lineage.target import Target


class Walker:
    """A walk that loads as it is opened; for one thread, on one connection."""

    def __init__(self, db: sqlite3.Connection, direction: Direction) -> None:
        self.db = db
        self.direction = direction

    def start(self, target: Target) -> Node:
        """The node that `target` is; a JOB node where a job begins the walk with several steps."""
        raise NotImplementedError

    def expand(self, node: Node) -> list[Node]:
        """The nodes next to `node`, folded, each with its `edge`; of a step in the order in which they were opened."""
        raise NotImplementedError

    def members(self, node: Node, offset: int = 0, limit: int = 100, text: str = "") -> tuple[list[Node], int]:
        """A page of a fileset's files whose name holds `text`, by path, and how many there are in all; each can be expanded."""
        raise NotImplementedError


def closure(db: sqlite3.Connection, target: Target, direction: Direction, depth: int | None = None) -> Walk:
    """Everything that `target` leads to within `depth` edges, unfolded, nearest first."""
    raise NotImplementedError
