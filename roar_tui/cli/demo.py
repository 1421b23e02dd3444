"""`roar-tui demo`: a small real ML project, recorded twice, and the explorer with the cursor on its model."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import click

from roar_tui import text
from roar_tui.cli.context import Settings, common_options, on_terminal

if TYPE_CHECKING:
    from roar_tui.demo.place import Place

LABEL = 10  # cells of the longest stage's name and two


@click.command("demo")
@click.option("--keep", metavar="DIR", type=click.Path(), help="Keep the demo in DIR, or explore the one that is kept there.")
@common_options
def command(settings: Settings, keep: str | None) -> int:
    """Record a small real project twice, and explore it.

    A character language model is trained on the Python standard library's own sources (collect, clean, shard, train, evaluate),
    then trained again after one raw text was damaged and one parameter changed. The explorer opens with the cursor on the
    model; without a terminal, what it was made from is printed. No network, no GPU, about 15 seconds.

    The demo has a store of its own, unless --store names one.
    """
    from roar_tui.demo.place import place

    with place(keep, settings.root if settings.store else None) as where:
        if where.finished:
            say(f"the demo recorded before in {where.project}")
        else:
            build(where)
        status = explore(where, settings)
    if not where.kept and on_terminal():
        say("The demo is cleaned up. To keep one: roar-tui demo --keep DIR")
    return status


def build(where: Place) -> None:
    """Lay out the project and record both runs, one line of progress on stderr for each stage."""
    from roar_tui.demo import materials
    from roar_tui.demo.recording import FIRST_RUN, SECOND_RUN
    from roar_tui.store.archive import Archive

    Archive(where.store).ensure()  # a store that cannot be written is known before anything is said
    began = time.monotonic()
    say(f"A character language model, trained twice in {where.project}")
    say("Each stage is recorded: roar-tui run --name STAGE python3 STAGE.py")
    materials.lay_out(where.project)
    run("first run", FIRST_RUN, where)
    for change in materials.change(where.project):
        say(f"  now {change.subject}: {change.what}")
    run("second run", SECOND_RUN, where)
    where.finish()
    jobs = len(FIRST_RUN) + len(SECOND_RUN)
    say(f"{text.count(jobs, 'job')} recorded in {text.duration(time.monotonic() - began)}, in the store {where.store}")


def run(title: str, stages: tuple[str, ...], where: Place) -> None:
    """Record `stages` one after the other."""
    from roar_tui.demo.recording import record

    say(title)
    for name in stages:
        with Line(f"  {name:<{LABEL}}") as line:
            stage = record(name, where.project, where.store)
            line.end(f"{stage.said}  {text.duration(stage.took)}")


def explore(where: Place, settings: Settings) -> int:
    """Open the explorer on the model; without a terminal, print what the model was made from."""
    if on_terminal() and not settings.json:
        from roar_tui.explore import explore as open_explorer

        return open_explorer(where.store, focus=str(where.model))
    from roar_tui.demo.recording import roar_tui

    options = ["--json"] if settings.json else []
    command = [*roar_tui(where.store), "upstream", *options, str(where.model)]
    return subprocess.run(command, cwd=where.project, check=False).returncode  # from there, names are short


def say(line: str) -> None:
    """A line for the person, on stderr."""
    click.echo(text.display(line), err=True)


class Line:
    """A line that shows on a terminal what is being done, and is replaced by what was done."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.ended = False
        self.terminal = sys.stderr.isatty()

    def __enter__(self) -> Line:
        if self.terminal:
            click.echo(f"{self.label}{text.marks().ellipsis}", err=True, nl=False)
        return self

    def end(self, result: str) -> None:
        """Show `result` in place of the waiting."""
        self.ended = True
        click.echo(("\r\x1b[K" if self.terminal else "") + self.label + text.display(result), err=True)

    def __exit__(self, *_: object) -> None:
        if self.terminal and not self.ended:
            click.echo("", err=True)
