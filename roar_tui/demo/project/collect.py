"""Unpack the delivered sources: sources.zip -> raw/*.txt, one text for each module."""

from __future__ import annotations

import zipfile
from pathlib import Path


def main() -> None:
    raw = Path("raw")
    raw.mkdir(exist_ok=True)
    with zipfile.ZipFile("sources.zip") as archive:
        names = sorted(archive.namelist())
        for name in names:
            text = archive.read(name).decode("utf-8", errors="replace")
            (raw / Path(name).with_suffix(".txt").name).write_text(text, encoding="utf-8")
    print(f"{len(names)} modules unpacked into raw/")


if __name__ == "__main__":
    main()
