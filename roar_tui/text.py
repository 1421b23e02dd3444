"""Words for people: what comes from outside made printable, and sizes, times and counts as one reads them.

Anything recorded (paths, arguments, host names) may hold newlines, escape sequences or bytes that are not UTF-8. It reaches a
screen through `display` only. The command line and the explorer share these functions, so that both say the same.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

SECOND = 1_000_000  # microseconds
_NAMED = {"\n": r"\n", "\t": r"\t", "\r": r"\r"}
_KERNEL = ("-m", "ipykernel_launcher")
_INTERPRETER = re.compile(r"(python|pypy)[\d.]*|perl|ruby|Rscript|node|julia")


@dataclass(frozen=True)
class Marks:
    """The signs of lists and trees: Unicode ones, or ASCII ones where the locale has no other."""

    artifact: str = "◆"
    fileset: str = "▤"
    step: str = "⚙"
    code: str = "≡"
    pipe: str = "»"
    root: str = "○"
    seen: str = "↑"
    ellipsis: str = "…"
    dot: str = "·"
    branch: str = "├─"
    last: str = "└─"
    line: str = "│ "
    ok: str = "✓"
    warn: str = "!"
    fail: str = "✗"
    becomes: str = "→"


UNICODE = Marks()
ASCII = Marks("*", "#", "@", "=", ">>", "o", "^", "...", "-", "|-", "`-", "| ", "ok", "!", "x", "->")


def marks(environ: Mapping[str, str] | None = None) -> Marks:
    """The marks that the locale in `environ` (default: the process's own) can show."""
    if environ is not None:
        return UNICODE if _says_utf8(environ) else ASCII
    return _own_marks()


@lru_cache(maxsize=1)
def _own_marks() -> Marks:
    environ: dict[str, str] = dict(os.environ)
    if environ.get("LC_CTYPE") in ("C.UTF-8", "C.utf8", "UTF-8"):
        # In a C locale Python sets LC_CTYPE for itself (PEP 538); what the terminal was promised is in the first environment.
        try:
            first = Path("/proc/self/environ").read_bytes()
        except OSError:
            first = b""
        if first and not any(entry.startswith(b"LC_CTYPE=") for entry in first.split(b"\0")):
            del environ["LC_CTYPE"]
    return UNICODE if _says_utf8(environ) else ASCII


def _says_utf8(environ: Mapping[str, str]) -> bool:
    """Whether the first of LC_ALL, LC_CTYPE, LANG that is set names UTF-8 (POSIX order of precedence)."""
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        value = environ.get(name)
        if value:
            return "utf8" in value.lower().replace("-", "")
    return False


def display(text: str, *, width: int | None = None, end: bool = False) -> str:
    r"""`text` with all that a terminal must not get shown as escapes: `\n`, `\x1b`, `\xff` (not UTF-8), `\u202e`.

    `width` (cells) cuts with an ellipsis; `end` keeps the end of the text instead of its beginning.
    """
    safe = text if text.isprintable() else "".join(c if c.isprintable() else _escape(c) for c in text)
    return safe if width is None else clip(safe, width, end=end)


def _escape(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # os.fsdecode's escape of one byte
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x80:
        return _NAMED.get(char) or f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def cells(text: str) -> int:
    """The terminal cells that `text` takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # 15 ms, and only for text that needs it

    return cell_len(text)


def clip(text: str, width: int, *, end: bool = False) -> str:
    """Printable `text` in at most `width` cells, with an ellipsis at the side that was cut."""
    if cells(text) <= width:
        return text
    mark = marks().ellipsis
    room = width - cells(mark)
    if room <= 0:
        return mark[: max(width, 0)]
    kept: list[str] = []
    for char in reversed(text) if end else text:
        room -= cells(char)
        if room < 0:
            break
        kept.append(char)
    return mark + "".join(reversed(kept)) if end else "".join(kept) + mark


def clip_apart(a: str, b: str, width: int) -> tuple[str, str]:
    """Two printable texts in at most `width` cells each, cut at either side of where they begin to differ, so that it shows."""
    start = 0
    if max(cells(a), cells(b)) > width:
        same = next((at for at, (one, other) in enumerate(zip(a, b, strict=False)) if one != other), min(len(a), len(b)))
        common = a[:same]
        if cells(common) > width // 2:
            lead = clip(common, max(width // 3, 1), end=True)
            start = len(common) - max(len(lead) - len(marks().ellipsis), 0)
    if start == 0:
        return clip(a, width), clip(b, width)
    mark = marks().ellipsis
    room = max(width - cells(mark), 0)
    return mark + clip(a[start:], room), mark + clip(b[start:], room)


def clip_changes(lines: Sequence[str], width: int) -> list[str]:
    """The printable lines of a unified diff in at most `width` cells each: a line and what became of it show where they differ."""
    shown = [clip(line, width) for line in lines]
    at = 0
    while at < len(lines):
        ends = [at, at]  # of the lines that went, and of those that came in their place
        for number, sign in enumerate("-+"):
            ends[number] = ends[max(number - 1, 0)]
            while ends[number] < len(lines) and lines[ends[number]].startswith(sign):
                ends[number] += 1
        for one, other in zip(range(at, ends[0]), range(ends[0], ends[1]), strict=False):
            gone, came = clip_apart(lines[one][1:], lines[other][1:], width - 1)
            shown[one], shown[other] = "-" + gone, "+" + came
        at = max(ends[1], at + 1)
    return shown


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Printable `text` filled with spaces to `width` cells; `right` aligns it to the right."""
    fill = " " * max(width - cells(text), 0)
    return fill + text if right else text + fill


def shorten_path(path: str, width: int | None = None, *, cwd: str | None = None, home: str | None = None) -> str:
    """`path` printable and short: relative to `cwd` when below it, `~` for `home`, and of a long one the end.

    Cuts at a slash where that leaves the last name whole (`…/shards/a.csv`), else inside the name.
    """
    if cwd and cwd != "/" and path.startswith(cwd.rstrip("/") + "/"):
        path = path[len(cwd.rstrip("/")) + 1 :]
    elif home and home != "/" and (path == home or path.startswith(home.rstrip("/") + "/")):
        path = "~" + path[len(home.rstrip("/")) :]
    safe = display(path)
    if width is None or cells(safe) <= width:
        return safe
    mark = marks().ellipsis
    parts = safe.split("/")
    for first in range(1, len(parts)):
        short = mark + "/" + "/".join(parts[first:])
        if parts[first] and cells(short) <= width:
            return short
    return clip(safe, width, end=True)


def size(number: int | None) -> str:
    """Bytes in decimal units: `12 B`, `4.1 kB`, `410 MB`, `1.2 TB`; nothing for an unknown size."""
    if number is None:
        return ""
    if number < 1000:
        return f"{number} B"
    value = float(number)
    for unit in ("kB", "MB", "GB", "TB", "PB"):
        value /= 1000
        if value < 999.5 or unit == "PB":
            return f"{value:.1f} {unit}" if value < 9.95 else f"{value:.0f} {unit}"
    raise AssertionError


def duration(seconds: float | None) -> str:
    """Seconds as `40ms`, `1.2s`, `40s`, `31m`, `2h14m`, `3d4h`; nothing where unknown."""
    if seconds is None:
        return ""
    if seconds < 0.0995:
        return f"{max(seconds, 0) * 1000:.0f}ms"
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 3600:
        return f"{whole // 60}m"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86400}d{whole % 86400 // 3600}h"


def when(moment: int, now: int) -> str:
    """A moment as one looks for it (both microseconds since the epoch): `10:42 today`, `yesterday`, `20 Nov`, `Nov 2024`."""
    then, today = _local(moment), _local(now)
    if then is None or today is None:
        return "?"
    if then.date() == today.date():
        return f"{then:%H:%M} today"
    if then.date() == today.date() - timedelta(days=1):
        return "yesterday"
    if abs((today - then).days) < 300:
        return f"{then.day} {then:%b}"
    return f"{then:%b %Y}"


def moment(time: int | None) -> str:
    """Local date and time to the second, `2026-11-23 10:42:05`; nothing where unknown."""
    then = None if time is None else _local(time)
    return f"{then:%Y-%m-%d %H:%M:%S}" if then else ""


def _local(time: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(time / SECOND)
    except (OverflowError, ValueError, OSError):  # a clock or a log that was far off
        return None


def count(number: int, noun: str | None = None, plural: str | None = None) -> str:
    """`1,003`, or with a noun `1 file`, `1,003 files`."""
    if noun is None:
        return f"{number:,}"
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def command_line(argv: Sequence[str]) -> str:
    """`argv` as one could type it, printable: arguments that a shell would split or expand are quoted."""
    import shlex

    return " ".join(display(shlex.quote(arg) if arg.isprintable() else _dollar_quote(arg)) for arg in argv)


def _dollar_quote(arg: str) -> str:
    """`arg` in the shell's `$'…'` form, which can say any byte."""
    body = arg.replace("\\", "\\\\").replace("'", "\\'")
    return "$'" + display(body) + "'"


def is_kernel(argv: Sequence[str]) -> bool:
    """Whether `argv` starts a kernel, which runs a notebook's cells; its arguments name a file of sockets, and not the notebook."""
    return _KERNEL in pairwise(argv)


def what(argv: Sequence[str], notebook: str | None = None) -> str:
    """A command by what tells it apart: without the launcher's path, nor an interpreter before its script.

    `/usr/bin/python3 -u train.py --lr 0.2` is `train.py --lr 0.2`; `python3 -m pkg` stays `-m pkg`; `bash -c …` stays whole. The
    kernel that runs a notebook's cells is `Jupyter kernel`, with the `notebook` where it is known.
    """
    words = list(argv)
    if not words:
        return ""
    head = words[0].rsplit("/", 1)[-1]
    if _INTERPRETER.fullmatch(head):
        rest = words[1:]
        while rest and rest[0] in ("-u", "-B", "-E", "-s", "-I", "-O", "-OO"):
            rest = rest[1:]
        if is_kernel(argv):
            return "Jupyter kernel" + (f" of {display(notebook.rsplit('/', 1)[-1])}" if notebook else "")
        if rest and (rest[0] == "-m" or not rest[0].startswith("-")):
            if rest[0] != "-m":
                rest[0] = rest[0].rsplit("/", 1)[-1] or rest[0]
            return command_line(rest)
    return command_line([head or words[0], *words[1:]])
