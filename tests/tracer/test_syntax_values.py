"""Raw arguments, as strace prints them, come back as what the process gave."""

from __future__ import annotations

import os

import pytest

from tracer.syntax import Descriptor, address, array, clone_flags, descriptor, field, flags, split, string, unescape


@pytest.mark.parametrize(
    ("raw", "data"),
    [
        ('""', b""),
        ('"plain name.txt"', b"plain name.txt"),
        (r'"a\nb\tc\vd\fe\rf"', b"a\nb\tc\vd\fe\rf"),
        (r'"say \"hi\" \\o/"', b'say "hi" \\o/'),
        (r'"\33[31mred"', b"\x1b[31mred"),
        (r'"\0010"', b"\x010"),  # three digits, because a digit follows
        (r'"\1a\377"', b"\x01a\xff"),
        (r'"\303\251"', "é".encode()),
        (r'"\x61\xff\x0A"', b"a\xff\n"),
        ('"\xc3\xa9"', "é".encode()),  # a log that somebody has edited: bytes as they are
        (r'"<unfinished ...>"', b"<unfinished ...>"),
        (r'") = 3"', b") = 3"),
        ('@"abstract"', b"abstract"),
    ],
)
def test_a_string_is_the_bytes_that_the_process_gave(raw: str, data: bytes) -> None:
    assert string(raw) == (os.fsdecode(data), False)


def test_a_string_that_strace_cut_off_says_so() -> None:
    assert string('"abc"...') == ("abc", True)
    assert string('"abc..."') == ("abc...", False)


@pytest.mark.parametrize("raw", ["NULL", "0x7ffe1234", "", '"open', 'x"y"', '"a" "b"', r'"a\"', "[]"])
def test_what_is_not_a_string_is_an_error(raw: str) -> None:
    with pytest.raises(ValueError, match="not a string"):
        string(raw)


def test_an_unknown_escape_is_kept_as_it_stands() -> None:
    assert unescape(r"a\qb") == r"a\qb"
    assert unescape("ends with \\") == "ends with \\"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("3", Descriptor(3, None, False)),
        ("-1", Descriptor(-1, None, False)),
        ("AT_FDCWD", Descriptor(None, None, False)),
        ("-100 /* AT_FDCWD */", Descriptor(None, None, False)),
        ("0xffffff9c", Descriptor(None, None, False)),
        ("AT_FDCWD</tmp/a b>", Descriptor(None, "/tmp/a b", False)),
        ("AT_FDCWD</tmp/gone (deleted)>", Descriptor(None, "/tmp/gone", True)),
        ("3</real/path>", Descriptor(3, "/real/path", False)),
        ("3</tmp/x>(deleted)", Descriptor(3, "/tmp/x", True)),
        ("3</tmp/x (deleted)>", Descriptor(3, "/tmp/x (deleted)", False)),  # a file of that name
        (r"3</a\74b\76c>", Descriptor(3, "/a<b>c", False)),
        (r"3</a\n\"q\"\\\377>", Descriptor(3, os.fsdecode(b'/a\n"q"\\\xff'), False)),
        ("3</ends in ->", Descriptor(3, "/ends in -", False)),
        ("3</a:[b>", Descriptor(3, "/a:[b", False)),
        ("4<pipe:[3478]>", Descriptor(4, "pipe:[3478]", False)),
        ("5<socket:[99]>", Descriptor(5, "socket:[99]", False)),
        ("6<anon_inode:[eventfd]>", Descriptor(6, "anon_inode:[eventfd]", False)),
        ("6<anon_inode:inotify>", Descriptor(6, "anon_inode:inotify", False)),
        ("0</dev/pts/1<char 136:1>>", Descriptor(0, "/dev/pts/1", False)),
        ("7</dev/loop0<block 7:0>>", Descriptor(7, "/dev/loop0", False)),
        ("3<TCP:[127.0.0.1:46686->127.0.0.1:34443]>", Descriptor(3, "TCP:[127.0.0.1:46686->127.0.0.1:34443]", False)),
        ("7<TCPv6:[[::1]:56152->[::1]:42759]>", Descriptor(7, "TCPv6:[[::1]:56152->[::1]:42759]", False)),
        (r'8<UNIX-STREAM:[9->8,"/u]>\"x"]>', Descriptor(8, 'UNIX-STREAM:[9->8,"/u]>"x"]', False)),
        ("16<pid:5845<python3>>", Descriptor(16, "pid:5845", False)),
        ("3</etc/passwd> [system_u:object_r:passwd_file_t:s0]", Descriptor(3, "/etc/passwd", False)),
    ],
)
def test_a_descriptor_has_the_number_and_what_it_is_open_on(raw: str, expected: Descriptor) -> None:
    assert descriptor(raw) == expected


