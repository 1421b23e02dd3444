from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from roar_tui.errors import AmbiguousError, NotFoundError
from roar_tui.lineage.fold import fold
from roar_tui.lineage.model import Direction, Kind
from roar_tui.lineage.reference import resolve
from roar_tui.lineage.target import ArtifactTarget, FilesetTarget, JobTarget, PathTarget, StepTarget, Target
from roar_tui.lineage.versions import versions
from roar_tui.lineage.walk import Walker, closure
from roar_tui.record.model import Record, Status
from roar_tui.store.store import Store
from tests.builders import NASTY, T0, build_store, content, job_id, made, nasty, pipeline, record, single, step, unknown, used
from tests.lineage.stories import T1, T2, T3, T4, names

ME = getpass.getuser()


class Desk:
    """A store, and a directory of files that a person stands in."""

    def __init__(self, root: Path, records: list[Record]) -> None:
        self.store: Store = build_store(root / "store", records)
        self.db = self.store.reader()
        self.cwd = root / "here"
        self.cwd.mkdir()

    def resolve(self, ref: str) -> Target:
        return resolve(self.store, self.db, ref, cwd=str(self.cwd))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    here = str(tmp_path / "here")
    sort = step(["sort"], used=[used(f"{here}/raw", "raw")], generated=[made(f"{here}/sorted", "sorted", opened=T0 + 5)])
    train = step(
        ["train"],
        number=1,
        used=[used(f"{here}/sorted", "sorted", opened=T0 + 9, external=False), unknown(f"{here}/odd", opened=T0 + 9)],
        generated=[
            made(f"{here}/model.pt", "model 1", opened=T0 + 10),
            made(f"{here}/out/a", "a", opened=T0 + 11),
            made(f"{here}/out/b", "b", opened=T0 + 11),
            made(f"{here}/out/tmp", "tmp", opened=T0 + 11, status=Status.REMOVED, survives=False),
        ],
    )
    records = [
        record(["bash"], [sort, train], user=ME, name="first", cwd=here),
        single(
            ["train", "2"], [used("/q/x")], [made(f"{here}/model.pt", "model 2", opened=T1 + 5)], started=T1, user=ME, name="second"
        ),
        single(
            ["train", "3"],
            [],
            [made("/elsewhere/deep/model.pt", "model 3", opened=T2 + 5)],
            started=T2,
            user="somebody",
            name="second",
        ),
        nasty(started=T3),
    ]
    found = Desk(tmp_path, records)
    with closing(found.db):
        yield found


def job_called(desk: Desk, name: str) -> str:
    digest: bytes = desk.db.execute("SELECT digest FROM job WHERE name = ? ORDER BY started", (name,)).fetchone()[0]
    return digest.hex()


def test_at_is_ones_own_job_started_last(desk: Desk) -> None:
    assert isinstance(desk.resolve("@"), JobTarget)
    assert desk.resolve("@").job_id == job_called(desk, "second")  # type: ignore[union-attr]
    assert desk.resolve("@~0") == desk.resolve("@")
    assert desk.resolve("@~1").job_id == job_called(desk, "first")  # type: ignore[union-attr]
    with pytest.raises(NotFoundError, match="as many as 3 jobs"):
        desk.resolve("@~2")


def test_a_step_is_named_by_its_job_and_number(desk: Desk) -> None:
    first = job_called(desk, "first")
    for ref in (f"{first}:1", f"{first[:12]}:1", "first:1", "@~1:1", f"s:{first}:1"):
        target = desk.resolve(ref)
        assert isinstance(target, StepTarget)
        assert (target.job_id, target.step) == (first, 1)
    with pytest.raises(NotFoundError, match="has 2 steps and no file 7"):
        desk.resolve("first:7")


