"""What all screens share: the store, the readers, the marks, and how hashes are shortened."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from roar_tui.errors import AmbiguousError, RoarTuiError
from roar_tui.lineage.nodes import Nodes
from roar_tui.store.known import KnownDigests
from roar_tui.store.location import known_path
from roar_tui.store.queries import short
from roar_tui.store.results import SeenAt, StepView
from roar_tui.store.store import Store
from roar_tui.text import display, is_kernel
from roar_tui.tui.comparing import Marked
from roar_tui.tui.marks import Marks, marks
from roar_tui.tui.nodes import SHORT, Look
from roar_tui.tui.reading import Reader
from roar_tui.tui.rows import home_directory

T = TypeVar("T")


class Desk:
    """The explorer's working place; readers are made when they are first asked for and live until `close`."""

    def __init__(self, root: Path) -> None:
        self.store = Store.open(root)
        self.marks: Marks = marks()
        self.home = home_directory()
        self.marked: Marked | None = None  # what diffs take as A
        self._readers: dict[str, Reader] = {}
        self._aside = ThreadPoolExecutor(max_workers=2, thread_name_prefix="aside")
        self._shorts: dict[str, str] = {}
        self._notebooks: dict[tuple[str, int], str | None] = {}  # by job and step, of Jupyter kernels
        self._closed = False

    @property
    def root(self) -> Path:
        return self.store.root

    def reader(self, name: str) -> Reader:
        """The reader of that name: work on one waits for its own earlier work only."""
        if name not in self._readers:
            self._readers[name] = Reader(self.store, name)
        return self._readers[name]

    async def read(self, name: str, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` finds, on the reader `name`."""
        return await self.reader(name).run(work)

    async def aside(self, work: Callable[[], T]) -> T:
        """What `work` finds, on a thread without a connection: for the disk and other programs."""
        if self._closed:
            raise asyncio.CancelledError
        return await asyncio.wrap_future(self._aside.submit(work))

    def known(self) -> KnownDigests | None:
        """The digests of files that were hashed before and have not changed since."""
        if not self.store.exists():
            return None
        return KnownDigests(known_path())

    def close(self) -> None:
        """Interrupt everything that runs."""
        self._closed = True
        for reader in self._readers.values():
            reader.close()
        self._aside.shutdown(wait=False, cancel_futures=True)

    def learn_shorts(self, db: sqlite3.Connection, digests: Iterable[str | None]) -> None:
        """Look up how short these can be shown; called on a reader's thread."""
        for digest in digests:
            if digest and digest not in self._shorts:
                self._shorts[digest] = short(db, digest)

    def short(self, digest: str) -> str:
        """The digest as short as it is unique, as far as it was looked up."""
        return self._shorts.get(digest, digest[:SHORT])

    def learn_notebooks(self, db: sqlite3.Connection, steps: Iterable[SeenAt | StepView]) -> None:
        """Look up whose cells the kernels among these steps ran; called on a reader's thread."""
        nodes = Nodes(db)
        for step in steps:
            key = (step.job, step.id if isinstance(step, StepView) else step.step)
            if is_kernel(step.argv) and key not in self._notebooks:
                self._notebooks[key] = nodes.step(f"s:{key[0]}:{key[1]}").notebook

    def notebook(self, job: str, step: int) -> str | None:
        """The notebook of that step, a Jupyter kernel, if it was looked up and is known."""
        return self._notebooks.get((job, step))

    def is_marked(self, ref: str | None) -> bool:
        """Whether that is what diffs take as A."""
        return self.marked is not None and self.marked.ref == ref

    def look(self) -> Look:
        """What lines of nodes share, now."""
        return Look(self.marks, now(), self.short, self.home, self.notebook)


def now() -> int:
    """Microseconds since the epoch."""
    return time.time_ns() // 1000


def working_directory() -> str:
    """Where references that are paths start; the root where the directory is gone."""
    try:
        return os.getcwd()
    except OSError:
        return "/"


def sentence(error: Exception) -> tuple[str, str]:
    """An error as what happened and what to do."""
    if isinstance(error, AmbiguousError):
        lines = "\n".join(display(line) for line in error.candidates[:8])
        return display(error.message), lines or display(error.hint)
    if isinstance(error, RoarTuiError):
        return display(error.message), display(error.hint)
    return f"That did not work: {display(str(error)) or type(error).__name__}.", "Press r to try again."
