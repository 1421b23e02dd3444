"""One difference between two aligned steps, before it is known what explains it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from roar_tui.lineage.diff.align import Pair
from roar_tui.lineage.diff.result import Category, Change


@dataclass(eq=False)
class Finding:
    """`pair` is where it was found, `enters` every pair that it enters. It is a cause unless something explains it:

    `made_by`, pairs whose own causes made it so, or `follows`, other findings. `mirror` is what A would call the subject.
    """

    category: Category
    subject: str
    change: Change
    a: Any
    b: Any
    pair: Pair
    detail: dict[str, Any] = field(default_factory=dict)
    made_by: list[Pair] = field(default_factory=list)
    follows: list[Finding] = field(default_factory=list)
    enters: list[Pair] = field(default_factory=list)
    mirror: str = ""

    def __post_init__(self) -> None:
        self.enters = self.enters or [self.pair]
        self.mirror = self.mirror or self.subject

    @property
    def own(self) -> bool:
        """Nothing is known to explain it."""
        return not self.made_by and not self.follows

    @property
    def order(self) -> tuple[int, list[str]]:
        """A place among equals that is the same when A and B are swapped."""
        return list(Category).index(self.category), sorted((self.subject, self.mirror))


def change_of(a: object, b: object) -> Change:
    """ADDED where A has nothing (None), REMOVED where B has nothing."""
    return Change.ADDED if a is None else Change.REMOVED if b is None else Change.CHANGED
