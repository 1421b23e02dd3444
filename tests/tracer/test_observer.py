# ruff: noqa: E501 -- lines of strace
"""What lines of strace say of a job: which program read and wrote which content, through which streams and pipes."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from tests.tracer.folding import Everything, Notes, Offline, duplicated, executed, exited, fold, fold_lines, forked, read, wrote
from tracer.observer import Observer
from tracer.syntax import Reader

BASH = "bash job"


@dataclass(frozen=True)
class Story:
    """Lines after `bash job` (pid 1) was started; what programs read and wrote (argv -> names), and the job's own."""

    name: str
    lines: list[str]
    used: dict[str, set[str]] = field(default_factory=dict)
    generated: dict[str, set[str]] = field(default_factory=dict)
    inputs: set[str] | None = None
    outputs: set[str] | None = None
    births: dict[str, int] = field(default_factory=dict)


def command(pid: int, argv: str, *, before: list[str] | None = None, after: list[str] | None = None) -> list[str]:
    """A child of pid 1 that runs `argv`: what the shell does before the exec, what the program does after it."""
    return [forked(1, pid), *(before or []), executed(pid, argv), *(after or []), exited(pid)]


OLD = {"/w/log": 1, "/w/c": 1}

STORIES = [
    Story("a program reads and writes", command(2, "prog", after=[read(2, "a"), wrote(2, "c")]), {"prog": {"a"}}, {"prog": {"c"}}, {"a"}, {"c"}),
    Story(
        "cmd < a > c: the streams are the program's, not the shell's",
        command(2, "sort", before=[read(2, "a"), duplicated(2, 3, 0, "/w/a"), wrote(2, "c"), duplicated(2, 3, 1, "/w/c")]),
        {"sort": {"a"}, BASH: set()}, {"sort": {"c"}, BASH: set()},
    ),
    Story(
        "cmd > c 2>&1",
        command(2, "sort", before=[wrote(2, "c"), duplicated(2, 3, 1, "/w/c"), duplicated(2, 1, 2, "/w/c")]),
        {}, {"sort": {"c"}, BASH: set()}, set(), {"c"},
    ),
    Story(
        "{ x; y; } > c: both programs write, and the shell opened it",
        [
            wrote(1, "c"), duplicated(1, 3, 1, "/w/c"), *command(2, "x"), *command(3, "y"), duplicated(1, 10, 1, "/dev/pts/0"),
            *command(4, "z"),
        ],
        {}, {"x": {"c"}, "y": {"c"}, "z": set(), BASH: {"c"}},
    ),
    Story(
        "dash redirects itself, and waits for the program to be executed: it has read nothing",
        [
            read(1, "a"), "1 dup2(3</w/a>, 0</dev/pts/0>) = 0</w/a>", wrote(1, "c"), duplicated(1, 3, 1, "/w/c"), "1 vfork( <unfinished ...>",
            executed(2, "sort"), "1 <... vfork resumed>) = 2", exited(2),
            "1 dup2(10</dev/pts/0>, 0</w/a>) = 0</dev/pts/0>", "1 dup2(11</dev/pts/0>, 1</w/c>) = 1</dev/pts/0>", wrote(1, "d"),
        ],
        {"sort": {"a"}, BASH: set()}, {"sort": {"c"}, BASH: {"c", "d"}},
    ),
    Story(
        "a loop of dash reads a file, and so may the programs in it",
        [
            read(1, "a"), "1 dup2(3</w/a>, 0</dev/pts/0>) = 0</w/a>", "1 vfork( <unfinished ...>", executed(2, "x"), "1 <... vfork resumed>) = 2",
            exited(2), "1 vfork( <unfinished ...>", executed(3, "y"), "1 <... vfork resumed>) = 3", exited(3),
            "1 dup2(10</dev/pts/0>, 0</w/a>) = 0</dev/pts/0>",
        ],
        {"x": {"a"}, "y": {"a"}, BASH: {"a"}},
    ),
    Story(
        "exec > c, and the last program replaces the shell",
        [wrote(1, "c"), duplicated(1, 3, 1, "/w/c"), executed(1, "sort")],
        {}, {"sort": {"c"}, BASH: set()},
    ),
    Story(
        "exec > c, then the shell itself reads, writes, and is replaced: both wrote c",
        [wrote(1, "c"), duplicated(1, 3, 1, "/w/c"), read(1, "a"), executed(1, "sort")],
        {BASH: {"a"}}, {"sort": {"c"}, BASH: {"c"}},
    ),
    Story(
        "a wrapper passes its streams on",
        command(2, "env sort", before=[read(2, "a"), duplicated(2, 3, 0, "/w/a"), wrote(2, "c"), duplicated(2, 3, 1, "/w/c")], after=[executed(2, "nice sort"), executed(2, "sort")]),
        {"env sort": set(), "nice sort": set(), "sort": {"a"}}, {"env sort": set(), "nice sort": set(), "sort": {"c"}},
    ),
    Story(
        "a parent gives its child a file it has opened",
        [wrote(1, "c", 5), *command(2, "sort", before=[duplicated(2, 5, 1, "/w/c")])],
        {}, {"sort": {"c"}, BASH: {"c"}}, set(), {"c"},
    ),
    Story(
        "append to a file that was there",
        command(2, "prog", after=[wrote(2, "log", flags="O_WRONLY|O_CREAT|O_APPEND, 0666")]),
        {"prog": {"log"}}, {"prog": {"log"}}, {"log"}, {"log"}, OLD,
    ),
    Story(
        "append to a file that was not",
        command(2, "prog", after=[wrote(2, "log", flags="O_WRONLY|O_CREAT|O_APPEND, 0666")]),
        {"prog": set()}, {"prog": {"log"}}, set(), {"log"}, {"/w/log": 1700000000001000},
    ),
    Story(
        "reading and writing what was there",
        command(2, "prog", after=[wrote(2, "c", flags="O_RDWR")]),
        {"prog": {"c"}}, {"prog": {"c"}}, {"c"}, {"c"}, OLD,
    ),
    Story(
        "two programs append to one log",
        [*command(2, "x", after=[wrote(2, "c")]), *command(3, "y", after=[wrote(3, "c", flags="O_WRONLY|O_APPEND")])],
        {"x": set(), "y": {"c"}}, {"x": {"c"}, "y": {"c"}}, set(), {"c"},
    ),
    Story(
        "a lock file that is made by opening it for reading",
        command(2, "flock", after=[wrote(2, "lock", flags="O_RDONLY|O_CREAT, 0666")]),
        {"flock": set()}, {"flock": {"lock"}}, set(), {"lock"}, {"/w/lock": 1700000000001000},
    ),
    Story(
        "a lock file that was there",
        command(2, "flock", after=[wrote(2, "log", flags="O_RDONLY|O_CREAT, 0666")]),
        {"flock": {"log"}}, {"flock": set()}, {"log"}, set(), OLD,
    ),
    Story(
        "atomic replace",
        [*command(2, "x", after=[wrote(2, ".tmp"), '2 rename(".tmp", "c") = 0']), *command(3, "y", after=[read(3, "c")])],
        {"y": {"c"}}, {"x": {"c"}}, set(), {"c"},
    ),
    Story(
        "a directory is made under another name, synced and renamed",
        [
            *command(2, "x", after=[wrote(2, "tmp/m"), '2 openat(AT_FDCWD</w>, "tmp", O_RDONLY) = 4</w/tmp>', '2 rename("tmp", "ckpt") = 0']),
            *command(3, "y", after=[read(3, "ckpt/m")]),
        ],
        {"x": set(), "y": {"ckpt/m"}}, {"x": {"ckpt/m"}}, set(), {"ckpt/m"},
    ),
    Story(
        "renamed twice, over what was there",
        command(2, "x", after=[read(2, "old/m"), wrote(2, "t/m"), '2 rename("old", "older") = 0', '2 rename("t", "old") = 0', read(2, "old/n")]),
        {"x": {"old/m", "old/n"}}, {"x": {"old/m"}}, {"old/m", "old/n"}, {"old/m"},
    ),
    Story(
        "exchanged",
        [
            *command(2, "x", after=[wrote(2, "p"), wrote(2, "q"), '2 renameat2(AT_FDCWD</w>, "p", AT_FDCWD</w>, "q", RENAME_EXCHANGE) = 0']),
            *command(3, "y", after=[read(3, "q")]),
        ],
        {"y": {"q"}}, {"x": {"p", "q"}}, set(), {"p", "q"},
    ),
    Story(
        "moved in: used under the old name, generated under the new one",
        command(2, "mv", after=['2 rename("a", "b") = 0']),
        {"mv": {"a"}}, {"mv": {"b"}}, {"a"}, {"b"},
    ),
    Story(
        "a symbolic link is made and renamed over another",
        command(2, "ln", after=['2 symlinkat("a", AT_FDCWD</w>, "l.tmp") = 0', '2 renameat(AT_FDCWD</w>, "l.tmp", AT_FDCWD</w>, "l") = 0']),
        {"ln": set()}, {"ln": set()}, set(), set(),
    ),
    Story(
        "hard link",
        command(2, "ln", after=['2 link("a", "b") = 0']),
        {"ln": {"a"}}, {"ln": {"b"}}, {"a"}, {"b"},
    ),
    Story(
        "what is appended to one name of a file is appended to the other",
        [
            *command(2, "x", after=[wrote(2, "c")]), *command(3, "ln", after=['3 link("c", "c2") = 0']),
            *command(4, "y", after=[wrote(4, "c2", flags="O_WRONLY|O_APPEND")]), *command(5, "z", after=[read(5, "c")]),
        ],
        {"x": set(), "ln": {"c"}, "y": {"c2"}, "z": {"c"}}, {"x": {"c"}, "ln": {"c2"}, "y": {"c", "c2"}, "z": set()}, set(), {"c", "c2"},
    ),
    Story(
        "a link that was removed is no name any more",
        [
            *command(2, "x", after=[wrote(2, "t"), '2 link("t", "c") = 0', '2 unlink("t") = 0']),
            *command(3, "y", after=[wrote(3, "c", flags="O_WRONLY|O_APPEND"), wrote(3, "t")]),
        ],
        {"x": set(), "y": {"c"}}, {"x": {"t", "c"}, "y": {"t", "c"}}, set(), {"t", "c"},
    ),
    Story(
        "a nameless file gets a name",
        command(2, "x", after=[
            '2 openat(AT_FDCWD</w>, ".", O_RDWR|O_TMPFILE, 0600) = 3</w/#77>(deleted)',
            '2 linkat(AT_FDCWD</w>, "/proc/self/fd/3", AT_FDCWD</w>, "c", AT_SYMLINK_FOLLOW) = 0',
        ]),
        {"x": set()}, {"x": {"c"}}, set(), {"c"},
    ),
    Story(
        "a nameless file never gets one",
        command(2, "x", after=['2 openat(AT_FDCWD</w>, ".", O_RDWR|O_TMPFILE, 0600) = 3</w/#77>(deleted)', '2 ftruncate(3</w/#77>(deleted), 9) = 0']),
        {"x": set()}, {"x": set()}, set(), set(),
    ),
    Story(
        "removed and made again: two contents",
        [*command(2, "x", after=[wrote(2, "c"), '2 unlink("c") = 0']), *command(3, "y", after=[wrote(3, "c")])],
        {}, {"x": {"c"}, "y": {"c"}}, set(), {"c"},
    ),
    Story(
        "an input is read, then overwritten",
        command(2, "x", after=[read(2, "a"), wrote(2, "a")]),
        {"x": {"a"}}, {"x": {"a"}}, {"a"}, {"a"},
    ),
    Story(
        "an own product that is read is no input",
        command(2, "x", after=[wrote(2, "c"), read(2, "c")]),
        {"x": set()}, {"x": {"c"}}, set(), {"c"},
    ),
    Story(
        "the file was removed between its open and the look at its name",
        command(2, "x", after=['2 openat(AT_FDCWD</w>, "a", O_RDONLY) = 3</w/a>(deleted)']),
        {"x": {"a"}}, {"x": set()}, {"a"}, set(),
    ),
    Story(
        "a product was removed between its open and the look at its name",
        [*command(2, "x", after=[wrote(2, "c")]), *command(3, "y", after=['3 openat(AT_FDCWD</w>, "c", O_RDONLY <unfinished ...>', '1 unlink("c") = 0', '3 <... openat resumed>) = 3</w/c>(deleted)'])],
        {"y": {"c"}}, {"x": {"c"}}, set(), set(),
    ),
    Story(
        "a child's directory is its own",
        [*command(2, "x", before=['2 chdir("d") = 0'], after=['2 rename("p", "q") = 0']), '1 rename("p", "q") = 0'],
        {"x": {"d/p"}, BASH: {"p"}}, {"x": {"d/q"}, BASH: {"q"}},
    ),
    Story(
        "CLONE_FS shares it",
        [forked(1, 2, "CLONE_FS|SIGCHLD"), '2 chdir("d") = 0', '1 rename("p", "q") = 0', exited(2)],
        {BASH: {"d/p"}}, {BASH: {"d/q"}},
    ),
    Story(
        "relative to a descriptor",
        command(2, "x", after=['2 renameat(5</w/d>, "p", 6</w/e>, "../q") = 0', '2 unlinkat(5</w/d>, "r", 0) = 0']),
        {"x": {"d/p"}}, {"x": {"q"}},
    ),
    Story(
        "/proc/self/fd/N and /dev/stdin are what they lead to",
        command(2, "x", after=['2 openat(AT_FDCWD</w>, "/proc/self/fd/7", O_RDONLY) = 3</w/a>', '2 openat(AT_FDCWD</w>, "/dev/stdin", O_RDONLY) = 4</w/b>']),
        {"x": {"a", "b"}}, {}, {"a", "b"}, set(),
    ),
    Story(
        "what is no content",
        command(2, "x", after=[
            '2 openat(AT_FDCWD</w>, "a", O_RDONLY|O_PATH) = 3</w/a>', '2 openat(AT_FDCWD</w>, "d", O_RDONLY|O_DIRECTORY) = 3</w/d>',
            '2 openat(AT_FDCWD</w>, "b", O_RDONLY) = -1 ENOENT (No such file or directory)', '2 openat(AT_FDCWD</w>, "b", O_WRONLY|O_CREAT|O_TRUNC, 0666) = -1 EACCES (Permission denied)',
            '2 openat(AT_FDCWD</w>, "b", O_RDONLY) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)',
        ]),
        {"x": set()}, {"x": set()}, set(), set(),
    ),
    Story(
        "truncate",
        command(2, "x", after=['2 truncate("a", 0) = 0', '2 truncate("c", 7) = 0']),
        {"x": {"c"}}, {"x": {"a", "c"}}, {"c"}, {"a", "c"},
    ),
    Story(
        "threads are their process",
        [*command(2, "x", after=[forked(2, 3, "CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_THREAD"), read(3, "a"), wrote(3, "c"), exited(3)])],
        {"x": {"a"}}, {"x": {"c"}},
    ),
    Story(
        "a thread that calls exec goes on under its leader's pid",
        [
            forked(1, 2), executed(2, "x"), forked(2, 3, "CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_THREAD"),
            '3 execve("/bin/y", ["y"], 0x7ffd /* 9 vars */ <unfinished ...>', "2 +++ superseded by execve in pid 3 +++",
            "2 <... execve resumed>) = 0", read(2, "a"), exited(2),
        ],
        {"x": set(), "y": {"a"}},
    ),
    Story(
        "workers of multiprocessing are their parent's",
        [
            forked(1, 2), executed(2, "python train"), forked(2, 3),
            '3 execve("/bin/python", ["python", "-c", "from multiprocessing.spawn import spawn_main; spawn_main()"], 0x7ffd /* 9 vars */) = 0',
            read(3, "a"), wrote(3, "c"), exited(3), exited(2),
        ],
        {"python train": {"a"}}, {"python train": {"c"}},
    ),
]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_who_read_and_wrote_what(story: Story) -> None:
    found = fold("\n".join([executed(1, BASH), *story.lines, exited(1)]), world=Offline(story.births))
    assert {argv: found.used(argv) for argv in story.used} == story.used
    assert {argv: found.generated(argv) for argv in story.generated} == story.generated
    if story.inputs is not None:
        assert found.inputs() == story.inputs
    if story.outputs is not None:
        assert found.outputs() == story.outputs
    assert found.observer.running == 0
    assert found.observation.counts.unparsed == 0


