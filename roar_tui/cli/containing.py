"""The option --contains of `upstream` and `downstream`: is that content in there?"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import click

from roar_tui.cli.context import note, print_json
from roar_tui.cli.references import complete_ref

if TYPE_CHECKING:
    from roar_tui.cli.context import Settings
    from roar_tui.lineage.contains import Answer
    from roar_tui.lineage.model import Direction
    from roar_tui.lineage.sought import Sought
    from roar_tui.lineage.target import Target
    from roar_tui.store.store import Store

STATUS = {"yes": 0, "no": 1, "unknown": 4}
LISTED = 20  # reasons on a screen; --json has them all

contains_option = click.option(
    "--contains",
    metavar="FILE_OR_HASH",
    shell_complete=complete_ref,
    help="Only say whether that content is among it: yes (and the way), no (exit 1) or unknown (exit 4).",
)


def answer_contains(
    settings: Settings,
    store: Store,
    db: sqlite3.Connection,
    target: Target,
    direction: Direction,
    depth: int | None,
    wanted: str,
    names: tuple[str, str],
) -> int:
    """Print whether `wanted` is in the walk from `target`; the exit status. `names`: the target as it was typed, and the cwd."""
    from roar_tui.cli.progress import Progress
    from roar_tui.lineage.contains import contains, document
    from roar_tui.lineage.sought import seek
    from roar_tui.store.known import KnownDigests
    from roar_tui.store.location import known_path
    from roar_tui.text import size

    ref, cwd = names
    with Progress("Hashing", words=size) as progress:
        sought = seek(store, db, wanted, cwd=cwd, direction=direction, known=KnownDigests(known_path()), tick=progress)
    answer = contains(store.archive, db, target, direction, sought, depth)
    note(sought.note)
    if settings.json:
        print_json(document(answer))
    else:
        _print(db, answer, sought, ref, direction, depth, cwd)
    if answer.found and all(one.small for one in sought.parts):
        note("A content this small may be equal by chance.")
    return STATUS[answer.answer]


def _print(
    db: sqlite3.Connection, answer: Answer, sought: Sought, ref: str, direction: Direction, depth: int | None, cwd: str
) -> None:
    from roar_tui.cli.render import BAD, GAP, GOOD, QUIET, WARN, Screen
    from roar_tui.cli.tree import print_tree
    from roar_tui.lineage.alike import alike
    from roar_tui.store import queries
    from roar_tui.text import count, display, marks, shorten_path

    screen = Screen()
    up = direction.value == "upstream"
    whole = f"what {display(ref)} was made from" if up else f"what was made from {display(ref)}"
    within = f", within {count(depth, 'edge')}" if depth is not None else ""
    name = display(sought.name)
    several = f" ({count(answer.found)} of {count(answer.of, 'file')})" if answer.of > 1 and sought.every else ""
    if answer.answer == "yes":
        screen.line((f"{marks().ok} yes", GOOD), f"{GAP}{name} is among {whole}{several}{within}")
    elif answer.answer == "no":
        which = f"not all of {name} is" if answer.found else f"{name} is not"
        screen.line((f"{marks().fail} no", BAD), f"{GAP}{which} among {whole}{several}{within}")
        were = count(answer.roots, "of them was", "of them were")
        begin = f"; what {were} made from is not recorded" if up and answer.roots else ""
        screen.line((f"{GAP}compared with {count(answer.files, 'recorded file')}{begin}", QUIET))
    else:
        screen.line(
            (f"{marks().warn} unknown", WARN),
            f"{GAP}{name} was not found among {whole}{several}{within}, but not all of it is known",
        )
        reasons = alike(answer.unknown)
        for subject, why in reasons[:LISTED]:
            screen.fitted(GAP, shorten_path(subject, cwd=cwd), (f"{GAP}{display(why)}", QUIET))
        if len(reasons) > LISTED:
            screen.line((f"{GAP}and {count(len(reasons) - LISTED)} more; --json lists them all", QUIET))
    for other in answer.earlier[:LISTED]:
        which = "that path" if answer.of == 1 else shorten_path(other.path, cwd=cwd)
        screen.line(GAP, (f"an earlier version of {which}, {queries.short(db, other.digest)}, is among it", WARN))
    if len(answer.earlier) > LISTED:
        screen.line((f"{GAP}and {count(len(answer.earlier) - LISTED, 'more earlier version')}; --json lists them all", QUIET))
    if answer.path.nodes:
        screen.line()
        print_tree(db, answer.path, cwd)
