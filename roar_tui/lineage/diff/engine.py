"""The diff of two targets, from end to end."""

from __future__ import annotations

import sqlite3

from roar_tui.lineage.diff.result import Diff
from roar_tui.lineage.target import Target
from roar_tui.store.store import Store


def diff(store: Store, db: sqlite3.Connection, a: Target, b: Target, *, ref_a: str | None = None, ref_b: str | None = None) -> Diff:
    """What changed from `a` to `b`; swapping them mirrors the answer. Raises NotFoundError, StoreError as walks do."""
    raise NotImplementedError