# -- children that are seen before their parent's fork returns -----------------------------------------------------------------

VFORK = "vfork( <unfinished ...>"
CLONE = "clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD, child_tidptr=0x7f <unfinished ...>"


def test_a_child_runs_before_its_parents_fork_returns() -> None:
    """What others do meanwhile comes after it: the file that the child read is the one from before."""
    found = fold(
        "\n".join([
            executed(1, BASH), f"1 {CLONE}", executed(2, "x"), read(2, "a"), "1 <... clone resumed>) = 2",
            forked(1, 4), executed(4, "other"), f"1 {VFORK}", read(3, "b"), wrote(4, "b"), executed(3, "y"), "1 <... vfork resumed>) = 3",
            exited(2), exited(3), exited(4), exited(1),
        ])
    )
    assert found.steps() == [BASH, "x", "other", "y"]
    assert found.parents() == {BASH: None, "x": BASH, "other": BASH, "y": BASH}
    assert found.inputs() == {"a", "b"}
    assert found.used(BASH) == {"b"}
    assert found.observer.running == 0


def test_a_child_ends_before_its_parents_fork_returns() -> None:
    found = fold("\n".join([executed(1, BASH), f"1 {CLONE}", executed(2, "x"), exited(2, 3), "1 <... clone resumed>) = 2", exited(1)]))
    assert found.image("x").code == 3
    assert found.observer.running == 0
    assert [image.argv[0] for image in found.notes.ended] == ["x", "bash"]


