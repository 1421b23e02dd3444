from __future__ import annotations

import contextlib
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roar_tui.record.model import Pipe, Record, Role, State, Status
from roar_tui.store import index, ingest
from roar_tui.store.archive import day_of
from roar_tui.store.index import begin, make_tables
from roar_tui.store.store import Store
from tests.builders import (
    MINUTE,
    NASTY,
    SECOND,
    T0,
    build_store,
    content,
    job_id,
    made,
    nasty,
    pipeline,
    record,
    single,
    step,
    two_runs,
    unknown,
    used,
)
from tests.store.dump import dump, orphans
from tests.store.permissions import BYPASSED

DAY = 24 * 60 * MINUTE


def dump_of(store: Store) -> dict[str, list[tuple[object, ...]]]:
    with contextlib.closing(store.reader()) as db:
        assert orphans(db) == 0
        return dump(db)


def count(store: Store, table: str) -> int:
    with contextlib.closing(store.reader()) as db:
        return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def age_days(store: Store, seconds: float = 3600) -> None:
    """Make the day folders look as if nothing had changed in them for that long (their mtime; no one can set a ctime)."""
    for day in store.archive.days():
        past = time.time() - seconds
        os.utime(store.archive.records / day, (past, past))


def test_everything_of_a_record_is_in_the_index(tmp_path: Path) -> None:
    store = build_store(tmp_path / "store", pipeline())
    with contextlib.closing(store.reader()) as db:
        assert db.execute("SELECT count(*) FROM job").fetchone() == (3,)
        train = db.execute("SELECT inputs, outputs, steps, command, git_branch FROM job WHERE name = 'training'").fetchone()
        assert train == (10, 3, 1, "python3 train.py --lr 0.1", "main")
        ends = db.execute("SELECT number, writes FROM pipe_end JOIN step ON step.id = pipe_end.step ORDER BY number").fetchall()
        assert ends == [(1, 1), (2, 0)]
        shard = db.execute(
            "SELECT kind, size, first_seen FROM artifact WHERE digest = ?", (bytes.fromhex(content("raw 0")),)
        ).fetchone()
        assert shard == ("file", 100, T0 + MINUTE + 30)


def test_accesses_without_content_are_kept(tmp_path: Path) -> None:
    reads = [unknown("a", Status.CHANGED), unknown("b", Status.SKIPPED), used("empty", "", size=0)]
    store = build_store(tmp_path / "store", [single(["cat"], reads, [made("gone", status=Status.REMOVED, survives=False)])])
    with contextlib.closing(store.reader()) as db:
        rows = db.execute("SELECT status, artifact IS NULL FROM used ORDER BY id").fetchall()
        assert rows == [("changed", 1), ("skipped", 1), ("hashed", 0)]
        assert db.execute("SELECT status, survives FROM generated").fetchone() == ("removed", 0)
        assert db.execute("SELECT inputs, outputs FROM job").fetchone() == (3, 0)


def test_environment_is_no_input(tmp_path: Path) -> None:
    reads = [
        used("/usr/lib/libc.so", role=Role.ENVIRONMENT),
        used("a"),
        used("a", "a later", opened=T0 + 5),
        used("b", external=False),
    ]
    store = build_store(tmp_path / "store", [single(["cat"], reads)])
    with contextlib.closing(store.reader()) as db:
        assert db.execute("SELECT inputs FROM job").fetchone() == (1,)


def test_ingest_is_idempotent_and_lists_quiet_days_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = build_store(tmp_path / "store", two_runs())
    before = dump_of(store)
    assert store.sync().changed is False
    assert dump_of(store) == before
    monkeypatch.setattr(ingest, "TRUSTED_AGE", -3600.0)  # as if an hour had passed
    store.sync()
    listed: list[str] = []
    original = store.archive.day_files

    def day_files(day: str) -> list[str]:
        listed.append(day)
        return original(day)

    monkeypatch.setattr(store.archive, "day_files", day_files)
    assert store.sync().added == 0
    assert listed == []
    store.archive.keep(record(["new"], started=T0))
    assert store.sync().added == 1
    assert listed == [day_of(T0)]


