"""A text is found in paths whatever the index of texts has of them yet."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roar_tui.store import texts
from roar_tui.store.schema import statements, to_sql
from tests.builders import T0, build_store, made, single, used

ALPHABET = 'abcAB/._-%"\\ é\udcff'
PATHS = st.lists(st.text(ALPHABET, max_size=12), max_size=12, unique=True)


def tables(*, with_index: bool = True) -> sqlite3.Connection:
    db = sqlite3.connect(":memory:", isolation_level=None)
    for statement in statements():
        db.execute(statement)
    if with_index:
        texts.make(db)
    else:
        db.execute("CREATE TABLE path_texts (upto INTEGER NOT NULL)")
    return db


def insert(db: sqlite3.Connection, paths: list[str]) -> None:
    db.executemany("INSERT INTO path (path, name) VALUES (?, '')", [(to_sql(path),) for path in paths])


def folded(text: str) -> bytes | str:
    """As LIKE compares: ASCII letters without case; bytes that are no UTF-8 as they are."""
    value = to_sql(text)
    return value if isinstance(value, bytes) else "".join(c.lower() if c.isascii() else c for c in value)


@pytest.mark.parametrize("with_index", [True, False])
@settings(deadline=None, max_examples=60)
@given(PATHS, PATHS, st.text(ALPHABET, min_size=1, max_size=6))
def test_what_is_found_is_what_contains_the_word(with_index: bool, old: list[str], new: list[str], word: str) -> None:
    with closing(tables(with_index=with_index)) as db:
        insert(db, old)
        while with_index and texts.missing(db):
            texts.add(db)
        insert(db, [path for path in new if path not in old])
        found = set(texts.paths_with(db, word, 100))
        for rowid, value in db.execute("SELECT id, path FROM path"):
            if isinstance(to_sql(word), str):
                text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
                if isinstance(value, str):
                    assert (rowid in found) == (folded(word) in folded(text)), (word, value)  # type: ignore[operator]
            else:
                data = value if isinstance(value, bytes) else value.encode()
                assert (rowid in found) == (to_sql(word) in data)  # type: ignore[operator]


def test_a_limit_is_kept(tmp_path: Path) -> None:
    with closing(tables()) as db:
        insert(db, [f"/p/shard-{n}" for n in range(50)])
        texts.add(db)
        assert len(texts.paths_with(db, "shard", 20)) == 20
        assert len(texts.paths_with(db, "sh", 20)) == 20


def test_a_sync_adds_some_and_a_rebuild_all(tmp_path: Path) -> None:
    reads = [used(f"in-{n}", opened=T0 + n) for n in range(30)]
    with mock.patch.multiple(texts, AT_ONCE=10, SLICE=5):
        store = build_store(tmp_path / "store", [single(["train"], reads, [made("out")])])
        with closing(store.reader()) as db:
            assert db.execute("SELECT upto FROM path_texts").fetchone() == (10,)
            assert len(texts.paths_with(db, "in-2", 100)) == 11
        store.rebuild()
        with closing(store.reader()) as db:
            assert db.execute("SELECT upto FROM path_texts").fetchone() == (31,)
            assert len(texts.paths_with(db, "in-2", 100)) == 11
