from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import tempfile
from pathlib import Path

import pytest

from roar_tui.errors import StoreError
from roar_tui.store import index, location
from roar_tui.store.filesystem import file_system, is_network, locks_work
from roar_tui.store.location import archive_root, index_path
from roar_tui.store.queries import count_jobs, jobs
from roar_tui.store.store import Store
from tests.builders import build_store, pipeline, record
from tests.store.dump import dump
from tests.store.permissions import BYPASSED


def test_the_store_is_where_the_option_says_then_the_variable_then_the_data_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("ROAR_TUI_STORE", raising=False)
    assert archive_root(None) == tmp_path / "data" / "roar-tui"
    monkeypatch.setenv("ROAR_TUI_STORE", str(tmp_path / "team"))
    assert archive_root(None) == tmp_path / "team"
    monkeypatch.chdir(tmp_path)
    assert archive_root("mine") == tmp_path / "mine"
    monkeypatch.setenv("ROAR_TUI_STORE", "")
    assert archive_root(None) == tmp_path / "data" / "roar-tui"


def test_two_ways_to_one_archive_share_an_index(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "link").symlink_to("store")
    assert index_path(tmp_path / "link") == index_path(tmp_path / "x" / ".." / "store")
    assert index_path(tmp_path / "link") != index_path(tmp_path / "other")


def test_an_absent_store_reads_as_empty_and_is_not_made(tmp_path: Path, cache: Path) -> None:
    store = Store.open(tmp_path / "absent")
    assert store.sync().added == 0
    assert store.rebuild().added == 0
    with contextlib.closing(store.reader()) as db:
        assert jobs(db, limit=10) == []
    info = store.info()
    assert (info.exists, info.jobs, info.record_bytes) == (False, 0, 0)
    assert not (tmp_path / "absent").exists()
    assert not list(cache.glob("*.sqlite"))


def test_a_store_that_went_away_reads_as_empty(tmp_path: Path) -> None:
    store = build_store(tmp_path / "store", pipeline())
    (tmp_path / "store").rename(tmp_path / "away")
    with contextlib.closing(store.reader()) as db:
        assert count_jobs(db) == 0
    (tmp_path / "away").rename(tmp_path / "store")
    with contextlib.closing(store.reader()) as db:
        assert count_jobs(db) == 3


def test_a_file_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="not a directory"):
        Store.open(tmp_path / "file")


@pytest.mark.skipif(BYPASSED, reason="permissions do not bind this process")
def test_a_store_without_permission_is_one_sentence(tmp_path: Path) -> None:
    store = build_store(tmp_path / "store", [record(["true"])])
    store.root.chmod(0)
    try:
        with pytest.raises(StoreError, match="Cannot read") as caught:
            Store.open(store.root)
        assert caught.value.hint
    finally:
        store.root.chmod(0o700)
    store.archive.records.chmod(0)
    try:
        with pytest.raises(StoreError, match="Cannot read"):
            store.sync()
    finally:
        store.archive.records.chmod(0o700)


def test_the_index_is_private(tmp_path: Path, cache: Path) -> None:
    old = os.umask(0)
    try:
        store = build_store(tmp_path / "store", [record(["true"])])
    finally:
        os.umask(old)
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    assert stat.S_IMODE(store.index.path.stat().st_mode) == 0o600


def test_readers_cannot_write(tmp_path: Path) -> None:
    store = build_store(tmp_path / "store", [record(["true"])])
    for place in (store, Store.open(tmp_path / "absent")):
        with contextlib.closing(place.reader()) as db, pytest.raises(sqlite3.OperationalError, match="readonly"):
            db.execute("DELETE FROM job")


def corrupt_header(path: Path) -> None:
    path.write_bytes(b"this is no database" * 1000)


def corrupt_page(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096 * 1 :] = os.urandom(len(data) - 4096)
    path.write_bytes(data)


def cut_short(path: Path) -> None:
    os.truncate(path, 5000)


def empty_file(path: Path) -> None:
    os.truncate(path, 0)


