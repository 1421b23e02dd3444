"""A recorder that dies loses nothing of the job, and little of its record."""

from __future__ import annotations

import json
import os
import signal
from typing import Any

from tests.e2e.project import Project, digest
from tests.e2e.test_transparency import PATIENCE, start, wait_for

SCRIPT = "sort raw > sorted; touch ready; until [ -e go ]; do sleep 0.02; done; sort -r sorted > reversed"


def told(project: Project) -> dict[str, Any]:
    """What the store was told of the one run in progress."""
    (path,) = wait_for(lambda: list((project.store / "running").glob("*.json")), "the run is announced")
    found = json.loads(path.read_text())
    assert isinstance(found, dict)
    return found


def test_a_killed_recorder_is_recovered_by_the_next_command_when_the_job_has_ended(project: Project) -> None:
    project.write({"raw": "b\na\n"})
    running = start(project, SCRIPT)
    wait_for((project.root / "ready").exists, "the command is running")
    os.kill(told(project)["pid"], signal.SIGKILL)
    assert project.json("jobs") == [], "the job is still running: nothing is recovered yet"
    project.write({"go": ""})
    assert running.wait(PATIENCE) == 0
    jobs = wait_for(lambda: project.json("jobs"), "strace has ended")
    job = project.show(jobs[0]["id"])
    assert job["state"] == "interrupted"
    assert "interrupted" in [warning["code"] for warning in job["warnings"]]
    assert job["exit"] == {"code": 0, "signal": None}
    assert project.files(job["inputs"])["raw"] == digest(b"b\na\n")
    outputs = project.files(job["outputs"])
    assert outputs["sorted"] == digest(b"a\nb\n")
    assert outputs["reversed"] == digest(b"b\na\n")
    assert not list((project.store / "running").glob("*.json"))




def test_an_output_that_changed_after_an_interrupted_job_has_no_digest(project: Project) -> None:
    project.write({"raw": "b\na\n"})
    running = start(project, SCRIPT)
    wait_for((project.root / "ready").exists, "the command is running")
    os.kill(told(project)["pid"], signal.SIGKILL)
    project.write({"go": ""})
    running.wait(PATIENCE)
    wait_for(lambda: (project.root / "reversed").exists(), "the job ended")
    project.write({"sorted": "by somebody else\n"})
    wait_for(lambda: project.json("jobs"), "recovered")
    assert project.files(project.show("@")["outputs"])["sorted"] is None


def test_a_trace_that_is_gone_is_said_once(project: Project) -> None:
    project.record("true")
    lost = {"run_id": "ab" * 16, "host": os.uname().nodename, "user": os.getuid(), "pid": 1, "born": 0, "directory": "/no/such"}
    (project.store / "running" / f"{'ab' * 16}.json").write_text(json.dumps(lost))
    first = project.call("jobs")
    assert "lost" in first.stderr
    assert first.returncode == 0
    assert "lost" not in project.call("jobs").stderr


def test_recover_says_what_it_did(project: Project) -> None:
    assert project.json("store", "recover") == {"recovered": [], "problems": []}