def test_several_forks_in_flight() -> None:
    """Only their returns tell whose the children are."""
    found = fold(
        "\n".join([
            executed(1, BASH), forked(1, 2), executed(2, "make"), forked(1, 3), executed(3, "ninja"),
            f"2 {CLONE}", f"3 {CLONE}", executed(20, "cc"), executed(30, "ld"), read(20, "a"), exited(30),
            "3 <... clone resumed>) = 30", "2 <... clone resumed>) = 20", exited(20), exited(2), exited(3), exited(1),
        ])
    )
    assert found.parents() == {BASH: None, "make": BASH, "ninja": BASH, "cc": "make", "ld": "ninja"}
    assert found.used("cc") == {"a"}
    assert found.observer.running == 0


def test_a_vfork_that_lasts_is_no_jump_of_the_clock() -> None:
    lines = [
        '1 1700000000.000000 execve("/bin/bash", ["bash", "job"], 0x7ffd /* 9 vars */) = 0',
        "1 1700000001.000000 clone(child_stack=NULL, flags=SIGCHLD) = 2",
        f"1 1700000002.000000 {VFORK}",
        f"2 1700000002.000001 {VFORK}",
        '3 1700000003.000000 openat(AT_FDCWD</w>, "a", O_RDONLY) = 3</w/a>',
        "1 1700000009.000000 <... vfork resumed>) = 3",
        "2 1700000009.000001 <... vfork resumed>) = 4",
    ]
    found = fold_lines(lines)
    assert "clock" not in found.warnings
    assert found.used(BASH) == {"a"}


