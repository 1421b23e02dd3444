"""The house stands: imports go one way, and the command line does not pay for what it does not use."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("textual", "networkx", "httpx")
REPORT = """
import json, sys
sys.argv[0] = "roar-tui"
status = 0
try:
    from roar_tui.cli.app import main
    main()
except SystemExit as end:
    status = end.code or 0
sys.stderr.write("\\n" + json.dumps({"status": status, "loaded": sorted({name.split(".")[0] for name in sys.modules})}))
"""


def test_imports_keep_the_contracts() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["--version"],
        ["--help"],
        ["run", "--", "true"],
        ["jobs"],
        ["artifacts", "--json"],
        ["show", "@"],
        ["import", "/dev/null"],
        ["store", "info"],
        ["doctor"],
        ["completion", "bash"],
        ["demo", "--help"],
    ],
    ids=" ".join,
)
def test_a_command_loads_only_what_it_needs(arguments: list[str], tmp_path: Path) -> None:
    command = [sys.executable, "-c", REPORT, "--store", str(tmp_path / "store"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False, stdin=subprocess.DEVNULL)
    report = json.loads(done.stderr.splitlines()[-1])
    # an empty store has no last job; an empty file is no log; doctor says 1 where it cannot trace
    expected = {"show": {1}, "import": {1}, "doctor": {0, 1}}.get(arguments[0], {0})
    assert report["status"] in expected, done.stderr
    assert not set(HEAVY) & set(report["loaded"])


def test_the_tracer_works_without_roar_tui() -> None:
    code = (
        "import pkgutil, importlib, sys, tracer\n"
        "for module in pkgutil.walk_packages(tracer.__path__, 'tracer.'): importlib.import_module(module.name)\n"
        "assert not any(name.split('.')[0] in ('roar_tui', 'msgspec', 'click', 'rich') for name in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
