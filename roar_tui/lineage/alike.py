"""Reasons that are alike as one line: `/tmp/*.s`, 17 files that were removed before they could be hashed."""

from __future__ import annotations

import os
from collections.abc import Iterable

from roar_tui.lineage.gaps import Gap
from roar_tui.store.pattern import FOLD_FROM, pattern
from roar_tui.text import count


def alike(gaps: Iterable[Gap]) -> list[tuple[str, str]]:
    """(subject, why) of each of `gaps`, in their order, many files of one directory and kind with one reason as one.

    Where several are one, the subject is a pattern of their paths, and the reason begins with how many they are.
    """
    groups: dict[tuple[str, str, str], list[str]] = {}
    for gap in gaps:
        is_path = gap.subject.startswith("/")
        place = os.path.dirname(gap.subject) if is_path else gap.subject
        ending = os.path.splitext(gap.subject)[1] if is_path else ""
        groups.setdefault((gap.why, place, ending), []).append(gap.subject)
    lines = []
    for (why, _, _), subjects in groups.items():
        names = list(dict.fromkeys(subjects))
        if len(names) == 1:
            lines.append((names[0], why if len(subjects) == 1 else f"{count(len(subjects), 'time')}: {why}"))
        elif len(names) < FOLD_FROM:
            lines += [(name, why) for name in names]
        else:
            lines.append((_pattern(names), f"{count(len(names), 'file')}: {why}"))
    return lines


def _pattern(paths: list[str]) -> str:
    place = os.path.dirname(paths[0])
    return os.path.join(place, pattern([os.path.basename(path) for path in paths]))
