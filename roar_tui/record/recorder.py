"""The recorder: a process beside the job that follows its trace, hashes, and keeps the record when the last process has ended.

It is in a session of its own and holds none of the job's descriptors, so that a terminal's signals, a closed terminal or a pipe
that waits for its end know nothing of it.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import select
import shutil
import socket
import time
import traceback
from collections.abc import Callable

import msgspec

from roar_tui import __version__
from roar_tui.record import redaction, snapshots
from roar_tui.record.capture import Capture
from roar_tui.record.context import gather
from roar_tui.record.model import FORMAT, Access, Exit, Record, Role, State, Status, Step
from roar_tui.record.model import Warning as RecordWarning
from roar_tui.record.policy import REMOTE
from roar_tui.record.run import Line, Run, Shelf, first_line
from roar_tui.record.settle import Settled, settle
from tracer.spool import Spool

GRACE = 0.25  # s that processes which outlive the command get before the launcher returns
HEARTBEAT = 10.0  # s
NICE = 10


def main(run: Run, open_shelf: Callable[[], Shelf], end: socket.socket, trace_open: int) -> None:
    """The recorder's whole life, in a detached process. Never returns."""
    line = Line(end)
    try:
        with contextlib.suppress(OSError):
            os.nice(NICE)
        shelf = open_shelf()
        Recorder(run, shelf, line, trace_open).work()
        shutil.rmtree(run.directory, ignore_errors=True)
        os._exit(0)
    except BaseException as error:
        with contextlib.suppress(BaseException):
            with open(os.path.join(run.directory, "error"), "w", encoding="utf-8", errors="surrogateescape") as file:
                traceback.print_exc(file=file)
            if os.environ.get("ROAR_TUI_DEBUG"):
                line.say(traceback="".join(traceback.format_exception(error)))
            line.say(failed=getattr(error, "message", None) or f"{type(error).__name__}: {error}", kept=run.directory)
        os._exit(1)


