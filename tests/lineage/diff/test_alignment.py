"""Which step stands for which, and what that makes of the differences: steps that share names, files, drivers or a past."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from roar_tui.lineage.diff import Diff, diff
from roar_tui.lineage.diff.result import StepStatus
from roar_tui.lineage.reference import resolve
from roar_tui.record.model import Access, Environment, Package, Record, Step
from tests.builders import MINUTE, T0, build_store, made, record, single, step, used
from tests.lineage.diff.world import DAY, compare

Told = tuple[list[str], list[Access], list[Access]]  # what a step was told, read and made


def told(found: Diff) -> list[tuple[str, str]]:
    return [(cause.category.value, cause.subject.removeprefix("/p/")) for cause in found.causes]


def both_ways(root: Path, a: list[Record], b: list[Record]) -> Diff:
    """The diff; that of the two the other way round has the same causes."""
    found, back = compare(root / "there", a, b), compare(root / "back", b, a)
    assert sorted(category for category, _ in told(back)) == sorted(category for category, _ in told(found))
    return found


def driven(start: int, steps: list[Told], driver: str = "the driver", **more: Any) -> Record:
    """`bash all.sh`, and the steps that it starts a minute apart."""
    bash = step(["bash", "all.sh"], used=[used("all.sh", driver, opened=start)], started=start)
    children: list[Step] = [
        step(argv, used=reads, generated=makes, started=start + number * MINUTE, number=number, parent=0)
        for number, (argv, reads, makes) in enumerate(steps, 1)
    ]
    return record(["bash", "all.sh"], [bash, *children], started=start, **more)


def compiled(start: int, order: str, header: str) -> Record:
    """Sources compiled in that order, each by way of an assembler's file with a made-up name; the parts are joined at the end."""
    steps: list[Told] = []
    for number, name in enumerate(order):
        at = start + (number + 1) * MINUTE
        reads = [used(f"{name}.c", opened=at), used("all.h", header, opened=at)]
        scratch = f"/tmp/cc{start % 7}{number}xyzw.s"
        assembly = made(scratch, f"{name} {header}", opened=at + 9, survives=False)
        steps.append((["cc1", f"{name}.c", "-o", scratch], reads, [assembly]))
        through = [used(scratch, f"{name} {header}", opened=at + 20, external=False)]
        steps.append((["as", "-o", f"{name}.o", scratch], through, [made(f"{name}.o", name + header, opened=at + 25)]))
    end = start + 99 * MINUTE
    parts = [used(f"{name}.o", name + header, opened=end, external=False) for name in sorted(order)]
    return driven(start, [*steps, (["ld"], parts, [made("app", header, opened=end + 9)])])


def test_steps_of_one_program_are_told_apart_by_their_words_whatever_ran_first(tmp_path: Path) -> None:
    found = both_ways(tmp_path, [compiled(T0, "abc", "one")], [compiled(T0 + DAY, "cab", "two")])
    assert told(found) == [("data", "all.h")]
    assert {row.status for row in found.steps} <= {StepStatus.SAME, StepStatus.CHANGED}


def prepared(start: int, names: str, **more: Any) -> Record:
    """A script that prepares each file with a program of its own, and joins the results."""
    steps = []
    for number, name in enumerate(names):
        at = start + (number + 1) * MINUTE
        reads = [used("prep.py", opened=at), used(f"raw/{name}", opened=at)]
        steps.append((["python3", "prep.py", f"raw/{name}", f"w/{name}"], reads,
                      [made(f"w/{name}", f"made {name}", opened=at + 9)]))  # fmt: skip
    end = start + 9 * MINUTE
    parts = [used(f"w/{name}", f"made {name}", opened=end, external=False) for name in names]
    return driven(start, [*steps, (["python3", "join.py"], parts, [made("all", names, opened=end + 9)])], **more)


