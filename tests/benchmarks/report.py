"""The table on stdout and the JSON file."""

from __future__ import annotations

import datetime
import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path

from roar_tui import __version__
from tests.benchmarks.measure import Row, median

HEADINGS = ("benchmark", "measure", "figure", "must reach", "", "medians", "load")


def figure(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    if unit == "×":
        return f"× {value:.3f}"
    if unit == "s":
        return f"{value:.3f} s"
    return f"{value:,.1f} {unit}" if abs(value) < 1000 else f"{value:,.0f} {unit}"


def cells(row: Row) -> tuple[str, ...]:
    """The row as the table has it."""
    limit = "" if row.target is None else ("at least " if row.more_is_better else "at most ") + figure(row.target, row.unit)
    verdict = {True: "yes", False: "NO", None: ""}[row.reached]
    medians = ", ".join(f"{name} {median(values):.2f}" for name, values in row.samples.items() if values)
    return (row.name, row.measure, figure(row.value, row.unit), limit, verdict, row.note or medians, f"{row.load:.1f}")


def table(rows: Sequence[Row]) -> str:
    """All rows, aligned."""
    lines = [HEADINGS, *(cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)


def write_json(path: Path, rows: Sequence[Row], runs: int, size: float) -> None:
    """Everything that was measured, with the machine it was measured on."""
    machine = {"cores": len(os.sched_getaffinity(0)), "kernel": platform.release(), "python": platform.python_version()}
    found = {
        "version": __version__,
        "time": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": machine,
        "runs": runs,
        "size": size,
        "rows": [row.as_json() for row in rows],
    }
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
