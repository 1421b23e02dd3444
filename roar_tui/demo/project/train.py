"""Train the model: shards/*.txt and params.json -> model.json."""

from __future__ import annotations

import json
from pathlib import Path

import ngram


def main() -> None:
    params = json.loads(Path("params.json").read_text(encoding="utf-8"))
    shards = sorted(Path("shards").glob("shard-*.txt"))
    texts = [shard.read_text(encoding="ascii") for shard in shards]
    grams = ngram.count(texts, params["order"])
    ngram.save(Path("model.json"), params["order"], grams)
    print(f"{len(grams):,} n-grams from {sum(map(len, texts)):,} characters in model.json")


if __name__ == "__main__":
    main()
