"""How things are measured: whole processes by the wall clock, side by side, so that a busy machine is busy for both."""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MOMENT = 0.5  # s
CALM = 0.9  # of all processors idle
LATENCY = "/dev/cpu_dma_latency"  # while it is held open with a zero in it, idle processors poll: see the kernel's pm_qos


class FailedError(Exception):
    """What was to be measured did not do its work; a figure would be a lie."""


@dataclass(frozen=True)
class Row:
    """One figure. `target` is what it must reach: at most, or at least where `more_is_better`; None where a row only informs.

    `value` is None where it was not measured, and `note` then says why. `samples` are all single measurements behind it.
    """

    name: str
    work: str
    measure: str
    value: float | None
    unit: str
    target: float | None = None
    more_is_better: bool = False
    note: str = ""
    samples: dict[str, list[float]] = field(default_factory=dict)
    load: float = 0.0

    @property
    def reached(self) -> bool | None:
        """Whether the target is met; None where there is none, or nothing was measured."""
        if self.value is None or self.target is None:
            return None
        return self.value >= self.target if self.more_is_better else self.value <= self.target

    def as_json(self) -> dict[str, Any]:
        """The row as the JSON file has it."""
        medians = {name: median(values) for name, values in self.samples.items()}
        plain = {key: getattr(self, key) for key in ("name", "work", "measure", "value", "unit", "target", "note", "load")}
        return {**plain, "better": "more" if self.more_is_better else "less", "reached": self.reached,
                "medians": medians, "samples": self.samples}  # fmt: skip


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def alternate(runs: int, patience: float, **sides: Callable[[], float]) -> dict[str, list[float]]:
    """Measure each side `runs` times, in turns: a, b, a, b, …; seconds by name. Each turn waits `patience` for a calm machine."""
    found: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(runs):
        await_calm(patience)
        for name, side in sides.items():
            found[name].append(side())
    return found


def ratio(samples: Mapping[str, Sequence[float]], of: str, over: str) -> float:
    """The median of the ratios of what was measured side by side: a load that comes and goes hits both sides of a pair."""
    return median([a / b for a, b in zip(samples[of], samples[over], strict=True)])


def timed(
    command: Sequence[str], cwd: Path, env: Mapping[str, str] | None = None, *, stdin: int = subprocess.DEVNULL
) -> tuple[float, str]:
    """Wall-clock seconds of a process from its start to its end, and its stderr. Raises FailedError where it fails."""
    began = time.perf_counter()
    done = subprocess.run(command, cwd=cwd, env=env, stdin=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    seconds = time.perf_counter() - began
    said = done.stderr.decode("utf-8", "replace")
    if done.returncode != 0:
        raise FailedError(f"{' '.join(command)[:200]} exited with {done.returncode}: {said.strip()[-300:]}")
    return seconds, said


def printed(command: Sequence[str], cwd: Path) -> str:
    """What a process says on stdout. Raises FailedError where it fails."""
    done = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise FailedError(f"{' '.join(command)[:200]} exited with {done.returncode}: {done.stderr.strip()[-300:]}")
    return done.stdout


@contextlib.contextmanager
def awake() -> Iterator[None]:
    """Keep idle processors from sleeping. OSError where that is not possible or allowed.

    A virtual one that sleeps takes 40 µs to take up a task. strace wakes the program and the program strace twice per open, each
    on its own processor; when a third process keeps these awake, as a recorder does, they are four times as fast, and what is
    compared is the sleep.
    """
    with open(LATENCY, "wb", buffering=0) as file:
        file.write(bytes(4))
        yield


def await_calm(patience: float) -> None:
    """Wait until the machine has been nearly idle for a moment, at most `patience` seconds: others may work on it too."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        before = _ticks()
        time.sleep(MOMENT)
        after = _ticks()
        if after[0] - before[0] >= CALM * (after[1] - before[1]):
            return


def _ticks() -> tuple[int, int]:
    """Idle and all clock ticks of all processors since boot."""
    with open("/proc/stat", encoding="ascii") as file:
        ticks = [int(field) for field in file.readline().split()[1:9]]
    return ticks[3] + ticks[4], sum(ticks)


def load() -> float:
    """The machine's load of the last minute, what is measured included."""
    return os.getloadavg()[0]
