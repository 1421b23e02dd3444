"""`roar-tui show`: one job, step, artifact or directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from roar_tui.cli.context import Settings, common_options, note, opened, working_directory
from roar_tui.cli.references import ref_argument
from roar_tui.errors import UsageError

if TYPE_CHECKING:
    from roar_tui.cli.shown import Shown
    from roar_tui.lineage.target import Target


@click.command("show")
@ref_argument
@click.option("--folded", is_flag=True, help="Four or more files of one directory as one line.")
@click.option("--all", "everything", is_flag=True, help="Every file, step, package and variable, however many.")
@click.option("--left-out", is_flag=True, help="Which files a job touched that are not kept, and why.")
@common_options
def command(settings: Settings, ref: str, folded: bool, everything: bool, left_out: bool) -> None:
    """Show one job, step or artifact: what it is, what it read and made, where it was seen."""
    from roar_tui.cli.shown import Shown
    from roar_tui.lineage.reference import resolve

    with opened(settings) as (store, db):
        cwd = working_directory()
        target = resolve(store, db, ref, cwd=cwd)
        note(target.note)
        _show(Shown(settings, store, db, cwd, folded=folded, everything=everything), target, left_out)


def _show(shown: Shown, target: Target, left_out: bool) -> None:
    from roar_tui.lineage.target import ArtifactTarget, FilesetTarget, JobTarget, StepTarget

    if left_out and not isinstance(target, JobTarget):
        raise UsageError("--left-out is about a job.", "Name one, such as @ for your last.")
    if isinstance(target, JobTarget):
        shown.job(target.job_id, left_out=left_out)
    elif isinstance(target, StepTarget):
        shown.step(target.job_id, target.step)
    elif isinstance(target, ArtifactTarget):
        shown.artifact(target.rowid)
    elif isinstance(target, FilesetTarget):
        shown.directory(target)
    else:
        shown.unknown(target)
