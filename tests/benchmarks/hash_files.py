"""`python -m tests.benchmarks.hash_files FILE…`: hash files as the recorder does; prints the seconds that it took.

A process of its own, but the seconds begin when a recorder that runs already would be given the files.
"""

from __future__ import annotations

import os
import select
import sys
import time

from roar_tui.record.capture import THREADS
from roar_tui.record.hashing import Hasher
from roar_tui.record.model import Status


class _Nothing:
    """No digest is known."""

    def get(self, path: str, stat: os.stat_result) -> str | None:
        return None


def main(paths: list[str]) -> int:
    """0 when all files have a digest."""
    began = time.perf_counter()
    hasher: Hasher[str] = Hasher(THREADS, _Nothing(), lambda: 0)
    for path in paths:
        hasher.submit(path, path)
    found = 0
    while hasher.outstanding:
        select.select([hasher.wake], [], [])
        found += sum(evidence.status is Status.HASHED for _, evidence in hasher.results())
    print(time.perf_counter() - began)  # noqa: T201
    return 0 if found == len(paths) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
