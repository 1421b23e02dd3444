from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from roar_tui.errors import NotFoundError
from roar_tui.record.model import Connection, Exit, Role, Status, Tracker
from roar_tui.record.model import Warning as RecordWarning
from roar_tui.store.archive import day_of
from roar_tui.store.queries import artifact_view, artifacts, folded_job, job_view, jobs, step_view
from roar_tui.store.results import AccessView, FilesetView, JobView, to_json
from roar_tui.store.store import Store
from tests.builders import (
    MINUTE,
    NASTY,
    T0,
    build_store,
    content,
    job_id,
    made,
    nasty,
    pipeline,
    record,
    shards,
    single,
    step,
    unknown,
    used,
)


def view(store: Store, identity: str) -> JobView:
    with contextlib.closing(store.reader()) as db:
        return job_view(store, db, identity)


def paths(views: list[AccessView | FilesetView]) -> list[str]:
    return [each.path for each in views]


def dumped(result: Any) -> Any:
    """`result` through JSON and back, which must bear any path."""
    return json.loads(json.dumps(to_json(result)))


def test_inputs_are_what_was_there_before_the_job_wrote_it(tmp_path: Path) -> None:
    first = step(["a"], used=[used("raw", opened=T0 + 5), used("lib.so", role=Role.ENVIRONMENT)], generated=[made("mid")])
    second = step(["b"], number=1, used=[used("mid", external=False), used("raw", opened=T0 + 1)], generated=[made("out")])
    each = record(["sh"], [first, second])
    found = view(build_store(tmp_path / "store", [each]), job_id(each))
    assert paths(found.inputs) == ["/p/raw"]
    assert found.inputs[0].opened == T0 + 1
    assert paths(found.outputs) == ["/p/mid", "/p/out"]
    assert paths(found.steps[1].used) == ["/p/mid", "/p/raw"]  # as they were opened


def test_a_path_read_with_two_contents_is_two_inputs(tmp_path: Path) -> None:
    reads = [used("raw", "one", opened=T0), used("raw", "two", opened=T0 + 9), unknown("raw", opened=T0 + 5)]
    each = single(["a"], reads)
    found = view(build_store(tmp_path / "store", [each]), job_id(each))
    assert [view.digest for view in found.inputs if isinstance(view, AccessView)] == [content("one"), None, content("two")]
    with contextlib.closing(build_store(tmp_path / "store").reader()) as db:
        assert jobs(db, limit=1)[0].inputs == 1  # one file


def test_of_two_writers_of_a_path_the_last_made_the_output(tmp_path: Path) -> None:
    first = step(["a"], generated=[made("log", "half", finished=T0 + 5), made("gone", survives=False)])
    second = step(["b"], number=1, generated=[made("log", "whole", finished=T0 + 9)])
    each = record(["sh"], [first, second])
    found = view(build_store(tmp_path / "store", [each]), job_id(each))
    assert [view.digest for view in found.outputs if isinstance(view, AccessView)] == [content("whole")]


@pytest.mark.parametrize("each", [*pipeline(), nasty(), single(["x"], [unknown("a")], [made("b", named="/p/link")])])
def test_without_the_record_the_index_shows_the_same(tmp_path: Path, each: Any) -> None:
    store = build_store(tmp_path / "store", [each])
    identity = job_id(each)
    whole = view(store, identity)
    (store.archive.records / day_of(each.started) / f"{identity}.json.gz").unlink()
    rest = view(store, identity)
    assert [warning.code for warning in rest.warnings] == ["record"]
    known = ("id", "name", "command", "cwd", "state", "started", "ended", "exit", "host", "user", "inputs", "outputs", "pipes")
    for field in known:
        assert getattr(rest, field) == getattr(whole, field), field
    assert rest.steps == whole.steps


def test_a_job_of_which_nothing_is_known_is_not_found(tmp_path: Path) -> None:
    store = build_store(tmp_path / "store", pipeline())
    with pytest.raises(NotFoundError):
        view(store, content("no job"))
    with contextlib.closing(store.reader()) as db:
        with pytest.raises(NotFoundError):
            step_view(store, db, job_id(pipeline()[0]), 7)
        with pytest.raises(NotFoundError):
            artifact_view(store, db, content("nothing"))
        assert step_view(store, db, job_id(pipeline()[1]), 2).argv[1] == "prep.py"


def test_a_job_that_is_not_in_the_index_yet_is_shown_from_its_record(tmp_path: Path) -> None:
    each = pipeline()[0]
    store = build_store(tmp_path / "store", [each], sync=False)
    found = view(store, job_id(each))
    assert (found.rowid, found.command) == (None, ["python3", "fetch.py"])


