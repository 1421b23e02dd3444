"""Reasons that are alike, as one line."""

from __future__ import annotations

from roar_tui.lineage.alike import alike
from roar_tui.lineage.gaps import Gap


def test_many_files_of_one_directory_ending_and_reason_are_one_line() -> None:
    parts = [Gap(f"/tmp/cc{name}.s", "removed") for name in "abcde"]
    other = [Gap("/tmp/x.o", "removed"), Gap("/q/y.s", "removed"), Gap("/tmp/z.s", "changed")]
    assert alike([parts[0], *other, *parts[1:]]) == [
        ("/tmp/*.s", "5 files: removed"),
        ("/tmp/x.o", "removed"),
        ("/q/y.s", "removed"),
        ("/tmp/z.s", "changed"),
    ]


def test_a_few_stand_for_themselves() -> None:
    assert alike(Gap(f"/p/{n}", "why") for n in range(3)) == [("/p/0", "why"), ("/p/1", "why"), ("/p/2", "why")]


def test_a_step_that_ran_often_is_counted() -> None:
    assert alike([Gap("curl", "connected"), Gap("wget", "connected"), Gap("curl", "connected")]) == [
        ("curl", "2 times: connected"),
        ("wget", "connected"),
    ]
