"""Take out what the model shall not learn: raw/*.txt -> clean/*.txt, without comment lines, tabs and runs of blank lines."""

from __future__ import annotations

import re
from pathlib import Path


def clean(text: str) -> str:
    """`text` in ASCII, without lines that are only a comment, trailing blanks, and more than one empty line in a row."""
    lines = (line.rstrip().expandtabs(4) for line in text.splitlines())
    kept = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    return re.sub(r"\n{3,}", "\n\n", kept).encode("ascii", errors="replace").decode("ascii").strip() + "\n"


def main() -> None:
    target = Path("clean")
    target.mkdir(exist_ok=True)
    before = after = 0
    for source in sorted(Path("raw").glob("*.txt")):
        text = source.read_text(encoding="utf-8")
        cleaned = clean(text)
        (target / source.name).write_text(cleaned, encoding="ascii")
        before, after = before + len(text), after + len(cleaned)
    print(f"{after:,} of {before:,} characters kept in clean/")


if __name__ == "__main__":
    main()
