"""One pair of runs: what was done between them, and what a person would name as the cause."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.what_changed.work import Work

Expected = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Scenario:
    """`prepare` comes before the first run, `change` between the runs; `causes` are (category, end of the subject)."""

    name: str
    pipeline: Callable[[Path], Work]
    change: Callable[[Work], None]
    causes: Expected = ()
    prepare: Callable[[Work], None] | None = None
    identical: bool | None = None
    context: str | None = None
    suspect: str | None = None
    secret: str | None = None
