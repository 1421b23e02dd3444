"""Files that a step could only append to: what was in them is in them, and in nothing else that the step made."""

from __future__ import annotations

from pathlib import Path

import pytest

from roar_tui.lineage.model import Direction
from roar_tui.lineage.walk import Walker
from roar_tui.record.model import Record
from tests.builders import MINUTE, T0, made, single, used
from tests.lineage import stories
from tests.lineage.stories import T3, arrows, artifact, downstream, job, names, upstream


def training(number: int, *, model: bool = True) -> Record:
    """A run that reads its data, makes a model, and appends a line to the results of all runs."""
    start = T0 + number * MINUTE
    before = [] if number == 0 else [used("results.csv", f"results {number - 1}", opened=start + 5, appended=True)]
    outputs = [made("results.csv", f"results {number}", opened=start + 5)]
    if model:
        outputs.append(made(f"model-{number}", opened=start + 3))
    uses = [used(f"data-{number}", opened=start + 1), *before]
    return single(["train", str(number)], uses, outputs, started=start, name=f"n{number}")


def report() -> Record:
    read = [used("results.csv", "results 2", opened=T3 + 1), used("model-1", opened=T3 + 1)]
    return single(["report"], read, [made("report", opened=T3 + 2)], started=T3, name="report")


RUNS = [training(number) for number in range(3)]


def test_what_was_there_is_no_part_of_what_else_the_step_made(tmp_path: Path) -> None:
    with stories.index(tmp_path, RUNS) as db:
        assert names(upstream(db, artifact(db, "model-2"))) == ["model-2", "$ train 2", "data-2"]


def test_the_file_is_made_of_all_that_was_appended(tmp_path: Path) -> None:
    with stories.index(tmp_path, RUNS) as db:
        walk = upstream(db, artifact(db, "results 2"))
    assert {name for name in names(walk) if name.startswith("data")} == {"data-0", "data-1", "data-2"}
    assert not any(name.startswith("model") for name in names(walk))
    assert [node.digest for node in walk.nodes.values() if node.paths == ["/p/results.csv"]] == [
        artifact.digest for artifact in _versions(tmp_path)
    ]


def _versions(root: Path) -> list[stories.ArtifactTarget]:
    with stories.index(root / "again", RUNS) as db:
        return [artifact(db, f"results {number}") for number in (2, 1, 0)]


def test_what_nobody_recorded_is_a_root_of_the_file(tmp_path: Path) -> None:
    with stories.index(tmp_path, RUNS[1:]) as db:
        walk = upstream(db, artifact(db, "results 2"))
        (root,) = [node for node in walk.nodes.values() if node.digest == artifact(db, "results 0").digest]
        assert root.root
        assert names(upstream(db, artifact(db, "model-1"))) == ["model-1", "$ train 1", "data-1"]


def test_downstream_it_goes_on_in_the_file_alone(tmp_path: Path) -> None:
    with stories.index(tmp_path, [*RUNS, report()]) as db:
        walk = downstream(db, artifact(db, "data-0"))
        assert names(walk) == ["data-0", "$ train 0", "model-0", "results.csv", "$ train 1", "results.csv", "$ train 2",
                               "results.csv", "$ report", "report"]  # fmt: skip
        assert "$ train 1 > model-1" not in arrows(walk)
        assert "$ train 1 > model-1" in arrows(downstream(db, artifact(db, "data-1")))


def test_a_reader_of_both_comes_from_both(tmp_path: Path) -> None:
    with stories.index(tmp_path, [*RUNS, report()]) as db:
        walk = upstream(db, artifact(db, "report"))
        assert {"data-0", "data-1", "data-2", "model-1"} <= set(names(walk))
        assert not {"model-0", "model-2"} & set(names(walk))


def test_a_job_is_asked_for_all_that_it_had(tmp_path: Path) -> None:
    with stories.index(tmp_path, RUNS) as db:
        assert {"data-0", "data-1", "data-2"} <= set(names(upstream(db, job(db, "n2"))))
        assert names(upstream(db, job(db, "n2"), 1)) == ["$ train 2", "data-2", "results.csv"]


@pytest.mark.parametrize("direction", list(Direction))
def test_opened_node_by_node_it_is_the_same(tmp_path: Path, direction: Direction) -> None:
    with stories.index(tmp_path, [*RUNS, report()]) as db:
        word = "report" if direction is Direction.UPSTREAM else "data-0"
        whole = upstream(db, artifact(db, word)) if direction is Direction.UPSTREAM else downstream(db, artifact(db, word))
        walker = Walker(db, direction)
        found: set[str] = set()
        waiting = [walker.start(artifact(db, word))]
        while waiting:
            node = waiting.pop()
            found.add(node.id)
            waiting += walker.expand(node)
    assert found == set(whole.nodes)
