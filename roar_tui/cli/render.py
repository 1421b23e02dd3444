"""Lines, columns and headings on stdout: coloured and cut to the width on a terminal, plain and whole everywhere else.

Text comes here printable (`roar_tui.text.display` has been over it) and is never read as markup.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from roar_tui.text import cells, clip, marks, pad

if TYPE_CHECKING:
    from rich.console import Console

Part = str | tuple[str, str]  # printable text, or that and a rich style
Line = list[Part]

GAP = "  "
PLAIN_FLEX = 60  # cells that a flexible column is padded to where nothing limits the width

QUIET = "dim"
HASH = "cyan"
GOOD = "green"
BAD = "red"
WARN = "yellow"
HEAD = "bold"


@dataclass(frozen=True)
class Column:
    """A column: `flexible` ones share the width that the others leave; `keep_end` cuts at the beginning."""

    title: str
    right: bool = False
    style: str = ""
    flexible: bool = False
    keep_end: bool = False


class Screen:
    """stdout for people; `width` is None where nothing limits it (a pipe, a file)."""

    def __init__(self) -> None:
        from rich.console import Console

        # rich honours NO_COLOR, TERM=dumb and the terminal's number of colours
        self.console: Console = Console(file=sys.stdout, highlight=False, markup=False, emoji=False, soft_wrap=True)
        self.terminal = sys.stdout.isatty()
        self.width: int | None = self.console.width if self.terminal else None

    def line(self, *parts: Part) -> None:
        """Write one line; on a terminal what is too long for it is wrapped by the terminal."""
        if not self.terminal:
            sys.stdout.write("".join(text(part) for part in parts).rstrip() + "\n")
            return
        from rich.text import Text

        self.console.print(Text.assemble(*(Text(p) if isinstance(p, str) else Text(p[0], style=p[1]) for p in parts)))

    def fitted(self, *parts: Part) -> None:
        """Write one line, cut with an ellipsis at the terminal's width."""
        self.line(*(parts if self.width is None else cut(parts, self.width)))

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[Part]]) -> None:
        """Write aligned columns below their titles."""
        for parts in layout(columns, rows, self.width):
            self.line(*parts)

    def heading(self, title: str, about: str = "") -> None:
        """Write an empty line and a heading."""
        self.line()
        self.line((title, HEAD), (GAP + about if about else "", QUIET))


def text(part: Part) -> str:
    """The text of a part."""
    return part if isinstance(part, str) else part[0]


def cut(parts: Iterable[Part], width: int) -> Line:
    """`parts` in at most `width` cells, with an ellipsis where they were cut."""
    line = list(parts)
    if sum(cells(text(part)) for part in line) <= width:
        return line
    kept: Line = []
    mark = cells(marks().ellipsis)
    for part in line:
        body = text(part)
        if cells(body) + mark > width:  # something is lost from here on: this part ends with the ellipsis
            short = clip(body + " " * (width + 1), width)
            return [*kept, short if isinstance(part, str) else (short, part[1])]
        width -= cells(body)
        kept.append(part)
    return kept


def layout(columns: Sequence[Column], rows: Sequence[Sequence[Part]], width: int | None) -> list[Line]:
    """The lines of a table with its titles, in `width` cells, or where that is None as wide as it comes."""
    widths = [max([cells(c.title), *(cells(text(row[i])) for row in rows)]) for i, c in enumerate(columns)]
    flexible = [i for i, column in enumerate(columns) if column.flexible]
    if width is None:
        for i in flexible:
            widths[i] = min(widths[i], PLAIN_FLEX)
    else:
        _share(widths, flexible, width - len(GAP) * (len(columns) - 1))
    titles = GAP.join(_fit(column.title, column, widths[i], width) for i, column in enumerate(columns))
    lines: list[Line] = [[(titles, QUIET)]]
    for row in rows:
        line: Line = []
        for i, (column, part) in enumerate(zip(columns, row, strict=True)):
            body, style = (part, column.style) if isinstance(part, str) else part
            line.append((_fit(body, column, widths[i], width), style))
            line.append(GAP)
        lines.append(line[:-1])
    return lines


def _share(widths: list[int], flexible: list[int], room: int) -> None:
    """Shrink the flexible columns, the widest first, until all fit into `room` cells or only 8 are left of each."""
    while sum(widths) > room:
        widest = max(flexible, key=lambda i: widths[i], default=None)
        if widest is None or widths[widest] <= 8:
            return
        others = max((widths[i] for i in flexible if i != widest), default=8)
        widths[widest] = max(widths[widest] - (sum(widths) - room), min(others, widths[widest]) - 1, 8)


def _fit(body: str, column: Column, width: int, limit: int | None) -> str:
    if limit is not None:
        body = clip(body, width, end=column.keep_end)
    return pad(body, width, right=column.right)
