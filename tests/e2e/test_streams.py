# ruff: noqa: E501 -- a table: one case, one line
"""Redirections, pipes, FIFOs, substitutions and scripts: which file each program reads and writes, and what each output is made of."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.e2e.project import PYTHON, Project, digest

FILES = {"a": "alpha 2\nalpha 1\n", "b": "beta 2\nbeta 1\n"}
Sources = dict[str, str]  # output -> the files that it is made of, one letter each


def sources(project: Project, path: str) -> set[str]:
    """The files of known content that `path` is made of, all the way up."""
    walk = project.json("upstream", f"./{path}", "--expand")
    own = digest((project.root / path).read_bytes())
    return {project.relative(n["paths"][0]) for n in walk["nodes"] if n["kind"] == "artifact" and n["hash"] not in (own, None)}


@pytest.mark.parametrize(
    ("script", "made"),
    [
        pytest.param("exec 3> x 4< a; sort <&4 >&3", {"x": "a"}, id="descriptors above 2"),
        pytest.param("sort 0<> a > x", {"x": "a"}, id="opened both ways, only read"),
        pytest.param("{ sort a; rev b >&3; } > x 3> y", {"x": "a", "y": "b"}, id="two outputs of a group"),
        pytest.param("(rev a 3>&1 1>&2 2>&3) 2> x", {"x": "a"}, id="stdout and stderr exchanged"),
        pytest.param("(rev a >&2) 2>&1 > /dev/null | tac > x", {"x": "a"}, id="a pipe of stderr"),
        pytest.param("while read line; do rev $line > $line.out; done < list", {"a.out": "a list", "b.out": "b list"}, id="a loop over a list"),
        pytest.param("while read line; do echo $line $line; done < a > x", {"x": "a"}, id="a loop that writes"),
        pytest.param("echo \"$(tac a)\" > x", {"x": "a"}, id="command substitution"),
        pytest.param("rev > x <<END\n$(tac a)\nEND", {"x": "a"}, id="here-document"),
        pytest.param("rev <<< \"$(tac a)\" > x", {"x": "a"}, id="here-string"),
        pytest.param("paste <(tac a) <(rev b) > x", {"x": "a b"}, id="process substitution"),
        pytest.param("tac a | tee >(rev > y) | sort > x; while [ ! -s y ]; do sleep 0.05; done", {"x": "a", "y": "a"}, id="substitution to write to"),
        pytest.param("printf 'a\\nb\\n' | xargs -P2 -I{} sort {} -o {}.out", {"a.out": "a", "b.out": "b"}, id="xargs -P"),
        pytest.param("find . -name '[ab]' -exec sort {} -o {}.out \\;", {"a.out": "a", "b.out": "b"}, id="find -exec"),
        pytest.param("mkfifo f; tac a > f & rev f > x; wait", {"x": "a"}, id="a FIFO"),
        pytest.param("tac a > fifo & rev < fifo > x; wait", {"x": "a"}, id="a FIFO that was there before"),
        pytest.param("mkfifo f; exec 5<> f; tac a >&5 & head -1 <&5 > x; wait", {"x": "a"}, id="a FIFO opened both ways"),
        pytest.param("coproc { rev; }; n=${COPROC[0]} w=${COPROC[1]}; tac a >&$w; exec {w}>&-; cat <&$n > x", {"x": "a"}, id="a coprocess"),
        pytest.param("exec > x; sort a; sort b", {"x": "a b"}, id="exec > in a script"),
        pytest.param("exec < a; read line; echo $line > x", {"x": "a"}, id="exec < and a builtin"),
        pytest.param("(sort a) | (rev | (tac | cat)) > x", {"x": "a"}, id="subshells in a pipeline"),
        pytest.param("nohup nice timeout 60 env -i setsid -w sort a > x 2> /dev/null", {"x": "a"}, id="a chain of wrappers"),
        pytest.param("sort a > x; sleep 0.3; tail -n 0 a >> x", {"x": "a"}, id="an append that writes nothing"),
        pytest.param("cd /; cd \"$OLDPWD\"; mkdir d; cd d; (cd ..; sort a > x); rev ../b > y", {"x": "a", "d/y": "b"}, id="a subshell elsewhere"),
    ],
)  # fmt: skip
def test_what_an_output_is_made_of(project: Project, script: str, made: Sources) -> None:
    project.write({**FILES, "list": "a\nb\n"})
    os.mkfifo(project.root / "fifo")
    job = project.shell(script)
    read = {name for names in made.values() for name in names.split()}
    assert project.files(job["inputs"]) == {name: digest((project.root / name).read_bytes()) for name in read}
    assert project.files(job["outputs"]) == {name: digest((project.root / name).read_bytes()) for name in made}
    assert {output: sources(project, output) for output in made} == {output: set(names.split()) for output, names in made.items()}


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("import os; os.system('sort a > x')", id="os.system"),
        pytest.param("import subprocess as s; s.run('rev < a | sort > x', shell=True)", id="shell=True"),
        pytest.param("import subprocess as s; open('x', 'wb').write(s.run(['sort'], input=open('a', 'rb').read(), stdout=-1).stdout)", id="through both pipes"),
        pytest.param("import subprocess as s; f = open('a'); s.run(['sh', '-c', f'sort <&{f.fileno()} > x'], pass_fds=[f.fileno()])", id="pass_fds"),
        pytest.param(
            "import os; os.posix_spawn('/usr/bin/sort', ['sort'], os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 0, 'a', os.O_RDONLY, 0),"
            "(os.POSIX_SPAWN_OPEN, 1, 'x', os.O_WRONLY | os.O_CREAT, 0o644)]); os.wait()", id="posix_spawn with file actions",
        ),
        pytest.param("import socket, subprocess as s; l, r = socket.socketpair(); s.run(['sort', 'a'], stdout=l); open('x', 'wb').write(r.recv(99))", id="a socketpair"),
        pytest.param("import os, threading as t; u = t.Thread(target=lambda: os.execvp('sort', ['sort', 'a', '-o', 'x'])); u.start(); u.join()", id="exec from a thread"),
    ],
)  # fmt: skip
def test_what_python_hands_its_children(project: Project, code: str) -> None:
    project.write(FILES)
    job = project.python(code)
    assert project.files(job["inputs"]) == {"a": digest(FILES["a"].encode())}
    assert project.files(job["outputs"]).keys() == {"x"}
    assert sources(project, "x") == {"a"}


def test_an_append_that_writes_nothing_reads_nothing(project: Project) -> None:
    project.write({**FILES, "log": "before\n"})
    with (project.root / "log").open("a") as log:
        subprocess.run(project.command("run", "--", "sort", "a", "-o", "x"), stdout=log, cwd=project.root, env=project.environ, check=True)
    assert project.files(project.show("@")["inputs"]).keys() == {"a"}
    job = project.python("open('log', 'a').close(); open('a').read()")
    assert (project.files(job["inputs"]).keys(), job["outputs"]) == ({"a"}, [])


def test_a_file_that_is_appended_to_and_read_is_an_input(project: Project) -> None:
    project.write(FILES)
    job = project.python("f = open('a', 'a'); open('x', 'w').write(open('a').read() * 2)")
    assert project.files(job["inputs"]) == {"a": digest(FILES["a"].encode())}
    assert project.files(job["outputs"]).keys() == {"x"}


def test_what_one_command_appends_to_its_callers_file_is_data(project: Project) -> None:
    project.write(FILES)
    for number in (1, 2):
        with (project.root / "all").open("a") as out:
            subprocess.run(project.command("run", "sort", "a"), stdout=out, cwd=project.root, env=project.environ, check=True)
        (output,) = project.show("@")["outputs"]
        assert (output["role"], project.relative(output["path"])) == ("data", "all"), number


def test_appends_of_several_steps_with_their_errors_are_a_log(project: Project) -> None:
    project.write(FILES)
    job = project.shell("sort a -o x &>> run; rev b 2>> run > y; cat nothing &>> run; cat nothing &>> run; true")
    assert {project.relative(a["path"]): a["role"] for a in job["outputs"]} == {"x": "data", "y": "data", "run": "log"}
    assert sources(project, "y") == {"b"}


@pytest.mark.parametrize("stdin", ["file", "pipe"])
def test_the_standard_input_of_the_run_itself(project: Project, stdin: str) -> None:
    project.write(FILES)
    with (project.root / "a").open() as file:
        given = file if stdin == "file" else subprocess.Popen(["cat", "a"], stdout=subprocess.PIPE, cwd=project.root).stdout
        assert given is not None
        job = project.shell("rev > x", stdin=given)
        given.close()
    assert project.files(job["inputs"]).keys() == ({"a"} if stdin == "file" else set())
    assert project.files(job["outputs"]) == {"x": digest((project.root / "x").read_bytes())}


def test_a_standard_input_that_nobody_reads_is_no_input(project: Project) -> None:
    project.write(FILES)
    for script, read in (("sort b > x", {"b"}), ("sort b > x; head -c 1 > y", {"a", "b"}), ("sort b /dev/stdin > x", {"a", "b"})):
        with (project.root / "a").open() as given:
            assert project.files(project.shell(script, stdin=given)["inputs"]).keys() == read


SCRIPT = "open('x', 'w').write(open('a').read() * 2)\n"


@pytest.mark.parametrize(
    ("files", "command", "code"),
    [
        pytest.param({"s": f"#!/usr/bin/env -S {PYTHON} -u\n{SCRIPT}"}, "./s", "s", id="env -S"),
        pytest.param({"s": "#!./i one\n", "i": "#!/bin/bash\nsort a > x\n"}, "./s", "s i", id="an interpreter that is a script"),
        pytest.param({"s": "sort a > x\n"}, "./s", "s", id="no first line, from bash"),
        pytest.param({"s": "#!/bin/sh\n./t | rev > x\n", "t": "#!/bin/bash\n. ./u.sh\nf\n", "u.sh": "f() { sort a; }\n"}, "./s", "s t u.sh", id="scripts in scripts"),
        pytest.param({"s": "sort a > x\n"}, "bash < s", "", id="a script as standard input"),
    ],
)  # fmt: skip
def test_scripts_are_code(project: Project, files: dict[str, str], command: str, code: str) -> None:
    project.write({**FILES, **files})
    for name in files:
        (project.root / name).chmod(0o755)
    job = project.shell(command)
    roles = {project.relative(a["path"]): a["role"] for a in job["inputs"]}
    assert roles.keys() == {"a", *files}
    assert {name for name, role in roles.items() if role == "code"} == set(code.split())
    assert "a" in sources(project, "x")


ROTATED = (
    "import os, sys, time\nopen('new', 'w').write(open('a').read() * 3); os.rename('new', 'checkpoint')\n"
    "while not os.path.exists('evaluated'): time.sleep(0.05)\n"
    "time.sleep(float(sys.argv[1])); os.remove('checkpoint'); open('last', 'w').write('last')"
)


def test_a_checkpoint_that_another_job_evaluates_is_rotated_away(project: Project) -> None:
    """Whether its digest is known before it goes depends on the machine's load, and what is read of it at once: in some run it is."""
    project.write(FILES)
    for patience in ("1", "4", "12"):
        for name in ("evaluated", "checkpoint", "last"):
            Path(project.root / name).unlink(missing_ok=True)
        train = subprocess.Popen(project.command("run", "--", PYTHON, "-c", ROTATED, patience), cwd=project.root, env=project.environ)
        try:
            project.shell("while [ ! -e checkpoint ]; do sleep 0.05; done; rev checkpoint > rev; cp rev evaluated")
            assert train.wait(60) == 0
        finally:
            train.kill()
        generated = next(job for job in project.json("jobs") if job["command"][-1] == patience)
        made = [a for step in project.show(generated["id"])["steps"] for a in step["generated"] if a["status"] == "removed"]
        (checkpoint,) = [a for a in made if project.relative(a["path"]) == "checkpoint"]
        found = sources(project, "evaluated")
        if checkpoint["hash"] is not None and "checkpoint" in found:
            break
    assert checkpoint["hash"] == digest(FILES["a"].encode() * 3)
    assert {"checkpoint", "a"} <= found
