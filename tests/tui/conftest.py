"""Stores to explore, and a terminal that can show everything."""

from __future__ import annotations

from pathlib import Path

import pytest

from roar_tui import text
from tests import builders


@pytest.fixture(autouse=True)
def _unicode_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "_own_marks", lambda: text.UNICODE)
    monkeypatch.delenv("TMUX", raising=False)


@pytest.fixture
def two_runs(tmp_path: Path) -> Path:
    """A store with a pipeline that ran twice, a day apart."""
    return builders.build_store(tmp_path / "store", builders.two_runs()).root


@pytest.fixture
def nasty(tmp_path: Path) -> Path:
    """A store with a job whose names hold all that a name may hold."""
    return builders.build_store(tmp_path / "store", [builders.nasty()]).root
