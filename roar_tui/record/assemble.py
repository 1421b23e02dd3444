"""A record from its parts: what was settled, the context, and every limit of what is known, as warnings with stable codes."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from roar_tui import __version__
from roar_tui.record import redaction, snapshots
from roar_tui.record.context.gather import Gathered
from roar_tui.record.model import FORMAT, Access, Environment, Exit, LeftOut, Record, Role, State, Status, Step
from roar_tui.record.model import Warning as RecordWarning
from roar_tui.record.policy import REMOTE
from roar_tui.record.run import Run
from roar_tui.record.settle import Settled
from roar_tui.text import count
from tracer.observation import Counts

WRITERS = 8  # blobs that are written at once: a flush waits for the disk, and eight wait as long as one (60 blobs: 450 ms, 40 ms)


@dataclass
class Ending:
    """What the launcher said of the command's end: when (µs), how, and why it could not be traced.

    `unread`: its standard input is a file of which nobody has read anything.
    """

    time: int | None = None
    exit: Exit | None = None
    untraced: str | None = None
    unread: bool = False


@dataclass
class Redactor:
    """Takes secrets out of arguments; `secrets` are the keyed hashes of what was taken out. The first value of a name stays."""

    key: bytes
    secrets: dict[str, str] = field(default_factory=dict)

    def argv(self, argv: list[str]) -> list[str]:
        """`argv` without secrets."""
        clean, found = redaction.redact_argv(argv, self.key)
        for name, value in found.items():
            self.secrets.setdefault(name, value)
        return clean


def assemble(
    run: Run,
    ending: Ending,
    settled: Settled,
    redactor: Redactor,
    *,
    state: State | None = None,
    context: Gathered | None = None,
    variables: Mapping[str, str] | None = None,
    snapshots_kept: Mapping[str, str] | None = None,
    left_out: Sequence[LeftOut] = (),
    warnings: Sequence[RecordWarning] = (),
) -> Record:
    """The record of `run`. Without a `state` it is what the ending says: untraced, complete, or interrupted.

    Where there is no `context`, the redacted `variables` may still be known.
    """
    steps = settled.steps
    root = next((step for step in reversed(steps) if step.pid == steps[0].pid), None)
    finished = ending.exit or (root.exit if root is not None else None)
    if state is None:
        state = State.UNTRACED if ending.untraced is not None else State.COMPLETE if finished is not None else State.INTERRUPTED
    command = redactor.argv(run.command)
    environment = context.environment if context is not None else Environment(variables=dict(variables or {}))
    git = context.git if context is not None else None
    if git is not None and not run.snapshots:
        git = msgspec.structs.replace(git, patch=None)
    return Record(
        format=FORMAT,
        run_id=run.run_id,
        state=state,
        command=command,
        cwd=run.cwd,
        started=run.started,
        host=socket.gethostname(),
        user=user(),
        version=__version__,
        ended=ending.time or (root.ended if root is not None else None),
        exit=finished,
        name=run.name,
        group=context.group if context is not None else None,
        rank=context.rank if context is not None else None,
        steps=steps,
        pipes=settled.pipes,
        git=git,
        environment=msgspec.structs.replace(environment, secrets=environment.secrets | redactor.secrets),
        trackers=context.trackers if context is not None else [],
        snapshots=dict(snapshots_kept or {}),
        left_out=list(left_out),
        warnings=list(warnings),
    )


def only_step(run: Run, ending: Ending, redactor: Redactor) -> Step:
    """All that is known of an untraced command: that it ran, and how it ended."""
    return Step(0, None, run.program, redactor.argv(run.command), run.cwd, run.started, 0, ending.time, ending.exit)


def limits(
    steps: Sequence[Step], seen: Mapping[str, str], counts: Counts, setuid: Sequence[str] = (), untraced: str | None = None
) -> list[RecordWarning]:
    """What limits a record. `seen` are the observer's own warnings, code -> message."""
    found = dict(seen)
    if untraced is not None:
        found["untraced"] = f"The command ran untraced: {untraced}. What it read and wrote is not known."
    else:
        if not steps:
            found["not_started"] = "No program was seen to start."
        elif not any(step.used or step.generated for step in steps):
            found["no_access"] = "No file was seen to be read or written, beside those of the installed system."
        if any(step.ended is None for step in steps):
            found["unfinished"] = "The end of some processes was not seen."
    remote = sorted({os.path.basename(step.program) for step in steps} & REMOTE)
    if remote:
        names = ", ".join(remote)
        found["remote"] = f"Work was handed to processes or machines that are not seen ({names}): put roar-tui run behind that."
    if setuid:
        found["setuid"] = f"Setuid programs lose their privilege when they are traced: {', '.join(setuid)}."
    said = []
    used = [access for step in steps for access in step.used]
    left = [access for step in steps for access in step.generated if access.survives]
    for what, accesses in (("input", used), ("output", left)):
        changed = sum(access.status is Status.CHANGED for access in accesses)
        if changed:
            of = ("it", "its content is") if changed == 1 else ("they", "their contents are")
            said.append(f"{count(changed, what)} changed before {of[0]} could be hashed: {of[1]} unknown.")
    if said:
        found["changed"] = " ".join(said)
    if counts.unfinished and "unfinished" not in found:
        found["unfinished_calls"] = count(counts.unfinished, "call was", "calls were") + " cut off."
    return [RecordWarning(code, message) for code, message in sorted(found.items())]


def snapshot(steps: Sequence[Step], keep: Callable[[bytes], str]) -> dict[str, str]:
    """Keep the text of small code and configuration, and of small structured outputs: digest -> digest of the blob.

    `keep` is called from several threads.
    """
    wanted: dict[str, Access] = {}
    for step in steps:
        read = [(access, False) for access in step.used if access.role is not Role.DATA]  # a job may have read a million files
        for access, generated in read + [(access, True) for access in step.generated if access.survives]:
            if access.digest is None or access.size is None or access.digest in wanted:
                continue
            if snapshots.wanted(access.path, access.role, access.size, generated):
                wanted[access.digest] = access
    if not wanted:
        return {}
    from concurrent.futures import ThreadPoolExecutor

    def taken(item: tuple[str, Access]) -> tuple[str, str | None]:
        digest, access = item
        data = snapshots.from_disk(access.path, digest)
        return digest, keep(data) if data is not None else None

    try:
        with ThreadPoolExecutor(min(WRITERS, len(wanted))) as pool:
            found = list(pool.map(taken, wanted.items()))
    except RuntimeError:  # no more threads allowed (ulimit -u)
        found = [taken(item) for item in wanted.items()]
    return {digest: blob for digest, blob in found if blob is not None}


def user() -> str:
    """Who runs this, by name, or by number where there is no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
