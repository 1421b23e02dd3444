"""Which strace is used, what its version can do, and that a real one understands the command line."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tracer.command import CALLS, HOW_TO_GET, VARIABLE, NoStrace, Strace, arguments, find


def fake(path: Path, answer: str) -> Path:
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{answer}\nEND\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("answer", "version"),
    [
        ("strace -- version 4.8", (4, 8)),
        ("strace -- version 5.10\nCopyright", (5, 10)),
        ("strace -- version 6.1", (6, 1)),
        ("strace -- version 6.8.0.26-8b2a-dirty", (6, 8)),
    ],
)
def test_the_version_is_asked(tmp_path: Path, answer: str, version: tuple[int, int]) -> None:
    path = fake(tmp_path / "strace", answer)
    assert find({"PATH": str(tmp_path) + ":/usr/bin:/bin"}) == Strace(str(path), version)


def test_the_variable_names_another_one(tmp_path: Path) -> None:
    other = fake(tmp_path / "mine", "strace -- version 6.9")
    assert find({"PATH": "/usr/bin:/bin", VARIABLE: str(other)}).path == str(other)


def test_why_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(NoStrace, match="no strace on PATH"):
        find({"PATH": str(tmp_path)})
    with pytest.raises(NoStrace, match=f"{VARIABLE}=/nowhere is not an executable file"):
        find({"PATH": "/usr/bin:/bin", VARIABLE: "/nowhere"})
    with pytest.raises(NoStrace, match="does not answer -V"):
        find({"PATH": "/usr/bin:/bin", VARIABLE: str(fake(tmp_path / "x", "busybox"))})
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x7fELF")
    broken.chmod(0o755)
    with pytest.raises(NoStrace, match="cannot be started"):
        find({"PATH": "/usr/bin:/bin", VARIABLE: str(broken)})
    assert VARIABLE in HOW_TO_GET


@pytest.mark.parametrize(
    ("version", "seccomp", "daemonize", "question", "separator"),
    [
        ((4, 6), False, False, False, False),
        ((4, 17), False, False, True, True),
        ((5, 3), True, False, True, True),
        ((5, 6), True, True, True, True),
    ],
)
def test_options_by_version(version: tuple[int, int], seccomp: bool, daemonize: bool, question: bool, separator: bool) -> None:
    argv = arguments(Strace("/usr/bin/strace", version), "/tmp/spool", ["prog", "-f", "x y"])
    assert ("--seccomp-bpf" in argv, "-DDD" in argv, "-D" in argv) == (seccomp, daemonize, not daemonize)
    traced = argv[argv.index("-e") + 1]
    assert ("?openat" in traced, ",openat2," in traced) == (question, False)
    assert ("--" in argv) == separator
    assert argv[-3:] == ["prog", "-f", "x y"]
    assert argv[argv.index("-o") + 1] == "/tmp/spool"


@pytest.mark.parametrize(
    ("version", "unknown"),
    [
        ((4, 6), {"open_by_handle_at", "setns", "renameat2", "execveat", "io_uring_setup", "clone3", "openat2"}),
        ((4, 9), {"execveat", "io_uring_setup", "clone3", "openat2"}),
        ((4, 11), {"io_uring_setup", "clone3", "openat2"}),  # mv renames by renameat2
        ((4, 17), set()),
    ],
)
def test_a_strace_that_refuses_unknown_calls_is_asked_for_all_that_it_knows(version: tuple[int, int], unknown: set[str]) -> None:
    argv = arguments(Strace("/usr/bin/strace", version), "/tmp/spool", ["prog"])
    traced = argv[argv.index("-e") + 1].removeprefix("trace=").split(",")
    assert set(CALLS) - {call.removeprefix("?") for call in traced} == unknown


def test_the_environment_is_never_printed() -> None:
    for version in ((4, 6), (6, 1)):
        argv = arguments(Strace("strace", version), "spool", ["true"])
        own = argv[: argv.index("true")]
        assert not {"-v", "--no-abbrev", "-E"} & set(own)
        assert not any("abbrev" in word or "verbose" in word for word in own)


def test_what_costs_a_stop_for_every_piece_of_data_is_not_traced() -> None:
    assert not {"read", "write", "close", "mmap", "stat", "fstat", "newfstatat", "statx", "lseek"} & set(CALLS)
    assert len(CALLS) == len(set(CALLS))


def test_the_real_strace_takes_it(strace: str, tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    argv = arguments(find({**os.environ, VARIABLE: strace}), str(spool), ["sh", "-c", 'exit "$1"', "sh", "7"])
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (7, "", "")
    text = spool.read_text("latin-1")
    assert '["sh", "-c", "exit \\"$1\\"", "sh", "7"]' in text
    assert "+++ exited with 7 +++" in text
