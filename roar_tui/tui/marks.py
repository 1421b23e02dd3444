"""The glyphs of the screens, in Unicode and, for a C locale, in ASCII."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass


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


UNICODE = Marks(
    unicode=True, artifact="◆", fileset="▤", step="⚙", code="≡", config="≡", log="≣", pipe="│", seen="↑", root="○", cursor="▌",
    opened="▾", closed="▸", more="…", dot="·", trail="‹", rule="─", arrow="→", branch="├─", last="└─", bar="│ ", box="╭╮╰╯─│",
    ok="✓", bad="✗", wait="◌",
)  # fmt: skip
ASCII = Marks(
    unicode=False, artifact="*", fileset="#", step="@", code="=", config="=", log="~", pipe="|", seen="^", root="o", cursor=">",
    opened="-", closed="+", more="~", dot="-", trail="<", rule="-", arrow=">", branch="|-", last="`-", bar="| ", box="++++-|",
    ok="v", bad="x", wait=".",
)  # fmt: skip


def unicode_terminal(environ: Mapping[str, str]) -> bool:
    """Whether the locale says UTF-8, by the order that the C library uses: LC_ALL, LC_CTYPE, LANG."""
    if environ.get("TERM") == "linux":  # the console's fonts have the lines, but not the marks
        return False
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        if value := environ.get(name):
            return "utf-8" in value.lower() or "utf8" in value.lower()
    return False


def marks(environ: Mapping[str, str] | None = None) -> Marks:
    """The set that this terminal can show."""
    return UNICODE if unicode_terminal(os.environ if environ is None else environ) else ASCII
