"""A digest is stated only where it certainly is what was read: real files, changed in every way while a written trace says so."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import blake3
import pytest

from roar_tui.record.capture import Capture
from roar_tui.record.model import Access, Status, Step
from roar_tui.record.settle import settle
from tracer.spool import Spool

STILL = 0.03  # s until a file is old enough to be told from one that has just changed
OLD, NEW = b"old content\n", b"new content\n"


class Nothing:
    """No digest is known from before."""

    def get(self, path: str, stat: os.stat_result) -> str | None:
        return None


def digest(data: bytes) -> str:
    return blake3.blake3(data).hexdigest()


@dataclass
class Job:
    """A process that is told what to do; each act is done for real, and printed as strace would."""

    root: Path
    spool: Path
    pid: int = 7
    lines: list[str] = field(default_factory=list)

    def say(self, text: str, act: Callable[[], object] = lambda: None, result: str = "0", pid: int | None = None) -> None:
        began = time.time_ns() // 1000
        act()
        line = f"{pid or self.pid} {began // 10**6}.{began % 10**6:06d} {text}" + (f" = {result}" if result else "")
        self.lines.append(line)
        time.sleep(0.0005)

    def start(self, argv: str, pid: int | None = None) -> None:
        self.say(f'execve("/usr/bin/{argv}", ["{argv}"], 0x7ffd /* 9 vars */)', pid=pid)

    def fork(self, child: int) -> None:
        self.say("clone(child_stack=NULL, flags=SIGCHLD)", result=str(child))

    def open(self, name: str, flags: str = "O_RDONLY", data: bytes | None = None, pid: int | None = None) -> None:
        path = self.root / name
        act = (lambda: path.write_bytes(data)) if data is not None else (lambda: None)
        self.say(f'openat(AT_FDCWD<{self.root}>, "{name}", {flags})', act, f"3<{path}>", pid)

    def write(self, name: str, data: bytes, pid: int | None = None) -> None:
        self.open(name, "O_WRONLY|O_CREAT|O_TRUNC, 0666", data, pid)

    def rename(self, old: str, new: str) -> None:
        self.say(f'rename("{old}", "{new}")', lambda: os.rename(self.root / old, self.root / new))

    def unlink(self, name: str) -> None:
        self.say(f'unlink("{name}")', lambda: os.unlink(self.root / name))

    def end(self, pid: int | None = None) -> None:
        self.say("+++ exited with 0 +++", result="", pid=pid)

    def capture(self) -> Capture:
        self.spool.write_text("\n".join(self.lines) + "\n", "latin-1")
        return Capture(Spool(str(self.spool)), {"HOME": "/nonexistent"}, str(self.root), Nothing(), skip=0)

    def steps(self) -> list[Step]:
        """The record's steps, where the recorder came late: it hashes only when all is over."""
        capture = self.capture()
        capture.close_trace()
        deadline = time.monotonic() + 20
        while capture.hasher.outstanding and time.monotonic() < deadline:
            capture.step()
            time.sleep(0.001)
        return settle(capture.finish(), capture.policy.role).steps

    def used(self, name: str) -> Access:
        (found,) = [access for step in self.steps() for access in step.used if access.path == str(self.root / name)]
        return found


