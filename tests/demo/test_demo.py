"""`roar-tui demo` from end to end: real jobs, traced for real, and the lineage of the model that they leave."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("strace")
SHARDS = 40
PATIENCE = 120


def roar_tui(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "roar_tui", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, timeout=PATIENCE)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A kept demo, built once for this module."""
    directory = tmp_path_factory.mktemp("kept") / "demo"
    done = roar_tui("demo", "--keep", directory)
    assert done.returncode == 0, done.stderr
    (directory / "stdout").write_text(done.stdout)
    (directory / "stderr").write_text(done.stderr)
    return directory


@pytest.fixture(scope="module")
def walk(demo: Path) -> dict[str, Any]:
    """The whole lineage of the model, file by file."""
    done = roar_tui("upstream", "--json", "--expand", demo / "model.json", "--store", demo / ".roar-tui")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert isinstance(document, dict)
    return document


def programs(walk: dict[str, Any]) -> list[str]:
    return [" ".join(node["argv"]) for node in sorted(walk["nodes"], key=lambda node: node["depth"]) if node["kind"] == "step"]


def artifacts(walk: dict[str, Any], demo: Path) -> dict[str, dict[str, Any]]:
    """The nodes of contents, by each of their paths in the project."""
    return {
        os.path.relpath(path, demo): node for node in walk["nodes"] if node["kind"] == "artifact" for path in node["paths"]
    }


def test_the_model_goes_back_to_the_delivery(walk: dict[str, Any], demo: Path) -> None:
    assert programs(walk) == ["python3 train.py", "python3 shard.py", "python3 clean.py", "python3 collect.py"]
    found = artifacts(walk, demo)
    assert {f"shards/shard-{number:02}.txt" for number in range(SHARDS)} <= set(found)
    assert {"train.py", "ngram.py", "shard.py", "clean.py", "collect.py", "params.json", "sources.zip"} <= set(found)
    assert "evaluate.py" not in found
    assert "metrics.json" not in found


def test_every_shard_was_made_by_the_sharding(walk: dict[str, Any], demo: Path) -> None:
    made_by = {edge["target"]: edge["source"] for edge in walk["edges"]}
    steps = {node["id"]: node for node in walk["nodes"] if node["kind"] == "step"}
    for name, node in artifacts(walk, demo).items():
        if name.startswith("shards/"):
            assert steps[made_by[node["id"]]]["argv"] == ["python3", "shard.py"], name
            assert not node["root"]


def test_parameters_scripts_and_the_damaged_text_are_roots(walk: dict[str, Any], demo: Path) -> None:
    found = artifacts(walk, demo)
    roots = {name for name, node in found.items() if node["root"]}
    assert {"params.json", "train.py", "sources.zip"} <= roots
    assert [name for name in roots if name.startswith("raw/")] == ["raw/calendar.txt"]
    assert found["params.json"]["role"] == "config"
    assert found["train.py"]["role"] == found["ngram.py"]["role"] == "code"
    assert found["shards/shard-00.txt"]["role"] == "data"


def test_the_first_model_is_still_known(demo: Path) -> None:
    listed = json.loads(roar_tui("artifacts", "--json", "--filter", "model.json", "--store", demo / ".roar-tui").stdout)
    models = [row for row in listed if str(demo / "model.json") in row["paths"]]
    assert len(models) == 2
    older = models[1]["hash"]
    first = json.loads(roar_tui("upstream", "--json", "--expand", older, "--store", demo / ".roar-tui").stdout)
    assert programs(first) == ["python3 train.py", "python3 shard.py", "python3 clean.py", "python3 collect.py"]
    assert not any(node["root"] for name, node in artifacts(first, demo).items() if name.startswith("raw/"))


