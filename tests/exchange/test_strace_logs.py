"""Logs of strace, as text: what is read from them, what is doubted, and what is no log."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from roar_tui.exchange.importing import Imported, bring_in
from roar_tui.exchange.parcels import parcels
from roar_tui.exchange.source import UnusableFileError
from roar_tui.record.model import Access, Record, Role, State, Status
from roar_tui.store.archive import Archive

Import = Callable[..., Record]
MODIFIED = 1_700_000_000  # 2023-11-14 22:13:20 UTC

RUN = """\
10 1700000000.000001 execve("/usr/bin/cp", ["cp", "/p/a.csv", "/p/b.csv"], 0x7ffe /* 3 vars */) = 0
10 1700000000.100000 openat(AT_FDCWD, "/etc/ld.so.cache", O_RDONLY|O_CLOEXEC) = 3
10 1700000000.200000 openat(AT_FDCWD, "/p/a.csv", O_RDONLY) = 3
10 1700000000.250000 fstat(3, {st_mode=S_IFREG|0644, st_size=59391, ...}) = 0
10 1700000000.300000 openat(AT_FDCWD, "/p/b.csv", O_WRONLY|O_CREAT|O_TRUNC, 0644) = 4
10 1700000000.400000 openat(AT_FDCWD, "/p/missing.csv", O_RDONLY) = -1 ENOENT (No such file or directory)
10 1700000000.500000 +++ exited with 3 +++
"""


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "store")


@pytest.fixture
def import_(tmp_path: Path, archive: Archive) -> Import:
    """Imports a log that must be one job, from its text or from files by name, and returns its record."""

    def call(log: str | bytes | dict[str, str], name: str = "log", cwd: str | None = None) -> Record:
        (only,) = imports(log, name, cwd)
        return archive.load(only.job)

    def imports(log: str | bytes | dict[str, str], name: str, cwd: str | None) -> list[Imported]:
        for file, content in (log if isinstance(log, dict) else {name: log}).items():
            path = tmp_path / file
            path.write_bytes(content if isinstance(content, bytes) else content.encode("latin-1"))
            os.utime(path, (MODIFIED, MODIFIED))
        (parcel,), errors = parcels([str(tmp_path / name)])
        assert not errors
        return list(bring_in(parcel, archive, cwd=cwd))

    return call


def used(record: Record) -> list[str]:
    return sorted({a.path for step in record.steps for a in step.used if a.external and a.role is not Role.ENVIRONMENT})


def made(record: Record) -> list[str]:
    return sorted({a.path for step in record.steps for a in step.generated if a.survives})


def accesses(record: Record) -> list[Access]:
    return [access for step in record.steps for access in (*step.used, *step.generated)]


def warned(record: Record) -> dict[str, str]:
    return {warning.code: warning.message for warning in record.warnings}


def test_a_log_becomes_a_record(import_: Import) -> None:
    record = import_(RUN)
    assert record.source == "strace-log"
    assert record.command == ["cp", "/p/a.csv", "/p/b.csv"]
    assert (used(record), made(record)) == (["/p/a.csv"], ["/p/b.csv"])
    assert record.state is State.COMPLETE
    assert record.exit is not None
    assert record.exit.code == 3
    assert record.started == 1_700_000_000_000_001
    assert record.ended == 1_700_000_000_500_000
    assert {access.status for access in accesses(record)} == {Status.SKIPPED}
    assert all(access.digest is None for access in accesses(record))
    assert [(left.rule, left.count) for left in record.left_out] == [("system", 2)]
    assert not record.warnings


def test_an_output_is_finished_when_its_program_is(import_: Import) -> None:
    (step,) = import_(RUN).steps
    (output,) = step.generated
    assert output.opened == 1_700_000_000_300_000
    assert output.finished == step.ended == 1_700_000_000_500_000


def test_the_same_log_is_the_same_record(import_: Import, archive: Archive) -> None:
    assert import_(RUN) == import_(RUN)
    assert import_(RUN, "copy") == import_(RUN)
    assert len(list(archive.files())) == 1


def test_the_same_log_is_the_same_run_under_another_name_and_for_one_who_says_where_it_ran_as_the_log_does(import_: Import) -> None:
    log = RUN.replace("AT_FDCWD", "AT_FDCWD</p>")
    assert import_(log, "log.4711").run_id == import_(log).run_id == import_(log, cwd="/elsewhere").run_id
    assert import_(RUN, cwd="/elsewhere").run_id != import_(RUN).run_id


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_packed_log_is_the_same_job(import_: Import, pack: Callable[[bytes], bytes]) -> None:
    assert import_(pack(RUN.encode())) == import_(RUN, "plain")


def test_a_packed_log_that_ends_too_early_is_read_as_far_as_it_goes(import_: Import) -> None:
    longer = RUN.replace("10 1700000000.500000 +++ exited with 3 +++\n", "") + "".join(
        f'10 1700000001.{n:06} openat(AT_FDCWD, "/p/{n * 7919 % 10007}", O_RDONLY) = 3\n' for n in range(5000)
    )
    record = import_(gzip.compress(longer.encode())[:-5000])
    assert record.state is State.INTERRUPTED
    assert "cut" in warned(record)
    assert "/p/a.csv" in used(record)


def test_damaged_packing_is_said(import_: Import) -> None:
    with pytest.raises(UnusableFileError, match="cannot be unpacked"):
        import_(gzip.compress(RUN.encode())[:12] + b"\xff" * 100)


def test_windows_line_ends_a_byte_order_mark_and_no_last_newline(import_: Import) -> None:
    assert made(import_(("\xef\xbb\xbf" + RUN).replace("\n", "\r\n").rstrip())) == ["/p/b.csv"]


def test_what_is_no_line_of_strace_is_counted_and_kept_as_example(import_: Import) -> None:
    record = import_("Hello\n" + RUN.replace("10 1700000000.20", "\x00\xff\x01 junk\nepoch 1\n10 1700000000.20"))
    (warning,) = record.warnings
    assert (warning.code, warning.message) == ("unparsed", "3 lines of the log could not be read.")
    assert warning.examples == ["Hello", "\x00\xff\x01 junk", "epoch 1"]
    assert used(record) == ["/p/a.csv"]


def test_ten_examples_are_kept_of_a_thousand(import_: Import) -> None:
    (warning,) = import_("what is this\n" * 1000 + RUN).warnings
    assert warning.message == "1,000 lines of the log could not be read."
    assert len(warning.examples) == 10


def test_cut_first_and_last_lines(import_: Import) -> None:
    record = import_(RUN[40:-20])
    assert (used(record), made(record)) == (["/p/a.csv"], ["/p/b.csv"])
    assert record.state is State.INTERRUPTED
    assert warned(record)["unparsed"] == "2 lines of the log could not be read."


def test_names_with_every_nasty_byte(import_: Import) -> None:
    record = import_(RUN.replace("/p/a.csv", r"/p/\303\244 \377\n\"<>\\"))
    assert used(record) == ['/p/ä \udcff\n"<>\\']


# -- where it ran ---------------------------------------------------------------------------------------------------------

RELATIVE = """\
execve("/usr/bin/python3", ["python3", "t.py"], 0x7ffe /* 3 vars */) = 0
openat(AT_FDCWD, "t.py", O_RDONLY)      = 3
close(3)                                = 0
openat(AT_FDCWD, "../in.csv", O_RDONLY) = 3
close(3)                                = 0
chdir("out")                            = 0
openat(AT_FDCWD, "r.csv", O_WRONLY|O_CREAT|O_TRUNC, 0644) = 3
exit_group(0)                           = ?
+++ exited with 0 +++
"""


def test_an_unknown_working_directory_is_not_invented(import_: Import) -> None:
    record = import_(RELATIVE)
    mark = record.cwd
    assert mark.startswith("?")
    assert len(mark) == 9
    assert used(record) == [f"{mark}/../in.csv", f"{mark}/t.py"]
    assert made(record) == [f"{mark}/out/r.csv"]
    assert "3 paths" in warned(record)["cwd_unknown"]
    assert "--cwd" in warned(record)["cwd_unknown"]


def test_unknown_directories_of_two_logs_are_two(import_: Import) -> None:
    assert import_(RELATIVE).cwd != import_(RELATIVE.replace("0x7ffe", "0x7fff"), "other").cwd


def test_the_user_says_where_it_ran(import_: Import) -> None:
    record = import_(RELATIVE, cwd="/p/code")
    assert (used(record), made(record)) == (["/p/code/t.py", "/p/in.csv"], ["/p/code/out/r.csv"])
    assert "cwd_unknown" not in warned(record)


@pytest.mark.parametrize(
    "line",
    [
        'getcwd("/p/code", 4096) = 8',
        'openat(AT_FDCWD</p/code>, "/etc/passwd", O_RDONLY) = 3</etc/passwd>',
        'newfstatat(AT_FDCWD</p/code>, "x", 0x7ffe, 0) = -1 ENOENT (No such file or directory)',
    ],
)
def test_the_log_says_where_it_ran(import_: Import, line: str) -> None:
    first, rest = RELATIVE.split("\n", 1)
    record = import_(f"{first}\n{line}\n{rest}")
    assert record.cwd == "/p/code"
    assert made(record) == ["/p/code/out/r.csv"]


def test_what_was_said_after_a_change_of_directory_is_not_where_it_began(import_: Import) -> None:
    record = import_(RELATIVE.replace('chdir("out")                            = 0', 'chdir("/x") = 0\ngetcwd("/x", 9) = 2'))
    assert record.cwd.startswith("?")
    assert made(record) == ["/x/r.csv"]


def test_a_process_whose_start_was_not_seen_may_be_anywhere_once_one_has_moved(import_: Import) -> None:
    log = """\
