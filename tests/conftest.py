"""What every test stands on: no test sees the user's store, cache or git configuration, nor leaves anything there."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples every time: a change is judged by what it changed. HYPOTHESIS_PROFILE=explore looks for new ones.
settings.register_profile("same", derandomize=True)
settings.register_profile("explore", derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

SETTINGS = ("ROAR_TUI_STORE", "ROAR_TUI_DEBUG", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES")


@pytest.fixture(scope="session", autouse=True)
def _own_surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Data, cache and state directories of this test process alone; git without anybody's configuration."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in SETTINGS:
            patch.delenv(name, raising=False)
        for name in ("DATA", "CACHE", "STATE", "CONFIG"):
            patch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
        patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        for role in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{role}_NAME", "A Tester")
            patch.setenv(f"GIT_{role}_EMAIL", "tester@example.org")
        yield


@pytest.fixture(scope="session")
def strace(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The strace to record with; skips the test where there is none, or where this machine forbids tracing."""
    found = os.environ.get("ROAR_TUI_STRACE") or shutil.which("strace")
    if not found:
        pytest.skip("strace is not installed")
    log = Path(tmp_path_factory.mktemp("strace")) / "log"
    tried = subprocess.run([found, "-f", "-o", str(log), "true"], capture_output=True, text=True, check=False)
    if tried.returncode != 0 or "execve" not in log.read_text("utf-8", "replace"):
        pytest.skip(f"strace cannot trace here: {tried.stderr.strip() or 'its log is empty'}")
    return found
