"""Raw arguments of a call, decoded: strings, descriptors, arrays, fields of structures, flags.

Nothing here searches for a mark that a file name could hold: text is walked token by token (strings, <…>, comments, brackets).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from tracer.escapes import unescape

# <…> behind a descriptor or a pid. A socket's ends at `]>` (its addresses are joined by `->`, a unix socket's path is quoted).
# Any other has its own `<` and `>` escaped, but for one pair that -yy (`<char 1:3>`) and -Y (`<bash>`) put at the end. Before 4.21
# `>` was not escaped in paths, and `<` longer: there the `>` is meant that something stands behind which may follow a descriptor.
_INNER = r'(?:[^<>"\\]|\\.)*'
_DEVICE = r"(?:<(?:char|block) [^<>]*>)?"
DECORATION = re.compile(
    r'<(?:([A-Za-z][\w-]*:\[(?:[^"<\]]|\](?!>)|"(?:[^"\\]|\\.)*")*\])'
    rf"|(/{_INNER}){_DEVICE}(?=>(?:[,)\]}}]|\(deleted\)| [)<\[\d/-]|$))"
    rf"|(/{_INNER}(?:[<>]{_INNER}){{0,8}}?){_DEVICE}(?=>(?:[,)\]}}]|\(deleted\)|$))"
    rf"|((?!/){_INNER})(?:<[^<>]*>)?)>",
    re.DOTALL,
)
# What strace writes at the end of a line when another process's line comes in between.
MARK = re.compile(r"<(?:(unfinished|detached)|pid changed to (\d{1,9})) \.\.\.>")
_NEXT = re.compile(r"""["'<()\[\]{},]|/\*""")
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_CHARACTER = re.compile(r"'(?:\\.[^']*|[^\\])'", re.DOTALL)
_WHOLE_STRING = re.compile(r'(?:@)?"([^"\\]*(?:\\.[^"\\]*)*)"(\.\.\.)?(?: \[[^\]"]*\])?', re.DOTALL)  # --secontext behind it
_DESCRIPTOR = re.compile(r"(?:(AT_FDCWD|-100|0xffffff9c)|(-?\d{1,10}))(?: /\*[^*]*\*/)?(?=<|$| \[)")
DELETED = " (deleted)"
_PORT = re.compile(r"htons\((\d{1,5})\)")


@dataclass(slots=True, frozen=True)
class Descriptor:
    """A descriptor argument: `number` is None for AT_FDCWD; `path` is what stands in <…>, None where the log has none.

    `path` is a decoded file path, or "pipe:[3478]", "socket:[99]", "TCP:[…]", "anon_inode:[eventfd]" as printed.
    """

    number: int | None
    path: str | None
    deleted: bool


@dataclass(slots=True)
class Scan:
    """A list of raw items and how it ended: `end` is the index of the closing bracket, or of `mark`, or the text's length."""

    items: list[str]
    end: int
    closed: bool
    mark: re.Match[str] | None
    broken: bool  # the text ends inside a string or a comment


def scan(text: str, start: int = 0) -> Scan:
    """Walk `text` from `start`, splitting at commas, to the bracket that closes what is around it, a MARK, or the end."""
    items: list[str] = []
    depth = 0
    begin = position = start
    while found := _NEXT.search(text, position):
        at = found.start()
        character = text[at]
        position = at + 1
        if character == ",":
            if not depth:
                items.append(text[begin:at].strip())
                begin = position
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            if not depth:
                _last(items, text[begin:at])
                return Scan(items, at, True, None, False)
            depth -= 1
        elif character == '"':
            string_ = _STRING.match(text, at)
            if not string_:
                _last(items, text[begin:])
                return Scan(items, len(text), False, None, True)
            position = string_.end()
        elif character == "<":
            mark = MARK.match(text, at)
            if mark and text[at - 1 : at] in ("", " "):
                _last(items, text[begin:at])
                return Scan(items, at, False, mark, False)
            decoration = DECORATION.match(text, at)
            position = decoration.end() if decoration else at + 2 if text.startswith("<<", at) else position
        elif character == "/":
            close = text.find("*/", at + 2)
            if close < 0:
                _last(items, text[begin:])
                return Scan(items, len(text), False, None, True)
            position = close + 2
        elif quoted := _CHARACTER.match(text, at):
            position = quoted.end()
    _last(items, text[begin:])
    return Scan(items, len(text), False, None, False)


