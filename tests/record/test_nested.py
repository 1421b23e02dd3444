"""Which programs of a job are the recorder of another one."""

from __future__ import annotations

import pytest

from roar_tui.record.nested import asked_for, is_recorder, recorders
from tracer.observation import Image

STRACE = ["strace", "-f", "-q", "-o", "/tmp/roar-tui-x1_/trace", "--", "python"]
STUB = ["python", "-I", "-S", "-c", "..."]


def image(number: int, parent: Image | None, *argv: str) -> Image:
    return Image(number, parent, 7 + number, argv[0], list(argv), "/p", 0)


@pytest.mark.parametrize(
    ("argv", "is_one"),
    [
        (["roar-tui", "run", "true"], True),
        (["/venv/bin/roar-tui", "--store", "run", "run", "true"], True),
        (["/venv/bin/python3.11", "/venv/bin/roar-tui", "run", "true"], True),
        (["python3", "-X", "dev", "-m", "roar_tui", "--store=x", "run", "true"], True),
        (["roar-tui", "--store", "run", "jobs"], False),
        (["roar-tui", "jobs", "run"], False),
        (["roar-tui"], False),
        (["python3", "train.py", "roar-tui", "run"], False),
        (["python3", "-m", "pytest", "roar_tui", "run"], False),
        (["python3", "-c", "roar-tui", "run"], False),
        (["echo", "roar-tui", "run"], False),
        ([], False),
    ],
)
def test_a_recorder_is_known_by_its_command_line(argv: list[str], is_one: bool) -> None:
    assert is_recorder(argv) is is_one


def test_its_strace_and_its_stub_are_its_own_and_the_command_is_not() -> None:
    shell = image(0, None, "bash", "job.sh")
    run = image(1, shell, "roar-tui", "run", "sort")
    strace = image(2, run, *STRACE)
    stub = image(3, strace, *STUB)
    sort = image(4, stub, "sort")
    untraced = image(5, run, "sort")
    others = image(6, shell, *STRACE)
    python = image(7, shell, *STUB)
    assert recorders([shell, run, strace, stub, sort, untraced, others, python]) == {run, strace, stub}


def test_the_file_of_the_id_is_the_jobs() -> None:
    for argv in (["--id-file", "out/../id"], ["--id-file=/p/id"]):
        run = image(0, None, "roar-tui", "run", *argv, "tee", "x")
        assert asked_for(run, "/p/id")
        assert not asked_for(run, "/p/x")
