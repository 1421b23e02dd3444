"""Opens roar's database (`.roar/roar.db`, SQLite, `user_version` 5) for reading only, and says in a sentence why it cannot.

What lies there is checked before the first row is given out: a database is read whole or not at all.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from roar_tui.exchange.source import UnusableFileError

VERSION = 5
MAGIC = b"SQLite format 3\0"
LOGS = ("-wal", "-journal")
TRIES = 20
PAUSE = 0.1  # s between tries to copy a database that is being written to
LAST_SECOND = 253_402_300_799  # the end of the year 9999

# The columns that are read, by table.
COLUMNS = {
    "artifacts": "id size kind component_count source_type source_url uploaded_to metadata",
    "artifact_hashes": "artifact_id algorithm digest",
    "jobs": "id job_uid parent_job_uid timestamp command script step_identity session_id step_number step_name git_repo git_commit "
    "git_branch duration_seconds exit_code status execution_backend execution_role job_type metadata telemetry",
    "job_inputs": "job_id artifact_id path byte_ranges",
    "job_outputs": "job_id artifact_id path byte_ranges",
    "sessions": "id hash",
    "labels": "entity_type session_id job_id artifact_id version metadata",
    "composite_artifact_components": "composite_artifact_id ordinal relative_path leaf_kind component_algorithm component_digest "
    "component_size artifact_id",
}


class RoarDatabaseError(UnusableFileError):
    """roar's database cannot be read; nothing of it was imported."""


def is_roar_database(path: str | os.PathLike[str]) -> bool:
    """True for any SQLite file, for a file named `roar.db`, and for a directory that has one: `open_source` judges the rest."""
    try:
        file = locate(path)
        if file.name == "roar.db":
            return file.is_file()
        with file.open("rb") as data:
            return data.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def locate(path: str | os.PathLike[str]) -> Path:
    """The database that `path` means: itself, or `roar.db` in a project's directory or its `.roar`."""
    given = Path(os.path.abspath(path))
    if given.is_dir():
        for inside in (given / "roar.db", given / ".roar" / "roar.db"):
            if inside.is_file():
                return inside
    return given


@contextlib.contextmanager
def open_source(path: str | os.PathLike[str]) -> Iterator[sqlite3.Connection]:
    """A connection to the database at `path` as it is now, checked; raises RoarDatabaseError.

    It is read from a copy: SQLite's own read-only connections leave a log and an index of it behind, cannot read a database in
    a directory that is read-only if a write to it was cut off, and hold up roar's checkpoints while a long import reads.
    """
    file = locate(path)
    _look(file)
    try:
        place = tempfile.TemporaryDirectory(prefix="roar-tui-import-")
    except OSError as error:
        raise _no_copy(file, error) from error
    with place as directory:
        copy = Path(directory) / "roar.db"
        _copy(file, copy)
        db = sqlite3.connect(copy)
        try:
            db.text_factory = os.fsdecode
            db.execute("PRAGMA cell_size_check = 1")
            db.execute("PRAGMA cache_size = -65536")  # KiB: indexes are checked in the order of their tables, here and there
            _check(db, file)
            db.execute("PRAGMA journal_mode = DELETE")  # one file, which an import that is killed does not leave behind
            place.cleanup()
            yield db
        except sqlite3.Error as error:
            raise _damaged(file, str(error)) from error
        except UnicodeDecodeError as error:  # in a message of SQLite's that quotes the junk it found
            raise _damaged(file, "its schema is no text") from error
        finally:
            db.close()


def _copy(file: Path, copy: Path) -> None:
    """Copy the database and the log of its last writes, both as they were at one moment."""
    try:
        for _ in range(TRIES):
            before = _state(file)
            for suffix in ("", *LOGS):
                Path(f"{copy}{suffix}").unlink(missing_ok=True)
                if not suffix or os.path.exists(f"{file}{suffix}"):
                    shutil.copyfile(f"{file}{suffix}", f"{copy}{suffix}")
            if _state(file) == before:
                return
            time.sleep(PAUSE)
    except OSError as error:
        raise _no_copy(file, error) from error
    raise RoarDatabaseError(f"{file} is being written to all the time.", "Try again when roar has finished.")


