"""From what was captured to what is recorded: what was really written, what survives, which digests follow from which."""

from __future__ import annotations

import os
from collections.abc import Mapping

import pytest

from roar_tui.record.capture import Captured, Outcome
from roar_tui.record.clock import CLOCK, TICK
from roar_tui.record.hashing import Evidence
from roar_tui.record.model import Access, Pipe, Role, Status, Step
from roar_tui.record.settle import Settled, settle
from tests.tracer.folding import Folded, Offline, duplicated, executed, exited, fold, forked, read, wrote
from tracer.observation import Version

START = 1_700_000_000_000_000  # µs: the time of the first line; the others are a millisecond apart
OLD = START - 10_000_000
END = START + 10_000_000


def evidence(path: str, digest: str | None, ctime: int, *, ended: int = END, status: Status | None = Status.HASHED) -> Evidence:
    times = (0, ctime // 10**6, ctime // 10**6)
    stat = os.stat_result((0o100644, 1, 0, 1, 0, 0, 5, *times, *times, 0, ctime * 1000, ctime * 1000))
    return Evidence(path, status, digest, stat if status is Status.HASHED else None, ended, ended, 0)


def role(path: str, **details: object) -> Role:
    return Role.CODE if details["executed"] else Role.DATA


def settled(
    found: Folded, outcomes: Mapping[str, Outcome], finals: Mapping[str, Evidence], ended: Mapping[Version, Evidence] | None = None
) -> Settled:
    """`outcomes` of uses by path, `finals` of the versions that are there in the end by path."""
    uses = {use: outcomes[use.path] for use in found.notes.uses if use.path in outcomes}
    alive = [version for version in found.observation.versions if version.path in finals and version.ended is None]
    last = {version: finals[version.path] for version in alive}
    return settle(Captured(found.observation, uses, {**last, **(ended or {})}), role)


def steps(result: Settled) -> dict[str, Step]:
    return {" ".join(step.argv): step for step in result.steps}


def facts(accesses: list[Access]) -> list[tuple[str, Status, str | None]]:
    return [(access.path, access.status, access.digest) for access in accesses]


HASHED = Outcome(Status.HASHED, "aa", 5, OLD)
SHELL = executed(1, "bash job")


def child(pid: int, argv: str, *lines: str) -> str:
    return "\n".join([forked(1, pid), executed(pid, argv), *lines, exited(pid)])


def test_inputs_and_outputs() -> None:
    found = fold("\n".join([SHELL, child(2, "x", read(2, "a"), wrote(2, "c")), exited(1)]))
    result = steps(settled(found, {"/w/a": HASHED}, {"/w/c": evidence("/w/c", "cc", START + 4000)}))
    (used,), (made,) = result["x"].used, result["x"].generated
    assert (used.path, used.digest, used.status, used.external) == ("/w/a", "aa", Status.HASHED, True)
    assert (made.path, made.digest, made.status, made.survives) == ("/w/c", "cc", Status.HASHED, True)
    assert made.finished is not None
    assert made.opened <= made.finished
    assert (result["x"].parent, result["x"].exit and result["x"].exit.code) == (0, 0)


def test_what_is_no_regular_file_is_no_access() -> None:
    found = fold("\n".join([SHELL, child(2, "x", read(2, "a"), wrote(2, "c"))]))
    result = steps(settled(found, {}, {"/w/c": evidence("/w/c", None, OLD, status=None)}))
    assert (result["x"].used, result["x"].generated) == ([], [])


@pytest.mark.parametrize(
    ("changed", "generated", "external"), [(OLD, [], True), (START + 5000, [("/w/log", Status.HASHED, "ll")], True)]
)
def test_a_file_that_was_opened_to_be_written_and_was_not_is_only_an_input(
    changed: int, generated: list[tuple[str, Status, str]], external: bool
) -> None:
    found = fold("\n".join([SHELL, child(2, "x", wrote(2, "log", flags="O_RDWR"))]), world=Offline({"/w/log": OLD}))
    result = steps(settled(found, {"/w/log": HASHED}, {"/w/log": evidence("/w/log", "ll", changed)}))
    assert facts(result["x"].generated) == generated
    assert [(access.digest, access.external) for access in result["x"].used] == [("aa", external)]


def test_a_reader_of_a_product_that_was_not_hashed_in_time_gets_its_makers_digest() -> None:
    found = fold("\n".join([SHELL, child(2, "x", wrote(2, "c")), child(3, "y", read(3, "c"))]))
    made = found.image("x").idle
    assert made is not None
    late = {"/w/c": Outcome(Status.CHANGED, None, None)}
    assert facts(steps(settled(found, late, {"/w/c": evidence("/w/c", "cc", made)}))["y"].used) == [("/w/c", Status.HASHED, "cc")]
    changed = settled(found, late, {"/w/c": evidence("/w/c", "dd", made + TICK + 1)})
    assert facts(steps(changed)["y"].used) == [("/w/c", Status.CHANGED, None)]  # by somebody else, perhaps after y read it
    elsewhere = settled(found, late, {"/w/c": evidence("/w/before", "dd", made)})
    assert facts(steps(elsewhere)["y"].used) == [("/w/c", Status.CHANGED, None)]  # hashed where it was not any more


def test_a_removed_product_has_the_digest_that_its_reader_found() -> None:
    found = fold("\n".join([SHELL, child(2, "x", wrote(2, "c")), child(3, "y", read(3, "c")), child(4, "rm", '4 unlink("c") = 0')]))
    made = found.image("x").idle
    assert made is not None
    result = steps(settled(found, {"/w/c": Outcome(Status.HASHED, "cc", 5, made)}, {}))
    assert facts(result["x"].generated) == [("/w/c", Status.REMOVED, "cc")]
    assert not result["x"].generated[0].survives
    late = steps(settled(found, {"/w/c": Outcome(Status.HASHED, "cc", 5, made + TICK + 1)}, {}))
    assert facts(late["x"].generated) == [("/w/c", Status.REMOVED, None)]  # changed by somebody else in between


def test_a_product_that_was_overwritten_has_the_digest_of_a_hash_in_time() -> None:
    found = fold("\n".join([SHELL, child(2, "x", wrote(2, "c")), child(3, "y", wrote(3, "c"))]))
    first = found.observation.versions[0]
    assert first.ended is not None
    (last,) = (image.idle for image in found.version("c").generations)
    assert last is not None
    for ended, digest, status in ((first.ended - 1, "aa", Status.HASHED), (first.ended + 1, None, Status.CHANGED)):
        before = {first: evidence("/w/c", "aa", OLD, ended=ended)}
        result = steps(settled(found, {}, {"/w/c": evidence("/w/c", "bb", last)}, before))
        assert facts(result["x"].generated) == [("/w/c", status, digest)]
        assert facts(result["y"].generated) == [("/w/c", Status.HASHED, "bb")]


@pytest.mark.parametrize("passed_on", [False, True])
def test_what_was_written_after_all_writers_had_ended_is_not_the_jobs(passed_on: bool) -> None:
    more = [forked(2, 3), executed(3, "y")] if passed_on else []  # who may have the file open, and has not ended
    found = fold("\n".join([SHELL, child(2, "x", wrote(2, "c"), *more), exited(1)]))
    (writer,) = found.version("c").generations
    assert writer.idle is not None
    for time, known in ((writer.idle, True), (writer.idle + 10 * CLOCK.margin, passed_on)):
        result = steps(settled(found, {}, {"/w/c": evidence("/w/c", "aa", time)}))
        assert facts(result["x"].generated) == [("/w/c", Status.HASHED, "aa") if known else ("/w/c", Status.CHANGED, None)]


def test_a_file_that_was_moved_has_the_digest_of_its_new_name() -> None:
    found = fold("\n".join([SHELL, child(2, "mv", '2 rename("a", "b") = 0')]))
    moved = found.version("b").touched
    final = evidence("/w/b", "aa", moved)
    stat = os.stat_result((*tuple(final.stat or ())[:10], 0.0, 0.0, 0.0, 0, OLD * 1000, moved * 1000))
    final = Evidence("/w/b", Status.HASHED, "aa", stat, END, END, 0)
    result = steps(settled(found, {"/w/a": Outcome(Status.MISSING, None, None)}, {"/w/b": final}))
    assert facts(result["mv"].used) == [("/w/a", Status.HASHED, "aa")]
    assert facts(result["mv"].generated) == [("/w/b", Status.HASHED, "aa")]


def test_a_directory_that_was_moved_is_no_access() -> None:
    found = fold("\n".join([SHELL, child(2, "mv", '2 rename("d", "e") = 0')]))
    nothing = evidence("/w/e", None, OLD, status=None)
    result = steps(settled(found, {"/w/d": Outcome(Status.MISSING, None, None)}, {"/w/e": nothing}))
    assert (result["mv"].used, result["mv"].generated) == ([], [])


def test_a_log_of_several_steps_is_a_log_and_what_they_made_together_is_not() -> None:
    redirect = [wrote(1, "out"), duplicated(1, 3, 1, "/w/out")]
    both = fold("\n".join([SHELL, *redirect, duplicated(1, 1, 2, "/w/out"), child(2, "x"), child(3, "y"), exited(1)]))
    plain = fold("\n".join([SHELL, *redirect, child(2, "x"), child(3, "y"), exited(1)]))
    final = {"/w/out": evidence("/w/out", "aa", START)}
    assert {access.role for step in settled(both, {}, final).steps for access in step.generated} == {Role.LOG}
    assert {access.role for step in settled(plain, {}, final).steps for access in step.generated} == {Role.DATA}


def test_the_same_bytes_at_the_same_path_are_used_once() -> None:
    found = fold("\n".join([SHELL, child(2, "x", read(2, "a"), '2 rename("b", "a") = 0', read(2, "a"))]))
    result = steps(settled(found, {"/w/a": HASHED, "/w/b": HASHED}, {}))
    assert [access.path for access in result["x"].used].count("/w/a") == 1


def test_pipes_between_steps() -> None:
    socket = "UNIX-STREAM:[9]"
    found = fold("\n".join([
        SHELL, "1 pipe2([3<pipe:[5]>, 4<pipe:[5]>], 0) = 0", "1 pipe2([5<pipe:[6]>, 6<pipe:[6]>], 0) = 0",
        f"1 socketpair(AF_UNIX, SOCK_STREAM, 0, [7<UNIX-STREAM:[8]>, 8<{socket}>]) = 0",
        forked(1, 2), duplicated(2, 4, 1, "pipe:[5]"), duplicated(2, 8, 2, socket), executed(2, "x"), exited(2),
        forked(1, 3), duplicated(3, 3, 0, "pipe:[5]"), executed(3, "y"), exited(3), exited(1),
    ]))  # fmt: skip
    first = found.observation.channels[0].opened
    assert settled(found, {}, {}).pipes == [
        Pipe(0, "pipe", first, [1], [2]), Pipe(1, "socketpair", first + 2000, [0, 1], [0, 1]),
    ]  # fmt: skip
