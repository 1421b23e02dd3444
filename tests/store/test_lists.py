from __future__ import annotations

import contextlib
import datetime
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roar_tui.record.model import Exit, Git, Role
from roar_tui.store import conditions, listing
from roar_tui.store.filter import Filter
from roar_tui.store.hashes import artifacts_with_prefix, jobs_with_prefix, short
from roar_tui.store.queries import artifact_row, artifacts, count_artifacts, count_jobs, job_row, jobs, totals
from roar_tui.store.results import Cursor
from tests.builders import MINUTE, T0, build_store, content, job_id, made, nasty, pipeline, record, single, two_runs, used

NOW = datetime.datetime.fromtimestamp(T0 / 1_000_000, datetime.timezone.utc)


@contextlib.contextmanager
def reading(root: Path, *records) -> Iterator[sqlite3.Connection]:  # type: ignore[no-untyped-def]
    with contextlib.closing(build_store(root / "store", records).reader()) as db:
        yield db


def jobs_that(db: sqlite3.Connection, text: str) -> list[str]:
    """The commands of the jobs that pass, and the proof that they are counted alike."""
    parsed = Filter.parse(text, now=NOW)
    found = jobs(db, parsed, limit=1000)
    assert count_jobs(db, parsed) == len(found)
    return [" ".join(row.command) for row in found]


def artifacts_that(db: sqlite3.Connection, text: str) -> set[str]:
    """The newest paths of the artifacts that pass, and the proof that they are counted alike."""
    parsed = Filter.parse(text, now=NOW)
    found = artifacts(db, parsed, limit=1000)
    assert count_artifacts(db, parsed) == len(found)
    return {row.paths[0] for row in found}


def test_jobs_come_newest_first_with_their_counts(tmp_path: Path) -> None:
    with reading(tmp_path, *pipeline()) as db:
        train, prep, fetch = jobs(db, limit=10)
        assert [row.command[-1] for row in (train, prep, fetch)] == ["0.1", "prep.sh", "fetch.py"]
        assert (train.inputs, train.outputs, train.steps, train.duration) == (10, 3, 1, 30.0)
        assert (prep.inputs, prep.outputs, prep.steps) == (3, 8, 3)
        assert (train.name, train.git_branch, train.git_dirty, train.exit) == ("training", "main", True, Exit(0))
        assert train.id == job_id(pipeline()[2])
        assert job_row(db, train.id) == train
        assert job_row(db, content("none")) is None


def test_artifacts_tell_where_they_were_and_by_whom(tmp_path: Path) -> None:
    again = single(["python3", "train.py"], [used("copy/raw.txt", "raw", opened=T0 + MINUTE * 9)], started=T0 + MINUTE * 9)
    with reading(tmp_path, *pipeline(), again) as db:
        row = artifact_row(db, content("raw"))
        assert row is not None
        assert row.paths == ["/p/copy/raw.txt", "/p/raw.txt"]
        assert (row.path_count, row.producers, row.consumers, row.made_by) == (2, 1, 2, ["python3", "fetch.py"])
        assert (row.first_seen, row.kind, row.algorithm, row.size) == (T0 + 10, "file", "blake3", 1000)
        assert row in artifacts(db, limit=100)
        assert artifact_row(db, content("none")) is None
        source = artifact_row(db, content("fetch.py"))
        assert source is not None
        assert source.made_by is None


def test_an_artifact_seen_very_often_shows_the_newest_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MANY_ACCESSES", 3)
    monkeypatch.setattr(listing, "NEWEST", 3)
    reads = [single(["cat"], [used(f"copy-{n}", "same", opened=T0 + n)], started=T0 + n) for n in range(10)]
    with reading(tmp_path, *reads) as db:
        row = artifact_row(db, content("same"))
        assert row is not None
        assert row.paths == ["/p/copy-9", "/p/copy-8", "/p/copy-7"]
        assert row.consumers == 10


@settings(max_examples=20, deadline=None)
@given(starts=st.lists(st.integers(0, 3), min_size=1, max_size=12), size=st.integers(1, 5))
def test_pages_from_either_end_give_every_row_once(
    tmp_path_factory: pytest.TempPathFactory, starts: list[int], size: int
) -> None:
    records = [
        single(["job", str(n)], [used(f"f{n}", opened=T0 + at)], started=T0 + at) for n, at in enumerate(starts)
    ]  # many at the same time
    with reading(tmp_path_factory.mktemp("pages"), *records) as db:
        for ask in (jobs, artifacts):
            whole = ask(db, limit=100)
            assert len(whole) == len(starts)
            assert [row.cursor for row in whole] == sorted((row.cursor for row in whole), reverse=True)
            down: list[object] = []
            cursor: Cursor | None = None
            while page := ask(db, limit=size, after=cursor):
                down += page
                cursor = page[-1].cursor
            assert down == whole
            up: list[object] = []
            cursor = Cursor(0, 0)
            while page := ask(db, limit=size, before=cursor):
                up = [*page, *up]
                cursor = page[0].cursor
            assert up == whole
            assert ask(db, limit=size, offset=2) == whole[2 : 2 + size]


