"""`log`: every recorded version of a file or a name, newest first, with what changed since the one before."""

from __future__ import annotations

from pathlib import Path

from roar_tui.record.model import Record
from tests.builders import build_store, content, made, pipeline, single, unknown, used
from tests.cli.conftest import Run, document
from tests.lineage.diff.world import DAY, T0

JOB = ["python3", "train.py"]


def test_every_version_says_what_changed(run: Run) -> None:
    found = document(run("log", "/p/model.pt", "--json"))
    assert [(each["path"], each["hash"]) for each in found] == [
        ("/p/model.pt", content("model raw changed 0.2")),
        ("/p/model.pt", content("model raw 0.1")),
    ]
    assert all({"job", "time", "causes"} <= each.keys() for each in found)
    assert ("params", "--lr") in [(cause["category"], cause["subject"]) for cause in found[0]["causes"]]
    assert found[1]["causes"] == []


def test_the_run_where_it_went_wrong_can_be_found(run: Run, tmp_path: Path) -> None:
    runs = [pipeline(started=T0), pipeline(started=T0 + DAY, lr="0.2"), pipeline(started=T0 + 2 * DAY, lr="0.2", raw="bad")]
    build_store(tmp_path / "store", [record for each in runs for record in each])
    found = document(run("log", "/p/model.pt", "--json", store=tmp_path / "store"))
    named = [{(cause["category"], cause["subject"]) for cause in each["causes"]} for each in found]
    assert ("params", "--lr") not in named[0]
    assert ("params", "--lr") in named[1]
    assert ("nondeterminism", "fetch.py") in named[0]  # it came to other data by nothing that is recorded


def test_what_was_found_there_is_a_version_too(run: Run, tmp_path: Path) -> None:
    def job(start: int, data: str) -> object:
        return single(JOB, [used("data.bin", data, opened=start)], [made("m", data, opened=start + 5)], started=start)

    build_store(tmp_path / "store", [job(T0, "one"), job(T0 + DAY, "one"), job(T0 + 2 * DAY, "two")])  # type: ignore[list-item]
    found = document(run("log", "/p/data.bin", "--json", store=tmp_path / "store"))
    assert [each["hash"] for each in found] == [content("two"), content("one")]
    assert [(cause["category"], cause["subject"]) for cause in found[0]["causes"]] == [("data", "/p/data.bin")]


def test_jobs_of_a_name_are_versions(run: Run) -> None:
    found = document(run("log", "training", "--json"))
    assert [each["hash"] for each in found] == [None, None]
    assert ("params", "--lr") in [(cause["category"], cause["subject"]) for cause in found[0]["causes"]]


def test_people_read_one_line_for_each_cause(run: Run) -> None:
    lines = run("log", "/p/model.pt").stdout.splitlines()
    assert lines[0] == "/p/model.pt"
    assert lines[1].startswith(content("model raw changed 0.2")[:8])
    assert any(line.startswith("    params  --lr  0.1 → 0.2") for line in lines)


def test_a_limit_leaves_out_the_oldest_and_says_so(run: Run) -> None:
    found = run("log", "/p/model.pt", "--limit", "1")
    assert content("model raw 0.1")[:8] not in found.stdout.splitlines()[-1]
    assert "1 older" in found.stderr


def test_what_is_not_recorded_is_an_error(run: Run) -> None:
    found = run("log", "nothing-like-it")
    assert found.exit_code == 1
    assert "nothing-like-it" in found.stderr


def test_people_read_what_could_not_be_compared(run: Run, tmp_path: Path) -> None:
    def job(start: int, model: str) -> Record:
        reads = [used("train.py", opened=start), unknown("raw", opened=start + 1)]
        return single(JOB, reads, [made("m", model, opened=start + 5)], started=start)

    build_store(tmp_path / "store", [job(T0, "one"), job(T0 + DAY, "two")])
    lines = run("log", "/p/m", store=tmp_path / "store").stdout.splitlines()
    assert lines[2].startswith("    unknown: /p/raw  changed before it could be hashed")