def other_tables(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("DROP TABLE used")
        db.execute("PRAGMA user_version = 1")


@pytest.mark.parametrize("damage", [corrupt_header, corrupt_page, cut_short, empty_file, other_tables])
def test_a_broken_index_is_built_again_without_a_word(tmp_path: Path, damage) -> None:  # type: ignore[no-untyped-def]
    store = build_store(tmp_path / "store", pipeline())
    with contextlib.closing(store.reader()) as db:
        before = dump(db)
    damage(store.index.path)
    store.sync()
    assert store.ask(dump) == before


def test_rebuild_gives_the_same_again(tmp_path: Path) -> None:
    store = build_store(tmp_path / "store", pipeline())
    before = store.ask(dump)
    with contextlib.closing(store.index.writer(0)) as db:
        db.execute("DELETE FROM used")
        db.execute("UPDATE job SET command = 'forged'")
    assert store.sync().added == 0
    assert store.ask(dump) != before
    assert store.rebuild().added == 3
    assert store.ask(dump) == before


def test_rebuild_does_not_pull_the_rug_from_a_reader(tmp_path: Path) -> None:
    store = build_store(tmp_path / "store", pipeline())
    with contextlib.closing(store.reader()) as db:
        assert count_jobs(db) == 3
        store.rebuild()
        assert count_jobs(db) == 3


def test_an_index_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "store")
    store.archive.keep(record(["true"]))
    store.index.path.mkdir()
    with pytest.raises(StoreError, match="Cannot use the index") as caught:
        store.sync()
    assert "built again" in caught.value.hint


def test_without_a_cache_directory_the_index_lies_in_a_temporary_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path / "tmp"))
    store = Store.open(tmp_path / "store")
    store.archive.keep(record(["true"]))
    report = store.sync()
    assert report.added == 1
    assert report.warning is not None
    assert "temporary" in report.warning
    assert store.info().warning == report.warning
    assert store.index.path.parent == tmp_path / "tmp" / f"roar-tui-{os.getuid()}"


def test_a_temporary_directory_of_somebody_else_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    place = tmp_path / f"roar-tui-{os.getuid()}"
    (tmp_path / "elsewhere").mkdir()
    place.symlink_to("elsewhere")
    assert location.private_temporary_dir() != place
    place.unlink()
    place.mkdir()
    place.chmod(0o777)
    chosen = location.private_temporary_dir()
    assert chosen != place
    assert stat.S_IMODE(chosen.stat().st_mode) == 0o700


MOUNTS = """\
/dev/vda / ext4 rw 0 0
server:/home /home nfs4 rw 0 0
tmpfs /home/a\\040b tmpfs rw 0 0
cold /data ext4 rw 0 0
hot@tcp:/fs /data lustre rw 0 0
bad line
"""


def test_the_file_system_is_that_of_the_longest_mount_point() -> None:
    assert file_system(Path("/etc"), MOUNTS) == "ext4"
    assert file_system(Path("/home/ana/x"), MOUNTS) == "nfs4"
    assert file_system(Path("/homestead"), MOUNTS) == "ext4"
    assert file_system(Path("/home/a b/c"), MOUNTS) == "tmpfs"
    assert file_system(Path("/data"), MOUNTS) == "lustre"
    assert file_system(Path("/etc"), "") == "unknown"
    assert is_network("nfs4")
    assert is_network("lustre")
    assert not is_network("ext4")


def test_on_a_network_file_system_there_is_no_shared_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "file_system", lambda path: "nfs4")
    store = build_store(tmp_path / "store", pipeline())
    with contextlib.closing(store.reader()) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert count_jobs(db) == 3
        assert sorted(path.name for path in store.index.path.parent.iterdir()) == [store.index.path.name]
    assert store.index.warning is None


def test_where_files_cannot_be_locked_the_index_lies_on_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path / "tmp"))
    monkeypatch.setattr(index, "file_system", lambda path: "lustre")
    monkeypatch.setattr(index, "locks_work", lambda path: False)
    store = build_store(tmp_path / "store", pipeline())
    assert store.index.path.is_relative_to(tmp_path / "tmp")
    assert "locked" in (store.index.warning or "")


def test_locks_work_here(tmp_path: Path) -> None:
    assert locks_work(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert not locks_work(tmp_path / "absent")
