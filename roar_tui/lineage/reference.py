"""From what a person types (REF) to the one thing in the store that it names."""

from __future__ import annotations

import sqlite3

from roar_tui.lineage.target import Target
from roar_tui.store.store import Store


def resolve(store: Store, db: sqlite3.Connection, ref: str, *, cwd: str) -> Target:
    """What `ref` names, tried in the contract's order; raises `AmbiguousError` or `NotFoundError`."""
    raise NotImplementedError
