"""Whether an argument names what a step touched: the same for a few files as for a directory of many."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from roar_tui.lineage.diff.load import load
from roar_tui.lineage.diff.touched import Touched
from roar_tui.record.model import Access
from tests.builders import T0, shards, single
from tests.lineage import stories
from tests.lineage.stories import job


def linked(files: list[Access]) -> list[Access]:
    return [msgspec.structs.replace(file, named=file.path.replace("/p/d/", "/p/link/")) for file in files]


@pytest.mark.parametrize("count", [5, 50])
@pytest.mark.parametrize(
    ("value", "there"),
    [
        ("d", True),
        ("./d/", True),
        ("/p", False),  # the step's own directory says nothing
        ("d/shard-00003.txt", True),
        ("d/shard-00003", True),
        ("d/shard", True),
        ("d/shar", False),
        ("d/shard-99999.txt", False),
        ("d/shard-00003.txt/x", False),
        ("link", True),
        ("link/shard-00003.txt", True),
        ("link/shard-99999.txt", False),
        ("other", False),
        ("lin", False),
    ],
)
def test_a_value_is_looked_for_among_few_files_and_many(tmp_path: Path, count: int, value: str, there: bool) -> None:
    with stories.index(tmp_path, [single(["train"], linked(shards("d", count, opened=T0)), name="train")]) as db:
        sets = db.execute("SELECT count(*) FROM fileset").fetchone()[0]
        assert sets == (count == 50)
        graph, _ = load(db, job(db, "train"), job(db, "train"))
        (step,) = graph.steps.values()
        assert Touched(db, graph).by_step(value, step) is there
