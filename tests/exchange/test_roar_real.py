"""Databases that an installed roar makes (`pip install roar-cli`, on the PATH or in ROAR_CLI), beside what it shows itself."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from roar_tui.exchange.roar_database import read
from roar_tui.record.model import Record

ROAR = os.environ.get("ROAR_CLI") or shutil.which("roar")
FILE = re.compile(r"^  blake3:([0-9a-f]{8,})…? +\S+ +(/.*)$", re.MULTILINE)

pytestmark = pytest.mark.skipif(ROAR is None, reason="roar is not installed")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with four jobs in two sessions, one of which fails, with labels and names."""
    project = tmp_path_factory.mktemp("roar") / "project"
    project.mkdir()
    (project / ".gitignore").write_text("out/\n.roar/\n")
    (project / "raw.txt").write_text("b\na\n" * 50)
    (project / "out").mkdir()
    for command in (["git", "init", "-q"], ["git", "add", "-A"], ["git", "commit", "-qm", "one"]):
        subprocess.run(command, cwd=project, check=True)
    roar(project, "init")
    roar(project, "telemetry", "--disable")
    roar(project, "config", "set", "filters.ignore_tmp_files", "false")  # tests live in /tmp
    roar(project, "tracer", "use", "preload")
    subprocess.run(["git", "commit", "-qam", "two"], cwd=project, check=False)
    roar(project, "run", "-n", "sorting", "sh", "-c", "sort raw.txt > 'out/so rted.txt'")
    roar(project, "run", "sh", "-c", "uniq -c 'out/so rted.txt' > out/counts.txt; : > out/empty.txt")
    roar(project, "run", "sh", "-c", "cat out/counts.txt > out/part.txt; exit 3", status=3)
    roar(project, "reset", "-y")
    roar(project, "run", "sh", "-c", "cat out/counts.txt >> 'out/so rted.txt'")
    roar(project, "label", "set", "job", "@1", "stage=final")
    return project


def roar(project: Path, *arguments: str, status: int = 0) -> str:
    """What roar says; it must end with `status`."""
    assert ROAR is not None
    home = project.parent / "home"
    home.mkdir(exist_ok=True)
    environ = {**os.environ, "HOME": str(home), "COLUMNS": "1000"}
    done = subprocess.run([ROAR, *arguments], cwd=project, env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def records(project: Path) -> list[Record]:
    return list(read(project, key=b"k" * 32))


def test_every_job_comes_in(records: list[Record], project: Path) -> None:
    assert [record.exit and record.exit.code for record in records] == [0, 0, 3, 0]
    assert [record.name for record in records] == ["sorting", None, None, None]
    assert records[0].command == ["sh", "-c", "sort raw.txt > 'out/so rted.txt'"]
    assert len({record.origin["session"] for record in records}) == 2
    assert records[3].labels == {"stage": "final"}
    assert all(record.cwd == str(project) for record in records)


def test_names_and_hashes_are_those_that_roar_shows(records: list[Record], project: Path) -> None:
    for record in records:
        shown = roar(project, "show", "--all", record.origin["job_uid"])
        inputs, _, outputs = shown.partition("Outputs (")
        for text, accesses in ((inputs, record.steps[0].used), (outputs, record.steps[0].generated)):
            theirs = {path: start for start, path in FILE.findall(text)}
            ours = {access.path: access.digest for access in accesses}
            assert theirs.keys() == ours.keys()
            assert all(digest is None or digest.startswith(theirs[path]) for path, digest in ours.items())


def test_only_what_was_rewritten_is_unknown(records: list[Record], project: Path) -> None:
    unknown = [(record.command[2], access.path) for record in records for access in record.steps[0].used if access.digest is None]
    assert set(unknown) <= {("cat out/counts.txt >> 'out/so rted.txt'", f"{project}/out/so rted.txt")}
    assert [record.steps[0].generated != [] for record in records] == [True] * 4
