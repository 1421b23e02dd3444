"""Logs without times: their order is kept as time, if that is asked for."""

from __future__ import annotations

from tracer.syntax import Call, Reader

LINES = ["1 close(3) = 0", "1 close(4 <unfinished ...>", "2 close(5) = 0", "1 <... close resumed>) = 0"]


def calls(reader: Reader, lines: list[str]) -> list[Call]:
    return [event for line in lines if isinstance(event := reader.read(line), Call)]


def test_each_line_is_later_than_the_one_before() -> None:
    assert [(call.started, call.time) for call in calls(Reader(ticks=True), LINES)] == [(1, 1), (3, 3), (2, 4)]


def test_without_asking_there_is_no_time() -> None:
    assert {call.time for call in calls(Reader(), LINES)} == {0}


def test_a_line_that_lost_its_time_comes_after_the_one_before() -> None:
    lines = ["10:00:00.000005 close(3) = 0", "close(4) = 0", "10:00:01 close(5) = 0"]
    start = 10 * 3600 * 1_000_000
    assert [call.time - start for call in calls(Reader(ticks=True), lines)] == [5, 6, 1_000_000]


def test_a_reader_knows_whether_a_line_is_broken_off() -> None:
    reader = Reader()
    reader.read('1 write(1, "x", 1')
    assert not reader.whole
    reader.read(") = 1")
    assert reader.whole
