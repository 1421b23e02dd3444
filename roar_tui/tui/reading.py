"""A thread with one read-only connection of its own; the screens await what it finds and never block."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from roar_tui.store.store import Store

T = TypeVar("T")


class Reader:
    """Runs queries one after the other on its own thread. A cancelled await interrupts the query that is running."""

    def __init__(self, store: Store, name: str) -> None:
        self._store = store
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._connection: sqlite3.Connection | None = None
        self._opened: tuple[int, int] | None = None  # which file the connection reads
        self._lock = threading.Lock()  # between `interrupt` on the UI's thread and closing on this one
        self.closed = False

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` returns; its exceptions come out here. An index that was replaced meanwhile is opened anew, once.

        Once the reader is closed every await ends as cancelled: there is nobody left to tell of anything else.
        """
        if self.closed:
            raise asyncio.CancelledError
        future = self._pool.submit(self._call, work)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            self._give_up(future)
            raise
        except Exception as error:
            if self.closed:
                raise asyncio.CancelledError from error
            raise

    def close(self) -> None:
        """Interrupt what runs, close the connection, let the thread end. Returns at once."""
        if self.closed:
            return
        self.closed = True
        self._interrupt()
        with contextlib.suppress(RuntimeError):
            self._pool.submit(self._disconnect)
        self._pool.shutdown(wait=False)

    def _give_up(self, future: Future[T]) -> None:
        if not future.done() and not future.cancel():
            self._interrupt()

    def _interrupt(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.interrupt()

    def _call(self, work: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._connect()
        try:
            return work(connection)
        except sqlite3.OperationalError as error:
            if "interrupted" in str(error):
                raise
            self._disconnect()
            return work(self._connect())
        except sqlite3.DatabaseError:
            self._disconnect()
            return work(self._connect())

    def _connect(self) -> sqlite3.Connection:
        """The connection; a new one where the store has come into being, or its index was replaced, since the last."""
        if self._connection is not None and self._file() != self._opened:
            self._disconnect()
        if self._connection is None:
            connection = self._store.reader()
            with self._lock:
                self._connection = connection
            self._opened = self._file()
        return self._connection

    def _file(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self._store.index.path) if self._store.exists() else None
        except OSError:
            return None
        return (found.st_dev, found.st_ino) if found is not None else None

    def _disconnect(self) -> None:
        with self._lock:
            if self._connection is not None:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.close()
            self._connection = None
