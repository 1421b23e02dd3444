"""Calls that strace prints in two halves, threads that exec, and logs that name a process only while there are several."""

from __future__ import annotations

from tracer.syntax import Call, Event, Exited, Reader, Superseded, Unparsed, string

A = "12 1700000000.000001 "
B = "13 1700000000.000002 "
C = "12 1700000000.000003 "
START = 1_700_000_000_000_000


def read(*lines: str, reader: Reader | None = None) -> list[Event]:
    reader = reader or Reader()
    return [event for line in lines if (event := reader.read(line)) is not None]


def calls(*lines: str) -> list[tuple[int, str, list[str], int | None]]:
    return [(event.pid, event.name, event.args, event.value) for event in read(*lines) if isinstance(event, Call)]


def test_the_halves_of_a_call_are_one_call() -> None:
    reader = Reader()
    assert reader.read(A + 'openat(AT_FDCWD</t>, "a", O_WRONLY|O_TRUNC <unfinished ...>') is None
    assert reader.pending[12].name == "openat"
    assert reader.pending[12].args == ["AT_FDCWD</t>", '"a"', "O_WRONLY|O_TRUNC"]
    assert isinstance(reader.read(B + "close(3</x>) = 0"), Call)
    event = reader.read(C + "<... openat resumed>) = 3</t/a>")
    args = ["AT_FDCWD</t>", '"a"', "O_WRONLY|O_TRUNC"]
    assert event == Call(12, START + 3, "openat", args, 3, None, "/t/a", False, START + 1)
    assert not reader.pending
    assert not reader.close()


def test_arguments_of_the_second_half_follow_those_of_the_first() -> None:
    lines = (A + "wait4(-1,  <unfinished ...>", C + "<... wait4 resumed>[{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL) = 13")
    assert calls(*lines) == [(12, "wait4", ["-1", "[{WIFEXITED(s) && WEXITSTATUS(s) == 0}]", "0", "NULL"], 13)]


def test_a_half_may_end_inside_a_structure() -> None:
    lines = (A + "recvmsg(3, {msg_namelen=112 <unfinished ...>", C + "<... recvmsg resumed> => 0, msg_iovlen=1}, 0) = 4")
    assert calls(*lines) == [(12, "recvmsg", ["3", "{msg_namelen=112 => 0, msg_iovlen=1}", "0"], 4)]


def test_old_straces_put_a_space_before_the_bracket() -> None:
    assert calls(A + "close(3 <unfinished ...>", C + "<... close resumed> )      = 0") == [(12, "close", ["3"], 0)]


def test_a_call_of_a_process_that_was_killed_in_it_returns_nothing() -> None:
    assert calls(A + "exit_group(0 <unfinished ...>) = ?") == [(12, "exit_group", ["0"], None)]
    assert calls(A + "read(0,  <unfinished ...>)               = ?") == [(12, "read", ["0"], None)]
    assert calls(A + "read(0,  <detached ...>") == [(12, "read", ["0"], None)]


def test_a_call_may_be_interrupted_twice() -> None:
    lines = (A + "ppoll(1, <unfinished ...>", C + "<... ppoll resumed>2, <unfinished ...>", C + "<... ppoll resumed>3) = 0")
    assert calls(*lines) == [(12, "ppoll", ["1", "2", "3"], 0)]


def test_a_half_may_be_resumed_without_its_name() -> None:
    lines = ("12 close(3 <unfinished ...>", ")                     = 0", "12 wait4(-1,  <unfinished ...>", "[], 8) = 3")
    assert calls(*lines) == [(12, "close", ["3"], 0), (12, "wait4", ["-1", "[]", "8"], 3)]


def test_names_that_look_like_marks_are_names() -> None:
    name = "<unfinished ...>"
    half = A + f'rename("{name}", "<... rename resumed>) = 0" <unfinished ...>'
    events = read(half, C + "<... rename resumed>) = 0")
    assert [event.args for event in events if isinstance(event, Call)] == [[f'"{name}"', '"<... rename resumed>) = 0"']]


def test_a_call_that_can_end_no_more_is_given_back_without_value() -> None:
    reader = Reader()
    read(A + 'unlink("a" <unfinished ...>', C + "+++ exited with 0 +++", reader=reader)
    assert [(call.name, call.value, call.started) for call in reader.abandoned] == [("unlink", None, START + 1)]
    read(B + "rmdir( <unfinished ...>", B + 'openat(AT_FDCWD</t>, "x", O_RDONLY) = -1 ENOENT (No such file)', reader=reader)
    read(A + "chdir( <unfinished ...>", reader=reader)
    assert [call.name for call in reader.close()] == ["unlink", "chdir", "rmdir"]
    assert (reader.pending, reader.abandoned) == ({}, [])


def test_a_half_without_its_other_is_not_understood() -> None:
    (event,) = read(A + "<... openat resumed>) = 3")
    assert isinstance(event, Unparsed)
    (event,) = read(A + "read(3,  <unfinished ...>", C + "<... write resumed>) = 3")
    assert isinstance(event, Unparsed)