def test_a_clock_that_is_set_back_is_said() -> None:
    lines = [
        '1 1700000009.000000 execve("/bin/bash", ["bash", "job"], 0x7ffd /* 9 vars */) = 0',
        '1 1700000001.000000 openat(AT_FDCWD</w>, "a", O_RDONLY) = 3</w/a>',
    ]
    assert "clock" in fold_lines(lines).warnings


def test_a_pid_is_used_again() -> None:
    found = fold("\n".join([
        executed(1, BASH), *command(2, "x", after=[read(2, "a"), '2 chdir("d") = 0']), *command(2, "y", after=['2 rename("p", "q") = 0']),
        exited(1),
    ]))  # fmt: skip
    assert (found.used("x"), found.generated("y")) == ({"a"}, {"q"})
    assert found.image("x").ended is not None
    assert found.observer.running == 0


def test_a_fork_that_never_returns_leaves_its_child_observed() -> None:
    found = fold("\n".join([executed(1, BASH), f"1 {VFORK}", executed(2, "x"), "1 +++ killed by SIGKILL +++", read(2, "a"), exited(2)]))
    assert found.used("x") == {"a"}
    assert found.image("x").parent is found.image(BASH)
    assert (found.image(BASH).code, found.image(BASH).signal) == (None, 9)
    assert found.observer.running == 0


