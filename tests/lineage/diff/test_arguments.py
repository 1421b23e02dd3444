from __future__ import annotations

import pytest

from roar_tui.lineage.diff.arguments import inline_code, parse_both


def names(a: str, b: str = "") -> dict[str, str | None]:
    return {argument.name: argument.value for argument in parse_both(a.split(), (b or a).split())[0]}


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("python3 train.py --lr 0.1", {"--lr": "0.1"}),
        ("python3 train.py --lr=0.1", {"--lr": "0.1"}),
        ("python3 -u train.py -e 3", {"-e": "3"}),
        ("train -j8 -lr 0.1", {"-j": "8", "-lr": "0.1"}),
        ("python3 -m pkg.train opt.lr=0.1 +trainer.gpus=2 ~model", {"opt.lr": "0.1", "trainer.gpus": "2", "model": "~model"}),
        ("python3 train.py data 20", {"argument 1": "data", "argument 2": "20"}),
        ("python3 train.py --fast --lr 0.1 --last", {"--fast": None, "--lr": "0.1", "--last": None}),
        ("python3 train.py --shift -0.5", {"--shift": "-0.5"}),
        ("python3 train.py -- --not-an-option", {"argument 1": "--not-an-option"}),
        ("python3 -O train.py", {"-O": None}),
        ("python3 -W error train.py", {"-W": "error"}),
        ("bash run.sh 0.1", {"argument 1": "0.1"}),
        ("true", {}),
    ],
)
def test_arguments_go_by_the_names_that_a_person_uses(command: str, expected: dict[str, str | None]) -> None:
    assert names(command) == expected


def test_what_is_a_flag_in_one_command_is_a_flag_in_the_other() -> None:
    assert names("t.py --fast data", "t.py data --fast") == {"--fast": None, "argument 1": "data"}
    assert names("t.py --fast 10", "t.py 10") == {"--fast": None, "argument 1": "10"}


def test_the_code_given_to_a_shell_is_told_from_its_arguments() -> None:
    assert inline_code(["bash", "-c", "train", "x"]) == "train"
    assert inline_code(["/bin/sh", "-ec", "train"]) == "train"
    assert inline_code(["bash", "run.sh", "-c", "x"]) is None
    assert inline_code(["python3", "-c", "pass"]) is None
