r"""C escapes as strace prints them, and back to the bytes that the process gave.

strace writes a byte that is not printable ASCII as \t \n \v \f \r, else as the shortest octal that the next character allows
(three digits before a digit), or as \xHH with -x and -xx; `"` and `\` get a backslash; in <…> `<` and `>` are \74 and \76.
"""

from __future__ import annotations

import os
import re

_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|(.))", re.DOTALL)
_NAMED = {"a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b"}


def _replace(match: re.Match[str]) -> str:
    octal, hexadecimal, named = match.groups()
    if octal:
        return chr(int(octal, 8) & 0xFF)
    if hexadecimal:
        return chr(int(hexadecimal, 16))
    return _NAMED.get(named) or (named if named in "\"'\\<>" else "\\" + named)


def unescape(text: str) -> str:
    """Decode the inside of a string or of <…> (latin-1 text with C escapes) as `os.fsdecode` would the bytes behind it."""
    if "\\" in text:
        text = _ESCAPE.sub(_replace, text)
    if text.isascii():
        return text
    try:
        return os.fsdecode(text.encode("latin-1"))
    except UnicodeEncodeError:  # not a line decoded as latin-1: somebody's text, kept as it is
        return text
