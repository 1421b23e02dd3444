"""Small stores for one question each: many jobs over one dataset, pairs of jobs to compare, many tiny jobs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from roar_tui.record.model import FORMAT, Access, Exit, Record, Role, State, Status, Step, digest
from tests.benchmarks.store.shape import SECOND, T0

CHANGED = 3  # files, where a dataset changes


def dataset(count: int, *, changed: int = 0) -> list[Access]:
    """`count` files of a directory, read one after another; the first and last of them, and some between, `changed` since."""
    other = {number * (count - 1) // max(1, changed - 1) for number in range(changed)}
    return [
        Access(
            f"/data/images/{number // 1000:04}/image-{number:07}.jpg", Role.DATA, Status.HASHED, T0 + number,
            digest(os.fsencode(f"image {number} {number in other}")), 100_000 + number % 1000, external=True,
        )
        for number in range(count)
    ]  # fmt: skip


def training(number: int, read: Sequence[Access], *, rate: float = 0.1) -> Record:
    """Job `sweep-<number>`, which reads all of a dataset; the jobs of a sweep run side by side."""
    command = ["python3", "train.py", "--rate", str(rate), "--out", f"model-{number}.pt"]
    ended = T0 + len(read) + 2 * SECOND + number
    made = Access(
        f"/home/ana/sweep/model-{number}.pt", Role.DATA, Status.HASHED, ended - SECOND,
        digest(os.fsencode(f"model {number} {rate} {len(read)}")), 80_000_000, finished=ended - SECOND // 2, survives=True,
    )  # fmt: skip
    step = Step(0, None, "/usr/bin/python3", command, "/home/ana/sweep", T0 - 1000, 4000, ended, Exit(0), list(read), [made])
    return _record(f"sweep-{number}", command, T0 - 2000 + number, ended, [step])


def tiny(count: int) -> Iterator[Record]:
    """`count` jobs with a file in and one out, ten minutes apart."""
    for number in range(count):
        started = T0 + number * 600 * SECOND
        word = f"tiny {number}"
        used = Access(f"/home/ana/in-{number % 100}.csv", Role.DATA, Status.HASHED, started + 10, digest(b"in"), 900, external=True)
        made = Access(
            f"/home/ana/out-{number}.csv", Role.DATA, Status.HASHED, started + 20, digest(os.fsencode(word)), 700,
            finished=started + 30, survives=True,
        )  # fmt: skip
        command = ["python3", "tiny.py", str(number)]
        step = Step(0, None, "/usr/bin/python3", command, "/home/ana", started, 4000, started + 50, Exit(0), [used], [made])
        yield _record(word, command, started, started + 60, [step])


def _record(name: str, command: list[str], started: int, ended: int, steps: list[Step]) -> Record:
    run_id = digest(os.fsencode(f"{name} {started}"))[:32]
    return Record(
        FORMAT, run_id, State.COMPLETE, command, "/home/ana/sweep", started, "node-1", "ana", "0.1.0",
        ended=ended, exit=Exit(0), name=name, steps=steps,
    )  # fmt: skip
