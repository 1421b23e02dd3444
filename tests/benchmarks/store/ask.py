"""`python -m tests.benchmarks.store.ask PLACE QUESTION JSON`: one question to a store, in a process of its own; JSON on stdout.

A process of its own, because its peak memory is part of the answer, and because nothing may be warm but the page cache.
"""

from __future__ import annotations

import json
import re
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from roar_tui.lineage.closure import closure
from roar_tui.lineage.diff import diff
from roar_tui.lineage.fold import fold
from roar_tui.lineage.model import Direction, Kind
from roar_tui.lineage.reference import resolve
from roar_tui.lineage.target import Target
from roar_tui.lineage.walk import Walker
from roar_tui.store import queries
from roar_tui.store.filter import Filter
from roar_tui.store.results import Cursor
from roar_tui.store.store import Store
from tests.benchmarks.store.built import here

PAGE = 50
Answer = dict[str, Any]


def walk(store: Store, refs: list[str], levels: int, runs: int) -> Answer:
    """Open node by node, as the explorer does: seconds of each walk, and how many nodes each shows."""
    with closing(store.reader()) as db:
        targets = [_target(store, db, ref) for ref in refs]
        nodes = [_levels(db, target, levels) for target in targets]
        seconds = [_seconds(lambda target=target: _levels(db, target, levels)) for _ in range(runs) for target in targets]
        whole = [
            _seconds(lambda target=target: fold(closure(db, target, Direction.UPSTREAM, levels)))
            for _ in range(runs)
            for target in targets
        ]
    return {"seconds": seconds, "whole": whole, "nodes": nodes}


def _levels(db: sqlite3.Connection, target: Target, levels: int) -> int:
    walker = Walker(db, Direction.UPSTREAM)
    level = [walker.start(target)]
    seen = 1
    for _ in range(levels):
        level = [found for node in level if not node.leaf for found in walker.expand(node)]
        seen += len(level)
    return seen


def whole(store: Store, ref: str) -> Answer:
    """The whole closure upstream, once."""
    with closing(store.reader()) as db:
        target = _target(store, db, ref)
        began = time.perf_counter()
        found = closure(db, target, Direction.UPSTREAM)
        seconds = time.perf_counter() - began
    files = sum(node.count if node.kind is Kind.FILESET else node.kind is Kind.ARTIFACT for node in found.nodes.values())
    return {"seconds": seconds, "files": files, "edges": len(found.edges)}


def ancestors(store: Store, ref: str) -> Answer:
    """The same by networkx, from a graph of every access in memory: which of them came first is not asked."""
    import networkx

    graph = networkx.DiGraph()
    began = time.perf_counter()
    for name in store.archive.files():
        for number, step in enumerate(store.archive.load_file(name).steps):
            node = (name, number)
            graph.add_edges_from((access.digest, node) for access in step.used)
            graph.add_edges_from((node, access.digest) for access in step.generated)
    loading = time.perf_counter() - began
    with closing(store.reader()) as db:
        digest = _target(store, db, ref).digest  # type: ignore[union-attr]
    return {"seconds": _seconds(lambda: networkx.ancestors(graph, digest)), "loading": loading}


def lists(store: Store, words: list[str], runs: int) -> Answer:
    """Pages of both lists: plain ones from several places, narrowed by hash, and by words. Seconds by what was asked."""
    found: dict[str, list[float]] = {}
    with closing(store.reader()) as db:
        for name, page in (("jobs", queries.jobs), ("artifacts", queries.artifacts)):

            def ask(what: str, text: str = "", **place: Any) -> Any:
                filter_ = Filter.parse(text)
                rows = page(db, filter_, limit=PAGE, **place)  # noqa: B023 -- called before the next turn
                times = [_seconds(lambda: page(db, filter_, limit=PAGE, **place)) for _ in range(runs)]  # noqa: B023
                found.setdefault(f"{name} {what}", []).extend(times)  # noqa: B023
                return rows

            rows = ask("page")
            for _ in range(3):
                rows = ask("page", after=rows[-1].cursor) or rows
            rows = ask("page", before=Cursor(0, 0)) or rows
            for row in rows[:3]:
                ask("hash", f"hash:{_digest(row)[:8]}")
                ask("hash", _digest(row)[:7])
            ask("hash", "hash:00000000")
            for word in words:
                ask(f"word {word}", word)
    return {"seconds": found}


def _digest(row: Any) -> str:
    return str(row.id if hasattr(row, "id") else row.digest)


def cancel(store: Store, word: str) -> Answer:
    """How long a search goes on after it was told to stop; None where it had ended before."""
    with closing(store.reader()) as db:
        told: list[float] = []

        def stop() -> None:
            told.append(time.perf_counter())
            db.interrupt()

        timer = threading.Timer(0.02, stop)
        timer.start()
        try:
            queries.artifacts(db, Filter.parse(word), limit=PAGE)
        except sqlite3.OperationalError:
            return {"seconds": time.perf_counter() - told[0]}
        finally:
            timer.cancel()
            timer.join()
    return {"seconds": None}


def opening(store: Store, runs: int) -> Answer:
    """Open the store, bring it up to date, and list the newest jobs."""

    def once() -> None:
        again = Store.open(store.root)
        again.sync(wait=False)
        with closing(again.reader()) as db:
            queries.jobs(db, limit=PAGE)

    once()
    return {"seconds": [_seconds(once) for _ in range(runs)]}


def difference(store: Store, a: str, b: str, runs: int) -> Answer:
    """The diff of two jobs; how many causes it names."""
    with closing(store.reader()) as db:
        one, other = _target(store, db, a), _target(store, db, b)
        seconds, causes = [], 0
        for _ in range(runs):
            began = time.perf_counter()
            causes = len(diff(store, db, one, other).causes)
            seconds.append(time.perf_counter() - began)
    return {"seconds": seconds, "causes": causes}


def _target(store: Store, db: sqlite3.Connection, ref: str) -> Target:
    return resolve(store, db, ref, cwd=str(store.root))


def _peak() -> int:
    """The most memory that this process had, bytes; getrusage would count what its parent had when it started it."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text("ascii", "replace"))
    return 0 if found is None else int(found[1]) * 1024


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


QUESTIONS: dict[str, Callable[..., Answer]] = {
    "walk": walk,
    "whole": whole,
    "ancestors": ancestors,
    "lists": lists,
    "cancel": cancel,
    "opening": opening,
    "difference": difference,
}


def main(place: str, question: str, arguments: str) -> int:
    """0; the answer is on stdout, with the most memory that the process had (bytes)."""
    with here(Path(place)) as store:
        answer = QUESTIONS[question](store, **json.loads(arguments))
    answer["peak"] = _peak()
    click.echo(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
