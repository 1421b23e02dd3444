from __future__ import annotations

from pathlib import Path

from roar_tui.record.model import Pipe, Role, Status
from tests.builders import T0, content, made, pipeline, record, single, step, unknown, used
from tests.lineage import stories
from tests.lineage.stories import T1, T2, T3, T4, arrows, artifact, called, names, upstream


def test_a_model_comes_from_its_script_and_data_and_what_made_them_and_nothing_else(tmp_path: Path) -> None:
    bash = step(["bash", "-c", "sort raw.txt > sorted.txt; python3 train.py"], number=0)
    sort = step(
        ["sort", "raw.txt"],
        number=1,
        parent=0,
        used=[used("raw.txt", opened=T0 + 12)],
        generated=[made("sorted.txt", opened=T0 + 10, finished=T0 + 20)],
    )
    train = step(
        ["python3", "train.py"],
        number=2,
        parent=0,
        used=[used("train.py", opened=T0 + 30), used("sorted.txt", opened=T0 + 31, external=False)],
        generated=[made("model.pt", opened=T0 + 40), made("stdout.log", opened=T0 + 29, role=Role.LOG)],
    )
    with stories.index(tmp_path, [record(["bash"], [bash, sort, train])]) as db:
        walk = upstream(db, artifact(db, "model.pt"))
    assert names(walk) == ["model.pt", "$ python3 train.py", "train.py", "sorted.txt", "$ sort raw.txt", "raw.txt"]
    assert [node.depth for node in walk.nodes.values()] == [0, 1, 2, 2, 3, 4]
    assert {name for name in names(walk) if not name.startswith("$") and called(walk, name).root} == {"train.py", "raw.txt"}


def test_jobs_and_pipes_link_through_contents(tmp_path: Path) -> None:
    with stories.index(tmp_path, pipeline(shard_count=2)) as db:
        walk = upstream(db, artifact(db, "model raw 0.1"))
    assert names(walk) == [
        "model.pt",
        "$ python3 train.py --lr 0.1",
        "train.py",
        "params.yaml",
        "shard-00000.txt",
        "shard-00001.txt",
        "$ python3 prep.py --out shards",
        "pipe 0",
        "prep.py",
        "$ sort raw.txt",
        "raw.txt",
        "$ python3 fetch.py",
        "fetch.py",
    ]
    assert "pipe 0 > $ python3 prep.py --out shards" in arrows(walk)
    assert "$ sort raw.txt > pipe 0" in arrows(walk)


def test_depth_counts_edges_and_cuts_there(tmp_path: Path) -> None:
    with stories.index(tmp_path, pipeline(shard_count=1)) as db:
        target = artifact(db, "model raw 0.1")
        assert names(upstream(db, target, 0)) == ["model.pt"]
        assert names(upstream(db, target, 1)) == ["model.pt", "$ python3 train.py --lr 0.1"]
        cut = upstream(db, target, 2)
        assert names(cut)[2:] == ["train.py", "params.yaml", "shard-00000.txt"]
        assert [called(cut, name).root for name in names(cut)[2:]] == [True, True, False]


def test_the_producer_is_the_latest_generation_before_the_use(tmp_path: Path) -> None:
    """A -> B -> A: the file's content comes back, and each reader belongs to the generation before it."""
    rewrites = [
        single(["make-a", "1"], [used("one")], [made("x", "A", opened=T0)], started=T0),
        single(["reader", "1"], [used("x", "A", opened=T1)], [made("y1", opened=T1 + 1)], started=T1),
        single(["make-b"], [used("two", opened=T2)], [made("x", "B", opened=T2 + 1)], started=T2),
        single(["make-a", "2"], [used("three", opened=T3)], [made("x", "A", opened=T3 + 1)], started=T3),
        single(["reader", "2"], [used("x", "A", opened=T4)], [made("y2", opened=T4 + 1)], started=T4),
    ]
    with stories.index(tmp_path, rewrites) as db:
        first = upstream(db, artifact(db, "y1"))
        second = upstream(db, artifact(db, "y2"))
    assert names(first) == ["y1", "$ reader 1", "x", "$ make-a 1", "one"]
    assert names(second) == ["y2", "$ reader 2", "x", "$ make-a 2", "three"]
    assert [(other.step, other.time) for other in called(second, "x").alternatives] == [(0, T0 + 100_000)]
    assert called(first, "x").alternatives == ()


