"""What was read is stated only where nobody could have written it unseen: by an old descriptor, a mapping, another name, old times.

The recorder is stopped while the job does it, so that it certainly comes late.
"""

from __future__ import annotations

import os
import time
from typing import Any

import pytest

from tests.e2e.project import Project, digest
from tests.e2e.test_transparency import PATIENCE, start, wait_for

BEGIN = """
import mmap, os, signal, subprocess, sys, time
launcher = os.getppid()
children = map(int, open(f"/proc/{launcher}/task/{launcher}/children").read().split())
(recorder,) = [child for child in children if child != os.getpid() and os.getsid(child) == child]
def stop(): os.kill(recorder, signal.SIGSTOP)
def go(): os.kill(recorder, signal.SIGCONT)
def cat(path):
    with open("seen", "wb") as file: subprocess.run(["/bin/cat", path], stdout=file)
def write(path, text, mode="w"):
    with open(path, mode) as file: file.write(text)
    os.utime(path, (1e9, 1e9))
"""
CASES = {
    "written by who had it open, and linked": """
f = open("made", "w"); f.write("12345"); f.flush(); stop(); cat("made")
f.write("more"); f.flush(); os.utime("made", (1e9, 1e9)); os.link("made", "linked"); go()
""",
    "there and back": """
f = open("x", "r+"); f.read(); time.sleep(0.3); f.seek(0); f.write("other"); f.flush(); time.sleep(0.1); cat("x")
f.seek(0); f.write("first"); f.flush()
""",
    "mapped by who opened it before the last writer": """
f = open("large", "r+b"); m = mmap.mmap(f.fileno(), 0); m[0:1] = b"Z"; time.sleep(0.1)
subprocess.run(["/bin/sh", "-c", "echo >> large"]); m[0:1] = b"W"; time.sleep(0.2); stop(); cat("large"); m[1:2] = b"Y"; go()
time.sleep(0.1)
""",
    "mapped and hashed meanwhile": """
f = open("large", "r+b"); m = mmap.mmap(f.fileno(), 0); m[0:1] = b"Z"; time.sleep(0.2); cat("large"); time.sleep(0.4)
m[1:2] = b"Y"
""",
    "renamed and written": """
stop(); cat("x"); os.rename("x", "y"); write("y", "other"); go()
""",
    "written by another name": """
os.link("x", "y"); write("y", "other"); time.sleep(0.1); cat("x")
""",
}


@pytest.fixture
def files(project: Project) -> dict[str, bytes]:
    found = {"x": b"first", "large": b"a" * 70_000, "d/x": b"one", "new/x": b"two"}
    project.write(found)
    for name in found:
        os.utime(project.root / name, (1e9, 1e9))
    return found


def check(project: Project, job: dict[str, Any], files: dict[str, bytes]) -> list[str | None]:
    """No digest is wrong; those of what `cat` read, of which a copy is in `seen`."""
    for name, found in project.files(job["inputs"]).items():
        assert found in (None, digest(files[name])), name
    for name, found in project.files(job["outputs"]).items():
        assert found in (None, digest((project.root / name).read_bytes())), name
    read = [a["hash"] for step in job["steps"] if os.path.basename(step["argv"][0]) == "cat" for a in step["used"]]
    assert set(read) <= {None, digest((project.root / "seen").read_bytes())}
    return read


@pytest.mark.parametrize("case", CASES)
def test_a_file_that_is_changed_unseen_has_no_wrong_digest(project: Project, files: dict[str, bytes], case: str) -> None:
    assert len(check(project, project.python(BEGIN + CASES[case]), files)) == 1


def test_a_directory_that_is_swapped_and_swapped_back(project: Project, files: dict[str, bytes]) -> None:
    """What the command names is open from the start: it is another file by the time it is read, and as it was at the end."""
    script = "mv d old; mv new d; cat d/x > seen; rm d/x old/x; mv d gone; mv old d; : d/x"
    job = project.shell(script)
    assert digest(files["d/x"]) not in project.files(job["inputs"]).values()
    (cat,) = [step for step in job["steps"] if step["argv"][0] == "cat"]
    assert {a["hash"] for a in cat["used"]} <= {None, digest(b"two")}


