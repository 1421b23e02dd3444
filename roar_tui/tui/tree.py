"""The open part of a walk as a tree: branches that load when they are opened, and the rows that they make."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from roar_tui.lineage.model import Kind, Node
from roar_tui.lineage.walk import leads_to


@dataclass(eq=False)
class Branch:
    """A node at one place of the outline. `children` is None until it was loaded; `seen` marks a node that stands further up."""

    node: Node
    parent: Branch | None = None
    children: list[Branch] | None = None
    is_open: bool = False
    loading: bool = False
    error: str | None = None
    seen: bool = False
    copy: bool = False  # seen further up under another path: the content is the same
    depth: int = 0  # levels below the top

    @property
    def can_open(self) -> bool:
        """Whether something may lie behind."""
        if self.seen or (self.parent is not None and (self.node.leaf or self.node.root)):
            return False
        return self.children is None or bool(self.children)


@dataclass(frozen=True)
class TreeRow:
    """A line of the outline: `last` says for each level, outermost first, whether its branch ends there."""

    branch: Branch
    last: tuple[bool, ...]


@dataclass
class Tree:
    """The outline below one subject. Each node is opened at one place only: further mentions are `seen`.

    A content that comes up again where another step made or had it (a copy) is opened there too.
    """

    top: Branch
    homes: dict[str, list[Branch]] = field(default_factory=dict)  # node id -> the branches where it may be opened

    @classmethod
    def of(cls, node: Node) -> Tree:
        """A tree of which only the subject is known."""
        top = Branch(node)
        return cls(top, {node.id: [top]})

    def attach(self, branch: Branch, nodes: list[Node]) -> None:
        """`nodes` were found behind `branch`; it opens."""
        branch.children = []
        for node in nodes:
            child = Branch(node, parent=branch, depth=branch.depth + 1)
            homes = [home for home in self.homes.get(node.id, []) if home is not branch and self._holds(home)]
            if homes and leads_to(node) <= frozenset().union(*(leads_to(home.node) for home in homes)):
                child.seen = True
                child.copy = node.kind is Kind.ARTIFACT and all(node.paths[:1] != home.node.paths[:1] for home in homes)
            else:
                self.homes.setdefault(node.id, []).append(child)
            branch.children.append(child)
        branch.is_open, branch.loading, branch.error = True, False, None

    def rows(self) -> list[TreeRow]:
        """The lines that are to be seen now, top first."""
        return list(self._rows(self.top, ()))

    def path_to(self, branch: Branch) -> list[Branch]:
        """From the top to `branch`, both included."""
        path = [branch]
        while path[-1].parent is not None:
            path.append(path[-1].parent)
        return path[::-1]

    def _holds(self, branch: Branch) -> bool:
        """Whether `branch` is (still) part of this tree."""
        return self.path_to(branch)[0] is self.top

    def _rows(self, branch: Branch, last: tuple[bool, ...]) -> Iterator[TreeRow]:
        stack = [(branch, last)]
        while stack:  # not recursive: a chain of thousands of jobs is a deep tree
            branch, last = stack.pop()
            yield TreeRow(branch, last)
            if branch.is_open and branch.children:
                final = len(branch.children) - 1
                stack.extend((child, (*last, i == final)) for i, child in reversed(list(enumerate(branch.children))))


def to_open_first(tree: Tree, steps: int, budget: int) -> Branch | None:
    """The next branch that opens by itself when a walk is shown: nearest first, at most `steps` steps deep, until `budget` lines.

    Two steps deep shows what made the subject and what made that; a chain is followed until the screen is full.
    """
    rows = tree.rows()
    if len(rows) >= budget:
        return None
    candidates = [
        row.branch
        for row in rows
        if row.branch.children is None and row.branch.can_open and not row.branch.error and _steps_above(row.branch) < steps
    ]
    return min(candidates, key=lambda branch: branch.depth, default=None)


def _steps_above(branch: Branch) -> int:
    """How many steps lie between the top and `branch`, itself not counted."""
    count, above = 0, branch.parent
    while above is not None:
        count += above.node.kind is Kind.STEP
        above = above.parent
    return count
