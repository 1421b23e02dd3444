"""Directories of many files: what is kept as one set is walked file by file, exactly as fewer files are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.project import PYTHON, Project, digest

TRAIN = """
import os, sys, time
names = sorted(os.listdir('shards'))
half = len(names) // 2
first = [open('shards/' + name).read() for name in names[:half]]
open('ckpt-1', 'w').write(''.join(first))
time.sleep(0.3)
rest = [open('shards/' + name).read() for name in names[half:]]
open('ckpt-2', 'w').write(''.join(first + rest))
"""


def shard(number: int) -> str:
    return f"shard {number} " * 10


def files_of(walk: dict[str, Any], project: Project) -> set[str]:
    return {project.relative(path) for node in walk["nodes"] if node["kind"] == "artifact" for path in node["paths"]}


@pytest.mark.parametrize("count", [20, 62, 80])
def test_a_checkpoint_is_made_of_what_was_read_before_it(project: Project, count: int) -> None:
    project.write({"train.py": TRAIN, **{f"shards/{n:03}.txt": shard(n) for n in range(count)}})
    job = project.record(PYTHON, "train.py")
    everything = {f"shards/{n:03}.txt" for n in range(count)}
    assert project.files(job["inputs"]) == {
        "train.py": digest(TRAIN.encode()), **{f"shards/{n:03}.txt": digest(shard(n).encode()) for n in range(count)}
    }  # fmt: skip
    first = {f"shards/{n:03}.txt" for n in range(count // 2)}
    assert files_of(project.json("upstream", "ckpt-1", "--expand"), project) == {"ckpt-1", "train.py", *first}
    assert files_of(project.json("upstream", "ckpt-2", "--expand"), project) == {"ckpt-2", "train.py", *everything}
    assert project.json("upstream", "ckpt-1", "--contains", f"shards/{count // 2 - 1:03}.txt")["answer"] == "yes"
    late = project.call("upstream", "ckpt-1", "--contains", f"shards/{count // 2:03}.txt", "--json")
    assert late.returncode == 1
    assert files_of(project.json("downstream", f"shards/{count - 1:03}.txt", "--expand"), project) == {
        f"shards/{count - 1:03}.txt", "ckpt-2",
    }  # fmt: skip
    (entry,) = project.json("log", "shards/000.txt")
    assert entry["hash"] == digest(shard(0).encode())


def test_runs_on_the_same_files_share_one_list(project: Project) -> None:
    project.write({"train.py": TRAIN.replace("time.sleep(0.3)", ""), **{f"shards/{n:04}.txt": shard(n) for n in range(300)}})

    def blobs() -> set[Path]:
        return {path for path in (project.store / "blobs").rglob("*") if path.is_file()}

    script = f"cat shards/* | sort > model; {PYTHON} -c 'open(\"note\", \"w\").write(\"x\")'"
    project.shell(script)
    before = blobs()
    project.shell(script + "; true")
    assert blobs() == before
    assert project.json("verify")["problems"] == []
    diff = project.json("diff", "@~1", "@")
    assert [cause["category"] for cause in diff["causes"]] in ([], ["params"])
    (project.root / "shards/0007.txt").write_text("other\n")
    project.shell(script)
    causes = project.json("diff", "@~1", "@")["causes"]
    assert [(cause["category"], project.relative(cause["subject"])) for cause in causes if cause["category"] == "data"] == [
        ("data", "shards/0007.txt")
    ]
