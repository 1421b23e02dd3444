# ruff: noqa: E501 -- a table: one call, one line
"""What a call did, from its printed arguments; a call that failed did nothing."""

from __future__ import annotations

import pytest

from tracer.effects import (
    Connected,
    Duplicated,
    Entered,
    Executed,
    Forked,
    Isolated,
    Linked,
    Mode,
    Opened,
    Piped,
    Place,
    Removed,
    Renamed,
    Rewired,
    Ring,
    Truncated,
    effect,
    mode,
    own_descriptor,
)  # fmt: skip
from tracer.events import Call
from tracer.syntax import Reader


def call(text: str) -> Call:
    event = Reader().read(f"1 1700000000.000000 {text}")
    assert isinstance(event, Call)
    return event


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('execve("/bin/x", ["x", "a b", "\\n"], 0x7ffd /* 3 vars */) = 0', Executed(Place(None, "/bin/x"), ["x", "a b", "\n"], False)),
        ('execve("/bin/x", ["x", "a"...], 0x7ffd /* 3 vars */) = 0', Executed(Place(None, "/bin/x"), ["x", "a"], True)),
        ('execve("/bin/x", ["x", ...], 0x7ffd /* 3 vars */) = 0', Executed(Place(None, "/bin/x"), ["x"], True)),
        ('execveat(3</bin/x>, "", ["x"], 0x7ffd /* 3 vars */, AT_EMPTY_PATH) = 0', Executed(Place("/bin/x", "", 3), ["x"], False)),
        ('execveat(3</memfd:m>(deleted), "", ["x"], 0x7ffd /* 3 vars */, AT_EMPTY_PATH) = 0', Executed(Place("/memfd:m", "", 3), ["x"], False, nameless=True)),
        ("fork() = 7", Forked(7, False, False, False)),
        ("vfork() = 7", Forked(7, False, False, False, waits=True)),
        ("clone(child_stack=0x7f, flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_THREAD, parent_tid=[7], tls=0x7f) = 7", Forked(7, True, True, True)),
        ("clone3({flags=CLONE_VM|CLONE_VFORK, exit_signal=SIGCHLD, stack=0x7f, stack_size=0x9000}, 88) = 7", Forked(7, False, False, False, waits=True)),
        ("clone(child_stack=NULL, flags=CLONE_NEWNS|CLONE_NEWPID|SIGCHLD) = 7", Forked(7, False, False, False, True, True)),
        ('chdir("d") = 0', Entered(Place(None, "d"))),
        ("fchdir(3</w/d>) = 0", Entered(Place("/w/d", "", 3))),
        ('rename("a", "b") = 0', Renamed(Place(None, "a"), Place(None, "b"), False)),
        ('renameat(AT_FDCWD</w>, "a", 5</d>, "b") = 0', Renamed(Place("/w", "a"), Place("/d", "b", 5), False)),
        ('renameat2(AT_FDCWD</w>, "a", AT_FDCWD</w>, "b", RENAME_EXCHANGE) = 0', Renamed(Place("/w", "a"), Place("/w", "b"), True)),
        ('renameat2(AT_FDCWD</w>, "a", AT_FDCWD</w>, "b", RENAME_NOREPLACE) = 0', Renamed(Place("/w", "a"), Place("/w", "b"), False)),
        ('link("a", "b") = 0', Linked(Place(None, "a"), Place(None, "b"), None)),
        ('linkat(AT_FDCWD</w>, "/proc/self/fd/12", AT_FDCWD</w>, "b", AT_SYMLINK_FOLLOW) = 0', Linked(Place("/w", "/proc/self/fd/12"), Place("/w", "b"), 12)),
        ('linkat(12</w/#3>(deleted), "", AT_FDCWD</w>, "b", AT_EMPTY_PATH) = 0', Linked(Place("/w/#3", "", 12), Place("/w", "b"), 12)),
        ('unlink("a") = 0', Removed(Place(None, "a"))),
        ('unlinkat(5</d>, "a", 0) = 0', Removed(Place("/d", "a", 5))),
        ('truncate("a", 0) = 0', Truncated(Place(None, "a"), True)),
        ("ftruncate(3</w/a>, 10) = 0", Truncated(Place("/w/a", "", 3), False)),
        ("ftruncate(3<pipe:[7]>, 10) = 0", None),
        ("dup2(3</w/a>, 1</dev/pts/0>) = 1</w/a>", Duplicated(1, "/w/a", 3)),
        ("dup3(3<pipe:[7]>, 0</dev/pts/0>, 0) = 0<pipe:[7]>", Duplicated(0, "pipe:[7]", 3)),
        ("dup2(3</w/a>, 9) = 9</w/a>", None),
        ("pipe2([3<pipe:[7]>, 4<pipe:[7]>], O_CLOEXEC) = 0", Piped("pipe", ("pipe:[7]",), (3, 4))),
        ("socketpair(AF_UNIX, SOCK_STREAM, 0, [3<socket:[8]>, 4<socket:[9]>]) = 0", Piped("socketpair", ("socket:[8]", "socket:[9]"), (3, 4))),
        ('connect(3<socket:[1]>, {sa_family=AF_INET, sin_port=htons(443), sin_addr=inet_addr("192.0.2.1")}, 16) = 0', Connected("192.0.2.1", 443)),
        ('connect(3<socket:[1]>, {sa_family=AF_INET, sin_port=htons(443), sin_addr=inet_addr("192.0.2.1")}, 16) = -1 EINPROGRESS (Operation now in progress)', Connected("192.0.2.1", 443)),
        ('connect(3<socket:[1]>, {sa_family=AF_INET6, sin6_port=htons(80), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "2001:db8::1", &sin6_addr), sin6_scope_id=0}, 28) = 0', Connected("2001:db8::1", 80)),
        ('connect(3<socket:[1]>, {sa_family=AF_UNIX, sun_path="/run/x"}, 110) = 0', Connected("/run/x", 0)),
        ('chroot("/srv") = 0', Isolated("chroot")),
        ("unshare(CLONE_NEWNS|CLONE_NEWPID) = 0", Isolated("unshare", True, True)),
        ("unshare(CLONE_NEWPID) = 0", Isolated("unshare", False, True)),
        ("unshare(CLONE_FILES) = 0", None),
        ("setns(3</proc/1/ns/mnt>, 0) = 0", Isolated("setns", True, True)),
        ("setns(3</proc/1/ns/net>, CLONE_NEWNET) = 0", None),
        ('symlink("target", "l") = 0', Rewired(Place(None, "l"))),
        ('symlinkat("target", 5</d>, "l") = 0', Rewired(Place("/d", "l", 5))),
        ("io_uring_setup(8, {flags=0}) = 3<anon_inode:[io_uring]>", Ring()),
        ("getpid() = 7", None),
    ],
)
def test_what_a_call_did(text: str, expected: object) -> None:
    found = effect(call(text))
    assert (type(found), found) == (type(expected), expected)