def _last(items: list[str], text: str) -> None:
    if text := text.strip():
        items.append(text)


def split(text: str) -> list[str]:
    """The raw top-level arguments in `text`, which may be cut off anywhere (then the last argument is)."""
    return scan(text).items


def string(raw: str) -> tuple[str, bool]:
    """The text of a string argument, and whether strace cut it off (`"abc"...`). Raises ValueError for all else (NULL).

    An abstract socket's `@"name"` is the name without its leading NUL.
    """
    if "\\" not in raw and raw.isascii() and raw.count('"') == 2 and raw[0] == '"' == raw[-1]:
        return raw[1:-1], False
    match = _WHOLE_STRING.fullmatch(raw)
    if not match:
        raise ValueError(f"not a string: {raw[:80]!r}")
    return unescape(match[1]), match[2] is not None


@lru_cache(maxsize=1024)  # nearly all calls of a job name the same few directories
def descriptor(raw: str) -> Descriptor:
    """The descriptor in `raw`. Raises ValueError for anything else.

    `(deleted)` stands behind the brackets of a descriptor, but inside those of AT_FDCWD, as the kernel says it there. Before 5.19
    it stood inside for both: that is left in `path`, because a file may be called so.
    """
    match = _DESCRIPTOR.match(raw)
    if not match:
        raise ValueError(f"not a descriptor: {raw[:80]!r}")
    number = None if match[1] else int(match[2])
    path, end = decoration(raw, match.end())
    deleted = raw.startswith("(deleted)", end)
    if number is None and path is not None and path.endswith(DELETED):
        return Descriptor(None, path.removesuffix(DELETED), True)
    return Descriptor(number, path, deleted)


def decoration(text: str, at: int) -> tuple[str | None, int]:
    """What stands in <…> at `at`, decoded, and where it ends; None and `at` where nothing stands there."""
    match = DECORATION.match(text, at)
    if not match:
        return None, at
    return unescape(match[1] or match[2] or match[3] or match[4] or ""), match.end()


def array(raw: str) -> tuple[list[str], bool]:
    """The raw items of `[a, b]` (or of `{a, b}`), and whether strace left some out. Raises ValueError for anything else."""
    if raw[:1] not in ("[", "{"):
        raise ValueError(f"not an array: {raw[:80]!r}")
    items = scan(raw, 1).items
    kept = [item for item in items if item != "..." and not item.startswith("/*")]
    return kept, len(kept) < len(items)


def field(raw: str, name: str) -> str | None:
    """The raw value of the field `name` in a structure `{a=1, b={c=2}}`, at any depth; None where it is not there."""
    wanted = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|</(?:[^<>\\]|\\.)*|(?<![\w.])' + re.escape(name) + "=", re.DOTALL)
    for match in wanted.finditer(raw):
        if match[0][0] not in '"<':
            items = scan(raw, match.end()).items
            return items[0] if items else ""
    return None


def flags(raw: str) -> frozenset[str]:
    """The names (and numbers) in `A|B|0x80`, also in `0x80041 /* A|B|C */` of `-X verbose`."""
    value, _, comment = raw.partition(" /*")
    names = comment.removesuffix("*/").strip() if comment and "?" not in comment else value
    return frozenset(name.strip() for name in names.split("|") if name.strip())


def clone_flags(args: list[str]) -> frozenset[str]:
    """The flags of a clone or clone3 call, its exit signal included; empty for fork and vfork."""
    found: set[str] = set()
    for arg in args:
        for name in ("flags", "exit_signal"):
            value = field(arg, name)
            if value is not None:
                found |= flags(value)
    return frozenset(found)


def address(raw: str) -> tuple[str, int] | None:
    """Host and port of an AF_INET or AF_INET6 socket address; None for every other family."""
    port = _PORT.fullmatch(field(raw, "sin_port") or field(raw, "sin6_port") or "")
    if not port:
        return None
    host = field(raw, "sin_addr")  # inet_addr("1.2.3.4"); IPv6 has no name: inet_pton(AF_INET6, "::1", &sin6_addr)
    call = host if host is not None else next((item for item in array(raw)[0] if "inet_pton" in item), "")
    text = next((item for item in scan(call, call.find("(") + 1).items if item.startswith('"')), None)
    return (string(text)[0], int(port[1])) if text else None
