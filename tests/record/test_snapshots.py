from __future__ import annotations

import os
from pathlib import Path

import pytest

from roar_tui.record.model import Role, digest
from roar_tui.record.snapshots import RESULT_LIMIT, TEXT_LIMIT, from_disk, take, wanted


@pytest.mark.parametrize(
    ("path", "role", "size", "generated"),
    [
        ("/p/train.py", Role.CODE, TEXT_LIMIT, False),
        ("/p/params.yaml", Role.CONFIG, 10, False),
        ("/p/made.py", Role.CODE, 10, True),
        ("/p/metrics.json", Role.DATA, RESULT_LIMIT, True),
        ("/p/Metrics.YAML", Role.DATA, 10, True),
    ],
)
def test_small_sources_configs_and_results_are_wanted(path: str, role: Role, size: int, generated: bool) -> None:
    assert wanted(path, role, size, generated)


@pytest.mark.parametrize(
    ("path", "role", "size", "generated"),
    [
        ("/p/train.py", Role.CODE, TEXT_LIMIT + 1, False),
        ("/p/metrics.json", Role.DATA, RESULT_LIMIT + 1, True),
        ("/p/metrics.json", Role.DATA, 10, False),
        ("/p/model.pt", Role.DATA, 10, True),
        ("/p/train.log", Role.LOG, 10, True),
        ("/p/.env", Role.CONFIG, 10, False),
        ("/p/credentials.json", Role.DATA, 10, True),
        ("/p/empty.py", Role.CODE, 0, False),
    ],
)
def test_large_binary_and_secret_files_are_not(path: str, role: Role, size: int, generated: bool) -> None:
    assert not wanted(path, role, size, generated)


def test_a_snapshot_is_the_content_that_was_used_or_nothing() -> None:
    text = "print('π')\n".encode()
    assert take("/p/a.py", digest(text), text) == text
    assert take("/p/a.py", digest(b"other"), text) is None


@pytest.mark.parametrize("content", [b"\x7fELF\0\0", b"\xff\xfe", b'password = "hunter2!"\n', b"x" * (TEXT_LIMIT + 1)])
def test_what_is_not_text_or_holds_a_secret_is_not_taken(content: bytes) -> None:
    assert take("/p/a.py", digest(content), content) is None


def test_from_disk(tmp_path: Path) -> None:
    file = tmp_path / "a\n\udcff.py"
    file.write_bytes(b"x = 1\n")
    assert from_disk(str(file), digest(b"x = 1\n")) == b"x = 1\n"
    file.write_bytes(b"x = 2\n")
    assert from_disk(str(file), digest(b"x = 1\n")) is None
    assert from_disk(str(tmp_path / "gone"), digest(b"")) is None
    assert from_disk(str(tmp_path), digest(b"")) is None
    os.mkfifo(tmp_path / "fifo")
    assert from_disk(str(tmp_path / "fifo"), digest(b"")) is None
