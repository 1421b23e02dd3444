"""What limits a record, and the text that is kept beside it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from roar_tui.record.assemble import limits, snapshot
from roar_tui.record.model import Access, Role, Status, Step, digest
from tests import builders
from tracer.observation import Counts


def step(folder: Path, count: int) -> Step:
    """A step that read `count` scripts in `folder`."""
    used = []
    for number in range(count):
        path, data = folder / f"{number}.py", b"print(%d)\n" % number
        path.write_bytes(data)
        used.append(Access(str(path), Role.CODE, Status.HASHED, number, digest(data), len(data)))
    return Step(0, None, "/usr/bin/python3", ["python3"], str(folder), 0, 1, used=used)


def test_every_script_is_kept_in_the_order_of_its_use(tmp_path: Path) -> None:
    job = step(tmp_path, 50)
    assert list(snapshot([job], digest).items()) == [(access.digest, access.digest) for access in job.used]


def test_scripts_are_kept_where_no_thread_may_be_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    job = step(tmp_path, 5)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert len(snapshot([job], digest)) == 5


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (1, "1 input changed before it could be hashed: its content is unknown."),
        (2, "2 inputs changed before they could be hashed: their contents are unknown."),
    ],
)
def test_inputs_that_changed_are_counted(number: int, said: str) -> None:
    read = builders.step(["train"], used=[builders.unknown(str(each)) for each in range(number)])
    assert [warning.message for warning in limits([read], {}, Counts())] == [said]