def test_a_consumer_older_than_every_producer_has_a_root(tmp_path: Path) -> None:
    records = [
        single(["reader"], [used("x", opened=T0)], [made("y", opened=T0 + 1)]),
        single(["maker"], [], [made("x", opened=T1)], started=T1),
    ]
    with stories.index(tmp_path, records) as db:
        walk = upstream(db, artifact(db, "y"))
    assert names(walk) == ["y", "$ reader", "x"]
    assert called(walk, "x").root


def test_a_transform_that_changes_nothing_does_not_hide_who_made_the_content(tmp_path: Path) -> None:
    records = [
        single(["maker"], [used("raw", opened=T0)], [made("x", "same", opened=T0 + 1)]),
        single(["sort", "x"], [used("x", "same", opened=T1)], [made("x", "same", opened=T1 + 1)], started=T1),
    ]
    with stories.index(tmp_path, records) as db:
        walk = upstream(db, artifact(db, "same"))
    assert set(names(walk)) == {"x", "$ sort x", "$ maker", "raw"}
    assert arrows(walk) == {"x > $ sort x", "$ sort x > x", "$ maker > x", "raw > $ maker"}
    assert not called(walk, "x").root


def test_the_same_path_comes_before_a_later_generation_elsewhere(tmp_path: Path) -> None:
    records = [
        single(["near"], [], [made("x", "same", opened=T0)]),
        single(["far"], [], [made("other", "same", opened=T1)], started=T1),
        single(["reader"], [used("x", "same", opened=T2)], [made("y", opened=T2 + 1)], started=T2),
        single(["mover"], [used("z", "same", opened=T3)], [made("w", opened=T3 + 1)], started=T3),
    ]
    with stories.index(tmp_path, records) as db:
        assert names(upstream(db, artifact(db, "y"))) == ["y", "$ reader", "x", "$ near"]
        moved = upstream(db, artifact(db, "w"))
    assert names(moved) == ["w", "$ mover", "z", "$ far"]
    assert called(moved, "z").note == "produced at another path"


def test_a_copy_does_not_become_the_maker_of_its_original(tmp_path: Path) -> None:
    """What was seen at its own path before the copy was made did not come from the copy."""
    records = [
        single(["cp", "raw", "copy"], [used("raw", "same", opened=T0)], [made("copy", "same", opened=T0 + 1)]),
        single(["reader"], [used("raw", "same", opened=T1)], [made("y", opened=T1 + 1)], started=T1),
    ]
    with stories.index(tmp_path, records) as db:
        walk = upstream(db, artifact(db, "y"))
    assert names(walk) == ["y", "$ reader", "raw"]
    assert called(walk, "raw").root
    assert [other.path for other in called(walk, "raw").alternatives] == ["/p/copy"]


def test_empty_contents_never_link_across_paths_and_small_ones_only_as_alternatives(tmp_path: Path) -> None:
    records = [
        single(["touch"], [], [made("a", "", size=0), made("b", "1\n", size=2), made("c", "1" * 64, size=64)]),
        single(
            ["reader"],
            [
                used("a2", "", size=0, opened=T1),
                used("b2", "1\n", size=2, opened=T1 + 1),
                used("c2", "1" * 64, size=64, opened=T1 + 2),
            ],
            [made("y", opened=T1 + 9)],
            started=T1,
        ),
        single(["again"], [used("a", "", size=0, opened=T2)], [made("z", opened=T2 + 1)], started=T2),
    ]
    with stories.index(tmp_path, records) as db:
        walk = upstream(db, artifact(db, "y"))
        assert names(upstream(db, artifact(db, "z"))) == ["z", "$ again", "a", "$ touch"]
    assert names(walk) == ["y", "$ reader", "a2", "b2", "c2", "$ touch"]
    assert arrows(walk) == {"$ reader > y", "a2 > $ reader", "b2 > $ reader", "c2 > $ reader", "$ touch > c2"}
    assert called(walk, "a2").alternatives == ()
    assert [other.path for other in called(walk, "b2").alternatives] == ["/p/b"]