def test_a_path_of_a_job_is_what_that_job_had_there(desk: Desk) -> None:
    for ref in ("first:model.pt", f"first:{desk.cwd}/model.pt", "@~1:./model.pt", "@~1:out/../model.pt"):
        target = desk.resolve(ref)
        assert isinstance(target, ArtifactTarget)
        assert target.digest == content("model 1")
        assert target.generated is not None
    assert desk.resolve("first:raw").used is not None  # type: ignore[union-attr]
    assert desk.resolve("first:a").path == f"{desk.cwd}/out/a"  # type: ignore[union-attr]
    with pytest.raises(NotFoundError, match="neither read nor wrote nothing-here"):
        desk.resolve("first:nothing-here")


def test_a_directory_of_a_job_is_its_files(desk: Desk) -> None:
    target = desk.resolve("first:out")
    assert isinstance(target, FilesetTarget)
    assert [os.path.basename(member.path) for member in target.members] == ["a", "b", "tmp"]


def test_a_path_of_a_job_with_unknown_content_is_the_access(desk: Desk) -> None:
    target = desk.resolve("first:odd")
    assert isinstance(target, PathTarget)
    assert (target.status, target.step) == ("changed", 1)
    assert target.used is not None
    assert names(closure(desk.db, target, Direction.DOWNSTREAM)) == ["odd", "$ train", "model.pt", "a", "b", "tmp"]


def test_an_existing_file_is_looked_up_by_its_content(desk: Desk) -> None:
    (desk.cwd / "renamed").write_bytes(b"model 1")
    target = desk.resolve("renamed")
    assert isinstance(target, ArtifactTarget)
    assert (target.digest, target.note) == (content("model 1"), None)
    (desk.cwd / "model.pt").write_bytes(b"model 1")
    assert desk.resolve("model.pt").digest == content("model 1")  # type: ignore[union-attr]


def test_an_existing_file_of_unknown_content_is_looked_up_by_path_and_says_so(desk: Desk) -> None:
    (desk.cwd / "model.pt").write_bytes(b"changed since")
    target = desk.resolve("model.pt")
    assert isinstance(target, ArtifactTarget)
    assert target.digest == content("model 2")
    assert "no recorded job has seen" in (target.note or "")


def test_an_existing_file_that_nobody_recorded_is_not_found(desk: Desk) -> None:
    (desk.cwd / "new").write_bytes(b"never seen")
    with pytest.raises(NotFoundError, match="no recorded job has seen, and none was recorded at its path"):
        desk.resolve("./new")


def test_a_link_stands_for_what_it_points_to(desk: Desk) -> None:
    (desk.cwd / "model.pt").write_bytes(b"changed since")
    (desk.cwd / "latest").symlink_to("model.pt")
    assert desk.resolve("latest").digest == content("model 2")  # type: ignore[union-attr]


def test_a_recorded_path_is_its_newest_version(desk: Desk) -> None:
    for ref in ("model.pt", "./model.pt", f"{desk.cwd}/model.pt"):
        target = desk.resolve(ref)
        assert isinstance(target, ArtifactTarget)
        assert (target.digest, target.path, target.note) == (content("model 2"), f"{desk.cwd}/model.pt", None)
    unknown_content = desk.resolve("odd")
    assert isinstance(unknown_content, PathTarget)
    assert "is unknown (changed)" in (unknown_content.note or "")


def test_a_directory_is_the_newest_version_of_each_file_that_was_left_there(desk: Desk) -> None:
    for existing in (False, True):
        if existing:
            (desk.cwd / "out").mkdir()
        target = desk.resolve("out/")
        assert isinstance(target, FilesetTarget)
        assert [(os.path.basename(member.path), member.digest) for member in target.members] == [
            ("a", content("a")),
            ("b", content("b")),
        ]


