"""The progress line: for a person who waits, and for nobody else."""

from __future__ import annotations

import io

import pytest

from roar_tui.cli import progress
from roar_tui.cli.progress import Progress


class Terminal(io.StringIO):
    """A stderr that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time in seconds, as its last item."""
    time = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: time[-1])
    return time


def test_what_is_quick_shows_nothing(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", Terminal())
    with Progress("Reading") as step:
        clock.append(0.4)
        step(1, 2)
    assert progress.sys.stderr.getvalue() == ""


def test_what_takes_long_shows_how_far_it_is_and_leaves_nothing_behind(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with Progress("Reading") as step:
        clock.append(0.6)
        step(1000, 5000)
        assert "Reading: 1,000 of 5,000" in terminal.getvalue()
        step(1001, 5000)  # a moment later: not drawn again
        assert "1,001" not in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_without_a_terminal_nothing_is_drawn(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", io.StringIO())
    with Progress("Reading") as step:
        clock.append(9.0)
        step(1, 2)
    assert progress.sys.stderr.getvalue() == ""