def test_what_was_read_after_a_checkpoint_was_written_is_not_upstream_of_it(tmp_path: Path) -> None:
    train = single(
        ["train"],
        [used("early", opened=T0 + 1), used("late", opened=T0 + 500)],
        [made("ckpt-1", opened=T0 + 10, finished=T0 + 100), made("ckpt-2", opened=T0 + 600, finished=T0 + 700)],
    )
    both = single(
        ["average"],
        [used("ckpt-1", opened=T1), used("ckpt-2", opened=T1 + 1)],
        [made("mean", opened=T1 + 9)],
        started=T1,
    )
    with stories.index(tmp_path, [train, both]) as db:
        assert names(upstream(db, artifact(db, "ckpt-1"))) == ["ckpt-1", "$ train", "early"]
        assert names(upstream(db, artifact(db, "ckpt-2"))) == ["ckpt-2", "$ train", "early", "late"]
        assert names(upstream(db, artifact(db, "mean"))) == ["mean", "$ average", "ckpt-1", "ckpt-2", "$ train", "early", "late"]


def test_logs_never_link_but_can_be_asked_about(tmp_path: Path) -> None:
    first = step(["first"], generated=[made("all.log", "log", role=Role.LOG)])
    second = step(
        ["second"],
        number=1,
        used=[used("all.log", "log", opened=T1, external=False), used("in", opened=T1)],
        generated=[made("out", opened=T1 + 5)],
    )
    with stories.index(tmp_path, [record(["job"], [first, second])]) as db:
        assert names(upstream(db, artifact(db, "out"))) == ["out", "$ second", "in"]
        assert names(upstream(db, artifact(db, "log"))) == ["all.log", "$ first"]


def test_a_log_that_a_later_job_reads_is_shown_and_leads_no_further(tmp_path: Path) -> None:
    records = [
        single(["train"], [used("raw")], [made("train.log", opened=T0 + 5)]),
        single(["plot"], [used("train.log", opened=T1)], [made("plot.png", opened=T1 + 5)], started=T1),
    ]
    with stories.index(tmp_path, records) as db:
        assert names(upstream(db, artifact(db, "plot.png"))) == ["plot.png", "$ plot", "train.log"]


def test_unknown_contents_link_by_path_and_time(tmp_path: Path) -> None:
    records = [
        single(["old"], [used("raw-1")], [made("x", "old", opened=T0 + 1)]),
        single(["new"], [used("raw-2", opened=T1)], [made("x", "new", opened=T1 + 1)], started=T1),
        single(
            ["reader"],
            [unknown("x", opened=T2), unknown("elsewhere", opened=T2)],
            [made("y", opened=T2 + 1)],
            started=T2,
        ),
    ]
    with stories.index(tmp_path, records) as db:
        walk = upstream(db, artifact(db, "y"))
    assert names(walk) == ["y", "$ reader", "x", "elsewhere", "$ new", "raw-2"]
    assert called(walk, "x").id.startswith("f:")
    assert called(walk, "x").id != called(walk, "elsewhere").id
    assert called(walk, "x").status == "changed"
    assert (called(walk, "x").root, called(walk, "elsewhere").root) == (False, True)


