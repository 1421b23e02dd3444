"""What `upstream` and `downstream` share: the options, the walk, and its two renderings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from roar_tui.cli.containing import answer_contains
from roar_tui.cli.context import Settings, note, opened, print_json, working_directory

if TYPE_CHECKING:
    from roar_tui.lineage.model import Direction

depth_option = click.option("--depth", type=click.IntRange(min=0), metavar="N", help="Go no further than N edges.")
expand_option = click.option("--expand", is_flag=True, help="Every file, where four or more of a directory would be one line.")
format_option = click.option(
    "--format", "form", type=click.Choice(["tree", "graphml", "dot"]), default="tree",
    help="GraphML (yEd, Gephi) or DOT (Graphviz) in place of the tree.",
)  # fmt: skip


def walk(
    settings: Settings, ref: str, direction: Direction, depth: int | None, expand: bool, contains: str | None, form: str
) -> int | None:
    """Print everything that `ref` leads to in `direction`: a tree or a drawing, or with --json the node-link document.

    With `contains` only whether that is among it; then the exit status is the answer.
    """
    from roar_tui.lineage.fold import fold
    from roar_tui.lineage.graph import node_link
    from roar_tui.lineage.reference import resolve
    from roar_tui.lineage.running import still_running
    from roar_tui.lineage.walk import closure
    from roar_tui.store import queries

    with opened(settings) as (store, db):
        cwd = working_directory()
        target = resolve(store, db, ref, cwd=cwd)
        note(target.note)
        if contains is not None:
            return answer_contains(settings, store, db, target, direction, depth, contains, (ref, cwd))
        found = closure(db, target, direction, depth, to_fold=not expand)
        shown = found if expand else fold(found)
        if settings.json:
            print_json(node_link(shown))
        elif form != "tree":
            from roar_tui.lineage import drawing

            click.echo(drawing.graphml(shown) if form == "graphml" else drawing.dot(shown), nl=False)
        else:
            from roar_tui.cli.tree import print_tree

            print_tree(db, shown, cwd)
        if found.note != target.note:
            note(found.note)
        running = still_running(db, found, target)
        if running is not None:
            note(f"Job {queries.short(db, running)} is still running: what it reads and writes is known when it ends.")
        elif not found.edges and depth != 0:
            end = "made it" if direction.value == "upstream" else "was made from it"
            note(f"Nothing that is recorded {end}.")
    return None
