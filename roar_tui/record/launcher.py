"""Starts a command under strace, stands for it before the shell, and ends as it did.

The command is this process's child, in its process group, with its descriptors, environment, signal dispositions and terminal as
they were. strace is out of the terminal's reach (-DDD); the recorder is a process of its own.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import re
import signal
import socket
import stat
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from roar_tui.errors import RoarTuiError
from roar_tui.record.early import open_named
from roar_tui.record.run import Line, Run, first_line, inherited_files, original_environ
from tracer.command import NoStrace, Strace, arguments, find

# What a signal that was sent to the launcher alone must reach.
PASSED_ON = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
SWALLOWED = (signal.SIGINT, signal.SIGQUIT)  # the terminal sends them to the command as well
PASSED_AT_MOST = 253  # descriptors in one message (SCM_MAX_FD)
FAR = 65536  # above any descriptor
PATIENCE = 0.2  # s in which the trace shows that a signal reached the command by itself

# The first image under strace. It takes the command's descriptors out of a socket, says that it got here, and becomes the command.
# strace must not hold those descriptors itself: who waits for the end of the command's output would wait for strace, and strace for
# every process that the command leaves behind. Python has changed the environment (LC_CTYPE) and dispositions (SIGPIPE): they are
# put back. `_signal` and `_socket`, because importing `signal` takes 7 ms more under strace, and `socket` 6 ms.
TRAMPOLINE = """
import os, sys, _signal, _socket
passed, trace, program, *argv = sys.argv[1:]
for number in (_signal.SIGPIPE, _signal.SIGXFSZ): _signal.signal(number, _signal.SIG_DFL)
if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler: _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
with open("/proc/self/environ", "rb") as file: entries = file.read().split(b"\\0")
environ = dict(entry.split(b"=", 1) for entry in entries if b"=" in entry)
end = _socket.socket(fileno=int(passed))
names, extra, _, _ = end.recvmsg(65536, 65536)
wanted = [int(name) for name in names.split()]
data = b"".join(part[2] for part in extra)
found = [int.from_bytes(data[n:n + 4], sys.byteorder) for n in range(0, len(data), 4)]
end.send(b"!")
end.close()
os.close(int(trace))
free = max(wanted + found + [2]) + 1
for n, number in enumerate(found): os.dup2(number, free + n, False); os.close(number)
for number in {0, 1, 2}.difference(wanted): os.close(number)
for n, number in enumerate(wanted): os.dup2(free + n, number); os.close(free + n)
try: os.execve(program, argv, environ)
except OSError as problem:
    if problem.errno == 8:
        try: os.execve("/bin/sh", ["sh", program, *argv[1:]], environ)
        except OSError: pass
    os.write(2, os.fsencode("roar-tui: %s: %s\\n" % (argv[0], problem.strerror)))
    os._exit(127 if problem.errno == 2 else 126)