def test_a_sync_that_finds_nothing_new_asks_for_no_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even of a folder that is looked through each time."""
    store = build_store(tmp_path / "store", [record(["true"]), single(["cat"], [used("a")])])

    def begin(db: sqlite3.Connection, patience: float) -> None:
        raise AssertionError("a transaction that writes")

    monkeypatch.setattr(ingest, "begin", begin)
    assert (store.sync().added, store.sync(wait=False).busy) == (0, False)


def test_a_folder_changed_less_than_a_minute_ago_is_not_trusted(tmp_path: Path) -> None:
    store = build_store(tmp_path / "store", [record(["true"])])
    assert count(store, "day WHERE mtime >= 0") == 0
    times = (store.archive.records / day_of(T0)).stat()
    new = record(["late"])
    store.archive.keep(new)
    os.utime(store.archive.records / day_of(T0), ns=(times.st_atime_ns, times.st_mtime_ns))  # the same mtime again
    assert store.sync().added == 1


def test_a_copied_folder_with_an_old_time_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "TRUSTED_AGE", -3600.0)
    store = build_store(tmp_path / "store", [record(["true"])])
    other = build_store(tmp_path / "other", [record(["other"]), record(["third"], started=T0 + DAY)], sync=False)
    age_days(other)
    day = store.archive.records / day_of(T0)
    times = day.stat()
    shutil.copytree(other.archive.records, store.archive.records, dirs_exist_ok=True)
    os.utime(day, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert store.sync().added == 2


def test_records_that_went_leave_the_index(tmp_path: Path) -> None:
    first, second, third = pipeline()
    alone = build_store(tmp_path / "alone", [first, third])
    store = build_store(tmp_path / "store", [first, second, third])
    (store.archive.records / day_of(second.started) / f"{job_id(second)}.json.gz").unlink()
    report = store.sync()
    assert (report.added, report.removed) == (0, 1)
    assert dump_of(store) == dump_of(alone)


def test_a_day_that_went_leaves_the_index(tmp_path: Path) -> None:
    runs = two_runs()
    store = build_store(tmp_path / "store", runs)
    shutil.rmtree(store.archive.records / day_of(T0 + DAY))
    assert store.sync().removed == 3
    assert dump_of(store) == dump_of(build_store(tmp_path / "first", runs[:3]))


def states() -> list[Record]:
    """One run's records, the worst first."""
    reads = [used("a"), used("only early", "only early", opened=T0 + 1)]
    running = single(["job"], reads[:1], run_id="r", state=State.RUNNING)
    interrupted = single(["job"], reads, run_id="r", state=State.INTERRUPTED, ended=T0 + SECOND)
    later = single(["job"], reads, [made("x")], run_id="r", state=State.INTERRUPTED, ended=T0 + 2 * SECOND)
    complete = single(["job"], [used("a", opened=T0 + 7)], [made("out")], run_id="r", ended=T0 + SECOND)
    return [running, interrupted, later, complete]


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_of_one_runs_records_the_best_stays_whatever_the_order(tmp_path: Path, seed: int, together: bool) -> None:
    records = [*states(), single(["other"], [used("a", opened=T0 + 9)])]
    expected = build_store(tmp_path / "best", records[3:])
    random.Random(seed).shuffle(records)
    store = build_store(tmp_path / "store", records if together else [])
    for each in records:
        store.archive.keep(each)
        store.sync()
    found, wanted = dump_of(store), dump_of(expected)
    assert len(found.pop("ingested")) == 5
    wanted.pop("ingested")
    assert found == wanted


def test_when_the_best_record_goes_the_next_best_returns(tmp_path: Path) -> None:
    store = build_store(tmp_path / "store", states())
    best = states()[3]
    (store.archive.records / day_of(T0) / f"{job_id(best)}.json.gz").unlink()
    store.sync()
    with contextlib.closing(store.reader()) as db:
        assert db.execute("SELECT lower(hex(digest)) FROM job").fetchall() == [(job_id(states()[2]),)]
        assert orphans(db) == 0


names = st.one_of(
    st.sampled_from(["/p/a", "/p/b", "/p/c d", "/", *NASTY]),
    st.binary(min_size=1, max_size=6).map(lambda raw: "/p/" + os.fsdecode(raw.replace(b"\0", b"_"))),
)
accesses = st.lists(st.tuples(names, st.sampled_from("abcdef"), st.integers(0, 1000), st.booleans()), max_size=6)


