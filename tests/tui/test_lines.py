"""Lines as data: whatever the text, the widths are right."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from roar_tui.text import display
from roar_tui.tui.lines import Line, crop, fit, highlight, plain, spread, width_of, wrap

TEXTS = st.text(max_size=40).map(display)
LINES = st.lists(st.tuples(TEXTS, st.sampled_from(["plain", "dim", "hash"])), max_size=5)


@given(TEXTS, st.integers(0, 60), st.booleans(), st.booleans())
def test_fit_gives_exactly_the_width(words: str, width: int, right: bool, keep_end: bool) -> None:
    assert cell_len(fit(words, width, right=right, keep_end=keep_end)) == width


@given(LINES, st.integers(0, 60))
def test_crop_never_exceeds_the_width_and_keeps_what_fits(line: Line, width: int) -> None:
    cut = crop(line, width)
    assert width_of(cut) <= width
    if width_of(line) <= width:
        assert cut == line


@given(LINES, LINES, st.integers(0, 80))
def test_spread_stays_within_the_width(left: Line, right: Line, width: int) -> None:
    assert width_of(spread(left, right, width)) <= width


@given(LINES, st.integers(8, 60), st.integers(0, 4))
def test_wrap_loses_no_letter(line: Line, width: int, indent: int) -> None:
    lines = wrap(line, width, indent)
    assert all(width_of(each) <= width for each in lines)
    assert "".join(plain(each) for each in lines).replace(" ", "") == plain(line).replace(" ", "")


WORDS = st.lists(st.text("abc", min_size=1, max_size=12), min_size=1, max_size=8)


@given(WORDS, st.integers(1, 3), st.integers(8, 20), st.integers(0, 3))
def test_a_line_after_a_break_begins_with_a_word(words: list[str], blanks: int, width: int, indent: int) -> None:
    for line in ([((" " * blanks).join(words), "plain")], [(word + " " * blanks, "plain") for word in words]):
        for each in wrap(line, width, indent)[1:]:
            assert plain(each).startswith(" " * indent)
            assert plain(each)[indent] != " "


def test_blanks_that_follow_a_full_line_stand_on_neither_line() -> None:
    assert [plain(each) for each in wrap([("12345678", "strong"), ("  in ", "dim"), ("x", "plain")], 8)] == ["12345678", "in x"]
    assert [plain(each) for each in wrap([("12345678  in x", "dim")], 8)] == ["12345678", "in x"]


def test_a_word_that_was_cut_hard_is_whole_again_on_the_last_line() -> None:
    assert [plain(each) for each in wrap([("/a/very/long/path", "plain")], 8, 2, limit=2)] == ["/a/very/", "  long/…"]


@given(LINES, st.integers(8, 40), st.integers(1, 3))
def test_wrap_keeps_its_limit(line: Line, width: int, limit: int) -> None:
    assert len(wrap(line, width, limit=limit)) <= limit


@given(LINES, TEXTS)
def test_highlight_changes_no_letter(line: Line, needle: str) -> None:
    assert plain(highlight(line, needle)) == plain(line)


def test_highlight_marks_every_occurrence_without_regard_to_case() -> None:
    assert highlight([("Train a train", "plain")], "TRAIN") == [("Train", "match"), (" a ", "plain"), ("train", "match")]
