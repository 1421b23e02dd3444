from __future__ import annotations

from pathlib import Path

from roar_tui.lineage.fold import fold
from roar_tui.lineage.graph import node_link
from roar_tui.lineage.model import Direction
from roar_tui.lineage.walk import Walker
from roar_tui.record.model import Record
from tests.builders import T0, made, record, shards, single, step, used
from tests.lineage import stories
from tests.lineage.stories import T1, artifact, called, downstream, names, upstream


def rank(number: int, *, group: str | None = "slurm 7.0", argv: tuple[str, ...] = ("python3", "train.py")) -> Record:
    """Reads its own ten shards; rank 0 writes the model."""
    inputs = [used("train.py"), *shards("d", 10, first=10 * number, opened=T0 + 10 * number)]
    outputs = [made("model", opened=T1)] if number == 0 else []
    return single([*argv, "--rank", str(number)], inputs, outputs, started=T0 + number, group=group, rank=number)


def test_a_model_that_one_rank_wrote_comes_from_what_all_ranks_read(tmp_path: Path) -> None:
    with stories.index(tmp_path, [rank(number) for number in range(3)]) as db:
        walk = fold(upstream(db, artifact(db, "model")))
        down = downstream(db, artifact(db, "shard 25 "))
        walker = Walker(db, Direction.UPSTREAM)
        steps = walker.expand(walker.start(artifact(db, "model")))
    ranks = [f"$ python3 train.py --rank {number}" for number in range(3)]
    assert names(walk)[:4] == ["model", *ranks]
    assert sorted(names(walk)[4:]) == ["d/ 10 files", "d/ 10 files", "d/ 10 files", "train.py"]
    assert [walk.edges[called(walk, name).id, walk.targets[0]].group for name in ranks] == [False, True, True]
    assert [node.edge.group for node in steps if node.edge is not None] == [False, True, True]
    assert [edge.get("group", False) for edge in node_link(walk)["edges"]][:3] == [False, True, True]
    assert names(down) == ["shard-00025.txt", ranks[2], "model"]


def test_jobs_of_other_groups_or_programs_are_no_ranks(tmp_path: Path) -> None:
    others = [rank(1, group="slurm 8.0"), rank(2, group=None), rank(3, argv=("python3", "watch.py"))]
    with stories.index(tmp_path, [rank(0), *others]) as db:
        walk = fold(upstream(db, artifact(db, "model")))
    assert [name for name in names(walk) if name.startswith("$")] == ["$ python3 train.py --rank 0"]


def test_what_a_launcher_starts_on_its_own_machine_are_ranks(tmp_path: Path) -> None:
    for launcher, expected in ((["/env/bin/python3", "/env/bin/torchrun", "train.py"], 2), (["make"], 1)):
        steps = [
            step(launcher),
            *(
                step(
                    ["python3", "train.py", f"--local-rank={n}"],
                    number=n + 1,
                    parent=0,
                    used=[used(f"part{n}")],
                    generated=[made("model", opened=T0 + 9)] if n == 0 else [],
                )
                for n in range(2)
            ),
        ]
        with stories.index(tmp_path / launcher[-1], [record(launcher, steps)]) as db:
            walk = upstream(db, artifact(db, "model"))
        assert len([name for name in names(walk) if name.startswith("part")]) == expected


def test_what_a_rank_read_after_the_file_was_finished_does_not_count(tmp_path: Path) -> None:
    late = single(["python3", "train.py"], [used("late", opened=T1 + 5_000_000)], [], started=T0 + 9, group="slurm 7.0", rank=9)
    with stories.index(tmp_path, [rank(0), late]) as db:
        walk = upstream(db, artifact(db, "model"))
    assert "late" not in names(walk)
