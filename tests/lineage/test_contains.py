"""Was this in there? Yes with the way, no, or unknown with every reason."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from roar_tui.errors import NotFoundError
from roar_tui.lineage import beside, gaps, running, small
from roar_tui.lineage.contains import Answer, contains, document
from roar_tui.lineage.model import Direction
from roar_tui.lineage.reference import resolve
from roar_tui.lineage.sought import seek
from roar_tui.record.model import Connection, Pipe, Record, State, Status
from roar_tui.record.model import Warning as RecordWarning
from roar_tui.store.schema import statements
from roar_tui.store.store import Store
from tests.builders import (
    SECOND,
    T0,
    build_store,
    content,
    job_id,
    made,
    nasty,
    pipeline,
    record,
    shards,
    single,
    step,
    unknown,
    used,
)
from tests.lineage.stories import T1, T2, T3, name

UP, DOWN = Direction.UPSTREAM, Direction.DOWNSTREAM


def ask(store: Store, ref: str, wanted: str, direction: Direction = UP, cwd: str = "/p", depth: int | None = None) -> Answer:
    with closing(store.reader()) as db:
        sought = seek(store, db, wanted, cwd=cwd, direction=direction, known=None, tick=None)
        return contains(store.archive, db, resolve(store, db, ref, cwd="/p"), direction, sought, depth)


def way(answer: Answer) -> list[str]:
    return [name(answer.path.nodes[node]) for node in answer.via]


def why(answer: Answer) -> list[tuple[str, str]]:
    return [(gap.subject, gap.why) for gap in answer.unknown]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return build_store(tmp_path, pipeline())


def test_yes_with_a_shortest_way_through_jobs_and_pipes(store: Store) -> None:
    answer = ask(store, "model.pt", content("raw"))
    assert answer.answer == "yes"
    assert way(answer) == [
        "model.pt", "$ python3 train.py --lr 0.1", "shard-00000.txt", "$ python3 prep.py --out shards", "pipe 0", "$ sort raw.txt",
        "raw.txt",
    ]  # fmt: skip
    assert answer.via[0] == "a:" + content("model raw 0.1")
    assert answer.via[-1] == "a:" + content("raw")
    assert document(answer)["unknown"] == []


def test_the_way_goes_along_the_data_downstream(store: Store) -> None:
    answer = ask(store, content("raw"), content("model raw 0.1"), DOWN)
    assert answer.answer == "yes"
    assert (way(answer)[0], way(answer)[-1]) == ("raw.txt", "model.pt")
    assert ask(store, "params.yaml", content("raw"), DOWN).answer == "no"


def test_a_member_of_a_fileset_is_found_by_its_own_hash(tmp_path: Path) -> None:
    records = [
        single(["split"], [used("raw")], shards("d", 100, opened=T0 + 1, write=True)),
        single(["train"], shards("d", 60, opened=T1), [made("model", opened=T1 + 100)], started=T1),
    ]
    store = build_store(tmp_path, records)
    assert way(ask(store, "model", content("shard 17 "))) == ["model", "$ train", "shard-00017.txt"]
    assert ask(store, "model", content("shard 77 ")).answer == "no"
    some = ask(store, "model", "d")
    assert (some.answer, some.found, some.of) == ("no", 60, 100)
    assert len(some.via) == 3
    every = ask(store, "d", "raw")
    assert (every.answer, every.found, every.of) == ("yes", 1, 1)


def test_a_file_is_what_it_is_now(store: Store, tmp_path: Path) -> None:
    (tmp_path / "raw.txt").write_text("raw")
    assert ask(store, "model.pt", "raw.txt", cwd=str(tmp_path)).answer == "yes"
    (tmp_path / "raw.txt").write_text("something else")
    assert ask(store, "model.pt", "raw.txt", cwd=str(tmp_path)).answer == "no"


def test_an_earlier_version_of_the_file_is_named(tmp_path: Path) -> None:
    place = tmp_path / "raw.txt"
    place.write_text("now")
    first = single(["prep"], [used(str(place), "first")], [made("clean", opened=T0 + 1)])
    read = [used("clean", opened=T1), used(str(place), "second", opened=T1)]
    store = build_store(tmp_path / "store", [first, single(["train"], read, [made("model", opened=T2)], started=T1)])
    answer = ask(store, "model", "raw.txt", cwd=str(tmp_path))
    assert (answer.answer, answer.via) == ("no", [])
    assert [each.path for each in answer.earlier] == [str(place)] * 2
    assert [each.digest for each in answer.earlier] == [content("second"), content("first")]
    assert [name(answer.path.nodes[node]) for node in answer.earlier[0].via] == ["model", "$ train", "raw.txt"]
    assert ask(store, "model", "clean").earlier == []  # it is there
    assert ask(store, "model", content("now")).earlier == []  # a hash is asked for, no path
    place.write_text("second")
    assert (ask(store, "model", "raw.txt", cwd=str(tmp_path)).answer, answer.of) == ("yes", 1)


def test_an_earlier_version_through_a_link_and_of_a_directorys_files(tmp_path: Path) -> None:
    folder = tmp_path / "d"
    folder.mkdir()
    (folder / "a").write_text("same")
    (folder / "b").write_text("new")
    (tmp_path / "link").symlink_to("d")
    (tmp_path / "b").symlink_to("d/b")
    read = [used(str(folder / "a"), "same"), used(str(folder / "b"), "old")]
    store = build_store(tmp_path / "store", [single(["train"], read, [made("model", opened=T0 + 9)])])
    for wanted in ("d", "link", "b", "link/b"):
        answer = ask(store, "model", wanted, cwd=str(tmp_path))
        assert (answer.answer, [each.path for each in answer.earlier]) == ("no", [str(folder / "b")])


def test_what_was_read_there_with_an_unknown_content_may_be_it(tmp_path: Path) -> None:
    place = tmp_path / "raw.txt"
    place.write_text("now")
    read = [unknown(str(place)), unknown("other", opened=T0 + 1)]
    store = build_store(tmp_path / "store", [single(["train"], read, [made("model", opened=T0 + 9)])])
    answer = ask(store, "model", "raw.txt", cwd=str(tmp_path))
    assert (answer.answer, answer.earlier) == ("unknown", [])
    assert why(answer) == [
        (str(place), "it was read there, with a content that is not known: it changed before it could be hashed"),
        ("/p/other", "it changed before it could be hashed"),
    ]


SMALL = [
    single(["prep"], [used("raw")], [made("out/flag", "1\n", opened=T0 + 1, size=2)]),
    single(["train"], [used("in/flag", "1\n", opened=T1, size=2)], [made("model", opened=T2)], started=T1, ended=T3),
]


def test_a_small_root_that_somebody_else_made_too_may_be_his(tmp_path: Path) -> None:
    answer = ask(build_store(tmp_path, SMALL), "model", content("raw"))
    assert answer.answer == "unknown"
    assert why(answer) == [("/p/in/flag", "too small (2 B) to be told apart: prep made the same content as /p/out/flag")]
    third = single(["touch"], [], [made("flag", "1\n", opened=T0 + 3, size=2)], started=T0 + 2)
    ((_, reason),) = why(ask(build_store(tmp_path / "2", [*SMALL, third]), "model", content("raw")))
    assert reason.endswith("touch made the same content as /p/flag, and so did 1 other")
    assert ask(build_store(tmp_path / "3", SMALL), "model", content("raw"), depth=2).answer == "no"


def test_a_content_that_is_large_or_made_later_leaves_no_doubt(tmp_path: Path) -> None:
    later = single(["touch"], [], [made("flag", "1\n", opened=T2, size=2)], started=T2)
    assert ask(build_store(tmp_path / "1", [SMALL[1], later]), "model", content("raw")).answer == "no"
    copied = single(["sh"], [used("in/flag", "1\n", opened=T0 + 2, size=2)], [made("copy", "1\n", opened=T0, size=2)], started=T0)
    assert ask(build_store(tmp_path / "4", [SMALL[1], copied]), "model", content("raw")).answer == "no"  # it was there before
    alone = build_store(tmp_path / "2", SMALL[1:])
    assert ask(alone, "model", content("raw")).answer == "no"
    large = [
        single(["prep"], [used("raw")], [made("out/flag", "1\n", opened=T0 + 1, size=64)]),
        single(["train"], [used("in/flag", "1\n", opened=T1, size=64)], [made("model", opened=T2)], started=T1),
    ]
    assert ask(build_store(tmp_path / "3", large), "model", content("raw")).answer == "yes"


def test_a_directory_that_exists_is_all_of_its_files(store: Store, tmp_path: Path) -> None:
    (tmp_path / "d" / "sub").mkdir(parents=True)
    (tmp_path / "d" / "one").write_text("raw 1")
    (tmp_path / "d" / "sub" / "two").write_text("raw 2")
    answer = ask(store, "model.pt", "d", cwd=str(tmp_path))
    assert (answer.answer, answer.found, answer.of) == ("yes", 2, 2)
    (tmp_path / "d" / "three").write_text("three")
    answer = ask(store, "model.pt", "d", cwd=str(tmp_path))
    assert (answer.answer, answer.found, answer.of) == ("no", 2, 3)
    (tmp_path / "d" / "four").symlink_to("three")
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotFoundError):
        ask(store, "model.pt", "empty", cwd=str(tmp_path))


def test_a_digest_that_nobody_has_seen_is_a_no_and_a_prefix_is_not_found(store: Store) -> None:
    assert ask(store, "model.pt", content("never")).answer == "no"
    with pytest.raises(NotFoundError):
        ask(store, "model.pt", content("never")[:8])


def test_jobs_and_steps_can_be_sought(store: Store) -> None:
    fetch, prep, _ = pipeline()
    assert ask(store, "model.pt", job_id(prep)).answer == "yes"
    assert ask(store, "model.pt", f"{job_id(prep)}:1").answer == "yes"
    assert ask(store, f"{job_id(fetch)}", job_id(prep)).answer == "no"
    assert ask(store, "raw.txt", job_id(prep), DOWN).answer == "yes"


def test_depth_limits_it(store: Store) -> None:
    assert ask(store, "model.pt", content("raw 1"), depth=2).answer == "yes"
    assert ask(store, "model.pt", content("raw"), depth=2).answer == "no"


def test_the_target_contains_itself(store: Store) -> None:
    assert way(ask(store, "model.pt", content("model raw 0.1"))) == ["model.pt"]


def lone(tmp_path: Path, *accesses: Any, **more: Any) -> Store:
    """One job that made `model` from x and `accesses`."""
    return build_store(tmp_path, [single(["train"], [used("x"), *accesses], [made("model", opened=T0 + 50)], **more)])


@pytest.mark.parametrize("status", [Status.CHANGED, Status.SKIPPED, Status.UNREADABLE, Status.MISSING])
def test_an_input_of_unknown_content_could_be_it(tmp_path: Path, status: Status) -> None:
    store = lone(tmp_path, unknown("y", status, opened=T0 + 1))
    answer = ask(store, "model", content("z"))
    assert answer.answer == "unknown"
    ((subject, reason),) = why(answer)
    assert subject == "/p/y"
    assert "hashed" in reason
    assert ask(store, "model", content("x")).answer == "yes"
    assert answer.unknown[0].node == f"f:{resolved_job(store)}:0:0"


def resolved_job(store: Store) -> str:
    with closing(store.reader()) as db:
        digest: bytes = db.execute("SELECT digest FROM job").fetchone()[0]
    return digest.hex()


def test_an_access_of_unknown_content_is_found_as_itself(tmp_path: Path) -> None:
    store = lone(tmp_path, unknown("y", opened=T0 + 1))
    assert ask(store, "model", "/p/y").answer == "yes"
    other = single(["other"], [unknown("/q/z", opened=T1)], [made("o", opened=T1 + 1)], started=T1)
    store = build_store(tmp_path / "2", [*records_of(tmp_path), other])
    answer = ask(store, "model", "/q/z")
    assert ("/q/z", "its content was not known (changed)") in why(answer)


def records_of(tmp_path: Path) -> list[Record]:
    archive = Store.open(tmp_path).archive
    return [archive.load_file(each) for each in archive.files()]


@pytest.mark.parametrize("state", [State.INTERRUPTED, State.UNTRACED, State.RUNNING])
def test_a_job_that_was_not_seen_whole_could_have_read_it(tmp_path: Path, state: State) -> None:
    answer = ask(lone(tmp_path, state=state), "model", content("z"))
    assert answer.answer == "unknown"
    assert [gap.subject for gap in answer.unknown] == ["train"]


def test_an_untraced_job_that_is_asked_about(tmp_path: Path) -> None:
    store = build_store(tmp_path, [record(["su"], [step(["su"])], state=State.UNTRACED, name="it")])
    assert why(ask(store, "it", content("z"))) == [("su", "it ran untraced: what it read and wrote is not known")]
    empty = build_store(tmp_path / "2", [record(["su"], [], state=State.UNTRACED, name="it")])
    assert ask(empty, "it", content("z")).answer == "unknown"


def test_warnings_that_limit_what_was_seen(tmp_path: Path) -> None:
    limits = [RecordWarning(code, f"about {code}") for code in ("io_uring", "remote", "namespace", "of the future")]
    harmless = [RecordWarning(code, f"about {code}") for code in ("changed", "git")]
    answer = ask(lone(tmp_path, warnings=[*limits, *harmless]), "model", content("z"))
    assert answer.answer == "unknown"
    assert [reason for _, reason in why(answer)] == ["about io_uring", "about remote", "about namespace", "about of the future"]
    assert ask(lone(tmp_path / "2", warnings=harmless), "model", content("z")).answer == "no"


def test_a_connection_of_a_step_in_the_walk(tmp_path: Path) -> None:
    def store(place: Path, *connections: Connection, number: int) -> Store:
        import msgspec

        train = step(["train"], used=[used("x")], generated=[made("model", opened=T0 + 50)])
        other = step(["upload"], number=1, parent=0, used=[], started=T0 + 1)
        steps = [
            msgspec.structs.replace(each, connections=list(connections)) if each.id == number else each for each in (train, other)
        ]
        return build_store(place, [record(["train"], steps)])

    web, more, names = Connection("10.0.0.1", 443, T0), Connection("10.0.0.2", 80, T0), Connection("10.0.0.53", 53, T0)
    answer = ask(store(tmp_path / "1", web, more, web, number=0), "model", content("z"))
    assert why(answer) == [("train", "it was connected to 10.0.0.1:443 and 1 more: what went over the network is not seen")]
    assert ask(store(tmp_path / "2", web, number=1), "model", content("z")).answer == "no"
    assert ask(store(tmp_path / "3", names, number=0), "model", content("z")).answer == "no"


def test_a_record_that_cannot_be_read(tmp_path: Path) -> None:
    store = lone(tmp_path)
    for file in store.archive.files():
        (store.archive.records / file).write_bytes(b"")
    answer = ask(store, "model", content("z"))
    assert answer.answer == "unknown"
    assert "its record cannot be read" in why(answer)[0][1]


def test_names_that_are_no_text_do_not_hide_the_warnings(tmp_path: Path) -> None:
    import msgspec

    job = msgspec.structs.replace(nasty(), warnings=[RecordWarning("io_uring", "the ring")])
    store = build_store(tmp_path, [job])
    assert "the ring" in [reason for _, reason in why(ask(store, job_id(job), content("z")))]


def test_a_digest_of_another_kind_cannot_be_compared(tmp_path: Path) -> None:
    foreign = used("y", digest="ab" * 32, algorithm="sha256", opened=T0 + 1)
    composite = used("set", digest="cd" * 32, algorithm="composite-blake3", opened=T0 + 2)
    assert why(ask(lone(tmp_path, foreign, composite), "model", content("z"))) == [
        ("/p/y", "it is known by its sha256 digest alone"),
        ("/p/set", "it is a set whose files are not known"),
    ]


def shell(*steps: Any, pipes: Sequence[Pipe] = ()) -> Record:
    bash = step(["bash", "job.sh"], used=[used("job.sh")], ended=T0 + 60 * SECOND)
    return record(["bash", "job.sh"], [bash, *steps], pipes=list(pipes), ended=T0 + 60 * SECOND)


TRAIN = step(["train"], number=1, parent=0, used=[used("x")], generated=[made("model", opened=T0 + 50)], ended=T0 + 10 * SECOND)


def test_a_descendant_that_nothing_links_may_have_handed_on_what_it_read(tmp_path: Path) -> None:
    worker = step(["worker"], number=2, parent=1, used=[used("y")], started=T0 + SECOND)
    store = build_store(tmp_path, [shell(TRAIN, worker)])
    answer = ask(store, "model", content("y"))
    assert answer.answer == "unknown"
    assert why(answer) == [(content("y"), "worker had it, a step of the same job that nothing seen links to this")]
    assert ask(store, "model", content("z")).answer == "no"
    assert ask(store, "model", content("job.sh")).answer == "unknown"


def test_what_such_a_descendant_read_without_a_digest_could_be_anything(tmp_path: Path) -> None:
    worker = step(["worker"], number=2, parent=1, used=[unknown("y")], started=T0 + SECOND)
    answer = ask(build_store(tmp_path, [shell(TRAIN, worker)]), "model", content("z"))
    assert (answer.answer, [gap.subject for gap in answer.unknown]) == ("unknown", ["/p/y"])


def test_a_descendant_that_came_too_late_or_explains_itself_has_no_part(tmp_path: Path) -> None:
    late = step(["cat"], number=2, parent=0, used=[used("y")], started=T0 + 20 * SECOND)
    other = step(["sort"], number=3, parent=0, used=[used("o")], generated=[made("sorted", opened=T0 + 1)], started=T0)
    store = build_store(tmp_path, [shell(TRAIN, late, other)])
    assert ask(store, "model", content("y")).answer == "no"
    assert ask(store, "model", content("o")).answer == "no"


def test_scratch_that_nobody_read_explains_nothing(tmp_path: Path) -> None:
    lock = made("/tmp/lock", survives=False, status=Status.REMOVED)
    worker = step(["worker"], number=2, parent=1, used=[used("y")], generated=[lock], started=T0 + SECOND)
    assert ask(build_store(tmp_path, [shell(TRAIN, worker)]), "model", content("y")).answer == "unknown"


def test_what_went_to_the_shell_through_a_pipe(tmp_path: Path) -> None:
    """`train $(cat seed)`: the shell puts it into the arguments."""
    cat = step(["cat", "seed"], number=2, parent=0, used=[used("seed", opened=T0 - SECOND)], started=T0 - SECOND)
    store = build_store(tmp_path, [shell(TRAIN, cat, pipes=[Pipe(0, "pipe", T0 - SECOND, [2], [0])])])
    answer = ask(store, "model", content("seed"))
    assert answer.answer == "unknown"
    assert answer.unknown[0].why.startswith("bash job.sh had it")


def test_what_such_a_descendant_read_was_made_from_counts_too(tmp_path: Path) -> None:
    before = single(["make"], [used("raw", opened=T0 - 9 * SECOND)], [made("y", opened=T0 - 8 * SECOND)], started=T0 - 9 * SECOND)
    worker = step(["worker"], number=2, parent=1, used=[used("y")], started=T0 + SECOND)
    assert ask(build_store(tmp_path, [before, shell(TRAIN, worker)]), "model", content("raw")).answer == "unknown"


def test_downstream_a_step_that_left_nothing_may_have_handed_it_on(tmp_path: Path) -> None:
    worker = step(["worker"], number=2, parent=1, used=[used("y")], started=T0 + SECOND)
    store = build_store(tmp_path, [shell(TRAIN, worker)])
    assert ask(store, content("y"), content("model"), DOWN).answer == "unknown"
    assert ask(store, content("x"), content("model"), DOWN).answer == "yes"
    late = step(["worker"], number=2, parent=1, used=[used("y", opened=T0 + 20 * SECOND)], started=T0 + 20 * SECOND)
    assert ask(build_store(tmp_path / "2", [shell(TRAIN, late)]), content("y"), content("model"), DOWN).answer == "no"


def test_what_was_read_after_the_model_was_finished_is_not_in_it(tmp_path: Path) -> None:
    records = [single(["train"], [used("x"), used("late", opened=T2)], [made("model", opened=T0 + 1, finished=T1)], ended=T3)]
    assert ask(build_store(tmp_path, records), "model", content("late")).answer == "no"


def test_a_content_that_both_comes_and_goes_ends(tmp_path: Path) -> None:
    noop = single(["touch"], [used("x", "same", opened=T0)], [made("x", "same", opened=T0 + 1)])
    assert ask(build_store(tmp_path, [noop]), "x", content("z")).answer == "no"


@pytest.mark.parametrize(("query", "values"), [(beside.STEPS, 1), (gaps.JOB, 1), (running.STATE, 1), (small.SIGHTED, 2)])
def test_no_query_reads_a_whole_table(query: str, values: int) -> None:
    with closing(sqlite3.connect(":memory:")) as db:
        for statement in statements():
            db.execute(statement)
        plan = [row[3] for row in db.execute("EXPLAIN QUERY PLAN " + query, [b""] * values)]
    assert [line for line in plan if re.match(r"SCAN (?!CONSTANT)", line)] == []
