"""One line, one event: every form that strace and its options print."""

from __future__ import annotations

import pytest

from tracer.syntax import Call, Exited, Killed, Reader, Signal, Superseded, Unparsed

T = 1_795_456_488_721_238


def call(line: str, reader: Reader | None = None) -> Call:
    event = (reader or Reader()).read(line)
    assert isinstance(event, Call), event
    return event


def test_the_line_that_our_own_strace_prints() -> None:
    line = '4875  1795456488.721238 openat(AT_FDCWD</tmp/d>, "l.so", O_RDONLY|O_CLOEXEC) = 3</usr/lib/l.so.6.4>'
    args = ["AT_FDCWD</tmp/d>", '"l.so"', "O_RDONLY|O_CLOEXEC"]
    assert Reader().read(line) == Call(4875, T, "openat", args, 3, None, "/usr/lib/l.so.6.4", False, T)


def test_an_error_has_its_name_and_minus_one() -> None:
    line = '7 1795456488.721238 openat(AT_FDCWD</>, "x", O_RDONLY) = -1 ENOENT (No such file or directory)'
    assert Reader().read(line) == Call(7, T, "openat", ["AT_FDCWD</>", '"x"', "O_RDONLY"], -1, "ENOENT", None, False, T)


RETURNS: list[tuple[str, int | None, str | None, str | None, bool]] = [
    ("= 0", 0, None, None, False),
    ("                = 12", 12, None, None, False),
    ("= 12 <0.000023>", 12, None, None, False),
    ("= 0x7f5c74133a10", 0x7F5C74133A10, None, None, False),
    ("= 0x8000 (flags O_RDONLY|O_LARGEFILE)", 0x8000, None, None, False),
    ("= 022", 0o22, None, None, False),
    ("= 0 (Timeout)", 0, None, None, False),
    ("= 1 ([{fd=10, revents=POLLIN}])", 1, None, None, False),
    ("= 0 (INJECTED)", 0, None, None, False),
    ("= ?", None, None, None, False),
    ("= ? ERESTARTSYS (To be restarted if SA_RESTART is set)", None, "ERESTARTSYS", None, False),
    ("= -1 EAGAIN (Resource temporarily unavailable) <0.000009>", -1, "EAGAIN", None, False),
    ("= -1 EINVAL (Invalid argument) (INJECTED)", -1, "EINVAL", None, False),
    ("= -1 ENOENT (\xd0\x9d\xd0\xb5\xd1\x82)", -1, "ENOENT", None, False),
    ("= -1 (errno 600)", -1, "ERRNO_600", None, False),
    ("= -1 ERRNO_600 (Unknown error 600)", -1, "ERRNO_600", None, False),
    ("= 3</path>", 3, None, "/path", False),
    ("= 3</path> <0.000012>", 3, None, "/path", False),
    ("= 5</tmp/#21>(deleted)", 5, None, "/tmp/#21", True),
    (r"= 3</a\nb\74c\76>", 3, None, "/a\nb<c>", False),
    ("= 3</dev/null<char 1:3>> <0.000021>", 3, None, "/dev/null", False),
    ("= 3<TCP:[1.2.3.4:5->6.7.8.9:10]>", 3, None, "TCP:[1.2.3.4:5->6.7.8.9:10]", False),
    ("= 3</path>\r", 3, None, "/path", False),
]


@pytest.mark.parametrize(("text", "value", "error", "path", "deleted"), RETURNS)
@pytest.mark.parametrize("start", ["12 1795456488.721238 ", ""])
def test_returns(start: str, text: str, value: int | None, error: str | None, path: str | None, deleted: bool) -> None:
    found = call(f"{start}openat(AT_FDCWD, O_RDONLY) {text}")
    assert (found.value, found.error, found.path, found.deleted) == (value, error, path, deleted)
    assert found.args == ["AT_FDCWD", "O_RDONLY"]