def test_filesets_fold_from_four_files_of_a_directory_and_role(tmp_path: Path) -> None:
    reads = [*shards("data", 4), used("data/params.yaml"), used("a.py"), used("b.py"), used("c.py"), *shards("few", 3)]
    each = single(["train"], reads, shards("out", 100, write=True))
    found = view(build_store(tmp_path / "store", [each]), job_id(each))
    folded = folded_job(found)
    assert [(type(view).__name__, view.path) for view in folded.inputs] == [
        ("AccessView", "/p/a.py"),
        ("AccessView", "/p/b.py"),
        ("AccessView", "/p/c.py"),
        ("AccessView", "/p/data/params.yaml"),
        ("FilesetView", "/p/data"),
        ("AccessView", "/p/few/shard-00000.txt"),
        ("AccessView", "/p/few/shard-00001.txt"),
        ("AccessView", "/p/few/shard-00002.txt"),
    ]
    (outputs,) = folded.outputs
    assert isinstance(outputs, FilesetView)
    assert (outputs.count, outputs.size, outputs.pattern) == (100, 10_000, "shard-{00000..00099}.txt")
    assert outputs.members == found.outputs
    assert folded.steps[0].generated == folded.outputs
    assert folded_job(folded) == folded
    shown = dumped(folded)["outputs"][0]
    assert (
        shown.items() >= {"kind": "fileset", "path": "/p/out", "count": 100, "size": 10_000, "pattern": outputs.pattern}.items()
    )


def test_a_fileset_with_an_unknown_size_has_none(tmp_path: Path) -> None:
    each = single(["x"], [*shards("data", 4), unknown("data/x.txt")])
    folded = folded_job(view(build_store(tmp_path / "store", [each]), job_id(each)))
    assert [each.size for each in folded.inputs] == [None]


def test_the_json_of_a_job_is_what_scripts_rely_on(tmp_path: Path) -> None:
    each = single(
        ["python3", "train.py"],
        [used("raw/a.csv", size=12), unknown("b", Status.MISSING)],
        [made("model.pt", size=99)],
        trackers=[Tracker("wandb", "https://example.org/r")],
        warnings=[RecordWarning("io_uring", "it used io_uring")],
    )
    each = msgspec.structs.replace(
        each, steps=[msgspec.structs.replace(each.steps[0], connections=[Connection("10.0.0.1", 443, T0)])]
    )
    store = build_store(tmp_path / "store", [each])
    shown = dumped(view(store, job_id(each)))
    assert shown["kind"] == "job"
    assert shown["id"] == job_id(each)
    assert shown["command"] == ["python3", "train.py"]
    assert (shown["name"], shown["cwd"], shown["state"], shown["group"], shown["git"]) == (None, "/p", "complete", None, None)
    assert (shown["started"], shown["duration"]) == ("2026-11-18T11:06:40.000000Z", 1.0)
    assert shown["exit"] == {"code": 0, "signal": None}
    unknown_one, known = shown["inputs"]
    assert (
        known.items()
        >= {"path": "/p/raw/a.csv", "hash": content("raw/a.csv"), "size": 12, "role": "data", "status": "hashed"}.items()
    )
    assert unknown_one.items() >= {"path": "/p/b", "hash": None, "size": None, "status": "missing"}.items()
    assert shown["outputs"][0].items() >= {"path": "/p/model.pt", "hash": content("model.pt"), "size": 99}.items()
    (only,) = shown["steps"]
    keys = {
        "id": 0,
        "parent": None,
        "program": "/usr/bin/python3",
        "argv": ["python3", "train.py"],
        "cwd": "/p",
        "duration": 1.0,
    }
    assert only.items() >= keys.items()
    assert [read["path"] for read in only["used"]] == ["/p/raw/a.csv", "/p/b"]
    assert only["connections"] == [{"address": "10.0.0.1", "port": 443, "time": "2026-11-18T11:06:40.000000Z", "name": None}]
    assert shown["environment"] == {"variables": {}, "packages": [], "python": None, "host": {}, "scheduler": {}}
    assert shown["trackers"] == [{"kind": "wandb", "url": "https://example.org/r"}]
    assert shown["left_out"] == []
    assert shown["warnings"] == [{"code": "io_uring", "message": "it used io_uring", "examples": []}]


def test_the_json_of_git_and_environment(tmp_path: Path) -> None:
    store = build_store(tmp_path / "store", pipeline())
    shown = dumped(view(store, job_id(pipeline()[2])))
    assert shown["git"] == {
        "root": "/p",
        "commit": "726f617" + "0" * 33,
        "branch": "main",
        "remote": None,
        "dirty": True,
        "patch": None,
    }
    assert shown["environment"]["packages"] == [{"manager": "pip", "name": "numpy", "version": "2.1"}]
    assert shown["environment"]["variables"] == {"SEED": "1"}
    assert shown["left_out"] == [{"rule": "system", "count": 120, "paths": []}]
    assert (shown["inputs"][0]["external"], shown["outputs"][0]["survives"]) == (True, True)
    (pipe,) = dumped(view(store, job_id(pipeline()[1])))["pipes"]
    assert pipe == {"id": 0, "kind": "pipe", "opened": "2026-11-18T11:07:40.000005Z", "writers": [1], "readers": [2]}


