"""A demo leaves nothing behind unless it is asked to, and overwrites nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from roar_tui.demo.place import place
from roar_tui.errors import UsageError
from roar_tui.store.location import index_path


def test_a_temporary_demo_goes_with_its_store_and_index() -> None:
    with place(None, None) as where:
        index = index_path(where.store)
        index.parent.mkdir(parents=True, exist_ok=True)
        index.touch()
        where.store.mkdir()
        assert where.store.parent == where.project
        assert not where.kept
    assert not where.project.exists()
    assert not index.exists()


def test_a_kept_demo_stays_and_is_known_when_finished(tmp_path: Path) -> None:
    directory = tmp_path / "new" / "demo"
    with place(str(directory), None) as where:
        assert not where.finished
        (directory / "model.json").touch()
        where.finish()
    with place(str(directory), None) as again:
        assert again.finished
        assert again == where


def test_a_demo_whose_records_are_elsewhere_is_not_taken_for_finished(tmp_path: Path) -> None:
    with place(str(tmp_path / "demo"), None) as where:
        where.finish()
    with pytest.raises(UsageError, match="interrupted"), place(str(tmp_path / "demo"), tmp_path / "store"):
        pass


def test_nothing_of_the_users_is_touched(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(UsageError, match="something else"), place(str(tmp_path), None):
        pass
    with pytest.raises(UsageError, match="not a directory"), place(str(tmp_path / "thesis.tex"), None):
        pass
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_store_that_was_given_stays(tmp_path: Path) -> None:
    store = tmp_path / "store"
    store.mkdir()
    with place(None, store) as where:
        assert where.store == store
    assert store.exists()
    assert not where.project.exists()
