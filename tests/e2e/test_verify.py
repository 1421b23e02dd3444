"""From a recorded command to what became of its files."""

from __future__ import annotations

import json

from tests.e2e.project import Project, digest


def test_a_recorded_pipeline_is_verified(project: Project) -> None:
    numbers = {f"raw/{n}.txt": "".join(f"{k}\n" for k in range(n * 100, 0, -1)) for n in (1, 2, 3)}
    project.write(numbers)
    project.shell(
        "mkdir out; for n in 1 2 3; do sort -n raw/$n.txt > out/$n.txt; done; cat out/*.txt > all.txt; sort all.txt > x; rm x"
    )
    done = project.call("verify")
    assert (done.returncode, done.stderr) == (0, "")
    found = project.json("verify")
    assert (found["checked"], found["unchanged"], found["problems"]) == (7, 7, [])
    assert found["records"] == {"checked": 1, "damaged": []}

    project.write({"out/1.txt": "other\n", "out/3.txt": (project.root / "out/2.txt").read_bytes()})
    (project.root / "out/2.txt").unlink()
    (project.root / "all.txt").unlink()
    done = project.call("verify", "@", "--json")
    assert done.returncode == 1
    problems = {
        project.relative(each["path"]): (each["state"], each["now"], each["moved_to"])
        for each in json.loads(done.stdout)["problems"]
    }
    two = (project.root / "out/3.txt").read_bytes()
    assert problems == {
        "all.txt": ("gone", None, None),
        "out/1.txt": ("changed", digest(b"other\n"), None),
        "out/2.txt": ("moved", None, str(project.root / "out/3.txt")),
        "out/3.txt": ("changed", digest(two), None),
    }
    assert project.json("verify", "raw")["checked"] == 3
    assert project.call("verify", "out").returncode == 1
