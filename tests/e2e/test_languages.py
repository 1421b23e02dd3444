# ruff: noqa: E501 -- a table: one case, one line
"""Code in the languages that people use: what was run is code, what it read and wrote is data, workers are their parent's step."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from typing import Any

import pytest

from tests.e2e.project import PYTHON, Project, digest

A = {"a": "alpha 2\nalpha 1\n", "b": "beta\n"}
PY = "open('x', 'w').write(open('a').read() * 2)\n"


def roles(project: Project, job: dict[str, Any]) -> dict[str, str]:
    return {project.relative(access["path"]): access["role"] for access in job["inputs"]}


def need(*programs: str) -> None:
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")


@pytest.mark.parametrize(
    ("files", "command"),
    [
        pytest.param({"s.R": 'source("t.R")\nwriteLines(rev(readLines("a")), "x")\n', "t.R": "t <- 1\n"}, ["Rscript", "s.R"], id="R"),
        pytest.param({"s.jl": 'include("t.jl")\nwrite("x", read("a"))\n', "t.jl": "t = 1\n"}, ["julia", "s.jl"], id="Julia"),
        pytest.param({"s.pl": 'require "./t.pm"; open(I, "a"); open(O, ">x"); print O <I>;\n', "t.pm": "1;\n"}, ["perl", "s.pl"], id="Perl"),
        pytest.param({"s.js": 'require("./t"); const f = require("fs"); f.writeFileSync("x", f.readFileSync("a"));\n', "t.js": "\n"}, ["node", "s.js"], id="Node"),
        pytest.param({"s": ". ./t\nf\n", "t": "f() { tac a > x; }\n"}, ["bash", "s"], id="bash, without suffixes"),
        pytest.param({"s.awk": '{ print > "x" }\n'}, ["awk", "-f", "s.awk", "a"], id="awk"),
        pytest.param({"p/__init__.py": "", "p/__main__.py": PY}, [PYTHON, "-m", "p"], id="python -m"),
        pytest.param({"s": PY}, [PYTHON, "s"], id="Python, without a suffix"),
    ],
)  # fmt: skip
def test_scripts_and_what_they_load_are_code(project: Project, files: dict[str, str], command: list[str]) -> None:
    need(command[0])
    project.write({**A, **files})
    job = project.record(*command)
    found = roles(project, job)
    assert found.keys() == {"a", *files}
    assert found["a"] == "data"
    assert {role for name, role in found.items() if name not in ("a", "t")} == {"code"}
    assert project.files(job["outputs"]) == {"x": digest((project.root / "x").read_bytes())}


@pytest.mark.parametrize("command", [["app.pyz"], ["-c", "import sys; sys.path.insert(0, 'app.pyz'); import __main__, runpy; runpy.run_path('app.pyz')"]])
def test_a_program_in_a_zip_file(project: Project, command: list[str]) -> None:
    project.write(A)
    with zipfile.ZipFile(project.root / "app.pyz", "w") as archive:
        archive.writestr("__main__.py", PY)
    job = project.record(PYTHON, *command)
    assert project.files(job["inputs"]).keys() == {"a", "app.pyz"}
    assert project.files(job["outputs"]).keys() == {"x"}


def test_a_library_of_the_project_is_code_linked_or_loaded(project: Project) -> None:
    need("gcc")
    project.write({
        **A, "l.c": '#include <stdio.h>\nvoid copy(void) { FILE *i = fopen("a", "r"), *o = fopen("x", "w"); int c; while ((c = getc(i)) != EOF) putc(c, o); fclose(o); }\n',
        "m.c": "void copy(void);\nint main(void) { copy(); return 0; }\n",
    })  # fmt: skip
    subprocess.run("gcc -shared -fPIC -o libcopy.so l.c && gcc -o program m.c -L. -lcopy -Wl,-rpath,$PWD", shell=True, cwd=project.root, check=True)
    assert roles(project, project.record("./program")) == {"program": "code", "libcopy.so": "code", "a": "data"}
    assert roles(project, project.python("import ctypes; ctypes.CDLL('./libcopy.so').copy()")) == {"libcopy.so": "code", "a": "data"}


POOLS = {
    "futures": "from concurrent.futures import ProcessPoolExecutor\nimport multiprocessing as m\n"
    "def work(name): open(name + '.out', 'w').write(open(name).read() * 2)\n"
    "if __name__ == '__main__':\n    with ProcessPoolExecutor(2, m.get_context('spawn')) as pool: list(pool.map(work, 'ab'))\n",
    "joblib": "from joblib import Parallel, delayed\ndef work(name): open(name + '.out', 'w').write(open(name).read() * 2)\n"
    "if __name__ == '__main__': Parallel(2)(delayed(work)(name) for name in 'ab')\n",
}


@pytest.mark.parametrize("pool", POOLS)
def test_pools_are_their_parents_step(project: Project, pool: str) -> None:
    if pool == "joblib":
        pytest.importorskip("joblib", reason="joblib is not installed")
    project.write({**A, "work.py": POOLS[pool]})
    job = project.record(PYTHON, "work.py")
    assert [os.path.basename(step["argv"][0]) for step in job["steps"]] == [os.path.basename(PYTHON)]
    assert project.files(job["inputs"]).keys() == {"work.py", "a", "b"}
    assert project.files(job["outputs"]) == {f"{n}.out": digest((project.root / f"{n}.out").read_bytes()) for n in "ab"}


def test_what_a_pools_workers_start_is_a_step(project: Project) -> None:
    project.write({**A, "work.py": (
        "import multiprocessing as m, subprocess\ndef work(name): subprocess.run(['sort', name, '-o', name + '.out'], check=True)\n"
        "if __name__ == '__main__':\n    with m.get_context('spawn').Pool(2) as pool: pool.map(work, 'ab')\n"
    )})  # fmt: skip
    job = project.record(PYTHON, "work.py")
    assert [step["parent"] for step in job["steps"]] == [None, 0, 0]
    for step in job["steps"][1:]:
        (used,) = project.files(step["used"])
        assert project.files(step["generated"]).keys() == {f"{used}.out"}


CELLS = ["data = open('a').read()", "import helper", "open('x', 'w').write(data * helper.TIMES)"]


def test_a_notebook_is_code_and_its_kernel_reads_and_writes(project: Project) -> None:
    missing = [name for name in ("nbclient", "ipykernel") if subprocess.run([PYTHON, "-c", f"import {name}"], capture_output=True, check=False).returncode]
    jupyter = os.environ.get("JUPYTER") or (None if missing else os.path.join(os.path.dirname(sys.executable), "jupyter"))
    if jupyter is None or shutil.which(jupyter) is None:
        pytest.skip("jupyter execute (nbclient, ipykernel) is not installed; JUPYTER=/path/to/jupyter names one")
    cells = [{"cell_type": "code", "execution_count": None, "id": f"c{n}", "metadata": {}, "outputs": [], "source": cell} for n, cell in enumerate(CELLS)]
    kernel = {"display_name": "Python", "language": "python", "name": "python3"}
    notebook = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    project.write({**A, "n.ipynb": json.dumps(notebook), "helper.py": "TIMES = 2\n"})
    job = project.record(jupyter, "execute", "n.ipynb")
    assert roles(project, job) == {"n.ipynb": "code", "helper.py": "code", "a": "data"}
    assert project.files(job["outputs"]) == {"x": digest(A["a"].encode() * 2)}
    (step,) = [step for step in job["steps"] if project.files(step["generated"]).keys() & {"x"}]
    assert "ipykernel_launcher" in step["argv"]
    walk = project.json("upstream", "./x", "--expand")
    found = {project.relative(node["paths"][0]) for node in walk["nodes"] if node["kind"] == "artifact"}
    assert {"x", "a", "helper.py", "n.ipynb"} <= found
    assert [node["notebook"] for node in walk["nodes"] if "ipykernel_launcher" in node.get("argv", ())] == ["n.ipynb"]