@pytest.mark.parametrize("raw", ["", "NULL", "3x", '"3"', "0x7ffe", "[3]"])
def test_what_is_not_a_descriptor_is_an_error(raw: str) -> None:
    with pytest.raises(ValueError, match="not a descriptor"):
        descriptor(raw)


def test_arrays_of_strings_and_of_descriptors() -> None:
    assert array('["sort", "-k", "1,2", "a]b"]') == (['"sort"', '"-k"', '"1,2"', '"a]b"'], False)
    assert array('["sort", "long"..., ...]') == (['"sort"', '"long"...'], True)
    assert array("[]") == ([], False)
    assert array("[3<pipe:[1]>, 4<pipe:[1]>]") == (["3<pipe:[1]>", "4<pipe:[1]>"], False)
    assert array("[/* 63 vars */]") == ([], True)
    with pytest.raises(ValueError, match="not an array"):
        array("NULL")


def test_a_field_is_found_at_any_depth_but_in_no_name() -> None:
    raw = r'{msg_name={sa_family=AF_UNIX, sun_path="sin_port=\"5\""}, iov=[{iov_base="a, b", iov_len=3}], sin_port=htons(443)}'
    assert field(raw, "sin_port") == "htons(443)"
    assert field(raw, "iov_base") == '"a, b"'
    assert field(raw, "msg_name") == r'{sa_family=AF_UNIX, sun_path="sin_port=\"5\""}'
    assert field(raw, "port") is None
    assert field("{fd=3</tmp/flags=1>, flags=O_RDONLY}", "flags") == "O_RDONLY"


def test_the_address_of_a_connection() -> None:
    assert address('{sa_family=AF_INET, sin_port=htons(443), sin_addr=inet_addr("1.2.3.4")}') == ("1.2.3.4", 443)
    six = '{sa_family=AF_INET6, sin6_port=htons(80), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "::1", &sin6_addr)}'
    assert address(six) == ("::1", 80)
    assert address('{sa_family=AF_UNIX, sun_path="/run/sin_port=htons(1)"}') is None
    assert address("NULL") is None


def test_flags_are_names_and_what_has_no_name() -> None:
    assert flags("O_WRONLY|O_CREAT|O_TRUNC|0x80") == {"O_WRONLY", "O_CREAT", "O_TRUNC", "0x80"}
    assert flags("0x80041 /* O_WRONLY|O_CREAT|O_CLOEXEC */") == {"O_WRONLY", "O_CREAT", "O_CLOEXEC"}
    assert flags("0x3001 /* ARCH_??? */") == {"0x3001"}


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ("child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD, child_tidptr=0x7f6a", {"CLONE_CHILD_CLEARTID", "SIGCHLD"}),
        (
            "{flags=CLONE_VM|CLONE_VFORK, exit_signal=SIGCHLD, stack=0x7f, stack_size=0x9000}, 88",
            {"CLONE_VM", "CLONE_VFORK", "SIGCHLD"},
        ),
        ("{flags=CLONE_VM|CLONE_THREAD, exit_signal=0} => {parent_tid=[5]}, 88", {"CLONE_VM", "CLONE_THREAD", "0"}),
        ("", set()),
    ],
)
def test_clone_flags(args: str, expected: set[str]) -> None:
    assert clone_flags(split(args)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("3", ["3"]),
        ('AT_FDCWD</a,b>, "x, y", O_RDONLY', ["AT_FDCWD</a,b>", '"x, y"', "O_RDONLY"]),
        ("[1, 2], {a=1, b={c=2}}, f(1, 2)", ["[1, 2]", "{a=1, b={c=2}}", "f(1, 2)"]),
        ("0x3001 /* A, B) */, 1<<20|21<<MAP_HUGE_SHIFT, 5", ["0x3001 /* A, B) */", "1<<20|21<<MAP_HUGE_SHIFT", "5"]),
        ("v4l2_fourcc('\"', ',', '\\'', ')'), 1", ["v4l2_fourcc('\"', ',', '\\'', ')')", "1"]),
        ("-1, ", ["-1"]),
        ('3, "cut o', ["3", '"cut o']),
        ("3</cut o", ["3</cut o"]),
        ('4, ["a", "b', ["4", '["a", "b']),
    ],
)
def test_arguments_are_split_at_top_level_only(text: str, expected: list[str]) -> None:
    assert split(text) == expected
