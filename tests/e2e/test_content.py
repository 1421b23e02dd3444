"""Never a wrong digest: what was read is hashed as it was, or its content is said to be unknown."""

from __future__ import annotations

import os

import pytest

from tests.e2e.project import PYTHON, Project, digest

ROUNDS = 250

OVERWRITE = """
import os, sys, time
mode = sys.argv[1]
for n in range({rounds}):
    name = f"f{{n}}"
    with open(name) as file: old = file.read()
    new = old.replace("old", "new")
    if mode == "truncate":
        with open(name, "w") as file: file.write(new)
    elif mode == "in place":
        with open(name, "r+") as file: file.write(new)
    elif mode == "replace":
        with open("draft", "w") as file: file.write(new)
        os.rename("draft", name)
    elif mode == "remove":
        os.remove(name)
if mode == "truncate later":
    time.sleep(0.5)
    for n in range({rounds}):
        with open(f"f{{n}}", "w") as file: file.write("new")
"""


def old(number: int) -> bytes:
    return f"old {number} ".encode() * (500 if number % 2 else 1)


@pytest.mark.parametrize("mode", ["truncate", "in place", "replace", "remove", "truncate later"])
def test_an_input_that_the_job_overwrites_at_once_never_has_a_wrong_digest(project: Project, mode: str) -> None:
    project.write({f"f{n}": old(n) for n in range(ROUNDS)})
    job = project.record(PYTHON, "-c", OVERWRITE.format(rounds=ROUNDS), mode)
    inputs = project.files(job["inputs"])
    assert inputs.keys() == {f"f{n}" for n in range(ROUNDS)}
    wrong = {name: found for name, found in inputs.items() if found not in (None, digest(old(int(name[1:]))))}
    assert not wrong
    unknown = [a for a in job["inputs"] if a["hash"] is None]
    assert {a["status"] for a in unknown} <= {"changed", "missing"}
    outputs = project.files(job["outputs"])
    assert outputs == {name: digest((project.root / name).read_bytes()) for name in outputs}
    if mode == "truncate later":
        assert len(unknown) < ROUNDS / 2, "half a second was enough for none"
    if mode != "remove":
        assert len(outputs) >= ROUNDS - 5


TWO_PROCESSES = """
import os, subprocess, sys
reader = subprocess.Popen([sys.executable, "-c", '''
import time
for n in range({rounds}):
    try: open("shared").read()
    except FileNotFoundError: pass
    time.sleep(0.001)
'''])
n = 0
while reader.poll() is None:
    n += 1
    with open("shared", "w") as file: file.write(f"content {{n}} " * 2000)
"""


def test_a_file_that_is_written_while_another_step_reads_it_has_only_digests_that_were_there(project: Project) -> None:
    """What the reader saw is torn between two contents: none that it certainly read."""
    project.write({"shared": "before"})
    job = project.python(TWO_PROCESSES.format(rounds=100))
    complete = {digest(f"content {n} ".encode() * 2000) for n in range(20_000)} | {digest(b"before")}
    for step in job["steps"]:
        for access in step["used"]:
            if project.relative(access["path"]) == "shared":
                assert access["hash"] is None or access["hash"] in complete


def test_a_file_rewritten_between_two_readers_is_two_contents(project: Project) -> None:
    job = project.shell("echo first > x; sleep 0.1; cat x > a; sleep 0.5; echo second > x; sleep 0.1; cat x > b")
    cats = [step for step in job["steps"] if step["argv"][0] == "cat"]
    assert [project.files(step["used"]) for step in cats] == [{"x": digest(b"first\n")}, {"x": digest(b"second\n")}]
    assert project.files(job["inputs"]) == {}
    assert project.files(job["outputs"]) == project.contents(a="first\n", b="second\n", x="second\n")


def test_appending_uses_what_was_there(project: Project) -> None:
    project.write({"log": "one\n"})
    job = project.shell("echo two >> log")
    (used,) = job["inputs"]
    assert project.relative(used["path"]) == "log"
    assert (used["status"], used["hash"]) in (("changed", None), ("hashed", digest(b"one\n")))
    assert project.files(job["outputs"]) == {"log": digest(b"one\ntwo\n")}


NAMES = [
    b"new\nline", b'quo"te', b"it's", b"back\\slash", b"tab\t", b"bell\x07\x1b[31mred\x1b[0m", b"<unfinished ...>", b") = 3",
    b"<0.000012>", b"+++ exited with 0 +++", b"--- SIGTERM {si_signo=SIGTERM} ---", b"\xff\xfe not utf-8",
    "gr\u00fc\u00dfe \u2603".encode(), b"[bold]markup[bold]", b"[@click=app.quit]x", b"a" * 255, b" leading and trailing ", b"-rf",
    b"octal\\303\\251", b"<p>", b"3<etc>", b"(deleted)", b"x (deleted)", b"\x01\x02\x7f", b"\xc2\x9b31m", b"\xe2\x80\xae rtl",
]  # fmt: skip


def test_any_name_that_a_file_can_have(project: Project) -> None:
    """Read and written names are exactly those, in JSON, in what is printed, and for a program that reads it."""
    for number, name in enumerate(NAMES):
        with open(os.path.join(os.fsencode(project.root), b"in-" + name[:250]), "wb") as file:
            file.write(b"%d" % number)
    code = "import os\nfor n in os.listdir(b'.'): open(b'out' + n[2:], 'wb').write(open(n, 'rb').read())"
    job = project.python(code)
    expected = {os.fsdecode(b"in-" + name[:250]): digest(b"%d" % n) for n, name in enumerate(NAMES)}
    assert project.files(job["inputs"]) == expected
    assert project.files(job["outputs"]) == {"out" + name[2:]: found for name, found in expected.items()}
    for command in (["show", "@"], ["artifacts"], ["upstream", "@"], ["upstream", "@", "--expand"], ["jobs"], ["downstream", "@"]):
        printed = project.call(*command)
        assert printed.returncode == 0, printed.stderr
        assert not {"\x1b", "\x07", "\x01", "\x7f", "\x9b", "\u202e"} & set(printed.stdout)
    walk = project.json("upstream", "@", "--expand")
    named = {path for node in walk["nodes"] if node["kind"] == "artifact" for path in node["paths"]}
    assert {project.relative(path) for path in named} == expected.keys()


def test_names_of_commands_too(project: Project) -> None:
    arguments = [os.fsdecode(name) for name in NAMES]
    job = project.record("true", *arguments)
    assert job["command"] == ["true", *arguments]
    assert job["steps"][0]["argv"] == ["true", *arguments]


SWAPPED = """
import os, subprocess
for n in range(12):
    os.mkdir('new'); open('new/x', 'w').write(f'new {n}')
    script = 'mv d old-$n; mv new d; cat d/x > seen-$n; rm d/x old-$n/x; rmdir d; mkdir d; echo next $n > d/x'
    subprocess.run(['bash', '-c', script.replace('$n', str(n))])
"""


def test_what_was_held_open_never_stands_for_what_took_its_place(project: Project) -> None:
    """Each command names d/x, which is another file by the time it is read, and both are removed at once."""
    project.write({"d/x": "first"})
    job = project.python(SWAPPED)
    seen = 0
    for step in job["steps"]:
        if step["argv"][0] == "cat":
            made = project.relative(step["generated"][0]["path"])
            truth = digest((project.root / made).read_bytes())
            assert [a["hash"] for a in step["used"] if a["hash"] not in (None, truth)] == []
            seen += 1
    assert seen == 12
