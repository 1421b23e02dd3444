"""`jobs` and `artifacts`: the lists, their JSON, their filters, and what an empty one says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import NASTY, build_store, content
from tests.cli.conftest import Run, colours, document, in_terminal, plain


def test_jobs_are_listed_newest_first_with_what_scripts_rely_on(run: Run) -> None:
    jobs = document(run("jobs", "--json"))
    assert [job["started"] for job in jobs] == sorted((job["started"] for job in jobs), reverse=True)
    newest = jobs[0]
    wanted = {"id", "name", "command", "cwd", "state", "started", "duration", "exit", "host", "inputs", "outputs", "steps"}
    assert wanted <= newest.keys()
    assert newest["command"] == ["python3", "train.py", "--lr", "0.2"]
    assert (newest["name"], newest["inputs"], newest["outputs"], newest["steps"]) == ("training", 10, 3, 1)
    assert newest["exit"] == {"code": 0, "signal": None}
    assert newest["started"].endswith("Z")
    assert len(newest["started"]) == len("2026-11-19T11:08:40.000000Z")
    assert len(newest["id"]) == 64


def test_artifacts_are_listed_with_what_scripts_rely_on(run: Run) -> None:
    artifacts = document(run("artifacts", "--json"))
    by_hash = {artifact["hash"]: artifact for artifact in artifacts}
    raw = by_hash[content("raw")]
    assert {"hash", "kind", "size", "paths", "first_seen", "producers", "consumers"} <= raw.keys()
    assert (raw["size"], raw["paths"], raw["producers"], raw["consumers"]) == (1000, ["/p/raw.txt"], 1, 1)
    assert raw["made_by"] == ["python3", "fetch.py"]
    assert by_hash[content("fetch.py")]["made_by"] is None


def test_a_limit_gives_the_newest(run: Run) -> None:
    everything = document(run("jobs", "--json"))
    assert document(run("jobs", "--limit", "2", "--json")) == everything[:2]
    assert document(run("jobs", "--limit", "0", "--json")) == []
    assert len(document(run("artifacts", "--limit", "3", "--json"))) == 3


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("lr 0.2", ["python3 train.py --lr 0.2"]),
        ("prep.sh", ["bash prep.sh", "bash prep.sh"]),
        ("nothing-like-this", []),
        ("exit:failed", []),
    ],
)
def test_a_filter_narrows(run: Run, text: str, commands: list[str]) -> None:
    assert [" ".join(job["command"]) for job in document(run("jobs", "--json", "--filter", text))] == commands


def test_a_hash_filters_artifacts(run: Run) -> None:
    found = document(run("artifacts", "--json", "--filter", content("raw")[:10]))
    assert [artifact["hash"] for artifact in found] == [content("raw")]


def test_a_filter_that_cannot_be_read_is_wrong_usage(run: Run) -> None:
    result = run("jobs", "--filter", "since:whenever")
    assert result.exit_code == 2
    assert "whenever" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("command", ["jobs", "artifacts"])
def test_an_empty_store_says_how_to_record_the_first_job(run: Run, command: str, tmp_path: Path) -> None:
    result = run(command, "--json", store=tmp_path / "none")
    assert document(result) == []
    assert "roar-tui run" in result.stderr
    assert not (tmp_path / "none").exists()


def test_a_list_without_matches_says_so(run: Run) -> None:
    result = run("jobs", "--filter", "nothing-like-this")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "nothing-like-this" in result.stderr


@pytest.mark.parametrize("args", [["jobs"], ["artifacts"], ["jobs", "--json"], ["artifacts", "--json"]])
def test_no_name_gets_a_control_code_or_markup_through(run: Run, args: list[str]) -> None:
    result = run(*args)
    assert result.exit_code == 0
    assert all(char.isprintable() for line in result.stdout.split("\n") for char in line)


def test_nasty_names_survive_json(run: Run) -> None:
    paths = {path for artifact in document(run("artifacts", "--json")) for path in artifact["paths"]}
    assert set(NASTY) <= paths


def test_readable_lists_name_jobs_by_what_can_be_typed(run: Run) -> None:
    lines = run("jobs").stdout.splitlines()
    assert lines[0].split() == ["when", "job", "what", "in", "out", "took", "exit"]
    newest = document(run("jobs", "--json", "--limit", "1"))[0]
    assert newest["id"][:8] in lines[1]
    assert "train.py --lr 0.2" in lines[1]


@pytest.mark.parametrize("command", ["jobs", "artifacts"])
def test_lists_fit_a_terminal_of_80(root: Path, command: str) -> None:
    status, shown = in_terminal(["--store", str(root), command], NO_COLOR="1")
    assert status == 0
    assert not colours(shown)
    assert all(len(line.rstrip("\r")) <= 80 for line in plain(shown).split("\n"))


def test_a_terminal_gets_colour(root: Path) -> None:
    assert colours(in_terminal(["--store", str(root), "jobs"])[1])


def test_a_c_locale_gets_ascii_marks(root: Path) -> None:
    status, shown = in_terminal(["--store", str(root), "jobs", "--filter", "train"], columns=40, LC_ALL="C", NO_COLOR="1")
    assert status == 0
    assert shown.isascii()


def test_a_long_list_is_cut_on_a_terminal_and_says_so(tmp_path: Path) -> None:
    from tests.builders import T0, single

    build_store(tmp_path, [single(["true", str(number)], started=T0 + number) for number in range(120)])
    _, shown = in_terminal(["--store", str(tmp_path), "jobs"], NO_COLOR="1")
    assert "--limit" in shown
    assert "true 19 " not in shown
    assert "true 20 " in shown
    _, whole = in_terminal(["--store", str(tmp_path), "jobs", "--limit", "500"], NO_COLOR="1")
    assert "true 19 " in whole
