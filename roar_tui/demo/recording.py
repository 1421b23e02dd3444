"""Records the demo's stages as anyone would: `roar-tui run --name STAGE python3 STAGE.py`, each a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from roar_tui.errors import RecordingError, RoarTuiError
from roar_tui.record.model import Record, State

FIRST_RUN = ("collect", "clean", "shard", "train", "evaluate")
SECOND_RUN = FIRST_RUN[1:]  # the data was delivered once
PATIENCE = 10.0  # seconds for a recording that was interrupted to end by itself


@dataclass(frozen=True)
class Stage:
    """A recorded stage: what its script said at last, the job that it became, and how long it took (seconds)."""

    name: str
    said: str
    job: str
    took: float


def record(stage: str, project: Path, store: Path) -> Stage:
    """Run and record `stage` in `project`; raises `RoarTuiError` when it fails or when this machine cannot trace."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="roar-tui-") as scratch:
        id_file = Path(scratch) / "job"
        command = [*roar_tui(store), "run", "--name", stage, "--id-file", str(id_file), "--", *script(stage)]
        status, output, errors = _run(command, project)
        if status != 0:
            why = reason(errors, recorder=status == RecordingError.exit_status)
            raise RoarTuiError(f"The demo's stage {stage} failed with status {status}: {why}", "roar-tui doctor may know why.")
        job = id_file.read_text("utf-8").strip()
    require_traced(_load(store, job))
    said = output.strip().splitlines()
    return Stage(stage, said[-1] if said else "", job, time.monotonic() - began)


def reason(errors: str, *, recorder: bool) -> str:
    """The line of a stage's stderr that says why it failed: roar-tui's own (`recorder`), or the last of its script."""
    own = "roar-tui: "
    lines = [line for line in errors.splitlines() if line.startswith(own) == recorder and line.strip()]
    return lines[-1].removeprefix(own) if lines else "it did not say why"


def roar_tui(store: Path) -> list[str]:
    """The command line of this very roar-tui on `store`, whatever is first in PATH."""
    return [sys.executable, "-m", "roar_tui", "--store", str(store)]


def script(stage: str) -> list[str]:
    """How a person starts a stage: `python3 train.py` (see `environment` for which python3)."""
    python = Path(sys.executable)
    return [("python3" if (python.parent / "python3").exists() else str(python)), f"{stage}.py"]


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """`variables` with the directory of the running Python first in PATH: it is known to be recent enough.

    Without PYTHONSAFEPATH, under which no script finds the module beside it.
    """
    path = os.pathsep.join([str(Path(sys.executable).parent), variables.get("PATH", os.defpath)])
    return {name: value for name, value in variables.items() if name != "PYTHONSAFEPATH"} | {"PATH": path}


def require_traced(record: Record) -> None:
    """Raise `RoarTuiError` with the reason where the job ran without being traced: there is nothing to explore then."""
    if record.state is State.UNTRACED:
        why = record.warnings[0].message if record.warnings else "the record does not say why"
        raise RoarTuiError(f"The demo cannot be traced on this machine: {why}", "roar-tui doctor says what is missing.")


def _load(store: Path, job: str) -> Record:
    from roar_tui.store.archive import Archive

    return Archive(store).load(job)


def _run(command: list[str], project: Path) -> tuple[int, str, str]:
    """Exit status, stdout and stderr. On Ctrl-C the recording, which got it as well, is left to end by itself."""
    process = subprocess.Popen(
        command,
        cwd=project,
        env=environment(os.environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    try:
        output, errors = process.communicate()
    except KeyboardInterrupt:
        try:
            process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.terminate()
        raise
    return process.returncode, output, errors
