"""The recorder: a process beside the job that follows its trace, hashes, and keeps the record when the last process has ended.

It is in a session of its own and holds none of the job's descriptors, so that a terminal's signals, a closed terminal or a pipe
that waits for its end know nothing of it.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import shutil
import socket
import sys
import time
import traceback
from collections.abc import Callable

from roar_tui.record import recover, redaction
from roar_tui.record.assemble import Ending, Redactor, assemble, limits, only_step, snapshot
from roar_tui.record.capture import Capture
from roar_tui.record.clock import CLOCK, ENOUGH
from roar_tui.record.context import gather
from roar_tui.record.model import Exit, Record, Role, State
from roar_tui.record.model import Warning as RecordWarning
from roar_tui.record.quiet import STILL
from roar_tui.record.run import Line, Run, Shelf, first_line
from roar_tui.record.settle import Settled, settle
from tracer.spool import Spool

RUNNING = "Processes of the job are still running: what is here was seen until now; all that the job reads is known when they end."
GRACE = 0.25  # s that processes which outlive the command get before the launcher returns
LOOK = 0.001  # s for which the clock of file times is measured at once, until that was enough
SWITCH = 0.0005  # s until another thread lets go of the interpreter: who follows the trace must not be late
HEARTBEAT = 10.0  # s
NICE = 10
PAUSE = 0.005  # s between two looks at what was hashed at the end: each look takes time from who hashes
TELL = 0.1  # s between two words on how far it is
COLLECT = (200_000, 20, 100)  # what a recorder makes it keeps: looking for cycles as often as by default costs it a third more
AT_ONCE = 2_000  # accesses that are indexed before the launcher returns (in 40 ms); more are after, by who is quicker


def main(run: Run, open_shelf: Callable[[], Shelf], end: socket.socket, trace_open: int) -> None:
    """The recorder's whole life, in a detached process. Never returns."""
    line = Line(end)
    try:
        with contextlib.suppress(OSError):
            os.nice(NICE)
        gc.set_threshold(*COLLECT)
        sys.setswitchinterval(SWITCH)
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
        self._ending = Ending()
        self._warnings: dict[str, str] = {}
        self._beat = 0.0

    def work(self) -> None:
        """Follow, settle, keep."""
        run, ending = self._run, self._ending
        with contextlib.suppress(OSError):  # for recovery alone
            recover.save(run)
        spool = Spool(run.spool, copy=run.copy)
        capture = Capture.of(run, spool, self._shelf.known)
        capture.judging = False
        capture.step()  # the first program may be about to remove what it reads: all else can wait
        redactor = Redactor(redaction.load_key(redaction.key_path()))
        pending = gather.start(run.cwd, run.environ, redactor.key)
        self._follow(capture)
        CLOCK.watch(max(0.0, ENOUGH - CLOCK.watched))
        capture.judging = True
        gc.disable()  # what comes now adds up what is there, and ends
        self._hear_the_end()
        if ending.untraced is None and not spool.size():
            ending.untraced = first_line(run.messages) or "strace wrote nothing"
        capture.close_trace()
        self._hash_rest(capture)
        settled = settle(capture.finish(), capture.policy.role, argv_of=redactor.argv, unread=ending.unread)
        if ending.untraced is not None:
            settled = Settled([only_step(run, ending, redactor)], [])
        record = self._assembled(capture, settled, pending, redactor)
        job = self._shelf.keep(record)
        problem = self._write_id(job)
        self._shelf.retire(run.run_id)
        small = sum(len(step.used) + len(step.generated) for step in record.steps) <= AT_ONCE
        if small:
            self._look_ahead(capture)
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
        if not small:
            self._look_ahead(capture)

    def _look_ahead(self, capture: Capture) -> None:
        """What makes the next command faster, and what the record does not depend on."""
        with contextlib.suppress(Exception):  # the next reader brings the index up to date
            self._shelf.index()
        with contextlib.suppress(Exception):
            self._shelf.remember(capture.remembered)

    def _assembled(self, capture: Capture, settled: Settled, pending: gather.Pending, redactor: Redactor) -> Record:
        """The complete record, with its context, and its blobs kept."""
        run, policy, steps = self._run, capture.policy, settled.steps
        policy.leave_out("recorder", settled.own)
        written = {a.path for step in steps for a in step.generated if a.survives}
        read = policy.environment | {a.path for step in steps for a in step.used if a.role is not Role.DATA}
        context = pending.finish(read, policy.programs | {run.program}, written)
        kept = {}
        if run.snapshots:
            for data in context.blobs.values():
                self._shelf.keep_blob(data)
            kept = snapshot(steps, self._shelf.keep_blob)
        observer = capture.observer
        found = limits(steps, observer.warnings | self._warnings, observer.counts, sorted(policy.setuid), self._ending.untraced)
        return assemble(
            run,
            self._ending,
            settled,
            redactor,
            context=context,
            snapshots_kept=kept,
            left_out=policy.left_out(),
            warnings=[*context.warnings, *found],
        )

    # -- following ------------------------------------------------------------------------------------------------------

    def _follow(self, capture: Capture) -> None:
        """Until strace has ended and everything that it wrote is read; untraced, until the command has."""
        tracing = True
        told = False
        deadline: float | None = None
        while True:
            busy = capture.step()
            if not busy and CLOCK.watched < ENOUGH:
                CLOCK.watch(LOOK)
                capture.judging = CLOCK.watched >= ENOUGH
                busy = capture.step()
            self._listen()
            self._heartbeat()
            if self._ending.untraced is not None and self._ending.time is not None:
                return
            if not tracing and not busy:
                return
            if not told and self._ending.time is not None:
                deadline = deadline or time.monotonic() + GRACE
                if time.monotonic() >= deadline and tracing:
                    told = True
                    self._ending.unread = False  # who is left may read it yet
                    self._keep_so_far(capture)
                    self._line.say(left=max(1, capture.observer.running))
            if not busy and tracing:
                wait = 0.05 if deadline is not None and not told else STILL if capture.awaits else 1.0
                others = [self._trace_open, capture.hasher.wake] + ([self._line.fileno()] if self._line.open else [])
                ready = capture.spool.wait(wait, others)
                if self._trace_open in ready and not os.read(self._trace_open, 1):
                    tracing = False
            elif tracing and select.select([self._trace_open], [], [], 0)[0] and not os.read(self._trace_open, 1):
                tracing = False

    def _keep_so_far(self, capture: Capture) -> None:
        """A record of state `running`: the command has ended, and left processes behind. The complete one replaces it."""
        CLOCK.watch(max(0.0, ENOUGH - CLOCK.watched))
        capture.judging = True
        capture.step()
        redactor = Redactor(redaction.load_key(redaction.key_path()))
        settled = settle(capture.so_far(), capture.policy.role, argv_of=redactor.argv)
        warning = RecordWarning("running", RUNNING)
        record = assemble(self._run, self._ending, settled, redactor, state=State.RUNNING, warnings=[warning])
        with contextlib.suppress(Exception):  # the complete record is what counts
            self._write_id(self._shelf.keep(record))
            self._shelf.index()

    def _hear_the_end(self) -> None:
        """strace has ended, and so has the command: the launcher is about to say how, unless it is gone."""
        while self._ending.time is None and self._line.open:
            select.select([self._line], [], [], 1.0)
            self._listen()

    def _listen(self) -> bool:
        """Take in what the launcher says; True when it asks to stop hashing."""
        skip = False
        for message in self._line.hear():
            if "ended" in message:
                self._ending.time = message["ended"]
                self._ending.exit = Exit(message.get("code"), message.get("signal"))
                self._ending.unread = bool(message.get("unread"))
            if "untraced" in message:
                self._ending.untraced = message["untraced"]
            skip = skip or "skip" in message
        return skip

    def _heartbeat(self) -> None:
        moment = time.monotonic()
        if moment - self._beat < HEARTBEAT and self._beat:
            return
        self._beat = moment
        with contextlib.suppress(Exception):  # a pointer for recovery: the run does not depend on it
            self._shelf.announce(self._run.run_id, recover.status(self._run))

    def _hash_rest(self, capture: Capture) -> None:
        """Hash what is left, and say how far it is; the launcher may ask to leave the rest."""
        hasher = capture.hasher
        total = hasher.outstanding
        said = 0.0
        while hasher.outstanding:
            if capture.step():
                time.sleep(PAUSE if hasher.outstanding else 0)
            else:
                others = [hasher.wake] + ([self._line.fileno()] if self._line.open else [])
                select.select(others, [], [], 0.2)
            self._heartbeat()
            if self._listen():
                hasher.cancel()
                self._warnings["skipped"] = "Hashing was cut short: the rest of the files have no digest."
            if time.monotonic() - said >= TELL:
                said = time.monotonic()
                self._line.say(progress=[total - hasher.outstanding, total, hasher.bytes_done])

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
