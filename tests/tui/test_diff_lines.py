"""The lines of a diff as data: the answer first, what each line says, and that every width holds them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from roar_tui.lineage.diff.result import (
    Category,
    Cause,
    Change,
    Consequence,
    Context,
    Diff,
    Outcome,
    Side,
    StepPair,
    StepRow,
    StepStatus,
    Unknown,
    to_json,
)  # fmt: skip
from roar_tui.tui import diff_export
from roar_tui.tui.diff_lines import DiffRow, head, rows
from roar_tui.tui.diff_lookup import Compared, SideWords
from roar_tui.tui.diff_refs import copied_of, refs_of
from roar_tui.tui.lines import plain, width_of
from roar_tui.tui.marks import ASCII, UNICODE
from roar_tui.tui.nodes import Look

A, B, C = "a" * 64, "b" * 64, "c" * 64
JOB_A, JOB_B = "1" * 64, "2" * 64
NOW = 1_795_000_000_000_000
LOOK = Look(UNICODE, NOW, home="/home/me")
PLAIN = Look(ASCII, NOW, home="/home/me")


def cause(category: Category, subject: str, a: Any, b: Any, change: Change = Change.CHANGED, **detail: Any) -> Cause:
    step = StepPair(a=f"s:{JOB_A}:0", b=f"s:{JOB_B}:0")
    reaches = detail.pop("reaches", True)
    detail.setdefault("label", "train.py")
    return Cause(category=category, subject=subject, change=change, a=a, b=b, step=step, reaches_target=reaches, detail=detail)


def consequence(subject: str, because: list[int], **detail: Any) -> Consequence:
    return Consequence(
        category=Category.DATA, subject=subject, change=Change.CHANGED, a=None, b=None, step=StepPair(a=None, b=None),
        reaches_target=True, because=because, detail=detail,
    )  # fmt: skip


CODE = cause(Category.CODE, "/p/train.py", A, B, lines=["@@ -1 +1 @@", "-rate = 1", "+rate = 2"])
PARAM = cause(Category.PARAMS, "--lr", "0.1", "0.2")
SHARDS: dict[str, Any] = {
    "of": 1000, "differ": 3, "changed": [{"path": "/p/shards/s1", "a": A, "b": B}],
    "added": [{"path": "/p/shards/s2", "b": C}], "removed": [{"path": "/p/shards/s3", "a": C}],
}  # fmt: skip
STEPS = [
    StepRow(status=StepStatus.SAME, a=f"s:{JOB_A}:0", b=f"s:{JOB_A}:0", label="fetch.py"),
    StepRow(status=StepStatus.CHANGED, a=f"s:{JOB_A}:0", b=f"s:{JOB_B}:0", label="train.py"),
    StepRow(status=StepStatus.ADDED, a=None, b=f"s:{JOB_B}:1", label="augment.py"),
    StepRow(status=StepStatus.REMOVED, a=f"s:{JOB_A}:1", b=None, label="clean.py"),
]


def compared(**parts: Any) -> Compared:
    diff = Diff(
        a=Side(ref=None, kind="job", id=JOB_A), b=Side(ref=None, kind="job", id=JOB_B), identical=parts.pop("identical", False),
        one_step=parts.get("one_step"),
        **{name: parts.get(name, []) for name in ("causes", "consequences", "context", "steps", "outcome", "unknown")},
    )  # fmt: skip
    return Compared(diff, SideWords("11111111", NOW, "train.py --lr 0.1"), SideWords("22222222", NOW, "train.py --lr 0.2"), "/p")


FULL = compared(
    causes=[CODE, PARAM, cause(Category.ENVIRONMENT, "$KEY", "***", "***", reaches=False)],
    consequences=[consequence("/p/shards", [0, 1], members=SHARDS)],
    steps=STEPS,
    outcome=[Outcome(what="duration", a=1.0, b=2.0), Outcome(what="m.json:acc", a=0.9, b=0.8), Outcome(what="model.pt", a=A, b=B)],
    context=[Context(subject="host", a="n1", b="n2\x1b[31m")],
    unknown=[Unknown(subject="/p/big.bin", why="it was never hashed")],
)
ALL_OPEN = frozenset({*(f"cause:{n}" for n in range(9)), "consequence:0", *(f"step:{n}" for n in range(4)), "unknown:0"})


def shown(
    what: Compared, width: int = 80, *, everything: bool = False, opened: frozenset[str] = frozenset(), look: Look = LOOK
) -> str:
    return "\n".join(plain(row.line) for row in rows(what, width, look, everything=everything, opened=opened))


def row(what: Compared, key: str, **options: Any) -> DiffRow:
    found = rows(what, 100, LOOK, everything=True, opened=options.get("opened", frozenset()))
    return next(each for each in found if each.key == key)


def test_the_head_names_both_and_what_came_out_metrics_first() -> None:
    a, b, answer = (plain(line) for line in head(FULL, 80, LOOK))
    assert a.startswith(" A 11111111")
    assert a.endswith("train.py --lr 0.1")
    assert b.startswith(" B 22222222")
    assert answer == " m.json:acc 0.9 → 0.8  ·  model.pt differs"


def test_a_file_whose_metrics_differ_is_not_said_twice() -> None:
    outcome = [Outcome(what="m.json", a=A, b=B), Outcome(what="m.json:acc", a=0.9, b=0.8), Outcome(what="m.json:loss", a=1, b=2)]
    assert plain(head(compared(outcome=outcome), 80, LOOK)[2]).startswith(
        " m.json:acc 0.9 → 0.8  ·  loss 1 → 2  ·  nothing that went in"
    )


def test_two_files_of_one_step_are_said_to_be_by_their_names() -> None:
    read = cause(Category.DATA, "/p/d1", None, B, Change.ADDED, between=True)
    outcome = [Outcome(what="ckpt-2", a=A, b=B, was="ckpt-1")]
    both = compared(outcome=outcome, causes=[read], one_step=f"s:{JOB_A}:0")
    assert plain(head(both, 100, LOOK)[2]) == " ckpt-1 → ckpt-2 differs  ·  made by one step of one run"
    assert "it made the other." in shown(both, opened=ALL_OPEN)
    assert plain(head(compared(outcome=outcome, one_step=f"s:{JOB_A}:0"), 100, PLAIN)[2]).startswith(" ckpt-1 -> ckpt-2 differs")
    assert "nothing that went in" not in plain(head(compared(outcome=outcome, one_step=f"s:{JOB_A}:0"), 100, LOOK)[2])


def test_a_long_line_of_code_is_cut_around_what_changed() -> None:
    long = ", ".join(map(str, range(100)))
    lines = ["@@ -1 +1 @@", "-" + long, "+" + long.replace("77", "7777")]
    said = shown(compared(causes=[cause(Category.CODE, "/p/train.py", A, B, lines=lines)]), opened=ALL_OPEN)
    assert "76, 77, 78" in said
    assert "76, 7777, 78" in said


def test_identical_is_said_first() -> None:
    answer = plain(head(compared(identical=True, causes=[CODE]), 100, LOOK)[2])
    assert answer.startswith(" ✓ identical: the very same content")
    assert "no effect" in answer


def test_where_something_is_unknown_nothing_is_called_the_same() -> None:
    unsure = compared(unknown=[Unknown(subject="x", why="untraced")])
    assert "not everything could be compared" in plain(head(unsure, 100, LOOK)[2])
    assert "Nothing differs" not in shown(unsure)
    assert "untraced" in shown(unsure)


def test_nothing_differs() -> None:
    assert "no difference was found" in plain(head(compared(), 80, LOOK)[2])
    assert "Nothing differs" in shown(compared())


def test_causes_come_first_and_say_where_they_entered() -> None:
    text = shown(FULL)
    assert text.index("causes  3") < text.index("consequences  1") < text.index("steps") < text.index("unknown")
    assert "● code         train.py  aaaaaaaa → bbbbbbbb  read by train.py" in text
    assert "of train.py" in text
    assert "without effect" in text
    assert "shards/" in text
    assert "3 of 1,000 differ" in text
    assert "because of train.py, --lr" in text


def test_steps_have_signs_and_say_which_side_has_them() -> None:
    lines = shown(FULL).splitlines()
    assert any("=  fetch.py" in line for line in lines)
    assert any("≠  train.py" in line for line in lines)
    assert any("+  augment.py  only in B" in line for line in lines)
    assert any("-  clean.py  only in A" in line for line in lines)


def test_context_and_many_unchanged_steps_are_hidden_until_asked_for() -> None:
    many = compared(causes=[PARAM], steps=[*STEPS[:1] * 10, *STEPS[1:]], context=FULL.diff.context)
    assert "fetch.py" not in shown(many)
    assert "10 same" in shown(many)
    assert "host" not in shown(many)
    text = shown(many, everything=True)
    assert text.count("fetch.py") == 10
    assert "n2\\x1b[31m" in text


def test_a_cause_opens_into_its_changed_lines() -> None:
    text = shown(FULL, opened=frozenset({"cause:0"}))
    assert "     -rate = 1\n     +rate = 2" in text
    tones = {
        plain(each.line).strip(): each.line[-1][1] for each in rows(FULL, 80, LOOK, everything=False, opened=frozenset({"cause:0"}))
    }
    assert (tones["-rate = 1"], tones["+rate = 2"]) == ("bad", "ok")


def test_a_set_opens_into_the_files_that_differ() -> None:
    text = shown(FULL, opened=frozenset({"consequence:0"}))
    assert "+ s2  cccccccc" in text
    assert "- s3  cccccccc" in text
    assert "≠ s1  aaaaaaaa → bbbbbbbb" in text


def test_of_very_many_files_the_first_are_shown_and_the_others_counted() -> None:
    changed = [{"path": f"/p/d/{n}", "a": A, "b": B} for n in range(100_000)]
    many = consequence("/p/d", [], members={"of": 100_000, "differ": 100_000, "changed": changed, "added": [], "removed": []})
    found = rows(compared(consequences=[many]), 80, LOOK, everything=False, opened=frozenset({"consequence:0"}))
    assert len(found) < 600
    assert plain(found[-1].line).strip() == "and 99,500 more files; e writes all of them to a file"


def test_chance_names_its_suspects() -> None:
    chance = cause(Category.NONDETERMINISM, "train.py", None, None, suspects=["network", "GPU"], outputs=["/p/model.pt"])
    text = shown(compared(causes=[chance]), opened=frozenset({"cause:0"}))
    assert "Suspects: network, GPU" in text
    assert "Differs: model.pt" in text


def test_a_step_opens_into_what_differs_there() -> None:
    text = shown(FULL, opened=frozenset({"step:1"}))
    assert "A 11111111:0   B 22222222:0" in text
    assert "code  train.py  aaaaaaaa → bbbbbbbb" in text


@pytest.mark.parametrize("look", [LOOK, PLAIN])
@pytest.mark.parametrize("everything", [False, True])
def test_every_line_fits_at_any_width(look: Look, everything: bool) -> None:
    nasty = cause(Category.DATA, "/p/" + "漢" * 70 + "\n", A, B, paths={"a": "/x" * 60, "b": "/y"}, label="z" * 90)
    what = compared(
        causes=[*FULL.diff.causes, nasty], consequences=FULL.diff.consequences, steps=STEPS, outcome=FULL.diff.outcome,
        context=FULL.diff.context, unknown=FULL.diff.unknown,
    )  # fmt: skip
    for width in range(40, 130, 12):
        lines = [*head(what, width, look), *(r.line for r in rows(what, width, look, everything=everything, opened=ALL_OPEN))]
        for line in lines:
            assert width_of(line) <= width, plain(line)
            assert plain(line).isprintable()


def test_in_a_c_locale_our_own_signs_are_ascii() -> None:
    assert shown(FULL, everything=True, opened=ALL_OPEN, look=PLAIN).replace("…", "").isascii()


@pytest.mark.parametrize(
    ("key", "refs"),
    [
        ("cause:0", [f"{JOB_B}:/p/train.py", B, f"{JOB_B}:0"]),
        ("cause:1", [f"{JOB_B}:0"]),
        ("step:3", [f"{JOB_A}:1"]),
        ("outcome:1", [B]),
        ("unknown:0", []),
        ("context:0", []),
    ],
)
def test_a_walk_begins_at_what_b_had(key: str, refs: list[str]) -> None:
    assert refs_of(FULL.diff, row(FULL, key), FULL.cwd) == refs


def test_what_only_a_had_is_walked_from_a() -> None:
    gone = compared(causes=[cause(Category.DATA, "/p/old.csv", A, None, Change.REMOVED)])
    assert refs_of(gone.diff, row(gone, "cause:0"), "/p")[0] == f"{JOB_A}:/p/old.csv"


def test_copied_is_what_the_line_is_about() -> None:
    assert copied_of(row(FULL, "cause:0")) == (B, "the full hash")
    assert copied_of(row(FULL, "cause:1")) == ("0.2", "the value")
    inside = row(FULL, "cause:0/3", opened=frozenset({"cause:0"}))
    assert copied_of(inside) == ("@@ -1 +1 @@\n-rate = 1\n+rate = 2\n", "the changed lines")


def test_exporting_never_overwrites_and_survives_any_name(tmp_path: Path) -> None:
    odd = compared(causes=[cause(Category.DATA, "/p/bad-\udcff", A, B)]).diff
    first, second = (diff_export.write(odd, str(tmp_path), "1111", "2222:0") for _ in range(2))
    assert (first.name, second.name) == ("diff-1111-2222.0.json", "diff-1111-2222.0-2.json")
    assert json.loads(first.read_text()) == to_json(odd)