def test_words_are_looked_for_in_command_name_and_paths(tmp_path: Path) -> None:
    with reading(tmp_path, *pipeline()) as db:
        assert jobs_that(db, "") == ["python3 train.py --lr 0.1", "bash prep.sh", "python3 fetch.py"]
        assert jobs_that(db, "fetch") == ["python3 fetch.py"]
        assert jobs_that(db, "TRAINING") == ["python3 train.py --lr 0.1"]
        assert jobs_that(db, "raw.txt") == ["bash prep.sh", "python3 fetch.py"]
        assert jobs_that(db, "shard-00003 train.py") == ["python3 train.py --lr 0.1"]
        assert jobs_that(db, '"train.py --lr"') == ["python3 train.py --lr 0.1"]
        assert jobs_that(db, "/p") == jobs_that(db, "")
        assert jobs_that(db, "nowhere") == []


@pytest.mark.parametrize("word", ["%", "_", "\\", "100%", "shard_00003"])
def test_signs_of_like_mean_themselves(tmp_path: Path, word: str) -> None:
    with reading(tmp_path, *pipeline()) as db:
        assert jobs_that(db, word) == []
        assert artifacts_that(db, word) == set()
    with reading(tmp_path / "2", single(["x"], [used(f"a{word}b")])) as db:
        assert jobs_that(db, word) == ["x"]
        assert artifacts_that(db, word) == {f"/p/a{word}b"}


def test_paths_that_are_not_utf8_are_found_by_bytes_and_by_text(tmp_path: Path) -> None:
    with reading(tmp_path, nasty(), *pipeline()) as db:
        for word in ("bad-\udcff", "\udcff\udc80", "bad-", ".bin.out", "漢字", "\udcfe", "dir\udcff"):
            assert len(jobs_that(db, word)) == 1, word
        assert artifacts_that(db, "bad-\udcff") == {"/p/bad-\udcff\udc80.bin", "/p/bad-\udcff\udc80.bin.out"}
        assert artifacts_that(db, "🦖") == {"/p/wide-漢字-🦖.txt", "/p/wide-漢字-🦖.txt.out"}


def test_keys_narrow(tmp_path: Path) -> None:
    failed = record(["false"], exit=Exit(code=1), host="gpu-7", started=T0 - MINUTE)
    killed = record(["sleep"], exit=Exit(signal=9), started=T0 - 2 * MINUTE)
    lost = record(["lost"], exit=None, started=T0 - 24 * 60 * MINUTE)
    branch = record(["branch"], git=Git("/p", None, "feature/x"), started=T0 - 3 * MINUTE)
    with reading(tmp_path, failed, killed, lost, branch, *pipeline()) as db:
        assert jobs_that(db, "exit:failed") == ["false", "sleep"]
        assert jobs_that(db, "exit:1") == ["false"]
        assert jobs_that(db, "exit:signal") == ["sleep"]
        assert jobs_that(db, "exit:kill") == ["sleep"]
        assert jobs_that(db, "exit:term") == []
        assert len(jobs_that(db, "exit:ok")) == 4
        assert jobs_that(db, "host:GPU") == ["false"]
        assert jobs_that(db, "git:726f") == ["python3 train.py --lr 0.1"]
        assert jobs_that(db, "git:feature") == ["branch"]
        assert jobs_that(db, "role:log") == ["python3 train.py --lr 0.1"]
        assert jobs_that(db, "role:environment") == []
        assert jobs_that(db, "before:12h") == ["lost"]
        assert len(jobs_that(db, "since:12h")) == 6
        assert jobs_that(db, "since:150s before:30s") == ["false", "sleep"]


def test_keys_narrow_artifacts(tmp_path: Path) -> None:
    failed = single(["false"], [used("input")], exit=Exit(code=1), host="gpu-7", started=T0 - MINUTE)
    with reading(tmp_path, failed, *pipeline()) as db:
        assert artifacts_that(db, "exit:failed") == {"/p/input"}
        assert artifacts_that(db, "host:gpu-7 input") == {"/p/input"}
        assert artifacts_that(db, "host:gpu-7 raw") == set()
        assert artifacts_that(db, "role:config") == {"/p/params.yaml"}
        assert artifacts_that(db, "role:log") == {"/p/train.log"}
        assert artifacts_that(db, "git:main model") == {"/p/model.pt"}
        assert "/p/fetch.py" not in artifacts_that(db, f"since:{(NOW + datetime.timedelta(seconds=30)).isoformat()}")


