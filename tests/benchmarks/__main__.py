"""`make bench`: measures what recording costs, and prints one table. Says what it does on stderr; the figures go to a JSON file."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click
import platformdirs

from tests.benchmarks.measure import FailedError, Row
from tests.benchmarks.plan import Plan
from tests.benchmarks.report import table, write_json
from tests.benchmarks.rows import BENCHMARKS


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """The command line, read."""
    parser = argparse.ArgumentParser("make bench", description=__doc__)
    home = Path(platformdirs.user_cache_dir("roar-tui-bench"))
    parser.add_argument("--only", metavar="NAME", default="", help=f"these alone, by commas: {', '.join(BENCHMARKS)}")
    parser.add_argument("--runs", type=int, default=5, help="how often each side is measured (5)")
    parser.add_argument("--size", type=float, default=1.0, help="scales the work; figures count at 1 only")
    parser.add_argument("--patience", type=float, default=10.0, help="seconds to wait for a calm machine before each turn (10)")
    parser.add_argument("--home", type=Path, default=home, help="where peers are installed and scratch files are made")
    parser.add_argument("--json", type=Path, help="where the figures go (bench.json in the home)")
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> int:
    """0 when every target was reached or is not measured, 1 when one was missed, 2 for a name that is none."""
    options = arguments(argv)
    names = [name for name in options.only.split(",") if name] or list(BENCHMARKS)
    if strangers := [name for name in names if name not in BENCHMARKS]:
        click.echo(f"There is no benchmark {strangers[0]}. There are: {', '.join(BENCHMARKS)}", err=True)
        return 2
    options.home.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix="scratch-", dir=options.home))
    rows: list[Row] = []
    try:
        for name in names:
            click.echo(f"{name} (load {os.getloadavg()[0]:.1f})", err=True)
            plan = Plan(options.runs, options.size, place, options.home, options.patience)
            try:
                rows += BENCHMARKS[name](plan)
            except KeyboardInterrupt:  # what was measured is worth having
                break
            except FailedError as error:
                rows.append(Row(name, "", "", None, "", note=str(error)))
    finally:
        shutil.rmtree(place, ignore_errors=True)
    click.echo(table(rows))
    write_json(options.json or options.home / "bench.json", rows, options.runs, options.size)
    return 1 if any(row.reached is False or (row.value is None and not row.measure) for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