def test_forks_in_a_pid_namespace_return_other_numbers() -> None:
    """The log's pids are ours, the returned ones are the namespace's: they may even be those of other processes."""
    found = fold("\n".join([
        executed(1, BASH), *command(7, "other", after=[read(7, "z")])[:-1],
        forked(1, 2), executed(2, "unshare -pf sh"), "2 unshare(CLONE_NEWPID) = 0", forked(2, 100), executed(100, "sh job"),
        forked(100, 7), executed(101, "x"), read(101, "a"), exited(101),
        f"100 {CLONE}", executed(102, "y"), read(102, "b"), "100 <... clone resumed>) = 3", exited(102),
        wrote(7, "c"), exited(7), exited(100), exited(2), exited(1),
    ]))  # fmt: skip
    assert found.parents() == {
        BASH: None, "other": BASH, "unshare -pf sh": BASH, "sh job": "unshare -pf sh", "x": "sh job", "y": "sh job"
    }  # fmt: skip
    assert (found.used("x"), found.used("y"), found.generated("other")) == ({"a"}, {"b"}, {"c"})
    assert found.observer.running == 0


# -- pipes -----------------------------------------------------------------------------------------------------------------------

P = "pipe:[5]"


@pytest.mark.parametrize(
    ("lines", "pipes"),
    [
        pytest.param(
            [
                f"1 pipe2([3<{P}>, 4<{P}>], 0) = 0", *command(2, "cat", before=[duplicated(2, 4, 1, P)]),
                *command(3, "sort", before=[duplicated(3, 3, 0, P)]),
            ],
            {("cat", "sort")}, id="a | b",
        ),
        pytest.param(
            [
                f"1 pipe2([3<{P}>, 4<{P}>], 0) = 0", *command(2, "env cat", before=[duplicated(2, 4, 1, P)], after=[executed(2, "cat")]),
                *command(3, "sort", before=[duplicated(3, 3, 0, P)]),
            ],
            {("cat", "sort")}, id="through a wrapper",
        ),
        pytest.param(
            [f"1 pipe2([3<{P}>, 4<{P}>], O_CLOEXEC) = 0", *command(2, "cat", before=[duplicated(2, 4, 1, P)])],
            {("cat", BASH)}, id="a child's output is read by its parent",
        ),
        pytest.param(
            [
                f"1 pipe2([3<{P}>, 4<{P}>], 0) = 0", *command(2, "cat", before=[duplicated(2, 4, 1, P)]),
                forked(1, 3), duplicated(3, 3, 0, P), forked(3, 4), executed(4, "head"), exited(4), forked(3, 5), executed(5, "tail"), exited(5), exited(3),
            ],
            {("cat", "head"), ("cat", "tail")}, id="a | { b; c; }",
        ),
        pytest.param(
            [
                f"1 pipe2([3<{P}>, 4<{P}>], 0) = 0", *command(2, "cat", before=[duplicated(2, 4, 1, P)]),
                *command(3, "sort", before=[f'3 openat(AT_FDCWD</w>, "/dev/fd/63", O_RDONLY) = 3<{P}>', duplicated(3, 3, 0, P)]),
            ],
            {("cat", "sort")}, id="b < <(a)",
        ),
        pytest.param(
            [
                f"1 pipe2([3<{P}>, 4<{P}>], 0) = 0", *command(2, "cat", before=[duplicated(2, 4, 1, P)]),
                *command(3, "sort", after=[f'3 openat(AT_FDCWD</w>, "/dev/fd/63", O_RDONLY) = 3<{P}>']),
            ],
            {("cat", "sort")}, id="b <(a)",
        ),
        pytest.param(
            [
                '1 mknodat(AT_FDCWD</w>, "fifo", S_IFIFO|0666) = 0',
                *command(2, "cat", before=[wrote(2, "fifo"), duplicated(2, 3, 1, "/w/fifo")]), *command(3, "sort", after=[read(3, "fifo")]),
            ],
            {("cat", "sort")}, id="a FIFO with a name",
        ),
        pytest.param(
            [
                "1 socketpair(AF_UNIX, SOCK_STREAM, 0, [3<UNIX-STREAM:[8]>, 4<UNIX-STREAM:[9]>]) = 0",
                *command(2, "cat", before=[duplicated(2, 4, 1, "UNIX-STREAM:[9]")]), *command(3, "sort", before=[duplicated(3, 3, 0, "UNIX-STREAM:[8]")]),
            ],
            {("cat", "sort"), ("sort", "cat")}, id="a socketpair goes both ways",
        ),
    ],
)  # fmt: skip
def test_pipes_connect_programs(lines: list[str], pipes: set[tuple[str, str]]) -> None:
    found = fold("\n".join([executed(1, BASH), *lines, exited(1)]))
    assert found.pipes() == pipes
    assert found.inputs() == found.outputs() == set()


