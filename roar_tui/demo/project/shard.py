"""Split the texts for training: clean/*.txt -> shards/shard-00.txt … shard-39.txt, and one text in 11 to heldout.txt."""

from __future__ import annotations

from pathlib import Path

SHARDS = 40
HELD_OUT = 11


def main() -> None:
    texts = sorted(Path("clean").glob("*.txt"))
    held_out = texts[HELD_OUT // 2 :: HELD_OUT]
    training = [text for text in texts if text not in held_out]
    Path("shards").mkdir(exist_ok=True)
    for number in range(SHARDS):
        whole = "".join(text.read_text(encoding="ascii") for text in training[number::SHARDS])
        Path(f"shards/shard-{number:02}.txt").write_text(whole, encoding="ascii")
    Path("heldout.txt").write_text("".join(text.read_text(encoding="ascii") for text in held_out), encoding="ascii")
    print(f"{len(training)} texts in {SHARDS} shards, {len(held_out)} held out")


if __name__ == "__main__":
    main()
