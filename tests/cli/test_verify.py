"""`verify`: what it prints, what it leaves with, and how it is called off."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import T0, build_store, content, made, single, used
from tests.cli.conftest import Run, document, in_terminal, plain

WORD = "word " * 50


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A store in `store` whose one job read `raw` and made `a`, `b`; all three are on disk."""
    paths = [tmp_path / name for name in ("raw", "a", "b\n\x1b[31m")]
    accesses = [(str(path), path.name + WORD) for path in paths]
    for path, word in accesses:
        Path(path).write_text(word)
    job = single(
        ["make", "all"], [used(*accesses[0], size=255)], [made(*each, opened=T0 + 1, size=255) for each in accesses[1:]], name="all"
    )
    build_store(tmp_path / "store", [job])
    return tmp_path


def test_sound(run: Run, project: Path) -> None:
    done = run("verify", store=project / "store")
    assert done.exit_code == 0
    assert done.stdout == "✓ 3 files checked: 3 unchanged\n✓ 1 record checked: it is sound\n"
    assert document(run("verify", "all", "--json", store=project / "store")) == {
        "checked": 3, "unchanged": 3, "complete": True, "problems": [], "unknown": [],
        "records": {"checked": 1, "damaged": []}, "blobs": {"checked": 0, "damaged": []},
    }  # fmt: skip


def test_problems_leave_with_1(run: Run, project: Path) -> None:
    (project / "a").write_text("other")
    (project / "b\n\x1b[31m").unlink()
    done = run("verify", store=project / "store")
    assert done.exit_code == 1
    assert done.stdout.splitlines()[1].split()[0] == "changed"
    assert f"is now {content('other')[:8]}" in done.stdout
    assert r"b\n\x1b[31m" in done.stdout
    assert "3 files checked: 1 unchanged · 1 changed · 1 gone" in done.stdout
    assert "1 record checked: it is sound" in done.stdout
    assert "were seen on other machines: node-1" in done.stdout
    shown = run("verify", "--json", store=project / "store")
    assert shown.exit_code == 1
    problems = json.loads(shown.stdout)["problems"]
    assert [(each["path"], each["state"], each["now"]) for each in problems] == [
        (str(project / "a"), "changed", content("other")),
        (str(project / "b\n\x1b[31m"), "gone", None),
    ]


def test_a_damaged_record_leaves_with_1(run: Run, project: Path) -> None:
    run("jobs", store=project / "store")
    (record,) = (project / "store" / "records").glob("*/*.gz")
    record.write_bytes(b"")
    done = run("verify", store=project / "store")
    assert done.exit_code == 1
    assert "damaged record" in done.stdout
    assert "1 record checked: 1 damaged" in done.stdout


def test_an_empty_store_is_sound(run: Run, tmp_path: Path) -> None:
    done = run("verify", store=tmp_path / "none")
    assert (done.exit_code, done.stdout) == (0, "Nothing that should still be on disk was recorded here.\n")
    assert document(run("verify", "--json", store=tmp_path / "none"))["checked"] == 0


def test_what_is_not_found_leaves_with_1_and_says_so(run: Run, project: Path) -> None:
    done = run("verify", "nonsense", store=project / "store")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "nonsense names nothing" in done.stderr


def test_on_a_terminal_of_80(project: Path) -> None:
    (project / "a").write_text("other")
    status, shown = in_terminal(["--store", str(project / "store"), "verify"], NO_COLOR="1")
    assert status == 1
    assert "✗ 3 files checked: 2 unchanged · 1 changed" in plain(shown)


def test_ctrl_c_says_what_was_checked_until_then(project: Path) -> None:
    huge = project / "huge"
    with open(huge, "wb") as file:
        file.truncate(1 << 41)  # hours of zeros
    build_store(project / "store", [single(["big"], [], [made(str(huge), "x", size=1 << 41)], name="big")])
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "roar_tui", "--store", str(project / "store"), "verify", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=follower, start_new_session=True) as process:
        os.close(follower)
        said = b""
        while b"Hashing: " not in said:
            said += os.read(leader, 4096)
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        shown = json.loads(process.stdout.read())
        assert process.wait(timeout=20) == 130
    while b"checked" not in said:
        said += os.read(leader, 4096)
    os.close(leader)
    assert (shown["checked"], shown["unchanged"], shown["complete"]) == (3, 3, False)
    assert b"Interrupted: 3 of 4 files were checked." in said
    assert b"of 2.2 TB" in said
