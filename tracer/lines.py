"""The parts of a line of strace output: what stands before a call (pid, time) and behind it (return, error, path)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tracer.arguments import decoration
from tracer.escapes import unescape
from tracer.namer import FORKS

# Most lines of a trace have no escape, bracket or comment, and a comma only between arguments: one expression reads them, whole
# or in halves. All others take the tokenizer.
_COLUMNS = r"(\d{1,9}) +(\d{9,11})\.(\d{6}) "
_PLAIN = r"[^\"'<>(){}\[\]\\/,]*"
_SIMPLE = rf"{_PLAIN}(?:(?:, |\"[^\"\\,]*\"|(?<=\w)<[^<>\"\\,]*>){_PLAIN})*"
_RESULT = r"\) += (?:(0|[1-9]\d{0,18})(?:<(/[^<>\\\x80-\uffff]*|\w+:\[\w+\])>(\(deleted\))?)?|-1 (E[A-Z0-9]+) \([^()\"]*\))"
FAST = re.compile(rf"{_COLUMNS}(\w+)\(({_SIMPLE}){_RESULT}").fullmatch
FAST_HALF = re.compile(
    rf"{_COLUMNS}(?:(\w+)\(({_SIMPLE}) <unfinished \.\.\.>|<\.\.\. (\w+) resumed>({_SIMPLE}){_RESULT})"
).fullmatch
SIMPLE = re.compile(_SIMPLE).fullmatch

# Pid (`12 `, `[pid    12] `, with -Y `12<name> `), --secontext in brackets, time (-t, -tt, -ttt, -r, -r -tt), then -i and -n in
# brackets. A number alone in six columns is the time of --relative-timestamps=s. Logs in documents are often indented.
_SECONDS = r"(?: {5}\d| {4}\d\d| {3}\d{3}) +[A-Za-z_?<+-]"
_PREFIX = re.compile(
    rf"(?:(?!{_SECONDS})[ \t]*(?:\[pid +(?P<named>\d{{1,9}})(?:<[^>]*>)?\] +|(?P<bare>\d{{1,8}})(?:<[^>]*>)? +(?=\S)))?"
    r"(?:\[[^\]\"]*\] +(?=\S))*"
    r"(?: *(?:(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"
    r"|(?P<whole>\d{1,11}(?=\.\d)|\d{9,11}(?= )|\d{1,6}(?= +[A-Za-z_?<+-])))"
    r"(?:\.(?P<part>\d{1,9}))? +)?"
    r"(?:\(\+ +\d+(?:\.\d+)?\) +)?"
    r"(?:\[[^\]\"]*\] +(?=\S))*[ \t]*"
)
_RETURN = re.compile(r"\s*= (?:(\?)|(-?(?:0x[0-9a-f]{1,16}|\d{1,20})))(?=[\s<(]|$)")
# The path behind a returned descriptor goes on to the `>` that only what may end a line stands behind: before 4.21 paths had their
# own `<` and `>` unescaped.
_RETURNED_PATH = re.compile(
    r"<(/(?:[^\\]|\\.)*?)(?:<(?:char|block) [^<>]*>)?>(\(deleted\))?"
    r"(?: \[[^\]]{0,999}\])?(?: \(flags [^()]{0,999}\))?(?: <\d+\.\d+>)?\s*$"
)
_ERROR = re.compile(r" (?:(E[A-Z0-9_]+)|\(errno (\d{1,20})\))(?=\s|$)")
DAY = 86_400_000_000

# Calls that return a process: with -Y the name in <…> behind it is that of a program, not of a file.
_RETURN_A_PROCESS = FORKS | {"wait4", "waitpid", "getpid", "gettid", "getppid", "getpgid", "getpgrp", "getsid"}


@dataclass(slots=True)
class Prefix:
    """What stands before a call: `pid` None where there is none; `bracketed` for `[pid N]`; `end` is where the rest begins.

    At most one of `absolute` (since the epoch), `of_day` (since midnight) and `relative` (since the last line) is set, in µs.
    """

    pid: int | None
    bracketed: bool
    absolute: int | None
    of_day: int | None
    relative: int | None
    end: int


def prefix(line: str) -> Prefix:
    """Read the pid and time columns; never fails, an unknown beginning is an empty prefix."""
    match = _PREFIX.match(line)
    assert match  # every part of it is optional
    named, bare, hour, minute, second, whole, part = match.groups()
    number = named or bare
    found = Prefix(int(number) if number else None, named is not None, None, None, None, match.end())
    fraction = int((part or "0")[:6].ljust(6, "0"))
    if hour:
        found.of_day = ((int(hour) * 60 + int(minute)) * 60 + int(second)) * 1_000_000 + fraction
    elif whole and len(whole) >= 9:  # 1973 and later: -ttt; less is -r
        found.absolute = int(whole) * 1_000_000 + fraction
    elif whole:
        found.relative = int(whole) * 1_000_000 + fraction
    return found


@dataclass(slots=True)
class Return:
    """What a call returned; see `tracer.events.Call`."""

    value: int | None
    error: str | None
    path: str | None
    deleted: bool


def returned(text: str, at: int, name: str) -> Return | None:
    """The `= 3</path>`, `= -1 ENOENT (…)`, `= ? ERESTARTSYS (…)` at `at`; None where there is no return value.

    What follows (`(flags O_RDWR)`, `(Timeout)`, `<0.000012>`, a remark) says nothing that is kept. An error that strace has no
    name for is printed as `-1 (errno 600)` and called "ERRNO_600" here.
    """
    match = _RETURN.match(text, at)
    if not match:
        return None
    value, end = _integer(match[2]) if match[2] else None, match.end()
    path, deleted = None, False
    if text[end : end + 2] == "</" and (found := _RETURNED_PATH.match(text, end)):
        path, deleted, end = unescape(found[1]), found[2] is not None, found.end()
    elif text[end : end + 1] == "<" and name not in _RETURN_A_PROCESS:
        path, end = decoration(text, end)
        deleted = text.startswith("(deleted)", end)
    error = _ERROR.match(text, end) if value is None or value < 0 else None
    return Return(value, error and (error[1] or f"ERRNO_{error[2]}"), path, deleted)


def _integer(text: str) -> int:
    if text.lstrip("-").startswith("0x"):
        return int(text, 16)
    try:
        return int(text, 8 if text.startswith("0") else 10)  # umask returns octal
    except ValueError:
        return int(text)
