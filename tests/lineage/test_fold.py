from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from blake3 import blake3

from roar_tui.lineage.fold import fileset, fold
from roar_tui.lineage.model import Direction, Kind, Node, Overlap
from roar_tui.lineage.reference import resolve
from roar_tui.lineage.walk import Walker
from roar_tui.record.model import Role
from tests.builders import T0, build_store, content, made, pipeline, record, shards, single, step, used
from tests.lineage import stories
from tests.lineage.stories import T1, T2, T3, arrows, artifact, called, downstream, names, upstream


def test_four_files_fold_and_three_do_not(tmp_path: Path) -> None:
    with stories.index(tmp_path / "four", pipeline(shard_count=4)) as db:
        four = fold(upstream(db, artifact(db, "model raw 0.1")))
    with stories.index(tmp_path / "three", pipeline(shard_count=3)) as db:
        three = fold(upstream(db, artifact(db, "model raw 0.1")))
    assert "shards/ 4 files" in names(four)
    assert not [name for name in names(four) if name.startswith("shard-")]
    assert [name for name in names(three) if name.startswith("shard")] == [f"shard-0000{n}.txt" for n in range(3)]
    node = called(four, "shards/ 4 files")
    assert (node.path, node.count, node.size, node.pattern, node.role, node.root, node.depth) == (
        "/p/shards",
        4,
        400,
        "shard-{00000..00003}.txt",
        "data",
        False,
        2,
    )
    assert {"shards/ 4 files > $ python3 train.py --lr 0.1", "$ python3 prep.py --out shards > shards/ 4 files"} <= arrows(four)


def test_the_id_of_a_fileset_is_the_digest_of_its_tree() -> None:
    members = [
        Node(f"a:{content(word)}", Kind.ARTIFACT, paths=[f"/d/{word}"]) for word in ("b", "a", "é", "c")
    ]
    lines = b"".join(f"{word}\0blake3:{content(word)}\n".encode() for word in ("a", "b", "c", "é"))
    assert fileset("/d", members).id == f"a:{blake3(b'roar:blake3-tree:v1' + bytes([10]) + lines).hexdigest()}"


@pytest.mark.skipif(shutil.which("b3sum") is None, reason="b3sum is not installed")
def test_the_tree_digest_is_what_b3sum_says_of_its_preimage() -> None:
    members = [Node(f"a:{content(word)}", Kind.ARTIFACT, paths=[f"/d/{word}"]) for word in "abcd"]
    preimage = b"roar:blake3-tree:v1\n" + b"".join(f"{word}\0blake3:{content(word)}\n".encode() for word in "abcd")
    said = subprocess.run(["b3sum", "--no-names"], input=preimage, capture_output=True, check=True).stdout.decode().strip()
    assert fileset("/d", members).digest == said


def test_files_of_a_directory_that_different_steps_made_stay_apart(tmp_path: Path) -> None:
    makers = [single([f"make-{n}"], [], [made(f"d/{n}", opened=T0 + n)], started=T0 + n) for n in range(4)]
    reader = single(["reader"], [used(f"d/{n}", opened=T1 + n) for n in range(4)], [made("y", opened=T1 + 9)], started=T1)
    with stories.index(tmp_path, [*makers, reader]) as db:
        walk = fold(upstream(db, artifact(db, "y")))
    assert [name for name in names(walk) if not name.startswith("$")] == ["y", "0", "1", "2", "3"]


def test_what_steps_of_one_family_made_for_one_reader_folds(tmp_path: Path) -> None:
    """Four array tasks wrote 250 shards each, training read the thousand."""
    tasks = [
        single(
            ["python3", "prep.py", "--part", str(part)],
            [],
            shards("d", 250, first=250 * part, opened=T0, write=True),
            started=T0 + part,
        )
        for part in range(4)
    ]
    train = single(["python3", "train.py"], shards("d", 1000, opened=T1), [made("y", opened=T2)], started=T1)
    with stories.index(tmp_path, [*tasks, train]) as db:
        walk = fold(upstream(db, artifact(db, "y")))
    assert names(walk)[:3] == ["y", "$ python3 train.py", "d/ 1000 files"]
    made_by = [edge for edge in walk.edges.values() if walk.nodes[edge.target].kind is Kind.FILESET]
    assert [edge.members for edge in made_by] == [Overlap(250, 1000)] * 4
    (read,) = [edge for edge in walk.edges.values() if walk.nodes[edge.source].kind is Kind.FILESET]
    assert read.members is None