1 execve("/bin/sh", ["sh"], 0x1 /* 3 vars */) = 0
2 execve("/bin/cp", ["cp"], 0x1 /* 3 vars */) = 0
2 openat(AT_FDCWD, "early", O_RDONLY) = 3
1 chdir("/p/sub") = 0
3 execve("/bin/cp", ["cp"], 0x1 /* 3 vars */) = 0
3 openat(AT_FDCWD, "late", O_RDONLY) = 3
"""
    record = import_(log, cwd="/p")
    assert "/p/early" in used(record)
    (late,) = [path for path in used(record) if path.endswith("late")]
    assert late.startswith("?")


# -- descriptors without -y -----------------------------------------------------------------------------------------------


def test_files_below_descriptors_pipes_and_redirections_are_followed_by_number(import_: Import) -> None:
    record = import_(
        """\
1 execve("/bin/sh", ["sh"], 0x1 /* 3 vars */) = 0
1 openat(AT_FDCWD, "/p", O_RDONLY|O_DIRECTORY) = 3
1 openat(3, "below", O_RDONLY) = 4
1 fcntl(3, F_DUPFD_CLOEXEC, 10) = 10
1 close(3) = 0
1 openat(10, "out", O_WRONLY|O_CREAT|O_TRUNC, 0644) = 3
1 pipe2([5, 6], O_CLOEXEC) = 0
1 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD, child_tidptr=0x1) = 2
2 dup2(6, 1) = 1
2 execve("/bin/cat", ["cat", "in"], 0x1 /* 3 vars */) = 0
2 openat(AT_FDCWD, "/p/in", O_RDONLY) = 3
2 +++ exited with 0 +++
1 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD, child_tidptr=0x1) = 7
7 dup2(5, 0) = 0
7 dup2(3, 1) = 1
7 execve("/bin/sort", ["sort"], 0x1 /* 3 vars */) = 0
7 +++ exited with 0 +++
1 +++ exited with 0 +++
"""
    )
    assert used(record) == ["/p/below", "/p/in"]
    assert made(record) == ["/p/out"]
    shell, cat, sort = record.steps
    assert [a.path for a in sort.generated] == ["/p/out"]
    assert [(pipe.writers, pipe.readers) for pipe in record.pipes] == [([cat.id], [sort.id])]
    assert shell.parent is None
    assert cat.parent == sort.parent == shell.id


def test_a_file_below_an_unknown_descriptor_is_counted_not_guessed(import_: Import) -> None:
    record = import_('1 openat(AT_FDCWD, "/p/x", O_RDONLY) = 4\n1 openat(9, "y", O_RDONLY) = 5\n', cwd="/p")
    assert used(record) == ["/p/x"]
    assert "1 call" in warned(record)["descriptor_unknown"]


def test_directories_and_fifos_are_no_inputs(import_: Import) -> None:
    log = """\
