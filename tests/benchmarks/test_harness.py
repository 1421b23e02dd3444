"""The harness measures what it says: run here on the smallest work, never timed."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import pytest

from tests.benchmarks.__main__ import main
from tests.benchmarks.measure import FailedError, Row, ratio
from tests.benchmarks.parse import lines_per_second
from tests.benchmarks.report import table
from tests.benchmarks.store.built import build
from tests.benchmarks.store.shape import records, shape_of
from tests.benchmarks.store.sweeps import tiny
from tests.benchmarks.work import openat_lines


@pytest.mark.usefixtures("strace")
def test_every_row_of_the_smallest_work_has_a_figure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figures = tmp_path / "bench.json"
    names = "true,small,parser,hashing,opens"
    main(["--only", names, "--runs", "1", "--size", "0.0001", "--patience", "0", "--home", str(tmp_path), "--json", str(figures)])
    rows = {row["name"]: row for row in json.loads(figures.read_text("utf-8"))["rows"]}
    awake = ["small-awake"] if "small-awake" in rows else ["small-first-awake", "small-known-awake"]  # it takes root
    assert list(rows) == [
        "true", "small-first", "small-known", *awake, "parser-again", "parser-new", "hashing", "opens-memory", "opens-spool",
    ]  # fmt: skip
    assert all(row["value"] is not None for name, row in rows.items() if name != "small-awake"), rows
    said = capsys.readouterr().out
    assert all(name in said for name in rows)
    assert not list(tmp_path.glob("scratch-*"))


def test_the_rows_of_the_smallest_store_have_a_figure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figures = tmp_path / "bench.json"
    names = "walk,closure,list,ingest,dataset,open,diff"
    main(["--only", names, "--runs", "1", "--size", "0.0001", "--patience", "0", "--home", str(tmp_path), "--json", str(figures)])
    rows = {row["name"]: row for row in json.loads(figures.read_text("utf-8"))["rows"]}
    assert list(rows) == [
        "walk", "walk-scale", "walk-whole", "walk-whole-scale", "closure", "closure-memory", "closure-dense", "closure-networkx",
        "closure-roar", "closure-roar-tui", "list-page", "list-hash", "list-word", "list-cancel", "ingest", "dataset-archive",
        "dataset-ingest", "open", "diff",
        "diff-memory", "diff-same",
    ]  # fmt: skip
    assert [name for name, row in rows.items() if row["value"] is None] == ["closure-roar", "closure-roar-tui"], rows
    assert "closure-networkx" in capsys.readouterr().out


def test_a_smaller_store_is_the_beginning_of_a_larger_one() -> None:
    large = shape_of(2_000)
    few = [record for record in records(large.first(2)) if not (record.name or "").startswith(("final", "report"))]
    assert few == list(islice(records(large), len(few)))
    assert few == [record for record in records(large.first(2)) if not (record.name or "").startswith(("final", "report"))]


def test_a_store_has_the_artifacts_and_the_runs_that_it_is_asked_for() -> None:
    shape = shape_of(5_000)
    found = list(records(shape))
    digests = {access.digest for record in found for step in record.steps for access in (*step.used, *step.generated)}
    assert 0.8 < len(digests) / 5_000 < 1.2
    assert len({record.run_id for record in found}) == len(found)


def test_a_built_store_is_there_the_next_time(tmp_path: Path) -> None:
    first = build(tmp_path / "store", tiny(3))
    assert (first.jobs, first.accesses) == (3, 6)
    assert build(tmp_path / "store", iter([])) == first


def test_a_peer_that_is_not_installed_is_skipped_with_a_word(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only", "peers", "--runs", "1", "--size", "0.0001", "--patience", "0", "--home", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "roar-cli 0.4.7 is not installed" in said
    assert "reprozip is not installed" in said


def test_a_name_that_is_no_benchmark_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only", "nonsense", "--home", str(tmp_path)]) == 2
    assert "There is no benchmark nonsense" in capsys.readouterr().err


def test_a_missed_target_is_marked() -> None:
    missed = Row("a", "", "over b", 1.3, "×", 1.2, samples={"a": [1.3], "b": [1.0]})
    met = Row("c", "", "speed", 0.9, "×", 0.85, more_is_better=True)
    assert (missed.reached, met.reached) == (False, True)
    first, second = table([missed, met]).splitlines()[1:]
    assert " NO " in first
    assert " yes" in second


def test_ratios_are_of_neighbours() -> None:
    assert ratio({"a": [2.0, 20.0, 4.0], "b": [1.0, 10.0, 1.0]}, "a", "b") == 2.0


def test_lines_that_nobody_understands_are_no_figure() -> None:
    lines = list(openat_lines("/p", 10, 3))
    assert lines_per_second(lines, "/p") > 0
    with pytest.raises(FailedError):
        lines_per_second([*lines, "junk"], "/p")