"""


class CannotStartError(RoarTuiError):
    """The command cannot be started: 127 when there is none of that name, 126 when it may not be executed."""

    def __init__(self, message: str, exit_status: int) -> None:
        super().__init__(message)
        self.exit_status = exit_status


@dataclass(frozen=True)
class Ending:
    """How the command ended: `code` or `signal`; `status` is what a shell would say."""

    code: int | None
    signal: int | None

    @property
    def status(self) -> int:
        return self.code if self.code is not None else 128 + (self.signal or 0)


def locate(command: str, path: str | None) -> str:
    """The file that `command` names, as a shell finds it. Raises `CannotStartError`."""
    if "/" in command:
        found = command
    else:
        found = ""
        for directory in (path if path is not None else os.defpath).split(os.pathsep):
            candidate = os.path.join(directory or ".", command)
            if os.path.isfile(candidate):
                found = found or candidate
                if os.access(candidate, os.X_OK):
                    found = candidate
                    break
        if not found:
            raise CannotStartError(f"{command}: command not found", 127)
    if not os.path.exists(found):
        raise CannotStartError(f"{command}: No such file or directory", 127)
    if os.path.isdir(found):
        raise CannotStartError(f"{command}: Is a directory", 126)
    if not os.access(found, os.X_OK):
        raise CannotStartError(f"{command}: Permission denied", 126)
    return found


def untraceable(program: str) -> str | None:
    """Why `program` must not be traced; None when it may."""
    try:
        mode = os.stat(program).st_mode
    except OSError:
        return None
    if os.geteuid() != 0 and mode & (stat.S_ISUID | (stat.S_ISGID if mode & stat.S_IXGRP else 0)):
        return f"{program} is a setuid program, which would lose its privilege under a tracer"
    return None


def launch(run: Run, record: Callable[[Run, socket.socket, int], None], progress: Callable[[Line], None]) -> int:
    """Run `run.command` to its end and return the exit status, as a shell says it.

    `record` is the recorder's life: called in a forked process with the run, its end of a conversation and a descriptor that ends
    when strace does. `progress` talks with it after the command has ended.
    """
    run = replace(run, directory=tempfile.mkdtemp(prefix="roar-tui-"), inherited=inherited_files())
    own = _inheritable()
    to_read = _position()
    run = replace(run, held=open_named(run.command, run.cwd))
    for path in (run.spool, run.messages):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    strace, why_not = _tracer(run)
    ours, theirs = socket.socketpair()
    trace_read, trace_write = os.pipe()
    waited = set(PASSED_ON) | set(SWALLOWED) | {signal.SIGCHLD}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, waited)
    gc.freeze()  # what is loaded stays: the recorder need not copy it to look for cycles, nor Python at the end (8 ms)
    if os.fork() == 0:
        _detach(keep=(theirs.fileno(), trace_read, *(file.descriptor for file in run.held.values())))
        record(run, theirs, trace_read)
        os._exit(1)
    for file in run.held.values():
        os.close(file.descriptor)
    theirs.close()
    os.close(trace_read)
    line = Line(ours)
    environ = original_environ()
    ending = None
    if strace is not None:
        here, there = socket.socketpair()
        socket.send_fds(here, [" ".join(map(str, own)).encode() or b" "], own)
        child = _fork_traced(run, strace, before, environ, there.fileno(), trace_write)
        there.close()
        os.close(trace_write)
        ending = _wait(child, waited, run.spool)
        if not _said(here):
            ending, why_not = None, first_line(run.messages) or "strace could not start the command"
        here.close()
    else:
        os.close(trace_write)
    if ending is None:
        line.say(untraced=why_not)
        ending = _wait(_fork_plain(run, before, environ), waited, None)
    unread = to_read is not None and _position() == to_read
    line.say(ended=time.time_ns() // 1000, code=ending.code, signal=ending.signal, unread=unread)
    progress(line)
    return ending.status


def _position() -> int | None:
    """Where in its file the standard input stands, which the job shares; None where it is none, or nothing is left to read."""
    try:
        status = os.fstat(0)
        position = os.lseek(0, 0, os.SEEK_CUR) if stat.S_ISREG(status.st_mode) else None
    except OSError:
        return None
    return position if position is not None and position < status.st_size else None


def _detach(keep: tuple[int, ...]) -> None:
    """Make the forked process the recorder's: no terminal, none of the job's descriptors, deaf to what is meant for the job."""
    os.setsid()
    for meant in (*PASSED_ON, *SWALLOWED):
        signal.signal(meant, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    _close_all_but(keep)


def _close_all_but(keep: tuple[int, ...]) -> None:
    """Close all descriptors above the standard streams, except those in `keep`."""
    low = 3
    for number in sorted(keep):
        os.closerange(low, number)
        low = number + 1
    os.closerange(low, FAR)


def _tracer(run: Run) -> tuple[Strace | None, str]:
    """The strace to use, or None and why there is none."""
    why_not = untraceable(run.program)
    if why_not is not None:
        return None, why_not
    try:
        return find(run.environ), ""
    except NoStrace as error:
        return None, str(error)


def _inheritable() -> list[int]:
    """The descriptors that a command started by this process would have: the standard streams that are open, and what else."""
    found = []
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):  # the one that listed
            if os.get_inheritable(int(name)):
                found.append(int(name))
    return sorted(found)[:PASSED_AT_MOST]


def _fork_traced(
    run: Run, strace: Strace, mask: set[int | signal.Signals], environ: dict[bytes, bytes], passed: int, trace: int
) -> int:
    """The command's process: strace first, then the trampoline, then the command."""
    child = os.fork()
    if child:
        return child
    try:
        _restore(mask)
        messages = os.open(run.messages, os.O_WRONLY | os.O_APPEND)
        nothing = os.open(os.devnull, os.O_RDWR)
        for number, source in ((0, nothing), (1, nothing), (2, messages)):
            os.dup2(source, number)
        _close_all_but((passed, trace))
        for number in (passed, trace):
            os.set_inheritable(number, True)
        command = [sys.executable, "-I", "-S", "-c", TRAMPOLINE, str(passed), str(trace), run.program, *run.command]
        os.execve(strace.path, arguments(strace, run.spool, command), environ)
    finally:
        os._exit(125)