class Recorder:
    """Follows one run to its record."""

    def __init__(self, run: Run, shelf: Shelf, line: Line, trace_open: int) -> None:
        self._run = run
        self._shelf = shelf
        self._line = line
        self._trace_open = trace_open
        self._exit: Exit | None = None
        self._ended: int | None = None
        self._untraced: str | None = None
        self._warnings: dict[str, str] = {}
        self._beat = 0.0
        self._blobs: dict[str, str] = {}

    def work(self) -> None:
        """Follow, settle, keep."""
        run = self._run
        key = redaction.load_key(redaction.key_path())
        context = gather.start(run.cwd, run.environ, key)
        spool = Spool(run.spool, give_back=True)
        capture = Capture(spool, run.environ, run.cwd, self._shelf.known, skip=1)
        for stream in run.inherited:
            capture.observer.inherit(
                stream.number, stream.path, opened=run.started, reads=stream.reads, writes=stream.writes, content=stream.content
            )
        self._follow(capture)
        self._hear_the_end()
        if self._untraced is None and not spool.size():
            self._untraced = first_line(run.messages) or "strace wrote nothing"
        capture.close_trace()
        self._hash_rest(capture)
        captured = capture.finish()
        secrets: dict[str, str] = {}

        def redacted(argv: list[str]) -> list[str]:
            clean, found = redaction.redact_argv(argv, key)
            for name, value in found.items():
                secrets.setdefault(name, value)  # the command's own come first
            return clean

        command = redacted(run.command)

        settled = settle(captured, capture.policy.role, argv_of=redacted)
        if self._untraced is not None:
            settled = Settled([self._only_step(redacted)], [])
        record = self._record(capture, settled, context, command, secrets)
        with contextlib.suppress(Exception):  # a cache of digests: the record does not depend on it
            self._shelf.remember(capture.remembered)
        job = self._shelf.keep(record)
        problem = self._write_id(job)
        self._shelf.retire(run.run_id)
        with contextlib.suppress(Exception):  # the record is safe; the next reader brings the index up to date
            self._shelf.index()
        inputs = {a.path for s in record.steps for a in s.used if a.external and a.role is not Role.ENVIRONMENT}
        outputs = {a.path for s in record.steps for a in s.generated if a.survives}
        self._line.say(
            done=job,
            inputs=len(inputs),
            outputs=len(outputs),
            steps=len(record.steps),
            warnings=[[warning.code, warning.message] for warning in record.warnings],
            problem=problem,
        )

    # -- following ------------------------------------------------------------------------------------------------------

    def _follow(self, capture: Capture) -> None:
        """Until strace has ended and everything that it wrote is read; untraced, until the command has."""
        tracing = True
        told = False
        deadline: float | None = None
        while True:
            busy = capture.step()
            self._listen()
            self._heartbeat()
            if self._untraced is not None and self._ended is not None:
                return
            if not tracing and not busy:
                return
            if not told and self._ended is not None:
                deadline = deadline or time.monotonic() + GRACE
                if time.monotonic() >= deadline and tracing:
                    told = True
                    self._keep_so_far(capture)
                    self._line.say(left=max(1, capture.observer.running))
            if not busy and tracing:
                wait = 1.0 if deadline is None or told else 0.05
                others = [self._trace_open, capture.hasher.wake] + ([self._line.fileno()] if self._line.open else [])
                ready = capture.spool.wait(wait, others)
                if self._trace_open in ready and not os.read(self._trace_open, 1):
                    tracing = False
            elif tracing and select.select([self._trace_open], [], [], 0)[0] and not os.read(self._trace_open, 1):
                tracing = False

    def _keep_so_far(self, capture: Capture) -> None:
        """A record of state `running`: the command has ended, and left processes behind. The complete one replaces it."""
        run = self._run
        key = redaction.load_key(redaction.key_path())
        settled = settle(capture.so_far(), capture.policy.role, argv_of=lambda argv: redaction.redact_argv(argv, key)[0])
        warning = RecordWarning("running", "Processes of the job are still running: what they do is recorded when they end.")
        record = Record(
            format=FORMAT,
            run_id=run.run_id,
            state=State.RUNNING,
            command=redaction.redact_argv(run.command, key)[0],
            cwd=run.cwd,
            started=run.started,
            host=socket.gethostname(),
            user=_user(),
            version=__version__,
            ended=self._ended,
            exit=self._exit,
            name=run.name,
            steps=settled.steps,
            pipes=settled.pipes,
            left_out=capture.policy.left_out(),
            warnings=[warning],
        )
        with contextlib.suppress(Exception):  # the complete record is what counts
            self._write_id(self._shelf.keep(record))
            self._shelf.index()

    def _hear_the_end(self) -> None:
        """strace has ended, and so has the command: the launcher is about to say how, unless it is gone."""
        while self._ended is None and self._line.open:
            select.select([self._line], [], [], 1.0)
            self._listen()

    def _listen(self) -> bool:
        """Take in what the launcher says; True when it asks to stop hashing."""
        skip = False
        for message in self._line.hear():
            if "ended" in message:
                self._ended = message["ended"]
                self._exit = Exit(message.get("code"), message.get("signal"))
            if "untraced" in message:
                self._untraced = message["untraced"]
            skip = skip or "skip" in message
        return skip

    def _heartbeat(self) -> None:
        moment = time.monotonic()
        if moment - self._beat < HEARTBEAT and self._beat:
            return
        self._beat = moment
        run = self._run
        with contextlib.suppress(Exception):  # a pointer for recovery: the run does not depend on it
            status = {"run_id": run.run_id, "host": socket.gethostname(), "pid": os.getpid(), "started": run.started}
            self._shelf.announce(run.run_id, {**status, "command": run.command, "spool": run.spool})

    def _hash_rest(self, capture: Capture) -> None:
        """Hash what is left, and say how far it is; the launcher may ask to leave the rest."""
        hasher = capture.hasher
        total = hasher.outstanding
        while hasher.outstanding:
            if not capture.step():
                others = [hasher.wake] + ([self._line.fileno()] if self._line.open else [])
                select.select(others, [], [], 0.2)
            self._heartbeat()
            if self._listen():
                hasher.cancel()
                self._warnings["skipped"] = "Hashing was cut short: the rest of the files have no digest."
            self._line.say(progress=[total - hasher.outstanding, total, hasher.bytes_done])

    # -- the record -----------------------------------------------------------------------------------------------------

    def _record(
        self,
        capture: Capture,
        settled: Settled,
        context: gather.Pending,
        command: list[str],
        secrets: dict[str, str],
    ) -> Record:
        run = self._run
        steps = settled.steps
        written = {a.path for step in steps for a in step.generated if a.survives}
        paths = capture.policy.environment | {a.path for step in steps for a in step.used}
        gathered = context.finish(paths, capture.policy.programs | {run.program}, written)
        git = gathered.git
        if run.snapshots:
            for data in gathered.blobs.values():
                self._shelf.keep_blob(data)
            self._snapshot(steps)
        elif git is not None:
            git = msgspec.structs.replace(git, patch=None)
        root = next((step for step in reversed(steps) if step.pid == steps[0].pid), None)
        finished = self._exit or (root.exit if root is not None else None)
        environment = gathered.environment
        if secrets:
            environment = msgspec.structs.replace(environment, secrets=environment.secrets | secrets)
        warnings = [*gathered.warnings, *self._all_warnings(capture, steps)]
        return Record(
            format=FORMAT,
            run_id=run.run_id,
            state=State.UNTRACED if self._untraced is not None else State.COMPLETE if finished is not None else State.INTERRUPTED,
            command=command,
            cwd=run.cwd,
            started=run.started,
            host=socket.gethostname(),
            user=_user(),
            version=__version__,
            ended=self._ended or (root.ended if root is not None else None),
            exit=finished,
            name=run.name,
            group=gathered.group,
            rank=gathered.rank,
            steps=steps,
            pipes=settled.pipes,
            git=git,
            environment=environment,
            trackers=gathered.trackers,
            snapshots=self._blobs,
            left_out=capture.policy.left_out(),
            warnings=warnings,
        )

    def _all_warnings(self, capture: Capture, steps: list[Step]) -> list[RecordWarning]:
        """What limits this record, by stable codes."""
        found = dict(capture.observer.warnings) | self._warnings
        counts = capture.observer.counts
        if self._untraced is not None:
            found["untraced"] = f"The command ran untraced: {self._untraced}. What it read and wrote is not known."
        else:
            if not steps:
                found["not_started"] = "No program was seen to start."
            elif not any(step.used or step.generated for step in steps):
                found["no_access"] = "No file was seen to be read or written, beside those of the installed system."
            if any(step.ended is None for step in steps):
                found["unfinished"] = "The end of some processes was not seen."
        for program in sorted({os.path.basename(step.program) for step in steps} & REMOTE):
            found["remote"] = f"{program} hands work to processes or machines that are not seen: put roar-tui run behind it."
        for program in sorted(capture.policy.setuid):
            found["setuid"] = f"{program} is a setuid program: it runs without its privilege when it is traced."
        changed = sum(a.status is Status.CHANGED for step in steps for a in step.used)
        if changed:
            found["changed"] = f"{changed} inputs changed before they could be hashed: their content is unknown."
        if counts.unfinished and "unfinished" not in found:
            found["unfinished_calls"] = f"{counts.unfinished} calls were cut off."
        return [RecordWarning(code, message) for code, message in sorted(found.items())]

    def _only_step(self, redacted: Callable[[list[str]], list[str]]) -> Step:
        """All that is known of an untraced command: that it ran, and how it ended."""
        run = self._run
        return Step(
            id=0,
            parent=None,
            program=run.program,
            argv=redacted(run.command),
            cwd=run.cwd,
            started=run.started,
            pid=0,
            ended=self._ended,
            exit=self._exit,
        )

    def _snapshot(self, steps: list[Step]) -> None:
        """Keep the text of small code and configuration, and of small structured outputs."""
        seen: dict[str, Access] = {}
        for step in steps:
            for access, generated in [(a, False) for a in step.used] + [(a, True) for a in step.generated if a.survives]:
                if access.digest is None or access.size is None or access.digest in self._blobs or access.digest in seen:
                    continue
                if snapshots.wanted(access.path, access.role, access.size, generated):
                    seen[access.digest] = access
        for digest, access in seen.items():
            data = snapshots.from_disk(access.path, digest)
            if data is not None:
                self._blobs[digest] = self._shelf.keep_blob(data)

    def _write_id(self, job: str) -> str | None:
        """Write the job's id where the caller wants it; the sentence that says why it could not be."""
        if self._run.id_file is None:
            return None
        try:
            with open(self._run.id_file, "w", encoding="ascii") as file:
                file.write(job + "\n")
        except OSError as error:
            return f"The job id could not be written to {self._run.id_file}: {error.strerror}."
        return None


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