@pytest.fixture
def job(tmp_path: Path) -> Job:
    root = tmp_path / "project"
    for name in ("d/x", "f/x", "x", "y"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(OLD if name in ("d/x", "x") else NEW)
    time.sleep(STILL)
    made = Job(root, tmp_path / "trace")
    made.start("prog")
    return made


def test_what_is_left_alone_has_its_digest(job: Job) -> None:
    job.open("x")
    job.end()
    assert (job.used("x").status, job.used("x").digest) == (Status.HASHED, digest(OLD))


# Each replaces what is at the path that was read by another file, whose times are as old as those of the first.
REPLACEMENTS: dict[str, list[Callable[[Job], None]]] = {
    "overwritten": [lambda job: job.write("d/x", NEW)],
    "removed and made again": [lambda job: job.unlink("d/x"), lambda job: job.write("d/x", NEW)],
    "another renamed over it": [lambda job: job.rename("y", "d/x")],
    "moved away, another moved in": [lambda job: job.rename("d/x", "z"), lambda job: job.rename("y", "d/x")],
    "removed, another moved in": [lambda job: job.unlink("d/x"), lambda job: job.rename("y", "d/x")],
    "its directory moved away, another moved in": [lambda job: job.rename("d", "e"), lambda job: job.rename("f", "d")],
}


@pytest.mark.parametrize("flags", ["O_RDONLY", "O_RDWR"])
@pytest.mark.parametrize("how", REPLACEMENTS)
def test_what_was_replaced_never_has_the_digest_of_its_replacement(job: Job, how: str, flags: str) -> None:
    job.open("d/x", flags)
    for act in REPLACEMENTS[how]:
        act(job)
    job.end()
    found = [access for step in job.steps() for access in step.used if access.path == str(job.root / "d/x")]
    assert found
    assert {access.digest for access in found} <= {None, digest(OLD)}


@pytest.mark.parametrize("how", REPLACEMENTS)
def test_a_product_that_was_replaced_never_has_the_digest_of_its_replacement(job: Job, how: str) -> None:
    """Another step read it in between, and was not hashed in time."""
    product = b"product\n"
    job.fork(8)
    job.start("maker", 8)
    job.write("d/x", product, 8)
    job.end(8)
    time.sleep(STILL)
    job.fork(9)
    job.start("reader", 9)
    job.open("d/x", pid=9)
    job.end(9)
    for act in REPLACEMENTS[how]:
        act(job)
    job.end()
    steps = job.steps()
    (maker,) = [step for step in steps if step.argv == ["maker"]]
    (reader,) = [step for step in steps if step.argv == ["reader"]]
    assert [access.digest in (None, digest(product)) for access in reader.used if access.path.endswith("/x")] == [True]
    assert maker.generated[0].digest in (None, digest(product))


def test_a_file_that_somebody_else_changed_after_the_open_is_changed(job: Job) -> None:
    job.open("x")
    (job.root / "x").write_bytes(NEW)
    job.end()
    assert (job.used("x").status, job.used("x").digest) == (Status.CHANGED, None)


def test_a_file_that_somebody_else_changed_before_the_job_moved_it_is_changed(job: Job) -> None:
    """The rename moves the ctime, but the content is younger than the open."""
    job.open("x")
    (job.root / "x").write_bytes(NEW)
    time.sleep(STILL)
    job.rename("x", "z")
    job.end()
    reads = [access for step in job.steps() for access in step.used if access.path.endswith("/x")]
    assert [access.digest for access in reads if access.opened == min(a.opened for a in reads)] == [None]


def test_a_file_that_the_job_read_and_moved_has_its_digest(job: Job) -> None:
    job.open("x")
    time.sleep(STILL)
    job.rename("x", "z")
    job.end()
    assert (job.used("x").status, job.used("x").digest) == (Status.HASHED, digest(OLD))


def test_what_is_written_by_another_name_is_no_longer_what_was_read(job: Job) -> None:
    """However shortly after the link."""
    job.write("n", OLD)
    job.fork(8)
    job.start("ln", 8)
    began = time.time_ns() // 1000
    os.link(job.root / "n", job.root / "n2")
    os.write(handle := os.open(job.root / "n2", os.O_WRONLY | os.O_APPEND), NEW)
    os.close(handle)
    for pid, text in ((8, 'link("n", "n2") = 0'), (7, f'openat(AT_FDCWD<{job.root}>, "n2", O_WRONLY|O_APPEND) = 3<{job.root}/n2>')):
        began += 1
        job.lines.append(f"{pid} {began // 10**6}.{began % 10**6:06d} {text}")
    job.end(8)
    job.end()
    maker, link = job.steps()
    assert [access.digest for access in link.used] == [None]
    assert {access.digest for access in maker.generated if access.survives} == {digest(OLD + NEW)}


def test_a_file_that_was_opened_for_both_and_not_written_is_only_an_input(job: Job) -> None:
    job.open("x", "O_RDWR")
    job.end()
    (step,) = job.steps()
    assert [(access.path, access.digest, access.external) for access in step.used] == [(str(job.root / "x"), digest(OLD), True)]
    assert step.generated == []


def test_an_append_uses_and_generates(job: Job) -> None:
    job.open("x", "O_WRONLY|O_APPEND", OLD + NEW)
    job.end()
    (step,) = job.steps()
    assert [(access.status, access.digest) for access in step.used] == [(Status.CHANGED, None)]
    assert [access.digest for access in step.generated] == [digest(OLD + NEW)]


def test_a_file_that_is_made_and_removed_is_an_access_but_no_output(job: Job) -> None:
    job.write("tmp", NEW)
    job.unlink("tmp")
    job.end()
    (step,) = job.steps()
    assert [(access.status, access.survives) for access in step.generated] == [(Status.REMOVED, False)]


def test_foreign_paths_have_no_digest_even_where_the_same_path_is_known(job: Job) -> None:
    job.open("x")
    job.fork(8)
    job.say("unshare(CLONE_NEWNS)", pid=8)
    job.start("inside", 8)
    job.open("x", pid=8)
    job.end(8)
    job.end()
    outside, inside = job.steps()
    assert [access.digest for access in outside.used] == [digest(OLD)]
    assert [(access.status, access.digest) for access in inside.used] == [(Status.SKIPPED, None)]


@pytest.mark.parametrize(
    "call", ['openat(AT_FDCWD<{}>, "d/x", O_WRONLY|O_TRUNC', 'rename("y", "d/x"', 'rename("f", "d"', 'unlink("d/x"']
)
@pytest.mark.parametrize("cut", ["", " <unfinished ...>\n"])
def test_a_call_in_flight_makes_the_hash_of_what_it_threatens_unknown(job: Job, call: str, cut: str) -> None:
    """strace prints the entry of a call before the kernel does it: what is hashed then may be either content."""
    job.open("d/x")
    job.open("x")
    capture = job.capture()
    with open(job.spool, "a", encoding="ascii") as spool:
        spool.write(f"7 {time.time():.6f} {call.format(job.root)}{cut}")
    deadline = time.monotonic() + 20
    while (capture.step() or capture.hasher.outstanding) and time.monotonic() < deadline:
        time.sleep(0.001)
    digests = {use.path: outcome.digest for use, outcome in capture.so_far().uses.items()}
    assert digests == {str(job.root / "d/x"): None, str(job.root / "x"): digest(OLD)}
    capture.hasher.close()


def test_what_cannot_be_judged_yet_is_read_all_the_same(job: Job) -> None:
    """A record of a job that is still running must not look as if nothing had been read."""
    job.open("x")
    capture = job.capture()
    capture.judging = False
    deadline = time.monotonic() + 20
    while (capture.step() or capture.hasher.outstanding) and time.monotonic() < deadline:
        time.sleep(0.001)
    (access,) = settle(capture.so_far(), capture.policy.role).steps[0].used
    assert (access.path, access.status, access.digest) == (str(job.root / "x"), Status.SKIPPED, None)
    capture.judging = True
    capture.step()
    (access,) = settle(capture.so_far(), capture.policy.role).steps[0].used
    assert (access.status, access.digest) == (Status.HASHED, digest(OLD))
    capture.hasher.close()
