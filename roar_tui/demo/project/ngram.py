"""A character n-gram model: how often each character followed each context of up to `order` characters."""

from __future__ import annotations

import json
import math
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import islice
from pathlib import Path


def count(texts: Iterable[str], order: int) -> Counter[str]:
    """How often each run of `order` + 1 characters occurs in `texts`."""
    grams: Counter[tuple[str, ...]] = Counter()
    for text in texts:
        grams.update(zip(*(islice(text, start, None) for start in range(order + 1)), strict=False))
    return Counter({"".join(gram): times for gram, times in grams.items()})


def save(path: Path, order: int, grams: Mapping[str, int]) -> None:
    """Write the model to `path`, whole or not at all."""
    unfinished = path.with_suffix(".tmp")
    text = json.dumps({"order": order, "grams": dict(sorted(grams.items()))}, indent=0, separators=(",", ":"))
    unfinished.write_text(text, encoding="utf-8")
    os.replace(unfinished, path)


class Model:
    """The probability of the next character, shorter contexts filling in for what longer ones have seldom seen.

    p(c | context) = (times(context + c) + s * p(c | shorter context)) / (times(context) + s), with s the smoothing; below the
    empty context every character of the alphabet is equally likely.
    """

    def __init__(self, order: int, grams: Mapping[str, int], smoothing: float) -> None:
        self.order = order
        self.smoothing = smoothing
        self.times: Counter[str] = Counter()
        self.context: Counter[str] = Counter()
        level: Mapping[str, int] = grams
        for _ in range(order + 1):
            shorter: Counter[str] = Counter()
            for gram, times in level.items():
                self.times[gram] = times
                self.context[gram[:-1]] += times
                shorter[gram[1:]] += times
            level = shorter
        self.alphabet = sum(len(gram) == 1 for gram in self.times) + 1  # and one for all that was never seen
        self.probability = lru_cache(maxsize=None)(self._probability)

    @classmethod
    def load(cls, path: Path, smoothing: float) -> Model:
        """The model that `save` wrote to `path`."""
        saved = json.loads(path.read_text(encoding="utf-8"))
        return cls(saved["order"], saved["grams"], smoothing)

    def _probability(self, gram: str) -> float:
        """Of the last character of `gram`, after the others."""
        shorter = self.probability(gram[1:]) if len(gram) > 1 else 1 / self.alphabet
        return (self.times[gram] + self.smoothing * shorter) / (self.context[gram[:-1]] + self.smoothing)

    def bits_per_character(self, text: str) -> float:
        """The cross-entropy of `text` under the model, in bits."""
        bits = 0.0
        for gram, times in count([text], self.order).items():
            bits -= times * math.log2(self.probability(gram))
        return bits / max(1, len(text) - self.order)
