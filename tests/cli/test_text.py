"""What people read: foreign text made harmless, sizes, times, counts, commands."""

from __future__ import annotations

import os
import time
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roar_tui import text
from roar_tui.text import (
    cells,
    clip,
    clip_apart,
    clip_changes,
    command_line,
    count,
    display,
    duration,
    marks,
    moment,
    pad,
    shorten_path,
    size,
    what,
    when,
)


@pytest.fixture(autouse=True)
def _unicode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "_own_marks", lambda: text.UNICODE)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain.txt", "plain.txt"),
        ("new\nline\ttab\r", r"new\nline\ttab\r"),
        ("\x1b[31mred\x07", r"\x1b[31mred\x07"),
        (os.fsdecode(b"bad-\xff"), r"bad-\xff"),
        ("rtl\u202eevil", r"rtl\u202eevil"),
        ("c1\x9b31m", r"c1\u009b31m"),
        ("漢字 ok", "漢字 ok"),
        ("[bold]markup[/bold]", "[bold]markup[/bold]"),
        ("lone \ud800", r"lone \ud800"),
    ],
)
def test_display_shows_what_a_terminal_must_not_get(raw: str, shown: str) -> None:
    assert display(raw) == shown


@given(st.binary(max_size=60))
def test_display_is_always_printable_and_encodable(name: bytes) -> None:
    shown = display(os.fsdecode(name))
    assert shown.isprintable()
    shown.encode("utf-8")


@given(st.text(max_size=40), st.integers(0, 30), st.booleans())
def test_display_never_exceeds_its_width(raw: str, width: int, end: bool) -> None:
    assert cells(display(raw, width=width, end=end)) <= width


def test_clip_keeps_the_side_that_matters() -> None:
    assert clip("abcdefgh", 5) == "abcd…"
    assert clip("abcdefgh", 5, end=True) == "…efgh"
    assert clip("漢字漢字", 5) == "漢字…"
    assert clip("abc", 0) == ""


def test_pad_counts_cells_not_characters() -> None:
    assert pad("漢", 4) == "漢  "
    assert pad("7", 3, right=True) == "  7"


@pytest.mark.parametrize(
    ("path", "width", "shown"),
    [
        ("/p/raw/a.csv", 40, "raw/a.csv"),
        ("/other/raw/a.csv", 40, "/other/raw/a.csv"),
        ("/other/very/long/place/a.csv", 15, "…/place/a.csv"),
        ("/other/a-name-that-is-too-long.csv", 10, "…-long.csv"),
        ("/home/ana/x", 40, "~/x"),
        ("/p", 40, "/p"),
    ],
)
def test_a_shortened_path_keeps_its_end(path: str, width: int, shown: str) -> None:
    assert shorten_path(path, width, cwd="/p", home="/home/ana") == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (None, ""),
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (9_949, "9.9 kB"),
        (9_950, "10 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (410_000_000, "410 MB"),
        (1_200_000_000_000, "1.2 TB"),
        (5 * 10**18, "5000 PB"),
    ],
)
def test_sizes(number: int | None, shown: str) -> None:
    assert size(number) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (None, ""),
        (0, "0ms"),
        (0.04, "40ms"),
        (0.0999, "0.1s"),
        (1.25, "1.2s"),
        (9.96, "10s"),
        (59.7, "1m00s"),
        (90, "1m30s"),
        (1860, "31m"),
        (8040, "2h14m"),
        (86399.9, "1d0h"),
        (273600, "3d4h"),
    ],
)
def test_durations(seconds: float | None, shown: str) -> None:
    assert duration(seconds) == shown


@pytest.mark.parametrize(
    ("then", "shown"),
    [
        (datetime(2026, 11, 23, 10, 42), "10:42 today"),
        (datetime(2026, 11, 22, 23, 59), "yesterday"),
        (datetime(2026, 11, 20, 9, 0), "20 Nov"),
        (datetime(2025, 3, 1, 9, 0), "Mar 2025"),
        (datetime(2026, 11, 24, 9, 0), "24 Nov"),
    ],
)
def test_when_is_as_one_looks_for_it(then: datetime, shown: str) -> None:
    now = datetime(2026, 11, 23, 18, 0)
    assert when(int(then.timestamp() * 1e6), int(now.timestamp() * 1e6)) == shown