def test_a_removed_file_of_unknown_content_links_its_writer_and_its_reader(tmp_path: Path) -> None:
    writer = step(["writer"], used=[used("raw")], generated=[made("tmp", opened=T0 + 5, status=Status.CHANGED, survives=False)])
    reader = step(
        ["reader"], number=1, used=[unknown("tmp", opened=T0 + 300_000, external=False)], generated=[made("y", opened=T0 + 300_009)]
    )
    with stories.index(tmp_path, [record(["job"], [writer, reader])]) as db:
        walk = upstream(db, artifact(db, "y"))
    assert names(walk) == ["y", "$ reader", "tmp", "$ writer", "raw"]
    assert called(walk, "tmp").id == f"f:{called(walk, '$ writer').job}:0:0"


def test_what_a_job_reads_of_its_own_comes_from_that_job(tmp_path: Path) -> None:
    """Another job wrote the same content to the same path in between: it is not the one."""
    mine = step(["mine"], used=[used("raw")], generated=[made("x", "same", opened=T0 + 5)])
    reader = step(["reader"], number=1, used=[used("x", "same", opened=T2, external=False)], generated=[made("y", opened=T3)])
    other = single(["other"], [], [made("x", "same", opened=T1)], started=T1)
    with stories.index(tmp_path, [record(["job"], [mine, reader]), other]) as db:
        assert names(upstream(db, artifact(db, "y"))) == ["y", "$ reader", "x", "$ mine", "raw"]


def test_what_was_there_before_does_not_come_from_the_same_job(tmp_path: Path) -> None:
    copy = step(["cp", "raw", "copy"], used=[used("raw", "same", opened=T0)], generated=[made("copy", "same", opened=T0 + 5)])
    reader = step(["reader"], number=1, used=[used("raw2", "same", opened=T0 + 100)], generated=[made("y", opened=T0 + 200)])
    with stories.index(tmp_path, [record(["job"], [copy, reader])]) as db:
        walk = upstream(db, artifact(db, "y"))
    assert names(walk) == ["y", "$ reader", "raw2"]
    assert called(walk, "raw2").root


def test_a_passing_content_comes_from_the_step_that_was_still_writing(tmp_path: Path) -> None:
    writer = step(
        ["writer"],
        used=[used("first", opened=T0 + 1), used("second", opened=T0 + 200)],
        generated=[made("x", "final", opened=T0 + 10, finished=T0 + 300)],
    )
    reader = step(
        ["reader"], number=1, used=[used("x", "half way", opened=T0 + 100, external=False)], generated=[made("y", opened=T0 + 150)]
    )
    with stories.index(tmp_path, [record(["job"], [writer, reader])]) as db:
        walk = upstream(db, artifact(db, "y"))
    assert names(walk) == ["y", "$ reader", "x", "$ writer", "first"]
    assert called(walk, "x").digest == content("half way")


def test_a_step_that_reads_back_its_own_output_is_asked_once(tmp_path: Path) -> None:
    job = single(
        ["self"],
        [used("raw", opened=T0), used("mid", opened=T0 + 200, external=False), unknown("scratch", opened=T0 + 201, external=False)],
        [
            made("mid", opened=T0 + 100, finished=T0 + 110),
            made("scratch", opened=T0 + 100, status=Status.REMOVED, digest=None, size=None, survives=False),
            made("y", opened=T0 + 300),
        ],
    )
    with stories.index(tmp_path, [job]) as db:
        walk = upstream(db, artifact(db, "y"))
    assert names(walk) == ["y", "$ self", "raw", "mid"]
    assert not called(walk, "mid").root


def test_a_diamond_has_each_node_once(tmp_path: Path) -> None:
    records = [
        single(["top"], [used("raw")], [made("x", opened=T0 + 5)]),
        single(["left"], [used("x", opened=T1)], [made("l", opened=T1 + 5)], started=T1),
        single(["right"], [used("x", opened=T2)], [made("r", opened=T2 + 5)], started=T2),
        single(
            ["join"],
            [used("l", opened=T3), used("r", opened=T3 + 1)],
            [made("y", opened=T3 + 5)],
            started=T3,
        ),
    ]
    with stories.index(tmp_path, records) as db:
        walk = upstream(db, artifact(db, "y"))
    assert names(walk) == ["y", "$ join", "l", "r", "$ left", "$ right", "x", "$ top", "raw"]
    assert {"x > $ left", "x > $ right"} <= arrows(walk)


