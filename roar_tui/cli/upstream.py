"""`roar-tui upstream`: what something was made from."""

from __future__ import annotations

import click

from roar_tui.cli.containing import contains_option
from roar_tui.cli.context import Settings, common_options
from roar_tui.cli.references import ref_argument
from roar_tui.cli.walking import depth_option, expand_option, format_option, walk


@click.command("upstream")
@ref_argument
@depth_option
@expand_option
@contains_option
@format_option
@common_options
def command(settings: Settings, ref: str, depth: int | None, expand: bool, contains: str | None, form: str) -> int | None:
    """Show what REF was made from: the steps, their inputs, what made those, back to where the story begins."""
    from roar_tui.lineage.model import Direction

    return walk(settings, ref, Direction.UPSTREAM, depth, expand, contains, form)
