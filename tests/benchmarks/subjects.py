"""What is measured against what: roar-tui, plain strace with the same options, and other people's recorders where installed."""

from __future__ import annotations

import compileall
import os
import re
import shutil
import sqlite3
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.measure import FailedError, timed
from tracer.command import arguments, find

REPOSITORY = Path(__file__).resolve().parents[2]
ROAR = "0.4.7"
TRACERS = ("preload", "ptrace", "ebpf")
PATIENCE = 30.0  # s
_COUNTS = re.compile(r"(\d+) in, (\d+) out")


class Recorder:
    """roar-tui from this checkout, with a store and a cache of its own below `place`."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self.store = place / "store"
        self.env = dict(os.environ, PYTHONPATH=str(REPOSITORY), ROAR_TUI_STORE=str(self.store), NO_COLOR="1")
        for name in ("CACHE", "DATA", "STATE"):
            self.env[f"XDG_{name}_HOME"] = str(place / name.lower())
        self.env.pop("PYTHONDONTWRITEBYTECODE", None)  # as pip installs it: it must not compile itself at every start (70 ms)
        for package in ("roar_tui", "tracer"):
            compileall.compile_dir(REPOSITORY / package, quiet=2)
        self._traces = place / "traces"
        self.env["TMPDIR"] = str(self._traces)
        self._traces.mkdir(parents=True, exist_ok=True)

    def command(self, command: Sequence[str]) -> list[str]:
        return [sys.executable, "-m", "roar_tui", "run", "--", *command]

    def forget(self) -> None:
        """An empty store and index, and no known digests. What is known of packages stays: it is no file of a job."""
        for path in (self.store, *self._place.glob("cache/roar-tui/*")):
            if path.name != "owners" and path.exists():
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def rest(self) -> None:
        """Wait until the last recorder has done what it does after the launcher has returned: the next measurement is not its."""
        deadline = time.monotonic() + PATIENCE
        while any(self._traces.iterdir()) and time.monotonic() < deadline:
            time.sleep(0.01)

    def seconds(
        self, command: Sequence[str], cwd: Path, *, inputs: int | None = None, outputs: int | None = None, indexed: bool = False
    ) -> float:
        """Record `command`, and with `indexed` list it: then the time has the index in it.

        FailedError where the record does not have as many inputs and outputs as it must.
        """
        self.rest()
        seconds, said = timed(self.command(command), cwd, self.env)
        if indexed:
            listing = [sys.executable, "-m", "roar_tui", "jobs", "--limit", "1", "--json"]
            seconds += timed(listing, cwd, self.env)[0]
        self.rest()
        counts = _COUNTS.search(said)
        if counts is None:
            raise FailedError(f"roar-tui kept no record: {said.strip()[-300:]}")
        for wanted, seen, what in ((inputs, int(counts[1]), "inputs"), (outputs, int(counts[2]), "outputs")):
            if wanted is not None and seen < wanted:
                raise FailedError(f"roar-tui recorded {seen} {what} of {wanted}")
        return seconds


def strace_seconds(command: Sequence[str], cwd: Path, place: Path) -> float:
    """`command` under strace with the options that roar-tui gives it."""
    spool = place / "trace"
    spool.unlink(missing_ok=True)
    return timed(arguments(find(os.environ), str(spool), command), cwd)[0]


class Roar:
    """roar-cli in a virtual environment of its own: `python3 -m venv PEERS/roar && PEERS/roar/bin/pip install roar-cli==0.4.7`."""

    def __init__(self, peers: Path, place: Path) -> None:
        self._program = peers / "roar" / "bin" / "roar"
        self._env = dict(os.environ, HOME=str(place / "home"), DO_NOT_TRACK="1", NO_COLOR="1")
        self._place = place

    @property
    def why_not(self) -> str:
        return "" if self._program.exists() else f"roar-cli {ROAR} is not installed in {self._program.parents[1]}"

    def seconds(self, tracer: str, command: Sequence[str], cwd: Path) -> float:
        """Record `command` with an empty database."""
        self.forget(cwd)
        (self._place / "home").mkdir(parents=True, exist_ok=True)
        timed([str(self._program), "init", "--no-gitignore"], cwd, self._env)
        options = ["--tracer", tracer, "--no-tracer-fallback"]
        return timed([str(self._program), "run", *options, *command], cwd, self._env)[0]

    def seen(self, cwd: Path) -> int:
        """How many inputs the last run recorded."""
        with sqlite3.connect(f"file:{cwd}/.roar/roar.db?mode=ro", uri=True) as db:
            return int(db.execute("SELECT count(*) FROM job_inputs").fetchone()[0])

    def forget(self, cwd: Path) -> None:
        shutil.rmtree(cwd / ".roar", ignore_errors=True)

    def fastest(self, command: Sequence[str], cwd: Path, inputs: int) -> str | None:
        """The tracer that sees all `inputs` of `command` and takes least; None where none does."""
        found: dict[str, float] = {}
        for tracer in TRACERS:
            try:
                seconds = self.seconds(tracer, command, cwd)
                if self.seen(cwd) >= inputs:
                    found[tracer] = seconds
            except (FailedError, sqlite3.Error):  # no eBPF here, a static binary under preload
                continue
        self.forget(cwd)
        return min(found, key=lambda tracer: found[tracer]) if found else None


class ReproZip:
    """ReproZip in a virtual environment of its own: `python3 -m venv PEERS/reprozip && PEERS/reprozip/bin/pip install reprozip`."""

    def __init__(self, peers: Path, place: Path) -> None:
        self._program = peers / "reprozip" / "bin" / "reprozip"
        self._env = dict(os.environ, HOME=str(place / "home"), REPROZIP_USAGE_STATS="off")
        self._place = place

    @property
    def why_not(self) -> str:
        return "" if self._program.exists() else f"reprozip is not installed in {self._program.parents[1]}"

    def seconds(self, command: Sequence[str], cwd: Path) -> float:
        (self._place / "home").mkdir(parents=True, exist_ok=True)
        trace = self._place / "reprozip-trace"
        shutil.rmtree(trace, ignore_errors=True)
        options = ["trace", "--overwrite", "--dont-identify-packages", "-d", str(trace)]
        return timed([str(self._program), *options, *command], cwd, self._env)[0]