def test_a_pipe_counts_what_its_writer_had_read_by_then(tmp_path: Path) -> None:
    writer = step(["zcat"], used=[used("a.gz", opened=T0 + 10), used("b.gz", opened=T0 + 9_000_000)], ended=T0 + 10_000_000)
    reader = step(["split"], number=1, generated=[made("part-1", opened=T0 + 20, finished=T0 + 1_000_000)])
    idle = step(["bash"], number=2)
    pipes = [Pipe(0, "pipe", T0 + 5, [0], [1]), Pipe(1, "pipe", T0 + 6, [1], [1])]
    with stories.index(tmp_path, [record(["job"], [writer, reader, idle], pipes=pipes)]) as db:
        walk = upstream(db, artifact(db, "part-1"))
    assert names(walk) == ["part-1", "$ split", "pipe 0", "$ zcat", "a.gz"]


def test_a_job_begins_with_the_steps_that_left_something(tmp_path: Path) -> None:
    shell = step(["bash"], used=[used("job.sh")])
    sort = step(["sort"], number=1, parent=0, used=[used("raw")], generated=[made("sorted", opened=T0 + 5)])
    look = step(["wc"], number=2, parent=0, used=[used("sorted", opened=T0 + 300_000, external=False)])
    with stories.index(tmp_path, [record(["bash", "job.sh"], [shell, sort, look], name="a job")]) as db:
        walk = upstream(db, stories.job(db, "a job"))
        looking = upstream(db, stories.step(db, "a job", 2))
    assert names(walk) == ["$ sort", "raw"]
    assert names(looking) == ["$ wc", "sorted", "$ sort", "raw"]


def test_one_access_of_one_job_is_asked_about_as_that_job_had_it(tmp_path: Path) -> None:
    records = [
        single(["maker", "1"], [used("one")], [made("x", "same", opened=T0 + 5)], name="first"),
        single(["maker", "2"], [used("two", opened=T1)], [made("x", "same", opened=T1 + 5)], started=T1, name="second"),
    ]
    with stories.index(tmp_path, records) as db:
        assert names(upstream(db, stories.access(db, "first", "x", generated=True))) == ["x", "$ maker 1", "one"]
        newest = upstream(db, artifact(db, "same"))
    assert names(newest) == ["x", "$ maker 2", "two"]
    assert len(newest.target.alternatives) == 1


def test_a_file_that_was_there_before_its_copy_has_no_maker(tmp_path: Path) -> None:
    copied = single(["cp", "raw", "copy"], [used("raw", "same", opened=T0)], [made("copy", "same", opened=T0 + 1)])
    with stories.index(tmp_path, [copied]) as db:
        raw = upstream(db, artifact(db, "same", "raw"))
        moved = upstream(db, artifact(db, "same", "moved-outside"))
    assert (names(raw), raw.target.root) == (["raw"], True)
    assert [other.path for other in raw.target.alternatives] == ["/p/copy"]
    assert names(moved) == ["moved-outside", "$ cp raw copy"]


def test_a_small_file_that_a_job_renamed_after_reading_it_is_still_its_own(tmp_path: Path) -> None:
    writer = step(["writer"], used=[used("raw")], generated=[made("final", "1\n", size=2, opened=T0 + 5)])
    reader = step(
        ["reader"],
        number=1,
        used=[used("tmp", "1\n", size=2, opened=T0 + 300_000, external=False)],
        generated=[made("y", opened=T0 + 300_009)],
    )
    with stories.index(tmp_path, [record(["job"], [writer, reader])]) as db:
        assert names(upstream(db, artifact(db, "y"))) == ["y", "$ reader", "tmp", "$ writer", "raw"]