def test_an_edge_says_how_many_of_the_files_that_a_step_made_were_used(tmp_path: Path) -> None:
    prep = single(["prep"], [], shards("d", 1000, write=True))
    train = single(["train"], shards("d", 250, opened=T1), [made("y", opened=T2)], started=T1)
    with stories.index(tmp_path, [prep, train]) as db:
        walk = fold(upstream(db, artifact(db, "y")))
        opened = Walker(db, Direction.UPSTREAM)
        (prep_step,) = opened.expand(opened.expand(opened.expand(opened.start(artifact(db, "y")))[0])[0])
        down = fold(downstream(db, artifact(db, "shard 7 ")))
    files = called(walk, "d/ 250 files")
    assert walk.edges[called(walk, "$ prep").id, files.id].members == Overlap(250, 1000)
    assert walk.edges[files.id, called(walk, "$ train").id].members is None
    assert prep_step.edge is not None
    assert prep_step.edge.members == Overlap(250, 1000)
    assert names(down) == ["shard-00007.txt", "$ train", "y"]


def test_overlapping_readers_share_one_fileset(tmp_path: Path) -> None:
    records = [
        single(["prep"], [], shards("d", 1000, write=True)),
        single(["train"], shards("d", 1000, opened=T1), [made("m", opened=T2)], started=T1),
        single(
            ["eval"], [used("m", opened=T2 + 9), *shards("d", 100, first=900, opened=T2 + 10)], [made("y", opened=T3)], started=T2
        ),
    ]
    with stories.index(tmp_path, records) as db:
        walk = fold(upstream(db, artifact(db, "y")))
    files = called(walk, "d/ 1000 files")
    assert walk.edges[files.id, called(walk, "$ eval").id].members == Overlap(100, 1000)
    assert walk.edges[files.id, called(walk, "$ train").id].members is None


def test_versions_of_the_same_files_do_not_fold_together(tmp_path: Path) -> None:
    records = [
        single(["prep", "1"], [], shards("d", 5, generation="old", write=True)),
        single(["train"], shards("d", 5, generation="old", opened=T1), [made("m", opened=T1 + 90)], started=T1),
        single(["prep", "2"], [], shards("d", 5, generation="new", opened=T2, write=True), started=T2),
        single(
            ["tune"],
            [used("m", opened=T3), *shards("d", 5, generation="new", opened=T3 + 1)],
            [made("y", opened=T3 + 90)],
            started=T3,
        ),
    ]
    with stories.index(tmp_path, records) as db:
        walk = fold(upstream(db, artifact(db, "y")))
    assert names(walk).count("d/ 5 files") == 2
    assert {"$ prep 1 > d/ 5 files", "$ prep 2 > d/ 5 files"} <= arrows(walk)


def test_code_folds_but_for_the_script_that_ran(tmp_path: Path) -> None:
    code = [used(f"{name}.py", opened=T0 + n) for n, name in enumerate(("train", "model", "data", "loss", "text"))]
    with stories.index(tmp_path, [single(["python3", "train.py"], code, [made("y", opened=T0 + 9)])]) as db:
        walk = fold(upstream(db, artifact(db, "y")))
    assert names(walk) == ["y", "$ python3 train.py", "train.py", "p/ 4 files"]
    assert (called(walk, "p/ 4 files").role, called(walk, "p/ 4 files").pattern) == ("code", "*.py")