# -- what the job started with, and what cannot be known ---------------------------------------------------------------------------


def test_files_that_the_job_started_with_as_its_streams() -> None:
    found = fold("\n".join([executed(1, "sort"), exited(1)]), stdin="/w/a", stdout="/w/c")
    assert (found.used("sort"), found.generated("sort")) == ({"a"}, {"c"})


def test_the_launchers_images_are_not_the_jobs() -> None:
    found = fold("\n".join([executed(1, "trampoline"), read(1, "secret"), executed(1, "x"), read(1, "a"), exited(1)]), skip=1)
    assert found.steps() == ["x"]
    assert found.inputs() == {"a"}


@pytest.mark.parametrize("call", ['chroot("/srv")', "unshare(CLONE_NEWNS|CLONE_NEWUSER)", "setns(5</proc/9/ns/mnt>, 0)"])
def test_paths_of_another_root_are_foreign(call: str) -> None:
    """Also where the same path of ours is known: what is hashed there may be another file."""
    found = fold("\n".join([
        executed(1, BASH), read(1, "a"), *command(2, "x", before=[f"2 {call} = 0"], after=[read(2, "a"), wrote(2, "c")]), exited(1),
    ]))  # fmt: skip
    assert "namespace" in found.warnings
    assert {(" ".join(use.image.argv), use.foreign) for use in found.notes.uses} == {(BASH, False), ("x", True)}
    assert found.version("c").foreign


