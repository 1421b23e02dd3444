from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roar_tui.store.pattern import common_prefix, pattern


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([f"shard-{n:03}.txt" for n in range(100)], "shard-{000..099}.txt"),
        ([f"shard-{n:05}-of-00100.parquet" for n in range(100)], "shard-{00000..00099}-of-00100.parquet"),
        ([f"part{n}.csv" for n in range(8, 13)], "part{8..12}.csv"),
        (["0", "1", "2", "3"], "{0..3}"),
        ([f"10{n}.bin" for n in range(4)], "{100..103}.bin"),
        (["s-1.txt", "s-2.txt", "s-4.txt"], "s-*.txt"),
        (["s-01.txt", "s-2.txt", "s-3.txt"], "s-*.txt"),
        (["alpha.txt", "alps.txt", "alto.txt"], "*.txt"),
        (["a.tar.gz", "b.tar.gz"], "*.tar.gz"),
        (["train-x.py", "train-y.py"], "train-*.py"),
        (["model.py", "data.py", "train.sh"], "*"),
        (["only.txt"], "only.txt"),
        (["same", "same"], "same"),
        (["a", "aa"], "*"),
        (["x²", "x³"], "*"),
        (["file", "file.txt"], "*"),
        (["bad-\udcff1", "bad-\udcff2"], "bad-\udcff{1..2}"),
    ],
)
def test_patterns(names: list[str], expected: str) -> None:
    assert pattern(names) == expected
    assert pattern(names[::-1]) == expected


@given(st.lists(st.text(alphabet="ab01-.{}*", min_size=1, max_size=8), min_size=1, max_size=6, unique=True))
def test_a_pattern_fits_every_name(names: list[str]) -> None:
    found = pattern(names)
    if len(names) == 1:
        assert found == names[0]
        return
    ranged = [match for match in re.finditer(r"\{(\d+)\.\.(\d+)\}", found) if "*" not in found or len(names) > 1]
    candidates = []
    for match in ranged:
        first, last = int(match[1]), int(match[2])
        width = len(match[1]) if len(match[1]) == len(match[2]) else 0
        if last - first < 100:
            candidates.append({f"{found[: match.start()]}{n:0{width}}{found[match.end() :]}" for n in range(first, last + 1)})
    stars = [position for position, character in enumerate(found) if character == "*"]
    fits = [
        all(
            name.startswith(found[:star]) and name.endswith(found[star + 1 :]) and len(name) >= len(found) - 1 for name in names
        )
        for star in stars
    ]
    assert set(names) in candidates or any(fits)


@given(st.lists(st.text(max_size=5), min_size=1, max_size=5))
def test_the_common_prefix_is_common_and_longest(texts: list[str]) -> None:
    prefix = common_prefix(texts)
    assert all(text.startswith(prefix) for text in texts)
    longer = {text[: len(prefix) + 1] for text in texts}
    assert len(longer) > 1 or longer == {prefix}