def test_roles_and_directories_do_not_mix(tmp_path: Path) -> None:
    files = [
        *(used(f"a/{n}", opened=T0 + n) for n in range(4)),
        *(used(f"a/{n}.yaml", opened=T0 + n) for n in range(4)),
        *(used(f"b/{n}", f"b{n}", opened=T0 + n) for n in range(3)),
    ]
    with stories.index(tmp_path, [single(["reader"], files, [made("y", opened=T0 + 9)])]) as db:
        walk = fold(upstream(db, artifact(db, "y")))
    filesets = [(node.path, node.role) for node in walk.nodes.values() if node.kind is Kind.FILESET]
    assert filesets == [("/p/a", "data"), ("/p/a", "config")]
    assert [name for name in names(walk) if len(name) == 1] == ["y", "0", "1", "2"]


def test_scattered_files_of_a_directory_that_no_step_took_together_stay_apart(tmp_path: Path) -> None:
    steps = [
        step([f"s{n}"], number=n, used=[used(f"conf/{n}.yaml", opened=T0 + n)], generated=[made(f"out{n}", opened=T0 + 10 + n)])
        for n in range(4)
    ]
    join = step(
        ["join"],
        number=4,
        used=[used(f"out{n}", opened=T1 + n, external=False) for n in range(4)],
        generated=[made("y", opened=T1 + 9)],
    )
    with stories.index(tmp_path, [record(["job"], [*steps, join])]) as db:
        walk = fold(upstream(db, artifact(db, "y")))
    assert [name for name in names(walk) if name.endswith(".yaml")] == ["0.yaml", "1.yaml", "2.yaml", "3.yaml"]


def test_the_target_is_not_folded_away(tmp_path: Path) -> None:
    job = single(["split"], [used("raw")], shards("d", 8, opened=T0 + 5, write=True))
    with stories.index(tmp_path, [job]) as db:
        walk = fold(upstream(db, artifact(db, "shard 3 ")))
    assert names(walk) == ["shard-00003.txt", "$ split", "raw"]


def test_a_directory_as_target_is_one_fileset(tmp_path: Path) -> None:
    files = [made(f"d/{name}", opened=T0 + 9) for name in ("a.txt", "b.log", "deep/c.txt")]
    store = build_store(tmp_path, [single(["split"], [used("raw")], files)])
    db = store.reader()
    target = resolve(store, db, "/p/d", cwd="/")
    walk = fold(upstream(db, target))
    start = Walker(db, Direction.UPSTREAM).start(target)
    db.close()
    assert names(walk) == ["d/ 3 files", "$ split", "raw"]
    assert walk.targets == [start.id] == [walk.target.id]


def test_unknown_contents_fold_without_a_digest(tmp_path: Path) -> None:
    from tests.builders import unknown

    files = [unknown(f"d/{n}", opened=T0 + n) for n in range(5)]
    with stories.index(tmp_path, [single(["reader"], files, [made("y", opened=T0 + 9)])]) as db:
        walk = fold(upstream(db, artifact(db, "y")))
    node = called(walk, "d/ 5 files")
    assert (node.digest, node.id[0], node.status, node.size) == (None, "f", "changed", None)


def test_one_content_at_several_paths_counts_as_many_files(tmp_path: Path) -> None:
    files = [*(used(f"d/same{n}", "same", opened=T0 + n) for n in range(3)), *(used(f"d/{n}", opened=T0 + n) for n in range(3))]
    with stories.index(tmp_path, [single(["reader"], files, [made("y", opened=T0 + 9)])]) as db:
        walk = fold(upstream(db, artifact(db, "y")))
    node = called(walk, "d/ 6 files")
    assert (node.count, len(node.members), node.size) == (6, 4, 600)
    assert walk.edges[node.id, called(walk, "$ reader").id].members is None


def test_a_log_among_outputs_stays_apart(tmp_path: Path) -> None:
    files = [*shards("d", 4, opened=T0 + 5, write=True), made("d/all.log", role=Role.LOG, opened=T0 + 4)]
    with stories.index(tmp_path, [single(["split"], [used("raw")], files)]) as db:
        walk = fold(downstream(db, artifact(db, "raw")))
    assert names(walk) == ["raw", "$ split", "all.log", "d/ 4 files"]
    assert json.dumps([node.pattern for node in walk.nodes.values()])
