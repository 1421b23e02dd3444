"""What the real strace prints of nastily named files reads back as those names."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tracer.syntax import Call, Event, Exited, Killed, Reader, Superseded, Unparsed, array, descriptor, string

STRACE = shutil.which("strace")

NAMES = [
    b"<unfinished ...>",
    b") = 3",
    b") = -1 ENOENT (No such file or directory)",
    b"+++ exited with 0 +++",
    b"<... openat resumed>) = 0",
    b'say "hi", it\'s \\o\\',
    b"line\nbreak\r\ttab\v\f",
    b"\x1b[31mred\x1b[0m",
    b"\x01\x0012".replace(b"\0", b"\x02"),
    b"latin \xe9, utf-8 \xc3\xa9, neither \xff\xfe",
    b"<a><b>(deleted) (deleted)",
    b"/* comment */".replace(b"/", b"*"),
    bytes(byte for byte in range(1, 128) if byte != 47),
    bytes(range(128, 256)),
]

# Two processes at once, in a directory of a nasty name, so that calls are cut in halves too.
SCRIPT = """
import os, sys
names = [os.fsencode(name) for name in sys.argv[2:]]
os.mkdir(names[0])
os.chdir(names[0])
for process in b"ab":
    if not os.fork():
        for _ in range(int(sys.argv[1])):
            for name in names:
                name = name[:-1] + bytes([process])
                os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
                os.rename(name, name + b" 2")
                os.unlink(name + b" 2")
        os._exit(process - 97)
os.wait(), os.wait()
"""


def trace(tmp_path: Path, *command: str) -> list[Event]:
    if STRACE is None:
        pytest.skip("no strace here")
    log = tmp_path / "log"
    calls = "openat,rename,unlink,mkdir,chdir,execve,clone,clone3,fork,vfork,exit_group"
    options = ["-f", "-y", "-ttt", "-q", "-s", "1000000", "-e", f"trace={calls}", "-o", str(log)]
    probe = subprocess.run([STRACE, *options, "true"], cwd=tmp_path, capture_output=True, check=False)
    if probe.returncode:
        pytest.skip("tracing is not allowed here")
    subprocess.run([STRACE, *options, *command], cwd=tmp_path, check=False)
    reader = Reader()
    lines = log.read_bytes().decode("latin-1").split("\n")
    events = [event for line in lines if (event := reader.read(line)) is not None]
    assert not [event for event in events if isinstance(event, Unparsed)]
    assert not reader.close()
    return events


def test_names_read_back_exactly(tmp_path: Path) -> None:
    rounds = 5
    names = [os.fsdecode(name) for name in NAMES]
    events = trace(tmp_path, sys.executable, "-I", "-S", "-c", SCRIPT, str(rounds), *names)
    calls = [event for event in events if isinstance(event, Call)]
    argv = [[string(item)[0] for item in array(call.args[1])[0]] for call in calls if call.name == "execve" and call.value == 0]
    assert any(words[-len(names) :] == names for words in argv)

    directory = os.path.realpath(tmp_path) + "/" + names[0]
    expected = sorted(os.fsdecode(name[:-1] + end) for name in NAMES for end in (b"a", b"b")) * 1
    created = [call for call in calls if call.name == "openat" and "O_TRUNC" in call.args[2] and call.value is not None]
    made = [call for call in created if descriptor(call.args[0]).path == directory]
    assert sorted({string(call.args[1])[0] for call in made}) == expected
    assert len(made) == len(expected) * rounds
    assert all(call.path == directory + "/" + string(call.args[1])[0] for call in made)
    assert sorted({string(call.args[0])[0] for call in calls if call.name == "unlink"}) == [name + " 2" for name in expected]
    renamed = {(string(call.args[0])[0], string(call.args[1])[0]) for call in calls if call.name == "rename"}
    assert sorted(renamed) == [(name, name + " 2") for name in expected]
    assert all(call.started <= call.time for call in calls)
    assert sorted(event.code for event in events if isinstance(event, Exited)) == [0, 0, 1]


def test_a_killed_process_and_a_thread_that_execs(tmp_path: Path) -> None:
    script = (
        "import os, threading, time\n"
        "child = os.fork()\n"
        "if not child: os.kill(os.getpid(), 9)\n"
        "os.wait()\n"
        "threading.Thread(target=lambda: os.execv('/bin/sh', ['sh', '-c', ':'])).start()\n"
        "time.sleep(60)\n"
    )
    events = trace(tmp_path, sys.executable, "-I", "-S", "-c", script)
    killed = [event for event in events if isinstance(event, Killed)]
    assert [(event.signal, event.number) for event in killed] == [("SIGKILL", 9)]
    (superseded,) = [event for event in events if isinstance(event, Superseded)]
    execs = [
        call for call in events if isinstance(call, Call) and call.name == "execve" and "'/bin/sh'" in repr(string(call.args[0])[0])
    ]
    assert [(call.pid, call.value, call.error) for call in execs] == [(superseded.pid, 0, None)]
    assert superseded.by != superseded.pid


OPTIONS = [
    "-f",
    "-f -t",
    "-f -tt -T -i -n",
    "-f -ttt -y -q",
    "-f -r -yy",
    "-f -r -tt -Y -yy",
    "-f -x -v -s 1000",
    "-f -xx -y",
    "-f -X verbose",
    "-f -k",
    "-f -z",
    "-f -e read=all -e write=all",
]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("place", ["file", "stderr"])
def test_every_way_of_printing_tells_the_same(options: str, place: str, tmp_path: Path) -> None:
    if STRACE is None:
        pytest.skip("no strace here")
    (tmp_path / "f, 1").write_text("one\n")
    (tmp_path / "g\n2").write_text("two\n")
    script = "read x < 'f, 1'; (read y < 'g\n2') & read z < 'f, 1'; wait; exit 3"
    trace = ["-o", "log"] if place == "file" else []
    done = subprocess.run([STRACE, *options.split(), *trace, "sh", "-c", script], cwd=tmp_path, capture_output=True, check=False)
    if done.returncode != 3:
        pytest.skip(f"this strace cannot do {options}")
    log = (tmp_path / "log").read_bytes() if place == "file" else done.stderr
    reader = Reader()
    events = [event for line in log.decode("latin-1").split("\n") if (event := reader.read(line)) is not None]
    assert not [event for event in events if isinstance(event, Unparsed)]
    assert not reader.close()
    calls = [event for event in events if isinstance(event, Call)]
    opened = [call for call in calls if call.name in ("open", "openat") and call.value is not None and call.value >= 0]
    names = [(string(next(raw for raw in call.args if raw.startswith('"')))[0], call.pid) for call in opened]
    first = calls[0].pid
    (child,) = {call.pid for call in calls} - {first}
    assert names.count(("f, 1", first)) == 2
    assert names.count(("g\n2", child)) == 1
    assert child in {call.value for call in calls if call.name in ("clone", "clone3", "fork", "vfork")}
    assert sorted((event.pid == first, event.code) for event in events if isinstance(event, Exited)) == [(False, 0), (True, 3)]
