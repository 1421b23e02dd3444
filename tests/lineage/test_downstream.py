from __future__ import annotations

from contextlib import closing
from pathlib import Path

from roar_tui.lineage.reference import resolve
from roar_tui.record.model import Pipe, Role
from tests.builders import T0, build_store, made, pipeline, record, shards, single, step, two_runs, unknown, used
from tests.lineage import stories
from tests.lineage.stories import T1, T2, T3, T4, arrows, artifact, called, downstream, names


def test_everything_that_was_made_from_a_file_is_found(tmp_path: Path) -> None:
    with stories.index(tmp_path, pipeline(shard_count=2)) as db:
        walk = downstream(db, artifact(db, "raw"))
    assert names(walk) == [
        "raw.txt",
        "$ sort raw.txt",
        "pipe 0",
        "$ python3 prep.py --out shards",
        "shard-00000.txt",
        "shard-00001.txt",
        "$ python3 train.py --lr 0.1",
        "train.log",
        "model.pt",
        "metrics.json",
    ]
    assert not called(walk, "raw.txt").root


def test_every_use_of_a_content_counts_but_not_what_came_of_another_version(tmp_path: Path) -> None:
    with stories.index(tmp_path, two_runs()) as db:
        train_py = downstream(db, artifact(db, "train.py"))
        raw = downstream(db, artifact(db, "raw"))
    assert [name for name in names(train_py) if name.startswith("$")] == [
        "$ python3 train.py --lr 0.1",
        "$ python3 train.py --lr 0.2",
    ]
    assert called(train_py, "train.py").root
    assert "$ python3 train.py --lr 0.2" not in names(raw)


def test_what_was_finished_before_the_use_is_not_downstream(tmp_path: Path) -> None:
    train = single(
        ["train"],
        [used("early", opened=T0 + 1), used("late", opened=T0 + 500)],
        [made("ckpt-1", opened=T0 + 10, finished=T0 + 100), made("ckpt-2", opened=T0 + 600, finished=T0 + 700)],
    )
    with stories.index(tmp_path, [train]) as db:
        assert names(downstream(db, artifact(db, "late"))) == ["late", "$ train", "ckpt-2"]
        assert names(downstream(db, artifact(db, "early"))) == ["early", "$ train", "ckpt-1", "ckpt-2"]


def test_a_generation_leads_only_to_the_uses_that_it_produced(tmp_path: Path) -> None:
    records = [
        single(["make-a", "1"], [], [made("x", "A", opened=T0)], name="first"),
        single(["reader", "1"], [used("x", "A", opened=T1)], [made("y1", opened=T1 + 1)], started=T1),
        single(["make-a", "2"], [], [made("x", "A", opened=T2)], started=T2, name="second"),
        single(["reader", "2"], [used("x", "A", opened=T3)], [made("y2", opened=T3 + 1)], started=T3),
    ]
    with stories.index(tmp_path, records) as db:
        assert names(downstream(db, stories.access(db, "first", "x", generated=True))) == ["x", "$ reader 1", "y1"]
        assert names(downstream(db, stories.access(db, "second", "x", generated=True))) == ["x", "$ reader 2", "y2"]
        assert names(downstream(db, artifact(db, "A"))) == ["x", "$ reader 1", "$ reader 2", "y1", "y2"]
        assert names(downstream(db, stories.job(db, "first"))) == ["$ make-a 1", "x", "$ reader 1", "y1"]


def test_unknown_and_passing_contents_lead_on(tmp_path: Path) -> None:
    writer = step(["writer"], used=[used("raw", opened=T0)], generated=[made("x", "final", opened=T0 + 10, finished=T0 + 300)])
    reader = step(
        ["reader"], number=1, used=[used("x", "half way", opened=T0 + 100, external=False)], generated=[made("y", opened=T0 + 150)]
    )
    later = single(["later"], [unknown("x", opened=T1)], [made("z", opened=T1 + 1)], started=T1)
    after = single(["after"], [], [made("x", "new", opened=T2)], started=T2)
    last = single(["last"], [unknown("x", opened=T3)], [made("w", opened=T3 + 1)], started=T3)
    with stories.index(tmp_path, [record(["job"], [writer, reader]), later, after, last]) as db:
        walk = downstream(db, artifact(db, "raw"))
    assert names(walk) == ["raw", "$ writer", "x", "x", "x", "$ reader", "$ later", "y", "z"]
    assert sorted(node.id[0] for node in walk.nodes.values() if node.paths == ["/p/x"]) == ["a", "a", "f"]


def test_a_step_that_only_started_others_is_not_what_its_script_led_to(tmp_path: Path) -> None:
    shell = step(["bash", "job.sh"], used=[used("job.sh"), used("raw")])
    child = step(["train"], number=1, parent=0, used=[used("raw", opened=T0 + 1)], generated=[made("y", opened=T0 + 9)])
    with stories.index(tmp_path, [record(["bash", "job.sh"], [shell, child])]) as db:
        assert names(downstream(db, artifact(db, "raw"))) == ["raw", "$ train", "y"]
        assert names(downstream(db, artifact(db, "job.sh"))) == ["job.sh"]