def test_a_step_that_the_same_driver_started_for_a_new_file_follows_from_the_file(tmp_path: Path) -> None:
    found = both_ways(tmp_path, [prepared(T0, "ab")], [prepared(T0 + DAY, "abc")])
    assert told(found) == [("data", "raw/c")]
    assert ("pipeline", "prep.py") in [(each.category.value, each.subject) for each in found.consequences]
    assert all(each.because == [0] for each in found.consequences)


def test_a_step_that_another_driver_started_follows_from_the_driver(tmp_path: Path) -> None:
    found = both_ways(tmp_path, [prepared(T0, "ab")], [prepared(T0 + DAY, "abc", driver="another")])
    assert told(found)[0] == ("code", "all.sh")
    assert "pipeline" not in [category for category, _ in told(found)]


def trained(start: int, *reads: Access, out: str = "model", words: tuple[str, ...] = (), more: tuple[Access, ...] = ()) -> Record:
    argv = ["python3", "train.py", *words]
    return single(argv, [used("train.py", opened=start), *reads], [made("model.pt", out, opened=start + 9), *more], started=start)


def test_a_run_that_reads_what_the_other_left_is_compared_with_it_and_not_added_to_it(tmp_path: Path) -> None:
    first = trained(T0, used("raw", opened=T0 + 1), out="one", more=(made("ckpt", "one", opened=T0 + 10),))
    later = T0 + DAY
    reads = (used("raw", opened=later + 1), used("ckpt", "one", opened=later + 2))
    second = trained(later, *reads, out="two", words=("--resume", "ckpt"), more=(made("ckpt", "two", opened=later + 10),))
    found = both_ways(tmp_path, [first], [first, second])
    assert told(found) == [("data", "ckpt")]
    assert [(row.status, row.a is None, row.b is None) for row in found.steps] == [(StepStatus.CHANGED, False, False)]
    assert {each.what for each in found.outcome} >= {"model.pt"}


def reprepared(*words: tuple[str, ...], same: bool = False) -> list[Record]:
    """A script that prepares data from what it left before, and one that trains on it: two jobs for each of `words`."""
    records: list[Record] = []
    data = ""
    for number, told_ in enumerate(words):
        start = T0 + number * DAY
        reads = [used("prep.py", opened=start), *([used("data.csv", data, opened=start + 1)] if number else [])]
        data = "the same" if same else f"data {told_} {data}"
        argv = ["python3", "prep.py", *told_]
        records.append(single(argv, reads, [made("data.csv", data, opened=start + 5)], started=start))
        records.append(trained(start + MINUTE, used("data.csv", data, opened=start + MINUTE + 1), out=f"model of {data}"))
    return records


def test_a_script_that_ran_again_on_what_it_had_left_is_compared_with_itself(tmp_path: Path) -> None:
    dropped = reprepared(("--n", "5"), ())
    found = both_ways(tmp_path / "dropped", dropped[:2], dropped)
    assert told(found) == [("params", "--n")]
    assert [each.subject for each in found.consequences] == ["/p/data.csv"]
    assert [(row.status, row.label) for row in found.steps] == [(StepStatus.CHANGED, "prep.py"), (StepStatus.CHANGED, "train.py")]
    thrice = reprepared(("--n", "5"), (), ())
    assert told(both_ways(tmp_path / "again", thrice[:4], thrice)) == [("data", "data.csv")]
    alike = reprepared(("--n", "5"), (), same=True)
    without_effect = both_ways(tmp_path / "alike", alike[:2], alike)
    assert without_effect.identical
    assert "pipeline" not in [category for category, _ in told(without_effect)]


def test_a_cache_that_the_run_before_left_is_no_cause_where_the_result_is_the_same(tmp_path: Path) -> None:
    def runs(out: str) -> list[Record]:
        first = trained(T0, used("raw", opened=T0 + 1), more=(made("cache/words", "words", opened=T0 + 5),))
        return [first, trained(T0 + DAY, used("cache/words", "words", opened=T0 + DAY + 1), out=out)]

    assert told(both_ways(tmp_path / "same", runs("model")[:1], runs("model"))) == []
    assert told(both_ways(tmp_path / "other", runs("model")[:1], runs("another"))) == [("data", "cache/words")]