DAY_TIME = ((16 * 60 + 41) * 60 + 30) * 1_000_000
PREFIXES = [
    ("", 0, 0),
    ("12 ", 12, 0),
    ("12    ", 12, 0),
    ("12<bash> ", 12, 0),
    ("[pid 12] ", 12, 0),
    ("[pid    12] ", 12, 0),
    ("[pid 12<bash>] ", 12, 0),
    ("1795456488.721238 ", 0, T),
    ("[pid  12] 1795456488.721238 ", 12, T),
    ("12 1795456488 ", 12, T - 721_238),
    ("12 1795456488.721238999 ", 12, T),
    ("12 1795456488.721 ", 12, T - 238),
    ("16:41:30 ", 0, DAY_TIME),
    ("731   16:41:30.407027 ", 731, DAY_TIME + 407_027),
    ("[pid   731] 16:41:30.407027 ", 731, DAY_TIME + 407_027),
    ("     0.000123 ", 0, 123),
    ("12         0.000123 ", 12, 123),
    ("12 16:41:30.407027 (+     0.000123) ", 12, DAY_TIME + 407_027),
    ("[00007f23fdc2bc47] ", 0, 0),
    ("12 1795456488.721238 [00007f23fdc2bc47] [ 257] ", 12, T),
    ("[????????????????] ", 0, 0),
    ("12 [unconfined_u:unconfined_r:unconfined_t:s0] ", 12, 0),
]


@pytest.mark.parametrize(("text", "pid", "time"), PREFIXES)
def test_prefixes(text: str, pid: int, time: int) -> None:
    found = call(text + 'unlink("x") = 0')
    assert (found.pid, found.time, found.started, found.name, found.args) == (pid, time, time, "unlink", ['"x"'])


def test_a_log_per_process_takes_its_pid_from_outside() -> None:
    assert call("getuid() = 0", Reader(77)).pid == 77
    assert call("getuid() = 0", Reader(77)).args == []


