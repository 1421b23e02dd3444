from __future__ import annotations

import gzip
import multiprocessing
import os
import resource
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from roar_tui.errors import NotFoundError, StoreError
from roar_tui.record.model import FORMAT, encode
from roar_tui.store import files
from roar_tui.store.archive import Archive, DamagedRecordError, day_of
from tests.builders import MINUTE, T0, build_store, content, job_id, nasty, pipeline, record, single, used
from tests.store.permissions import BYPASSED


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_record_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "store")
    for each in [*pipeline(), nasty(), record(["true"])]:
        kept = archive.keep(each)
        assert kept == job_id(each)
        assert archive.load(kept) == each


def test_records_lie_in_the_folder_of_their_utc_day(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "store")
    kept = archive.keep(record(["true"], started=1_795_046_399_999_999))  # a microsecond before midnight
    later = archive.keep(record(["true"], started=1_795_046_400_000_000))
    assert list(archive.files()) == [f"2026-11-18/{kept}.json.gz", f"2026-11-19/{later}.json.gz"]


def test_a_mad_clock_does_not_cost_the_record(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "store")
    mad = record(["true"], started=10**18, ended=10**18)
    assert archive.load(archive.keep(mad)) == mad
    assert day_of(10**30) == "1970-01-01"


def test_keeping_twice_changes_nothing(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "store")
    name = archive.records / f"{day_of(T0)}/{archive.keep(record(['true']))}.json.gz"
    before = (name.stat().st_ino, name.read_bytes())
    archive.keep(record(["true"]))
    assert (name.stat().st_ino, name.read_bytes()) == before


def test_the_bytes_on_disk_do_not_depend_on_the_time_of_writing(tmp_path: Path) -> None:
    first, second = Archive(tmp_path / "a"), Archive(tmp_path / "b")
    name = f"{day_of(T0)}/{first.keep(nasty())}.json.gz"
    second.keep(nasty())
    packed = (first.records / name).read_bytes()
    assert packed == (second.records / name).read_bytes()
    assert packed[4:8] == b"\0\0\0\0"  # gzip's own time stamp
    assert gzip.decompress(packed) == encode(nasty())


def test_blobs_come_back_and_unknown_ones_are_none(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "store")
    assert archive.blob(content("nothing")) is None
    name = archive.keep_blob(b"\0text\n")
    assert archive.blob(name) == b"\0text\n"
    assert archive.blob("../../etc/passwd") is None


def test_a_damaged_blob_is_an_error(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "store")
    name = archive.keep_blob(b"text")
    (archive.blobs / name[:2] / f"{name}.gz").write_bytes(gzip.compress(b"other"))
    with pytest.raises(StoreError, match=name):
        archive.blob(name)


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda packed: packed[: len(packed) // 2], "cut short"),
        (lambda packed: b"", "cut short"),
        (lambda packed: b"not gzip", "not a gzip file"),
        (lambda packed: gzip.compress(gzip.decompress(packed).replace(b"true", b"evil")), "digest"),
    ],
)
def test_a_damaged_record_is_named(tmp_path: Path, damage, why: str) -> None:  # type: ignore[no-untyped-def]
    archive = Archive(tmp_path / "store")
    kept = archive.keep(record(["true"]))
    path = archive.records / day_of(T0) / f"{kept}.json.gz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DamagedRecordError, match=why) as caught:
        archive.load(kept)
    assert str(path) in caught.value.message
    assert caught.value.hint


def test_a_record_of_a_newer_format_says_so(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "store")
    kept = archive.keep(record(["true"], format=FORMAT + 1))
    with pytest.raises(DamagedRecordError, match="newer roar-tui"):
        archive.load(kept)


def test_a_job_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "store")
    with pytest.raises(NotFoundError):
        archive.load(content("no job"))
    with pytest.raises(NotFoundError):
        archive.load("../../../etc/passwd")
    assert not archive.root.exists()


