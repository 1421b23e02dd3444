# ruff: noqa: E501 -- a table: one case, one line
"""Every way of touching a file: the inputs and outputs of a job are what its programs really read and wrote, with their digests."""

from __future__ import annotations

import shutil
import subprocess
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
    perhaps: tuple[str, ...] = ()  # inputs that the job changes at once: their digest is the truth or unknown
    before: str = ""  # what a shell does in the project before the job


def sh(script: str) -> list[str]:
    return ["bash", "-c", script]


def py(code: str) -> list[str]:
    return [PYTHON, "-c", code]


SYSCALL = "import ctypes, os; call = ctypes.CDLL(None, use_errno=True).syscall; "
OWN_REPOSITORY = "git init -q o; cd o; git config user.email a@b; git config user.name n; echo alpha > f; git add f; git commit -qm 1; echo beta > f; git commit -qam 2"
DATABASE = "sqlite3 d.db 'create table t(x); insert into t values(1)'"
ANY = ""  # in outputs: whatever is on disk


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
    # opens
    Case("reads and truncates", py("import os; os.open('a', os.O_RDONLY | os.O_TRUNC)"), {}, {"a": ANY}),
    Case("creates for reading", py("import os; os.open('c', os.O_RDONLY | os.O_CREAT)"), {}, {"c": ANY}),
    Case("path, then content", py("import os; p = os.open('a', os.O_PATH); open('c', 'wb').write(os.read(os.open(f'/proc/self/fd/{p}', 0), 9))"), {"a": A}, {"c": A}),
    Case("below a path only", py("import os; d = os.open('s', os.O_PATH); o = os.open('y', os.O_WRONLY | os.O_CREAT, dir_fd=d); os.write(o, os.read(os.open('x', 0, dir_fd=d), 9))"), {"s/x": A}, {"s/y": A}, {"s/x": A}),
    Case("open for both, written later", py("import os, time; f = os.open('a', os.O_RDWR); time.sleep(0.5); os.write(f, b'omega')"), {"a": A}, {"a": "omega\n"}, perhaps=("a",)),
    Case("opened, then cut to nothing", ["sort", "a", "-o", "b"], {"a": A}, {"b": A}),
    Case("append nothing", py("open('a', 'a').close()")),
    Case("append to what is empty", py("import time; f = open('e', 'a'); time.sleep(0.5); f.write('alpha\\n')"), {}, {"e": A}, {"e": ""}),
    Case("append", sh("cat b >> a"), {"a": A, "b": B}, {"a": A + B}, perhaps=("a",)),
    Case("tee -a", sh("cat b | tee -a a > c"), {"a": A, "b": B}, {"a": A + B, "c": B}, perhaps=("a",)),
    Case("nameless, linked by its descriptor", py(SYSCALL + "d = os.open('.', os.O_TMPFILE | os.O_RDWR); os.write(d, b'alpha\\n'); assert call(265, d, b'', -100, b'c', 0x1000) == 0"), {}, {"c": A}),
    Case("nameless, linked by a duplicate", py("import os; d = os.open('.', os.O_TMPFILE | os.O_RDWR); os.write(d, b'alpha\\n'); e = os.dup(d); os.close(d); os.link(f'/proc/self/fd/{e}', 'c', src_dir_fd=os.open('.', 0))"), {}, {"c": A}),
    Case("nameless, linked by its process", py("import os; d = os.open('.', os.O_TMPFILE | os.O_RDWR); os.write(d, b'alpha\\n'); os.link(f'/proc/{os.getpid()}/fd/{d}', 'c', src_dir_fd=os.open('.', 0))"), {}, {"c": A}),
    Case("nameless, left so", py("import tempfile; f = tempfile.TemporaryFile(dir='.'); f.write(b'alpha'); f.flush()")),
    Case("linked by its descriptor", py("import os; d = os.open('a', 0); os.link(f'/proc/self/fd/{d}', 'c', src_dir_fd=os.open('.', 0))"), {"a": A}, {"c": A}, perhaps=("a",)),
    Case("cut by its descriptor", py("import os; f = os.open('a', os.O_RDWR); os.truncate(f'/proc/self/fd/{f}', 2)"), {"a": A}, {"a": "al"}, perhaps=("a",)),
    Case("made by mknod", py("import os; os.mknod('c')"), {}, {"c": ANY}),
    Case("through the working directory in /proc", sh("cat /proc/self/cwd/a > c; mv /proc/self/cwd/c /proc/self/cwd/d"), {"a": A}, {"d": A}),
    # mapped
    Case("mapped and changed", py("import mmap; f = open('a', 'r+b'); m = mmap.mmap(f.fileno(), 0); m[0:1] = b'A'; m.close()"), {"a": A}, {"a": "Alpha\n"}, perhaps=("a",)),
    Case("mapped and left", py("import mmap; f = open('a', 'r+b'); mmap.mmap(f.fileno(), 0)[0:1]"), {"a": A}),
    # programs
    Case("dd into", ["dd", "if=a", "of=b", "conv=notrunc", "seek=1", "bs=2", "status=none"], {"a": A, "b": B}, {"b": "bealpha\n"}, perhaps=("b",)),
    Case("copy over", ["cp", "a", "b"], {"a": A}, {"b": A}),
    Case("copy with a backup", ["cp", "-b", "a", "b"], {"a": A, "b": B}, {"b": A, "b~": B}),
    Case("copy a tree", ["cp", "-a", "s", "t"], {"s/x": A, "s/u/y": B}, {"t/x": A, "t/u/y": B}, {"s/x": A, "s/u/y": B}),
    Case("move between file systems", sh("mv a /dev/shm/roar-tui-$$; mv /dev/shm/roar-tui-$$ c"), {"a": A}, {"c": A}, perhaps=("a",)),
    Case("gzip in place", ["gzip", "a"], {"a": A}, {"a.gz": ANY}, perhaps=("a",)),
    Case("tar czf", sh("tar czf t.tgz a b; mkdir x; tar xzf t.tgz -C x"), {"a": A, "b": B}, {"t.tgz": ANY, "x/a": A, "x/b": B}),
    Case("zip", sh("zip -q z.zip a; mkdir x; unzip -q z.zip -d x"), {"a": A}, {"z.zip": ANY, "x/a": A}, needs="zip"),
    Case("sed -i", ["sed", "-i", "s/a/A/", "a"], {"a": A}, {"a": "Alpha\n"}, perhaps=("a",)),
    Case("patch", sh("patch -s a < p"), {"a": A, "p": "1c1\n< alpha\n---\n> omega\n"}, {"a": "omega\n"}, {"a": A, "p": "1c1\n< alpha\n---\n> omega\n"}, needs="patch", perhaps=("a",)),
    Case("split and csplit", sh("split -l 1 a; csplit -s a 2"), {"a": "1\n2\n"}, {"xaa": "1\n", "xab": "2\n", "xx00": "1\n", "xx01": "2\n"}, {"a": "1\n2\n"}),
    Case("sort into itself", ["sort", "-o", "a", "a"], {"a": "2\n1\n"}, {"a": "1\n2\n"}, {"a": "2\n1\n"}, perhaps=("a",)),
    Case("rsync again", ["rsync", "-a", "s/", "t/"], {}, {}, {"s/x": A}, needs="rsync", before="cp -a s t"),
    Case("git checkout of another commit", sh("cd o; git checkout -q HEAD~1"), {}, {"o/f": A}, needs="git", before=OWN_REPOSITORY + "; sleep 1.1; git status > /dev/null"),
    Case("database left alone", sh("sqlite3 d.db 'select x from t' > c; sqlite3 d.db 'select x from t' > d"), {"d.db": ANY}, {"c": "1\n", "d": "1\n"}, needs="sqlite3", before=DATABASE),
    Case("database written, then read", sh("sqlite3 d.db 'insert into t values(2)'; sleep 0.2; sqlite3 d.db 'select count(*) from t' > c"), {"d.db": ANY}, {"d.db": ANY, "c": "2\n"}, needs="sqlite3", before=DATABASE, perhaps=("d.db",)),
    Case("database with a log ahead", sh("sqlite3 d.db 'pragma journal_mode=wal; create table t(x); insert into t values(1)' > c"), {}, {"d.db": ANY, "c": "wal\n"}, needs="sqlite3"),
    Case("standard library", py("import pathlib, shutil, tempfile; shutil.copy2('a', 'c'); pathlib.Path('c').replace('d'); shutil.move('d', 'e')\nwith tempfile.TemporaryDirectory(dir='.') as t: shutil.copy('e', t); shutil.copy(t + '/e', 'f')"), {"a": A}, {"e": A, "f": A}),
    # names
    Case("replaced atomically", py("import os; open('t', 'w').write(open('a').read() * 2); os.replace('t', 'a')"), {"a": A}, {"a": A + A}, perhaps=("a",)),
    Case("an editor saves", sh("cp -p a a~; echo omega > n; mv n a"), {"a": A}, {"a": "omega\n", "a~": A}, perhaps=("a",)),
    Case("own files renamed in a circle", sh("cp a x; mv x y; mv y z; mv z x"), {"a": A}, {"x": A}),
    Case("exchanged", py(SYSCALL + "assert call(316, -100, b'a', -100, b'b', 2) == 0"), {"a": A, "b": B}, {"a": B, "b": A}, perhaps=("a", "b")),
    Case("own exchanged for another", py(SYSCALL + "open('x', 'w').write('own'); assert call(316, -100, b'x', -100, b'a', 2) == 0"), {"a": A}, {"x": A, "a": "own"}, perhaps=("a",)),
    Case("own directories exchanged", py(SYSCALL + "os.mkdir('d'); os.mkdir('e'); open('d/x', 'w').write('1'); open('e/y', 'w').write('2'); assert call(316, -100, b'd', -100, b'e', 2) == 0"), {}, {"e/x": "1", "d/y": "2"}),
    Case("written by one hard link, read by another", sh("echo omega > a; sleep 0.3; cat h > c"), {}, {"a": "omega\n", "h": "omega\n", "c": "omega\n"}, {"a": A}, before="ln a h"),
    Case("read by one hard link, written by another, read again", sh("cat h > c; sleep 0.3; echo omega > a; sleep 0.3; cat h > d"), {"h": A}, {"a": "omega\n", "h": "omega\n", "c": A, "d": "omega\n"}, {"a": A}, before="ln a h"),
    Case("created through a dangling link", sh("echo alpha > l"), {}, {"t": A}, {}, before="ln -s t l"),
    Case("a link led elsewhere", sh("cat l > c; ln -sfn b l; cat l > d"), {"a": A, "b": B}, {"c": A, "d": B}, before="ln -s a l"),
    Case("a linked directory led elsewhere", sh("cat l/x > l/o; ln -sfn e l; cat l/x > l/o; mv l/o l/p"), {"d/x": A, "e/x": B}, {"d/o": A, "e/p": B}, {"d/x": A, "e/x": B}, before="ln -s d l"),
    Case("replaced by a directory", sh("cat a > c; rm a; mkdir a; cp b a/x"), {"a": A, "b": B}, {"c": A, "a/x": B}, perhaps=("a",)),
    Case("the working directory renamed", sh("mkdir d; cd d; mv ../d ../e; cp ../a x; mv x y"), {"a": A}, {"e/y": A}),
    Case("executed from memory", py("import os; f = os.memfd_create('m'); os.write(f, open('/bin/cp', 'rb').read()); os.execve(f, ['cp', 'a', 'c'], os.environ)"), {"a": A}, {"c": A}),
    Case("the same bytes written again", sh("sort a > c; sort c > d; cat d > c"), {"a": A}, {"c": A, "d": A}),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_inputs_and_outputs_are_the_truth(project: Project, case: Case) -> None:
    if case.needs and not shutil.which(case.needs):
        pytest.skip(f"{case.needs} is not installed")
    project.write(case.files)
    subprocess.run(["bash", "-ec", case.before], cwd=project.root, check=True)
    there = {name: (project.root / name).read_bytes() if (project.root / name).is_file() else b"" for name in case.inputs}
    assert all(there[name] == content.encode() for name, content in case.inputs.items() if content != ANY)
    job = project.record(*case.command)
    read = project.files(job["inputs"])
    assert read.keys() == case.inputs.keys()
    assert {name for name, found in read.items() if found is None} <= set(case.perhaps)
    assert not {name for name, found in read.items() if found not in (None, digest(there[name]))}
    # an output whose bytes the case does not know must be what is on disk
    on_disk = {name: content.encode() or (project.root / name).read_bytes() for name, content in case.outputs.items()}
    assert project.files(job["outputs"]) == {name: digest(content) for name, content in on_disk.items()}
    assert job["state"] == "complete"
    assert {a["status"] for a in job["inputs"] if a["hash"] is None} <= {"changed", "missing"}
    assert {a["status"] for a in job["outputs"]} <= {"hashed"}