def test_a_child_that_is_cloned_into_mounts_of_its_own_is_foreign() -> None:
    found = fold("\n".join([executed(1, BASH), forked(1, 2, "CLONE_NEWNS|CLONE_NEWPID|SIGCHLD"), executed(2, "x"), read(2, "a"), read(1, "b"), exited(2), exited(1)]))
    assert [(use.path, use.foreign) for use in found.notes.uses] == [("/w/a", True), ("/w/b", False)]


def test_io_uring_is_said() -> None:
    assert "io_uring" in fold("\n".join([executed(1, "x"), "1 io_uring_setup(8, {flags=0}) = 3<anon_inode:[io_uring]>"])).warnings


def test_connections_once_each_whether_they_are_made_at_once_or_not() -> None:
    address = '{sa_family=AF_INET, sin_port=htons(443), sin_addr=inet_addr("192.0.2.1")}'
    found = fold("\n".join([
        executed(1, "x"), f"1 connect(3<socket:[1]>, {address}, 16) = -1 EINPROGRESS (Operation now in progress)",
        f"1 connect(4<socket:[2]>, {address}, 16) = 0", '1 connect(5<socket:[3]>, {sa_family=AF_UNIX, sun_path="/run/x"}, 110) = 0',
        f"1 connect(3<socket:[1]>, {address.replace('443', '80')}, 16) = -1 ECONNREFUSED (Connection refused)",
    ]))  # fmt: skip
    assert [(host, port) for _, host, port in found.image("x").connections] == [("192.0.2.1", 443), ("/run/x", 0)]


