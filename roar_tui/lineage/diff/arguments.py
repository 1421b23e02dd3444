"""A step's argv as parameters: options, `key=value` settings, flags and positions, by the name that a person would use."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from roar_tui.lineage.script import script

_SETTING = re.compile(r"(\+{0,2}|~)([A-Za-z_][\w.@/:-]*)=(.*)", re.DOTALL)  # Hydra, make, dd: opt.lr=0.1, +trainer.x=1
_UNSET = re.compile(r"~([A-Za-z_][\w.@:-]*)")  # Hydra: ~opt.decay
_LONG = re.compile(r"(--?[A-Za-z][\w.-]*)=(.*)", re.DOTALL)
_OPTION = re.compile(r"--?[A-Za-z][\w.-]*")
_SHORT_ATTACHED = re.compile(r"(-[A-Za-z])([0-9.].*)")  # -j8, -O2
_INLINE = re.compile(r"-[A-Za-z]*[ce]")
_HARMLESS = frozenset({"-u", "-B", "-s", "-E", "-I", "-q"})  # an interpreter's options that change no result
_TAKES_VALUE = frozenset({"-W", "-X"})
_SHELLS = re.compile(r"(ba|da|z|k)?sh")


@dataclass(frozen=True)
class Argument:
    """`name` is `--lr`, `opt.lr` or `argument 2` (counted among the positions); a flag has no value."""

    name: str
    value: str | None


def inline_code(argv: Sequence[str]) -> str | None:
    """The code that a shell was given as an argument (`sh -c CODE`); None for every other command."""
    if len(argv) > 2 and _SHELLS.fullmatch(os.path.basename(argv[0]).lstrip("-")):
        for word, following in pairwise(argv[1:]):
            if _INLINE.fullmatch(word):
                return following
            if not word.startswith("-"):
                return None
    return None


def parse_both(a: Sequence[str], b: Sequence[str]) -> tuple[list[Argument], list[Argument]]:
    """The arguments of two commands that do the same work, read in the same way.

    Whether a word after an option is its value cannot be known from one command: what is a flag in one is a flag in the other.
    """
    words = _words(a), _words(b)
    both = [each for words_of in words for each in pairwise((*words_of, "--"))]
    flags = {word for word, following in both if _OPTION.fullmatch(word) and _is_option(following)}
    one, other = (_parse(each, flags) for each in words)
    more = _flags_in_front(one, other) | _flags_in_front(other, one)
    return (_parse(words[0], flags | more), _parse(words[1], flags | more)) if more else (one, other)


def _flags_in_front(one: list[Argument], other: list[Argument]) -> set[str]:
    """Options of `one` whose value stands alone in `other`, which does not have them: flags in front of a position."""
    theirs = {argument.name for argument in other}
    alone = {argument.value for argument in other if argument.name.startswith("argument ")}
    mine = {argument.value for argument in one if argument.name.startswith("argument ")}
    return {each.name for each in one if each.name not in theirs and each.value in alone - mine and each.name.startswith("-")}


def _words(argv: Sequence[str]) -> list[str]:
    """The arguments after the script, and what an interpreter was told before it that may matter."""
    named = script(argv)
    if named is None:
        return list(argv[1:])
    at = argv.index(named, 1)
    before: list[str] = []
    words = iter(argv[1:at])
    for word in words:
        if word in _TAKES_VALUE:
            before.append(f"{word}={next(words, '')}")
        elif word not in _HARMLESS and word != "-m":
            before.append(word)
    return [*before, *argv[at + 1 :]]


def _is_option(word: str) -> bool:
    return word.startswith("-") and len(word) > 1 and not re.match(r"-[\d.]", word)


def _parse(words: Sequence[str], flags: Iterable[str]) -> list[Argument]:
    found: list[Argument] = []
    position = 0
    at = 0
    options = True
    while at < len(words):
        word = words[at]
        at += 1
        if options and word == "--":
            options = False
        elif options and (match := _LONG.fullmatch(word) or _SHORT_ATTACHED.fullmatch(word)):
            found.append(Argument(match[1], match[2]))
        elif options and _is_option(word):
            if word not in flags and at < len(words):
                found.append(Argument(word, words[at]))
                at += 1
            else:
                found.append(Argument(word, None))
        elif match := _SETTING.fullmatch(word):
            found.append(Argument(match[2], match[3]))
        elif match := _UNSET.fullmatch(word):
            found.append(Argument(match[1], word))
        else:
            position += 1
            found.append(Argument(f"argument {position}", word))
    return found
