"""The same records in a database of roar's own, made by SQL, and what roar takes to show them."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from roar_tui.record.model import Record
from roar_tui.store.archive import Archive
from tests.benchmarks.measure import FailedError, timed

PATIENCE = 300.0  # s
_LOADER = "import sys, pathlib; from roar.tui.data import load_dag; load_dag(pathlib.Path(sys.argv[1]))"


class RoarStore:
    """A project of roar-cli at `place` with the records of an archive; `bin` is where roar is installed."""

    def __init__(self, bin_: Path, place: Path) -> None:
        self._bin = bin_
        self._place = place
        self._env = dict(os.environ, HOME=str(place), DO_NOT_TRACK="1", NO_COLOR="1")

    def fill(self, archive: Archive) -> None:
        """An empty database of roar's, then every record in one session of it; roar has no steps."""
        shutil.rmtree(self._place, ignore_errors=True)
        self._place.mkdir(parents=True)
        timed(["git", "init", "-q", "."], self._place, self._env)
        timed([str(self._bin / "roar"), "init", "--no-gitignore"], self._place, self._env)
        with closing(sqlite3.connect(self._place / ".roar" / "roar.db")) as db, db:
            names = sorted(archive.files())
            db.execute("UPDATE sessions SET is_active = 0")
            db.execute(
                "INSERT INTO sessions (hash, created_at, current_step, is_active) VALUES (?, ?, ?, 1)",
                ("0" * 64, time.time(), len(names)),
            )
            session = db.execute("SELECT max(id) FROM sessions").fetchone()[0]
            for number, name in enumerate(names, 1):
                _insert(db, session, number, archive.load_file(name))

    def lineage(self, digest: str) -> float | None:
        """Seconds of `roar lineage`, as deep as it goes; None where it takes longer than anybody waits."""
        return self._seconds([str(self._bin / "roar"), "lineage", "--depth", "1000000", digest])

    def loader(self) -> float | None:
        """Seconds until the explorer of roar has its graph."""
        return self._seconds([str(self._bin / "python"), "-c", _LOADER, str(self._place / ".roar")])

    def _seconds(self, command: list[str]) -> float | None:
        began = time.perf_counter()
        try:
            done = subprocess.run(
                command, cwd=self._place, env=self._env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE, check=False, timeout=PATIENCE,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return None
        if done.returncode:
            raise FailedError(f"{shlex.join(command)[:200]} exited with {done.returncode}: {done.stderr[-300:]!r}")
        return time.perf_counter() - began


def _insert(db: sqlite3.Connection, session: int, number: int, record: Record) -> None:
    db.execute(
        "INSERT INTO jobs (id, job_uid, timestamp, command, session_id, step_number, step_identity, git_commit,"
        " duration_seconds, exit_code, status, execution_backend, metadata) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?)",
        (
            number, f"{number:08x}", record.started / 1e6, shlex.join(record.steps[-1].argv), session, number,
            record.run_id, "0" * 40, ((record.ended or record.started) - record.started) / 1e6, "completed", "local",
            json.dumps({"cwd": record.cwd}),
        ),
    )  # fmt: skip
    for table, accesses in _accesses(record):
        db.executemany(
            "INSERT OR IGNORE INTO artifacts (id, size, first_seen_at, first_seen_path, kind) VALUES (?, ?, ?, ?, 'primitive')",
            [(digest[:32], size, record.started / 1e6, path) for digest, path, size in accesses],
        )
        db.executemany(
            "INSERT OR IGNORE INTO artifact_hashes VALUES (?, 'blake3', ?)",
            [(digest[:32], digest) for digest, _, _ in accesses],
        )
        db.executemany(
            f"INSERT OR IGNORE INTO {table} (job_id, artifact_id, path) VALUES (?, ?, ?)",
            [(number, digest[:32], path) for digest, path, _ in accesses],
        )


def _accesses(record: Record) -> Iterator[tuple[str, list[tuple[str, str, int]]]]:
    for step in record.steps:
        for table, accesses in (("job_inputs", step.used), ("job_outputs", step.generated)):
            yield table, [(access.digest, access.path, access.size or 0) for access in accesses if access.digest is not None]