@pytest.mark.parametrize("error", ["-1 ENOENT (No such file or directory)", "? ERESTARTSYS (To be restarted if SA_RESTART is set)", "?"])
@pytest.mark.parametrize("text", ['openat(AT_FDCWD</w>, "a", O_RDONLY)', 'rename("a", "b")', 'unlink("a")', 'execve("a", ["a"], 0x7f)', "vfork()", 'chroot("/srv")', "dup2(3</w/a>, 1)"])
def test_a_call_that_failed_did_nothing(text: str, error: str) -> None:
    assert effect(call(f"{text} = {error}")) is None


READ = Mode(reads=True, writes=False, creates=False, exclusive=False, truncates=False, temporary=False, nothing=False)


@pytest.mark.parametrize(
    ("raw", "expected", "keeps"),
    [
        ("O_RDONLY|O_CLOEXEC", READ, False),
        ("O_WRONLY", READ._replace(reads=False, writes=True), True),
        ("O_WRONLY|O_APPEND", READ._replace(reads=False, writes=True), True),
        ("O_RDWR", READ._replace(writes=True), True),
        ("O_RDWR|O_CREAT", READ._replace(writes=True, creates=True), True),
        ("O_WRONLY|O_CREAT|O_TRUNC", READ._replace(reads=False, writes=True, creates=True, truncates=True), False),
        ("O_WRONLY|O_CREAT|O_EXCL", READ._replace(reads=False, writes=True, creates=True, exclusive=True), False),
        ("O_WRONLY|O_EXCL", READ._replace(reads=False, writes=True), True),
        ("O_RDWR|O_TMPFILE", READ._replace(writes=True, temporary=True), False),
        ("O_RDWR|O_TMPFILE|O_DIRECTORY", READ._replace(writes=True, temporary=True), False),
        ("O_RDONLY|O_PATH", READ._replace(nothing=True), False),
        ("O_RDONLY|O_DIRECTORY", READ._replace(nothing=True), False),
    ],
)
def test_what_an_open_asks_for(raw: str, expected: Mode, keeps: bool) -> None:
    assert (mode(raw), mode(raw).keeps) == (expected, keeps)


@pytest.mark.parametrize(
    "text",
    [
        'open("a", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 3</w/a>', 'openat(AT_FDCWD</w>, "a", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 3</w/a>',
        'openat2(AT_FDCWD</w>, "a", {flags=O_WRONLY|O_CREAT|O_TRUNC, mode=0666, resolve=0}, 24) = 3</w/a>', 'creat("a", 0666) = 3</w/a>',
    ],
)  # fmt: skip
def test_every_open_is_the_same_open(text: str) -> None:
    found = effect(call(text))
    assert isinstance(found, Opened)
    assert (found.path, found.number, found.deleted) == ("/w/a", 3, False)
    assert (found.mode.writes, found.mode.reads, found.mode.truncates) == (True, False, True)


def test_a_nameless_file_says_so() -> None:
    found = effect(call('openat(AT_FDCWD</w>, ".", O_RDWR|O_TMPFILE, 0600) = 3</w/#77>(deleted)'))
    assert isinstance(found, Opened)
    assert (found.path, found.deleted, found.mode.temporary) == ("/w/#77", True, True)


@pytest.mark.parametrize(
    ("name", "number"),
    [("/dev/stdin", 0), ("/dev/stderr", 2), ("/dev/fd/63", 63), ("/proc/self/fd/5", 5), ("/proc/12/fd/5", None), ("/dev/fd/x", None), ("a", None)],
)
def test_names_of_the_own_descriptors(name: str, number: int | None) -> None:
    assert own_descriptor(name) == number


@pytest.mark.parametrize("text", ["openat(AT_FDCWD</w>) = 3", "rename() = 0", 'openat(AT_FDCWD</w>, "a", 577) = 3</w/a>'])
def test_arguments_that_cannot_be_read_are_an_error(text: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        effect(call(text))
