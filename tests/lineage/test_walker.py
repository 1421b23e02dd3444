from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from roar_tui.errors import NotFoundError
from roar_tui.lineage.model import Direction, Kind, Node
from roar_tui.lineage.target import Target
from roar_tui.lineage.walk import Walker
from tests.builders import T0, build_store, made, pipeline, record, single, step, unknown, used
from tests.lineage import stories
from tests.lineage.stories import T1, T2, artifact, name


def opened(walker: Walker, node: Node) -> dict[str, Node]:
    return {name(each): each for each in walker.expand(node)}


def test_a_walk_opens_one_node_at_a_time(tmp_path: Path) -> None:
    with stories.index(tmp_path, pipeline(shard_count=6)) as db:
        walker = Walker(db, Direction.UPSTREAM)
        model = walker.start(artifact(db, "model raw 0.1"))
        (train,) = walker.expand(model)
        inputs = opened(walker, train)
        assert list(inputs) == ["train.py", "params.yaml", "shards/ 6 files"]
        assert [node.leaf for node in inputs.values()] == [True, True, None]
        assert [node.depth for node in (model, train, *inputs.values())] == [0, 1, 2, 2, 2]
        shards = inputs["shards/ 6 files"]
        assert shards.edge is not None
        assert (shards.edge.source, shards.edge.target, shards.edge.paths) == (shards.id, train.id, ["/p/shards"])
        (prep,) = walker.expand(shards)
        assert list(opened(walker, prep)) == ["pipe 0", "prep.py"]
        (sort,) = walker.expand(opened(walker, prep)["pipe 0"])
        assert list(opened(walker, sort)) == ["raw.txt"]


def test_opening_the_same_node_again_gives_the_same(tmp_path: Path) -> None:
    with stories.index(tmp_path, pipeline(shard_count=6)) as db:
        first = Walker(db, Direction.UPSTREAM)
        (train,) = first.expand(first.start(artifact(db, "model raw 0.1")))
        assert Walker(db, Direction.UPSTREAM).expand(train) == first.expand(train)


def test_one_file_pulled_out_of_a_fileset_goes_on_by_itself(tmp_path: Path) -> None:
    with stories.index(tmp_path, pipeline(shard_count=6)) as db:
        walker = Walker(db, Direction.UPSTREAM)
        (train,) = walker.expand(walker.start(artifact(db, "model raw 0.1")))
        files = opened(walker, train)["shards/ 6 files"]
        (one,), count = walker.members(files, 2, 1)
        assert (one.paths, count, one.depth) == (["/p/shards/shard-00002.txt"], 6, 2)
        assert [each.argv for each in walker.expand(one)] == [("python3", "prep.py", "--out", "shards")]


def test_a_job_of_several_steps_opens_into_those_that_left_something(tmp_path: Path) -> None:
    steps = [step(["bash"]), *(step([f"s{n}"], number=n, parent=0, generated=[made(f"out{n}")]) for n in (1, 2))]
    with stories.index(tmp_path, [record(["bash"], steps, name="several"), single(["one"], name="single", started=T1)]) as db:
        walker = Walker(db, Direction.DOWNSTREAM)
        several = walker.start(stories.job(db, "several"))
        assert (several.kind, several.argv) == (Kind.JOB, ("bash",))
        found = walker.expand(several)
        assert [(name(node), node.depth, node.edge) for node in found] == [("$ s1", 1, None), ("$ s2", 1, None)]
        assert list(opened(walker, found[0])) == ["out1"]
        alone = walker.start(stories.job(db, "single"))
        assert (alone.kind, alone.argv, walker.expand(alone)) == (Kind.STEP, ("one",), [])


def test_files_say_whether_there_is_more_and_who_else_may_have_made_them(tmp_path: Path) -> None:
    records = [
        single(["one"], [], [made("x", "same", opened=T0)]),
        single(["two"], [], [made("x", "same", opened=T1)], started=T1),
        single(["reader"], [used("x", "same", opened=T2), unknown("odd", opened=T2 + 1)], [made("y", opened=T2 + 5)], started=T2),
    ]
    with stories.index(tmp_path, records) as db:
        up = Walker(db, Direction.UPSTREAM)
        (reader,) = up.expand(up.start(artifact(db, "y")))
        found = opened(up, reader)
        assert (found["x"].leaf, [other.job == reader.job for other in found["x"].alternatives]) == (False, [False])
        assert (found["odd"].leaf, found["odd"].root, found["odd"].job) == (True, True, reader.job)
        down = Walker(db, Direction.DOWNSTREAM)
        (y,) = down.expand(down.expand(down.start(artifact(db, "same")))[0])
        assert (name(y), y.leaf) == ("y", True)


def test_nodes_outlive_an_index_that_is_built_again(tmp_path: Path) -> None:
    store = build_store(tmp_path, pipeline(shard_count=6))
    with closing(store.reader()) as db:
        up = Walker(db, Direction.UPSTREAM)
        target = stories.job(db, "training")
        (train,) = [up.start(target)]
        shards = opened(up, train)["shards/ 6 files"]
    store.archive.keep(single(["earlier"], [used("raw.txt")], [made("z")], started=T0 - 5))
    store.rebuild()  # row ids are given anew, and the new job comes first or last
    with closing(store.reader()) as db:
        up = Walker(db, Direction.UPSTREAM)
        assert list(opened(up, train)) == ["train.py", "params.yaml", "shards/ 6 files"]
        assert [step.argv for step in up.expand(shards)] == [("python3", "prep.py", "--out", "shards")]
        assert up.start(target).id == train.id


def test_what_is_no_longer_in_the_store_is_said(tmp_path: Path) -> None:
    with stories.index(tmp_path / "one", pipeline()) as db:
        walker = Walker(db, Direction.UPSTREAM)
        step_node = walker.start(stories.job(db, "training"))
        targets: list[Target] = [stories.job(db, "training"), stories.step(db, "training", 0), artifact(db, "raw")]
        targets.append(stories.access(db, "training", "model.pt", generated=True))
        targets.append(stories.access(db, "training", "train.py", generated=False))
    with stories.index(tmp_path / "other", []) as db:
        walker = Walker(db, Direction.UPSTREAM)
        for target in targets:
            with pytest.raises(NotFoundError, match="no longer in the store"):
                walker.expand(walker.start(target))
        with pytest.raises(NotFoundError, match="no longer in the store"):
            walker.expand(step_node)


def test_a_walk_leaves_no_transaction_open_even_when_it_fails(tmp_path: Path) -> None:
    with stories.index(tmp_path, pipeline()) as db:
        walker = Walker(db, Direction.UPSTREAM)
        (step,) = walker.expand(walker.start(artifact(db, "raw")))
        stories.upstream(db, artifact(db, "raw"))
        with pytest.raises(NotFoundError):
            walker.expand(Node("s:" + "0" * 64 + ":0", Kind.STEP, state=step.state))
        assert not db.in_transaction