def test_sockets_of_the_job_itself_and_of_the_system_are_no_connections() -> None:
    lines = [executed(1, "x"), '1 bind(3<socket:[1]>, {sa_family=AF_UNIX, sun_path="own"}, 110) = 0']
    for path in ("/w/own", "/var/run/nscd/socket"):
        lines.append(f'1 connect(4<socket:[2]>, {{sa_family=AF_UNIX, sun_path="{path}"}}, 110) = 0')
    lines.append('1 connect(4<socket:[2]>, {sa_family=AF_UNIX, sun_path=@"abstract"}, 110) = 0')
    assert fold("\n".join(lines)).image("x").connections == []


def test_fifos_and_interpreters_of_which_only_the_file_system_knows() -> None:
    world = Offline(fifos={"/w/f"}, interpreters={"/w/x": "./i"})
    found = fold("\n".join(['1 execve("./x", ["./x"], 0x7ffc /* 1 var */) = 0', read(1, "f")]), world=world)
    assert [channel.kind for channel in found.observation.channels] == ["fifo"]
    assert {use.path: use.executed for use in found.notes.uses} == {"/w/x": True, "/w/i": True}


def test_a_tracer_and_a_script_that_the_kernel_cannot_execute() -> None:
    lines = [executed(1, "x"), "1 ptrace(PTRACE_TRACEME) = -1 EPERM (Operation not permitted)"]
    lines.append('1 execve("./s", ["./s"], 0x7ffc /* 1 var */) = -1 ENOEXEC (Exec format error)')
    found = fold("\n".join(lines))
    assert list(found.observation.warnings) == ["ptrace"]
    assert found.steps() == ["x"]


def test_a_version_is_disturbed_by_each_way_to_change_what_is_at_its_path() -> None:
    for act in ('1 openat(AT_FDCWD</w>, "d/a", O_WRONLY|O_TRUNC) = 4</w/d/a>', '1 rename("x", "d/a") = 0', '1 rename("d/a", "x") = 0',
                '1 rename("d", "e") = 0', '1 unlink("d/a") = 0', '1 truncate("d/a", 3) = 0',
                '1 renameat2(AT_FDCWD</w>, "d", AT_FDCWD</w>, "e", RENAME_EXCHANGE) = 0'):  # fmt: skip
        found = fold("\n".join([executed(1, "x"), read(1, "d/a"), act]))
        (use,) = [use for use in found.notes.uses if use.path == "/w/d/a"]
        assert use.version.disturbed(use.opened, use.opened + 10**9), act


@pytest.mark.parametrize(
    ("call", "places"),
    [
        ('openat(AT_FDCWD</w>, "a", O_WRONLY|O_TRUNC', {"/w/a"}),
        ('openat(AT_FDCWD</w>, "a", O_RDWR', {"/w/a"}),
        ('openat(AT_FDCWD</w>, "a", O_RDONLY', set()),
        ('openat2(5</w/d>, "a", {flags=O_WRONLY, resolve=0}, 24', {"/w/d/a"}),
        ('creat("a", 0644', {"/w/a"}),
        ('truncate("a", 0', {"/w/a"}),
        ('rename("a", "b"', {"/w/a", "/w/b"}),
        ('renameat2(AT_FDCWD</w>, "a", 5</w/d>, "b", RENAME_NOREPLACE', {"/w/a", "/w/d/b"}),
        ('unlink("a"', {"/w/a"}),
        ('unlinkat(5</w/d>, "a", 0', {"/w/d/a"}),
        ('execve("a", ["a"]', set()),
        ('rename("a"', set()),
    ],
)
def test_a_call_in_flight_threatens_what_it_may_change(call: str, places: set[str]) -> None:
    reader = Reader()
    observer = Observer(Everything(), Offline(), Notes(), cwd="/w", pending=reader.pending)
    begun = reader.partial(f"1 1700000000.000000 {call}")
    assert begun is not None
    assert set(observer.touches(begun)) == places