def test_a_hard_link_from_before_is_written_when_the_other_is_removed(project: Project, files: dict[str, bytes]) -> None:
    os.link(project.root / "x", project.root / "y")
    code = 'import sys; sys.stdin.read(); open("x").read(); os.remove("x"); write("y", "other"); os.remove("y")'
    code = BEGIN.partition("launcher")[0] + BEGIN[BEGIN.index("def write") :] + code
    job = project.python(
        BEGIN + f"""
p = subprocess.Popen([sys.executable, "-c", {code!r}, "x"], stdin=subprocess.PIPE); time.sleep(0.4)
stop(); p.stdin.close(); assert p.wait() == 0; time.sleep(0.05); go()
"""
    )
    assert project.files(job["inputs"]).keys() == {"x"}
    assert project.files(job["inputs"])["x"] in (None, digest(b"first"))


def test_what_another_name_was_written_by_is_no_input(project: Project, files: dict[str, bytes]) -> None:
    """The job made what it reads then."""
    job = project.python(BEGIN + CASES["written by another name"])
    (read,) = [step["used"] for step in job["steps"] if os.path.basename(step["argv"][0]) == "cat"]
    assert not read[0]["external"]
    assert project.files(job["outputs"]).keys() == {"x", "y", "seen"}


def test_a_link_to_what_is_left_out_is_made_by_the_job(project: Project) -> None:
    """Its new name was not there before: what it gives a name to is an output, and no input."""
    project.write({".git/object": "content"})
    job = project.shell("ln .git/object made; cat made > copy")
    assert project.files(job["inputs"]) == {}
    assert project.files(job["outputs"]) == project.contents(made="content", copy="content")


@pytest.mark.parametrize("mode", ["a", "r+"])
def test_a_file_that_was_opened_and_not_written_keeps_its_new_name(project: Project, mode: str) -> None:
    """Opened to be written, and only renamed then: what was there is used, and is there under the new name."""
    project.write({"x": "content"})
    job = project.python(f"import subprocess, time; open('x', {mode!r}).close(); time.sleep(0.3); subprocess.run(['mv', 'x', 'y'])")
    assert project.files(job["inputs"]).keys() == {"x"}
    assert project.files(job["inputs"])["x"] in (None, digest(b"content"))
    assert project.files(job["outputs"]) == project.contents(y="content")


@pytest.mark.parametrize("how", ["a line more", "another file in its place", "an old file in its place"])
def test_what_somebody_else_made_of_an_output_is_not_the_jobs(project: Project, how: str) -> None:
    """Its writer had ended, the job had not."""
    project.write({"raw": "b\na\n"})
    running = start(project, "sort raw > sorted; sort -r raw > kept; touch ready; until [ -e go ]; do sleep 0.02; done")
    wait_for((project.root / "ready").exists, "both are made")
    wait_for(lambda: time.time() - (project.root / "ready").stat().st_mtime > 0.2, "the times of files tell one from the other")
    if how != "a line more":
        project.write({"other": "by somebody else\n"})
        if how == "an old file in its place":
            os.utime(project.root / "other", (1e9, 1e9))
        (project.root / "other").rename(project.root / "sorted")
    else:
        with (project.root / "sorted").open("a") as file:
            file.write("by somebody else\n")
    project.write({"go": ""})
    assert running.wait(PATIENCE) == 0
    job = wait_for(lambda: project.json("jobs"), "recorded") and project.show("@")
    outputs = project.files(job["outputs"])
    assert (outputs["sorted"], outputs["kept"]) == (None, digest(b"b\na\n"))
    assert "1 output changed before it could be hashed" in " ".join(warning["message"] for warning in job["warnings"])


EXCHANGED = """
import os, subprocess
for n in range(60):
    d = f"r{n}/"
    first = subprocess.Popen(["/bin/cat", d + "x"])
    if n % 3: first.wait()
    os.rename(d + "fresh", d + "y")
    for k in range(6):
        os.rename(d + "x", d + "t"); os.rename(d + "y", d + "x"); os.rename(d + "t", d + "y")
        if k % 2: subprocess.Popen(["/bin/cat", d + "x"])
    while True:
        try: os.wait()
        except ChildProcessError: break
"""


def test_two_files_that_change_names_again_and_again_keep_their_contents(project: Project) -> None:
    """What is renamed is hashed when another may have its name: the call that says so took effect after it was seen to begin."""
    files = {f"r{n}/{name}": f"{name} {n}".encode() for n in range(60) for name in ("x", "fresh")}
    project.write(files)
    for name in files:
        os.utime(project.root / name, (1e9, 1e9))
    job = project.python(EXCHANGED)
    found = {(project.relative(a["path"]), a["hash"]) for a in job["inputs"] if project.relative(a["path"]) in files}
    assert {name for name, _ in found} == files.keys()
    assert not [name for name, known in found if known not in (None, digest(files[name]))]
