"""Measure the model on texts that it has not seen: model.json, heldout.txt and params.json -> metrics.json."""

from __future__ import annotations

import json
from pathlib import Path

import ngram


def main() -> None:
    params = json.loads(Path("params.json").read_text(encoding="utf-8"))
    model = ngram.Model.load(Path("model.json"), params["smoothing"])
    text = Path("heldout.txt").read_text(encoding="ascii")
    bits = model.bits_per_character(text)
    metrics = {"bits_per_character": round(bits, 4), "perplexity": round(2**bits, 3), "characters": len(text)}
    Path("metrics.json").write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")
    print(f"{metrics['bits_per_character']} bits per character in metrics.json")


if __name__ == "__main__":
    main()
