"""What is hashed is said exactly: the digest, the state of the file that it belongs to, and how much it proves."""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import blake3
import pytest

from roar_tui.record import hashing
from roar_tui.record.clock import CLOCK
from roar_tui.record.hashing import Evidence, Hasher
from roar_tui.record.model import Status

STILL = 0.05  # s after which a file counts as old


class Known:
    """Digests of an earlier run."""

    def __init__(self) -> None:
        self.digests: dict[str, str] = {}

    def get(self, path: str, stat: os.stat_result) -> str | None:
        return self.digests.get(path)


@pytest.fixture
def known() -> Known:
    return Known()


@pytest.fixture
def hasher(known: Known) -> Iterator[Hasher[str]]:
    made: Hasher[str] = Hasher(2, known, lambda: 77)
    yield made
    made.close()


def wait(hasher: Hasher[str], count: int) -> dict[str, Evidence]:
    """The next `count` results, by token."""
    found: dict[str, Evidence] = {}
    deadline = time.monotonic() + 20
    while len(found) < count and time.monotonic() < deadline:
        select.select([hasher.wake], [], [], 1.0)
        found.update(hasher.results())
    assert len(found) == count
    return found


def one(hasher: Hasher[str], path: Path) -> Evidence:
    hasher.submit(str(path), "it")
    return wait(hasher, 1)["it"]


@pytest.mark.parametrize("size", [0, 1, 4096, hashing.BUFFER, hashing.BUFFER + 1, 3 * hashing.BUFFER])
def test_the_digest_is_blake3s(hasher: Hasher[str], tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    (tmp_path / "a").write_bytes(data)
    found = one(hasher, tmp_path / "a")
    assert (found.status, found.digest, found.size) == (Status.HASHED, blake3.blake3(data).hexdigest(), size)
    assert found.position == 77
    assert found.began <= found.ended <= hashing.now()


def test_a_large_file_has_the_digest_of_a_small_one(
    hasher: Hasher[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = os.urandom(3 << 20)
    (tmp_path / "a").write_bytes(data)
    monkeypatch.setattr(hashing, "LARGE", 1 << 20)
    assert one(hasher, tmp_path / "a").digest == blake3.blake3(data).hexdigest()


def test_a_name_of_any_bytes(hasher: Hasher[str], tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xff\n\x1b[31m")
    path.write_bytes(b"x")
    assert one(hasher, path).digest == blake3.blake3(b"x").hexdigest()


def test_what_is_gone_or_below_a_file_is_missing(hasher: Hasher[str], tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    assert one(hasher, tmp_path / "b").status is Status.MISSING
    assert one(hasher, tmp_path / "a" / "b").status is Status.MISSING


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_unreadable(hasher: Hasher[str], tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "a").chmod(0)
    assert one(hasher, tmp_path / "a").status is Status.UNREADABLE


def test_a_directory_and_a_device_are_no_files(hasher: Hasher[str], tmp_path: Path) -> None:
    assert one(hasher, tmp_path).status is None
    assert one(hasher, Path("/dev/null")).status is None


def test_a_fifo_is_not_opened(hasher: Hasher[str], tmp_path: Path) -> None:
    """A writer that waits for its reader must not be let go by us: it would write to nobody, and die of SIGPIPE."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    opened = threading.Event()

    def write() -> None:
        os.close(os.open(fifo, os.O_WRONLY))
        opened.set()

    writer = threading.Thread(target=write)
    writer.start()
    time.sleep(STILL)
    for _ in range(20):
        assert one(hasher, fifo).status is None
    assert not opened.is_set()
    os.close(os.open(fifo, os.O_RDONLY))
    writer.join(5)


def test_a_file_that_changes_while_it_is_hashed_has_no_digest(
    hasher: Hasher[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"before")
    time.sleep(STILL)
    real = Hasher._read

    def slow(self: Hasher[str], descriptor: int, size: int, buffer: memoryview) -> str | None:
        digest = real(self, descriptor, size, buffer)
        path.write_bytes(b"after!")
        return digest

    monkeypatch.setattr(Hasher, "_read", slow)
    found = one(hasher, path)
    assert (found.status, found.digest) == (Status.CHANGED, None)


def test_a_known_digest_is_taken_and_not_remembered_again(hasher: Hasher[str], known: Known, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * (hashing.SMALL + 1))
    known.digests[str(tmp_path / "a")] = "ab" * 32
    assert one(hasher, tmp_path / "a").digest == "ab" * 32


def test_what_is_hashed_sooner_than_looked_up_is_hashed(hasher: Hasher[str], known: Known, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * hashing.SMALL)
    known.digests[str(tmp_path / "a")] = "ab" * 32
    assert one(hasher, tmp_path / "a").digest == blake3.blake3(b"x" * hashing.SMALL).hexdigest()


def test_only_a_file_that_has_been_still_is_worth_remembering(hasher: Hasher[str], tmp_path: Path) -> None:
    """Within a tick of the clock that stamps files, a change may leave every time as it was."""
    path = tmp_path / "a"
    path.write_bytes(b"x" * (hashing.SMALL + 1))
    found = one(hasher, path)
    assert found.lasting == (found.began - found.ctime >= CLOCK.margin)
    time.sleep(STILL)
    path.chmod(0o600)
    time.sleep(STILL)
    assert one(hasher, path).lasting
    assert not one(hasher, path).lasting  # once is enough


def test_a_file_rewritten_within_a_tick_is_hashed_again(hasher: Hasher[str], tmp_path: Path) -> None:
    path = tmp_path / "a"
    for n in range(200):
        data = b"%03d" % n
        path.write_bytes(data)
        found = one(hasher, path)
        assert found.digest == blake3.blake3(data).hexdigest()


def test_what_is_cancelled_is_skipped(tmp_path: Path, known: Known) -> None:
    (tmp_path / "a").write_bytes(b"x")
    hasher: Hasher[str] = Hasher(1, known, lambda: 0)
    hasher.cancel()
    found = one(hasher, tmp_path / "a")
    hasher.close()
    assert (found.status, found.digest) == (Status.SKIPPED, None)


def test_outstanding_counts_down_to_nothing(hasher: Hasher[str], tmp_path: Path) -> None:
    for n in range(10):
        (tmp_path / str(n)).write_bytes(b"x" * n)
        hasher.submit(str(tmp_path / str(n)), str(n))
    assert hasher.outstanding == 10
    wait(hasher, 10)
    assert hasher.outstanding == 0
    assert hasher.bytes_done == sum(range(10))


def test_a_file_that_takes_long_holds_up_no_other(tmp_path: Path) -> None:
    """The look-up of the large file's digest ends only when the small one has been hashed."""
    small_is_done = threading.Event()

    class Slow(Known):
        def get(self, path: str, stat: os.stat_result) -> str | None:
            assert small_is_done.wait(20)
            return None

    hasher: Hasher[str] = Hasher(1, Slow(), lambda: 0)
    for name, size in (("large", hashing.QUICK + 1), ("small", 1)):
        (tmp_path / name).write_bytes(b"x" * size)
        hasher.submit(str(tmp_path / name), name)
    assert list(wait(hasher, 1)) == ["small"]
    small_is_done.set()
    assert wait(hasher, 1)["large"].digest == blake3.blake3(b"x" * (hashing.QUICK + 1)).hexdigest()
    hasher.close()


def test_what_a_server_keeps_is_hashed_too(hasher: Hasher[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "on_network", lambda device: True)
    (tmp_path / "a").write_bytes(b"abc")
    assert one(hasher, tmp_path / "a").digest == blake3.blake3(b"abc").hexdigest()
