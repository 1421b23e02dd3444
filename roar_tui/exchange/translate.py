"""The parts of a record, from a log's own times and unknown directories to what a record says."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from roar_tui.exchange.elsewhere import told
from roar_tui.record.model import Access, LeftOut, Pipe, Step

_DAY = 86_400_000_000  # µs


@dataclass(frozen=True)
class Translation:
    """Adds `shift` µs to times, says unknown directories as `mark`; what is `irregular` (no file) is left out."""

    shift: int
    mark: str
    irregular: Callable[[str], bool]

    def path(self, path: str) -> str:
        """`path` as the record says it."""
        return told(path, self.mark)

    def step(self, step: Step) -> Step:
        """`step`, with all that it used and generated."""
        return replace(
            step,
            program=self.path(step.program),
            cwd=self.path(step.cwd),
            started=step.started + self.shift,
            ended=None if step.ended is None else step.ended + self.shift,
            used=self._accesses(step.used),
            generated=self._accesses(step.generated),
            connections=[replace(one, time=one.time + self.shift) for one in step.connections],
        )

    def pipe(self, pipe: Pipe) -> Pipe:
        """`pipe`, at its time."""
        return replace(pipe, opened=pipe.opened + self.shift)

    def left_out(self, left_out: LeftOut) -> LeftOut:
        """`left_out`, with its examples."""
        return replace(left_out, paths=[self.path(path) for path in left_out.paths])

    def _accesses(self, accesses: Sequence[Access]) -> list[Access]:
        return [
            replace(
                access,
                path=self.path(access.path),
                named=None if access.named is None else self.path(access.named),
                opened=access.opened + self.shift,
                finished=None if access.finished is None else access.finished + self.shift,
            )
            for access in accesses
            if not self.irregular(access.path)
        ]


def known_programs(steps: Sequence[Step], pipes: Sequence[Pipe]) -> tuple[list[Step], list[Pipe]]:
    """Without the steps of which nothing is known, threads that the log does not show to be some; numbered anew."""
    ends = {number for pipe in pipes for number in (*pipe.writers, *pipe.readers)}
    needed = ends | {step.parent for step in steps if step.parent is not None}
    kept = [
        step
        for step in steps
        if step.id == 0 or step.program or step.used or step.generated or step.connections or step.id in needed
    ]
    number = {step.id: place for place, step in enumerate(kept)}
    return (
        [replace(step, id=number[step.id], parent=None if step.parent is None else number[step.parent]) for step in kept],
        [replace(p, writers=[number[n] for n in p.writers], readers=[number[n] for n in p.readers]) for p in pipes],
    )


def ended_at(last: int, modified: int, *, of_day: bool) -> int:
    """When a log without dates ended (µs since the epoch): at the latest when its file was `modified`.

    `last` is the log's last time, since midnight of its first day where it has times `of_day`: these are the local ones.
    """
    if not of_day:
        return modified
    offset = time.localtime(modified / 1_000_000).tm_gmtoff * 1_000_000
    behind = (modified + offset - last) % _DAY
    if behind > _DAY - 1_000_000:  # the file's clock is a moment behind
        behind -= _DAY
    return modified - behind
