"""When a hash certainly is the content that was read: a table of what the clock, the file's times and the trace say."""

from __future__ import annotations

import os
from dataclasses import dataclass

import pytest

from roar_tui.record import hashing, proof
from roar_tui.record.clock import TICK
from roar_tui.record.hashing import NETWORK_MARGIN, Evidence
from roar_tui.record.model import Status
from tracer.observation import INTENTS, Generation, Image, Use, Version

OPEN = 1_700_000_000_000_000  # µs: when the file was opened
LONG = 10_000_000


def image(idle: int | None = None) -> Image:
    return Image(0, None, 1, "x", ["x"], "/w", OPEN - LONG, idle=idle)


def evidence(ctime: int, mtime: int | None = None, ended: int = OPEN + LONG) -> Evidence:
    mtime = ctime if mtime is None else mtime
    times = (0, mtime // 10**6, ctime // 10**6)
    stat = os.stat_result((0o100644, 1, 0, 1, 0, 0, 5, *times, *times, 0, mtime * 1000, ctime * 1000))
    assert (stat.st_ctime_ns // 1000, stat.st_mtime_ns // 1000) == (ctime, mtime)
    return Evidence("/w/a", Status.HASHED, "ab", stat, OPEN, ended, 0)


@dataclass(frozen=True)
class Case:
    """A file with a ctime (and mtime), in a version that is external or written by images that ended at `ends`."""

    name: str
    proven: bool
    ctime: int
    mtime: int | None = None
    ends: tuple[int | None, ...] = ()
    touched: int = 0
    intents: tuple[tuple[int, int], ...] = ()
    both_ways: bool = False
    network: bool = False
    ended: int = OPEN + LONG


MANY = ((OPEN + 1, OPEN + 2), *(((OPEN + 50, OPEN + 60),) * INTENTS))

CASES = [
    Case("old and left alone", True, OPEN - LONG),
    Case("changed after the open", False, OPEN + 1),
    Case("changed so shortly before that the times cannot tell", False, OPEN - TICK),
    Case("changed two ticks before", True, OPEN - 2 * TICK),
    Case("old on a file server, whose clock may be off", False, OPEN - NETWORK_MARGIN + 1, network=True),
    Case("very old on a file server", True, OPEN - NETWORK_MARGIN, network=True),
    Case("written in between, though its times are old", False, OPEN - LONG, intents=((OPEN + 5, OPEN + 9),)),
    Case("a write that began before the open and returned after it", False, OPEN - LONG, intents=((OPEN - 5, OPEN + 9),)),
    Case("a write that was over before the open", True, OPEN - LONG, intents=((OPEN - 9, OPEN - 5),)),
    Case("a write that began after the hashing", True, OPEN - LONG, intents=((OPEN + 50, OPEN + 60),), ended=OPEN + 40),
    Case("many writes, the first of them in between", False, OPEN - LONG, intents=MANY, ended=OPEN + 40),
    Case("renamed by the job just before", True, OPEN - 50, mtime=OPEN - LONG, touched=OPEN - 60),
    Case("renamed by the job just before, and written since", False, OPEN - 50, mtime=OPEN - 50, touched=OPEN - 60),
    Case("renamed long before, changed since by somebody else", False, OPEN + 9, mtime=OPEN - LONG, touched=OPEN - LONG),
    Case("made by a program that had ended", True, OPEN - 50, ends=(OPEN - 40,)),
    Case("made by a program that still ran", False, OPEN - 50, ends=(None,)),
    Case("made by a program that ended after the open", False, OPEN - 50, ends=(OPEN + 5,)),
    Case("made by two programs, one of which still ran", False, OPEN - 50, ends=(OPEN - 40, None)),
    Case("changed after its maker had ended", False, OPEN - 50, ends=(OPEN - 50 - TICK - 1,)),
    Case("made by a program that still runs, long ago", True, OPEN - LONG, ends=(None,)),
    Case("the same, but it may have mapped the file", False, OPEN - LONG, ends=(None,), both_ways=True),
    Case("it may have mapped the file, and had ended", True, OPEN - LONG, ends=(OPEN - 5,), both_ways=True),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_proves_a_hash(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (proof, hashing):
        monkeypatch.setattr(module, "on_network", lambda device: case.network)
    version = Version("/w/a", external=not case.ends, touched=case.touched, both_ways=case.both_ways)
    for end in case.ends:
        maker = image(end)
        version.generations[maker] = Generation(maker, version, OPEN - LONG)
    for started, returned in case.intents:
        version.intend(started, returned)
    use = Use(image(), version, "/w/a", None, OPEN, 1)
    assert proof.proven(use, evidence(case.ctime, case.mtime, case.ended)) == case.proven


@pytest.mark.parametrize(
    ("ctime", "network", "answer"),
    [
        (OPEN - LONG, False, True), (OPEN - 2 * TICK, False, True), (OPEN - TICK, False, False), (OPEN + 5, False, False),
        (OPEN - LONG, True, False), (OPEN - NETWORK_MARGIN, True, True),
    ],
)  # fmt: skip
def test_what_was_opened_for_both_is_known_if_nobody_touched_it(
    ctime: int, network: bool, answer: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (proof, hashing):
        monkeypatch.setattr(module, "on_network", lambda device: network)
    use = Use(image(), Version("/w/a", external=True), "/w/a", None, OPEN, 1, mixed=True)
    assert proof.untouched(use, evidence(ctime)) == answer


@pytest.mark.parametrize(
    ("held", "removed", "ctime", "answer"),
    [
        pytest.param(OPEN + 10, OPEN + 50, OPEN + 55, True, id="held before it was removed"),
        pytest.param(OPEN - 10, OPEN + 50, OPEN + 55, True, id="held before it was opened"),
        pytest.param(OPEN + 60, OPEN + 50, OPEN + 55, False, id="held after the removal began: it may be what came in its place"),
        pytest.param(OPEN + 50, OPEN + 50, OPEN + 55, False, id="held when it was removed"),
        pytest.param(OPEN + 10, OPEN + 50, OPEN + 50 + proof.RENAME + 1, False, id="changed after the removal"),
        pytest.param(OPEN + 10, None, OPEN + 55, False, id="nobody was seen to take it away"),
    ],
)
def test_what_proves_a_hash_of_what_is_gone(held: int, removed: int | None, ctime: int, answer: bool) -> None:
    version = Version("/w/a", external=True, ended=removed, removed=removed is not None)
    use = Use(image(), version, "/w/a", None, OPEN, 1)
    found = evidence(ctime, OPEN - LONG, OPEN + 70)._replace(displaced=held)
    assert proof.proven(use, found) == answer


def test_this_machines_own_disk_is_no_server() -> None:
    assert not proof.on_network(os.stat("/proc").st_dev)
