"""Write the README's table of keys from the explorer's table of actions; `--check` only says whether it is up to date."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from roar_tui.tui.actions import ACTIONS, HELP, MOVES, TITLES, key_name

README = Path(__file__).resolve().parent.parent / "README.md"
BLOCK = re.compile(r"(<!-- keys:[^>]*-->\n).*?(<!-- /keys -->)", re.DOTALL)


def table() -> str:
    """The keys as a Markdown table: key, where, what."""
    rows = ["| key | where | what |", "|---|---|---|"]
    rows += [f"| {' '.join(f'`{key}`' for key in keys.split())} | everywhere | {what} |" for keys, what in MOVES]
    for action in ACTIONS:
        where = [TITLES[screen] for screen in action.screens if screen != HELP]
        if where:
            place = "everywhere" if len(where) >= len(TITLES) - 1 else ", ".join(where)
            rows.append(f"| `{key_name(action.keys[0])}` | {place} | {action.help} |")
    return "\n".join(rows) + "\n"


def main() -> int:
    """Bring the README up to date; with `--check` return 1 where it is not."""
    text = README.read_text("utf-8")
    new = BLOCK.sub(lambda found: found[1] + "\n" + table() + found[2], text)
    if "--check" in sys.argv[1:]:
        return int(new != text)
    README.write_text(new, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
