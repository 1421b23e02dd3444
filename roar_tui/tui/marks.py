"""The glyphs of the screens, in Unicode and, for a C locale, in ASCII."""

from __future__ import annotations

from dataclasses import dataclass

from roar_tui import text


@dataclass(frozen=True)
class Marks:
    """One set of glyphs; each is one cell wide unless it says otherwise."""

    unicode: bool
    artifact: str
    fileset: str
    step: str
    code: str
    config: str
    log: str
    pipe: str
    seen: str
    root: str
    cursor: str
    opened: str
    closed: str
    more: str
    dot: str
    trail: str
    rule: str
    arrow: str
    branch: str  # 2 cells
    last: str  # 2 cells
    bar: str  # 2 cells
    box: str  # corners and sides: top left, top right, bottom left, bottom right, horizontal, vertical
    ok: str
    bad: str
    wait: str
    becomes: str  # between what was and what is


UNICODE = Marks(
    unicode=True, artifact="◆", fileset="▤", step="⚙", code="≡", config="≡", log="≣", pipe="»", seen="↑", root="○", cursor="▌",
    opened="▾", closed="▸", more="…", dot="·", trail="‹", rule="─", arrow="→", branch="├─", last="└─", bar="│ ", box="╭╮╰╯─│",
    ok="✓", bad="✗", wait="◌", becomes="→",
)  # fmt: skip
ASCII = Marks(
    unicode=False, artifact="*", fileset="#", step="@", code="=", config="=", log="~", pipe="|", seen="^", root="o", cursor=">",
    opened="-", closed="+", more="~", dot="-", trail="<", rule="-", arrow=">", branch="|-", last="`-", bar="| ", box="++++-|",
    ok="v", bad="x", wait=".", becomes="->",
)  # fmt: skip


def marks() -> Marks:
    """The set that this terminal can show, by the same rule as the command line's."""
    return UNICODE if text.marks() is text.UNICODE else ASCII
