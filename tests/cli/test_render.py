"""Columns that line up, fit the terminal, and stay whole where there is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roar_tui.cli.render import Column, Line, cut, layout, text
from roar_tui.text import cells

COLUMNS = [
    Column("when"),
    Column("what", flexible=True),
    Column("path", flexible=True, keep_end=True),
    Column("in", right=True),
]


def flat(line: Line) -> str:
    return "".join(text(part) for part in line)


def test_columns_line_up_below_their_titles() -> None:
    rows = [["10:42", "train.py", "/p/a", "3"], ["20 Nov", "x", "/p/long", "1,003"]]
    lines = [flat(line) for line in layout(COLUMNS, rows, None)]
    assert lines == [
        "when    what      path        in",
        "10:42   train.py  /p/a         3",
        "20 Nov  x         /p/long  1,003",
    ]


def test_a_table_fits_the_width_and_keeps_the_end_of_paths() -> None:
    rows = [["10:42", "train.py " * 20, "/some/where/" * 10 + "model.pt", "3"]]
    lines = [flat(line) for line in layout(COLUMNS, [*rows], 60)]
    assert all(cells(line) <= 60 for line in lines)
    assert "model.pt" in lines[1]


def test_without_a_width_nothing_is_cut() -> None:
    long = "train.py " * 50
    assert long in flat(layout(COLUMNS, [["10:42", long, "/p", "3"]], None)[1])


@given(st.lists(st.tuples(st.text("a漢", max_size=90), st.text("b漢", max_size=90)), max_size=4), st.integers(50, 120))
def test_any_text_fits(rows: list[tuple[str, str]], width: int) -> None:
    table = [["10:42", what, path, "1,003"] for what, path in rows]
    assert all(cells(flat(line)) <= width for line in layout(COLUMNS, table, width))


@pytest.mark.parametrize(("width", "shown"), [(20, "abcdef"), (5, "abcd…"), (3, "ab…")])
def test_a_line_is_cut_at_the_width(width: int, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from roar_tui import text as words

    monkeypatch.setattr(words, "_own_marks", lambda: words.UNICODE)
    assert flat(cut(["abc", ("def", "bold")], width)) == shown
