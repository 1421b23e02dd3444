"""Digests of files that did not change since they were hashed. A cache: it never waits, and what goes wrong makes it empty."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterable
from pathlib import Path

from roar_tui.store.filesystem import file_system, is_network
from roar_tui.store.schema import to_sql

LARGEST = 1 << 30  # bytes on disk; then it starts again from nothing
PAGE = 4096

TABLE = """
CREATE TABLE IF NOT EXISTS known (
    path PRIMARY KEY,
    inode INTEGER NOT NULL,
    size INTEGER NOT NULL,
    mtime INTEGER NOT NULL,
    ctime INTEGER NOT NULL,
    digest BLOB NOT NULL
) WITHOUT ROWID
"""


class KnownDigests:
    """Remembers the digest of a path's content under its inode, size, mtime and ctime (ns); for any number of threads.

    The device is not asked: network file systems change its number with every mount. Whoever puts a digest must have seen the
    same `stat` before and after hashing, with a ctime older than the hash by more than the clock of file times is late: a file can
    change twice in one of its ticks.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None
        self._owner = 0

    def get(self, path: str, stat: os.stat_result) -> str | None:
        """The digest of `path`, if it is known for a file with this `stat`."""
        with self._lock:
            try:
                row = (
                    self._open()
                    .execute(
                        "SELECT digest FROM known WHERE path = ? AND inode = ? AND size = ? AND mtime = ? AND ctime = ?",
                        (to_sql(path), *_identity(stat)),
                    )
                    .fetchone()
                )  # PRIMARY KEY (path)
            except (OSError, sqlite3.Error) as error:
                self._give_up(error)
                return None
        return None if row is None or len(row[0]) != 32 else bytes(row[0]).hex()

    def put_many(self, items: Iterable[tuple[str, os.stat_result, str]]) -> None:
        """Remember (path, stat, digest) items; forgets them silently where another process is writing."""
        rows = [(to_sql(path), *_identity(stat), bytes.fromhex(digest)) for path, stat, digest in items]
        with self._lock:
            try:
                db = self._open()
                with db:
                    db.execute("BEGIN IMMEDIATE")
                    db.executemany("INSERT OR REPLACE INTO known VALUES (?, ?, ?, ?, ?, ?)", rows)
            except (OSError, sqlite3.Error) as error:
                self._give_up(error)

    def close(self) -> None:
        """Close the database; the next call opens it again."""
        with self._lock:
            if self._db is not None and self._owner == os.getpid():
                self._db.close()
            self._db = None

    def _open(self) -> sqlite3.Connection:
        if self._db is None or self._owner != os.getpid():  # a connection must not be carried over a fork
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            db = sqlite3.connect(self._path, timeout=0, isolation_level=None, check_same_thread=False)
            db.execute(f"PRAGMA journal_mode = {'DELETE' if is_network(file_system(self._path.parent)) else 'WAL'}")
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute(f"PRAGMA max_page_count = {LARGEST // PAGE}")
            db.execute(TABLE)
            self._db, self._owner = db, os.getpid()
        return self._db

    def _give_up(self, error: Exception) -> None:
        """After an error: nothing when the file is only locked, else begin with an empty file next time."""
        if isinstance(error, sqlite3.OperationalError) and ("locked" in str(error) or "busy" in str(error)):
            return
        if self._db is not None and self._owner == os.getpid():
            self._db.close()
        self._db = None
        if isinstance(error, sqlite3.DatabaseError):
            for suffix in ("", "-wal", "-shm", "-journal"):
                try:
                    Path(f"{self._path}{suffix}").unlink(missing_ok=True)
                except OSError:
                    return


def _identity(stat: os.stat_result) -> tuple[int, int, int, int]:
    """Inode, size, mtime, ctime; inodes are unsigned 64 bits and SQLite's integers are signed."""
    inode = stat.st_ino - (1 << 64) if stat.st_ino >= 1 << 63 else stat.st_ino
    return inode, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns
