"""`roar-tui diff`: what changed from one run to another."""

from __future__ import annotations

import click

from roar_tui.cli.context import Settings, common_options, note, opened, print_json, working_directory
from roar_tui.cli.references import complete_ref

CAUSES = 1  # exit statuses of --exit-code
UNKNOWN = 4


@click.command("diff")
@click.argument("a", metavar="A", shell_complete=complete_ref)
@click.argument("b", metavar="B", shell_complete=complete_ref)
@click.option("--all", "everything", is_flag=True, help="What is the same too, and what differs between any two runs.")
@click.option("--exit-code", is_flag=True, help="Exit 1 where there are causes, 4 where something is unknown.")
@common_options
def command(settings: Settings, a: str, b: str, everything: bool, exit_code: bool) -> int:
    """Show what changed from A to B: the causes first, then what follows from them.

    A and B are jobs, files, directories or hashes: @~1 and @, JOB:model.pt, a path.
    """
    from roar_tui.lineage.diff import diff, to_json
    from roar_tui.lineage.reference import resolve

    with opened(settings) as (store, db):
        cwd = working_directory()
        one, other = resolve(store, db, a, cwd=cwd), resolve(store, db, b, cwd=cwd)
        note(one.note, other.note)
        found = diff(store, db, one, other, ref_a=a, ref_b=b)
        if settings.json:
            print_json(to_json(found))
        else:
            from roar_tui.cli.views.diff import print_diff

            print_diff(db, found, cwd, everything=everything)
    if not exit_code:
        return 0
    return CAUSES if found.causes else UNKNOWN if found.unknown else 0
