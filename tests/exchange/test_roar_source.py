"""Databases that cannot be read: one sentence each, nothing given out; and those that are being written to."""

from __future__ import annotations

import os
import sqlite3
import threading
from pathlib import Path

import pytest

from roar_tui.exchange.roar_database import RoarDatabaseError, is_roar_database, read
from roar_tui.record.model import Record
from tests.builders import content
from tests.exchange.roar_rows import RoarRows, pipeline

KEY = b"k" * 32


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return pipeline(tmp_path / "project").close()


def refused(path: Path, words: str) -> None:
    """That the database is not read, and why, in one sentence."""
    with pytest.raises(RoarDatabaseError, match=words) as caught:
        next(iter(read(path, key=KEY)))
    assert "\n" not in caught.value.message
    assert caught.value.exit_status == 1


def read_or_said(path: Path) -> list[Record] | str:
    """The records, or the sentence that says why there are none."""
    try:
        return list(read(path, key=KEY))
    except RoarDatabaseError as error:
        return error.message


def change(path: Path, statement: str) -> None:
    db = sqlite3.connect(path)
    db.execute(statement)
    db.commit()
    db.close()


@pytest.mark.parametrize("version", [0, 4, 6])
def test_another_version(database: Path, version: int) -> None:
    change(database, f"PRAGMA user_version = {version}")
    refused(database, f"of version {version}; this roar-tui reads version 5")


def test_a_missing_table_and_a_missing_column(database: Path) -> None:
    change(database, "DROP TABLE labels")
    refused(database, "its table labels is missing")
    change(database, "CREATE TABLE labels (entity_type, session_id, job_id, artifact_id, version)")
    refused(database, "the columns metadata of its table labels are missing")


def test_another_program_s_database(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    change(path, "CREATE TABLE fruit (name)")
    refused(path, "not one that roar made")


def test_what_is_no_database(tmp_path: Path) -> None:
    for name, data, words in (("a", b"", "is empty"), ("b", b"hello, this is text", "not an SQLite database")):
        (tmp_path / name).write_bytes(data)
        refused(tmp_path / name, words)
    refused(tmp_path / "absent", "No such file")
    (tmp_path / "directory").mkdir()
    refused(tmp_path / "directory", "no roar database in")


@pytest.mark.parametrize("place", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_a_page_of_junk_stops_it_or_was_not_needed(tmp_path: Path, place: float) -> None:
    """Junk in any page: the database is refused whole, or all jobs come in as they were."""
    rows = pipeline(tmp_path / "project")
    for number in range(200):
        rows.job(f"job {number}", [(f"in-{number}", f"i{number}")], [(f"out-{number}", f"o{number}")])
    path = rows.close()
    whole = list(read(path, key=KEY))
    data = bytearray(path.read_bytes())
    start = int(len(data) * place) // 4096 * 4096
    data[start : start + 4096] = os.urandom(4096)
    path.write_bytes(data)
    found = read_or_said(path)
    assert found == whole or "damaged" in str(found)


@pytest.mark.parametrize("place", [0, 1])
def test_a_digit_that_was_lost_in_a_digest(database: Path, place: int) -> None:
    """In the table or in its index: no content gets a digest that roar did not give it."""
    data, value = database.read_bytes(), content("first" * 20).encode()
    parts = data.split(value)
    assert len(parts) == 3
    wrong = value[:-1] + (b"0" if value[-1:] != b"0" else b"1")
    database.write_bytes(parts[0] + (wrong, value)[place] + parts[1] + (value, wrong)[place] + parts[2])
    refused(database, "damaged")


def test_a_schema_that_is_no_text(database: Path) -> None:
    database.write_bytes(database.read_bytes().replace(b"CREATE TABLE jobs (id", b"CREATE \xff\xc9BLE jobs (id"))
    refused(database, "damaged")


def test_a_database_cut_short(database: Path) -> None:
    database.write_bytes(database.read_bytes()[: 4096 * 3])
    refused(database, "damaged")


@pytest.mark.parametrize("value", ["'soon'", "-1", "1e300", "9e999"])
def test_a_job_at_no_time(database: Path, value: str) -> None:
    change(database, f"UPDATE jobs SET timestamp = {value} WHERE id = 2")
    refused(database, "job 8a2aeb02 has no command or no possible time")


def test_a_reader_leaves_nothing_behind(database: Path) -> None:
    before = {entry.name: entry.stat().st_mtime_ns for entry in database.parent.iterdir()}
    assert len(list(read(database, key=KEY))) == 3
    assert {entry.name: entry.stat().st_mtime_ns for entry in database.parent.iterdir()} == before


def test_what_is_still_in_the_log_is_read(tmp_path: Path) -> None:
    """roar is running: its last jobs are in the write-ahead log alone."""
    rows = pipeline(tmp_path / "project")
    rows.db.commit()
    rows.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    rows.job("python3 late.py")
    rows.db.commit()
    rows.job("python3 not-yet.py")
    assert [record.command[1] for record in read(rows.path, key=KEY)] == ["prep.py", "train.py", "touch.py", "late.py"]
    rows.close()


def test_a_writer_that_died_in_the_middle(tmp_path: Path) -> None:
    """A hot rollback journal: what was half written is not read, and the original is not touched."""
    rows = RoarRows(tmp_path / "project", wal=False)
    rows.job("python3 one.py")
    rows.db.commit()
    rows.db.execute("PRAGMA cache_size = 1")
    rows.db.execute("PRAGMA cache_spill = 1")
    for number in range(300):
        rows.job(f"python3 half-{number}.py", [(f"in-{number}", "x" * 50)])
    dead = tmp_path / "dead" / ".roar"
    dead.mkdir(parents=True)
    for name in ("roar.db", "roar.db-journal"):
        (dead / name).write_bytes((rows.path.parent / name).read_bytes())
    rows.db.rollback()
    assert [record.command[1] for record in read(dead / "roar.db", key=KEY)] == ["one.py"]
    assert (dead / "roar.db-journal").exists()


def test_while_roar_writes_all_the_time(tmp_path: Path) -> None:
    """Either whole jobs, each with its files, or a sentence."""
    rows = pipeline(tmp_path / "project")
    path = rows.close()
    stop = threading.Event()

    def write() -> None:
        db = sqlite3.connect(path)
        number = 1000
        while not stop.wait(0.02):
            number += 1
            with db:
                db.execute(
                    "INSERT INTO jobs (id, job_uid, timestamp, command, duration_seconds) VALUES (?, ?, ?, 'busy x', 1)",
                    (number, f"{number:08x}", number),
                )
                db.execute("INSERT INTO job_inputs VALUES (?, 'a', '/x', NULL)", (number,))
        db.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        answers = [read_or_said(path) for _ in range(5)]
    finally:
        stop.set()
        writer.join()
    for found in answers:
        assert isinstance(found, list) or "being written to" in found
        assert isinstance(found, str) or (len(found) >= 3 and all(record.steps[0].used for record in found))


def test_which_files_are_roar_s(database: Path, tmp_path: Path) -> None:
    other = tmp_path / "log"
    other.write_text("execve(...)")
    assert [is_roar_database(path) for path in (database, database.parent, database.parent.parent)] == [True] * 3
    assert [is_roar_database(path) for path in (other, tmp_path, tmp_path / "absent")] == [False] * 3
    assert len(list(read(database.parent.parent, key=KEY))) == 3
