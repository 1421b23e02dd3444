"""A line of the screen as data: spans of printable text, each with a tone. No markup, no styles, no Textual.

Tones are names (`hash`, `dim`, `ok`…) that `widgets/line_view.py` turns into the theme's styles, so that everything that is decided
about a line can be tested without a screen. Widths are in terminal cells.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

Span = tuple[str, str]
Line = list[Span]

TONES = (
    "plain", "dim", "faint", "strong", "title", "accent", "hash", "step", "artifact", "fileset", "code", "config", "log", "pipe",
    "root", "ok", "bad", "warn", "match", "key", "rule",
)  # fmt: skip


def width_of(line: Line) -> int:
    """The cells that a line takes."""
    return sum(cell_len(text) for text, _ in line)


def plain(line: Line) -> str:
    """The line's text alone."""
    return "".join(text for text, _ in line)


def crop(line: Line, width: int, more: str = "…") -> Line:
    """The line cut to `width` cells; `more` marks the cut."""
    if width_of(line) <= width:
        return line
    if width <= 0:
        return []
    room = width - cell_len(more)
    kept: Line = []
    for text, tone in line:
        size = cell_len(text)
        if size > room:
            if room > 0:
                kept.append((set_cell_size(text, room).rstrip(), tone))
            break
        kept.append((text, tone))
        room -= size
    kept.append((more, kept[-1][1] if kept else "dim"))
    return kept


def fit(text: str, width: int, *, right: bool = False, keep_end: bool = False, more: str = "…") -> str:
    """`text` in exactly `width` cells: padded left or right, cut with `more` (at the front when `keep_end`)."""
    size = cell_len(text)
    if size <= width:
        return " " * (width - size) + text if right else text + " " * (width - size)
    if width <= cell_len(more):
        return set_cell_size(text, max(width, 0))
    room = width - cell_len(more)
    if not keep_end:
        return set_cell_size(text, room) + more
    tail = text
    while cell_len(tail) > room:
        tail = tail[1:] if len(tail) <= 3 * room else tail[-3 * room :]
    return more + " " * (room - cell_len(tail)) + tail


def spread(left: Line, right: Line, width: int, gap: int = 2, more: str = "…") -> Line:
    """`left` and `right` at the two ends of `width` cells; the left is cut first, the right goes when nothing is left for it."""
    right_width = width_of(right)
    if right_width + gap + 8 > width:
        return crop(left, width, more)
    left = crop(left, width - right_width - gap, more)
    return [*left, (" " * (width - right_width - width_of(left)), "plain"), *right]


def wrap(line: Line, width: int, indent: int = 0, limit: int | None = None, more: str = "…") -> list[Line]:
    """The line broken between spans' words into lines of at most `width` cells, later ones indented; at most `limit` lines.

    The blanks at a break stand on neither line.
    """
    lines: list[Line] = [[]]
    glued: set[int] = set()  # the lines that begin within a word
    used = 0

    def begin() -> int:
        lines.append([(" " * indent, "plain")] if indent else [])
        return indent

    for text, tone in line:
        for padded in _words(text):
            word = padded.rstrip(" ")
            size, blanks = cell_len(word), len(padded) - len(word)
            if used + size > width and used > indent:
                used = begin()
            while used + size > width and width - used > 1:  # a word longer than the line is cut hard
                piece = set_cell_size(word, width - used).rstrip() or word[:1]
                lines[-1].append((piece, tone))
                word = word[len(piece) :]
                size = cell_len(word)
                used = begin()
                glued.add(len(lines) - 1)
            if used + size + blanks > width:
                blanks, used = 0, width - size
            if word or blanks:
                lines[-1].append((word + " " * blanks, tone))
            used += size + blanks
    if limit is not None and len(lines) > limit:
        rest = lines[limit - 1]
        for at, extra in enumerate(lines[limit:], limit):
            rest = [*rest, *([] if at in glued else [(" ", "plain")]), *(extra[1:] if indent else extra)]
        lines = [*lines[: limit - 1], crop(rest, width, more)]
    return lines


def join(parts: Sequence[Line], separator: Line) -> Line:
    """The parts in one line with `separator` between them; empty parts are left out."""
    joined: Line = []
    for part in parts:
        if part:
            if joined:
                joined.extend(separator)
            joined.extend(part)
    return joined


def highlight(line: Line, needle: str) -> Line:
    """The line with every case-insensitive occurrence of `needle` in the tone `match`."""
    if not needle:
        return line
    lowered = needle.lower()
    result: Line = []
    for text, tone in line:
        at, low = 0, text.lower()
        if len(low) != len(text):  # a letter whose lower case is longer: positions would not agree
            result.append((text, tone))
            continue
        while (found := low.find(lowered, at)) >= 0:
            if found > at:
                result.append((text[at:found], tone))
            result.append((text[found : found + len(needle)], "match"))
            at = found + len(needle)
        if at < len(text):
            result.append((text[at:], tone))
    return result


def _words(text: str) -> list[str]:
    """`text` cut after each run of blanks."""
    words: list[str] = []
    start = 0
    for i in range(1, len(text)):
        if text[i - 1] == " " and text[i] != " ":
            words.append(text[start:i])
            start = i
    if start < len(text):
        words.append(text[start:])
    return words
