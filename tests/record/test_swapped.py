"""Real steps read a file that is replaced at once, in every way that leaves the times of what comes there old."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.e2e.project import Project, digest

ROUNDS = 60

# Each round: a child reads d/x and a file that names the round; then d/x, or d itself, is replaced by something older.
SCRIPT = """
import json, os, random, subprocess
random.seed(%d)
pool = sorted(os.listdir("pool"))
truth = []

def replace(n):
    fresh = "pool/" + pool.pop()
    how = random.choice(["rename", "link", "write", "remade", "directory"])
    if how in ("link", "remade"):
        os.unlink("d/x")
    if how == "rename":
        os.rename(fresh + "/x", "d/x")
    elif how == "link":
        os.link(fresh + "/x", "d/x")
    elif how in ("write", "remade"):
        open("d/x", "w").write(f"written {n}")
    else:
        os.rename("d", f"old{n}")
        os.rename(fresh, "d")

for n in range(%d):
    truth.append(subprocess.run(["/bin/cat", "d/x", f"tags/{n}"], capture_output=True, text=True).stdout)
    replace(n)
json.dump(truth, open("truth.json", "w"))
"""


@pytest.fixture
def project(tmp_path: Path, strace: str) -> Project:
    root = tmp_path / "project"
    root.mkdir()
    return Project(root, tmp_path / "store")


@pytest.mark.parametrize("seed", [1, 2])
def test_a_digest_is_what_was_read_or_unknown(project: Project, seed: int) -> None:
    project.write({f"pool/{n:03d}/x": f"pool {n}" for n in range(ROUNDS)})
    project.write({f"tags/{n}": f"|{n}" for n in range(ROUNDS)})
    project.write({"d/x": "first"})
    time.sleep(0.05)
    job = project.python(SCRIPT % (seed, ROUNDS))
    read = {}
    for text in json.loads((project.root / "truth.json").read_text()):
        content, _, number = text.partition("|")
        read[number] = content
    seen = 0
    for step in job["steps"]:
        used = project.files(step["used"])
        tags = [name.removeprefix("tags/") for name in used if name.startswith("tags/")]
        if not tags:
            continue
        (found,) = [found for name, found in used.items() if name.endswith("/x")]
        assert found in (None, digest(read[tags[0]].encode())), f"round {tags[0]}"
        seen += 1
    assert seen == ROUNDS
