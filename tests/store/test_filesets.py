"""The index holds a fileset's members once for all steps that used them, and answers as if each file stood by itself."""

from __future__ import annotations

import datetime
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest import mock

from roar_tui.record import filesets
from roar_tui.record.model import Record, digest
from roar_tui.store.filter import Filter
from roar_tui.store.queries import artifact_view, artifacts, job_view, jobs
from roar_tui.store.results import to_json
from roar_tui.store.store import Store
from tests.builders import MINUTE, T0, build_store, content, job_id, made, shards, single, unknown, used
from tests.store.dump import dump, orphans


def runs(count: int, files: int = 50) -> list[Record]:
    """Trainings on the same files, a minute apart."""
    return [
        single(
            ["train", str(n)],
            [used("train.py", opened=T0 + n * MINUTE), unknown("notes", opened=T0 + n * MINUTE),
             *shards("d", files, opened=T0 + n * MINUTE + 1)],
            [made(f"model-{n}", opened=T0 + n * MINUTE + files + 9)],
            started=T0 + n * MINUTE,
        )
        for n in range(count)
    ]  # fmt: skip


def one(db: sqlite3.Connection, query: str) -> Any:
    return db.execute(query).fetchone()[0]


def test_a_further_run_on_the_same_files_costs_a_row(tmp_path: Path) -> None:
    store = build_store(tmp_path / "store", runs(5))
    with closing(store.reader()) as db:
        assert one(db, "SELECT count(*) FROM member") == 50
        assert one(db, "SELECT count(*) FROM used_set") == 5
        assert one(db, "SELECT count(*) FROM used_member") == 250
        assert orphans(db) == 0
    assert len([path for path in store.archive.blobs.rglob("*") if path.is_file()]) == 2


def everything(store: Store) -> list[Any]:
    """What lists and views say, but for row ids and the times that a set does not tell apart."""
    with closing(store.reader()) as db:
        found: list[Any] = []
        for text in ("", "shard-00007", "role:data", "role:code", f"hash:{content('shard 3 ')[:10]}", "no such thing"):
            wanted = Filter.parse(text, now=datetime.datetime(2026, 11, 20, tzinfo=datetime.timezone.utc))
            found += [[to_json(row) for row in lists(db, wanted, limit=1000)] for lists in (jobs, artifacts)]
        for (artifact,) in db.execute("SELECT lower(hex(digest)) FROM artifact ORDER BY digest"):
            view = to_json(artifact_view(store, db, artifact))
            for seen in (*view["producers"], *view["consumers"]):
                seen.pop("time")
            found.append(view)
        for (job,) in db.execute("SELECT lower(hex(digest)) FROM job ORDER BY started"):
            view = to_json(job_view(store, db, job))
            for step in view["steps"]:
                step["used"].sort(key=lambda access: str(access["path"]))
            found.append(view)
        return found


def test_answers_are_those_of_files_kept_by_themselves(tmp_path: Path) -> None:
    def without_ids(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: without_ids(each) for key, each in value.items() if key not in {"id", "job", "first_seen", "opened"}}
        return [without_ids(each) for each in value] if isinstance(value, list) else value

    def texts(answers: list[Any]) -> set[str]:
        return {str(sorted(map(str, each)) if isinstance(each, list) else each) for each in map(without_ids, answers)}

    history = runs(4)
    packed = everything(build_store(tmp_path / "sets", history))
    with mock.patch.object(filesets, "FROM", 1_000_000):
        single_files = everything(build_store(tmp_path / "files", history))
    assert texts(packed) == texts(single_files)


def test_order_and_rebuilding_change_nothing(tmp_path: Path) -> None:
    history = runs(4)
    store = build_store(tmp_path / "store", history[2:])
    for record in (history[1], history[0], history[3]):
        store.archive.keep(record)
        store.sync()
    with closing(store.reader()) as db:
        before = dump(db)
        assert one(db, "SELECT min(first_seen) FROM fileset") == T0 + 1
        assert one(db, f"SELECT first_seen FROM artifact WHERE digest = x'{content('shard 7 ')}'") == T0 + 1
    store.rebuild()
    with closing(store.reader()) as db:
        assert dump(db) == before


def test_records_that_go_take_their_sets_along(tmp_path: Path) -> None:
    history = runs(3)
    store = build_store(tmp_path / "store", history)
    for gone, left in ((0, 2), (2, 1), (1, 0)):
        next(store.archive.records.rglob(f"{job_id(history[gone])}*")).unlink()
        store.sync()
        with closing(store.reader()) as db:
            assert (one(db, "SELECT count(*) FROM used_set"), orphans(db)) == (left, 0)
            assert one(db, "SELECT count(*) FROM member") == (50 if left else 0)
            if left:
                expected = min(each.started for each in history if _there(store, each)) + 1
                assert one(db, "SELECT first_seen FROM fileset") == expected
    with closing(store.reader()) as db:
        assert one(db, "SELECT count(*) FROM artifact") == 0


def _there(store: Store, record: Record) -> bool:
    return any(store.archive.records.rglob(f"{job_id(record)}*"))


def test_a_record_waits_for_its_lists(tmp_path: Path) -> None:
    """Copying records/ before blobs/ loses nothing: what is missing is said, and looked for again."""
    store = build_store(tmp_path / "store", runs(1), sync=False)
    lists = [path for path in store.archive.blobs.rglob("*") if path.is_file()]
    kept = {path: path.read_bytes() for path in lists}
    for path in lists:
        path.unlink()
    for day in store.archive.records.iterdir():  # old enough for its times to be trusted
        os.utime(day, (1_700_000_000, 1_700_000_000))
    report = store.sync()
    assert "the list of the 50 files below /p/d is missing" in report.damaged[0].problem
    with closing(store.reader()) as db:
        assert jobs(db, limit=10) == []
    for path, data in kept.items():
        path.write_bytes(data)
    assert store.sync().added == 1
    with closing(store.reader()) as db:
        assert one(db, "SELECT count(*) FROM used_member") == 50
        assert orphans(db) == 0


def test_without_the_record_the_index_still_shows_the_members(tmp_path: Path) -> None:
    store = build_store(tmp_path / "store", runs(1))
    with closing(store.reader()) as db:
        (row,) = jobs(db, limit=1)
        whole = job_view(store, db, row.id)
        for path in store.archive.blobs.rglob("*.gz"):
            path.write_bytes(b"not gzip")
        from_index = job_view(store, db, row.id)
    assert [warning.code for warning in from_index.warnings] == ["record"]
    assert from_index.inputs == whole.inputs
    assert digest(b"") not in {each.digest for each in from_index.inputs if hasattr(each, "digest")}
