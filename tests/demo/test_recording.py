"""What the demo does when a stage cannot be recorded, and with which Python the stages run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from roar_tui.demo import recording
from roar_tui.errors import RoarTuiError


def test_the_stages_run_with_this_python_whatever_is_first_in_the_path(tmp_path: Path) -> None:
    (tmp_path / "python3").write_text("#!/bin/sh\nexit 9\n")
    (tmp_path / "python3").chmod(0o755)
    surroundings = recording.environment({"PATH": str(tmp_path), "PYTHONSAFEPATH": "1", "HOME": "/h"})
    program = recording.script("train")[0]
    assert os.path.samefile(shutil.which(program, path=surroundings["PATH"]) or "", sys.executable)
    assert surroundings.keys() == {"PATH", "HOME"}


def test_the_reason_is_the_scripts_last_line_or_the_recorders_sentence() -> None:
    errors = "Traceback …\nMemoryError: no more\nroar-tui: job 7f3a9c12: 3 in, 1 out\n"
    assert recording.reason(errors, recorder=False) == "MemoryError: no more"
    errors = "roar-tui: No space left on device.\n  free some space\n"
    assert recording.reason(errors, recorder=True) == "No space left on device."
    assert recording.reason("", recorder=False) == "it did not say why"


@pytest.mark.usefixtures("strace")
def test_a_stage_that_fails_is_reported_with_its_own_words(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("raise SystemExit('the shards are gone')")
    with pytest.raises(RoarTuiError, match="train failed with status 1: the shards are gone"):
        recording.record("train", tmp_path, tmp_path / "store")


def test_a_store_that_cannot_be_written_is_said_before_anything_else(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    command = [sys.executable, "-m", "roar_tui", "--store", str(tmp_path / "file"), "demo"]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 3
    assert done.stdout == ""
    assert "trained" not in done.stderr
    assert str(tmp_path / "file") in done.stderr
