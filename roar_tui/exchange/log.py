"""One file of strace output: what a first look at it tells, and its events in order."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain

from roar_tui.exchange.parcels import Part
from roar_tui.exchange.source import Source
from tracer.effects import has_effect
from tracer.events import Event
from tracer.lines import prefix
from tracer.syntax import Reader, string, unescape

Progress = Callable[[int, int], None]

FIRST_LOOK = 50_000  # lines
_ENOUGH = 200  # lines with a call, to see which columns the log has
_CALL = re.compile(r"(?:[A-Za-z_]\w*|\?+)(?:#\d+)?\(.*(?:\) *= |<unfinished \.\.\.>)|<\.\.\. \w+ resumed>|\+\+\+ \w|--- SIG")
_HERE = re.compile(r"AT_FDCWD<(/(?:[^<>\\]|\\.)*)>")
_GETCWD = re.compile(r'getcwd\(("/(?:[^"\\]|\\.)*"), \d+\) += \d')
_MOVED = re.compile(r"\bf?chdir\(.*\) += 0")
# Most lines of a log of all calls tell nothing that is kept: whole, simple calls without an effect. Passing over them is five times
# as fast as reading them. The others go to the reader: halves of calls, ends of processes, what it learns pids from.
_TEXT = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_BARE = r'[^"()]*'
_PASSING = re.compile(
    rf"(?:\d{{1,8}} +)?(?:\d{{9,11}}\.\d{{6}} )?([a-z_]\w*)\({_BARE}(?:(?:{_TEXT}|\({_BARE}\)){_BARE})*\)"
    r" += (?:-?\d+|0x[0-9a-f]+)(?: E[A-Z]+ \([^\"()]*\)| \((?:Timeout|flags [A-Z_|]*)\))?(?: <\d+\.\d+>)?"
).fullmatch
# Calls that a log has which was not limited to some kinds of calls: then changes of directory by descriptor are in it, too.
_ANY = re.compile(
    r"\b(?:brk|mmap|munmap|mprotect|close|read|write|fstat|fcntl|ioctl|futex|poll|epoll_wait|rt_sigaction|dup2|fchdir)"
    r"(?:\(| resumed>)"
)
_SUMMARY = re.compile(r"(?:% )?time +seconds +usecs/call")


class Clock(enum.Enum):
    """Which times stand before the calls."""

    ABSOLUTE = "absolute"  # -ttt
    OF_DAY = "of day"  # -t, -tt
    RELATIVE = "relative"  # -r
    NONE = "none"


@dataclass(slots=True)
class Look:
    """What the beginning of a log tells. `cwd` is where its first process started, None where that is not said there.

    `first` is the first time (µs, of its clock), `pids` whether lines begin with one; `calls` and `summary` tell whether it is
    strace's output at all, and whether a table of `strace -c` is in it; `moves` whether it would show each change of directory,
    and `here` whether the calls say it themselves (`AT_FDCWD</p>`).
    """

    clock: Clock = Clock.NONE
    first: int | None = None
    cwd: str | None = None
    pids: bool = False
    calls: int = 0
    summary: bool = False
    moves: bool = False
    here: bool = False


class Log:
    """The log in one file. `events` may be asked for once.

    `reader` knows the calls in flight then, `lines` counts, `passed` are the names of calls that were passed over.
    """

    def __init__(self, part: Part, source: Source | None = None) -> None:
        self.part = part
        self.source = source or Source(part.path)
        self.lines = 0
        self.passed: set[str] = set()
        self._more: Iterator[list[str]] | None = self.source.lines()
        head: list[list[str]] = []
        seen = 0
        for some in self._more:
            head.append(some)
            seen += len(some)
            if seen >= FIRST_LOOK:
                break
        self.look = look([line for some in head for line in some][:FIRST_LOOK])
        self._head = head
        self.reader = Reader(part.pid, ticks=self.look.clock is not Clock.ABSOLUTE)

    def set_aside(self) -> None:
        """Close the file until its events are asked for: one job may have thousands of files."""
        self.source.close()
        self._more, self._head = None, []

    def raw(self) -> Iterator[str]:
        """The lines as they are, instead of the events."""
        return (line for lines in chain(self._head, self._more or ()) for line in lines)

    def events(self, progress: Progress | None = None) -> Iterator[Event]:
        """What the lines say, in their order."""
        if self._more is None:
            self.source = Source(self.part.path)
            self._more = self.source.lines()
        reader, source = self.reader, self.source
        read = reader.read
        # Times of -r add up, and those of -t go on into the next day: there every line counts.
        in_order = self.look.clock in (Clock.ABSOLUTE, Clock.NONE)
        head, self._head = self._head, []
        for lines in chain(head, self._more):
            self.lines += len(lines)
            for line in lines:
                if in_order and (call := _PASSING(line)) and not has_effect(call[1]) and reader.whole:
                    self.passed.add(call[1])
                    continue
                event = read(line)
                if event is not None:
                    yield event
            if progress is not None:
                progress(source.position, source.size)


def look(lines: list[str]) -> Look:
    """What `lines`, the beginning of a log, tell of it."""
    found = Look()
    clocks = dict.fromkeys(Clock, 0)
    root: int | None = None
    still = True
    for line in lines:
        of_interest = still and ("AT_FDCWD<" in line or "cwd(" in line or "chdir(" in line)
        if found.calls >= _ENOUGH and not of_interest:
            continue
        if not _CALL.search(line):
            found.summary |= _SUMMARY.match(line) is not None
            continue
        head = prefix(line)
        if not found.calls:
            root = head.pid
        found.calls += 1
        found.pids |= head.pid is not None
        found.here |= _HERE.search(line) is not None
        found.moves |= _ANY.search(line) is not None
        clocks[_clock(head.absolute, head.of_day, head.relative)] += 1
        if found.first is None:
            found.first = head.absolute if head.absolute is not None else head.of_day
        if of_interest and head.pid == root:
            found.cwd, still = _whereabouts(line)
    found.clock = max(clocks, key=lambda clock: clocks[clock]) if found.calls else Clock.NONE
    return found


def _clock(absolute: int | None, of_day: int | None, relative: int | None) -> Clock:
    if absolute is not None:
        return Clock.ABSOLUTE
    if of_day is not None:
        return Clock.OF_DAY
    return Clock.NONE if relative is None else Clock.RELATIVE


def _whereabouts(line: str) -> tuple[str | None, bool]:
    """The working directory that `line` names, and whether later lines could still name the first one."""
    if match := _HERE.search(line):
        return unescape(match[1]).removesuffix(" (deleted)"), False
    if match := _GETCWD.search(line):
        return string(match[1])[0], False
    return None, _MOVED.search(line) is None
