"""Which strace there is, what it can do, and the command line that starts it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# Opening, making, renaming, linking, removing, truncating; exec, fork, working directory, namespaces; descriptors that become
# standard streams; pipes, connections, io_uring and ptrace. Never read, write, close, stat or mmap: on 20,000 small files tracing
# everything costs 47 times the bare run, this set 6 to 13 times.
CALLS = (  # noqa: SIM905 -- a list of words reads best as words
    "open openat openat2 creat open_by_handle_at mknod mknodat rename renameat renameat2 link linkat symlink symlinkat unlink "
    "unlinkat rmdir truncate ftruncate execve execveat fork vfork clone clone3 chdir fchdir chroot pivot_root unshare setns "
    "dup2 dup3 pipe pipe2 socketpair connect bind io_uring_setup ptrace"
).split()

# Left out, because programs get thousands of them. Of a signal that is left out "+++ killed by" is not printed either.
QUIET_SIGNALS = "CHLD,URG,PROF,VTALRM,WINCH,CONT"

VARIABLE = "ROAR_TUI_STRACE"
HOW_TO_GET = (
    "Install strace with the system's package manager (apt-get install strace, dnf install strace), or without root from "
    f"conda-forge (conda install -c conda-forge strace); {VARIABLE}=/path/to/strace names another one."
)


class NoStrace(Exception):  # noqa: N818 -- a state of the machine
    """There is no strace that could be started; the message says why, `HOW_TO_GET` what to do."""


@dataclass(frozen=True)
class Strace:
    """An strace and what its version can do.

    `seccomp_bpf`: stops only at the calls that are traced (5.3). `daemonize`: -DDD, the tracee stays our own child and the
    tracer is in another session (5.6; -D alone before). `question`: `?call` is no error where there is no such call (4.17).
    """

    path: str
    version: tuple[int, int]

    @property
    def seccomp_bpf(self) -> bool:
        return self.version >= (5, 3)

    @property
    def daemonize(self) -> bool:
        return self.version >= (5, 6)

    @property
    def question(self) -> bool:
        return self.version >= (4, 17)


def find(environ: Mapping[str, str]) -> Strace:
    """The strace that `ROAR_TUI_STRACE` or PATH names. Raises `NoStrace`."""
    wanted = environ.get(VARIABLE) or "strace"
    path = shutil.which(wanted, path=environ.get("PATH", os.defpath))
    if path is None:
        where = f"{VARIABLE}={wanted} is not an executable file" if environ.get(VARIABLE) else "no strace on PATH"
        raise NoStrace(where)
    try:
        answer = subprocess.run([path, "-V"], capture_output=True, timeout=10, check=False, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoStrace(f"{path} cannot be started ({error})") from error
    match = re.search(rb"version (\d+)\.(\d+)", answer.stdout)
    if match is None:
        raise NoStrace(f"{path} does not answer -V as strace does")
    return Strace(path, (int(match[1]), int(match[2])))


def arguments(strace: Strace, spool: str, command: Sequence[str]) -> list[str]:
    """The argv that runs `command` under `strace` and writes its trace to `spool`.

    `-s` limits the length of strings and the number of argv's strings alike. `-v` would print the environment: never.
    """
    known = CALLS if strace.question else [call for call in CALLS if strace.version >= _SINCE.get(call, (0, 0))]
    calls = ",".join(f"?{call}" if strace.question else call for call in known)
    argv = [strace.path, "-f", "-y", "-ttt", "-s", "1000000", "-q", "-o", spool, "-e", f"trace={calls}"]
    argv += ["-e", f"signal=!{QUIET_SIGNALS}"]
    if strace.seccomp_bpf:
        argv.append("--seccomp-bpf")
    argv.append("-DDD" if strace.daemonize else "-D")
    return [*argv, "--", *command] if strace.version >= (4, 7) else [*argv, *command]


# From which strace on it knows a call, where that is not long ago: for those that refuse unknown names. What they have no name for
# they print by number, whatever is asked for.
_SINCE = {
    "open_by_handle_at": (4, 7), "setns": (4, 7), "renameat2": (4, 9), "execveat": (4, 10), "io_uring_setup": (5, 1),
    "clone3": (5, 2), "openat2": (5, 5),
}  # fmt: skip


def tracer_of_this_process(status: str | None = None) -> int:
    """The process that traces this one, 0 for none; `status` is the text of /proc/self/status."""
    if status is None:
        try:
            status = Path("/proc/self/status").read_text()
        except OSError:
            return 0
    for line in status.splitlines():
        if line.startswith("TracerPid:"):
            return int(line.split(":", 1)[1])
    return 0
