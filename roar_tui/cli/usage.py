"""Wrong usage in our own words: what is wrong with the command line, and how it is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import click

_TOO_MANY = re.compile(r"Got unexpected extra arguments? \((.*)\)", re.DOTALL)
_NO_COMMAND = re.compile(r"No such command '(.*)'\.?", re.DOTALL)
_PROGRAM = "roar-tui"
_COMPARED = ("two things to compare", "They are jobs, files or directories, the older first: roar-tui {} @~1 @")
# By the name that stands for an argument in --help: what is missing, and what may stand there.
_NEEDED = {
    "REF": ("a REF", "That is @ (your last job), a path, a hash, a job id or a name: roar-tui {} @"),
    "A": _COMPARED,
    "B": _COMPARED,
    "PATH_OR_NAME": ("a path or a name", "Name a file, or jobs that have one name: roar-tui {} model.pt"),
    "FILE...": ("a FILE", "That is a log of strace, roar's .roar/roar.db or another store; - is standard input."),
}


def explain(error: click.UsageError) -> tuple[str, str]:
    """What to say of a usage error, and the hint below it. What was raised with words of our own stays as it is."""
    path = error.ctx.command_path if error.ctx else _PROGRAM
    command = path.removeprefix(_PROGRAM).strip()
    how = f"How it is used: {path} --help"
    if isinstance(error, click.NoSuchOption):
        has = f"{command} has no option" if command else "There is no option"
        return f"{has} {error.option_name}.", _did_you_mean(error.option_name, _options(error.ctx), how)
    if isinstance(error, click.BadOptionUsage):
        return _of_option(error), how
    if isinstance(error, click.MissingParameter):
        name = _name(error.param)
        what, hint = _NEEDED.get(name, (name, how))
        return f"{command or path} needs {what}.", hint.format(command)
    if isinstance(error, click.BadParameter):
        return _of_value(error), how
    message = " ".join(error.format_message().split())
    if match := _TOO_MANY.fullmatch(message):
        return f"{command or path} takes no more arguments: {match[1]} is too much.", f"A name with spaces stands in quotes. {how}"
    if match := _NO_COMMAND.match(message):
        commands = error.ctx.command.list_commands(error.ctx) if error.ctx and isinstance(error.ctx.command, click.Group) else []
        return f"{command or path} has no command {match[1]}.", f"It has {_listed(commands, 'and')}." if commands else how
    return message, getattr(error, "hint", "") or how


def _of_option(error: click.BadOptionUsage) -> str:
    """A value that is missing, or one too many."""
    if "not take a value" in error.message:
        return f"{error.option_name} takes no value."
    options = error.ctx.command.params if error.ctx else []
    known = next((each for each in options if error.option_name in (*each.opts, *each.secondary_opts)), None)
    metavar = known.metavar if known is not None else None
    return f"{error.option_name} needs a value" + (f": {error.option_name} {metavar}." if metavar else ".")


def _of_value(error: click.BadParameter) -> str:
    """A value that an option or argument cannot take; click's message holds the value where it is quoted."""
    name, kind = _name(error.param), error.param.type if error.param is not None else None
    match = re.match(r"'(.*)' is not|(\S+) is not in the range", error.message, re.DOTALL)
    value = "" if match is None else f", not {match[1] if match[1] is not None else match[2]}"
    if isinstance(kind, click.Choice):
        return f"{name} takes {_listed([str(each) for each in kind.choices], 'or')}{value}."
    if isinstance(kind, click.IntRange):
        return f"{name} takes a whole number" + (f" from {kind.min} on" if kind.min is not None else "") + f"{value}."
    return f"{name} cannot be that: {error.message}"


def _name(parameter: click.Parameter | None) -> str:
    if parameter is None:
        return "argument"
    if isinstance(parameter, click.Option):
        return max(parameter.opts, key=len)
    return str(parameter.metavar or parameter.name or "argument").strip("[]")


def _options(ctx: click.Context | None) -> list[str]:
    if ctx is None:
        return []
    return [each for parameter in ctx.command.get_params(ctx) if isinstance(parameter, click.Option) for each in parameter.opts]


def _did_you_mean(word: str, known: Iterable[str], otherwise: str) -> str:
    from difflib import get_close_matches

    names = list(known)
    near = [name for name in names if name.startswith(word)] or get_close_matches(word, names, n=1, cutoff=0.7)
    return f"Did you mean {near[0]}? {otherwise}" if near else otherwise


def _listed(words: Sequence[str], last: str) -> str:
    """`a`, `a or b`, `a, b or c`."""
    return f" {last} ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)
