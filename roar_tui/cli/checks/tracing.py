"""Can this machine trace? Which strace, whether the system allows it, and what stands in the way if not."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from roar_tui.cli.checks.model import Check, fail, ok, warn
from tracer.command import HOW_TO_GET, NoStrace, Strace, arguments, find, tracer_of_this_process

PATIENCE = 10.0  # seconds for tracing `true`: 0.05 s on an idle machine
SCOPE = Path("/proc/sys/kernel/yama/ptrace_scope")
CONTAINER = (
    "In a container, start it with --cap-add=SYS_PTRACE (docker, podman), or with a seccomp profile that allows ptrace; "
    "on a cluster ask its administrators."
)


def check_tracing(environ: Mapping[str, str]) -> list[Check]:
    """All checks about tracing; `can_trace` of `doctor` is that none of them failed."""
    try:
        strace = find(environ)
    except NoStrace as error:
        return [fail("strace", f"There is no strace to use: {error}.", HOW_TO_GET)]
    checks = [check_strace(strace)]
    traced_by = tracer_of_this_process()
    if traced_by:
        return [*checks, already_traced(traced_by)]
    failure = trace_true(strace)
    checks.append(check_permission(failure, scope()))
    return checks


def check_strace(strace: Strace) -> Check:
    """Which strace, and what its version lacks."""
    version = ".".join(map(str, strace.version))
    found = f"strace {version} at {strace.path}"
    if not strace.seccomp_bpf:
        return warn("strace", f"{found} stops at every system call, which is slow.", "5.3 and later do not. " + HOW_TO_GET)
    if not strace.daemonize:
        return warn("strace", f"{found} is in reach of the terminal's signals.", "5.6 and later are not. " + HOW_TO_GET)
    return ok("strace", found)


def already_traced(by: int) -> Check:
    """A process has one tracer at most."""
    return fail(
        "traced",
        f"This process is itself traced, by process {by}; its children can only be traced by that one.",
        "Start roar-tui outside of strace, gdb or another recording.",
    )


def scope() -> int | None:
    """Yama's ptrace_scope: 0 or 1 allow tracing one's children, 2 administrators only, 3 nobody; None without Yama."""
    try:
        return int(SCOPE.read_text())
    except (OSError, ValueError):
        return None


def trace_true(strace: Strace) -> str | None:
    """Trace `true` as a job would be; None when that works, else what went wrong in strace's words."""
    with tempfile.TemporaryDirectory(prefix="roar-tui-doctor-") as directory:
        spool = os.path.join(directory, "trace")
        try:
            done = subprocess.run(
                arguments(strace, spool, ["true"]), capture_output=True, stdin=subprocess.DEVNULL, timeout=PATIENCE, check=False
            )
        except subprocess.TimeoutExpired:
            return f"tracing `true` did not end within {PATIENCE:.0f} s"
        except OSError as error:
            return str(error)
        if _trace_is_whole(Path(spool)):
            return None
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        return said[0] if said else f"strace left no trace of `true` (exit status {done.returncode})"


def _trace_is_whole(spool: Path) -> bool:
    """Whether the trace shows the start and the end of the program; with -DDD strace may write the end a little later."""
    until = time.monotonic() + 2
    while True:
        trace = spool.read_bytes() if spool.exists() else b""
        if b"execve(" in trace and b"+++ exited with 0 +++" in trace:
            return True
        if time.monotonic() > until:
            return False
        time.sleep(0.01)


def check_permission(failure: str | None, yama: int | None) -> Check:
    """Whether the system lets us trace, from what tracing `true` said and Yama's setting."""
    if failure is None:
        return ok("permission", "Tracing works: `true` was traced from start to end.")
    if yama == 3:
        return fail(
            "permission",
            f"The kernel forbids tracing to everybody (kernel.yama.ptrace_scope is 3): {failure}",
            "Only an administrator can change it, and it needs a restart: sysctl kernel.yama.ptrace_scope=1",
        )
    if yama == 2 and os.geteuid() != 0:
        return fail(
            "permission",
            f"The kernel lets only administrators trace (kernel.yama.ptrace_scope is 2): {failure}",
            "An administrator can allow it: sysctl kernel.yama.ptrace_scope=1",
        )
    return fail("permission", f"Tracing fails: {failure}", CONTAINER)
