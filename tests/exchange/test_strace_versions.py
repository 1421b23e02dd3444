"""Forms that other versions of strace print, and other options, as real ones printed them: what they say is read, and no more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from roar_tui.exchange.log import Log
from roar_tui.exchange.parcels import Part
from roar_tui.exchange.strace_logs import read_log
from roar_tui.record.model import Access, Exit, Record, Role

# strace 4.20 -f -y: `<` and `>` of names stand as they are, `(deleted)` inside; clone3 and openat2 have no names, only numbers.
OLD = """\
26871 execve("/usr/bin/python3", ["python3", "-S", "w.py"], [/* 35 vars */]) = 0
26871 openat(AT_FDCWD, "w.py", O_RDONLY) = 3</w/t/w.py>
26871 syscall_435(0x7ffdff77e4a0, 0x58, 0x7f1fa9ad4d60, 0, 0x7f1fa9ad5640, 0x7f1fa9ad5910) = 26872
26872 set_robust_list(0x7f1fa9ad5920, 24 <unfinished ...>
26871 close(3</w/t/w.py> <unfinished ...>
26872 <... set_robust_list resumed> )   = 0
26871 <... close resumed> )             = 0
26872 openat(AT_FDCWD, "in>1", O_RDONLY|O_CLOEXEC) = 3</w/t/in>1>
26872 read(3</w/t/in>1>, "1\\n", 4096)   = 2
26872 +++ exited with 0 +++
26871 openat(AT_FDCWD, "a<b", O_RDONLY|O_CLOEXEC) = 3</w/t/a<b>
26871 mkdir("<unfinished ...>", 0777)   = 0
26871 openat(AT_FDCWD, "<unfinished ...>/f", O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC, 0666) = 3</w/t/<unfinished ...>/f>
26871 openat(AT_FDCWD, "tmpf", O_RDWR|O_CREAT|O_TRUNC|O_CLOEXEC, 0666) = 3</w/t/tmpf>
26871 unlink("tmpf")                    = 0
26871 ftruncate(3</w/t/tmpf (deleted)>, 5) = 0
26871 openat(AT_FDCWD, "sub", O_RDONLY|O_CLOEXEC) = 4</w/t/sub>
26871 fchdir(4</w/t/sub>)               = 0
26871 openat(AT_FDCWD, "x", O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC, 0666) = 5</w/t/sub/x>
26871 openat(AT_FDCWD, "/proc/self/fd/3", O_RDONLY|O_CLOEXEC) = 5</w/t/tmpf (deleted)>
26871 syscall_437(0xffffff9c, 0x7f1fa9ad0000, 0x7ffdff77e4a0, 0x18, 0, 0) = 6
26871 exit_group(0)                     = ?
26871 +++ exited with 0 +++
"""

# Before 4.8, on stderr: messages of strace have no name before them and cut lines in two.
OLDER = """\
execve("/bin/sh", ["sh", "-c", "x"], [/* 20 vars */]) = 0
clone(Process 2635 attached
child_stack=0, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x7f8d2e6b99d0) = 2635
[pid  2634] wait4(-1, Process 2634 suspended
 <unfinished ...>
[pid  2635] open("/p/a", O_RDONLY|O_LARGEFILE) = 3
[pid  2635] exit_group(0)               = ?
Process 2634 resumed
Process 2635 detached
<... wait4 resumed> [{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL) = 2635
--- SIGCHLD (Child exited) @ 0 (0) ---
open("/p/b", O_RDWR|O_CREAT|O_TRUNC|O_LARGEFILE, 0666) = 3
_exit(3)                                = ?
Process 2634 detached
"""

# strace 6.19 -f on stderr, under another name: the child's first line comes before its parent's vfork( goes on.
VFORK = """\
execve("/bin/sh", ["sh", "-c", "x"], 0x7ffe /* 3 vars */) = 0
chdir("/w/t")                           = 0
vfork({0}: Process 13845 attached
 <unfinished ...>
[pid 13845] execve("/bin/cat", ["cat", "a"], 0x7ffe /* 3 vars */ <unfinished ...>
[pid 13823] <... vfork resumed>)        = 13845
[pid 13845] <... execve resumed>)       = 0
[pid 13845] openat(AT_FDCWD, "a", O_RDONLY) = 3
[pid 13823] wait4(-1,  <unfinished ...>
[pid 13845] +++ exited with 0 +++
<... wait4 resumed>[{{WIFEXITED(s) && WEXITSTATUS(s) == 0}}], 0, NULL) = 13845
vfork({0}: Process 13846 attached
)                                = 13846
[pid 13846] openat(AT_FDCWD, "b", O_RDONLY) = 3
[pid 13846] +++ exited with 0 +++
+++ exited with 0 +++
"""

# 5.13 and later: contexts of SELinux stand before the time and behind paths and descriptors.
CONTEXTS = """\
10 [unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023] 10:00:00 execve("/usr/bin/cp" [system_u:object_r:bin_t:s0], ["cp"], 0x7ffe /* 3 vars */) = 0
10 [unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023] 10:00:01 openat(AT_FDCWD</p> [u:object_r:home_t:s0], "a" [u:object_r:home_t:s0!!u:object_r:tmp_t:s0], O_RDONLY) = 3</p/a> [u:object_r:home_t:s0]
10 [unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023] 10:00:02 rename("/p/b" [u:object_r:home_t:s0], "/p/c" [u:object_r:home_t:s0]) = 0
10 [unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023] 10:00:03 +++ exited with 0 +++
"""  # noqa: E501 -- lines as strace prints them

# --relative-timestamps=s: whole seconds in six columns.
SECONDS = """\
     0 execve("/usr/bin/cp", ["cp"], 0x7ffe /* 3 vars */) = 0
     0 openat(AT_FDCWD, "/p/a", O_RDONLY) = 3
    12 openat(AT_FDCWD, "/p/c", O_WRONLY|O_CREAT|O_TRUNC, 0644) = 4
     1 +++ exited with 0 +++
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log"


def read(path: Path, log: str, cwd: str | None = "/w/t") -> tuple[Record, list[str]]:
    """The record, and the lines or calls that were not understood."""
    path.write_text(log)
    record, unparsed = read_log("log", [Log(Part(path))], cwd=cwd)
    examples = [example for warning in record.warnings if warning.code == "unparsed" for example in warning.examples]
    assert len(examples) == unparsed
    return record, examples


def accesses(record: Record) -> Iterator[Access]:
    return (access for step in record.steps for access in (*step.used, *step.generated))


def used(record: Record) -> list[str]:
    return sorted({a.path for step in record.steps for a in step.used if a.external and a.role is not Role.ENVIRONMENT})


def made(record: Record) -> list[str]:
    return sorted({a.path for step in record.steps for a in step.generated if a.survives})


def test_names_and_threads_as_old_straces_print_them(path: Path) -> None:
    record, unread = read(path, OLD)
    assert used(record) == ["/w/t/a<b", "/w/t/in>1", "/w/t/w.py"]
    assert made(record) == ["/w/t/<unfinished ...>/f", "/w/t/sub/x"]
    assert not [access.path for access in accesses(record) if "(deleted)" in access.path]
    assert len(record.steps) == 1
    assert [line.partition("(")[0] for line in unread] == ["syscall_437"]


def test_messages_of_old_straces_cut_lines_in_two(path: Path) -> None:
    record, unread = read(path, OLDER)
    assert (used(record), made(record), unread) == (["/p/a"], ["/p/b"], [])
    assert len(record.steps) == 1
    assert record.exit == Exit(code=3)


@pytest.mark.parametrize("name", ["strace", "/usr/bin/strace", "/opt/strace-6.19", "strace64"])
def test_a_fork_cut_in_two_by_a_message_is_a_fork(path: Path, name: str) -> None:
    record, unread = read(path, VFORK.format(name), cwd="/elsewhere")
    assert (used(record), unread) == (["/w/t/a", "/w/t/b"], [])
    shell, cat = record.steps
    assert cat.parent == shell.id


def test_contexts_of_selinux_are_passed_over(path: Path) -> None:
    record, unread = read(path, CONTEXTS)
    assert (used(record), made(record), unread) == (["/p/a", "/p/b"], ["/p/c"], [])
    assert [step.program for step in record.steps] == ["/usr/bin/cp"]
    assert record.ended is not None
    assert record.ended - record.started == 3_000_000


def test_whole_seconds_between_lines_are_times(path: Path) -> None:
    record, unread = read(path, SECONDS)
    assert (used(record), made(record), unread) == (["/p/a"], ["/p/c"], [])
    assert record.ended is not None
    assert record.ended - record.started == 13_000_000


@pytest.mark.parametrize("indent", ["   ", "\t"])
def test_an_indented_log_is_a_log(path: Path, indent: str) -> None:
    lines = (line for line in OLDER.splitlines() if "rocess" not in line and not line.startswith("c"))
    record, unread = read(path, "".join(f"{indent}{line}\n" for line in lines))
    assert (used(record), made(record)) == (["/p/a"], ["/p/b"])
    assert not [line for line in unread if "open" in line]


# -- what was cut off is not known ------------------------------------------------------------------------------------------

START = 'execve("/usr/bin/cp", ["cp"], 0x7ffe /* 3 vars */) = 0\n'


@pytest.mark.parametrize(
    "line",
    [
        'openat(AT_FDCWD, "/data/sha"..., O_RDONLY) = 3',
        'open("sha"..., O_WRONLY|O_CREAT|O_TRUNC, 0666) = 3',
        'rename("/data/sha"..., "/data/b") = 0',
        'rename("/data/a", "/data/sha"...) = 0',
        'linkat(AT_FDCWD, "/data/sha"..., AT_FDCWD, "/data/b", 0) = 0',
        'truncate("/data/sha"..., 0) = 0',
        "openat(0xffffff9c, 0x7ffd4e20, 0x80000) = 3",
    ],
)
def test_a_path_that_is_not_printed_whole_is_counted_not_invented(path: Path, line: str) -> None:
    record, unread = read(path, f'{START}openat(AT_FDCWD, "/data", O_RDONLY) = 3\n{line}\nopenat(3, "x", O_RDONLY) = 4\n')
    assert unread == [line.rpartition(" = ")[0]]
    assert not [access.path for access in accesses(record) if "sha" in access.path or access.path == "/data/b"]
    below = {access.path for access in accesses(record)} - {"/usr/bin/cp", "/data"}
    assert below == (set() if "open" in line else {"/data/x"})  # descriptor 3 is another file now


def test_the_real_path_behind_a_descriptor_is_known_although_the_name_was_cut_off(path: Path) -> None:
    record, unread = read(path, f'{START}openat(AT_FDCWD, "/data/sha"..., O_RDONLY) = 3</data/shard>\n')
    assert (used(record), unread) == (["/data/shard"], [])


@pytest.mark.parametrize("line", ['chdir("/data/sha"...) = 0', "fchdir(7) = 0"])
def test_after_a_change_to_an_unknown_directory_paths_are_below_an_unknown_one(path: Path, line: str) -> None:
    record, unread = read(path, f'{START}{line}\nopenat(AT_FDCWD, "x", O_RDONLY) = 3\n')
    (only,) = used(record)
    assert only.startswith("?")
    assert len(unread) == 1


def test_a_program_whose_name_was_cut_off_is_a_step_without_one(path: Path) -> None:
    line = 'execve("/opt/tools/bin/conv"..., ["convert", "a"], 0x7ffe /* 3 vars */) = 0\n'
    record, unread = read(path, f'{START}{line}openat(AT_FDCWD, "/p/x", O_RDONLY) = 3\n')
    first, second = record.steps
    assert (second.program, second.argv, [a.path for a in second.used]) == ("", ["convert", "a"], ["/p/x"])
    assert "/p/x" not in [a.path for a in first.used]
    assert len(unread) == 1


# -- moves that the log leaves out ------------------------------------------------------------------------------------------

# strace 4.20 -f -y -e trace=file,process: fchdir is none of these, and AT_FDCWD says no directory.
UNSEEN = """\
execve("/usr/bin/python3", ["python3", "/w/t/w.py"], [/* 35 vars */]) = 0
openat(AT_FDCWD, "near", O_RDONLY|O_CLOEXEC) = 3</w/t/near>
openat(AT_FDCWD, "sub", O_RDONLY|O_CLOEXEC) = 4</w/t/sub>
openat(AT_FDCWD, "x", O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC, 0666) = 5</w/t/sub/x>
openat(AT_FDCWD, "tmp.part", O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC, 0666) = 5</w/t/sub/tmp.part>
rename("tmp.part", "whole") = 0
exit_group(0)                     = ?
"""


def test_where_a_program_is_that_moved_unseen_is_not_known(path: Path) -> None:
    record, unread = read(path, UNSEEN)
    assert not unread
    assert not {"/w/t/tmp.part", "/w/t/whole"} & {access.path for access in accesses(record)}
    assert {"/w/t/near", "/w/t/sub/x"} <= {access.path for access in accesses(record)}
    assert "cwd_unsure" in {warning.code for warning in record.warnings}


def test_a_log_of_all_calls_shows_every_move(path: Path) -> None:
    record, _ = read(path, UNSEEN.replace("openat", "close(3) = 0\nopenat", 1))
    assert "/w/t/whole" in made(record)
    assert "cwd_unsure" not in {warning.code for warning in record.warnings}
    decorated, _ = read(path, UNSEEN.replace("AT_FDCWD", "AT_FDCWD</w/t>"))
    assert "cwd_unsure" not in {warning.code for warning in decorated.warnings}
