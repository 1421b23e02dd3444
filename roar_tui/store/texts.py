"""Looking for a text in paths: by a trigram index (FTS5), and by reading what that does not have yet.

It costs as much as all else that is kept of a path, so it follows behind: a sync adds some thousand paths, a rebuild all. What it
says are candidates; each is looked at. Without FTS5, and for words below three characters, all paths are read
(0.2 s for a million).
"""

from __future__ import annotations

import sqlite3

from roar_tui.store.schema import to_sql

SHORTEST = 3  # characters: a trigram
AT_ONCE = 100_000  # paths that one sync adds (0.5 s)
SLICE = 5_000  # paths of one transaction

_MAKE = "CREATE VIRTUAL TABLE path_text USING fts5(path, content='', columnsize=0, detail='none', tokenize='trigram')"
_UPTO = "SELECT upto FROM path_texts"
_ADD = """INSERT INTO path_text (rowid, path)
SELECT id, path FROM path WHERE id > :upto AND id <= :last AND typeof(path) = 'text'"""
# path_text, then the primary key; the paths that it does not have yet by the primary key, those that are no text by UNIQUE (path)
_FOUND = f"""SELECT path.id FROM path_text CROSS JOIN path ON path.id = path_text.rowid
    WHERE path_text MATCH :trigrams AND {{contains}}
UNION ALL SELECT path.id FROM path WHERE path.id > ({_UPTO}) AND {{contains}}
UNION ALL SELECT path.id FROM path WHERE path.path >= x'' AND path.id <= ({_UPTO}) AND {{contains}} LIMIT :limit"""
_READ = "SELECT id FROM path WHERE {contains} LIMIT :limit"


def make(db: sqlite3.Connection) -> None:
    """Make the index, empty, where this SQLite has FTS5 with trigrams (3.34); in a transaction of the caller's."""
    db.execute("CREATE TABLE path_texts (upto INTEGER NOT NULL)")
    try:
        db.execute(_MAKE)
    except sqlite3.OperationalError:
        return
    db.execute("INSERT INTO path_texts (upto) VALUES (0)")


def missing(db: sqlite3.Connection) -> int:
    """How many row ids of paths it has not come to yet; 0 where there is no such index."""
    row: tuple[int] | None = db.execute(_UPTO).fetchone()
    return 0 if row is None else _newest(db) - row[0]


def add(db: sqlite3.Connection) -> None:
    """Add the next few paths, in a transaction of the caller's."""
    (upto,) = db.execute(_UPTO).fetchone()
    last = upto + SLICE
    db.execute(_ADD, {"upto": upto, "last": last})
    db.execute("UPDATE path_texts SET upto = ?", (min(last, _newest(db)),))


def _newest(db: sqlite3.Connection) -> int:
    newest: int = db.execute("SELECT coalesce(max(id), 0) FROM path").fetchone()[0]
    return newest


def contains(column: str, word: str) -> tuple[str, list[str | bytes]]:
    """SQL and its values: `column` contains `word`, ASCII case aside. Bytes that are no UTF-8 are compared as bytes, by case."""
    value = to_sql(word)
    if isinstance(value, bytes):
        return f"instr(CAST({column} AS BLOB), ?) > 0", [value]
    return f"CAST({column} AS TEXT) LIKE ? ESCAPE '\\'", [f"%{escape(value)}%"]


def escape(text: str) -> str:
    """`text` with what means something to LIKE taken literally."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def paths_with(db: sqlite3.Connection, word: str, limit: int) -> list[int]:
    """The row ids of up to `limit` paths that contain `word`, in no order."""
    condition, (value,) = contains("path.path", word)
    condition = condition.replace("?", ":value")
    values: dict[str, object] = {"value": value, "limit": limit}
    trigrams = _trigrams(word)
    if trigrams is None or db.execute(_UPTO).fetchone() is None:
        query = _READ
    else:
        query = _FOUND
        values["trigrams"] = trigrams
    return [row[0] for row in db.execute(query.format(contains=condition), values)]


def _trigrams(word: str) -> str | None:
    """An FTS5 query for what may contain `word`; None where it has no trigram.

    Without positions (detail='none') a phrase cannot be asked for, but each of its trigrams can. Characters beyond ASCII are left
    to the look at the path itself: what FTS5 and LIKE make of their case is not the same.
    """
    if not word.isascii() or "\0" in word:
        return None
    parts = dict.fromkeys(word[n : n + SHORTEST] for n in range(len(word) - SHORTEST + 1))
    return " AND ".join('"{}"'.format(part.replace('"', '""')) for part in parts) or None