def test_a_file_that_was_there_in_both_runs_and_one_of_them_took_is_the_cause(tmp_path: Path) -> None:
    """A loop that resumes where it finds a checkpoint: the step that made it also made the raw data of both."""

    def prepare(start: int) -> Record:
        makes = [made("raw", "raw", opened=start + 2), made("ckpt", "far", opened=start + 3)]
        return single(["python3", "mk.py"], [used("mk.py", opened=start)], makes, started=start)

    raw = [used("raw", opened=T0 + MINUTE + 1)]
    first = trained(T0 + MINUTE, *raw, out="one", more=(made("ckpt", "one", opened=T0 + MINUTE + 10),))
    later = T0 + DAY + MINUTE
    reads = (used("raw", opened=later + 1), used("ckpt", "far", opened=later + 2))
    second = trained(later, *reads, out="two", more=(made("ckpt", "two", opened=later + 10),))
    found = both_ways(tmp_path, [prepare(T0), first], [prepare(T0), first, prepare(T0 + DAY), second])
    assert told(found) == [("data", "ckpt")]
    assert {row.status for row in found.steps} == {StepStatus.SAME, StepStatus.CHANGED}


def subset(start: int, chosen: range, words: tuple[str, ...] = (), code: str = "the code") -> list[Record]:
    """A step that makes a set, once; and one that reads a part of it."""
    makes = [made(f"shards/{number:03}", opened=T0 + 1 + number) for number in range(60)]
    prepare = single(["python3", "prep.py"], [used("prep.py", opened=T0)], makes)
    reads = [used(f"shards/{number:03}", opened=start + 1 + number) for number in chosen]
    train = single(["python3", "train.py", *words], [used("train.py", code, opened=start), *reads],
                   [made("model.pt", str(chosen), opened=start + 100)], started=start)  # fmt: skip
    return [prepare, train]


def test_another_part_of_a_set_that_a_step_made_is_one_difference(tmp_path: Path) -> None:
    a, b = T0 + MINUTE, T0 + DAY
    found = both_ways(tmp_path / "set", subset(a, range(40)), subset(b, range(10, 60)))
    assert told(found) == [("data", "shards")]
    members = found.causes[0].detail["members"]
    assert (members["of"], members["differ"], len(members["added"]), len(members["removed"])) == (60, 30, 20, 10)
    assert found.consequences == []
    named = both_ways(tmp_path / "named", subset(a, range(40), ("0", "40")), subset(b, range(10, 60), ("10", "60")))
    assert told(named) == [("params", "argument 1"), ("params", "argument 2")]
    assert [(each.subject, each.because) for each in named.consequences] == [("/p/shards", [0, 1])]
    coded = both_ways(tmp_path / "code", subset(a, range(40)), subset(b, range(10, 60), code="changed"))
    assert told(coded) == [("code", "train.py")]
    assert [each.subject for each in coded.consequences] == ["/p/shards"]


def checkpoints(sources: int) -> list[Record]:
    """A step that reads the first half of some files, which steps made, leaves a checkpoint, and reads on for the next."""
    made_by = [
        single(["python3", "prep.py", f"d{number}"], [used("prep.py", opened=T0 + number * MINUTE)],
               [made(f"d{number}", opened=T0 + number * MINUTE + 1)], started=T0 + number * MINUTE)
        for number in range(sources)
    ]  # fmt: skip
    start = T0 + DAY
    reads = [used(f"d{number}", opened=start + (1 + number) * MINUTE) for number in range(sources)]
    leaves = []
    for number in (1, 2):
        at = start + number * MINUTE * sources // 2 + 9
        leaves.append(made(f"ckpt-{number}", opened=at, finished=at + 1))
    return [*made_by, single(["python3", "train.py"], [used("train.py", opened=start), *reads], leaves, started=start)]


