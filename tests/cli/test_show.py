"""`show`: jobs, steps, artifacts, directories; the JSON that scripts rely on and the page that people read."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from roar_tui.record import model
from roar_tui.record.model import Connection, Exit, State, Status, Tracker
from tests.builders import (
    NASTY,
    T0,
    build_store,
    content,
    job_id,
    made,
    nasty,
    record,
    shards,
    single,
    step,
    two_runs,
    unknown,
    used,
)
from tests.cli.conftest import Run, document, in_terminal, plain

JOB = {
    "kind", "id", "name", "command", "cwd", "state", "started", "duration", "exit", "group", "inputs", "outputs", "steps", "git",
    "environment", "trackers", "left_out", "warnings",
}  # fmt: skip
STEP = {"id", "parent", "program", "argv", "cwd", "started", "duration", "exit", "used", "generated"}
FILE = {"path", "hash", "size", "role", "status"}
ARTIFACT = {"kind", "hash", "algorithm", "size", "fileset", "paths", "producers", "consumers"}
SEEN = {"job", "step", "path", "time"}


@pytest.fixture(scope="module")
def train() -> str:
    """The id of the first training."""
    return job_id(two_runs()[2])


def test_a_job_has_all_fields(run: Run, train: str) -> None:
    job = document(run("show", train, "--json"))
    assert job.keys() >= JOB
    assert (job["kind"], job["id"], job["name"], job["state"]) == ("job", train, "training", "complete")
    assert job["exit"] == {"code": 0, "signal": None}
    assert job["duration"] == 30.0
    assert len(job["inputs"]) == 10
    assert all(file.keys() >= FILE for file in job["inputs"] + job["outputs"])
    model = next(file for file in job["outputs"] if file["path"] == "/p/model.pt")
    assert (model["hash"], model["size"], model["role"], model["status"]) == (content("model raw 0.1"), 4096, "data", "hashed")
    assert all(each.keys() >= STEP for each in job["steps"])
    assert job["git"] == {
        "root": "/p", "commit": "726f617" + "0" * 33, "branch": "main", "remote": None, "dirty": True, "patch": None,
    }  # fmt: skip
    assert job["environment"].keys() >= {"variables", "packages", "python", "host", "scheduler"}
    assert job["environment"]["packages"] == [{"manager": "pip", "name": "numpy", "version": "2.1"}]
    assert job["left_out"][0]["rule"] == "system"
    assert job["left_out"][0]["count"] == 120


def test_a_prefix_of_four_digits_names_a_job(run: Run, train: str) -> None:
    assert document(run("show", train[:8], "--json"))["id"] == train


def test_folded_gives_filesets(run: Run, train: str) -> None:
    job = document(run("show", train, "--folded", "--json"))
    fileset = next(file for file in job["inputs"] if file.get("kind") == "fileset")
    assert (fileset["path"], fileset["count"], fileset["pattern"]) == ("/p/shards", 8, "shard-{00000..00007}.txt")


def test_a_step_has_all_fields(run: Run) -> None:
    prep = job_id(two_runs()[1])
    found = document(run("show", f"{prep[:8]}:2", "--json"))
    assert found.keys() >= STEP
    assert (found["id"], found["parent"], found["argv"]) == (2, 0, ["python3", "prep.py", "--out", "shards"])
    assert len(found["generated"]) == 8


def test_a_step_that_is_not_there_is_not_found(run: Run, train: str) -> None:
    result = run("show", f"{train[:8]}:99", "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("roar-tui: ")


def test_an_artifact_has_all_fields(run: Run) -> None:
    artifact = document(run("show", content("raw"), "--json"))
    assert artifact.keys() >= ARTIFACT
    assert (artifact["kind"], artifact["hash"], artifact["algorithm"]) == ("artifact", content("raw"), "blake3")
    assert (artifact["size"], artifact["fileset"]) == (1000, None)
    assert artifact["paths"] == ["/p/raw.txt"]
    assert all(seen.keys() >= SEEN for seen in artifact["producers"] + artifact["consumers"])
    assert [seen["job"] for seen in artifact["producers"]] == [job_id(two_runs()[0])]
    assert [(seen["job"], seen["step"]) for seen in artifact["consumers"]] == [(job_id(two_runs()[1]), 1)]


def test_a_directory_is_a_fileset(run: Run) -> None:
    shards_of_second_run = document(run("show", "/p/shards", "--json"))
    assert shards_of_second_run.keys() >= ARTIFACT
    fileset = shards_of_second_run["fileset"]
    assert fileset["count"] == 8
    assert fileset["members"][0] == {"name": "shard-00000.txt", "hash": content("raw changed 0"), "size": 100}
    assert {seen["job"] for seen in shards_of_second_run["producers"]} == {job_id(two_runs()[4])}
    assert {seen["job"] for seen in shards_of_second_run["consumers"]} == {job_id(two_runs()[5])}
    assert "8 files" in run("show", "/p/shards").stdout


@pytest.mark.parametrize("args", [["show", "nothing-like-this"], ["show", "feedfeed", "--json"], ["upstream", "feedfeed"]])
def test_what_is_not_there_is_1_and_said_on_stderr(run: Run, args: list[str]) -> None:
    result = run(*args)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("roar-tui: ")


def test_an_ambiguous_reference_lists_its_candidates(run: Run, tmp_path: Path) -> None:
    records = [single(["true", str(number)], started=T0 + number) for number in range(3000)]
    ids = sorted(job_id(each) for each in records)
    first, second = next((a, b) for a, b in pairwise(ids) if a[:4] == b[:4])
    build_store(tmp_path, [each for each in records if job_id(each) in {first, second}])
    result = run("show", first[:4], store=tmp_path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert first[:8] in result.stderr
    assert second[:8] in result.stderr


def test_the_readable_job_says_what_matters(run: Run, train: str) -> None:
    shown = run("show", train).stdout
    for part in ("train.py --lr 0.1", train, "training", "main@726f617 dirty", "Read  10 files", "Made  3 files", "numpy 2.1"):
        assert part in shown


def test_long_lists_are_folded_for_people_and_whole_on_demand(run: Run, tmp_path: Path) -> None:
    job = single(["python3", "train.py"], [used("train.py"), *shards("data", 1000)], [made("model.pt")])
    build_store(tmp_path, [job])
    folded = run("show", job_id(job), store=tmp_path).stdout
    assert "1,000 files" in folded
    assert "shard-00500.txt" not in folded
    assert len(folded.splitlines()) < 40
    whole = run("show", job_id(job), "--all", store=tmp_path).stdout
    assert "shard-00500.txt" in whole
    assert len(document(run("show", job_id(job), "--json", store=tmp_path))["inputs"]) == 1001


def test_of_many_steps_those_that_touched_files_are_shown(run: Run, tmp_path: Path) -> None:
    idle = [step(["pyenv", str(number)], number=number, parent=max(number - 1, 0) or None) for number in range(20)]
    job = record(["bash"], [*idle, step(["sort", "a"], number=20, parent=19, used=[used("a")])])
    build_store(tmp_path, [job])
    shown = run("show", job_id(job), store=tmp_path).stdout
    assert "Steps  21 (20 that touched no file" in shown
    assert "  sort a" in shown
    assert "pyenv 7" not in shown
    assert "pyenv 7" in run("show", job_id(job), "--all", store=tmp_path).stdout


def test_what_limits_a_record_is_said(run: Run, tmp_path: Path) -> None:
    scratch = made("tmp.bin", status=Status.REMOVED, survives=False)
    broken = record(
        ["python3", "train.py"],
        [step(["python3", "train.py"], used=[unknown("data.csv")], generated=[scratch])],
        state=State.INTERRUPTED,
        exit=Exit(signal=9),
        warnings=[model.Warning("io_uring", "io_uring hides\x1b[2J files.")],
        trackers=[Tracker("wandb", "https://wandb.ai/x")],
    )
    build_store(tmp_path, [broken])
    shown = run("show", job_id(broken), store=tmp_path).stdout
    for part in (r"io_uring hides\x1b[2J files.", "SIGKILL", "interrupted", "changed before it could be hashed", "https://wandb.ai/x"):
        assert part in shown
    job = document(run("show", job_id(broken), "--json", store=tmp_path))
    assert job["warnings"] == [{"code": "io_uring", "message": "io_uring hides\x1b[2J files.", "examples": []}]
    assert job["inputs"][0]["hash"] is None
    assert job["inputs"][0]["status"] == "changed"
    assert job["exit"] == {"code": None, "signal": 9}


def test_a_file_of_unknown_content_can_be_shown(run: Run, tmp_path: Path) -> None:
    job = single(["cat"], [unknown("data.csv")])
    build_store(tmp_path, [job])
    found = document(run("show", f"{job_id(job)[:8]}:data.csv", "--json", store=tmp_path))
    assert found.keys() >= ARTIFACT
    assert (found["hash"], found["paths"]) == (None, ["/p/data.csv"])
    assert [seen["job"] for seen in found["consumers"]] == [job_id(job)]
    assert "unknown" in run("show", f"{job_id(job)[:8]}:data.csv", store=tmp_path).stdout


def test_left_out_files_can_be_asked_for(run: Run, train: str) -> None:
    shown = run("show", train, "--left-out").stdout
    assert "system" in shown
    assert "120 files" in shown
    assert run("show", content("raw"), "--left-out").exit_code == 2


def test_connections_of_a_step_are_shown(run: Run, tmp_path: Path) -> None:
    import msgspec

    fetch = msgspec.structs.replace(step(["curl"]), connections=[Connection("10.0.0.1", 443, T0, "data.example")])
    job = record(["curl"], [fetch])
    build_store(tmp_path, [job])
    assert "10.0.0.1 port 443 (data.example)" in run("show", f"{job_id(job)[:8]}:0", store=tmp_path).stdout


def test_nasty_names_reach_json_whole_and_screens_escaped(run: Run) -> None:
    ref = job_id(nasty())
    assert {file["path"] for file in document(run("show", ref, "--json"))["inputs"]} == set(NASTY)
    for args in (["show", ref], ["show", f"{ref}:0"], ["show", content("in 1")], ["show", ref, "--all"]):
        shown = run(*args)
        assert shown.exit_code == 0, shown.stderr
        assert all(char.isprintable() for line in shown.stdout.split("\n") for char in line)


def test_pages_are_readable_on_a_terminal(root: Path, train: str) -> None:
    for ref in (train, f"{train[:8]}:0", content("raw")):
        status, shown = in_terminal(["--store", str(root), "show", ref])
        assert status == 0
        assert max(len(line.rstrip("\r")) for line in plain(shown).split("\n")) <= 80
