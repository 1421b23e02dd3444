"""When two paths of two runs are the same thing: seen from the working directory, or from the argument that names them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence

from roar_tui.lineage.diff.arguments import Argument
from roar_tui.lineage.script import script

# what a run puts into names to tell itself from others: times, counters, random ids
_VARYING = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?<![A-Za-z])[0-9a-f]{6,}(?![A-Za-z])|\d+")
_SCRATCH = re.compile(r"(/tmp/|/var/tmp/)(cc\w{6}|tmp[\w.]{4,}|tmp\.\w+)")


class Places:
    """The names that files go by, seen from a directory and from the arguments of the step that works there."""

    def __init__(self, cwd: str, arguments: Iterable[Argument] = (), argv: Sequence[str] = ()) -> None:
        self._cwd = cwd
        named_script = script(argv)
        self._script = None if named_script is None else resolve(named_script, cwd)
        named = {resolve(each.value, cwd): each.name for each in reversed(list(arguments)) if each.value}
        self._named = sorted(named.items(), key=lambda item: (-len(item[0]), item[0]))

    def relative(self, path: str) -> str:
        """The path seen from the step's working directory."""
        return os.path.relpath(path, self._cwd)

    def by_argument(self, path: str) -> str:
        """The path with the argument's name in place of what it says: `<--out>/model.pt`; relative where none names it.

        The script that an interpreter was given is `<script>`, by whatever name.
        """
        if path == self._script:
            return "<script>"
        for place, name in self._named:
            if path == place:
                return f"<{name}>"
            if path.startswith(place) and place != "/" and path[len(place)] in "/._-":
                return f"<{name}>{path[len(place):]}"
        return self.relative(path)


def resolve(value: str, cwd: str) -> str:
    """The absolute path that an argument would mean."""
    return os.path.normpath(os.path.join(cwd, os.path.expanduser(value) if value.startswith("~") else value))


def without_varying(path: str) -> str:
    """A name without numbers and ids: `run-2026-11-23/step_500.pt` and `run-2026-11-24/step_500.pt` are alike."""
    return _VARYING.sub("#", path)


def without_scratch(text: str) -> str:
    """Text with the names that compilers and mktemp make up taken out."""
    return _SCRATCH.sub(r"\1#", text)


def plain(text: str, cwd: str) -> str:
    """Text without what differs between any two runs: the working directory, made-up names."""
    return without_scratch(text.replace(cwd, ".") if cwd != "/" else text)


def tail(path: str, length: int) -> str:
    """The last `length` components of a path."""
    return "/".join(path.split("/")[-length:])