def between(root: Path, records: list[Record], a: str, b: str) -> Diff:
    store = build_store(root, records)
    with closing(store.reader()) as db:
        return diff(store, db, *(resolve(store, db, f"/p/{name}", cwd="/p") for name in (a, b)))


@pytest.mark.parametrize("sources", [4, 10, 2400])
def test_two_checkpoints_of_one_run_differ_by_what_was_read_between(tmp_path: Path, sources: int) -> None:
    records = checkpoints(sources)
    records = records if sources < 100 else records[-1:]
    found = between(tmp_path / "there", records, "ckpt-1", "ckpt-2")
    back = between(tmp_path / "back", records, "ckpt-2", "ckpt-1")
    assert found.one_step is not None
    assert found.one_step == back.one_step
    assert {cause.category.value for cause in (*found.causes, *back.causes)} == {"data"}
    for each, change in ((found, "added"), (back, "removed")):
        listed = [member["path"] for cause in each.causes for member in cause.detail["members"][change]]
        assert listed == [f"/p/d{number}" for number in sorted(range(sources // 2, sources), key=str)]
        assert all(cause.detail["between"] and cause.reaches_target for cause in each.causes)


def test_another_file_of_the_very_same_step_is_the_cause_where_nothing_else_is(tmp_path: Path) -> None:
    parts = [made(f"part-{number}", opened=T0 + 9, finished=T0 + 10) for number in (1, 2)]
    split = single(["split", "all"], [used("all", opened=T0 + 1)], parts)

    def run(start: int, name: str) -> list[Record]:
        read = used(name, opened=start + 1)
        return [split, single(["wc", name], [read], [made("count", name, opened=start + 9)], started=start)]

    found = both_ways(tmp_path, run(T0 + MINUTE, "part-1"), run(T0 + DAY, "part-2"))
    assert told(found) == [("data", "part-2")]
    assert found.causes[0].detail["paths"] == {"a": "/p/part-1", "b": "/p/part-2"}
    assert found.consequences == []


def test_two_files_of_one_step_that_were_made_of_the_same_are_said_to_be(tmp_path: Path) -> None:
    leaves = [made(f"part-{number}", opened=T0 + 9, finished=T0 + 10) for number in (1, 2)]
    found = between(tmp_path, [single(["split", "all"], [used("all", opened=T0 + 1)], leaves)], "part-1", "part-2")
    assert (found.causes, found.consequences, found.identical) == ([], [], False)
    assert found.one_step is not None
    assert [(each.was, each.what) for each in found.outcome] == [("part-1", "part-2")]


def test_inputs_that_change_places_are_parameters(tmp_path: Path) -> None:
    def run(start: int, out: str, *words: str) -> Record:
        return trained(start, used("one", opened=start + 1), used("two", opened=start + 2), out=out, words=words)

    swapped = [run(T0, "x", "--train", "one", "--test", "two")], [run(T0 + DAY, "y", "--train", "two", "--test", "one")]
    assert told(both_ways(tmp_path / "options", *swapped)) == [("params", "--test"), ("params", "--train")]
    ordered = [run(T0, "x", "one", "two")], [run(T0 + DAY, "y", "two", "one")]
    assert told(both_ways(tmp_path / "positions", *ordered)) == [("params", "argument 1"), ("params", "argument 2")]
    harmless = [run(T0, "x", "one", "two")], [run(T0 + DAY, "x", "two", "one")]
    assert told(both_ways(tmp_path / "harmless", *harmless)) == []


def test_another_name_of_an_input_is_the_cause_where_nothing_else_is(tmp_path: Path) -> None:
    a = trained(T0, used("a", "raw", opened=T0 + 1), out="x")
    b = trained(T0 + DAY, used("z", "raw", opened=T0 + DAY + 1), out="y")
    assert told(both_ways(tmp_path, [a], [b])) == [("data", "z")]


def test_a_script_under_another_name_is_one_change(tmp_path: Path) -> None:
    def run(start: int, name: str) -> list[Record]:
        return [single(["python3", name], [used(name, opened=start)], [made("model.pt", name, opened=start + 9)], started=start)]

    assert told(both_ways(tmp_path, run(T0, "train.py"), run(T0 + DAY, "train2.py"))) == [("code", "train2.py")]


def appended(start: int, order: str, *, blind: bool) -> Record:
    """Steps that append to one file, one after the other."""
    steps = []
    for number, name in enumerate(order):
        at = start + (number + 1) * MINUTE
        before = [used("out", order[:number], opened=at + 1, external=False, appended=blind)] if number else []
        steps.append((["cat", f"raw/{name}"], [used(f"raw/{name}", opened=at), *before],
                      [made("out", order[: number + 1], opened=at + 2)]))  # fmt: skip
    return driven(start, steps)


@pytest.mark.parametrize("blind", [False, True], ids=["open to be read", "only appended to"])
def test_steps_that_append_to_one_file_in_another_order_are_chance(tmp_path: Path, blind: bool) -> None:
    found = both_ways(tmp_path, [appended(T0, "abc", blind=blind)], [appended(T0 + DAY, "bac", blind=blind)])
    assert {category for category, _ in told(found)} == {"nondeterminism"}


def test_a_system_library_that_one_run_loaded_late_is_context(tmp_path: Path) -> None:
    def run(start: int, out: str, *packages: str) -> list[Record]:
        about = Environment(python="3.11.7", packages=[Package("dpkg", name, "1") for name in packages])
        argv = ["python3", "train.py"]
        makes = [made("model.pt", out, opened=start + 9)]
        return [single(argv, [used("train.py", opened=start)], makes, started=start, environment=about)]

    late = both_ways(tmp_path / "late", run(T0, "x", "libc6"), run(T0 + DAY, "y", "libc6", "libgcc-s1"))
    assert told(late) == [("nondeterminism", "train.py")]
    assert "libgcc-s1" in {each.subject for each in late.context}
    instead = both_ways(tmp_path / "instead", run(T0, "x", "libblas3"), run(T0 + DAY, "y", "libopenblas0"))
    assert told(instead) == [("environment", "libblas3"), ("environment", "libopenblas0")]


def test_a_link_that_leads_elsewhere_is_one_input_that_changed(tmp_path: Path) -> None:
    def run(version: str, start: int) -> list[Record]:
        read = used(f"{version}.csv", version, opened=start + 1, named="/p/current.csv")
        return [single(["python3", "train.py", "current.csv"], [read], [made("model", version, opened=start + 9)], started=start)]

    found = both_ways(tmp_path, run("v1", T0), run("v2", T0 + DAY))
    assert told(found) == [("data", "current.csv")]
    assert found.causes[0].detail["paths"] == {"a": "/p/v1.csv", "b": "/p/v2.csv"}


def logged(
    start: int, before: str | None, after: str, *, lr: str = "0.1", model: str = "model", report: bool = False
) -> list[Record]:
    """A training that adds a line to the results of all runs, and perhaps a report of these."""
    argv = ["python3", "train.py", "--lr", lr]
    lines = [] if before is None else [used("results.csv", before, opened=start + 2, appended=True)]
    uses = [used("train.py", opened=start), *lines]
    outputs = [made("results.csv", after, opened=start + 2), made("model.pt", model, opened=start + 1)]
    jobs = [single(argv, uses, outputs, started=start)]
    if report:
        later = start + MINUTE
        reads = [used("report.py", opened=later), used("results.csv", after, opened=later)]
        jobs.append(single(["python3", "report.py"], reads, [made("report", f"of {after}", opened=later + 1)], started=later))
    return jobs


def test_the_lines_of_the_runs_before_are_no_cause_of_another_model(tmp_path: Path) -> None:
    first = logged(T0, "none", "one")
    found = both_ways(tmp_path, first, [*first, *logged(T0 + DAY, "one", "two", lr="0.2", model="other")])
    assert told(found) == [("params", "--lr")]


@pytest.mark.parametrize("before", [None, "none"])
def test_a_run_that_only_added_a_line_to_others_is_the_same(tmp_path: Path, before: str | None) -> None:
    first = logged(T0, before, "one")
    found = both_ways(tmp_path, first, [*first, *logged(T0 + DAY, "one", "two")])
    assert (told(found), found.identical, [each.what for each in found.outcome]) == ([], True, ["duration"])


def archived(start: int, source: str, before: str | None, after: str) -> Record:
    """A library that is made anew, or updated where it is there."""
    argv = ["ar", "rc", "lib.a", "x.o"]
    there = [] if before is None else [used("lib.a", before, opened=start + 2)]
    return single(argv, [used("x.o", source, opened=start + 1), *there], [made("lib.a", after, opened=start + 2)], started=start)


def test_a_set_of_what_the_other_run_had_left_is_said_to_be_that(tmp_path: Path) -> None:
    def run(start: int, source: str, before: str | None) -> Record:
        names = [f"state/{n}.bin" for n in range(5)]
        there = [] if before is None else [used(name, before + name, opened=start + 2) for name in names]
        made_now = [made(name, source + name, opened=start + 3) for name in names]
        return single(["train", "state"], [used("x", source, opened=start + 1), *there], made_now, started=start)

    first = run(T0, "one", None)
    found = both_ways(tmp_path, [first], [first, run(T0 + DAY, "two", "one")])
    assert [(subject, cause.detail.get("left", False)) for (_, subject), cause in zip(told(found), found.causes, strict=True)] == [
        ("x", False), ("state", True),
    ]  # fmt: skip


def test_what_the_other_run_had_left_comes_after_the_other_causes(tmp_path: Path) -> None:
    first = archived(T0, "one", None, "a")
    found = both_ways(tmp_path, [first], [first, archived(T0 + DAY, "two", "a", "b")])
    assert told(found) == [("data", "x.o"), ("data", "lib.a")]
    assert [cause.detail.get("left", False) for cause in found.causes] == [False, True]


def test_who_reads_the_lines_of_all_runs_comes_from_the_runs_before(tmp_path: Path) -> None:
    a, b = logged(T0, "none", "one", report=True), logged(T0 + DAY, "other", "another", report=True)
    assert told(both_ways(tmp_path, a, b)) == [("data", "results.csv")]


def built(start: int, anew: str, versions: dict[str, str], app: str) -> Record:
    """An incremental build: the sources in `anew` compiled, joined with what earlier builds left of the others."""
    steps: list[Told] = []
    for number, name in enumerate(anew):
        at = start + (number + 1) * MINUTE
        reads = [used(f"{name}.c", f"source {versions[name]}", role="code", opened=at)]
        scratch = f"/tmp/cc{start % 7}{number}abcd.s"
        steps.append((["cc1", f"{name}.c", "-MQ", f"{name}.o", "-o", scratch], reads,
                      [made(scratch, f"text {versions[name]}", opened=at + 9, survives=False)]))  # fmt: skip
        through = [used(scratch, f"text {versions[name]}", opened=at + 20, external=False)]
        steps.append((["as", "-o", f"{name}.o", scratch], through, [made(f"{name}.o", versions[name], opened=at + 25)]))
    end = start + 99 * MINUTE
    parts = [used(f"{name}.o", version, opened=end, external=name not in anew) for name, version in versions.items()]
    return driven(start, [*steps, (["ld"], parts, [made("app", app, opened=end + 9)])])


def test_two_incremental_builds_differ_by_the_source_that_changed_between_them(tmp_path: Path) -> None:
    first = built(T0, "fgh", {"f": "f1", "g": "g1", "h": "h1"}, "one")
    second = built(T0 + DAY, "f", {"f": "f2", "g": "g1", "h": "h1"}, "two")
    third = built(T0 + 2 * DAY, "g", {"f": "f2", "g": "g2", "h": "h1"}, "three")
    found = both_ways(tmp_path, [first, second], [first, second, third])
    assert told(found) == [("code", "g.c")]
    assert {row.status for row in found.steps} <= {StepStatus.SAME, StepStatus.CHANGED}
