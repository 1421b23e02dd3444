"""Runs whose recorder died before it kept their record: read again from their trace, and kept as `interrupted`.

The job itself was not touched by that: strace goes on writing. What was hashed is lost, and hashed again; a digest is stated only
where the file's ctime says that the content is still the one of then.
"""

from __future__ import annotations

import dataclasses
import json
import os
import select
import shutil
import socket
from collections.abc import Mapping
from typing import Any

from roar_tui.record import redaction
from roar_tui.record.assemble import Ending, Redactor, assemble, limits
from roar_tui.record.capture import Capture, Captured
from roar_tui.record.clock import CLOCK
from roar_tui.record.hashing import Evidence
from roar_tui.record.model import State, Status
from roar_tui.record.model import Warning as RecordWarning
from roar_tui.record.run import Inherited, Run, Shelf
from roar_tui.record.settle import settle
from tracer.observation import Version
from tracer.spool import Spool

INTERRUPTED = "The recorder was ended before the job was: the record was made from the trace that it left."


def save(run: Run) -> None:
    """Keep what recovery needs beside the spool, readable by its user only: the environment is in it."""
    path = os.path.join(run.directory, "run.json")
    with open(path, "w", encoding="ascii", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        json.dump(dataclasses.asdict(dataclasses.replace(run, held={})), file)


def load(directory: str) -> Run:
    """The run whose spool is in `directory`. Raises OSError, or ValueError and TypeError where its file is damaged."""
    with open(os.path.join(directory, "run.json"), encoding="ascii") as file:
        fields = json.load(file)
    return Run(**{**fields, "inherited": [Inherited(**stream) for stream in fields["inherited"]]})


def status(run: Run) -> dict[str, Any]:
    """What the store is told of a run in progress: where it is, and who follows it."""
    process = os.getpid()
    return {
        "run_id": run.run_id,
        "host": socket.gethostname(),
        "user": os.getuid(),
        "pid": process,
        "born": born(process),
        "started": run.started,
        "directory": run.directory,
    }


def born(process: int) -> int | None:
    """When a process started (clock ticks since boot): with its pid, what tells it from a later one. None when it is gone."""
    try:
        with open(f"/proc/{process}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[19])
    except (OSError, IndexError, ValueError):
        return None


def is_interrupted(told: Mapping[str, Any]) -> bool:
    """Whether a run in progress is this user's, of this host, and followed by nobody, with a trace that nobody writes any more."""
    if told.get("host") != socket.gethostname() or told.get("user") != os.getuid():
        return False
    if told.get("born") is not None and born(int(told["pid"])) == told["born"]:
        return False
    return not _is_written(os.path.join(str(told.get("directory")), "trace"))


def _is_written(spool: str) -> bool:
    """Whether a process of this user has the trace open: strace, because the job is still running."""
    for process in filter(str.isdigit, os.listdir("/proc")):
        folder = f"/proc/{process}/fd"
        try:
            if any(os.readlink(f"{folder}/{name}") == spool for name in os.listdir(folder)):
                return True
        except OSError:
            continue  # another user's, or gone
    return False


def recover(run: Run, shelf: Shelf) -> str:
    """Read the trace of `run` again, keep its record, remove the trace; the job's id."""
    spool = Spool(run.spool, copy=run.copy, again=True)
    capture = Capture.of(run, spool, shelf.known)
    while capture.step():
        pass
    capture.close_trace()
    while capture.hasher.outstanding:
        if not capture.step():
            select.select([capture.hasher.wake], [], [], 0.2)
    redactor = Redactor(redaction.load_key(redaction.key_path()))
    observer, policy = capture.observer, capture.policy
    settled = settle(_of_then(capture.finish(), observer.last), policy.role, argv_of=redactor.argv)
    policy.leave_out("recorder", settled.own)
    found = limits(settled.steps, observer.warnings, observer.counts, sorted(policy.setuid))
    warnings = [RecordWarning("interrupted", INTERRUPTED), *found]
    variables, secrets = redaction.redact_variables(run.environ, redactor.key)
    redactor.secrets.update(secrets)
    record = assemble(
        run,
        Ending(),
        settled,
        redactor,
        state=State.INTERRUPTED,
        variables=variables,
        left_out=policy.left_out(),
        warnings=warnings,
    )
    job = shelf.keep(record)
    shelf.retire(run.run_id)
    shutil.rmtree(run.directory, ignore_errors=True)
    return job


def _of_then(captured: Captured, last: int) -> Captured:
    """Without the hashes of outputs that changed after the last line of the trace, at `last`."""
    finals: dict[Version, Evidence] = {}
    for version, evidence in captured.finals.items():
        late = evidence.status is Status.HASHED and evidence.ctime > last + CLOCK.margin
        finals[version] = evidence._replace(status=Status.CHANGED, digest=None) if late else evidence
    return dataclasses.replace(captured, finals=finals)
