"""The clock of file times is taken to be as good as its tick says: what a busy machine measured must not decide a test."""

from __future__ import annotations

import pytest

from roar_tui.record.clock import CLOCK


@pytest.fixture(autouse=True)
def _punctual_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CLOCK, "lag", 0)
