"""From a recorded command to the walk: what was made from what, through files, pipes, programs and jobs."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import Any

import pytest

from tests.e2e.project import PYTHON, Project

TRAIN = "data = open('sorted.txt').read()\nopen('model.pt', 'w').write(data * 3)\n"


def names(project: Project, walk: dict[str, Any]) -> list[str]:
    """The nodes of a walk in their order: relative paths, and the programs' names of steps."""
    found = []
    for node in walk["nodes"]:
        if node["kind"] == "step":
            found.append(os.path.basename(node["argv"][0]))
        elif node["kind"] == "artifact":
            found.append(project.relative(node["paths"][0]))
        else:
            found.append(node["kind"])
    return found


def upstream(project: Project, ref: str) -> list[str]:
    return names(project, project.json("upstream", ref, "--expand"))


def test_a_model_walks_back_to_its_raw_data(project: Project) -> None:
    project.write({"raw.txt": "b\na\n", "train.py": TRAIN, "other.txt": "nothing to do with it\n"})
    job = project.shell(f"sort raw.txt > sorted.txt; cat other.txt > elsewhere.txt; {PYTHON} train.py")
    programs = [os.path.basename(step["program"]) for step in job["steps"]]
    assert "sort" in programs
    assert os.path.basename(PYTHON) in programs
    python = os.path.basename(PYTHON)
    assert upstream(project, "model.pt") == ["model.pt", python, "train.py", "sorted.txt", "sort", "raw.txt"]
    text = project.call("upstream", "model.pt").stdout
    places = [text.index(name) for name in ("model.pt", "train.py", "sorted.txt", "sort raw.txt", "raw.txt")]
    assert places == sorted(places)
    assert "elsewhere" not in text


def test_a_walk_crosses_jobs_and_the_same_hash_names_it(project: Project) -> None:
    project.write({"raw.txt": "b\na\n", "train.py": TRAIN})
    project.shell("sort raw.txt > sorted.txt")
    job = project.record(PYTHON, "train.py")
    model = next(a["hash"] for a in job["outputs"])
    python = os.path.basename(PYTHON)
    expected = ["model.pt", python, "train.py", "sorted.txt", "sort", "raw.txt"]
    for ref in ("model.pt", model, model[:8], "@:model.pt", str(project.root / "model.pt")):
        assert upstream(project, ref) == expected
    down = names(project, project.json("downstream", "raw.txt", "--expand"))
    assert down == ["raw.txt", "sort", "sorted.txt", python, "model.pt"]


def test_through_pipes(project: Project) -> None:
    project.write({"raw": "b\na\n"})
    project.shell("cat raw | sort | tee copy > out; cat raw > unrelated")
    assert set(upstream(project, "out")) == {"out", "tee", "pipe", "sort", "cat", "raw"}
    assert upstream(project, "out").count("cat") == 1


def test_through_process_substitution(project: Project) -> None:
    project.write({"one": "1\n", "two": "2\n"})
    project.shell("paste <(sort one) <(sort two) > out")
    assert {"out", "paste", "one", "two"} <= set(upstream(project, "out"))


def test_a_log_of_all_steps_links_nothing(project: Project) -> None:
    project.write({"a": "12\n", "b": "34\n"})
    log = project.root / "run.log"
    with log.open("w") as file:
        script = "rev a > x; cat a; rev b > y; cat b"
        subprocess.run(project.command("run", "bash", "-c", script), stdout=file, cwd=project.root, env=project.environ, check=True)
    job = project.show("@")
    assert {project.relative(a["path"]): a["role"] for a in job["outputs"]} == {"x": "data", "y": "data", "run.log": "log"}
    assert upstream(project, "y") == ["y", "rev", "b"]


def test_what_was_read_after_an_output_was_finished_is_not_upstream(project: Project) -> None:
    project.write({"first": "1\n", "second": "2\n"})
    project.python(
        "import time\n"
        "open('early', 'w').write(open('first').read() * 2)\n"
        "time.sleep(0.1)\n"
        "open('late', 'w').write(open('second').read() * 2)\n"
    )  # fmt: skip
    python = os.path.basename(PYTHON)
    assert upstream(project, "early") == ["early", python, "first"]
    assert set(upstream(project, "late")) == {"late", python, "first", "second"}


