"""Which step stands for which, and what that makes of the differences: steps that share names, files, drivers or a past."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from roar_tui.lineage.diff import Diff
from roar_tui.lineage.diff.result import StepStatus
from roar_tui.record.model import Access, Environment, Package, Record, Step
from tests.builders import MINUTE, T0, made, record, single, step, used
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


def test_a_cache_that_the_run_before_left_is_no_cause_where_the_result_is_the_same(tmp_path: Path) -> None:
    def runs(out: str) -> list[Record]:
        first = trained(T0, used("raw", opened=T0 + 1), more=(made("cache/words", "words", opened=T0 + 5),))
        return [first, trained(T0 + DAY, used("cache/words", "words", opened=T0 + DAY + 1), out=out)]

    assert told(both_ways(tmp_path / "same", runs("model")[:1], runs("model"))) == []
    assert told(both_ways(tmp_path / "other", runs("model")[:1], runs("another"))) == [("data", "cache/words")]


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


def appended(start: int, order: str) -> Record:
    """Steps that append to one file, one after the other."""
    steps = []
    for number, name in enumerate(order):
        at = start + (number + 1) * MINUTE
        before = [used("out", order[:number], opened=at + 1, external=False)] if number else []
        steps.append((["cat", f"raw/{name}"], [used(f"raw/{name}", opened=at), *before],
                      [made("out", order[: number + 1], opened=at + 2)]))  # fmt: skip
    return driven(start, steps)


def test_steps_that_append_to_one_file_in_another_order_are_chance(tmp_path: Path) -> None:
    found = both_ways(tmp_path, [appended(T0, "abc")], [appended(T0 + DAY, "bac")])
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