def test_a_new_store_is_private(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        archive = Archive(tmp_path / "deep" / "store")
        kept = archive.keep(record(["true"]))
        name = archive.keep_blob(b"text")
    finally:
        os.umask(old)
    directories = [
        archive.root,
        archive.records,
        archive.records / day_of(T0),
        archive.blobs,
        archive.blobs / name[:2],
        archive.running,
    ]
    assert {mode(directory) for directory in directories} == {0o700}
    assert mode(archive.records / day_of(T0) / f"{kept}.json.gz") == 0o600


def test_what_many_threads_write_at_once_is_the_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their blobs meet in directories that are just being made: whoever comes second must not see one without its mode."""
    root = tmp_path / "team"
    root.mkdir()
    root.chmod(0o2770)
    archive = Archive(root)
    archive.ensure()
    chmod = Path.chmod

    def late(path: Path, mode: int) -> None:
        time.sleep(0.1)  # the others come in now
        chmod(path, mode)

    monkeypatch.setattr(Path, "chmod", late)
    texts = [f"blob {number}".encode() for number in range(60)]  # of which some have the same directory
    with ThreadPoolExecutor(len(texts)) as pool:
        names = list(pool.map(archive.keep_blob, texts))
    assert len({name[:2] for name in names}) < len(names)
    assert [archive.blob(name) for name in names] == texts
    assert {mode(directory) for directory in archive.blobs.iterdir()} == {0o2770}
    assert {mode(path) for path in archive.blobs.glob("*/*")} == {0o640}


def test_a_groups_directory_stays_the_groups(tmp_path: Path) -> None:
    root = tmp_path / "team"
    root.mkdir()
    root.chmod(0o2770)
    old = os.umask(0o077)
    try:
        archive = Archive(root)
        kept = archive.keep(record(["true"]))
    finally:
        os.umask(old)
    assert mode(archive.records) == 0o2770
    assert mode(archive.records / day_of(T0)) == 0o2770
    assert mode(archive.records / day_of(T0) / f"{kept}.json.gz") == 0o640


def test_a_full_disk_is_one_sentence_and_leaves_no_half_file(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "store")
    archive.ensure()
    big = single(["big"], [used(f"file-{number:04}", os.urandom(8).hex()) for number in range(2000)])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))  # EFBIG is what a full disk looks like, without one
    try:
        with pytest.raises(StoreError, match="full") as caught:
            archive.keep(big)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.exit_status == 3
    assert caught.value.hint
    assert [path for path in archive.root.rglob("*") if path.is_file()] == []
    assert archive.load(archive.keep(big)) == big


@pytest.mark.skipif(BYPASSED, reason="root may write anywhere")
def test_a_store_without_permission_is_one_sentence(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "store")
    archive.ensure()
    archive.records.chmod(0o500)
    try:
        with pytest.raises(StoreError, match="Cannot write to the store"):
            archive.keep(record(["true"]))
    finally:
        archive.records.chmod(0o700)


def test_a_file_in_the_way_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("in the way")
    with pytest.raises(StoreError, match="Cannot write to the store"):
        Archive(tmp_path / "store").keep(record(["true"]))


def test_what_is_no_record_is_passed_over(tmp_path: Path) -> None:
    store = build_store(tmp_path / "store", [record(["true"])])
    day = store.archive.records / day_of(T0)
    target = next(day.iterdir())
    (day / f"{content('link')}.json.gz").symlink_to(target)
    (day / f"{content('directory')}.json.gz").mkdir()
    (day / "notes.txt").write_text("mine")
    os.mkfifo(day / f"{content('pipe')}.json.gz")
    (store.archive.records / "notes").mkdir()
    (store.archive.records / "2026-11-20").symlink_to(day)
    assert list(store.archive.files()) == [f"{day.name}/{target.name}"]
    assert store.sync().damaged == []
    assert store.info().odd == 6
    assert store.info().jobs == 1


def keep_some(root: Path, writer: int, count: int, barrier) -> None:  # type: ignore[no-untyped-def]
    archive = Archive(root)
    barrier.wait()
    for number in range(count):
        archive.keep(single(["job", str(writer), str(number)], [used("a")], started=T0 + number * MINUTE * 60 * 12))
        archive.keep_blob(f"blob {number}".encode())


def test_many_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(64)
    writers = [context.Process(target=keep_some, args=(tmp_path / "store", writer, 2, barrier)) for writer in range(64)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0] * 64
    store = build_store(tmp_path / "store", sync=False)
    assert len(list(store.archive.files())) == 128
    assert (store.sync().added, store.info().odd) == (128, 0)


def test_a_day_that_another_writer_makes_anew_takes_the_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = Archive(tmp_path / "store")
    archive.ensure()
    original, left = files.directory_like_parent, [3]

    def replaced(directory: Path) -> None:
        original(directory)
        if left[0] and directory.name == day_of(T0):
            left[0] -= 1
            directory.rmdir()  # as a rename over it does, for whoever has just looked it up

    monkeypatch.setattr(files, "directory_like_parent", replaced)
    kept = archive.keep(single(["true"]))
    assert archive.load(kept) == single(["true"])


def test_threads_keep_the_same_record_at_once(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "store")
    kept: list[str] = []
    threads = [threading.Thread(target=lambda: kept.append(archive.keep(record(["true"])))) for _ in range(48)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept) == 48
    assert len(set(kept)) == 1
    assert len(list((archive.records / day_of(T0)).iterdir())) == 1
