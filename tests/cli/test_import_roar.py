"""`roar-tui import .roar/roar.db`: every job once, found by what roar calls it; nothing of a database that cannot be read."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.builders import content
from tests.cli.conftest import Run, document
from tests.exchange.roar_rows import RoarRows, pipeline


@pytest.fixture
def project(tmp_path: Path) -> Path:
    pipeline(tmp_path / "project").close()
    return tmp_path / "project"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


def records(store: Path) -> list[Path]:
    return sorted(store.glob("records/*/*"))


def more(project: Path) -> None:
    """One job more in the database."""
    db = sqlite3.connect(project / ".roar" / "roar.db")
    with db:
        db.execute("INSERT INTO jobs (id, job_uid, timestamp, command) VALUES (9, 'abcdef09', 1795459999, 'python3 more.py')")
    db.close()


def test_jobs_come_in(run: Run, project: Path, store: Path) -> None:
    imported = document(run("import", str(project / ".roar" / "roar.db"), "--json", store=store))
    assert [(one["source"], one["steps"], one["inputs"], one["outputs"]) for one in imported] == [("roar", 1, 1, 1)] * 3
    listed = document(run("jobs", "--json", store=store))
    assert [job["id"] for job in listed] == [one["id"] for one in reversed(imported)]
    assert all(one["new"] for one in imported)


@pytest.mark.parametrize("again", ["", ".roar", ".roar/roar.db"])
def test_a_second_time_adds_nothing(run: Run, project: Path, store: Path, again: str) -> None:
    first = document(run("import", str(project), "--json", store=store))
    before = records(store)
    second = document(run("import", str(project / again), "--json", store=store))
    assert [one["id"] for one in second] == [one["id"] for one in first]
    assert not any(one["new"] for one in second)
    assert records(store) == before
    assert "3 jobs of the database were there already" in run("import", str(project), store=store).stdout


def test_a_copy_elsewhere_adds_nothing(run: Run, project: Path, store: Path, tmp_path: Path) -> None:
    document(run("import", str(project), "--json", store=store))
    before = records(store)
    copy = tmp_path / "copy.db"
    copy.write_bytes((project / ".roar" / "roar.db").read_bytes())
    document(run("import", str(copy), "--json", store=store))
    assert records(store) == before


def test_later_jobs_are_added(run: Run, project: Path, store: Path) -> None:
    document(run("import", str(project), "--json", store=store))
    more(project)
    result = run("import", str(project), store=store)
    assert (len(records(store)), result.exit_code) == (4, 0)
    assert "more.py" in result.stdout
    assert "prep.py" not in result.stdout


def test_a_job_is_found_by_what_roar_calls_it(run: Run, project: Path, store: Path) -> None:
    run("import", str(project), store=store)
    shown = document(run("show", "8a2aeb02", "--json", store=store))
    assert shown["command"] == ["python3", "train.py", "a b"]
    assert (shown["source"], shown["origin"]["job_uid"]) == ("roar", "8a2aeb02")
    assert shown["outputs"][0]["hash"] == content("first" * 20)
    assert "roar, as 8a2aeb02 @2 of session 74dac468" in run("show", "8a2aeb02", store=store).stdout


def test_another_digest_says_so(run: Run, store: Path, tmp_path: Path) -> None:
    rows = RoarRows(tmp_path / "other")
    rows.access("job_inputs", rows.job("cat"), "x", rows.content("x", {"sha256": "ab" * 32}))
    run("import", str(rows.close()), store=store)
    shown = document(run("show", "abababab", "--json", store=store))
    assert (shown["hash"], shown["algorithm"]) == ("ab" * 32, "sha256")
    (access,) = document(run("show", "8a2aeb01", "--json", store=store))["inputs"]
    assert (access["hash"], access["algorithm"]) == ("ab" * 32, "sha256")


def test_a_bad_database_brings_nothing_in(run: Run, project: Path, store: Path) -> None:
    path = project / ".roar" / "roar.db"
    path.write_bytes(path.read_bytes()[:8192])
    result = run("import", str(path), store=store)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "is damaged" in result.stderr
    assert records(store) == []


def test_limits_are_said_once(run: Run, project: Path, store: Path) -> None:
    said = run("import", str(project), store=store).stderr
    assert said.count("known by its commit alone") == 1
    assert "(3 jobs)" in said


def test_names_with_escapes_print_no_escapes(run: Run, store: Path, tmp_path: Path) -> None:
    rows = RoarRows(tmp_path / "nasty")
    rows.job("echo '\x1b[31mred\n'", [("\x1b]0;title\x07", "x")], [("\x1b]0;title\x07", "x")])
    result = run("import", str(rows.close()), store=store)
    assert "\x1b" not in result.stdout + result.stderr
    assert json.dumps(document(run("jobs", "--json", store=store))[0]["command"][1]) == '"\\u001b[31mred\\n"'


def changed(project: Path, statement: str) -> None:
    db = sqlite3.connect(project / ".roar" / "roar.db")
    with db:
        db.execute(statement)
    db.close()


def test_a_job_that_has_ended_by_now_takes_the_place_of_itself(run: Run, project: Path, store: Path) -> None:
    more(project)
    document(run("import", str(project), "--json", store=store))
    first = document(run("show", "abcdef09", "--json", store=store))
    assert (first["state"], first["exit"]) == ("interrupted", None)
    again = run("import", str(project), store=store)
    assert "4 jobs of the database were there already" in again.stdout
    changed(project, "UPDATE jobs SET duration_seconds = 2, exit_code = 0 WHERE id = 9")
    assert [one["new"] for one in document(run("import", str(project), "--json", store=store))] == [True, False, False, False]
    second = document(run("show", "abcdef09", "--json", store=store))
    assert (second["state"], second["duration"], second["exit"]["code"]) == ("complete", 2, 0)
    assert len(document(run("jobs", "--json", store=store))) == 4


@pytest.mark.parametrize(
    ("column", "key"),
    [("job_id", "2"), ("session_id", "1"), ("artifact_id", "(SELECT artifact_id FROM job_outputs WHERE job_id = 2)")],
)
def test_labels_given_later_are_said_to_be_missing(run: Run, project: Path, store: Path, column: str, key: str) -> None:
    run("import", str(project), store=store)
    before = records(store)
    entity = {"job_id": "job", "session_id": "dag", "artifact_id": "artifact"}[column]
    changed(
        project,
        f"INSERT INTO labels (entity_type, {column}, version, metadata, write_origin, created_at) "
        f"VALUES ('{entity}', {key}, 1, '{{\"stage\": \"final\"}}', 'user', 1)",
    )
    again = run("import", str(project), store=store)
    assert "roar has other labels by now" in again.stderr
    assert "8a2aeb02" in again.stderr
    assert records(store) == before
    fresh = store.with_name("fresh")
    run("import", str(project), store=fresh)
    assert "other labels" not in run("import", str(project), store=fresh).stderr


def test_what_never_ran_is_said(run: Run, project: Path, store: Path) -> None:
    changed(project, "INSERT INTO jobs (id, timestamp, command, status) VALUES (9, 1795459999, 'python3 later.py', 'pending')")
    result = run("import", str(project), store=store)
    assert (len(records(store)), result.exit_code) == (3, 0)
    assert "1 job of" in result.stderr
    assert "never ran" in result.stderr


@pytest.mark.parametrize("digits", [12, 64])
def test_a_composite_is_found_by_what_roar_calls_it(run: Run, store: Path, tmp_path: Path, digits: int) -> None:
    """Whether its files are rows of their own, with others beside them that roar leaves out, or known by the set alone."""
    rows = RoarRows(tmp_path / "other")
    members = {"a b": "1", "in/b": "2", "c": "3"}
    data = rows.composite("set", members)
    job = rows.job("split", outputs=[(f"d/{name}", word) for name, word in members.items()] + [("d/README.md", "r"), ("e", "e")])
    rows.access("job_outputs", job, "d", data)
    rows.access("job_inputs", rows.job("train", outputs=[("model", "m")]), "copy/of/d", data)
    (value,) = rows.db.execute("SELECT digest FROM artifact_hashes WHERE artifact_id = ?", (data,)).fetchone()
    run("import", str(rows.close()), store=store)
    found = run("show", value[:digits], "--json", store=store)
    shown = document(found)
    assert (shown["kind"], shown["hash"], shown["fileset"]["count"]) == ("artifact", value, 3)
    assert "what roar calls these files" in found.stderr
    assert {member["name"] for member in shown["fileset"]["members"]} == members.keys()
    walk = document(run("downstream", value[:digits], "--json", store=store))
    assert content("m") in {node.get("hash") for node in walk["nodes"]}
    assert run("show", "0" * digits, store=store).exit_code == 1


def test_an_import_that_was_killed_is_finished_by_the_next(run: Run, store: Path, tmp_path: Path) -> None:
    rows = RoarRows(tmp_path / "many")
    for number in range(100):
        rows.job(f"python3 step.py {number}", [(f"in-{number}", f"i{number}")], [(f"out-{number}", f"o{number}")])
    path, scratch = rows.close(), tmp_path / "scratch"
    scratch.mkdir()
    command = [sys.executable, "-m", "roar_tui", "--store", str(store), "import", str(path)]
    half = subprocess.Popen(
        command, env={**os.environ, "TMPDIR": str(scratch)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while len(records(store)) < 5 and half.poll() is None:
            time.sleep(0.01)
    finally:
        half.kill()
        half.wait()
    there = [path for path in records(store) if not path.name.startswith(".")]  # without the one that was being written
    assert list(scratch.iterdir()) == []
    again = document(run("import", str(path), "--json", store=store))
    assert len({one["id"] for one in again}) == len(again) == len(document(run("jobs", "--json", store=store))) == 100
    assert len([one for one in again if not one["new"]]) == len(there) > 0
