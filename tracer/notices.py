"""Lines between `+++` and `---`: how a process ended, and the signals it was sent."""

from __future__ import annotations

import re
import signal

from tracer.events import Exited, Killed, Signal, Superseded

_SIGNAL = re.compile(r"--- (SIG\w+|\d{1,9})\b.* ---$")
_EXITED = re.compile(r"\+\+\+ exited (?:with |\(status )(-?\d{1,9})\)? \+\+\+$")
_KILLED = re.compile(r"\+\+\+ killed by (?:signal )?(\w{1,20})(?: \((core dumped)\))? \+\+\+$")
_SUPERSEDED = re.compile(r"\+\+\+ superseded by execve in pid (\d{1,9}) \+\+\+$")
_REALTIME = re.compile(r"SIGRT_?(\d{1,3})")


def notice(pid: int, time: int, body: str) -> Exited | Killed | Signal | Superseded | None:
    """The event that `body` tells of process `pid`; None where it is no notice that strace prints."""
    if found := _SIGNAL.match(body):
        return Signal(pid, time, found[1])
    if found := _SUPERSEDED.match(body):
        return Superseded(pid, time, int(found[1]))
    if found := _EXITED.match(body):
        return Exited(pid, time, int(found[1]))
    if found := _KILLED.match(body):
        return Killed(pid, time, found[1], signal_number(found[1]), found[2] is not None)
    return None


def signal_number(name: str) -> int | None:
    """The number of "SIGKILL", or of "SIGRT_3" (the kernel's real-time signals begin at 32); None for a name unknown here."""
    if realtime := _REALTIME.fullmatch(name):
        return 32 + int(realtime[1])
    if name.isdecimal():
        return int(name)
    try:
        return signal.Signals[name].value
    except KeyError:
        return None
