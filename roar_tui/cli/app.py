"""The command `roar-tui`: its sub-commands by name, each module imported only when its command is called.

`roar-tui --version` takes what Python and click take; importing every command would add rich and the index (0.2 s).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from roar_tui import __version__
from roar_tui.cli import failures
from roar_tui.cli.context import Settings, store_option

# name -> (module, one line for --help). The line stands here so that --help imports no command.
COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("roar_tui.cli.run", "Run a command and record what it read and wrote."),
    "import": ("roar_tui.cli.import_", "Bring in jobs from strace logs or other stores."),
    "jobs": ("roar_tui.cli.jobs", "List recorded jobs, newest first."),
    "artifacts": ("roar_tui.cli.artifacts", "List recorded contents, newest first."),
    "show": ("roar_tui.cli.show", "Show one job, step or artifact."),
    "upstream": ("roar_tui.cli.upstream", "Show what something was made from."),
    "downstream": ("roar_tui.cli.downstream", "Show what was made from something."),
    "verify": ("roar_tui.cli.verify", "Check files and records against what was recorded."),
    "diff": ("roar_tui.cli.diff", "Show what changed from one run or file to another."),
    "log": ("roar_tui.cli.log", "Show every version of a file, and what changed each time."),
    "store": ("roar_tui.cli.store", "Size and health of the store; rebuild its index."),
    "doctor": ("roar_tui.cli.doctor", "Check whether this machine can record."),
    "demo": ("roar_tui.cli.demo", "Record a small real project, and explore it."),
    "completion": ("roar_tui.cli.completion", "Print the completion script of a shell."),
}
CALLED = "roar_tui.command"  # in click's meta: the command that was looked up, though its module may fail to import
SECTIONS = (
    ("Record", ("run", "import")),
    ("Look", ("jobs", "artifacts", "show", "upstream", "downstream", "diff", "log", "verify")),
    ("Set up", ("demo", "doctor", "store", "completion")),
)


class App(click.Group):
    """The group of all commands; maps every error to one sentence and an exit status (see `failures`)."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        ctx.meta[CALLED] = cmd_name
        command = import_module(COMMANDS[cmd_name][0]).command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-") and not ctx.resilient_parsing:
            raise failures.unknown_command(args, list(COMMANDS), ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, names in SECTIONS:
            with formatter.section(title):
                formatter.write_dl([(name, COMMANDS[name][1]) for name in names])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        from click.shell_completion import CompletionItem

        names = [CompletionItem(name, help=line) for name, (_, line) in COMMANDS.items() if name.startswith(incomplete)]
        return names + (click.Command.shell_complete(self, ctx, incomplete) if incomplete.startswith("-") else [])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            value = super().invoke(ctx)
            if sys.stdout is not None:
                sys.stdout.flush()
        except click.UsageError as error:
            if error.ctx is None and CALLED in ctx.meta:  # click's parser does not say whose options it read
                name = ctx.meta[CALLED]
                error.ctx = click.Context(import_module(COMMANDS[name][0]).command, parent=ctx, info_name=name)
            raise
        except (click.exceptions.Exit, click.ClickException, click.Abort, KeyboardInterrupt):
            raise
        except Exception as error:  # the one place that turns an exception into a sentence and a status
            ctx.exit(failures.report(error, ctx.meta.get(CALLED)))
        return value

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command line; leaves with the command's exit status (`SystemExit`) unless not `standalone_mode`."""
        failures.tolerate_any_text()
        if not standalone_mode:
            return super().main(args, prog_name or "roar-tui", complete_var, standalone_mode=False, **extra)
        try:
            value = super().main(args, prog_name or "roar-tui", complete_var, standalone_mode=False, **extra)
        except click.Abort:  # click has ended the line of the terminal's ^C
            sys.exit(failures.INTERRUPTED)
        except click.ClickException as error:
            sys.exit(failures.report(error, None))
        failures.end_quietly()
        sys.exit(value if isinstance(value, int) else 0)


EPILOG = """\b
roar-tui run python3 train.py      record a run
roar-tui upstream model.pt         what was it made from?
roar-tui                           walk through everything recorded

A REF is @ (your last job), @~1, JOB:STEP, JOB:PATH, a path, a hash or job id (4 digits or more), or a name."""


@click.group(
    "roar-tui",
    cls=App,
    invoke_without_command=True,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "--version", message="roar-tui %(version)s")
@store_option
@click.pass_context
def main(ctx: click.Context) -> int | None:
    """Which exact data, code and jobs produced this model?

    roar-tui records what a command really read and wrote, and lets you walk from a model's hash back to its data, code and
    jobs. Without a command it opens the explorer.
    """
    if ctx.invoked_subcommand is not None:
        return None
    failures.need_streams()
    from roar_tui.cli.home import open_home

    return open_home(ctx.ensure_object(Settings))