def test_a_hash_or_an_unambiguous_prefix_of_one_is_enough(desk: Desk) -> None:
    first, model = job_called(desk, "first"), content("model 3")
    for ref in (first, first[:10], first[:8].upper()):
        assert desk.resolve(ref) == JobTarget(first, desk.resolve(first).rowid)  # type: ignore[union-attr]
    for ref in (model, model[:10], "a:" + model):
        target = desk.resolve(ref)
        assert isinstance(target, ArtifactTarget)
        assert (target.digest, target.path) == (model, None)
    with pytest.raises(NotFoundError, match="no job's, file's or fileset's hash begins with it"):
        desk.resolve("0123456789abcdef")
    with pytest.raises(NotFoundError, match="it is no recorded path, hash or name"):
        desk.resolve(model[:3])


def test_the_hash_of_a_fileset_names_its_files(tmp_path: Path) -> None:
    desk = Desk(tmp_path, pipeline(shard_count=6))
    with closing(desk.db):
        walk = fold(closure(desk.db, desk.resolve("training"), Direction.UPSTREAM))
        (shown,) = [node for node in walk.nodes.values() if node.kind is Kind.FILESET]
        for ref in (shown.digest, (shown.digest or "")[:8], shown.id):
            target = desk.resolve(ref or "")
            assert isinstance(target, FilesetTarget)
            assert Walker(desk.db, Direction.UPSTREAM).start(target).id == shown.id
            again = fold(closure(desk.db, target, Direction.UPSTREAM))
            assert names(again)[:2] == ["shards/ 6 files", "$ python3 prep.py --out shards"]


def test_a_prefix_of_several_things_lists_them(tmp_path: Path) -> None:
    words: dict[str, str] = {}
    for number in range(10_000):  # two contents and a job that share four digits
        words.setdefault(content(str(number))[:4], str(number))
    first = next(single(["x", str(n)]) for n in range(10_000) if job_id(single(["x", str(n)]))[:4] in words)
    shared = job_id(first)[:4]
    second = single(["maker"], [], [made("thing", words[shared])], started=T1)
    desk = Desk(tmp_path, [first, second])
    with closing(desk.db):
        with pytest.raises(AmbiguousError) as error:
            desk.resolve(shared)
        kinds = [line.split()[0] for line in error.value.candidates]
        assert kinds == ["job", "artifact"]
        assert [desk.resolve(line.split()[1]) for line in error.value.candidates] != []
        assert "/p/thing" in error.value.candidates[1]
        assert desk.resolve(f"{shared}:0") is not None  # only one of them is a job


def test_a_name_is_the_newest_of_that_name_and_says_so(desk: Desk) -> None:
    target = desk.resolve("second")
    assert isinstance(target, JobTarget)
    newest: bytes = desk.db.execute("SELECT digest FROM job WHERE user = 'somebody'").fetchone()[0]
    assert target.job_id == newest.hex()
    assert "newest of 2 jobs" in (target.note or "")


def test_a_base_name_or_the_end_of_a_path_is_a_name_too(desk: Desk) -> None:
    found = resolve(desk.store, desk.db, "model.pt", cwd="/nowhere")
    assert isinstance(found, ArtifactTarget)
    assert found.digest == content("model 3")
    assert found.note == "model.pt is the newest of 2 recorded files of that name, /elsewhere/deep/model.pt."
    assert resolve(desk.store, desk.db, "deep/model.pt", cwd="/nowhere").path == "/elsewhere/deep/model.pt"  # type: ignore[union-attr]
    with pytest.raises(NotFoundError):
        resolve(desk.store, desk.db, "eep/model.pt", cwd="/nowhere")
    with pytest.raises(NotFoundError, match="there is no such file now, and none was recorded"):
        resolve(desk.store, desk.db, "./model.pt", cwd="/nowhere")


@pytest.fixture
def two_projects(tmp_path: Path) -> Iterator[Desk]:
    """Two other projects and one below here have a `data/a.csv`; the newest is another's."""
    below = f"{tmp_path}/here/sub/data/a.csv"
    places = [(f"{tmp_path}/one/data/a.csv", T0), (below, T1), (f"{tmp_path}/two/data/a.csv", T2)]
    desk = Desk(tmp_path, [single(["get", path], [], [made(path, path, opened=time + 1)], started=time) for path, time in places])
    with closing(desk.db):
        yield desk


