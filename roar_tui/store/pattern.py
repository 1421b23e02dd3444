"""One pattern for the names of many files: `shard-{000..099}.txt` where they count, `*.txt` where they only look alike."""

from __future__ import annotations

import re
from collections.abc import Sequence

FOLD_FROM = 4  # files of one directory and role that are shown as one set

DIGITS = "0123456789"
SEPARATOR = re.compile(r"[-_. /]")


def pattern(names: Sequence[str]) -> str:
    """A pattern for all of `names` (at least one).

    `{000..099}` stands for every number from the first to the last, and for no other: with one missing it is a `*`. The parts
    around a `*` end at `-`, `_`, `.`, `/` or a space, so that words are not cut.
    """
    if len(set(names)) == 1:
        return names[0]
    prefix = common_prefix(names).rstrip(DIGITS)
    rests = [name[len(prefix) :] for name in names]
    suffix = common_prefix([rest[::-1] for rest in rests])[::-1].lstrip(DIGITS)
    numbers = [rest[: len(rest) - len(suffix)] for rest in rests]
    counted = _range(numbers)
    if counted is not None:
        return f"{prefix}{counted}{suffix}"
    return f"{_whole_words(prefix)}*{_whole_words(suffix[::-1])[::-1]}"


def common_prefix(texts: Sequence[str]) -> str:
    """The longest text that all of `texts` (at least one) begin with: that of the first and the last in order."""
    first, last = min(texts), max(texts)
    for position, character in enumerate(first):
        if last[position] != character:
            return first[:position]
    return first


def _range(numbers: Sequence[str]) -> str | None:
    """`{first..last}` when `numbers` are all that lie between, each once and written in one way, else None."""
    if not all(number.isascii() and number.isdigit() and len(number) <= 18 for number in numbers):
        return None
    padded = len({len(number) for number in numbers}) == 1
    if not padded and any(number.startswith("0") and number != "0" for number in numbers):
        return None
    values = {int(number): number for number in numbers}
    first, last = min(values), max(values)
    if len(values) != len(numbers) or last - first + 1 != len(values):
        return None
    return f"{{{values[first]}..{values[last]}}}"


def _whole_words(prefix: str) -> str:
    """`prefix` up to its last separator, with it."""
    ends = [match.end() for match in SEPARATOR.finditer(prefix)]
    return prefix[: ends[-1]] if ends else ""