MODULES = {
    "main.py": "import helper\nfrom package import inner\nopen('out', 'w').write(helper.VALUE + inner.VALUE)\n",
    "helper.py": "VALUE = 'a'\n",
    "package/__init__.py": "",
    "package/inner.py": "VALUE = 'b'\n",
}


@pytest.mark.parametrize("cached", [False, True])
def test_modules_are_code_from_source_and_from_cached_bytecode(project: Project, cached: bool) -> None:
    project.write(MODULES)
    if cached:
        project.record(PYTHON, "main.py")
    job = project.record(PYTHON, "main.py", env={**project.environ, "PYTHONDONTWRITEBYTECODE": ""})
    assert project.files(job["inputs"]).keys() == MODULES.keys()
    assert {a["role"] for a in job["inputs"]} == {"code"}
    assert project.files(job["outputs"]).keys() == {"out"}


def test_workers_are_their_parents_step(project: Project) -> None:
    project.write({
        "a": "1", "b": "2",
        "work.py": (
            "import multiprocessing as m, sys\n"
            "def copy(name): open(name + '.out', 'w').write(open(name).read())\n"
            "if __name__ == '__main__':\n"
            "    with m.get_context(sys.argv[1]).Pool(2) as pool: pool.map(copy, ['a', 'b'])\n"
        ),
    })  # fmt: skip
    for method in ("fork", "spawn", "forkserver"):
        job = project.record(PYTHON, "work.py", method)
        assert len(job["steps"]) == 1, method
        assert project.files(job["inputs"]).keys() == {"work.py", "a", "b"}
        assert project.files(job["outputs"]).keys() == {"a.out", "b.out"}


