"""A job inside a job: which of its programs are roar-tui's own. Their spool, records and modules are no part of what it did."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from tracer.observation import Image

_PYTHON = re.compile(r"python[0-9.]*|pypy[0-9.]*")
_TAKES_VALUE = frozenset({"-W", "-X"})  # of python
_SPOOL = re.compile(r".*/roar-tui-[^/]+/trace", re.DOTALL)  # what its strace writes to, see `launcher`
_STUB = ("-I", "-S", "-c")  # between its strace and the command


def recorders(images: Iterable[Image]) -> set[Image]:
    """The images that are `roar-tui run`, its strace, and what starts the command behind it; not the command."""
    found: set[Image] = set()
    for image in sorted(images, key=lambda image: image.id):
        above = image.parent.argv if image.parent in found and image.parent is not None else None
        behind = above is not None and (_is_tracer(image.argv) or (_is_tracer(above) and _is_stub(image.argv)))
        if behind or is_recorder(image.argv):
            found.add(image)
    return found


def is_recorder(argv: Sequence[str]) -> bool:
    """Whether `argv` is `roar-tui run`, by whichever way it is started."""
    words = iter(argv)
    program = os.path.basename(next(words, ""))
    if _PYTHON.fullmatch(program):
        program = _run_by_python(words)
    if program != "roar-tui":
        return False
    for word in words:
        if word == "--store":
            next(words, None)
        elif not word.startswith("-"):
            return word == "run"
    return False


def _run_by_python(words: Iterator[str]) -> str:
    """The name of the script or module that Python is given with the next of `words`; empty for code."""
    for word in words:
        if word == "-m":
            return next(words, "").replace("_", "-")
        if word in _TAKES_VALUE:
            next(words, None)
        elif word == "-c" or not word.startswith("-"):
            return os.path.basename(word)
    return ""


def asked_for(image: Image, path: str) -> bool:
    """Whether `path` is what the command line of `image` wants written for the job: the file of --id-file."""
    words = [f"--id-file={after}" for before, after in pairwise(image.argv) if before == "--id-file"] + image.argv
    named = (word.removeprefix("--id-file=") for word in words if word.startswith("--id-file="))
    return any(os.path.normpath(os.path.join(image.cwd, name)) == path for name in named)


def _is_tracer(argv: Sequence[str]) -> bool:
    return any(_SPOOL.fullmatch(word) for word in argv)


def _is_stub(argv: Sequence[str]) -> bool:
    return tuple(argv[1:4]) == _STUB
