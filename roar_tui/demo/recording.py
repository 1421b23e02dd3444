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

from roar_tui.errors import RoarTuiError
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
            last = (errors.strip() or output.strip() or "it said nothing").splitlines()[-1]
            raise RoarTuiError(f"The demo's stage {stage} failed with status {status}: {last}", "roar-tui doctor may know why.")
        job = id_file.read_text("utf-8").strip()
    require_traced(_load(store, job))
    said = output.strip().splitlines()
    return Stage(stage, said[-1] if said else "", job, time.monotonic() - began)


def roar_tui(store: Path) -> list[str]:
    """The command line of this very roar-tui on `store`, whatever is first in PATH."""
    return [sys.executable, "-m", "roar_tui", "--store", str(store)]


def script(stage: str) -> list[str]:
    """How a person starts a stage: `python3 train.py` (see `environment` for which python3)."""
    python = Path(sys.executable)
    return [("python3" if (python.parent / "python3").exists() else str(python)), f"{stage}.py"]


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """`variables` with the directory of the running Python first in PATH: it is known to be recent enough."""
    return {**variables, "PATH": os.pathsep.join([str(Path(sys.executable).parent), variables.get("PATH", os.defpath)])}


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