def _state(file: Path) -> list[tuple[int, int, int] | None]:
    """What changes when the database is written to: inode, size and time of it and its logs."""
    states: list[tuple[int, int, int] | None] = []
    for suffix in ("", *LOGS):
        try:
            found = os.stat(f"{file}{suffix}")
        except FileNotFoundError:
            states.append(None)
        else:
            states.append((found.st_ino, found.st_size, found.st_mtime_ns))
    return states


def project_of(db: sqlite3.Connection, path: str | os.PathLike[str]) -> str | None:
    """The project whose database this is: the directory around `.roar`, if a recorded path lies below it; None for a copy."""
    file = locate(path)
    if file.parent.name != ".roar":
        return None
    for project in dict.fromkeys((str(file.parent.parent), os.path.realpath(file.parent.parent))):
        below = project.rstrip("/") + "/"
        seen = [
            db.execute(f"SELECT 1 FROM {table} WHERE {where} LIMIT 1", values).fetchone()
            for table in ("job_inputs", "job_outputs")
            for where, values in (("path >= ? AND path < ?", (below, below[:-1] + "0")), ("path LIKE '/%'", ()))
        ]
        if seen[0] or seen[2] or not (seen[1] or seen[3]):
            return project
    return None


def _look(file: Path) -> None:
    try:
        with file.open("rb") as data:
            start = data.read(len(MAGIC))
    except IsADirectoryError as error:
        raise RoarDatabaseError(f"There is no roar database in {file}.", "It is .roar/roar.db in a project's directory.") from error
    except OSError as error:
        raise RoarDatabaseError(f"{file} cannot be read: {error.strerror}.") from error
    if not start:
        raise RoarDatabaseError(f"{file} is empty: there is nothing to import.")
    if start != MAGIC:
        raise RoarDatabaseError(f"{file} is not an SQLite database, or a damaged one.", "It should be a project's .roar/roar.db.")


def _check(db: sqlite3.Connection, file: Path) -> None:
    """Raises RoarDatabaseError unless all that is read of the database is there and whole."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    have = {table: {row[1] for row in db.execute(f"PRAGMA table_info({table})")} for table in COLUMNS}
    if not have["jobs"] and not have["artifacts"]:
        raise RoarDatabaseError(f"{file} is an SQLite database, but not one that roar made: it has no jobs.")
    if version != VERSION:
        raise RoarDatabaseError(
            f"{file} is a roar database of version {version}; this roar-tui reads version {VERSION}.",
            "Open it once with roar 0.4.7, which upgrades older ones." if version < VERSION else "Look for a newer roar-tui.",
        )
    for table, wanted in COLUMNS.items():
        if missing := sorted(set(wanted.split()) - have[table]):
            what = f"the columns {', '.join(missing)} of its table {table} are" if have[table] else f"its table {table} is"
            raise RoarDatabaseError(f"{file} is not whole: {what} missing.", "Restore it from a copy.")
    # Each by name: the search index beside them may need a module that this SQLite lacks. With the indexes, which hold digests,
    # paths and times a second time: SQLite has no checksums, and a bit that was lost in one of them is seen there alone.
    for table in COLUMNS:
        problem = db.execute(f"PRAGMA integrity_check('{table}')").fetchone()
        if problem is not None and problem[0] != "ok":
            raise _damaged(file, str(problem[0]))
    broken = db.execute(
        """
        SELECT coalesce(job_uid, id) FROM jobs
        WHERE typeof(timestamp) NOT IN ('integer', 'real') OR timestamp NOT BETWEEN 0 AND ?
           OR typeof(duration_seconds) NOT IN ('integer', 'real', 'null') OR timestamp + duration_seconds > ?
           OR typeof(command) <> 'text' LIMIT 1
        """,
        (LAST_SECOND, LAST_SECOND),
    ).fetchone()
    if broken is not None:
        raise _damaged(file, f"job {broken[0]} has no command or no possible time")


def _no_copy(file: Path, error: OSError) -> RoarDatabaseError:
    return RoarDatabaseError(f"{file} cannot be copied to read it: {error.strerror}.", "Is TMPDIR full, or not writable?")


def _damaged(file: Path, why: str) -> RoarDatabaseError:
    said = " ".join(why.removeprefix("*** in database main ***").split())
    return RoarDatabaseError(f"{file} is damaged ({said}): nothing was imported.", "Restore it from a copy.")