1 openat(AT_FDCWD, "/p/listed", O_RDONLY) = 3
1 getdents64(3, 0x1 /* 2 entries */, 32768) = 48
1 openat(AT_FDCWD, "/p/holds", O_RDONLY) = 4
1 openat(4, "file", O_RDONLY) = 5
1 mknodat(AT_FDCWD, "/p/fifo", S_IFIFO|0666) = 0
1 openat(AT_FDCWD, "/p/fifo", O_WRONLY) = 6
1 mkdir("/p/again", 0777) = 0
1 openat(AT_FDCWD, "/p/again", O_RDONLY) = 7
1 close(5) = 0
"""
    record = import_(log)
    assert [access.path for access in accesses(record)] == ["/p/holds/file"]


# -- what a log cannot tell -----------------------------------------------------------------------------------------------


def test_whether_a_file_had_content_or_was_changed_is_doubted(import_: Import) -> None:
    log = """\
1 openat(AT_FDCWD, "/p/log", O_WRONLY|O_CREAT|O_APPEND, 0666) = 3
1 openat(AT_FDCWD, "/p/db", O_RDWR) = 4
1 openat(AT_FDCWD, "/p/new", O_WRONLY|O_CREAT|O_EXCL, 0666) = 5
1 close(5) = 0
"""
    record = import_(log)
    assert made(record) == ["/p/db", "/p/log", "/p/new"]
    examples = {warning.code: warning.examples for warning in record.warnings}
    assert examples["content_unknown"] == ["/p/log"]
    assert examples["maybe_written"] == ["/p/db"]


def test_an_exit_without_a_notice(import_: Import) -> None:
    record = import_(RUN.replace("+++ exited with 3 +++", "exit_group(3) = ?"))
    assert record.exit is not None
    assert record.exit.code == 3
    assert record.state is State.COMPLETE


def test_a_killed_program(import_: Import) -> None:
    record = import_(RUN.replace("exited with 3", "killed by SIGKILL"))
    assert record.exit is not None
    assert record.exit.signal == 9


def test_an_open_whose_return_is_missing_is_counted(import_: Import) -> None:
    begun = '10 1700000000.26 openat(AT_FDCWD, "/p/lost", O_RDONLY <unfinished ...>\n'
    record = import_(RUN.replace("10 1700000000.30", begun + "10 1700000000.30"))
    assert warned(record)["unfinished_calls"] == "1 call was cut off."
    assert used(record) == ["/p/a.csv"]


def test_a_program_that_ends_in_a_call_lost_nothing(import_: Import) -> None:
    begun = '10 1700000000.46 openat(AT_FDCWD, "/p/lost", O_RDONLY <unfinished ...>\n'
    assert not import_(RUN.replace("10 1700000000.50", begun + "10 1700000000.50")).warnings


def test_secrets_are_taken_out_of_arguments(import_: Import) -> None:
    record = import_(RUN.replace('"/p/b.csv"], 0x7ffe', '"--password=hunter2secret"], 0x7ffe'))
    assert "hunter2secret" not in " ".join([*record.command, *record.steps[0].argv])
    assert record.environment.secrets
    assert record.environment.key


def test_arguments_that_strace_cut_off_are_said(import_: Import) -> None:
    assert "argv" in warned(import_(RUN.replace('"/p/b.csv"], 0x7ffe', '"/p/b"...], 0x7ffe')))


def test_a_selection_of_calls_is_said(import_: Import) -> None:
    opens = "\n".join(line for line in RELATIVE.splitlines() if line.startswith("open"))
    assert "openat" in warned(import_(opens))["selected_calls"]
    assert "selected_calls" not in warned(import_(RELATIVE, "other"))


def test_threads_of_which_nothing_is_known_are_no_steps(import_: Import) -> None:
    record = import_(RUN.replace("10 1700000000.3", "11 1700000000.25 futex(0x1, FUTEX_WAKE, 1 <unfinished ...>\n10 1700000000.3"))
    assert len(record.steps) == 1


SUCCESSFUL = """\
1 execve("/bin/sh", ["sh"], 0x1 /* 3 vars */) = 0
1 clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x1) = 2
2 openat(AT_FDCWD, "/p/first", O_RDONLY) = 3
2 +++ exited with 0 +++
1 pipe2([5, 6], 0) = 0
3 dup2(6, 1) = 1
3 execve("/bin/cat", ["cat"], 0x1 /* 3 vars */) = 0
3 openat(AT_FDCWD, "/p/in", O_RDONLY) = 3
1 clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x1) = 3
3 +++ exited with 0 +++
1 read(5, "", 1) = 0
1 +++ exited with 0 +++
"""


def test_a_child_whose_lines_stand_before_its_fork_is_a_child(import_: Import) -> None:
    shell, cat = import_(SUCCESSFUL).steps
    assert (cat.parent, [access.path for access in cat.used]) == (shell.id, ["/p/in"])
    (pipe,) = import_(SUCCESSFUL).pipes
    assert (pipe.writers, pipe.readers) == ([cat.id], [shell.id])


def test_a_child_whose_fork_never_comes_is_not_lost(import_: Import) -> None:
    record = import_(SUCCESSFUL.replace("= 3\n3 +++", "= 9\n3 +++"))
    assert "/p/in" in used(record)


# -- times ----------------------------------------------------------------------------------------------------------------


def test_a_log_without_times_keeps_its_order_and_ends_when_its_file_was_written(import_: Import) -> None:
    record = import_(RELATIVE, cwd="/p")
    assert record.ended == MODIFIED * 1_000_000
    opened = [access.opened for access in sorted(accesses(record), key=lambda a: a.opened)]
    assert len(set(opened)) == len(opened) == 3
    assert record.started < record.ended
    assert "no_times" in warned(record)


def test_times_of_day_get_the_date_of_the_file(import_: Import, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    import time

    time.tzset()
    log = """\