def test_a_relative_path_is_of_this_directory_first(two_projects: Desk) -> None:
    desk = two_projects
    found = desk.resolve("data/a.csv")
    assert isinstance(found, ArtifactTarget)
    assert (found.path, found.note) == (
        f"{desk.cwd}/sub/data/a.csv",
        f"data/a.csv is the recorded file of that name, {desk.cwd}/sub/data/a.csv.",
    )
    assert versions(desk.db, "data/a.csv", cwd=str(desk.cwd))[0].path == f"{desk.cwd}/sub/data/a.csv"
    assert desk.resolve("a.csv").path.endswith("/two/data/a.csv")  # type: ignore[union-attr]  # a name: the newest


@pytest.mark.parametrize("made_here", ["a directory", "a file", "something recorded"])
def test_another_projects_file_is_only_a_candidate(two_projects: Desk, tmp_path: Path, made_here: str) -> None:
    """Nothing of that name was recorded in this project, but it is one."""
    desk, mine = two_projects, tmp_path / "mine"
    (mine / "data").mkdir(parents=True)
    if made_here == "a file":
        (mine / "data" / "a.csv").write_text("nobody has seen this")
    elif made_here == "something recorded":
        (mine / "data").rmdir()
        desk.store.archive.keep(single(["other"], [], [made(f"{mine}/other", opened=T3)], started=T3))
        desk.store.sync()
    for ask in (partial(resolve, desk.store, desk.db), partial(versions, desk.db)):
        with pytest.raises(AmbiguousError, match=r"not recorded in .*/mine.*Elsewhere there are 3 such files\.") as error:
            ask("data/a.csv", cwd=str(mine))
        assert [line.split()[1] for line in error.value.candidates] == [
            f"{tmp_path}/two/data/a.csv", f"{desk.cwd}/sub/data/a.csv", f"{tmp_path}/one/data/a.csv",
        ]  # fmt: skip
    if made_here == "a file":
        with pytest.raises(AmbiguousError, match="that no recorded job has seen"):
            resolve(desk.store, desk.db, "data/a.csv", cwd=str(mine))
        with pytest.raises(AmbiguousError, match="Elsewhere there are 3 such files"):
            resolve(desk.store, desk.db, "a.csv", cwd=str(mine / "data"))


def test_names_may_hold_any_byte(desk: Desk) -> None:
    for path in NASTY:
        target = desk.resolve(path)
        assert isinstance(target, ArtifactTarget)
        assert target.path == path
        assert desk.resolve(f"nasty \udcfe\n:{path}").used is not None  # type: ignore[union-attr]
    assert isinstance(desk.resolve("nasty \udcfe\n"), JobTarget)
    assert len(desk.resolve("/p").members) == 2 * len(NASTY)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "ref", ["", "\0", "x" * 5000, ":", "a:b", "::", "@x", "@~", "~", "1" * 70, "/", ".", "..", "first:", "\udcff"]
)
def test_what_names_nothing_is_said_in_a_sentence(tmp_path: Path, ref: str) -> None:
    desk = Desk(tmp_path, [])
    with closing(desk.db), pytest.raises(NotFoundError) as error:
        desk.resolve(ref)
    assert error.value.message.endswith(".")
    assert error.value.hint


def test_the_latest_time_wins_over_the_latest_record(desk: Desk) -> None:
    late = single(["late"], [], [made(f"{desk.cwd}/model.pt", "model 0", opened=T0 - 5)], started=T0 - 9)
    later = single(["reader"], [used(f"{desk.cwd}/model.pt", "model 4", opened=T4)], started=T4)
    desk.store.archive.keep(late)
    desk.store.sync()
    assert desk.resolve("model.pt").digest == content("model 2")  # type: ignore[union-attr]
    desk.store.archive.keep(later)
    desk.store.sync()
    assert desk.resolve("model.pt").digest == content("model 4")  # type: ignore[union-attr]
