"""What became of a file on disk."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from roar_tui.tui.disk import HASHED_UNASKED, CancelledError, DiskState, Recorded, best, check, check_all, words_for
from roar_tui.tui.lines import plain
from roar_tui.tui.marks import UNICODE
from tests.builders import content

GO = threading.Event()


def recorded(path: Path, word: str = "data") -> Recorded:
    return Recorded(str(path), content(word), len(word))


def test_the_states_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "file"
    assert check(recorded(file), None, GO, HASHED_UNASKED) is DiskState.GONE
    file.write_text("data")
    assert check(recorded(file), None, GO, HASHED_UNASKED) is DiskState.SAME
    file.write_text("atad")
    assert check(recorded(file), None, GO, HASHED_UNASKED) is DiskState.CHANGED
    file.write_text("longer than it was")
    assert check(recorded(file), None, GO, HASHED_UNASKED) is DiskState.CHANGED
    assert check(recorded(tmp_path), None, GO, HASHED_UNASKED) is DiskState.CHANGED


def test_a_pipe_at_the_place_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    assert check(recorded(tmp_path / "fifo"), None, GO, HASHED_UNASKED) is DiskState.CHANGED


def test_large_files_are_not_hashed_unasked(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("atad")
    assert check(recorded(file), None, GO, limit=3) is DiskState.SAME_SIZE
    assert check(recorded(file), None, GO, limit=None) is DiskState.CHANGED


def test_a_check_can_be_called_off(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("data")
    stop = threading.Event()
    stop.set()
    with pytest.raises(CancelledError):
        check(recorded(file), None, stop, HASHED_UNASKED)
    with pytest.raises(CancelledError):
        check_all([recorded(file)], None, stop, None)


def test_many_are_counted_and_said(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / str(number)).write_text("data")
    (tmp_path / "3").write_text("else")
    counts = check_all([recorded(tmp_path / str(n)) for n in range(5)], None, GO, None)
    assert plain(words_for(counts, 5, UNICODE)) == "3 unchanged · 1 changed · 1 gone"
    assert plain(words_for({DiskState.SAME: 1}, 1, UNICODE)) == "unchanged"
    assert best([DiskState.GONE, DiskState.SAME]) is DiskState.SAME
    assert best([]) is DiskState.GONE
