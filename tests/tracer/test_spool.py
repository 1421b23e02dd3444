"""A trace is read while it grows: every line once and whole, whatever the pieces it comes in; the disk is given back."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from tracer import spool as module
from tracer.spool import Spool


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "trace").touch()
    return tmp_path / "trace"


def append(path: Path, data: bytes) -> None:
    with open(path, "ab") as file:
        file.write(data)


def test_whole_lines_and_what_is_after_the_last(path: Path) -> None:
    spool = Spool(str(path))
    assert spool.lines() == []
    append(path, b"one\ntwo\nthr")
    assert spool.lines() == ["one", "two"]
    assert (spool.partial, spool.offset, spool.position, spool.size()) == ("thr", 8, 11, 11)
    assert spool.lines() == []
    append(path, b"ee\n")
    assert spool.lines() == ["three"]
    assert (spool.partial, spool.position) == ("", spool.size())
    spool.close()


def test_no_byte_is_lost_and_only_newlines_end_a_line(path: Path) -> None:
    """Python's splitlines would also split at \\x0b, \\x0c, \\x1c and \\x85, which a message of a program may hold."""
    every = bytes(range(256)).replace(b"\n", b"")
    append(path, every + b"\n\n" + every + b"\r\n")
    spool = Spool(str(path))
    assert [line.encode("latin-1") for line in spool.lines()] == [every, b"", every + b"\r"]
    spool.close()


def test_a_line_longer_than_a_chunk(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK", 1000)
    append(path, b"x" * 5500 + b"\nshort\n")
    spool = Spool(str(path))
    found: list[str] = []
    while lines := spool.lines():
        found += lines
    assert found == ["x" * 5500, "short"]
    spool.close()


def test_a_file_that_grows_in_pieces_is_read_once_and_in_order(path: Path) -> None:
    text = b"".join(b"%d %s\n" % (n, b"y" * (n % 97)) for n in range(5000))

    def write() -> None:
        with open(path, "ab", buffering=0) as file:
            for start in range(0, len(text), 7919):
                file.write(text[start : start + 7919])
                time.sleep(0.001)

    spool = Spool(str(path))
    writer = threading.Thread(target=write)
    writer.start()
    found: list[str] = []
    deadline = time.monotonic() + 20
    while len(found) < 5000 and time.monotonic() < deadline:
        lines = spool.lines()
        found += lines
        if not lines:
            spool.wait(1.0)
    writer.join()
    assert "".join(line + "\n" for line in found).encode() == text
    spool.close()


def test_waiting_ends_when_the_file_grows(path: Path) -> None:
    spool = Spool(str(path))
    threading.Timer(0.1, append, (path, b"x\n")).start()
    began = time.monotonic()
    deadline = began + 20
    while not (lines := spool.lines()) and time.monotonic() < deadline:
        spool.wait(10.0)
    assert lines == ["x"]
    assert time.monotonic() - began < 5
    spool.close()


def test_waiting_ends_where_there_is_no_inotify(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_watch", lambda path: None)
    spool = Spool(str(path))
    began = time.monotonic()
    assert spool.wait(10.0) == []
    assert time.monotonic() - began < 5
    spool.close()


def test_waiting_says_which_other_descriptor_is_ready(path: Path) -> None:
    spool = Spool(str(path))
    readable, writable = os.pipe()
    assert spool.wait(0.0, [readable]) == []
    os.write(writable, b"!")
    assert spool.wait(10.0, [readable]) == [readable]
    os.close(writable)
    os.read(readable, 1)
    assert spool.wait(10.0, [readable]) == [readable]  # its other end is gone
    os.close(readable)
    spool.close()


def can_punch(folder: Path) -> bool:
    """Whether this file system gives disk back: asked with util-linux's own tool."""
    probe = folder / "probe"
    probe.write_bytes(b"x" * (1 << 20))
    return os.system(f"fallocate -p -o 0 -l 524288 '{probe}' 2>/dev/null") == 0 and probe.stat().st_blocks * 512 < 1 << 20


def test_the_disk_that_was_read_is_given_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not can_punch(path.parent):
        pytest.skip("this file system cannot punch holes")
    monkeypatch.setattr(module, "GIVE_BACK", 1 << 20)
    line = b"z" * 1023 + b"\n"
    spool = Spool(str(path), copy=str(path) + ".gz")
    count = 0
    for _ in range(8):
        append(path, line * 1024)
        while lines := spool.lines():
            assert set(lines) == {"z" * 1023}
            count += len(lines)
    assert count == 8 * 1024
    assert path.stat().st_size == 8 << 20  # its writer's place is where it was
    assert path.stat().st_blocks * 512 < 3 << 20
    with open(path, "rb") as file:
        file.seek(-len(line), os.SEEK_END)
        assert file.read() == line  # who looks at the last lines finds them
    spool.close()
    again = Spool(str(path), copy=str(path) + ".gz", again=True)
    total = 0
    while lines := again.lines():
        assert set(lines) == {"z" * 1023}
        total += len(lines)
    assert total == count
    again.close()


@pytest.mark.parametrize("cut", [1, 9, 1000])
def test_a_copy_that_was_cut_off_while_it_was_written_loses_nothing(path: Path, monkeypatch: pytest.MonkeyPatch, cut: int) -> None:
    """The recorder died before the disk of that part was given back."""
    monkeypatch.setattr(module, "GIVE_BACK", 1 << 18)
    monkeypatch.setattr(module, "TAIL", 1 << 10)
    lines = [b"%07d\n" % n for n in range(100_000)]
    path.write_bytes(b"".join(lines))
    copy = Path(f"{path}.gz")
    spool = Spool(str(path), copy=str(copy))
    monkeypatch.setattr(module, "_PUNCH", 0xFF)  # refused: the first part is copied, its disk stays
    while spool.lines():
        pass
    spool.close()
    whole = copy.read_bytes()
    copy.write_bytes(whole[:-cut])
    again = Spool(str(path), copy=str(copy), again=True)
    found: list[str] = []
    while more := again.lines():
        found += more
    assert [line.encode() + b"\n" for line in found] == lines
    assert copy.read_bytes() == whole[:-cut]
    again.close()


def test_nothing_is_given_back_unasked(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GIVE_BACK", 1 << 16)
    append(path, b"z\n" * (1 << 18))
    spool = Spool(str(path))
    while spool.lines():
        pass
    assert path.read_bytes() == b"z\n" * (1 << 18)
    spool.close()
