from __future__ import annotations

import datetime
import signal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roar_tui.errors import UsageError
from roar_tui.record.model import Role
from roar_tui.store.filter import ExitIs, Filter, terms

ZONE = datetime.timezone(datetime.timedelta(hours=2))
NOW = datetime.datetime(2026, 11, 23, 10, 42, 7, tzinfo=ZONE)


def micros(*parts: int) -> int:
    return int(datetime.datetime(*parts, tzinfo=ZONE).timestamp()) * 1_000_000  # type: ignore[misc,arg-type]


def parse(text: str) -> Filter:
    return Filter.parse(text, now=NOW)


def test_words_and_keys_are_told_apart() -> None:
    found = parse('train "two words" role:code HASH: host:"node 1" git:main git:726f a:b s3://x/y key:')
    assert found.words == ("train", "two words", "HASH:", "a:b", "s3://x/y", "key:")
    assert found.roles == (Role.CODE,)
    assert found.hosts == ("node 1",)
    assert found.gits == ("main", "726f")


def test_nothing_narrows_nothing() -> None:
    assert parse("").empty
    assert parse('  "" ').empty
    assert not parse("x").empty


@pytest.mark.parametrize("key", ["hash", "role", "host", "git", "exit", "since", "before"])
def test_a_key_whose_value_is_still_being_typed_narrows_nothing(key: str) -> None:
    assert parse(f"{key}:").empty
    assert parse(f'{key}:"').empty


def test_hashes_are_lowered() -> None:
    assert parse("hash:7C3A").hashes == ("7c3a",)
    assert parse("hash:7").hashes == ("7",)


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        ("ok", ExitIs("ok")),
        ("FAILED", ExitIs("failed")),
        ("signal", ExitIs("signal")),
        ("137", ExitIs("code", code=137)),
        ("SIGKILL", ExitIs("signal", signal=signal.SIGKILL)),
        ("term", ExitIs("signal", signal=signal.SIGTERM)),
    ],
)
def test_ways_to_exit(value: str, meaning: ExitIs) -> None:
    assert parse(f"exit:{value}").exit == meaning


@pytest.mark.parametrize(
    ("value", "time"),
    [
        ("today", micros(2026, 11, 23)),
        ("yesterday", micros(2026, 11, 22)),
        ("2026-11-01", micros(2026, 11, 1)),
        ("2026-11-01T12:30", micros(2026, 11, 1, 12, 30)),
        ("2026-11-01T12:30:00Z", micros(2026, 11, 1, 14, 30)),
        ("3d", micros(2026, 11, 20, 10, 42, 7)),
        ("12h", micros(2026, 11, 22, 22, 42, 7)),
    ],
)
def test_times(value: str, time: int) -> None:
    assert parse(f"since:{value}").since == time
    assert parse(f"before:{value}").before == time


def test_of_two_times_the_narrower_holds() -> None:
    found = parse("since:3d since:1d before:today before:yesterday")
    assert found.since == micros(2026, 11, 22, 10, 42, 7)
    assert found.before == micros(2026, 11, 22)


@pytest.mark.parametrize("text", ["role:colour", "exit:maybe", "since:tomorrowish", "since:999999w", "hash:xyz", "exit:²"])
def test_what_a_key_does_not_take_is_said(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert caught.value.hint


@given(st.text())
def test_any_text_is_cut_into_terms(text: str) -> None:
    for key, value in terms(text):
        assert key is not None or value


@given(st.lists(st.text(alphabet=st.characters(exclude_characters='":', exclude_categories=["Z", "C"]), min_size=1)))
def test_plain_words_stay_whole(words: list[str]) -> None:
    assert terms(" ".join(words)) == [(None, word) for word in words]
