"""`roar-tui completion`: the script that makes a shell complete commands, options and references."""

from __future__ import annotations

import os
import sys

import click

from roar_tui.cli.context import note
from roar_tui.errors import UsageError

SHELLS = {
    "bash": 'echo \'eval "$(roar-tui completion bash)"\' >> ~/.bashrc',
    "zsh": 'echo \'eval "$(roar-tui completion zsh)"\' >> ~/.zshrc',
    "fish": "roar-tui completion fish > ~/.config/fish/completions/roar-tui.fish",
}


HELP = """Print the completion script of SHELL: bash, zsh or fish (default: the one you use).

\b
""" + "\n".join(f"{shell:<6} {line}" for shell, line in SHELLS.items())


@click.command("completion", help=HELP)
@click.argument("shell", type=click.Choice(list(SHELLS)), required=False)
def command(shell: str | None) -> None:
    """Print the completion script of one shell; raises `UsageError` where none is named and $SHELL is none of them."""
    from click.shell_completion import get_completion_class

    from roar_tui.cli.app import main

    name = shell or os.path.basename(os.environ.get("SHELL", ""))
    kind = get_completion_class(name) if name in SHELLS else None
    if kind is None:
        raise UsageError("It is not clear which shell you use.", "Name it: roar-tui completion bash (or zsh, fish).")
    # The template only: click's source() of bash starts one to ask its version.
    script = kind(main, {}, "roar-tui", "_ROAR_TUI_COMPLETE")
    click.echo(script.source_template % script.source_vars())
    if sys.stdout.isatty():
        note(f"This is the script itself; to install it: {SHELLS[name]}")