def test_a_thread_that_execs_goes_on_as_its_leader() -> None:
    reader = Reader()
    events = read(
        "12 1700000000.000001 futex(0x7f,  <unfinished ...>",
        '15 1700000000.000002 execve("/bin/true", ["true"], 0x7fff /* 35 vars */ <pid changed to 12 ...>',
        "12 1700000000.000003 +++ superseded by execve in pid 15 +++",
        "12 1700000000.000004 <... execve resumed>) = 0",
        "12 1700000000.000005 +++ exited with 0 +++",
        reader=reader,
    )
    args = ['"/bin/true"', '["true"]', "0x7fff /* 35 vars */"]
    assert events == [
        Superseded(12, START + 2, 15),
        Call(12, START + 4, "execve", args, 0, None, None, False, START + 2),
        Exited(12, START + 5, 0),
    ]
    assert [call.name for call in reader.close()] == ["futex"]


def test_a_thread_whose_exec_was_interrupted_is_told_by_the_notice_or_by_the_name() -> None:
    begun = '15 1700000000.000002 execve("/bin/a", ["a"], 0x7 /* 3 vars */ <unfinished ...>'
    other = '16 1700000000.000002 execve("/bin/b", ["b"], 0x7 /* 3 vars */ <unfinished ...>'
    notice = "12 1700000000.000003 +++ superseded by execve in pid 15 +++"
    resumed = "12 1700000000.000004 <... execve resumed>) = 0"
    assert [call[2][0] for call in calls(begun, other, notice, resumed)] == ['"/bin/a"']
    assert [call[2][0] for call in calls(begun, resumed)] == ['"/bin/a"']
    assert calls(begun, other, resumed) == []  # either could be meant


def test_a_log_with_brackets_is_of_one_first_process() -> None:
    events = calls(
        "clone(child_stack=NULL, flags=SIGCHLD, child_tidptr=0x7f) = 26749",
        "strace: Process 26749 attached",
        "[pid 26748] wait4(-1,  <unfinished ...>",
        '[pid 26749] unlink("x") = 0',
        "[pid 26749] exit_group(0) = ?",
        "[pid 26749] +++ exited with 0 +++",
        "<... wait4 resumed>NULL, 0, NULL) = 26749",
        "getuid() = 0",
    )
    assert [(pid, name) for pid, name, _, _ in events] == [
        (0, "clone"), (26749, "unlink"), (26749, "exit_group"), (0, "wait4"), (0, "getuid"),
    ]  # fmt: skip


def test_a_child_may_be_heard_before_it_is_announced() -> None:
    quiet = calls(
        "clone(child_stack=NULL, flags=SIGCHLD <unfinished ...>",
        '[pid 5] unlink("x") = 0',
        "[pid 4] <... clone resumed>) = 5",
        "[pid 4] exit_group(0) = ?",
        "[pid 4] +++ exited with 0 +++",
        "getuid() = 0",
    )
    assert [(pid, name) for pid, name, _, _ in quiet] == [(5, "unlink"), (0, "clone"), (0, "exit_group"), (5, "getuid")]


def test_strace_that_attached_to_one_process_said_which() -> None:
    assert calls("strace: Process 15 attached", "getuid() = 0") == [(15, "getuid", [], 0)]


def test_a_line_that_a_message_of_strace_breaks_is_put_together() -> None:
    events = read(
        "clone(child_stack=NULL, flags=SIGCHLDstrace: Process 26759 attached",
        ")                   = 26759",
        "clone(child_stack=NULL, flags=SIGCHLD/usr/bin/strace: Process 26760 attached",
        " <unfinished ...>",
        "[pid 9] <... clone resumed>) = 26760",
    )
    assert [(type(event), getattr(event, "value", None)) for event in events] == [(Call, 26759), (Call, 26760)]


def test_a_line_that_other_output_breaks_is_counted_and_put_together() -> None:
    events = read('write(1, "\\n", 1', ")                       = 1")
    assert [type(event) for event in events] == [Unparsed, Call]
    events = read("wait4(-1, hello", 'world "(', "NULL, 0, NULL)                = 17085", "getuid() = 0")
    assert [(event.name, event.value) for event in events if isinstance(event, Call)] == [("wait4", 17085), ("getuid", 0)]


def test_a_line_that_somebody_wrapped_is_put_together() -> None:
    events = calls("clone(child_stack=NULL, flags=", "CLONE_VM|", "SIGCHLD, tls=0x7f) = 32534", "mmap(NULL, 8)", "= 0x7f7b")
    assert events == [
        (0, "clone", ["child_stack=NULL", "flags=CLONE_VM|SIGCHLD", "tls=0x7f"], 32534),
        (0, "mmap", ["NULL", "8"], 0x7F7B),
    ]


def test_the_last_line_of_a_growing_log_shows_the_intent() -> None:
    reader = Reader()
    line = '12 1700000000.000001 openat(AT_FDCWD</t>, "a", O_WRONLY|O_TRUNC'
    found = reader.partial(line)
    assert found is not None
    assert (found.pid, found.time, found.name) == (12, START + 1, "openat")
    assert found.args == ["AT_FDCWD</t>", '"a"', "O_WRONLY|O_TRUNC"]
    assert not reader.pending
    for end in range(len(line)):
        part = reader.partial(line[:end])
        assert part is None or found.args[0].startswith(part.args[0] if part.args else "")
        assert (part is None) == (end < line.index("(") + 1)
    whole = reader.partial(line + ") = 3</t/")
    assert whole is not None
    assert whole.args == found.args
    assert string(whole.args[1]) == ("a", False)


def test_what_is_no_call_shows_no_intent() -> None:
    for text in ("", "12 17", "12 1700000000.000001 <... openat resumed>) =", "12 1700000000.000001 +++ exited wi", "junk"):
        assert Reader().partial(text) is None
