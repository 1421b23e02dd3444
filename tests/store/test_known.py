from __future__ import annotations

import multiprocessing
import os
import sqlite3
import threading
import time
from pathlib import Path

import pytest

from roar_tui.store import known
from roar_tui.store.known import KnownDigests
from tests.builders import content


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(b"one")
    return path


def test_what_was_put_is_known_until_the_file_changes(tmp_path: Path, file: Path) -> None:
    digests = KnownDigests(tmp_path / "cache" / "known.sqlite")
    assert digests.get(str(file), file.stat()) is None
    digests.put_many([(str(file), file.stat(), content("one"))])
    assert digests.get(str(file), file.stat()) == content("one")
    assert KnownDigests(tmp_path / "cache" / "known.sqlite").get(str(file), file.stat()) == content("one")
    before = file.stat()
    file.write_bytes(b"two")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))  # the size and mtime of before: its ctime tells
    assert digests.get(str(file), file.stat()) is None
    digests.put_many([(str(file), file.stat(), content("two"))])
    assert digests.get(str(file), file.stat()) == content("two")
    assert digests.get(str(file), before) is None


def test_paths_and_inodes_of_any_kind(tmp_path: Path, file: Path) -> None:
    digests = KnownDigests(tmp_path / "known.sqlite")
    fields = list(file.stat())
    fields[1] = (1 << 64) - 2  # inode
    stat = os.stat_result([*fields, *[0.0] * 3, file.stat().st_mtime_ns, file.stat().st_mtime_ns, file.stat().st_ctime_ns])
    for path in ("/p/\udcff", "/p/\ud800", "/p/new\nline"):
        digests.put_many([(path, stat, content(repr(path)))])
        assert digests.get(path, stat) == content(repr(path))


def test_a_locked_cache_is_not_waited_for(tmp_path: Path, file: Path) -> None:
    digests = KnownDigests(tmp_path / "known.sqlite")
    digests.put_many([(str(file), file.stat(), content("one"))])
    other = sqlite3.connect(tmp_path / "known.sqlite", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    started = time.monotonic()
    digests.put_many([("/other", file.stat(), content("other"))])
    digests.get(str(file), file.stat())
    KnownDigests(tmp_path / "known.sqlite").get(str(file), file.stat())
    assert time.monotonic() - started < 1
    other.execute("ROLLBACK")
    other.close()
    assert digests.get("/other", file.stat()) is None
    assert digests.get(str(file), file.stat()) == content("one")


@pytest.mark.parametrize("damage", [b"no database" * 500, b""])
def test_a_broken_cache_is_an_empty_one(tmp_path: Path, file: Path, damage: bytes) -> None:
    path = tmp_path / "known.sqlite"
    path.write_bytes(damage)
    digests = KnownDigests(path)
    assert digests.get(str(file), file.stat()) is None
    digests.put_many([(str(file), file.stat(), content("one"))])
    assert digests.get(str(file), file.stat()) == content("one")


def test_a_cache_of_another_shape_is_an_empty_one(tmp_path: Path, file: Path) -> None:
    path = tmp_path / "known.sqlite"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE known (path, what)")
    db.close()
    digests = KnownDigests(path)
    assert digests.get(str(file), file.stat()) is None
    digests.put_many([(str(file), file.stat(), content("one"))])
    assert digests.get(str(file), file.stat()) == content("one")


def test_a_place_that_cannot_be_written_knows_nothing(tmp_path: Path, file: Path) -> None:
    digests = KnownDigests(file / "known.sqlite")
    digests.put_many([(str(file), file.stat(), content("one"))])
    assert digests.get(str(file), file.stat()) is None
    assert file.read_bytes() == b"one"


def test_a_cache_that_is_full_starts_again(tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "LARGEST", 10 * known.PAGE)
    digests = KnownDigests(tmp_path / "known.sqlite")
    digests.put_many([(str(file), file.stat(), content("one"))])
    digests.put_many([(f"/many/{number}", file.stat(), content(str(number))) for number in range(5000)])
    assert digests.get("/many/1", file.stat()) is None
    digests.put_many([(str(file), file.stat(), content("one"))])
    assert digests.get(str(file), file.stat()) == content("one")


def test_threads_share_a_cache(tmp_path: Path, file: Path) -> None:
    digests = KnownDigests(tmp_path / "known.sqlite")
    stat = file.stat()

    def work(worker: int) -> None:
        for number in range(20):
            digests.put_many([(f"/{worker}/{number}", stat, content(f"{worker} {number}"))])

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(digests.get(f"/{w}/{n}", stat) == content(f"{w} {n}") for w in range(4) for n in range(20))


def ask(digests: KnownDigests, path: str, stat: os.stat_result) -> None:
    os._exit(0 if digests.get(path, stat) == content("one") else 1)


def test_a_fork_opens_its_own(tmp_path: Path, file: Path) -> None:
    digests = KnownDigests(tmp_path / "known.sqlite")
    digests.put_many([(str(file), file.stat(), content("one"))])
    child = multiprocessing.get_context("fork").Process(target=ask, args=(digests, str(file), file.stat()))
    child.start()
    child.join(30)
    assert child.exitcode == 0
    assert digests.get(str(file), file.stat()) == content("one")