def test_the_json_of_lists(tmp_path: Path) -> None:
    running = record(["sleep", "9"], exit=None, started=T0 + 60 * MINUTE)
    running = msgspec.structs.replace(running, ended=None)
    store = build_store(tmp_path / "store", [*pipeline(), running])
    with contextlib.closing(store.reader()) as db:
        rows = dumped(jobs(db, limit=10))
        assert [set(row) >= {"id", "name", "command", "cwd", "state", "started", "duration", "exit", "host"} for row in rows]
        assert (rows[0]["duration"], rows[0]["exit"]) == (None, None)
        assert (
            rows[1].items()
            >= {"inputs": 10, "outputs": 3, "steps": 1, "command": ["python3", "train.py", "--lr", "0.1"]}.items()
        )
        row = next(row for row in dumped(artifacts(db, limit=100)) if row["hash"] == content("raw"))
        expected = {"kind": "file", "size": 1000, "paths": ["/p/raw.txt"], "producers": 1, "consumers": 1}
        assert row.items() >= expected.items()
        assert row["first_seen"] == "2026-11-18T11:06:40.000010Z"
        assert dumped(jobs(db, limit=0)) == []


def test_the_json_of_an_artifact(tmp_path: Path) -> None:
    store = build_store(tmp_path / "store", pipeline())
    fetch, prep, _ = pipeline()
    with contextlib.closing(store.reader()) as db:
        found = artifact_view(store, db, content("raw"))
        assert artifact_view(store, db, found.rowid) == found
        assert (found.path_count, found.producer_count, found.consumer_count) == (1, 1, 1)
    shown = dumped(found)
    assert (
        shown.items()
        >= {"kind": "artifact", "hash": content("raw"), "algorithm": "blake3", "size": 1000, "fileset": None}.items()
    )
    assert shown["paths"] == ["/p/raw.txt"]
    (producer,), (consumer,) = shown["producers"], shown["consumers"]
    when = "2026-11-18T11:06:40.000010Z"
    assert producer.items() >= {"job": job_id(fetch), "step": 0, "path": "/p/raw.txt", "time": when}.items()
    assert consumer.items() >= {"job": job_id(prep), "step": 1, "path": "/p/raw.txt"}.items()


def test_long_lists_of_an_artifact_are_cut_and_counted(tmp_path: Path) -> None:
    reads = [single(["cat"], [used("f", opened=T0 + n)], started=T0 + n) for n in range(9)]
    store = build_store(tmp_path / "store", reads)
    with contextlib.closing(store.reader()) as db:
        found = artifact_view(store, db, content("f"), limit=4)
    assert [seen.time - T0 for seen in found.consumers] == [8, 7, 6, 5]
    assert found.consumer_count == 9


def test_no_name_breaks_the_json(tmp_path: Path) -> None:
    store = build_store(tmp_path / "store", [nasty()])
    shown = dumped(view(store, job_id(nasty())))
    assert [each["path"] for each in shown["inputs"]] == sorted(NASTY)
    assert shown["name"] == "nasty \udcfe\n"
    with contextlib.closing(store.reader()) as db:
        dumped(jobs(db, limit=5))
        dumped(artifacts(db, limit=50))
        text = json.dumps(to_json(folded_job(job_view(store, db, job_id(nasty())))))
    assert text.isascii()
    assert "\x1b" not in text


def test_exit_by_signal(tmp_path: Path) -> None:
    each = record(["x"], exit=Exit(signal=15))
    shown = dumped(view(build_store(tmp_path / "store", [each]), job_id(each)))
    assert shown["exit"] == {"code": None, "signal": 15}


def test_info_says_size_and_health(tmp_path: Path) -> None:
    store = build_store(tmp_path / "store", pipeline())
    store.archive.keep_blob(b"x" * 100)
    (store.archive.running / "abc.json").write_text("{}")
    shown = dumped(store.info())
    assert shown["path"] == str(store.root)
    assert (shown["jobs"], shown["running"], shown["odd"], shown["damaged"]) == (3, 1, 0, [])
    assert shown["record_bytes"] == sum(path.stat().st_size for path in store.archive.records.rglob("*.gz"))
    assert shown["blob_bytes"] == sum(path.stat().st_size for path in store.archive.blobs.rglob("*.gz")) > 0
    assert shown["index_bytes"] > 4096


def test_what_is_no_result_has_no_json() -> None:
    with pytest.raises(TypeError):
        to_json(object())
