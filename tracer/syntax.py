"""A line of strace output, parsed; the halves of unfinished and resumed calls, joined.

Written for `strace -f -y -ttt -o FILE` and tolerant of what other options print. Two of strace's habits to know: `-qq` and
`-qqq` suppress the `+++ exited` lines (`-q` does not), and a thread that calls execve goes on under its leader's pid.
"""

from __future__ import annotations

import re

from tracer.arguments import Descriptor, address, array, clone_flags, descriptor, field, flags, scan, split, string
from tracer.escapes import unescape
from tracer.events import Call, Event, Exited, Killed, Signal, Superseded, Unfinished, Unparsed
from tracer.lines import DAY, FAST, FAST_HALF, SIMPLE, Prefix, Return, prefix, returned
from tracer.namer import FORKS, Namer
from tracer.notices import notice

__all__ = [
    "Call", "Descriptor", "Event", "Exited", "Killed", "Reader", "Signal", "Superseded", "Unfinished", "Unparsed",
    "address", "array", "clone_flags", "descriptor", "field", "flags", "split", "string", "unescape",
]  # fmt: skip

_CALL = re.compile(r"([A-Za-z_]\w*|\?+)(?:#\d+)?\(")
_RESUMED = re.compile(r"<\.\.\. ([A-Za-z_]\w*|\?+)(?:#\d+)? resumed>")
# strace's own messages among the lines of a log that shares stderr; one may cut a line in two.
_MESSAGE = re.compile(
    r"(?:[^\s(\"]+: )?(?:Process (\d{1,9}) (attached|detached|suspended|resumed)\b.*|\[ Process PID=\d{1,9} runs in .* mode\. \])$"
)
_MESSAGE_START = re.compile(r"(?:/\S*/)?strace[\w.+-]*: ")
_CUT_BY_MESSAGE = re.compile(
    r"(?:(?:(?<!\*)/[\w./+-]*)?strace[\w.+-]*: )?Process (\d{1,9}) (attached|detached|suspended|resumed)"
    r"(?: with \d+ threads| \([^()]*\))?$"
)
_CONTINUED = re.compile(r"\s*(?:\)\s*= |= |<unfinished \.\.\.>|<detached \.\.\.>)")
_ENDED = re.compile(r"\)\s*= (?:\?|-?\d|0x)")
_LONGEST_CUT = 65_536
_EXECS = frozenset(("execve", "execveat"))