def test_hashes_narrow_with_and_without_the_key(tmp_path: Path) -> None:
    model = content("model raw 0.1")
    with reading(tmp_path, *two_runs()) as db:
        for text in (f"hash:{model[:7]}", model[:7], model.upper(), f"hash:{model}"):
            assert jobs_that(db, text) == ["python3 train.py --lr 0.1"]
            assert artifacts_that(db, text) == {"/p/model.pt"}
        identity = job_id(pipeline()[0])
        assert jobs_that(db, identity[:9]) == ["python3 fetch.py"]
        assert artifacts_that(db, identity[:9]) == set()


def test_a_word_of_hex_digits_is_a_word_too(tmp_path: Path) -> None:
    with reading(tmp_path, single(["feed.py"], [used("dead/beef.txt")])) as db:
        assert jobs_that(db, "feed") == ["feed.py"]
        assert artifacts_that(db, "beef") == {"/p/dead/beef.txt"}


@pytest.mark.parametrize("few", [0, 10_000])
@pytest.mark.parametrize("text", ["", "train", "shard-00001", "a b", "role:code prep", "p", "0.2"])
def test_both_ways_from_paths_to_jobs_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: int, text: str) -> None:
    with reading(tmp_path, *two_runs(), nasty()) as db:
        expected = jobs_that(db, text), artifacts_that(db, text)
        monkeypatch.setattr(conditions, "FEW", few)
        assert (jobs_that(db, text), artifacts_that(db, text)) == expected


def test_totals_count_each_content_once(tmp_path: Path) -> None:
    with reading(tmp_path, single(["a"], [used("x", size=70), used("y", size=30)]), single(["b"], [used("x", size=70)])) as db:
        found = totals(db)
        assert (found.jobs, found.artifacts, found.size) == (2, 2, 100)


def test_short_hashes_grow_until_they_are_alone(tmp_path: Path) -> None:
    near = [f"{'ab' * 6}{tail}{'0' * 51}" for tail in "123"]
    alone = "cd" * 32
    reads = [used(f"f{n}", digest=digest) for n, digest in enumerate([*near, alone])]
    with reading(tmp_path, single(["x"], reads)) as db:
        assert [short(db, digest) for digest in near] == [digest[:13] for digest in near]
        assert short(db, alone) == "cdcdcdcd"
        assert short(db, f"{alone[:20]}{'0' * 44}") == alone[:20] + "0"  # of a digest that is not in the store
        for digest in [*near, alone]:
            assert artifacts_with_prefix(db, short(db, digest), 5) == [digest]
        assert artifacts_with_prefix(db, "ABAB", 2) == near[:2]
        assert jobs_with_prefix(db, "", 5) == [row.id for row in jobs(db, limit=5)]


def test_a_hash_is_told_from_jobs_too(tmp_path: Path) -> None:
    job = single(["x"])
    identity = job_id(job)
    with reading(tmp_path, job, single(["y"], [used("f", digest=identity[:30] + "0" * 34)], started=T0 + 1)) as db:
        assert len(short(db, identity)) == 31


@pytest.mark.parametrize(
    "ask",
    [
        lambda db: jobs(db, limit=5, after=Cursor(T0, 5)),
        lambda db: jobs(db, limit=5, before=Cursor(T0, 5)),
        lambda db: artifacts(db, limit=5, after=Cursor(T0, 5)),
        lambda db: artifacts(db, limit=5, before=Cursor(T0, 5)),
        lambda db: short(db, content("raw")),
        lambda db: artifacts_with_prefix(db, "abcd", 5),
        lambda db: jobs(db, Filter.parse("hash:abcdef"), limit=5),
    ],
)
def test_what_is_asked_often_costs_what_it_shows(tmp_path: Path, ask) -> None:  # type: ignore[no-untyped-def]
    """No query reads a whole table: lists stop at their limit along an index that has their order."""
    with reading(tmp_path, *two_runs()) as db:
        asked: list[str] = []
        db.set_trace_callback(asked.append)
        ask(db)
        db.set_trace_callback(None)
        assert asked
        for query in asked:
            plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {query}")]
            assert not [
                step for step in plan if re.match(r"SCAN (?!\(|\w*access|job USING INDEX|artifact USING INDEX)", step)
            ], query
            if "LIMIT" in query and "SELECT path.path" not in query and "abcdef" not in query:
                assert not [step for step in plan if "TEMP B-TREE" in step], query


def test_roles_in_a_filter_are_those_of_the_model() -> None:
    assert Filter.parse("role:DATA").roles == (Role.DATA,)


def test_generated_only_artifacts_are_listed(tmp_path: Path) -> None:
    with reading(tmp_path, single(["x"], [], [made("out")])) as db:
        assert artifacts_that(db, "out") == {"/p/out"}