def _fork_plain(run: Run, mask: set[int | signal.Signals], environ: dict[bytes, bytes]) -> int:
    """The command's process, untraced."""
    child = os.fork()
    if child:
        return child
    try:
        _restore(mask)
        try:
            os.execve(run.program, run.command, environ)
        except OSError as problem:
            if problem.errno == errno.ENOEXEC:
                os.execve("/bin/sh", ["sh", run.program, *run.command[1:]], environ)
            os.write(2, os.fsencode(f"roar-tui: {run.command[0]}: {problem.strerror}\n"))
            os._exit(127 if problem.errno == errno.ENOENT else 126)
    finally:
        os._exit(125)


def _restore(mask: set[int | signal.Signals]) -> None:
    """The signals as they were before Python started."""
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _wait(child: int, waited: set[signal.Signals], spool: str | None) -> Ending:
    """Wait for the command, do with signals as it is the command's shell would see, stop when it stops."""
    while True:
        found = os.waitid(os.P_PID, child, os.WEXITED | os.WSTOPPED | os.WNOHANG)
        if found is not None:
            if found.si_code == os.CLD_EXITED:
                return Ending(found.si_status, None)
            if found.si_code in (os.CLD_KILLED, os.CLD_DUMPED):
                return Ending(None, found.si_status)
            if found.si_code == os.CLD_STOPPED:
                _stop_like(child)
            continue
        received = signal.sigwaitinfo(waited)
        if received.si_signo in PASSED_ON and not _reached(child, received, spool):
            try:
                os.kill(child, received.si_signo)
            except ProcessLookupError:
                continue


def _stop_like(child: int) -> None:
    """The command stopped: so do we, and when we go on, it does. A stop of the whole group has stopped us already."""
    time.sleep(0.05)
    if _state(child) in ("T", "t"):
        os.kill(os.getpid(), signal.SIGSTOP)
        try:
            os.kill(child, signal.SIGCONT)
        except ProcessLookupError:
            return


def _state(process: int) -> str:
    """The state letter in /proc/PID/stat: R, S, T, Z…; empty when it is gone."""
    try:
        with open(f"/proc/{process}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0].decode()
    except (OSError, IndexError):
        return ""


def _reached(child: int, received: signal.struct_siginfo, spool: str | None) -> bool:
    """Whether a signal that we got was sent to the command as well (to the group, by the terminal): the trace shows its arrival."""
    deadline = time.monotonic() + PATIENCE
    name = signal.Signals(received.si_signo).name
    pattern = re.compile(rb"^%d +([0-9.]+) --- %s \{([^\n]*)\} ---$" % (child, name.encode()), re.MULTILINE)
    since = time.time() - 1.0
    while spool is not None:
        for arrival in pattern.finditer(_tail(spool)):
            sender = re.search(rb"si_pid=(\d+)", arrival[2])
            if float(arrival[1]) >= since and (sender is None or int(sender[1]) == received.si_pid):
                return True
        if _is_pending(child, received.si_signo):
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.01)
    return _is_pending(child, received.si_signo)


def _tail(path: str) -> bytes:
    """The last bytes of a file that grows."""
    with open(path, "rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - 32768))
        return file.read()


def _is_pending(process: int, number: int) -> bool:
    """Whether the process has the signal, and blocks it."""
    try:
        with open(f"/proc/{process}/status", encoding="ascii", errors="replace") as file:
            masks = [int(line.split()[1], 16) for line in file if line.startswith(("SigPnd:", "ShdPnd:"))]
    except (OSError, ValueError):
        return False
    return any(mask >> (number - 1) & 1 for mask in masks)


def _said(here: socket.socket) -> bool:
    """Whether the trampoline was reached."""
    try:
        return bool(here.recv(1, socket.MSG_DONTWAIT))
    except OSError:
        return False
