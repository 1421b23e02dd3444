"""One little job under strace with all kinds of options gives what recording it gives."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from roar_tui.exchange.importing import bring_in
from roar_tui.exchange.parcels import parcels
from roar_tui.record.model import Access, Exit, Record, Role, State
from roar_tui.store.archive import Archive
from tests.e2e.project import Project

# Redirections, a pipeline, a subshell in another directory, a process substitution, a renamed tree, hard and relative links of
# names, descriptors of directories, a fork, a module from source and one from cached bytecode, files made and removed.
JOB = """
set -e
sort raw.txt | tr a-z A-Z > upper.txt
(cd sub && cp ../upper.txt copy.txt && mv copy.txt moved.txt)
cat < sub/moved.txt > from_stdin.txt
cat <(head -1 raw.txt) > first.txt
mkdir tree && cp raw.txt tree/member.txt && mv tree kept
ln kept/member.txt hard.txt
echo x > passing.txt && cat passing.txt > /dev/null && rm passing.txt
{python} work.py
"""
WORK = """
import os, sys
sys.path.insert(0, os.getcwd())
import helper
directory = os.open("sub", os.O_RDONLY)
with open(os.open("data.bin", os.O_RDONLY, dir_fd=directory), "rb") as file:
    content = file.read()
os.fchdir(directory)
with open("made_below.bin", "wb") as file:
    file.write(content)
os.chdir("..")
os.listdir(".")
child = os.fork()
if child == 0:
    with open("of_child.txt", "w") as file:
        file.write(helper.WORD)
    os._exit(0)
os.waitpid(child, 0)
with open("tmp.part", "wb") as file:
    file.write(b"done")
os.replace("tmp.part", "whole.bin")
"""
FILES = {"raw.txt": "b\na\n", "sub/data.bin": "1", "helper.py": "WORD = 'hello'\n", "work.py": WORK}
OPTIONS = [
    ["-f", "-y", "-ttt"],
    ["-f"],
    ["-f", "-t"],
    ["-f", "-tt", "-T"],
    ["-f", "-r"],
    ["-f", "-yy", "-T", "-ttt"],
    ["-f", "-i", "-n"],
    ["-f", "-x"],
    ["-f", "-xx", "-y"],
    ["-f", "-xx"],
    ["-f", "-v", "-s", "1000"],
    ["-f", "-z"],
    ["-f", "-Y"],
    ["-f", "-X", "verbose"],
    ["-f", "-q", "-s", "5"],
    ["-f", "-a", "1"],
    ["-f", "-e", "trace=file,process,desc"],
    ["-ff", "-y", "-ttt"],
    ["-ff", "-tt"],
    ["-ff", "-ttt"],
    ["-ff"],
    ["-ff", "-r"],
]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, strace: str) -> tuple[Project, Record]:
    """A project, and what recording its job gave."""
    place = tmp_path_factory.mktemp("options")
    project = Project(Path(os.path.realpath(place)) / "project", place / "store")
    project.root.mkdir()
    prepare(project.root)
    return project, Archive(project.store).load(project.shell(script())["id"])


def script() -> str:
    return JOB.format(python=sys.executable)


def prepare(root: Path) -> None:
    """The directory as the job expects it, one module with its bytecode cached."""
    for name in os.listdir(root):
        subprocess.run(["rm", "-rf", str(root / name)], check=True)
    for name, content in FILES.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(content)
    subprocess.run([sys.executable, "-c", "import helper"], cwd=root, check=True)


def paths(accesses: Iterable[Access]) -> list[str]:
    return sorted({access.path for access in accesses if access.role is not Role.ENVIRONMENT})


def inputs(job: Record) -> list[str]:
    return paths(access for step in job.steps for access in step.used if access.external)


def outputs(job: Record) -> list[str]:
    return paths(access for step in job.steps for access in step.generated if access.survives)


def programs(job: Record) -> dict[int | None, str]:
    return {step.id: os.path.basename(step.program) for step in job.steps}


def steps(job: Record) -> list[tuple[str, str, list[str], list[str]]]:
    """Program, the parent's program, files used and generated, of each step; processes that ran side by side start in any order."""
    names = programs(job)
    return sorted((names[s.id], names.get(s.parent, ""), paths(s.used), paths(s.generated)) for s in job.steps)


def pipes(job: Record) -> list[tuple[list[str], list[str]]]:
    """The programs at the ends of each pipe."""
    names = programs(job)
    return sorted((sorted(names[n] for n in pipe.writers), sorted(names[n] for n in pipe.readers)) for pipe in job.pipes)


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_any_options_give_what_recording_gives(
    recorded: tuple[Project, Record], options: list[str], strace: str, tmp_path: Path
) -> None:
    project, job = recorded
    prepare(project.root)
    log = tmp_path / "log"
    known = subprocess.run([strace, *options, "-o", os.devnull, "true"], capture_output=True, check=False)
    if known.returncode:
        pytest.skip("this strace has no such option")
    traced = subprocess.run([strace, *options, "-o", log, "bash", "-c", script()], cwd=project.root, check=False)
    assert traced.returncode == 0
    archive = Archive(tmp_path / "store")
    (parcel,), _ = parcels([str(log)])
    (entry,) = bring_in(parcel, archive, cwd=str(project.root))
    imported = archive.load(entry.job)
    assert (inputs(imported), outputs(imported)) == (inputs(job), outputs(job))
    assert len(outputs(job)) == 9
    assert steps(imported) == steps(job)
    assert pipes(imported) == pipes(job)
    assert len(pipes(job)) >= 2
    assert imported.exit == Exit(code=0)
    assert imported.state is State.COMPLETE
    assert entry.unparsed == 0
    assert all(access.digest is None for step in imported.steps for access in (*step.used, *step.generated))
