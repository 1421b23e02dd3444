"""Whatever is printed as strace prints it reads back as itself, whole or in halves, over several processes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import zip_longest
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tracer.arguments import scan
from tracer.syntax import Call, Reader, Unparsed, array, descriptor, string, unescape

NAMED = {9: r"\t", 10: r"\n", 11: r"\v", 12: r"\f", 13: r"\r", 34: r"\"", 92: r"\\"}


def quote(data: bytes, special: bytes = b"") -> str:
    """What strace prints for the bytes of a string, or with `special` = `<>` for those of a descriptor's path."""
    printed = []
    for byte, following in zip_longest(data, data[1:]):
        if byte in NAMED:
            printed.append(NAMED[byte])
        elif 32 <= byte < 127 and byte not in special:
            printed.append(chr(byte))
        elif following is not None and 48 <= following <= 57:
            printed.append(f"\\{byte:03o}")
        else:
            printed.append(f"\\{byte:o}")
    return "".join(printed)


def hexadecimal(data: bytes) -> str:
    """What strace -xx prints."""
    return "".join(f"\\x{byte:02x}" for byte in data)


@dataclass(frozen=True)
class Argument:
    """The printed text, and what it stands for: a name, (number, path, deleted) of a descriptor, or items of an array."""

    text: str
    meaning: object


NASTY = [
    b"<unfinished ...>",
    b") = 3",
    b"+++ exited with 0 +++",
    b"a, b",
    b"\n",
    b"\xff\xfe",
    "é".encode(),
    b'"',
    b"\\",
    b"/*",
    b"0",
    b"<",
    b">",
    b"->",
    b"'",
]
names = st.one_of(
    st.lists(st.sampled_from(NASTY), max_size=4).map(b"".join),
    st.binary(max_size=12).map(lambda data: data.replace(b"\0", b"0")),
    st.text("abcdef._-0123456789/", max_size=20).map(str.encode),
)
paths = names.map(lambda data: b"/" + data)
numbers = st.integers(0, 1023)


@st.composite
def descriptors(draw: st.DrawFn) -> Argument:
    number, path, deleted = draw(numbers), draw(paths), draw(st.booleans())
    return Argument(f"{number}<{quote(path, b'<>')}>{'(deleted)' if deleted else ''}", (number, os.fsdecode(path), deleted))


strings = names.map(lambda data: Argument(f'"{quote(data)}"', os.fsdecode(data)))
directories = paths.filter(lambda path: not path.endswith(b" (deleted)")).map(
    lambda path: Argument(f"AT_FDCWD<{quote(path, b'<>')}>", (None, os.fsdecode(path), False))
)
words = st.sampled_from(
    ["O_RDONLY|O_CLOEXEC", "NULL", "0644", "-1", "0x7ffc /* 35 vars */", "{st_mode=S_IFREG|0644, st_size=2, ...}"]
)
plain = words.map(lambda text: Argument(text, None))
arrays = st.lists(strings, max_size=3).map(
    lambda items: Argument("[" + ", ".join(item.text for item in items) + "]", [item.meaning for item in items])
)
arguments = st.lists(st.one_of(strings, strings, descriptors(), directories, plain, arrays), max_size=4)
returns = st.one_of(
    st.integers(0, 2**31).map(lambda value: (str(value), value, None, None, False)),
    st.just(("-1 ENOENT (No such file or directory)", -1, "ENOENT", None, False)),
    st.just(("?", None, None, None, False)),
    descriptors().map(lambda found: (found.text, found.meaning[0], None, found.meaning[1], found.meaning[2])),  # type: ignore[index]
)


@dataclass(frozen=True)
class Printed:
    """A call as it is to be printed; `cut` is the number of arguments in the first half, None for a whole line."""

    name: str
    arguments: list[Argument]
    returned: tuple[str, int | None, str | None, str | None, bool]
    cut: int | None
    pad: int

    def halves(self) -> list[str]:
        """One line, or two."""
        texts = [argument.text for argument in self.arguments]
        end = ")" + " " * self.pad + " = " + self.returned[0]
        if self.cut is None:
            return [f"{self.name}({', '.join(texts)}{end}"]
        cut = min(self.cut, len(texts))
        first = "".join(text + ", " for text in texts[:cut]) if cut < len(texts) else ", ".join(texts)
        return [f"{self.name}({first} <unfinished ...>", f"<... {self.name} resumed>{', '.join(texts[cut:])}{end}"]


printed = st.builds(
    Printed,
    st.sampled_from(["openat", "unlink", "renameat2", "execve", "dup2", "_llseek"]),
    arguments,
    returns,
    st.one_of(st.none(), st.integers(0, 4)),
    st.integers(0, 20),
)