def test_jobs_are_named_after_their_stages(demo: Path) -> None:
    jobs = json.loads(roar_tui("jobs", "--json", "--store", demo / ".roar-tui").stdout)
    first = ["collect", "clean", "shard", "train", "evaluate"]
    assert [job["name"] for job in reversed(jobs)] == first + first[1:]
    assert {job["state"] for job in jobs} == {"complete"}
    assert {job["exit"]["code"] for job in jobs} == {0}
    sharding = next(job for job in jobs if job["name"] == "shard")
    assert sharding["outputs"] == SHARDS + 1  # and heldout.txt


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_the_commit_is_known_and_the_change_after_it_shows(demo: Path) -> None:
    store = demo / ".roar-tui"
    newest, older = (json.loads(roar_tui("show", "--json", ref, "--store", store).stdout)["git"] for ref in ("@", "@~4"))
    assert newest["root"] == str(demo)
    assert newest["commit"] == older["commit"] is not None
    assert (older["dirty"], newest["dirty"]) == (False, True)


def test_without_a_terminal_the_lineage_is_printed(demo: Path) -> None:
    printed = (demo / "stdout").read_text()
    assert "train.py" in printed
    assert "shards" in printed
    assert "params.json" in printed
    assert "\x1b" not in printed
    said = (demo / "stderr").read_text()
    for stage in ("collect", "clean", "shard", "train", "evaluate"):
        assert stage in said
    assert "raw/calendar.txt" in said
    assert "order 3" in said


def test_a_kept_demo_is_explored_again_at_once(demo: Path) -> None:
    began = time.monotonic()
    done = roar_tui("demo", "--keep", demo)
    assert done.returncode == 0, done.stderr
    assert done.stdout == (demo / "stdout").read_text()
    assert time.monotonic() - began < 10
    assert len(json.loads(roar_tui("jobs", "--json", "--store", demo / ".roar-tui").stdout)) == 9


def test_where_tracing_is_impossible_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROAR_TUI_STRACE", str(tmp_path / "no-strace"))
    done = roar_tui("demo")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "cannot be traced" in done.stderr
    assert "roar-tui doctor" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_interrupted_demo_cleans_up(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "roar_tui", "demo"]
    surroundings = {**os.environ, "TMPDIR": str(tmp_path)}
    demo = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True, env=surroundings)
    assert demo.stderr is not None
    for line in demo.stderr:
        if line.startswith("  collect"):
            break
    assert [path for path in tmp_path.iterdir() if path.name.startswith("roar-tui-demo-")]
    os.killpg(demo.pid, signal.SIGINT)  # as ^C does: everything that the demo started gets it too
    rest = demo.stderr.read()
    demo.stderr.close()
    assert demo.wait(PATIENCE) == 130
    assert "Traceback" not in rest
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("roar-tui-demo-")]


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_on_a_terminal_it_ends_in_the_explorer_on_the_model(demo: Path) -> None:
    tmux = ["tmux", "-L", f"demo-{os.getpid()}", "-f", os.devnull]
    command = shlex.join([sys.executable, "-m", "roar_tui", "demo", "--keep", str(demo)])
    shown = f"{command}; echo left with $?; sleep {PATIENCE}"
    subprocess.run([*tmux, "new-session", "-d", "-x", "80", "-y", "24", shown], check=True)
    try:
        screen = wait_for(tmux, "shards/")  # the list of jobs, which shows first, has none
        assert "model.json" in screen.splitlines()[0]
        assert "train.py" in screen
        subprocess.run([*tmux, "send-keys", "q"], check=True)
        wait_for(tmux, "left with 0")
    finally:
        subprocess.run([*tmux, "kill-server"], check=False)


def wait_for(tmux: list[str], text: str) -> str:
    """The screen of the only pane as soon as `text` is on it."""
    end = time.monotonic() + PATIENCE
    while True:
        screen = subprocess.run([*tmux, "capture-pane", "-p"], capture_output=True, text=True, check=True).stdout
        if text in screen:
            return screen
        assert time.monotonic() < end, screen
        time.sleep(0.1)