def test_a_step_that_made_nothing_is_shown_as_a_reader(tmp_path: Path) -> None:
    with stories.index(tmp_path, [single(["eval", "model.pt"], [used("model.pt")])]) as db:
        assert names(downstream(db, artifact(db, "model.pt"))) == ["model.pt", "$ eval model.pt"]


def test_small_contents_lead_only_to_uses_on_the_named_path(tmp_path: Path) -> None:
    records = [
        single(["touch"], [], [made("a", "1\n", size=2)]),
        single(["one"], [used("a", "1\n", size=2, opened=T1)], [made("y", opened=T1 + 1)], started=T1),
        single(["two"], [used("b", "1\n", size=2, opened=T2)], [made("z", opened=T2 + 1)], started=T2),
    ]
    with stories.index(tmp_path, records) as db:
        assert names(downstream(db, artifact(db, "1\n", "a"))) == ["a", "$ one", "y"]
        assert names(downstream(db, artifact(db, "1\n")))[1:] == ["$ one", "$ two", "y", "z"]


def test_a_log_is_an_output_that_leads_nowhere(tmp_path: Path) -> None:
    records = [
        single(["train"], [used("raw")], [made("all.log", role=Role.LOG, opened=T0 + 5)]),
        single(["plot"], [used("all.log", opened=T1, role=Role.DATA)], [made("plot", opened=T1 + 1)], started=T1),
    ]
    with stories.index(tmp_path, records) as db:
        assert names(downstream(db, artifact(db, "raw"))) == ["raw", "$ train", "all.log"]


def test_a_transform_that_changes_nothing_leads_on_to_later_readers(tmp_path: Path) -> None:
    records = [
        single(["sort", "x"], [used("x", "same", opened=T1)], [made("x", "same", opened=T1 + 1)], started=T1),
        single(["reader"], [used("x", "same", opened=T2)], [made("y", opened=T2 + 1)], started=T2),
        single(["old"], [used("x", "same", opened=T0)], [made("z", opened=T0 + 1)], started=T0, name="old"),
    ]
    with stories.index(tmp_path, records) as db:
        walk = downstream(db, artifact(db, "same"))
    assert set(names(walk)) == {"x", "$ sort x", "$ reader", "$ old", "y", "z"}
    assert arrows(walk) >= {"x > $ sort x", "$ sort x > x", "x > $ reader"}


def test_a_pipe_passes_on_only_what_was_read_in_time(tmp_path: Path) -> None:
    writer = step(["cat"], used=[used("a", opened=T0 + 10), used("b", opened=T0 + 500)])
    reader = step(
        ["split"],
        number=1,
        generated=[made("part-1", opened=T0 + 20, finished=T0 + 100), made("part-2", opened=T0 + 600, finished=T0 + 700)],
    )
    with stories.index(tmp_path, [record(["job"], [writer, reader], pipes=[Pipe(0, "pipe", T0 + 5, [0], [1])])]) as db:
        assert names(downstream(db, artifact(db, "a"))) == ["a", "$ cat", "pipe 0", "$ split", "part-1", "part-2"]
        assert names(downstream(db, artifact(db, "b"))) == ["b", "$ cat", "pipe 0", "$ split", "part-2"]


def test_depth_cuts_downstream_too(tmp_path: Path) -> None:
    records = [
        single([f"step-{n}"], [used(f"f{n}", opened=time)], [made(f"f{n + 1}", opened=time + 1)], started=time)
        for n, time in enumerate((T0, T1, T2, T3, T4))
    ]
    with stories.index(tmp_path, records) as db:
        walk = downstream(db, artifact(db, "f0"), 3)
    assert [node.depth for node in walk.nodes.values()] == [0, 1, 2, 3]


def test_everything_that_read_a_directory_is_found_though_it_was_made_again_since(tmp_path: Path) -> None:
    records = [
        single(["split"], [], shards("d", 4, opened=T0, write=True)),
        single(["train"], shards("d", 4, opened=T1), [made("model", opened=T1 + 9)], started=T1),
        single(["split", "again"], [], shards("d", 4, opened=T2, write=True), started=T2),
    ]
    store = build_store(tmp_path, records)
    with closing(store.reader()) as db:
        walk = downstream(db, resolve(store, db, "/p/d", cwd="/"))
    assert names(walk)[4:] == ["$ train", "model"]


def test_who_asks_about_the_environment_or_a_log_is_told_who_read_it(tmp_path: Path) -> None:
    library = used("/usr/lib/libm.so", "libm", role=Role.ENVIRONMENT)
    records = [
        single(["train"], [library, used("raw")], [made("y", opened=T0 + 9), made("train.log", opened=T0 + 5)]),
        single(["plot"], [used("train.log", opened=T1)], [made("plot.png", opened=T1 + 5)], started=T1),
    ]
    with stories.index(tmp_path, records) as db:
        assert names(downstream(db, artifact(db, "libm"))) == ["libm.so", "$ train", "train.log", "y"]
        assert names(downstream(db, artifact(db, "train.log"))) == ["train.log", "$ plot", "plot.png"]
        assert names(downstream(db, artifact(db, "raw"))) == ["raw", "$ train", "train.log", "y"]
