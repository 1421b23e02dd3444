"""What differs between two small runs, and what is said about it: each category, and what is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from roar_tui.lineage.diff import Diff, to_json
from roar_tui.lineage.diff.result import Change, StepStatus
from roar_tui.record.model import Connection, Environment, Exit, Package, Record, Role, Status
from tests.builders import MINUTE, T0, content, made, record, single, step, unknown, used
from tests.lineage.diff.world import DAY, Run, Work, causes, compare

FILES = {"raw/a.dat": "a", "raw/b.dat": "b", "prep.py": "prep", "train.py": "train", "pipeline.sh": "driver"}
PREP = Work("prep.py", (), ("raw/a.dat", "raw/b.dat"), ("clean.dat",))
TRAIN = Work("train.py", (("--lr", "0.1"),), ("clean.dat",), ("model.pt",))
FIRST = Run(FILES, (PREP, TRAIN))


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[Run], Diff]:
    """The diff of FIRST and a later run."""

    def call(later: Run, first: Run = FIRST) -> Diff:
        return compare(tmp_path, first.records(), later.records())

    return call


def environment(**more: Any) -> Environment:
    return Environment(**{"python": "3.11.7", **more})


def train(start: int, *words: str, out: str = "model", **more: Any) -> Record:
    """A job that reads data.bin and writes model.pt."""
    argv = ["python3", "train.py", *words]
    return single(
        argv, [used("train.py", opened=start), used("data.bin", opened=start + 1)], [made("model.pt", out, opened=start + 9)],
        started=start, **more,
    )  # fmt: skip


def two(tmp_path: Path, a: dict[str, Any], b: dict[str, Any]) -> Diff:
    return compare(tmp_path, [train(T0, out="one", **a)], [train(T0 + DAY, out="two", **b)])


def test_runs_of_the_same_are_identical(changed: Callable[[Run], Diff]) -> None:
    found = changed(FIRST.later())
    assert found.identical
    assert (found.causes, found.consequences, found.unknown) == ([], [], [])
    assert {row.status for row in found.steps} == {StepStatus.SAME}


def test_a_changed_file_is_the_cause_and_what_is_made_of_it_follows(changed: Callable[[Run], Diff]) -> None:
    later = FIRST.later()
    later.files["raw/b.dat"] = "B"
    found = changed(later)
    (cause,) = found.causes
    assert (cause.category.value, cause.subject, cause.change) == ("data", "/p/raw/b.dat", Change.CHANGED)
    assert cause.reaches_target
    assert cause.detail["label"] == "prep.py"
    (follows,) = found.consequences
    assert (follows.subject, follows.because) == ("/p/clean.dat", [0])
    assert [row.label for row in found.steps if row.status is StepStatus.CHANGED] == ["prep.py", "train.py"]


def test_upstream_causes_come_first(changed: Callable[[Run], Diff]) -> None:
    later = replace(FIRST.later(), steps=(PREP, replace(TRAIN, options=(("--lr", "0.2"),))))
    later.files["prep.py"] = "prep anew"
    found = changed(later)
    assert [(cause.category.value, cause.subject) for cause in found.causes] == [("code", "/p/prep.py"), ("params", "--lr")]
    assert (found.causes[1].a, found.causes[1].b) == ("0.1", "0.2")


def test_what_does_not_reach_the_target_comes_last_and_says_so(tmp_path: Path) -> None:
    def run(start: int, raw: str, lr: str) -> list[Record]:
        prep = single(["python3", "prep.py"], [used("raw.dat", raw, opened=start)], [made("clean.dat", "same", opened=start + 5)],
                      started=start)  # fmt: skip
        later = start + MINUTE
        end = single(["python3", "train.py", "--lr", lr], [used("clean.dat", "same", opened=later)],
                     [made("model.pt", lr, opened=later + 5)], started=later)  # fmt: skip
        return [prep, end]

    found = compare(tmp_path, run(T0, "one", "0.1"), run(T0 + DAY, "two", "0.2"))
    assert [(cause.subject, cause.reaches_target) for cause in found.causes] == [("--lr", True), ("/p/raw.dat", False)]


def test_a_step_that_is_the_same_and_makes_something_else_is_nondeterministic(changed: Callable[[Run], Diff]) -> None:
    found = changed(replace(FIRST.later(), steps=(replace(PREP, salt="x"), TRAIN)))
    (cause,) = found.causes
    assert (cause.category.value, cause.subject) == ("nondeterminism", "prep.py")
    assert cause.detail["outputs"] == ["/p/clean.dat"]
    assert found.consequences[0].because == [0]


def test_suspects_are_named(tmp_path: Path) -> None:
    def talking(start: int, host: str) -> Record:
        whole = train(start, out=host, host=host, environment=environment(host={"gpus": [{"name": "H100"}]}))
        connected = msgspec.structs.replace(whole.steps[0], connections=[Connection("10.0.0.1", 443, start, "hub")])
        return msgspec.structs.replace(whole, steps=[connected])

    found = compare(tmp_path, [talking(T0, "one")], [talking(T0 + DAY, "two")])
    assert found.causes[0].detail["suspects"] == ["network: hub:443", "GPU", "host", "time or chance"]


def test_packages_python_and_variables(tmp_path: Path) -> None:
    packages = [Package("pip", "numpy", "1.0"), Package("pip", "Old_One", "3")]
    a = environment(variables={"SEED": "1", "TERM": "xterm"}, packages=packages)
    b = environment(variables={"SEED": "2", "SLURM_JOB_ID": "7"}, packages=[Package("pip", "numpy", "2.0")], python="3.12.1")
    found = two(tmp_path, {"environment": a}, {"environment": b})
    assert {(cause.subject, cause.a, cause.b) for cause in found.causes} == {
        ("python", "3.11.7", "3.12.1"),
        ("numpy", "1.0", "2.0"),
        ("$SEED", "1", "2"),
    }
    assert {each.subject for each in found.context} >= {"$TERM", "$SLURM_JOB_ID"}
    (follows,) = found.consequences  # another Python has other packages
    assert (follows.subject, follows.change) == ("old-one", Change.REMOVED)


def test_cards_and_their_driver(tmp_path: Path) -> None:
    a = environment(host={"gpus": [{"name": "A100", "uuid": "1", "driver": "535"}]})
    b = environment(host={"gpus": [{"name": "H100", "uuid": "2", "driver": "550"}]})
    assert causes(two(tmp_path, {"environment": a}, {"environment": b})) == {("environment", "gpu"), ("environment", "gpu driver")}


def test_another_card_of_the_same_kind_is_no_cause(tmp_path: Path) -> None:
    a = environment(host={"gpus": [{"name": "A100", "uuid": "1", "driver": "535"}]})
    b = environment(host={"gpus": [{"name": "A100", "uuid": "2", "driver": "535"}]})
    assert causes(two(tmp_path, {"environment": a}, {"environment": b})) == {("nondeterminism", "train.py")}


def test_secrets_are_compared_and_not_shown(tmp_path: Path) -> None:
    a = environment(variables={"API_TOKEN": "<redacted>"}, secrets={"$API_TOKEN": "aa"}, key="k")
    b = environment(variables={"API_TOKEN": "<redacted>"}, secrets={"$API_TOKEN": "bb"}, key="k")
    found = two(tmp_path, {"environment": a}, {"environment": b})
    assert causes(found) == {("environment", "$API_TOKEN")}
    assert "aa" not in str([found.causes[0].a, found.causes[0].b, found.causes[0].detail])


def test_secrets_under_different_keys_are_unknown(tmp_path: Path) -> None:
    a = environment(variables={"API_TOKEN": "<redacted>"}, secrets={"$API_TOKEN": "aa"}, key="k")
    b = environment(variables={"API_TOKEN": "<redacted>"}, secrets={"$API_TOKEN": "bb"}, key="other")
    found = two(tmp_path, {"environment": a}, {"environment": b})
    assert [each.subject for each in found.unknown] == ["$API_TOKEN"]
    assert ("environment", "$API_TOKEN") not in causes(found)


def test_a_secret_argument(tmp_path: Path) -> None:
    def run(start: int, keyed: str) -> Record:
        return train(start, "--token", "<redacted>", out=keyed, environment=environment(secrets={"--token": keyed}, key="k"))

    found = compare(tmp_path, [run(T0, "aa")], [run(T0 + DAY, "bb")])
    assert causes(found) == {("params", "--token")}


def test_host_user_and_commit_are_context(tmp_path: Path) -> None:
    found = compare(
        tmp_path, [train(T0, host="one", user="ana")], [train(T0 + DAY, host="two", user="ben", environment=environment())]
    )
    assert {each.subject for each in found.context} >= {"host", "user", "started"}
    assert found.identical


def test_unknown_content_is_never_taken_to_be_the_same(tmp_path: Path) -> None:
    def run(start: int) -> Record:
        return single(["python3", "t.py"], [unknown("data.bin", opened=start)], [made("m.pt", str(start), opened=start + 5)],
                      started=start)  # fmt: skip

    found = compare(tmp_path, [run(T0)], [run(T0 + DAY)])
    assert found.causes == []
    assert not found.identical
    assert [(each.subject, each.why) for each in found.unknown] == [
        ("/p/data.bin", "changed before it could be hashed in A; changed before it could be hashed in B")
    ]


def scratch(start: int, first: str, last: str, temporary: str, known: str | None = None) -> Record:
    """`cc` writes a temporary file that `ld` reads, and whose content is not known unless given."""
    about = {"status": Status.REMOVED, "digest": None if known is None else content(known)}
    left = made(temporary, opened=start + 5, survives=False, **about)
    one = step(["cc"], used=[used("main.c", first, opened=start)], generated=[left], started=start)
    read = used(temporary, opened=start + 20, external=False, **about)
    two = step(["ld"], used=[read], generated=[made("tool", last, opened=start + 25)], started=start + 10, number=1)
    return record(["make"], [one, two], started=start)


def test_digests_of_different_kinds_cannot_be_compared(tmp_path: Path) -> None:
    def run(start: int, **more: Any) -> Record:
        reads = [used("x", "one" if more else "two", opened=start, **more)]
        return single(["train"], reads, [made("m", str(start), opened=start + 5, **more)], started=start)

    found = compare(tmp_path, [run(T0, algorithm="sha256")], [run(T0 + DAY)])
    assert (found.causes, found.identical) == ([], False)
    assert [(each.subject, each.why) for each in found.unknown] == [
        ("/p/x", "known by its sha256 digest in A and its blake3 digest in B")
    ]


def test_causes_reach_through_files_that_were_gone_too_soon(tmp_path: Path) -> None:
    a, b = scratch(T0, "one", "tool 1", "/tmp/cca.o", "known"), scratch(T0 + DAY, "two", "tool 2", "/tmp/ccb.o")
    found = compare(tmp_path, [a], [b])
    assert causes(found) == {("data", "main.c")}
    assert found.causes[0].reaches_target
    assert found.unknown == []


def test_scratch_that_nobody_could_hash_is_unknown_only_where_it_matters(tmp_path: Path) -> None:
    same = compare(tmp_path / "same", [scratch(T0, "c", "tool", "/tmp/cca.o")], [scratch(T0 + DAY, "c", "tool", "/tmp/ccb.o")])
    assert (same.identical, same.unknown) == (True, [])
    differs = compare(tmp_path / "differs", [scratch(T0, "c", "1", "/tmp/cca.o")], [scratch(T0 + DAY, "c", "2", "/tmp/ccb.o")])
    assert (differs.causes, [each.subject for each in differs.unknown]) == ([], ["/tmp/ccb.o"])


def test_what_one_rank_writes_may_come_from_what_another_read(tmp_path: Path) -> None:
    def run(start: int, second: str) -> list[Record]:
        words = ["python3", "train.py"]
        one = single(words, [used("shard-1", opened=start)], [], started=start, group=f"g{start}", rank=1, run_id=f"{start}b")
        msg = msgspec.structs.replace(one.steps[0], used=[used("shard-1", second, opened=start)])
        zero = single(words, [used("shard-0", opened=start)], [made("m", second, opened=start + 5)], started=start + 1,
                      group=f"g{start}", rank=0, run_id=f"{start}a")  # fmt: skip
        return [msgspec.structs.replace(one, steps=[msg]), zero]

    found = compare(tmp_path, run(T0, "one"), run(T0 + DAY, "two"))
    assert causes(found) == {("data", "shard-1")}
    assert found.causes[0].reaches_target


def test_a_file_that_replaced_steps_read_differs_as_well(tmp_path: Path) -> None:
    def run(start: int, script: str, raw: str) -> list[Record]:
        clean = single(["python3", script], [used(script, opened=start), used("raw", raw, opened=start + 1)],
                       [made(f"{script}.out", raw + script, opened=start + 5)], started=start)  # fmt: skip
        later = start + MINUTE
        reads = [used(f"{script}.out", raw + script, opened=later)]
        return [clean, single(["train", f"{script}.out"], reads, [made("m", raw + script, opened=later + 5)], started=later)]

    found = compare(tmp_path, run(T0, "old.py", "1"), run(T0 + DAY, "new.py", "2"))
    assert causes(found) == {("pipeline", "new.py"), ("data", "raw")}
    assert all(cause.reaches_target for cause in found.causes)


def test_what_an_untraced_job_read_is_unknown(tmp_path: Path) -> None:
    from roar_tui.record.model import State

    found = compare(tmp_path, [record(["true"], state=State.UNTRACED)], [record(["true"], started=T0 + DAY)])
    assert not found.identical
    assert "untraced" in found.unknown[0].why


def test_changed_outside_any_recorded_step(tmp_path: Path) -> None:
    def run(start: int, read: str) -> list[Record]:
        outputs = [made("clean", "made", opened=start + 5, size=100), made("other", "o", opened=start + 6, size=100)]
        prep = single(["prep"], [used("raw", opened=start)], outputs, started=start)
        later = start + MINUTE
        reads = [used("clean", read, opened=later, size=100), used("other", "o", opened=later + 1, size=100)]
        return [prep, single(["train"], reads, [made("model", read, opened=later + 5)], started=later)]

    found = compare(tmp_path, run(T0, "made"), run(T0 + DAY, "edited"))
    assert causes(found) == {("data", "clean")}
    assert found.causes[0].detail["outside"] is True


def test_files_of_a_set_are_one_cause(tmp_path: Path) -> None:
    def run(start: int, contents: dict[int, str]) -> Record:
        reads = [used(f"d/{n}.bin", f"{n} {word}", opened=start + n) for n, word in contents.items()]
        return single(["train"], reads, [made("model", str(contents), opened=start + 99)], started=start)

    a = dict.fromkeys(range(10), "x")
    found = compare(tmp_path, [run(T0, a)], [run(T0 + DAY, {**dict.fromkeys(range(1, 11), "x"), 5: "y"})])
    (cause,) = found.causes
    assert (cause.subject, cause.change) == ("/p/d", Change.CHANGED)
    members = cause.detail["members"]
    listed = [[each["path"] for each in members[change]] for change in ("changed", "added", "removed")]
    assert listed == [["/p/d/5.bin"], ["/p/d/10.bin"], ["/p/d/0.bin"]]
    assert (members["differ"], members["of"]) == (3, 11)


def test_a_renamed_file_is_no_cause(tmp_path: Path) -> None:
    def run(start: int, name: str) -> Record:
        return single(["train"], [used(name, "x", opened=start)], [made("model", "m", opened=start + 5)], started=start)

    found = compare(tmp_path, [run(T0, "old.bin")], [run(T0 + DAY, "new.bin")])
    assert found.identical
    assert found.causes == []


def test_two_files_that_changed_places_have_both_changed(tmp_path: Path) -> None:
    def run(start: int, x: str, y: str) -> Record:
        reads = [used("x", x, opened=start), used("y", y, opened=start + 1)]
        return single(["train"], reads, [made("model", x + y, opened=start + 5)], started=start)

    assert causes(compare(tmp_path, [run(T0, "1", "2")], [run(T0 + DAY, "2", "1")])) == {("data", "x"), ("data", "y")}


def test_a_failed_step_that_nothing_explains(tmp_path: Path) -> None:
    def run(start: int, code: int) -> Record:
        end = Exit(code=code)
        generated = [] if code else [made("model", "m", opened=start + 5)]
        return record(["train"], [step(["train"], used=[used("x", opened=start)], generated=generated, started=start, exit_=end)],
                      started=start, exit=end)  # fmt: skip

    found = compare(tmp_path, [run(T0, 0)], [run(T0 + DAY, 1)])
    assert causes(found) == {("nondeterminism", "train")}
    assert found.causes[0].reaches_target
    assert next(each for each in found.outcome if each.what == "exit").b == 1


def test_steps_that_a_failure_kept_from_running_follow_from_it(tmp_path: Path) -> None:
    def run(start: int, data: str, code: int) -> Record:
        bash = step(["bash", "run.sh"], used=[used("run.sh", opened=start)], started=start, exit_=Exit(code=code))
        first = step(["train"], used=[used("x", data, opened=start + 1)], generated=[] if code else [made("m", opened=start + 5)],
                     started=start + 1, number=1, parent=0, exit_=Exit(code=code))  # fmt: skip
        second = step(["eval"], used=[used("m", opened=start + 9, external=False)], generated=[made("r", opened=start + 12)],
                      started=start + 8, number=2, parent=0)  # fmt: skip
        return record(["bash", "run.sh"], [bash, first] + ([] if code else [second]), started=start, exit=Exit(code=code))

    found = compare(tmp_path, [run(T0, "good", 0)], [run(T0 + DAY, "bad", 1)])
    assert causes(found) == {("data", "x")}
    assert [(each.category.value, each.subject, each.because) for each in found.consequences] == [("pipeline", "eval", [0])]


def test_a_module_that_changed_code_imports_follows_from_the_change(tmp_path: Path) -> None:
    def run(start: int, code: str, *modules: str) -> Record:
        reads = [used("train.py", code, opened=start), *(used(module, opened=start + 1) for module in modules)]
        return single(["python3", "train.py"], reads, [made("m", code, opened=start + 5)], started=start)

    found = compare(tmp_path, [run(T0, "one")], [run(T0 + DAY, "two", "extra.py")])
    assert causes(found) == {("code", "train.py")}
    assert [(each.subject, each.change) for each in found.consequences] == [("/p/extra.py", Change.ADDED)]


def test_logs_are_not_compared(tmp_path: Path) -> None:
    def run(start: int) -> Record:
        outputs = [made("m", opened=start + 5), made("train.log", str(start), opened=start + 6, role=Role.LOG)]
        return single(["train"], [used("x", opened=start)], outputs, started=start)

    found = compare(tmp_path, [run(T0)], [run(T0 + DAY)])
    assert found.identical
    assert found.causes == []


def test_names_that_are_no_text_reach_the_document(tmp_path: Path) -> None:
    import json

    from tests.builders import nasty

    found = compare(tmp_path, [nasty()], [nasty(started=T0 + DAY)])
    assert json.loads(json.dumps(to_json(found), ensure_ascii=True))["identical"] is True


def test_the_document_has_the_agreed_fields(changed: Callable[[Run], Diff]) -> None:
    later = FIRST.later()
    later.files["raw/b.dat"] = "B"
    document = to_json(changed(later))
    parts = {"a", "b", "identical", "causes", "consequences", "context", "steps", "outcome", "unknown", "one_step"}
    assert document.keys() == parts
    assert document["a"].keys() >= {"ref", "kind", "id"}
    fields = {"category", "subject", "change", "a", "b", "step", "reaches_target", "detail"}
    assert document["causes"][0].keys() >= fields
    assert document["consequences"][0].keys() >= {*fields, "because"}
    assert document["steps"][0].keys() == {"status", "a", "b", "label"}
    assert {each["what"] for each in document["outcome"]} == {"duration", "model.pt"}
    assert Status.HASHED.value == "hashed"