def test_a_build_with_make_and_gcc(project: Project) -> None:
    for tool in ("make", "gcc"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    project.write({
        "Makefile": "app: main.o part.o\n\tgcc -o $@ $^\n%.o: %.c part.h\n\tgcc -c $<\n",
        "main.c": '#include "part.h"\nint main(void) { return part(); }\n',
        "part.c": '#include "part.h"\nint part(void) { return 0; }\n',
        "part.h": "int part(void);\n",
        "unused.c": "int unused;\n",
    })  # fmt: skip
    job = project.record("make", "-j2")
    assert project.files(job["inputs"]).keys() == {"Makefile", "main.c", "part.c", "part.h"}
    assert project.files(job["outputs"]).keys() == {"app", "main.o", "part.o"}
    seen = set(upstream(project, "app"))
    assert {"app", "main.o", "part.o", "main.c", "part.c", "part.h"} <= seen
    assert "unused.c" not in seen
    only = set(upstream(project, "main.o"))
    assert {"main.o", "main.c", "part.h"} <= only
    assert "part.c" not in only


def test_a_driver_that_writes_a_file_and_starts_its_reader(project: Project) -> None:
    project.write({"seed": "1\n", "reader.py": "open('out', 'w').write(open('middle').read() * 2)\n"})
    project.write({
        "driver.py": (
            "import subprocess, sys\nopen('middle', 'w').write(open('seed').read() * 2)\n"
            "subprocess.run([sys.executable, 'reader.py'], check=True)\n"
        )
    })  # fmt: skip
    project.record(PYTHON, "driver.py")
    assert {"out", "reader.py", "middle", "seed", "driver.py"} <= set(upstream(project, "out"))


def test_a_checkpoint_rotated_away_is_still_its_readers_input(project: Project) -> None:
    project.write({"data": "data\n"})
    job = project.shell("rev data > ckpt-1; sleep 0.1; sort -u ckpt-1 ckpt-1 data > best; sleep 0.3; rm ckpt-1; cp data ckpt-2")
    assert project.files(job["outputs"]).keys() == {"best", "ckpt-2"}
    assert upstream(project, "best") == ["best", "sort", "ckpt-1", "data", "rev"]
    removed = [a for step in job["steps"] for a in step["generated"] if a["status"] == "removed"]
    assert [project.relative(a["path"]) for a in removed] == ["ckpt-1"]


def test_a_loop_into_one_file_is_upstream_with_all_its_steps(project: Project) -> None:
    project.write({"a": "2\n1\n", "b": "4\n3\n", "unrelated": "5\n"})
    project.shell("{ echo header; for f in a b; do sort $f; done; } > all; cat unrelated; rev all > reversed")
    seen = upstream(project, "reversed")
    assert {"reversed", "rev", "all", "a", "b"} <= set(seen)
    assert seen.count("sort") == 2
    assert "unrelated" not in seen
    assert set(names(project, project.json("downstream", "a", "--expand"))) == {"a", "sort", "all", "rev", "reversed"}


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_a_shell_is_no_maker_of_what_it_redirects(project: Project, shell: str) -> None:
    project.write({"raw": "2\n1\n2\n", "run": "sort raw > sorted\nsort -r sorted > reversed\n"})
    project.record(shell, "run")
    assert upstream(project, "reversed") == ["reversed", "sort", "sorted", "sort", "raw"]


def test_links_and_renames_are_followed_to_the_maker(project: Project) -> None:
    project.write({"raw": "2\n1\n", "other": "4\n3\n"})
    project.shell("sort raw > a; ln a b; rev b > c; mv other moved; rev moved > d")
    assert {"c", "rev", "sort", "raw"} <= set(upstream(project, "c"))
    assert {"d", "rev", "mv"} <= set(upstream(project, "d"))


def test_the_stdin_that_make_gives_its_children_is_no_input(project: Project) -> None:
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    project.write({"Makefile": "all: x y\nx: a\n\tsort a > x\ny: b\n\tsort b > y\n", "a": "2\n1\n", "b": "4\n3\n"})
    project.record("make", "-j2")
    for target, source in (("x", "a"), ("y", "b")):
        assert upstream(project, target) == [target, "sort", source]


def test_what_a_caller_appends_to_comes_from_all_that_was_appended(project: Project) -> None:
    project.write({"one": "1\n", "two": "2\n"})
    for name in ("one", "two"):
        with (project.root / "gathered").open("a") as gathered:
            command = project.command("run", "cat", name, name)
            subprocess.run(command, stdout=gathered, cwd=project.root, env=project.environ, check=True)
    seen = upstream(project, "gathered")
    assert {"one", "two"} <= set(seen)
    assert seen.count("cat") == 2


def test_a_results_file_of_all_runs_is_no_part_of_their_models(project: Project) -> None:
    train = """if True:
        import sys
        number = sys.argv[1]
        open(f"model-{number}", "w").write(open(f"data-{number}").read() * 2)
        open("results.csv", "a").write(number)
    """
    project.write({"data-1": "one " * 30, "data-2": "two " * 30})
    for number in ("1", "2"):
        project.record(PYTHON, "-c", train, number)
    assert upstream(project, "model-2") == ["model-2", os.path.basename(PYTHON), "data-2"]
    assert {"data-1", "data-2"} <= set(upstream(project, "results.csv"))
    assert project.call("upstream", "model-2", "--contains", "data-1", "--json").returncode == 1
    assert "model-2" not in names(project, project.json("downstream", "data-1", "--expand"))
    assert [each["appended"] for each in project.show("@")["inputs"] if each["path"].endswith("results.csv")] == [True]


def test_a_file_that_takes_the_messages_of_every_job_makes_none_of_them_depend_on_another(project: Project) -> None:
    project.write({"raw": "2\n1\n", "other": "4\n3\n"})
    for name, out in (("raw", "a"), ("other", "b")):
        script = f"for i in 1 2; do sort {name} > {out}; echo line >> results.txt; done"
        with (project.root / "output").open("a") as output:
            command = project.command("run", "--", "bash", "-c", script)
            subprocess.run(command, stdout=output, stderr=output, cwd=project.root, env=project.environ, check=True)
    assert set(upstream(project, "b")) == {"b", "sort", "other"}
