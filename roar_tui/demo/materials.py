"""Lays out the demo's project (scripts, parameters, delivered data) and makes the change between its two runs."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sysconfig
import zipfile
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from roar_tui.errors import RoarTuiError

MODULES = 132  # 12 held out, three texts in each of the 40 shards: about 2 MB, counted in under a second
FEWEST = 44  # below that there would be empty shards
SIZES = range(3_000, 48_000)  # bytes; large enough to be text, small enough that no module dominates its shard
PACKAGES = ("", "asyncio", "concurrent/futures", "email", "html", "http", "importlib", "json", "logging", "unittest", "urllib")
IGNORED = ("/.roar-tui/", "__pycache__/", "/sources.zip", "/raw/", "/clean/", "/shards/", "/*.txt", "/model.*", "/metrics.json")
RETUNED = {"order": 4, "smoothing": 4.0}


@dataclass(frozen=True)
class Change:
    """What is another between the runs: `subject` is relative to the project."""

    subject: str
    what: str


def lay_out(project: Path) -> None:
    """Fill the empty directory `project` with scripts, parameters and `sources.zip`; the same bytes for the same Python."""
    for script in sorted(resources.files(__package__).joinpath("project").iterdir(), key=lambda entry: entry.name):
        if script.name.endswith((".py", ".json")):
            (project / script.name).write_bytes(script.read_bytes())
    (project / ".gitignore").write_text("".join(f"{pattern}\n" for pattern in IGNORED), "utf-8")
    _deliver(project / "sources.zip", standard_library())
    _commit(project)


def standard_library() -> dict[str, Path]:
    """The modules to learn from, by dotted name; raises `RoarTuiError` where Python came without its sources."""
    root = Path(sysconfig.get_path("stdlib"))
    found = {
        ".".join(path.relative_to(root).with_suffix("").parts): path
        for package in PACKAGES
        for path in (root / package).glob("*.py")
        if not path.name.startswith("_") and path.stat().st_size in SIZES
    }
    if len(found) < FEWEST:
        raise RoarTuiError(
            f"The demo learns from the Python standard library's sources, and {root} holds only {len(found)} of them.",
            "Install the whole standard library (Debian and Ubuntu: apt install libpython3-stdlib), or use another Python.",
        )
    names = sorted(found)
    wanted = min(MODULES, len(names))
    return {names[index * len(names) // wanted]: found[names[index * len(names) // wanted]] for index in range(wanted)}


def change(project: Path) -> list[Change]:
    """Damage one raw text, as an interrupted copy would, and retune one parameter."""
    raw = sorted((project / "raw").glob("*.txt"))
    favoured = project / "raw" / "calendar.txt"  # not held out in any Python from 3.10 to 3.13
    victim = favoured if favoured in raw and raw.index(favoured) % 11 != 5 else raw[0]
    lines = victim.read_text("utf-8").splitlines(keepends=True)
    victim.write_text("".join(lines[: len(lines) // 2]), "utf-8")
    before = json.loads((project / "params.json").read_text("utf-8"))
    (project / "params.json").write_text(json.dumps(RETUNED, indent=2) + "\n", "utf-8")
    return [
        Change(f"raw/{victim.name}", f"cut off after {len(lines) // 2} of {len(lines)} lines"),
        Change("params.json", f"order {before['order']} → {RETUNED['order']}"),
    ]


def _deliver(archive: Path, modules: dict[str, Path]) -> None:
    """Pack `modules` without dates, so that the same sources give the same bytes."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, path in modules.items():
            packed.writestr(zipfile.ZipInfo(f"{name}.py", (1980, 1, 1, 0, 0, 0)), path.read_bytes(), zipfile.ZIP_DEFLATED)


def _commit(project: Path) -> None:
    """Commit the scripts, so that the jobs have a commit to name; without git, or where it refuses, the demo does as well."""
    # neither another repository, where the demo is started from a hook, nor what would start programs or ask for a password
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or "CONFIG" in name}
    for role in ("AUTHOR", "COMMITTER"):
        surroundings |= {f"GIT_{role}_NAME": "roar-tui demo", f"GIT_{role}_EMAIL": "demo@localhost", f"GIT_{role}_DATE": "@0 +0000"}
    git = ["git", "-C", str(project), "-c", "commit.gpgSign=false", "-c", f"core.hooksPath={os.devnull}", "-c", "init.templateDir="]
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        for arguments in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "Train a language model"]):
            command = [*git, *arguments]
            subprocess.run(command, env=surroundings, check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=30)
