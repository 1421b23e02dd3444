"""However a log is damaged, what comes out is a record that holds together, or a sentence."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from roar_tui.exchange.elsewhere import UNKNOWN, told
from roar_tui.exchange.log import Log
from roar_tui.exchange.parcels import Part
from roar_tui.exchange.source import UnusableFileError
from roar_tui.exchange.strace_logs import read_log
from roar_tui.record.model import Record, decode, encode
from roar_tui.store.judge import check
from tests.exchange.test_strace_logs import CHILD, PARENT, RELATIVE, RUN

ROUNDS = 150
HALVES = """\
[pid    11] 10:00:00.1 openat(AT_FDCWD</p>, "a\\303\\244\\n", O_RDONLY <unfinished ...>
[pid    12] 10:00:00.2 vfork( <unfinished ...>
[pid    11] 10:00:00.3 <... openat resumed>) = 3</p/a\\303\\244\\n>
[pid    13] 10:00:00.4 execve("/bin/ls", ["ls", "-l"...], 0x1 /* 9 vars */ <unfinished ...>
[pid    12] 10:00:00.5 <... vfork resumed>) = 13
[pid    13] 10:00:00.6 <... execve resumed>) = 0
[pid    13] 10:00:00.7 rename("x", "../y") = 0
[pid    13] 10:00:00.8 --- SIGCHLD {si_signo=SIGCHLD, si_pid=1} ---
[pid    13] 10:00:00.9 +++ killed by SIGSEGV (core dumped) +++
"""
LOGS = [RUN, RELATIVE, HALVES, PARENT.format(*[""] * 7) + CHILD.format(*[""] * 7)]
MARKS = list('"<>()[]{},\\=019 |/.-+?\0\xff')


def damaged(text: str, chance: random.Random) -> str:
    """`text` with lines cut, joined, moved, lost, and characters that mean something put in."""
    lines = text.split("\n")
    for _ in range(chance.randint(1, 12)):
        at = chance.randrange(len(lines))
        line = lines[at]
        place = chance.randint(0, len(line))
        match chance.randrange(6):
            case 0:
                lines[at : at + 1] = [line[:place], line[place:]]
            case 1:
                lines[at] = line[:place]
            case 2:
                lines[at] = line[place:]
            case 3:
                lines.insert(chance.randrange(len(lines)), line)
            case 4:
                lines[at] = line[:place] + "".join(chance.choices(MARKS, k=3)) + line[place + chance.randint(0, 3) :]
            case _:
                lines[at : at + 2] = ["".join(lines[at : at + 2])]
    return "\n".join(lines)


def holds_together(record: Record) -> None:
    check(record)
    assert decode(encode(record)) == record
    for number, step in enumerate(record.steps):
        assert step.id == number
        assert step.parent is None or 0 <= step.parent < number
        for access in (*step.used, *step.generated):
            assert access.path.startswith(("/", f"{record.cwd}/", "?"))
            assert "/?/?" not in access.path
            assert access.digest is None
        assert all(made.finished is not None and made.finished >= made.opened for made in step.generated)


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_log_gives_a_sound_record_or_a_sentence(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    path = tmp_path / "log"
    read = 0
    for number in range(ROUNDS):
        path.write_bytes(damaged(LOGS[seed], chance).encode("latin-1"))
        if number % 3 == 0:
            os.utime(path, (0, 0))
        try:
            record, _ = read_log("log", [Log(Part(path))], cwd=chance.choice([None, "/p"]))
        except UnusableFileError:
            continue
        holds_together(record)
        read += 1
    assert read > ROUNDS / 2


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/p/x", "/p/x"),
        (UNKNOWN, "?m"),
        (f"{UNKNOWN}/x", "?m/x"),
        (f"{UNKNOWN}/?/x", "?m/?/x"),
        (f"{UNKNOWN.removesuffix('/?')}/x", "?m/../x"),
        (f"{UNKNOWN.removesuffix('/?/?')}", "?m/../.."),
    ],
)
def test_what_lies_below_an_unknown_directory_or_above_it_says_so(path: str, said: str) -> None:
    assert told(path, "?m") == said
