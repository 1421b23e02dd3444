"""How much is measured, and where."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Plan:
    """How to measure: `runs` of each side, `size` scales the work (1 is the full size), `place` is scratch, `peers` their homes."""

    runs: int
    size: float
    place: Path
    peers: Path
    patience: float = 0.0  # s to wait for a calm machine before each turn

    def scaled(self, count: float) -> int:
        return max(1, int(count * self.size))