@st.composite
def records(draw: st.DrawFn, number: int) -> Record:
    steps = []
    for position in range(draw(st.integers(0, 3))):
        reads = [used(path, word, opened=T0 + at, external=flag, size=len(word)) for path, word, at, flag in draw(accesses)]
        writes = [made(path, word, opened=T0 + at, survives=flag, size=len(word)) for path, word, at, flag in draw(accesses)]
        steps.append(step(["x", draw(names)], number=position, used=reads, generated=writes))
    pipes = [Pipe(0, "pipe", T0, [0], [len(steps) - 1, 0])] if steps else []
    return record(["job", str(number)], steps, started=T0 + number * DAY // 2, pipes=pipes, run_id=f"run-{number % 5}")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_index_does_not_depend_on_the_order_of_the_records(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    kept = [data.draw(records(number)) for number in range(data.draw(st.integers(1, 7)))]
    shuffled = data.draw(st.permutations(kept))
    root = tmp_path_factory.mktemp("order")
    once = build_store(root / "once", kept)
    bit_by_bit = build_store(root / "bit")
    for each in shuffled:
        bit_by_bit.archive.keep(each)
        bit_by_bit.sync()
    expected = dump_of(once)
    assert dump_of(bit_by_bit) == expected
    once.rebuild()
    assert dump_of(once) == expected


def test_paths_of_any_bytes_are_found_again(tmp_path: Path) -> None:
    store = build_store(tmp_path / "store", [nasty()])
    with contextlib.closing(store.reader()) as db:
        paths = {os.fsdecode(path) for (path,) in db.execute("SELECT path FROM path")}
        assert paths == {*NASTY, *(f"{path}.out" for path in NASTY)}
        kinds = dict(db.execute("SELECT typeof(path), typeof(name) FROM path"))
        assert kinds == {"text": "text", "blob": "blob"}


def test_a_damaged_record_is_told_once_and_harms_no_other(tmp_path: Path) -> None:
    good, bad = record(["good"]), record(["bad"], started=T0 + SECOND)
    store = build_store(tmp_path / "store", [good, bad], sync=False)
    path = store.archive.records / day_of(T0) / f"{job_id(bad)}.json.gz"
    whole = path.read_bytes()
    path.write_bytes(whole[:40])
    report = store.sync()
    assert report.added == 1
    assert [damaged.record for damaged in report.damaged] == [f"{day_of(T0)}/{path.name}"]
    assert "damaged" in report.damaged[0].problem
    assert store.sync().damaged == []
    assert store.info().damaged == report.damaged
    path.write_bytes(whole)
    assert store.sync().added == 1
    assert store.info().damaged == []


@pytest.mark.parametrize(
    ("contradiction", "why"),
    [
        (record(["x"], [step(["a"]), step(["b"])]), "same number"),
        (record(["x"], [step(["a"])], pipes=[Pipe(0, "pipe", T0, [0], [9])]), "step that it has not"),
        (single(["x"], [used("a", digest="12ab")]), "not a BLAKE3 digest"),
        (single(["x"], [used("a", digest="zz" * 32)]), "non-hexadecimal"),
        (single(["x"], [used("a", size=1 << 70)]), "too large"),
        (single(["x"], [used("a", opened=1 << 62)]), "out of range"),
        (record(["x"], run_id="\ud800"), "encode"),
    ],
)
def test_a_record_that_contradicts_itself_is_damaged_and_harms_no_other(
    tmp_path: Path, contradiction: Record, why: str
) -> None:
    others = pipeline()
    store = build_store(tmp_path / "store", [*others, contradiction], sync=False)
    report = store.sync()
    assert report.added == 3
    assert len(report.damaged) == 1
    assert why in report.damaged[0].problem
    found, wanted = dump_of(store), dump_of(build_store(tmp_path / "others", others))
    found.pop("ingested")
    wanted.pop("ingested")
    assert found == wanted


def test_progress_counts_up_to_the_number_of_records(tmp_path: Path) -> None:
    store = build_store(tmp_path / "store", two_runs(), sync=False)
    seen: list[tuple[int, int]] = []
    store.sync(progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (6, 6)
    assert all(done <= total for done, total in seen)


def test_a_held_index_is_not_waited_for(tmp_path: Path) -> None:
    store = build_store(tmp_path / "store", [record(["first"])])
    store.archive.keep(record(["second"]))
    with contextlib.closing(store.index.writer(0)) as other:
        begin(other, 0)
        started = time.monotonic()
        report = store.sync(wait=False)
        assert time.monotonic() - started < 2
        assert (report.busy, report.added) == (True, 0)
        assert count(store, "job") == 1  # reading goes on
        other.execute("ROLLBACK")
    assert store.sync(wait=False).added == 1


def test_waiting_ends_when_the_other_is_done(tmp_path: Path) -> None:
    store = build_store(tmp_path / "store", [record(["first"])])
    store.archive.keep(record(["second"]))
    script = f"""if True:
        import sqlite3, sys, time
        db = sqlite3.connect({str(store.index.path)!r}, isolation_level=None)
        db.execute("BEGIN IMMEDIATE")
        print("held", flush=True)
        sys.stdin.readline()
        time.sleep(0.3)
        db.execute("ROLLBACK")
    """
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        holder.stdin.write("\n")
        holder.stdin.flush()
        assert store.sync().added == 1


def test_a_killed_ingest_leaves_a_right_index(tmp_path: Path) -> None:
    everything = [each for day in range(3) for each in pipeline(started=T0 + day * DAY)]
    store = build_store(tmp_path / "store", everything, sync=False)
    script = f"""if True:
        import os, signal
        from pathlib import Path
        from roar_tui.store import ingest
        from roar_tui.store.store import Store
        ingest.BATCH_ACCESSES = 1
        loads = []
        load = ingest._Ingest._load
        def load_or_die(self, name):
            loads.append(name)
            if len(loads) == 5:
                os.kill(os.getpid(), signal.SIGKILL)
            return load(self, name)
        ingest._Ingest._load = load_or_die
        Store.open(Path({str(store.root)!r})).sync()
    """
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -9
    with contextlib.closing(store.reader()) as db:
        assert orphans(db) == 0
        assert db.execute("SELECT count(*) FROM job").fetchone()[0] == 4
    assert store.sync().added == 5
    assert dump_of(store) == dump_of(build_store(tmp_path / "whole", everything))


def test_two_processes_ingest_at_once(tmp_path: Path) -> None:
    everything = [each for day in range(20) for each in pipeline(started=T0 + day * DAY)]
    store = build_store(tmp_path / "store", everything, sync=False)
    script = f"from pathlib import Path; from roar_tui.store.store import Store; Store.open(Path({str(store.root)!r})).sync()"
    workers = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(3)]
    assert [worker.wait(60) for worker in workers] == [0, 0, 0]
    store.sync()
    assert dump_of(store) == dump_of(build_store(tmp_path / "alone", everything))


@pytest.mark.skipif(BYPASSED, reason="root may read anything")
def test_unreadable_folders_are_said_and_read_when_they_can_be(tmp_path: Path) -> None:
    store = build_store(tmp_path / "store", two_runs(), sync=False)
    folder = store.archive.records / day_of(T0 + DAY)
    folder.chmod(0)
    try:
        report = store.sync()
        assert (report.added, report.unreadable) == (3, [folder.name])
    finally:
        folder.chmod(0o700)
    assert store.sync().added == 3


def test_a_query_of_the_ingest_never_scans_a_table(tmp_path: Path) -> None:
    store = build_store(tmp_path / "store", two_runs())
    with contextlib.closing(store.index.writer(0)) as db:
        for query in (
            "SELECT id, state, ended FROM job WHERE run_id = 'r'",
            "SELECT problem FROM ingested WHERE record = 'r'",
            "SELECT record, problem FROM ingested WHERE record > 'a/' AND record < 'a0'",
            "SELECT record FROM ingested WHERE run_id = 'r'",
            "SELECT path, id FROM path WHERE path IN ('a', 'b')",
            "DELETE FROM used WHERE step IN (SELECT id FROM step WHERE job = 1)",
            "DELETE FROM pipe_end WHERE step IN (SELECT id FROM step WHERE job = 1)",
            "DELETE FROM pipe WHERE job = 1",
        ):
            plan = " ".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {query}"))
            assert "SCAN" not in plan, plan
    assert sqlite3.sqlite_version_info >= (3, 31)


def test_a_rebuild_by_another_process_meanwhile_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "TRUSTED_AGE", -3600.0)
    everything = [each for day in range(3) for each in pipeline(started=T0 + day * DAY)]
    store = build_store(tmp_path / "store", everything)
    for day in range(3):
        store.archive.keep(record(["new", str(day)], started=T0 + day * DAY))
    emptied: list[int] = []

    def empty_once(done: int, total: int) -> None:
        if not emptied:
            emptied.append(done)
            with contextlib.closing(store.index.writer(0)) as other:
                make_tables(other, 0, anew=True)

    store.sync(progress=empty_once)
    assert emptied == [1]
    assert count(store, "job") == 12
    assert store.sync().changed is False


def test_on_a_network_file_system_a_commit_waits_for_readers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "file_system", lambda path: "nfs4")
    store = build_store(tmp_path / "store", pipeline())
    store.archive.keep(record(["new"]))
    with contextlib.closing(store.reader()) as db:
        rows = db.execute("SELECT id FROM used")
        rows.fetchone()  # a reader in the middle of its answer
        report = store.sync(wait=False)
        assert (report.busy, report.added) == (True, 0)
        rows.fetchall()
    assert store.sync().added == 1
    assert count(store, "job") == 4
