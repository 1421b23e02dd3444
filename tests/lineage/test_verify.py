"""What should be on disk, and what became of it."""

from __future__ import annotations

import os
import re
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from roar_tui.lineage import verify, workers
from roar_tui.lineage.expected import NEWEST_OF_PATH, OF_JOB, Expectation, everything, expected
from roar_tui.lineage.reference import resolve
from roar_tui.lineage.verify import Verification, Verified, document
from roar_tui.record.model import Access, Record, Role, Status
from roar_tui.store.known import KnownDigests
from roar_tui.store.schema import statements
from roar_tui.store.store import Store
from tests.builders import T0, build_store, content, job_id, made, record, single, step, used
from tests.lineage.stories import T1, T2, T3


def long(word: str) -> str:
    """A content that is no other by chance."""
    return word * 100


def put(root: Path, name: str, word: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(long(word))


def read(root: Path, name: str, word: str, **more: Any) -> Access:
    return used(str(root / name), long(word), size=len(long(word)), **more)


def wrote(root: Path, name: str, word: str, **more: Any) -> Access:
    return made(str(root / name), long(word), size=len(long(word)), **more)


def verified(store: Store, ref: str | None = None, known: KnownDigests | None = None) -> Verified:
    with closing(store.reader()) as db:
        verification = Verification(store, db, known)
        verification.plan(None if ref is None else resolve(store, db, ref, cwd="/"))
        return verification.run()


def story(root: Path, result: Verified) -> list[tuple[str, ...]]:
    """The problems in short: path, state, and where it is now."""
    return [
        (os.path.relpath(each.path, root), each.state, *([os.path.relpath(each.moved_to, root)] if each.moved_to else []))
        for each in result.problems
    ]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "p"
    root.mkdir()
    return root


@pytest.fixture
def store(tmp_path: Path, project: Path) -> Store:
    """raw -> prep -> a, b -> train -> model; everything is on disk as it was recorded."""
    prep = single(
        ["prep"],
        [read(project, "raw", "raw", opened=T0)],
        [wrote(project, "a", "a", opened=T0 + 1), wrote(project, "b", "b", opened=T0 + 2)],
        name="prep",
    )
    train = single(
        ["train"],
        [read(project, "a", "a", opened=T1), read(project, "b", "b", opened=T1 + 1)],
        [wrote(project, "model", "model", opened=T1 + 2), wrote(project, "tmp", "tmp", opened=T1, survives=False)],
        started=T1,
        name="train",
    )
    for name in ("raw", "a", "b", "model"):
        put(project, name, name)
    return build_store(tmp_path / "store", [prep, train])


def test_what_is_as_it_was_recorded_is_unchanged(store: Store) -> None:
    result = verified(store)
    assert (result.checked, result.unchanged, result.problems, result.unknown) == (4, 4, [], [])
    assert (result.records.checked, result.records.damaged) == (2, [])
    assert result.complete
    assert result.sound


def test_changed_gone_and_moved(store: Store, project: Path) -> None:
    put(project, "a", "other")
    (project / "b").unlink()
    (project / "model").rename(project / "raw")
    result = verified(store)
    assert story(project, result) == [("a", "changed"), ("b", "gone"), ("model", "moved", "raw"), ("raw", "changed")]
    assert [each.now for each in result.problems] == [content(long("other")), None, None, content(long("model"))]
    assert not result.sound


def test_a_content_that_is_at_another_recorded_path_has_moved(tmp_path: Path, project: Path) -> None:
    records = [
        single(["make"], [], [wrote(project, "old", "x", opened=T0)]),
        single(["copy"], [read(project, "old", "x", opened=T1)], [wrote(project, "new", "x", opened=T1 + 1)], started=T1),
    ]
    put(project, "new", "x")
    assert story(project, verified(build_store(tmp_path / "store", records))) == [("old", "moved", "new")]


def test_a_small_content_elsewhere_is_no_move(tmp_path: Path, project: Path) -> None:
    paths = [str(project / name) for name in ("old", "new")]
    records = [single(["make"], [], [made(path, "1\n", size=2) for path in paths])]
    (project / "new").write_text("1\n")
    assert story(project, verified(build_store(tmp_path / "store", records))) == [("old", "gone")]


@pytest.mark.parametrize(
    ("ref", "seen"),
    [("prep", {"raw", "a", "b"}), ("train", {"a", "b", "model"}), ("prep:0", {"raw", "a", "b"}), ("train:model", {"model"})],
)
def test_a_reference_says_which_files(store: Store, project: Path, ref: str, seen: set[str]) -> None:
    with closing(store.reader()) as db:
        files = expected(db, resolve(store, db, ref, cwd="/")).files
    assert {os.path.relpath(each.path, project) for each in files} == seen


def test_a_path_a_hash_and_a_directory(store: Store, project: Path) -> None:
    put(project, "a", "other")
    for ref in (str(project / "a"), content(long("a")), content(long("a"))[:8]):
        assert story(project, verified(store, ref)) == [("a", "changed")]
    result = verified(store, str(project))
    assert (result.checked, story(project, result)) == (4, [("a", "changed")])
    assert verified(store, str(project / "b")).unchanged == 1


def test_a_file_with_an_older_recorded_content_has_changed(tmp_path: Path, project: Path) -> None:
    records = [
        single(["v1"], [], [wrote(project, "x", "one", opened=T0)]),
        single(["v2"], [], [wrote(project, "x", "two", opened=T1)], started=T1, name="v2"),
    ]
    store = build_store(tmp_path / "store", records)
    put(project, "x", "one")
    (found,) = verified(store, str(project / "x")).problems
    assert (found.digest, found.now, found.now_job) == (content(long("two")), content(long("one")), job_id(records[0]))
    assert verified(store, "v2:x").problems == [found]
    put(project, "x", "two")
    assert verified(store).sound


def standing(root: Path, *records: Record) -> dict[str, str | None]:
    """What should be on disk after `records`: path -> digest, None where that is not known."""
    with closing(build_store(root, records).reader()) as db:
        return {seen.path: None if seen.digest is None else seen.digest.hex() for seen in everything(db)}


def test_what_a_job_removed_should_not_be_there_unless_somebody_read_it_there_later(tmp_path: Path) -> None:
    gone = single(
        ["scratch"], [used("/x", opened=T0)], [made("/t", opened=T0, survives=False), made("/x", opened=T0 + 1, survives=False)]
    )
    assert standing(tmp_path / "1", gone) == {}
    back = single(["reader"], [used("/t", "again", opened=T1)], started=T1)
    assert standing(tmp_path / "2", gone, back) == {"/t": content("again")}


def test_the_last_write_outdoes_a_read_that_began_before_it_was_finished(tmp_path: Path) -> None:
    records = [
        single(["writer"], [], [made("/x", "whole", opened=T0, finished=T2)]),
        single(["reader"], [used("/x", "half", opened=T1)], started=T1),
    ]
    assert standing(tmp_path, *records) == {"/x": content("whole")}


def test_a_read_that_could_not_be_hashed_says_nothing_and_a_write_that_could_not_be_says_unknown(tmp_path: Path) -> None:
    first = single(["writer"], [], [made("/x", "one", opened=T0)])
    skipped = single(["reader"], [used("/x", status=Status.SKIPPED, opened=T1)], started=T1)
    assert standing(tmp_path / "1", first, skipped) == {"/x": content("one")}
    over = single(["writer", "2"], [], [made("/x", status=Status.SKIPPED, opened=T2)], started=T2)
    assert standing(tmp_path / "2", first, skipped, over) == {"/x": None}
    again = single(["reader"], [used("/x", "two", opened=T3)], started=T3)
    assert standing(tmp_path / "3", first, over, again) == {"/x": content("two")}


def test_the_environment_is_left_out(tmp_path: Path) -> None:
    assert standing(tmp_path, single(["x"], [used("/usr/lib/libc.so", role=Role.ENVIRONMENT), used("/d")])) == {"/d": content("/d")}


def of_job(tmp_path: Path, ref: str, *steps: Any) -> Expectation:
    store = build_store(tmp_path, [record(["job"], steps, name="job")])
    with closing(store.reader()) as db:
        return expected(db, resolve(store, db, ref, cwd="/"))


def test_an_input_that_the_job_itself_wrote_over_is_its_output(tmp_path: Path) -> None:
    edit = step(["sed", "-i"], used=[used("/x", "old", opened=T0)], generated=[made("/x", "new", opened=T0 + 1)])
    found = of_job(tmp_path, "job", edit)
    assert [(each.path, each.digest) for each in found.files] == [("/x", content("new"))]


def test_what_a_later_step_wrote_over_is_not_expected_of_an_earlier_one(tmp_path: Path) -> None:
    first = step(["one"], generated=[made("/x", "1", opened=T0, survives=False), made("/y", opened=T0)])
    second = step(
        ["two"], number=1, used=[used("/x", "1", opened=T1, external=False), used("/y", opened=T1, external=False)],
        generated=[made("/x", "2", opened=T2)],
    )  # fmt: skip
    assert [each.path for each in of_job(tmp_path, "job:0", first, second).files] == ["/y"]
    both = of_job(tmp_path, "job:1", first, second).files
    assert [(each.path, each.digest) for each in both] == [("/x", content("2")), ("/y", content("/y"))]


def test_unknown_contents_are_said_with_the_reason(tmp_path: Path) -> None:
    foreign = used("/z", algorithm="composite-blake3")
    found = of_job(tmp_path, "job", step(["x"], used=[used("/x", status=Status.CHANGED), foreign]))
    assert [(each.path, each.why) for each in found.unknown] == [
        ("/x", "its content was not known (changed)"),
        ("/z", "its digest is of a kind that cannot be made here (composite-blake3)"),
    ]


def test_a_digest_of_another_algorithm_is_made_with_it(tmp_path: Path, project: Path) -> None:
    import hashlib

    (project / "x").write_bytes(b"data")
    access = used(str(project / "x"), digest=hashlib.sha256(b"data").hexdigest(), algorithm="sha256", size=4)
    store = build_store(tmp_path / "store", [single(["x"], [access])])
    assert verified(store).unchanged == 1
    (project / "x").write_bytes(b"else")
    assert [each.now for each in verified(store).problems] == [hashlib.sha256(b"else").hexdigest()]


def test_what_cannot_be_read_is_unknown(store: Store, project: Path) -> None:
    (project / "a").unlink()
    (project / "a").symlink_to("a")
    result = verified(store)
    assert (result.checked, result.problems) == (3, [])
    assert [each.why for each in result.unknown] == ["it cannot be read (Too many levels of symbolic links)"]


def test_a_directory_or_pipe_in_its_place_is_a_change(store: Store, project: Path) -> None:
    (project / "a").unlink()
    os.mkfifo(project / "a")
    (project / "b").unlink()
    (project / "b").mkdir()
    assert story(project, verified(store)) == [("a", "changed"), ("b", "changed")]


def test_times_and_sizes_are_not_trusted_but_for_quick(store: Store, project: Path, tmp_path: Path) -> None:
    before = os.stat(project / "a")
    (project / "a").write_text(long("A"))
    os.utime(project / "a", ns=(before.st_atime_ns, before.st_mtime_ns))
    known = KnownDigests(tmp_path / "known")
    known.put_many([(str(project / "a"), os.stat(project / "a"), content(long("a")))])
    assert story(project, verified(store)) == [("a", "changed")]
    assert verified(store, known=known).sound


def test_damaged_records_and_blobs_are_found(store: Store) -> None:
    blob = store.archive.keep_blob(b"a snapshot")
    assert verified(store).blobs.checked == 1
    path = store.archive.blobs / blob[:2] / f"{blob}.gz"
    path.write_bytes(path.read_bytes()[:-9])
    name = next(store.archive.files())
    swapped = store.archive.records / name
    others = [store.archive.records / each for each in store.archive.files() if each != name]
    swapped.write_bytes(others[0].read_bytes())
    result = verified(store)
    assert [each.record for each in result.records.damaged] == [name]
    assert [each.record for each in result.blobs.damaged] == [f"{blob[:2]}/{blob}.gz"]
    assert "do not have the digest" in result.records.damaged[0].problem
    assert not result.sound


def test_of_a_job_its_own_record_and_blobs_are_checked(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    store.archive.ensure()
    blob = store.archive.keep_blob(b"code")
    mine = single(["x"], name="mine", snapshots={content("code"): blob})
    store = build_store(tmp_path, [mine, single(["y"], started=T1)])
    result = verified(store, "mine")
    assert (result.records.checked, result.blobs.checked) == (1, 1)
    day = next(store.archive.files()).split("/")[0]
    (store.archive.records / day / f"{job_id(mine)}.json.gz").write_bytes(b"no gzip")
    assert len(verified(store, "mine").records.damaged) == 1


def test_the_document_has_the_contracts_shape(store: Store, project: Path) -> None:
    (project / "a").unlink()
    shown = document(verified(store))
    assert shown["checked"] == 4
    assert {"path", "hash", "state", "now"} <= shown["problems"][0].keys()
    assert (shown["problems"][0]["state"], shown["problems"][0]["now"]) == ("gone", None)
    assert shown["records"] == {"checked": 2, "damaged": []}


def test_called_off_it_says_what_was_checked_until_then(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "threads", lambda: 1)
    others = threading.active_count()
    with closing(store.reader()) as db:
        verification = Verification(store, db)
        verification.plan(None)

        def tick() -> None:
            if verification.result.checked == 2:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            verification.run(tick)
    assert verification.result.checked == 2
    assert not verification.result.complete
    assert threading.active_count() == others


@pytest.mark.parametrize("query", [verify.WROTE, *NEWEST_OF_PATH, *OF_JOB])
def test_no_query_reads_a_whole_table(query: str) -> None:
    with closing(sqlite3.connect(":memory:")) as db:
        for statement in statements():
            db.execute(statement)
        values: Any = dict.fromkeys(re.findall(r":(\w+)", query), 0) or [b"", b""]
        plan = [row[3] for row in db.execute("EXPLAIN QUERY PLAN " + query, values)]
    assert [line for line in plan if re.match(r"SCAN (?!CONSTANT)", line)] == []


def test_work_is_spread_and_every_item_comes_once() -> None:
    found = list(workers.spread(lambda item, _: item * 2, range(5000)))
    assert sorted(found) == [(item, item * 2) for item in range(5000)]


def test_what_work_raises_is_raised_where_it_is_waited_for() -> None:
    def fail(item: int, _: threading.Event) -> int:
        raise ValueError(item)

    with pytest.raises(ValueError, match="1"):
        list(workers.spread(fail, [1]))
