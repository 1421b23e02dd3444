# ruff: noqa: E501 -- lines of strace
"""What lines of strace say of a job: which program read and wrote which content, through which streams and pipes."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from tests.tracer.folding import Offline, duplicated, executed, exited, fold, forked, read, wrote

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