class Reader:
    """Reads the lines of one strace log in order. Lines are str, decoded as latin-1, without newline.

    `default_pid` stands for the process of lines without a pid. `midnight` (µs since the epoch) is added to times of day, which
    go on into the next day when the clock falls back by more than half of one, and to relative times (-r), which are summed. With
    `ticks` a line without any time is a microsecond later than the one before, so that a log without times keeps its order.

    `pending` holds the calls in flight, by pid. `abandoned` collects those that can finish no more, because their process ended
    or made another call: a caller may take them out at any time, `close` gives what is left.
    """

    def __init__(self, default_pid: int = 0, *, midnight: int = 0, ticks: bool = False) -> None:
        self.default_pid = default_pid
        self._ticks = ticks
        self.pending: dict[int, Unfinished] = {}
        self.abandoned: list[Call] = []
        self._start = midnight
        self._clock = 0  # of the last line, µs since `_start`, in logs without absolute times
        self._cut: tuple[Unfinished, str] | None = None  # a call whose line other output broke off, and what came since
        self._announced: tuple[int, int] | None = None  # (leader, thread) of a Superseded that is already told
        self._who = Namer(default_pid)

    @property
    def whole(self) -> bool:
        """Whether no line is broken off: the next one says something by itself."""
        return self._cut is None

    def read(self, line: str) -> Event | None:
        """What `line` says; None for a line that is understood but has nothing to say (the first half of a call)."""
        match = FAST(line)
        if match:
            pid, seconds, micros, name, args, value, path, deleted, error = match.groups()
            number = int(pid)
            time = int(seconds + micros)
            if number in self.pending:
                self._abandon(number)
            self._cut = None
            items = args.split(", ") if args else []
            return Call(number, time, name, items, int(value) if value else -1, error, path, deleted is not None, time)
        if (line.endswith("...>") or " resumed>" in line) and (match := FAST_HALF(line)):
            return self._half(match, line)
        return self._read(line.rstrip("\r\n"))

    def _half(self, match: re.Match[str], line: str) -> Event | None:
        """The first or the second half of a call, in the form of most lines."""
        pid, seconds, micros, name, text, resumed, rest, value, path, deleted, error = match.groups()
        number = int(pid)
        time = int(seconds + micros)
        first = self.pending.get(number)
        if name is not None:
            if first:
                self._abandon(number)
            self._cut = None
            self.pending[number] = Unfinished(number, time, name, text)
            return None
        if first and first.name == resumed and first.pid == number and SIMPLE(args := (first.text + rest).rstrip()):
            del self.pending[number]
            self._cut = None
            items = args.split(", ") if args else []
            return Call(number, time, resumed, items, int(value) if value else -1, error, path, deleted is not None, first.time)
        return self._read(line)

    def _read(self, line: str) -> Event | None:
        """The slow way, for every form of line."""
        cut, self._cut = self._cut, None
        message = _MESSAGE.match(line)
        if message:
            if message[1]:
                self._who.told(int(message[1]), message[2])
            self._cut = cut
            return None
        if cut and _CONTINUED.match(line):
            return self._call(cut[0].pid, cut[0].time, cut[0].time, cut[0].name, cut[0].text + line, line)
        head = prefix(line)
        time = self._time(head)
        body = line[head.end :]
        if body.startswith("<... ") and (resumed := _RESUMED.match(body)):
            return self._resume(head, time, resumed[1], body[resumed.end() :], line)
        pid = self._who.pid(head.pid, head.bracketed, False, self.pending)
        if call := _CALL.match(body):
            if pid in self.pending:
                self._abandon(pid)
            return self._call(pid, time, time, call[1], body[call.end() :], line)
        if body.startswith("--- stopped by "):
            return None
        if body.startswith(("+++ ", "--- ")):
            return self._notice(notice(pid, time, body) or Unparsed(line, "an unknown notice"))
        if not line.strip() or line.startswith((" > ", " | ")):  # -k prints a stack below each call, -e read= and write= dumps
            self._cut = cut
            return None
        if cut and (mended := self._mend(*cut, line)):
            return mended
        if not cut and self.pending and _ENDED.search(line):
            pid, first = next(reversed(self.pending.items()))  # -z resumes the call of the line before without saying so
            if mended := self._mend(first, "", line):
                del self.pending[pid]
                return mended
        return Unparsed(line, "a message of strace" if _MESSAGE_START.match(line) else "not a line of strace output")

    def _mend(self, first: Unfinished, between: str, line: str) -> Call | None:
        """A call that was broken off, with `line` as its end: wrapped by somebody's editor, or with a program's output between."""
        if _ENDED.search(line):
            for text in (first.text + between + line, first.text + line):
                event = self._call(first.pid, first.time, first.time, first.name, text, line)
                if isinstance(event, Call):
                    return event
        self._cut = (first, between + line) if len(between) < _LONGEST_CUT else None
        return None

    def _call(self, pid: int, time: int, started: int, name: str, text: str, line: str) -> Event | None:
        """A call whose arguments are `text`, from the opening parenthesis to the end of the line."""
        found = scan(text)
        mark = found.mark
        rest: Return | None = None
        if found.closed and text[found.end] == ")":
            rest = returned(text, found.end + 1, name)
        elif mark and mark.end() < len(text.rstrip()):  # `<unfinished ...>) = ?`: its process was gone before it could return
            rest = returned(text, mark.end() + 1, name) if text[mark.end()] == ")" else None
        if rest:
            if name in FORKS and rest.value:
                self._who.child(rest.value)
            return Call(pid, time, name, found.items, rest.value, rest.error, rest.path, rest.deleted, started)
        if mark and mark.end() >= len(text.rstrip()):
            return self._suspend(Unfinished(pid, started, name, text[: found.end].removesuffix(" ")), mark)
        if not found.broken and (message := _CUT_BY_MESSAGE.search(text)):
            self._who.told(int(message[1]), message[2])
            self._cut = (Unfinished(pid, started, name, text[: message.start()]), "")
            return None
        if not found.broken and not mark:
            self._cut = (Unfinished(pid, started, name, text), "")
        return Unparsed(line, "cut off" if not found.closed else "no return value")

    def _suspend(self, call: Unfinished, mark: re.Match[str]) -> Event | None:
        """Keep the first half of a call, under the pid that will resume it."""
        if mark[1] == "detached":
            return Call(call.pid, call.time, call.name, call.args, None, None, None, False, call.time)
        self.pending[call.pid] = call
        if not mark[2]:
            return None
        self._announced = (int(mark[2]), call.pid)
        return self._supersede(int(mark[2]), call.time, call.pid)

    def _supersede(self, leader: int, time: int, thread: int) -> Superseded:
        """The execve that `thread` has begun is resumed under the pid of its leader, whose own call never ends."""
        if leader != thread and (call := self.pending.pop(thread, None)):
            self._abandon(leader)
            self.pending[leader] = call
        return Superseded(leader, time, thread)

    def _resume(self, head: Prefix, time: int, name: str, text: str, line: str) -> Event | None:
        """The second half of a call. `execve` resumed by a process that began none was begun by one of its threads."""
        pid = self._who.pid(head.pid, head.bracketed, True, self.pending)
        first = self.pending.get(pid)
        if first is None or first.name not in (name, "restart_syscall"):
            others = [call for call in self.pending.values() if call.name == name]
            adopted = len(others) == 1 and (name in _EXECS or head.pid is None)
            if not adopted:
                return Unparsed(line, "resumed, but never begun")
            first = others[0]
            if head.pid is None:
                pid = first.pid
            else:
                self._abandon(pid)
                self.pending.pop(first.pid, None)
        self.pending.pop(pid, None)
        event = self._call(pid, time, first.time, name, first.text + text, line)
        if isinstance(event, Call) and first.pid != pid and name in _EXECS:
            event.value, event.error = 0, None  # the kernel gave it its leader's pid, so it succeeded, whatever is printed
        return event

    def _notice(self, event: Event) -> Event | None:
        """Bring what is known of processes up to date with a notice."""
        if isinstance(event, Exited | Killed):
            self._abandon(event.pid)
            self._who.gone(event.pid)
        elif isinstance(event, Superseded):
            told, self._announced = self._announced, None
            return None if told == (event.pid, event.by) else self._supersede(event.pid, event.time, event.by)
        return event

    def partial(self, text: str) -> Unfinished | None:
        """The call that a cut-off last line begins, None where it does not begin one. Changes nothing in the reader."""
        head = prefix(text)
        call = _CALL.match(text, head.end)
        if not call:
            return None
        clock = self._clock
        time = self._time(head)
        self._clock = clock
        found = scan(text, call.end())
        pid = head.pid
        if pid is None or pid == self._who.alias:
            pid = max(self._who.root, self.default_pid)
        return Unfinished(pid, time, call[1], text[call.end() : found.end].rstrip(" "))

    def close(self) -> list[Call]:
        """The calls that were never finished, with value None, in order of entry; the reader forgets them."""
        for pid in list(self.pending):
            self._abandon(pid)
        calls, self.abandoned = sorted(self.abandoned, key=lambda call: call.started), []
        return calls

    def _abandon(self, pid: int) -> None:
        call = self.pending.pop(pid, None)
        if call:
            self.abandoned.append(Call(call.pid, call.time, call.name, call.args, None, None, None, False, call.time))

    def _time(self, head: Prefix) -> int:
        if head.absolute is not None:
            return head.absolute
        if head.of_day is not None:
            day, last = divmod(self._clock, DAY)
            self._clock = head.of_day + DAY * (day + (last - head.of_day > DAY // 2))
        elif head.relative is not None:
            self._clock += head.relative
        elif self._ticks:
            self._clock += 1
        else:
            return 0
        return self._start + self._clock
