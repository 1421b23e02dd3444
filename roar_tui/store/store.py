"""The store: an archive and the index of it, as one thing to open, bring up to date and ask."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from roar_tui.errors import StoreError
from roar_tui.store.archive import Archive
from roar_tui.store.files import explain_read
from roar_tui.store.index import LOCK_PATIENCE, Index, IndexBusyError, empty, explain, is_broken, make_tables
from roar_tui.store.ingest import Progress, ingest
from roar_tui.store.listing import totals
from roar_tui.store.results import Damaged, StoreInfo, SyncReport
from roar_tui.store.sizes import measure

IMPATIENT_SECONDS = 2.0  # `sync(wait=False)` works no longer than this: the rest is for who has time

Answer = TypeVar("Answer")


class Store:
    """An archive with its index. `archive` keeps and loads; `reader` gives connections to ask the index with."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.archive = Archive(root)
        self._index: Index | None = None

    @classmethod
    def open(cls, root: Path) -> Store:
        """The store at `root`, which need not exist: an absent one reads as empty, and reading never makes it.

        Raises StoreError when `root` is no directory or may not be read.
        """
        store = cls(root)
        store.exists()
        return store

    @property
    def index(self) -> Index:
        """The index's file, found when first needed."""
        if self._index is None:
            self._index = Index(self.root)
        return self._index

    def exists(self) -> bool:
        """True when the archive's directory is there; raises StoreError when it may not be read."""
        try:
            found = os.stat(self.root)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            raise explain_read(self.root, error) from error
        if not stat.S_ISDIR(found.st_mode):
            raise StoreError(f"The store {self.root} is not a directory.", "Choose another one with --store DIR.")
        if not os.access(self.root, os.X_OK):
            raise explain_read(self.root, PermissionError(13, "Permission denied"))
        return True

    def reader(self) -> sqlite3.Connection:
        """A new connection that cannot write, to the index as it is; the caller closes it. One for each thread."""
        return self.index.reader() if self.exists() else empty()

    def ask(self, question: Callable[[sqlite3.Connection], Answer]) -> Answer:
        """What `question` answers when called with a reader; an index found broken meanwhile is built again, once."""
        for last in (False, True):
            try:
                with contextlib.closing(self.reader()) as db:
                    return question(db)
            except sqlite3.DatabaseError as error:
                if last or not is_broken(error):
                    raise explain(self.index.path, error) from error
                self.index.discard()
                self.sync()
        raise AssertionError("unreachable")

    def sync(self, *, wait: bool = True, progress: Progress | None = None, all_texts: bool = False) -> SyncReport:
        """Bring the index up to date with the archive.

        Without `wait` it takes about two seconds at most and leaves the rest, as it does when another process holds the index
        (`busy`). `progress` gets (done, total) records. Raises StoreError when the archive may not be read or the index not
        be written.
        """
        if not self.exists():
            return SyncReport()
        patience, limit = (LOCK_PATIENCE, None) if wait else (0.0, IMPATIENT_SECONDS)

        def work(db: sqlite3.Connection) -> SyncReport:
            return ingest(db, self.archive, patience=patience, limit=limit, progress=progress, all_texts=all_texts)

        report = self._write(work, patience)
        return msgspec.structs.replace(report or SyncReport(busy=True), warning=self.index.warning)

    def rebuild(self, progress: Progress | None = None) -> SyncReport:
        """Empty the index and build it again from the archive; raises StoreError as `sync` does."""
        if not self.exists():
            return SyncReport()
        self._write(lambda db: make_tables(db, LOCK_PATIENCE, anew=True), LOCK_PATIENCE)
        return self.sync(progress=progress, all_texts=True)

    def _write(self, work: Callable[[sqlite3.Connection], Answer], patience: float) -> Answer | None:
        """What `work` returns when called with a connection that may write, or None where another process holds the index."""
        for last in (False, True):
            try:
                with contextlib.closing(self.index.writer(patience)) as db:
                    return work(db)
            except IndexBusyError:
                return None
            except sqlite3.DatabaseError as error:
                if last or not is_broken(error):
                    raise explain(self.index.path, error) from error
                self.index.discard()
        raise AssertionError("unreachable")

    def info(self) -> StoreInfo:
        """Size and health, of the index as it is now; raises StoreError when the archive may not be read."""
        try:
            return self.ask(self._info)
        except OSError as error:
            raise explain_read(self.root, error) from error

    def _info(self, db: sqlite3.Connection) -> StoreInfo:
        sizes = measure(self.archive)
        seen = totals(db)
        damaged = db.execute("SELECT record, problem FROM ingested WHERE problem IS NOT NULL ORDER BY record").fetchall()
        return StoreInfo(
            path=str(self.root),
            index=str(self.index.path),
            exists=self.exists(),
            jobs=seen.jobs,
            artifacts=seen.artifacts,
            seen_bytes=seen.size,
            record_bytes=sizes.record_bytes,
            blob_bytes=sizes.blob_bytes,
            index_bytes=self.index.size(),
            running=sizes.running,
            odd=sizes.odd,
            damaged=[Damaged(record, problem) for record, problem in damaged],
            unreadable=sizes.unreadable,
            warning=self.index.warning,
        )
