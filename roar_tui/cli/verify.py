"""`roar-tui verify`: is what was recorded still what is on disk?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from roar_tui.cli.context import Settings, common_options, note, opened, print_json, working_directory
from roar_tui.cli.failures import INTERRUPTED
from roar_tui.cli.references import complete_ref

if TYPE_CHECKING:
    from roar_tui.lineage.verify import Verification


@click.command("verify")
@click.argument("ref", metavar="[REF]", required=False, shell_complete=complete_ref)
@click.option("--quick", is_flag=True, help="Do not read again what has the same size and times as when it was hashed.")
@common_options
def command(settings: Settings, ref: str | None, quick: bool) -> int:
    """Hash again what is on disk, and compare it with what was recorded.

    REF is a job (its inputs and outputs), a step, an artifact, a file or a directory. Without REF: the newest recorded content
    of every path that should still be there, and every record and blob of the store against its id. Exits with 1 when
    something was changed, is gone, was moved, or is damaged.
    """
    from roar_tui.lineage.reference import resolve
    from roar_tui.lineage.verify import Verification, document
    from roar_tui.store.known import KnownDigests
    from roar_tui.store.location import known_path

    with opened(settings) as (store, db):
        cwd = working_directory()
        target = None if ref is None else resolve(store, db, ref, cwd=cwd)
        note(None if target is None else target.note)
        verification = Verification(store, db, KnownDigests(known_path()) if quick else None)
        verification.plan(target)
        interrupted = _interrupted(verification)
        result = verification.result
        if settings.json:
            print_json(document(result))
        else:
            from roar_tui.cli.views.verified import print_verified

            print_verified(db, result, cwd)
        if interrupted:
            from roar_tui.text import count

            note(f"Interrupted: {count(result.checked)} of {count(result.files, 'file')} were checked.")
            return INTERRUPTED
    return 0 if result.sound else 1


def _interrupted(verification: Verification) -> bool:
    """Run it with a progress line; True when Ctrl-C ended it."""
    from roar_tui.cli.progress import Progress
    from roar_tui.text import size

    try:
        with Progress("Hashing", words=size) as progress:
            verification.run(lambda: progress(verification.read, verification.total))
    except KeyboardInterrupt:
        return True
    return False
