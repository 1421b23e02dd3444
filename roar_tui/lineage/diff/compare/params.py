"""Parameters: what two aligned steps were told by their arguments; what names a file is none."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence

from roar_tui.lineage.diff.align import Pair
from roar_tui.lineage.diff.arguments import Argument, inline_code, parse_both
from roar_tui.lineage.diff.files import Match
from roar_tui.lineage.diff.finding import Finding, change_of
from roar_tui.lineage.diff.graph import Step
from roar_tui.lineage.diff.places import plain, resolve
from roar_tui.lineage.diff.result import Category, Change
from roar_tui.lineage.diff.touched import Touched
from roar_tui.record.redaction import REDACTED

Values = list[str | None]


def compare(pair: Pair, made: Sequence[Match], touched_a: Touched, touched_b: Touched) -> list[Finding]:
    """The parameters that differ; `made` are the pair's products, whose names may hold a run's name."""
    if pair.steps is None:
        return []
    a, b = pair.steps
    if inline_code(a.argv) is not None and inline_code(b.argv) is not None:
        return []  # what it runs is compared step by step
    if a.argv == b.argv:
        return []
    one, other = (_by_name(arguments) for arguments in parse_both(a.argv, b.argv))
    findings = []
    for name in dict.fromkeys((*one, *other)):
        mine, theirs = _without_common(one.get(name, []), other.get(name, []), a, b)
        mine = [value for value in mine if not touched_a.by_step(value, a) and not touched_a.by_run(value, a)]
        theirs = [value for value in theirs if not touched_b.by_step(value, b) and not touched_b.by_run(value, b)]
        if (not mine and not theirs) or _is_run_name(mine, theirs, made):
            continue
        if (name in one and not mine and not theirs) or any(REDACTED in (value or "") for value in (*mine, *theirs)):
            continue  # secrets are compared by their keyed hashes
        value_a, value_b = _shown(mine, name in one), _shown(theirs, name in other)
        if value_a == value_b:
            continue
        category = Category.PARAMS
        if os.path.basename(a.argv[0]) == "env" and name.isidentifier():
            category, name = Category.ENVIRONMENT, f"${name}"
        findings.append(Finding(category, name, change_of(value_a, value_b), value_a, value_b, pair))
    return findings


def exchanged(pair: Pair, inputs: Sequence[Match], *, positions: bool) -> list[Finding]:
    """Options that name other files than before, though both runs read both: `--train a --test b`, `--train b --test a`.

    `positions`: the positions instead (`cat a b`, `cat b a`). Those follow a set's names as often as they mean something.
    """
    if pair.steps is None or pair.steps[0].argv == pair.steps[1].argv:
        return []
    a, b = pair.steps
    one, other = (_by_name(arguments) for arguments in parse_both(a.argv, b.argv))
    both = [(file_a.path, file_b.path) for file_a, file_b in inputs if file_a is not None and file_b is not None]
    found = []
    for name in [name for name in one if name in other and name.startswith("argument ") == positions]:
        mine, theirs = one[name], other[name]
        if mine == theirs or len(mine) != 1 or len(theirs) != 1 or mine[0] is None or theirs[0] is None:
            continue
        here, there = resolve(mine[0], a.cwd), resolve(theirs[0], b.cwd)
        became = [path_b for path_a, path_b in both if _is_at(path_a, here)]
        if became and any(_is_at(path_b, there) for _, path_b in both) and not any(_is_at(path, there) for path in became):
            found.append(Finding(Category.PARAMS, name, Change.CHANGED, mine[0], theirs[0], pair))
    return found


def _is_at(path: str, place: str) -> bool:
    return path == place or path.startswith(place + "/")


def told_other_names(pair: Pair) -> bool:
    """Whether the arguments differ, if only in what the files of either run are called: a step may make something of names."""
    return pair.steps is not None and _plain_words(pair.steps[0]) != _plain_words(pair.steps[1])


def _plain_words(step: Step) -> list[str]:
    return [plain(word, step.cwd) for word in step.argv]


def inline_text(pair: Pair) -> list[Finding]:
    """The code that a shell was given, where it differs: as the variables that it sets, where that is all."""
    if pair.steps is None:
        return []
    a, b = pair.steps
    code_a, code_b = inline_code(a.argv), inline_code(b.argv)
    if code_a is None or code_b is None or _plain(code_a, a) == _plain(code_b, b):
        return []
    variables = _assigned(code_a, code_b)
    if variables:
        return [Finding(Category.ENVIRONMENT, f"${name}", Change.CHANGED, one, other, pair) for name, one, other in variables]
    return [Finding(Category.PARAMS, "-c", change_of(code_a, code_b), code_a, code_b, pair)]


def _assigned(code_a: str, code_b: str) -> list[tuple[str, str, str]]:
    """Name and both values of the variables in front of commands, where two pieces of shell code differ in nothing else."""
    try:
        words = list(zip(shlex.split(code_a), shlex.split(code_b), strict=True))
    except ValueError:
        return []
    found = []
    for one, other in words:
        if one != other:
            (name, equals, value), (name_b, _, value_b) = one.partition("="), other.partition("=")
            if not equals or name != name_b or not name.isidentifier():
                return []
            found.append((name, value, value_b))
    return found


def _by_name(arguments: list[Argument]) -> dict[str, Values]:
    found: dict[str, Values] = {}
    for argument in arguments:
        found.setdefault(argument.name, []).append(argument.value)
    return found


def _without_common(mine: Values, theirs: Values, a: Step, b: Step) -> tuple[Values, Values]:
    """What is left of two lists of values after all that says the same, in whatever order."""
    left = list(theirs)
    only: Values = []
    for value in mine:
        same = _plain(value, a)
        twin = next((index for index, other in enumerate(left) if _plain(other, b) == same), None)
        if twin is None:
            only.append(value)
        else:
            del left[twin]
    return only, left


def _plain(value: str | None, step: Step) -> str | None:
    return None if value is None else plain(value, step.cwd)


def _is_run_name(mine: Values, theirs: Values, made: Sequence[Match]) -> bool:
    """`--name a` against `--name b` that only decides where the results go: `runs/a/model.pt`, `runs/b/model.pt`."""
    if len(mine) != 1 or len(theirs) != 1 or mine[0] is None or theirs[0] is None or _is_number(mine[0]) or _is_number(theirs[0]):
        return False
    for file_a, file_b in made:
        if file_a is not None and file_b is not None:
            parts = zip(file_a.path.split("/"), file_b.path.split("/"), strict=False)
            if any(part_a == mine[0] and part_b == theirs[0] for part_a, part_b in parts):
                return True
    return False


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _shown(values: Values, there: bool) -> str | bool | None:
    """One value as it is, several in a row; True for a flag, None where the other side alone has it."""
    if not values:
        return None
    if len(values) == 1:
        return True if values[0] is None else values[0]
    return " ".join("" if value is None else value for value in values) if there else None