def meaning(raw: str, like: object) -> object:
    """What the decoders make of `raw`, in the shape of `like`."""
    if isinstance(like, str):
        text, cut = string(raw)
        assert not cut
        return text
    if isinstance(like, tuple):
        found = descriptor(raw)
        return found.number, found.path, found.deleted
    if isinstance(like, list):
        items, cut = array(raw)
        assert not cut
        return [string(item)[0] for item in items]
    return None


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 4), printed), max_size=8),
    st.randoms(use_true_random=False),
    st.sampled_from(["o", "t", "p"]),
)
def test_calls_of_several_processes_read_back_as_they_were_printed(
    work: list[tuple[int, Printed]], random: Random, form: str
) -> None:
    queues: dict[int, list[tuple[Printed, str, bool]]] = {}
    for pid, call in work:
        halves = call.halves()
        queues.setdefault(pid, []).extend((call, half, half is halves[-1]) for half in halves)
    reader, clock, expected, found = Reader(), 1_700_000_000_000_000, [], []
    begun: dict[int, int] = {}
    while queues:
        pid = random.choice(sorted(queues))
        call, half, last = queues[pid].pop(0)
        if not queues[pid]:
            del queues[pid]
        clock += 7
        time = clock if form == "t" else 0
        column = {"o": f"{pid:<5} ", "t": f"{pid:<5} {clock // 1_000_000}.{clock % 1_000_000:06} ", "p": f"[pid {pid:>5}] "}[form]
        begun.setdefault(pid, time)
        event = reader.read(column + half)
        if last:
            _, value, error, path, deleted = call.returned
            expected.append(
                (pid, time, begun.pop(pid), call.name, value, error, path, deleted, [a.meaning for a in call.arguments])
            )
            assert isinstance(event, Call), event
            assert len(event.args) == len(call.arguments)
            values = [meaning(raw, argument.meaning) for raw, argument in zip(event.args, call.arguments, strict=True)]
            found.append(
                (event.pid, event.time, event.started, event.name, event.value, event.error, event.path, event.deleted, values)
            )
        else:
            assert event is None
            assert reader.pending[pid].name == call.name
    assert found == expected
    assert not reader.close()


@given(st.binary(max_size=40))
def test_any_bytes_survive_quoting(data: bytes) -> None:
    assert unescape(quote(data)) == unescape(quote(data, b"<>")) == unescape(hexadecimal(data)) == os.fsdecode(data)
    assert string(f'"{quote(data)}"...') == (os.fsdecode(data), True)


PIECES = ["12 ", "1700000000.000001 ", "[pid 3] ", "16:41:30.4 ", "openat(", "AT_FDCWD", "</a>", " = ", "3", "-1 ENOENT (x)"]
PIECES += [" <unfinished ...>", "<... openat resumed>", "<pid changed to 3 ...>", "<detached ...>", "strace: Process 3 attached"]
PIECES += ["+++ exited with ", "+++ killed by ", " +++", "--- SIGCHLD ", " ---", "/*", "*/", "=>", "<<", ", ", "9" * 30]
PIECES += list("<>\"'\\()[]{}?")
junk = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=14).map("".join),
    st.binary(max_size=60).map(lambda data: data.decode("latin-1")),
    st.text(),
)


@settings(max_examples=500, deadline=None)
@given(st.lists(junk, max_size=6))
def test_no_line_makes_the_reader_fail(lines: list[str]) -> None:
    reader = Reader()
    for line in lines:
        reader.partial(line)
        event = reader.read(line)
        if isinstance(event, Unparsed):
            assert event.why
        if isinstance(event, Call):
            for raw in event.args:
                for decode in (string, descriptor, array):
                    try:
                        decode(raw)
                    except ValueError:
                        continue
    for pid in reader.pending:
        assert reader.pending[pid].args is not None
    assert all(call.value is None for call in reader.close())


@settings(max_examples=300, deadline=None)
@given(st.lists(printed, max_size=3), junk)
def test_the_fast_way_and_the_slow_way_agree(calls: list[Printed], rest: str) -> None:
    lines = [half for call in calls for half in call.halves()]
    fast, slow = Reader(), Reader()
    for line in [*lines, "openat(" + rest, *lines[:1], "<... openat resumed>" + rest]:
        line = "12 1700000000.000001 " + line
        assert fast.read(line) == slow._read(line.rstrip("\r\n"))
        assert fast.pending == slow.pending


@given(st.text('"<>()[]{},/*\\ a', max_size=200))
def test_scanning_ends_within_the_text(text: str) -> None:
    found = scan(text)
    assert 0 <= found.end <= len(text)
    assert found.closed == (found.end < len(text) and found.mark is None)
