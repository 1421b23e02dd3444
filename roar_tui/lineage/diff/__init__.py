"""What changed from one run to another: aligned by what flows, compared by category, sorted into causes and consequences."""

from __future__ import annotations

from roar_tui.lineage.diff.engine import diff
from roar_tui.lineage.diff.result import Diff, to_json

__all__ = ["Diff", "diff", "to_json"]
