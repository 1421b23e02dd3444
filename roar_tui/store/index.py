"""The index's file: where it lies, connections to it, and its replacement when it is broken (nothing is lost)."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

from roar_tui.errors import StoreError
from roar_tui.store import texts
from roar_tui.store.filesystem import file_system, is_network, locks_work
from roar_tui.store.location import cache_dir, index_name, private_temporary_dir
from roar_tui.store.schema import FINGERPRINT, statements

LOCK_PATIENCE = 30.0  # seconds that a writer waits for another one
READ_PATIENCE = 10.0  # seconds that a reader waits for a commit (rollback journal only; WAL readers never wait)
POLL = 0.2  # seconds between two looks at Ctrl-C: SQLite's own waiting cannot be interrupted


class IndexBusyError(Exception):
    """Another process holds the write lock."""


class Index:
    """The index of the archive at `root`. Nothing is made before the first connection.

    `warning` is a sentence for the user when the index could not lie in the cache directory.
    """

    def __init__(self, root: Path) -> None:
        self.warning: str | None = None
        directory = cache_dir()
        self._journal = "WAL"
        problem = _make_writable(directory)
        if problem is None and is_network(file_system(directory)):
            self._journal = "DELETE"  # WAL's shared memory does not reach other hosts
            if not locks_work(directory):
                problem = "files cannot be locked there"
        if problem is not None:
            self._journal = "WAL"
            self.warning = (
                f"The index cannot lie in {directory} ({problem}) and is kept in a temporary directory of this machine."
            )
            directory = private_temporary_dir()
        self.path = directory / index_name(root)

    def reader(self) -> sqlite3.Connection:
        """A new connection that cannot write. The caller closes it; it may be used by any one thread at a time."""
        db = self._connect(READ_PATIENCE)
        try:
            if _version(db) != FINGERPRINT:
                make_tables(db, LOCK_PATIENCE)
            db.execute("PRAGMA query_only = ON")
        except sqlite3.DatabaseError as error:
            db.close()
            if not is_broken(error):
                raise explain(self.path, error) from error
            self.discard()
            return self.reader()
        except IndexBusyError:
            db.close()
            return empty()  # another process is making the tables at this moment
        return db

    def writer(self, patience: float) -> sqlite3.Connection:
        """A new connection that may write, tables made; raises IndexBusyError, and sqlite3.DatabaseError on a broken file."""
        db = self._connect(POLL)
        try:
            if _version(db) != FINGERPRINT:
                make_tables(db, patience)
            db.execute("PRAGMA cache_size = -65536")
            db.execute("PRAGMA wal_autocheckpoint = 8000")  # 32 MB: a page that many records touch is copied once
        except BaseException:
            db.close()
            raise
        return db

    def discard(self) -> None:
        """Delete the index's file; it is built again from the archive."""
        for suffix in ("", "-wal", "-shm", "-journal"):
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)

    def size(self) -> int:
        """Bytes on disk."""
        total = 0
        for suffix in ("", "-wal", "-shm", "-journal"):
            try:
                total += os.stat(f"{self.path}{suffix}").st_size
            except OSError:
                continue
        return total

    def _connect(self, patience: float) -> sqlite3.Connection:
        try:
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))  # private, whatever the umask
            db = sqlite3.connect(self.path, timeout=patience, isolation_level=None, check_same_thread=False)
        except (OSError, sqlite3.OperationalError) as error:
            raise explain(self.path, error) from error
        try:
            db.execute(f"PRAGMA journal_mode = {self._journal}")
            db.execute("PRAGMA synchronous = NORMAL")
        except sqlite3.OperationalError:  # locked: the mode is what the other process sets
            pass
        except sqlite3.DatabaseError:  # broken: the first read says so, where it can be mended
            pass
        return db


def begin(db: sqlite3.Connection, patience: float) -> None:
    """Start a transaction that may write; raises IndexBusyError when others held the lock for `patience` seconds."""
    _insist(db, "BEGIN IMMEDIATE", patience)


def commit(db: sqlite3.Connection, patience: float) -> None:
    """End the transaction; raises IndexBusyError, the transaction still open, when readers held the file that long.

    With a rollback journal (network file systems) a commit waits for readers; in WAL mode it waits for nobody.
    """
    _insist(db, "COMMIT", patience)


def _insist(db: sqlite3.Connection, statement: str, patience: float) -> None:
    deadline = time.monotonic() + patience
    while True:
        try:
            db.execute(statement)
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) and "busy" not in str(error):
                raise
            if time.monotonic() >= deadline:
                raise IndexBusyError from error


def make_tables(db: sqlite3.Connection, patience: float, *, anew: bool = False) -> None:
    """Make the tables, empty, in place of what is there; nothing when another process did so first, unless `anew`."""
    begin(db, patience)
    try:
        if anew or _version(db) != FINGERPRINT:
            for kind, name in db.execute(
                """
                SELECT type, name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'
                ORDER BY type DESC, name
                """
            ).fetchall():
                db.execute('DROP {} IF EXISTS "{}"'.format(kind, name.replace('"', '""')))  # a virtual table takes others along
            for statement in statements():
                db.execute(statement)
            texts.make(db)
            db.execute(f"PRAGMA user_version = {FINGERPRINT}")
        commit(db, patience)
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def empty() -> sqlite3.Connection:
    """A connection to an index with nothing in it, in memory: what an archive that does not exist reads as."""
    db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    make_tables(db, 0)
    db.execute("PRAGMA query_only = ON")
    return db


def is_broken(error: sqlite3.Error) -> bool:
    """True when the file is no database or its pages are damaged; False for locks, full disks and the like, its subclasses."""
    return type(error) is sqlite3.DatabaseError


def explain(path: Path, error: Exception) -> StoreError:
    """The StoreError that says that the index at `path` cannot be used, and what to do."""
    return StoreError(
        f"Cannot use the index {path}: {error}.",
        "Free space or permission there; deleting the file is safe, it is built again.",
    )


def _version(db: sqlite3.Connection) -> int:
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    return version


def _make_writable(directory: Path) -> str | None:
    """Make the cache directory; why it cannot hold a database, or None."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return None if os.access(directory, os.W_OK | os.X_OK) else "it cannot be written"