1 23:59:58.5 execve("/bin/cp", ["cp"], 0x1 /* 3 vars */) = 0
1 00:00:01.5 openat(AT_FDCWD, "/p/x", O_RDONLY) = 3
1 00:00:02.5 close(3) = 0
1 00:00:03.5 +++ exited with 0 +++
"""
    record = import_(log)
    assert record.ended is not None
    assert record.ended - record.started == 5_000_000
    day = 86_400 * 1_000_000
    assert record.ended % day == 3_500_000
    assert MODIFIED * 1_000_000 - day < record.ended <= MODIFIED * 1_000_000
    assert "no_dates" in warned(record)


def test_relative_times_add_up(import_: Import) -> None:
    log = RELATIVE.replace("openat", "0.250000 openat").replace("execve", "0.000000 execve").replace("+++ e", "0.5 +++ e")
    record = import_(log, cwd="/p")
    assert record.ended is not None
    assert record.ended == MODIFIED * 1_000_000
    assert record.ended - record.started >= 1_250_000


# -- several files --------------------------------------------------------------------------------------------------------

PARENT = """\
{0}execve("/bin/sh", ["sh", "-c", "x"], 0x1 /* 3 vars */) = 0
{1}openat(AT_FDCWD, "/p/by_parent", O_WRONLY|O_CREAT|O_TRUNC, 0644) = 3
{2}clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD, child_tidptr=0x1) = 21
{5}openat(AT_FDCWD, "/p/by_child", O_RDONLY) = 3
{6}+++ exited with 0 +++
"""
CHILD = """\
{3}execve("/bin/cp", ["cp"], 0x1 /* 3 vars */) = 0
{3}openat(AT_FDCWD, "/p/by_parent", O_RDONLY) = 3
{4}openat(AT_FDCWD, "/p/by_child", O_WRONLY|O_CREAT|O_TRUNC, 0644) = 4
{4}+++ exited with 0 +++
"""


@pytest.mark.parametrize("times", [[f"170000000{n}.000000 " for n in range(7)], [f"10:00:0{n} " for n in range(7)], [""] * 7])
@pytest.mark.parametrize("child", [21, 5])  # pids begin anew
def test_one_file_per_process_is_one_job(import_: Import, times: list[str], child: int) -> None:
    files = {"log.20": PARENT.format(*times).replace("= 21", f"= {child}"), f"log.{child}": CHILD.format(*times)}
    record = import_(files)
    parent, copy = record.steps
    assert (parent.pid, copy.pid, copy.parent) == (20, child, parent.id)
    assert used(record) == []  # what was read had been written before by the other
    assert made(record) == ["/p/by_child", "/p/by_parent"]
    assert ("order" in warned(record)) == (times[0] == "")


def test_a_process_whose_file_is_missing_is_said(import_: Import) -> None:
    times = [f"170000000{n}.000000 " for n in range(7)]
    whole = {"log.20": PARENT.format(*times), "log.21": CHILD.format(*times)}
    assert "processes_missing" not in warned(import_(whole))
    forked = whole["log.20"].replace("= 21\n", "= 21\n1700000002.000001 vfork() = 22\n")
    assert "processes_missing" in warned(import_({**whole, "log.20": forked}))


def test_the_first_process_may_be_the_one_whose_file_is_missing(import_: Import) -> None:
    times = [f"170000000{n}.000000 " for n in range(7)]
    assert "processes_missing" in warned(import_({"log.21": CHILD.format(*times), "log.22": CHILD.format(*times)}))


def test_a_directory_of_such_files_is_one_job_too(tmp_path: Path, archive: Archive) -> None:
    place = tmp_path / "logs"
    place.mkdir()
    times = [f"170000000{n}.000000 " for n in range(7)]
    (place / "log.20").write_text(PARENT.format(*times))
    (place / "log.21").write_bytes(gzip.compress(CHILD.format(*times).encode()))
    (place / "log.21").rename(place / "log.21.gz")
    (parcel,), _ = parcels([str(place)])
    (only,) = bring_in(parcel, archive)
    assert only.steps == 2
    assert only.file == str(place / "log")


def test_numbered_logs_whose_lines_name_processes_are_jobs_of_their_own(tmp_path: Path, archive: Archive) -> None:
    for number in (1, 2):
        (tmp_path / f"run.{number}").write_text(RUN.replace("exited with 3", f"exited with {number}"))
    (parcel,), _ = parcels([str(tmp_path / "run.1"), str(tmp_path / "run.2")])
    assert len(list(bring_in(parcel, archive))) == 2


# -- no logs --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is not a strace log"),
        ("Dear diary,\nnothing happened (again) = sad\n", "is not a strace log"),
        (os.urandom(4096), "is not a strace log"),
        ('{"not": "a record"}\n', "is not a strace log"),
        ("% time     seconds  usecs/call     calls    errors syscall\n100.00  0.1  1  4  openat\n", "table of strace -c"),
        ('1 read(3, "x", 1) = 1\n1 write(1, "x", 1) = 1\n1 +++ exited with 0 +++\n', "no calls that open files"),
    ],
    ids=["empty", "text", "junk", "json", "table", "reads"],
)
def test_what_is_no_log_is_said_and_nothing_is_kept(import_: Import, archive: Archive, content: str | bytes, said: str) -> None:
    with pytest.raises(UnusableFileError, match=said):
        import_(content)
    assert not list(archive.files())