def test_times_of_day_are_put_on_a_date_and_pass_midnight() -> None:
    midnight = 1_795_392_000_000_000
    reader = Reader(midnight=midnight)
    times = [
        call(f"{time} getuid() = 0", reader).time - midnight for time in ("23:59:59.5", "23:59:59.400000", "00:00:01", "12:00:00")
    ]
    day = 86_400_000_000
    assert times == [day - 500_000, day - 600_000, day + 1_000_000, day + day // 2]


def test_relative_times_are_summed() -> None:
    reader = Reader(midnight=1000)
    assert [call(f"     {time} getuid() = 0", reader).time for time in ("0.000000", "0.000005", "1.000000")] == [
        1000,
        1005,
        1_001_005,
    ]


def test_a_name_may_hold_anything() -> None:
    names = [
        "<unfinished ...>",
        ") = 3",
        "+++ exited with 0 +++",
        "<... openat resumed>",
        "a, b",
        "[{(",
        " = -1 ENOENT (x)",
        "/*",
        "'",
    ]
    for name in names:
        found = call(
            f'12 1795456488.721238 openat(AT_FDCWD</{name.replace("<", "(").replace(">", ")")}>, "{name}", O_RDONLY) = 4</x>'
        )
        assert (found.args[1], found.value, found.path, len(found.args)) == (f'"{name}"', 4, "/x", 3)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("12 1795456488.721238 +++ exited with 3 +++", Exited(12, T, 3)),
        ("+++ exited with 0 +++\r", Exited(0, 0, 0)),
        ("12 +++ exited (status 1) +++", Exited(12, 0, 1)),
        ("12 +++ killed by SIGKILL +++", Killed(12, 0, "SIGKILL", 9, False)),
        ("12 +++ killed by SIGSEGV (core dumped) +++", Killed(12, 0, "SIGSEGV", 11, True)),
        ("12 +++ killed by SIGRT_3 +++", Killed(12, 0, "SIGRT_3", 35, False)),
        ("12 +++ killed by 64 +++", Killed(12, 0, "64", 64, False)),
        ("12 +++ killed by SIGNEW +++", Killed(12, 0, "SIGNEW", None, False)),
        ("12 +++ superseded by execve in pid 15 +++", Superseded(12, 0, 15)),
        ("12 --- SIGCHLD {si_signo=SIGCHLD, si_pid=13, si_status=0} ---", Signal(12, 0, "SIGCHLD")),
        ("--- SIGINT (Interrupt) @ 0 (0) ---", Signal(0, 0, "SIGINT")),
        ("[pid 12] --- SIGSTOP {si_signo=SIGSTOP, si_code=SI_USER} ---", Signal(12, 0, "SIGSTOP")),
        ("12 --- stopped by SIGTTOU ---", None),
        ("strace: Process 12 attached", None),
        ("/usr/bin/strace: Process 12 attached with 4 threads", None),
        ("Process 12 attached", None),
        ("Process 12 detached", None),
        ("Process 12 suspended", None),
        ("strace: [ Process PID=12 runs in 32 bit mode. ]", None),
        ("[ Process PID=12 runs in 64 bit mode. ]", None),
        ("", None),
        ("\r", None),
        (" > /usr/lib/libc.so.6(__open64+0x56) [0xf7d26]", None),
        (" | 00000  68 65 6c 6c 6f                                    hello |", None),
    ],
)
def test_lines_that_are_no_calls(line: str, expected: object) -> None:
    assert Reader().read(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        "total 0",
        "% time     seconds  usecs/call     calls    errors syscall",
        "strace: exec: No such file or directory",
        "12 1795456488.721238",
        "+++ something else +++",
        "--- nothing",
        "openat(",
        'openat(AT_FDCWD, "a',
        'openat(AT_FDCWD, "a") = ',
        'openat(AT_FDCWD, "a") = 3x',
        "close(3) and more",
        "12 <... read resumed>) = 0",
        "8583  close(3)",
        "\x00\xff",
    ],
)
def test_what_strace_did_not_print_is_given_back(line: str) -> None:
    event = Reader().read(line)
    assert isinstance(event, Unparsed)
    assert (event.text, bool(event.why)) == (line, True)


def test_a_program_name_behind_a_returned_pid_is_no_path() -> None:
    assert call("12<bash> clone(child_stack=NULL, flags=SIGCHLD) = 5882<bash>").path is None
    assert call("12 1795456488.721238 wait4(-1, NULL, 0, NULL) = 5882<bash>").path is None


def test_a_comment_may_hold_a_comma_and_a_bracket() -> None:
    assert call('execve("/bin/a", ["a"], 0x7f /* 35 vars, all) of them */) = 0').args[2] == "0x7f /* 35 vars, all) of them */"
    assert call("arch_prctl(0x3001 /* ARCH_??? */, 0x7ffd) = -1 EINVAL (Invalid argument)").error == "EINVAL"


def test_a_megabyte_of_arguments_is_read_in_time_that_grows_with_its_length() -> None:
    for text in (r"\n" * 500_000, "a" * 1_000_000, "<" * 500_000, ", " * 500_000, '\\"' * 500_000):
        argv = call(f'12 1795456488.721238 execve("/bin/a", ["{text}"], 0x7f /* 35 vars */) = 0').args[1]
        assert len(argv) == len(text) + 4
    for text in ("<a:[" * 100_000, "{" * 500_000, '"\\' * 200_000, "/*" * 200_000, "3</a" * 100_000, " = 3)" * 100_000):
        Reader().read(f"12 1795456488.721238 execve({text}")


def test_another_personality_is_marked_behind_the_name() -> None:
    assert call("readv#64(3, [], 0) = 0").name == "readv"


def test_a_restarted_call_is_a_call() -> None:
    assert call("restart_syscall(<... resuming interrupted poll ...>) = 1").args == ["<... resuming interrupted poll ...>"]
