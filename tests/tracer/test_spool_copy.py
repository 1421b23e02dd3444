"""The part of a trace that was read is given back to the disk, and can be read again from its compressed copy."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracer.spool import GIVE_BACK, TAIL, Spool

LINES = [
    f'{n % 9} 1700000000.{n:06d} openat(AT_FDCWD</p>, "file-{n % 1000}", O_RDONLY) = 3</p/file-{n % 1000}>' for n in range(300_000)
]


def read_all(spool: Spool) -> list[str]:
    found = []
    while lines := spool.lines():
        found += lines
    return found


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    path = tmp_path / "trace"
    path.write_text("\n".join(LINES) + "\nhalf a li")
    assert path.stat().st_size > 2 * GIVE_BACK
    return path


def test_what_was_read_is_given_back_and_read_again(trace: Path, tmp_path: Path) -> None:
    size = trace.stat().st_size
    copy = tmp_path / "copy"
    assert read_all(Spool(str(trace), copy=str(copy))) == LINES
    assert trace.stat().st_size == size
    assert copy.stat().st_size < size / 8
    if trace.stat().st_blocks * 512 >= size:
        pytest.skip("this file system cannot give back a part of a file")
    assert trace.stat().st_blocks * 512 < 2 * GIVE_BACK + TAIL
    again = Spool(str(trace), copy=str(copy), again=True)
    assert read_all(again) == LINES
    assert again.partial == "half a li"
    assert again.position == size


@pytest.mark.parametrize("cut", [1, 100, 1000])
def test_a_copy_that_was_cut_off_while_it_was_written_loses_nothing(trace: Path, tmp_path: Path, cut: int) -> None:
    """The recorder was killed after it had copied a part, before it gave the disk back: the part is still in the file."""
    copy = tmp_path / "copy"
    whole = trace.read_bytes()
    read_all(Spool(str(trace), copy=str(copy)))
    assert copy.stat().st_size > cut
    copy.write_bytes(copy.read_bytes()[:-cut])
    trace.write_bytes(whole)
    assert read_all(Spool(str(trace), copy=str(copy), again=True)) == LINES


def test_without_a_copy_nothing_is_changed(trace: Path) -> None:
    before = trace.read_bytes()
    assert read_all(Spool(str(trace))) == LINES
    assert trace.read_bytes() == before
