# ruff: noqa: E501 -- a table: one case, one line
"""Every way of touching a file: the inputs and outputs of a job are what its programs really read and wrote, with their digests."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field

import pytest

from tests.e2e.project import PYTHON, Project, digest

A, B = "alpha\n", "beta\n"


@dataclass(frozen=True)
class Case:
    """A command in a project with `files`; what it must be seen to read and to write, path -> content."""

    name: str
    command: list[str]
    inputs: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=lambda: {"a": A, "b": B})
    needs: str | None = None


def sh(script: str) -> list[str]:
    return ["bash", "-c", script]


def py(code: str) -> list[str]:
    return [PYTHON, "-c", code]


CASES = [
    Case("cat", ["cat", "a"], {"a": A}),
    Case("copy", ["cp", "a", "c"], {"a": A}, {"c": A}),
    Case("dd", ["dd", "if=a", "of=c", "status=none"], {"a": A}, {"c": A}),
    Case("install", ["install", "-m", "600", "a", "c"], {"a": A}, {"c": A}),
    Case("reflink", ["cp", "--reflink=auto", "a", "c"], {"a": A}, {"c": A}),
    Case("gzip", sh("gzip -kn a && gzip -dc a.gz > c"), {"a": A}, {"a.gz": "", "c": A}),
    Case("move", ["mv", "a", "c"], {"a": A}, {"c": A}),
    Case("tar", sh("tar cf t.tar a b && mkdir x && tar xf t.tar -C x"), {"a": A, "b": B}, {"t.tar": "", "x/a": A, "x/b": B}),
    Case("redirect", sh("sort < a > c"), {"a": A}, {"c": A}),
    Case("builtin redirect", sh("read line < a; echo $line > c"), {"a": A}, {"c": A}),
    Case("pipeline", sh("cat a | sort | tee c > d"), {"a": A}, {"c": A, "d": A}),
    Case("substitution", sh("cat <(cat a) <(cat b) > c"), {"a": A, "b": B}, {"c": A + B}),
    Case("command substitution", sh('echo "$(cat a)" > c'), {"a": A}, {"c": A}),
    Case("here document", sh("cat > c <<END\nalpha\nEND"), {}, {"c": A}),
    Case("append to new", sh("cat a >> c; cat b >> c"), {"a": A, "b": B}, {"c": A + B}),
    Case("xargs", sh("ls a b | xargs -P2 -I{} cp {} {}.copy"), {"a": A, "b": B}, {"a.copy": A, "b.copy": B}),
    Case("atomic replace", sh("cat a > .tmp && mv .tmp c"), {"a": A}, {"c": A}),
    Case("overwritten", sh("cat a > c; cat b > c"), {"a": A, "b": B}, {"c": B}),
    Case("made and removed", sh("cp a t; cp t c; rm t"), {"a": A}, {"c": A}),
    Case("own product read", sh("cp a c; cat c c > d"), {"a": A}, {"c": A, "d": A + A}),
    Case("empty output", sh(": > c"), {}, {"c": ""}),
    Case("hard link", ["ln", "a", "c"], {"a": A}, {"c": A}),
    Case("through a link", sh("ln -s a l; cat l > c"), {"a": A}, {"c": A}),
    Case("in a child's directory", sh("mkdir d; (cd d; cp ../a c); cat d/c > e"), {"a": A}, {"d/c": A, "e": A}),
    Case("directory renamed", sh("mkdir t; cp a t/x; cp b t/y; mv t u; mv u v"), {"a": A, "b": B}, {"v/x": A, "v/y": B}),
    Case("rsync", ["rsync", "-a", "a", "b", "copy/"], {"a": A, "b": B}, {"copy/a": A, "copy/b": B}, needs="rsync"),
    Case("write nothing", py("open('a', 'r+').close()"), {"a": A}),
    Case("read and write", py("f = open('c', 'w+'); f.write('alpha\\n')"), {}, {"c": A}),
    Case("exclusive", py("open('c', 'x').write(open('a').read())"), {"a": A}, {"c": A}),
    Case("truncate", py("import os; open('c', 'w').write('alpha\\nbeta\\n'); os.truncate('c', 6)"), {}, {"c": A}),
    Case(
        "mapped",
        py("import mmap; f = open('c', 'w+b'); f.truncate(6); m = mmap.mmap(f.fileno(), 6); m[:] = b'alpha\\n'; m.close()"),
        {},
        {"c": A},
    ),
    Case("copy_file_range", py("import os; i = open('a', 'rb'); o = open('c', 'wb'); os.copy_file_range(i.fileno(), o.fileno(), 99)"), {"a": A}, {"c": A}),
    Case("sendfile", py("import os; i = open('a', 'rb'); o = open('c', 'wb'); os.sendfile(o.fileno(), i.fileno(), 0, 99)"), {"a": A}, {"c": A}),
    Case("descriptor of a directory", py("import os; d = os.open('.', os.O_RDONLY); print(os.read(os.open('a', os.O_RDONLY, dir_fd=d), 9))"), {"a": A}),
    Case("path only", py("import os; os.open('a', os.O_PATH)")),
    Case("failed opens", sh("cat nothing 2> /dev/null; true")),
    Case("listing", ["ls", "-l", "."]),
    Case(
        "temporary file linked",
        py("import os; d = os.open('.', os.O_TMPFILE | os.O_WRONLY); os.write(d, b'alpha\\n'); os.link(f'/proc/self/fd/{d}', 'c', dst_dir_fd=os.open('.', 0))"),
        {},
        {"c": A},
    ),
    Case("threads", py("import threading\nt = threading.Thread(target=lambda: open('c', 'w').write(open('a').read())); t.start(); t.join()"), {"a": A}, {"c": A}),
    Case("forked workers", py("import multiprocessing as m\np = m.get_context('fork').Process(target=lambda: open('c', 'w').write(open('a').read()))\np.start(); p.join()"), {"a": A}, {"c": A}),
    Case("working directory of a child", py("import subprocess; subprocess.run(['cp', 'a', 'sub/c'], check=True); subprocess.run(['cp', '../b', 'd'], cwd='sub', check=True)"), {"a": A, "b": B}, {"sub/c": A, "sub/d": B}, {"a": A, "b": B, "sub/x": ""}),
    Case("sqlite", py("import sqlite3\nd = sqlite3.connect('c'); d.execute('create table t (x)'); d.commit(); d.close()"), {}, {"c": ""}),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_inputs_and_outputs_are_the_truth(project: Project, case: Case) -> None:
    if case.needs and not shutil.which(case.needs):
        pytest.skip(f"{case.needs} is not installed")
    project.write(case.files)
    job = project.record(*case.command)
    assert project.files(job["inputs"]) == {name: digest(content.encode()) for name, content in case.inputs.items()}
    # an output whose bytes the case does not know ("") must be what is on disk
    on_disk = {name: content.encode() or (project.root / name).read_bytes() for name, content in case.outputs.items()}
    assert project.files(job["outputs"]) == {name: digest(content) for name, content in on_disk.items()}
    assert job["state"] == "complete"
    assert {a["status"] for a in job["inputs"] + job["outputs"]} <= {"hashed"}
