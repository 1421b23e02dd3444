"""Which script a step ran: what tells one `python3` from another."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from itertools import pairwise

_INTERPRETER = re.compile(r"(python|pypy|bash|dash|zsh|ksh|sh|perl|ruby|node|julia|Rscript|lua)[\d.]*$")
_MODULE = "-m"  # python -m package.module
_INLINE = frozenset({"-c", "-e"})
_OUTPUT = frozenset({"--output", "-o"})  # of jupyter nbconvert
_STDIN = "-"  # the code comes through standard input; to a shell it only ends the options
_TAKES_VALUE = frozenset({"-W", "-X"})  # of python
_TAKES_VALUE_OF_SHELL = frozenset({"-O", "-o", "+O", "+o"})


def script(argv: Sequence[str]) -> str | None:
    """The script as it was named in `argv` (of `python -m` the module); None for a program, or for code given inline."""
    if not argv or not _INTERPRETER.match(os.path.basename(argv[0]).lstrip("-")):
        return None
    shell = "sh" in os.path.basename(argv[0])
    takes_value = _TAKES_VALUE_OF_SHELL if shell else _TAKES_VALUE
    words = iter(argv[1:])
    for word in words:
        if word == _MODULE:
            return next(words, None)
        if word in _INLINE or (word == _STDIN and not shell):
            return None
        if word in takes_value:
            next(words, None)
        elif not word.startswith("-"):
            return word
    return None


def runs(argv: Sequence[str], cwd: str, path: str) -> bool:
    """Whether the file at `path` is the script that `argv` ran in `cwd`."""
    named = script(argv)
    if named is None:
        return False
    if os.path.normpath(os.path.join(cwd, named)) == path or os.path.basename(named) == os.path.basename(path):
        return True
    tail = named.replace(".", "/")
    return path.endswith((f"/{tail}.py", f"/{tail}/__main__.py"))


def family(program: str, argv: Sequence[str]) -> tuple[str, str]:
    """What steps that do the same work on other files have in common: their program and script, by name."""
    named = script(argv) or (argv[0] if argv else program)
    return os.path.basename(program), os.path.basename(named)


def notebook(argv: Sequence[str]) -> str | None:
    """The first notebook that `argv` names, unless it is the one to write (`papermill in out`, `nbconvert --output out in`)."""
    pairs = pairwise(argv)
    return next((word for before, word in pairs if word.endswith(".ipynb") and word[0] != "-" and before not in _OUTPUT), None)