def test_times_that_no_calendar_has_do_not_fail() -> None:
    now = time.time_ns() // 1000
    assert when(10**25, now) == "?"
    assert moment(10**25) == ""
    assert moment(None) == ""


def test_counts() -> None:
    assert count(1003) == "1,003"
    assert count(1, "file") == "1 file"
    assert count(1003, "file") == "1,003 files"
    assert count(2, "entry", "entries") == "2 entries"


def test_a_command_line_can_be_typed_and_is_printable() -> None:
    assert command_line(["cp", "a b", "it's"]) == "cp 'a b' 'it'\"'\"'s'"
    assert command_line(["x", "a\nb\udcff'"]) == r"x $'a\nb\xff\''"


@pytest.mark.parametrize(
    ("argv", "shown"),
    [
        (["/usr/bin/python3", "-u", "src/train.py", "--lr", "0.2"], "train.py --lr 0.2"),
        (["python3.11", "-m", "torch.distributed.run", "x.py"], "-m torch.distributed.run x.py"),
        (["/env/bin/python", "-m", "ipykernel_launcher", "-f", "/tmp/tmpm2ut70ww.json"], "Jupyter kernel"),
        (["python3", "-m", "ipykernel", "install"], "-m ipykernel install"),
        (["python3", "-c", "print(1)"], "python3 -c 'print(1)'"),
        (["python3"], "python3"),
        (["/bin/bash", "pipeline.sh"], "bash pipeline.sh"),
        (["shuf", "a"], "shuf a"),
        ([], ""),
    ],
)
def test_a_command_is_known_by_its_script(argv: list[str], shown: str) -> None:
    assert what(argv) == shown


def test_a_kernel_is_known_by_its_notebook() -> None:
    kernel = ["python", "-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f", "/tmp/x.json"]
    assert what(kernel, "sub/n\n.ipynb") == r"Jupyter kernel of n\n.ipynb"
    assert what(["python", "train.py"], "n.ipynb") == "train.py"


@pytest.mark.parametrize(
    ("environ", "unicode"),
    [
        ({"LANG": "en_US.UTF-8"}, True),
        ({"LANG": "C.utf8"}, True),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "C"}, False),
        ({"LANG": "C", "LC_CTYPE": "de_DE.UTF-8"}, True),
        ({"LC_ALL": "", "LANG": "en_US.UTF-8"}, True),
        ({}, False),
    ],
)
def test_marks_follow_the_locale(environ: dict[str, str], unicode: bool) -> None:
    assert (marks(environ) is text.UNICODE) is unicode


def test_ascii_marks_are_ascii() -> None:
    assert all(getattr(text.ASCII, name).isascii() for name in text.ASCII.__dataclass_fields__)


@pytest.mark.parametrize("signs", [text.UNICODE, text.ASCII])
def test_no_mark_looks_like_the_lines_of_a_tree(signs: text.Marks) -> None:
    lines = {signs.branch[0], signs.last[0], signs.line[0]}
    assert {signs.artifact, signs.fileset, signs.step, signs.code, signs.pipe, signs.root, signs.seen} & lines == set()


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60), st.integers(8, 50))
def test_two_texts_that_differ_are_cut_so_that_it_shows(common: str, one: str, other: str, width: int) -> None:
    a, b = display(common + one), display(common + other)
    shown = clip_apart(a, b, width)
    assert all(cells(each) <= width for each in shown)
    assert (shown[0] == shown[1]) == (a == b)


def test_a_long_line_and_what_became_of_it_show_where_they_differ() -> None:
    numbers = [str(number) for number in range(200)]
    before, after = (", ".join([*numbers[:77], changed, *numbers[78:]]) for changed in ("77", "7777"))
    lines = ["-first", "-" + before, "+first!", "+" + after, " " + before, "+only here"]
    shown = clip_changes(lines, 40)
    assert [line[:1] for line in shown] == [line[:1] for line in lines]
    assert (shown[0], shown[2]) == ("-first", "+first!")
    assert "76, 77, 78" in shown[1]
    assert "76, 7777, 78" in shown[3]
    assert (shown[4], shown[5]) == (lines[4][:39] + "…", "+only here")
    assert all(cells(line) <= 40 for line in shown)
