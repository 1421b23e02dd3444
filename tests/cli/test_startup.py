"""Starting up stays cheap: commands import what they need and nothing more."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"textual", "networkx", "httpx", "rich"}
PROBE = """
import sys
sys.argv = ["roar-tui", *sys.argv[1:]]
try:
    from roar_tui.cli.app import main
    main()
except SystemExit:
    pass
finally:
    print("MODULES", *sorted(name for name in sys.modules if "." not in name), file=sys.stderr)
"""


def modules_after(*args: str) -> set[str]:
    """The top-level modules that are loaded when `roar-tui ARGS` ends."""
    done = subprocess.run([sys.executable, "-c", PROBE, *args], capture_output=True, text=True, check=True)
    line = next(line for line in done.stderr.splitlines() if line.startswith("MODULES"))
    return set(line.split()[1:])


@pytest.mark.parametrize("args", [["--version"], ["--help"], ["run", "--help"], ["completion", "bash"], ["nonsense"]])
def test_nothing_heavy_is_imported(args: list[str]) -> None:
    loaded = modules_after(*args)
    assert "roar_tui" in loaded
    assert not loaded & HEAVY


@pytest.mark.parametrize("args", [["--version"], ["--help"]])
def test_version_and_help_open_no_store(args: list[str]) -> None:
    assert not modules_after(*args) & {"sqlite3", "blake3", "msgspec"}


@pytest.mark.parametrize("args", [["jobs"], ["jobs", "--json"], ["show", "feed"], ["doctor", "--json"], ["upstream", "feed"]])
def test_reading_commands_need_neither_textual_nor_networkx(args: list[str]) -> None:
    assert not modules_after(*args) & {"textual", "networkx", "httpx"}


def test_a_recorded_run_imports_nothing_heavy(tmp_path: object) -> None:
    assert not modules_after("--store", str(tmp_path), "run", "true") & HEAVY
