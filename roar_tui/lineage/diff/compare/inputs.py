"""What two aligned steps read: data, code and config files that differ, and where each difference comes from."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from typing import Any

from roar_tui.lineage.diff.align import Pair
from roar_tui.lineage.diff.files import Match
from roar_tui.lineage.diff.finding import Finding, change_of
from roar_tui.lineage.diff.flow import Flow
from roar_tui.lineage.diff.graph import File
from roar_tui.lineage.diff.result import Category, Change
from roar_tui.store.pattern import FOLD_FROM

MEMBERS = 10_000  # files of a set that are listed
HOW = ("outside", "chosen", "left", "between")  # what a finding says of how a file came to differ, and a set of all its files


class Inputs:
    """The findings among a pair's inputs; what has no known content goes to `unknown` (path -> why)."""

    def __init__(self, flow: Flow, unknown: dict[str, str]) -> None:
        self._flow = flow
        self._unknown = unknown
        self.kept: dict[Pair, list[Finding]] = {}  # what a step found there because its counterpart had left it

    def compare(self, pair: Pair) -> list[Finding]:
        """Every input of `pair` that differs; files of one directory with one origin as one."""
        if pair.steps is None:
            return []
        found = [finding for match in self._flow.inputs(pair) for finding in self._one(pair, match)]
        return _grouped(pair, self._without_kept(pair, found), self._flow.inputs(pair))

    def _is_left(self, pair: Pair, match: Match) -> bool:
        """Whether one step found what the other run had left where both write it: an archive that is updated, a checkpoint."""
        assert pair.steps is not None
        side = 0 if match[1] is None else 1
        file, other = match[side], pair.steps[1 - side]
        assert file is not None
        if file.maker is None or file.maker.step.split(":")[1] != other.job:
            return False
        return all(any(made.path == file.path for made in step.made) for step in pair.steps)

    def between(self, pair: Pair) -> list[Finding]:
        """What the one step of both runs read after it had made the one target and before it made the other: it entered there."""
        found = [self._finding(pair, *match) for match in self._flow.inputs(pair) if None in match]
        for finding in found:
            finding.detail["between"] = True
        return _grouped(pair, found, self._flow.inputs(pair))

    def _without_kept(self, pair: Pair, found: list[Finding]) -> list[Finding]:
        """Without a cache that the step itself left in the other run, and what it read there to make it: mostly no difference."""
        assert pair.steps is not None
        places = self._flow.places(pair)
        alone: list[list[tuple[Finding, File]]] = [[], []]  # data that one side alone read, that no argument names
        by_path = {(each.subject, each.change): each for each in found}
        for match in self._flow.inputs(pair):
            for side, file in enumerate(match):
                if file is None or match[1 - side] is not None or places[side].by_argument(file.path).startswith("<"):
                    continue
                finding = by_path.get((file.path, change_of(*match)))
                if finding is not None and finding.category is not Category.CODE and finding.own:
                    alone[side].append((finding, file))
        for side in (0, 1):
            other = pair.steps[1 - side].id
            kept = [finding for finding, file in alone[side] if file.maker is not None and file.maker.step == other]
            if kept:
                self.kept[pair] = kept
                instead = [finding for finding, _ in alone[1 - side]]
                return [each for each in found if each not in kept and each not in instead]
        return found

    def compare_group(self, group: list[Pair]) -> list[Finding]:
        """Files that steps which were replaced read on both sides, and that nothing recorded made: they may differ as well."""
        sides: list[dict[str, File]] = [{}, {}]
        for pair in group:
            for side, step in enumerate((pair.a, pair.b)):
                for file in step.used if step is not None else ():
                    if file.maker is None and file.role != "code":
                        sides[side].setdefault(self._flow.places(pair)[side].relative(file.path), file)
        both = [(sides[0][name], sides[1][name]) for name in sides[0] if name in sides[1]]
        return [finding for match in both for finding in self._one(group[0], match)]

    def renamed(self, pair: Pair) -> list[Finding]:
        """Inputs that nothing recorded made, the same contents under other names."""
        places = self._flow.places(pair)
        matches = [
            (a, b)
            for a, b in self._flow.inputs(pair)
            if a is not None and b is not None and a.maker is None and b.maker is None and a.role != "code"
            and places[0].relative(a.path) != places[1].relative(b.path)
        ]  # fmt: skip
        found = [self._finding(pair, a, b) for a, b in matches]
        return _grouped(pair, found, self._flow.inputs(pair))

    def of_one_run(self, group: list[Pair]) -> list[Finding]:
        """Files that steps without counterpart read, that nothing recorded made, and that no step of the other run read."""
        pair = group[0]
        side = 0 if pair.b is None else 1
        other = (self._flow.b, self._flow.a)[side]
        known = {file.path for step in other.steps.values() for file in step.used}
        read: dict[str, File] = {}
        for step in (each.a or each.b for each in group):
            for file in step.used if step is not None else ():
                if file.maker is None and file.role != "code" and file.path not in known:
                    read.setdefault(file.path, file)
        return [self._finding(pair, *((file, None) if side == 0 else (None, file))) for file in read.values()]

    def _one(self, pair: Pair, match: Match) -> list[Finding]:
        a, b = match
        if a is not None and b is not None:
            if a.digest is not None and a.digest == b.digest:
                return []
            if a.digest is None or b.digest is None or not self._flow.comparable(a.digest, b.digest):
                one, other = self._flow.maker(a, 0), self._flow.maker(b, 1)
                if one is not None and one is other:  # a step's scratch: perhaps what comes of it tells enough
                    self._flow.blind.setdefault(pair, {})[b.path] = one, self._why(a, b)
                else:
                    self._unknown.setdefault(b.path, self._why(a, b))
                return []
        finding = self._finding(pair, a, b)
        makers = self._flow.maker(a, 0), self._flow.maker(b, 1)
        if a is not None and b is not None:
            self._changed(finding, a, b, makers)
        else:
            self._on_one_side(finding, makers)
            if self._is_left(pair, match):
                finding.detail["left"] = True
        return [finding]

    def _why(self, a: File, b: File) -> str:
        if a.digest is not None and b.digest is not None:
            return f"known by its {self._flow.algorithm(a.digest)} digest in A and its {self._flow.algorithm(b.digest)} digest in B"
        return _why(a, b)

    def _finding(self, pair: Pair, a: File | None, b: File | None) -> Finding:
        file = b or a
        assert file is not None
        category = {"code": Category.CODE, "config": Category.PARAMS}.get(file.role, Category.DATA)
        one, other = (None if each is None else each.digest for each in (a, b))
        linked = a is not None and b is not None and a.path != b.path and a.named is not None and b.named is not None
        finding = Finding(category, (linked and file.named) or file.path, Change.CHANGED, one, other, pair)
        finding.change = change_of(a, b)
        finding.mirror = ((linked and a.named) or a.path) if a is not None else finding.subject
        finding.detail["role"] = file.role
        if a is not None and b is not None:
            finding.detail["sizes"] = {"a": a.size, "b": b.size}
            if a.path != b.path:
                finding.detail["paths"] = {"a": a.path, "b": b.path}
        return finding

    def _changed(self, finding: Finding, a: File, b: File, makers: tuple[Pair | None, Pair | None]) -> None:
        """A file that both read, with different contents: who made it so?"""
        one, other = makers
        if one is None and other is None:
            return
        if one is None or other is None:
            maker = one or other
            assert maker is not None
            places = self._flow.places(finding.pair)
            if a.path == b.path or places[0].relative(a.path) == places[1].relative(b.path):
                finding.detail["outside"] = True
            elif maker in self._flow.group:
                finding.made_by = [maker]
            else:
                self._rewired(finding, makers)
            return
        if one is other:
            if not one.shared or any(None in each for each in self._flow.inputs(one)):
                finding.made_by = [one]  # else one step made both of the same: what differs is which of them was taken
        elif one in self._flow.group or other in self._flow.group:
            finding.made_by = [pair for pair in (one, other) if pair in self._flow.group]
        else:
            self._rewired(finding, makers)

    def _on_one_side(self, finding: Finding, makers: tuple[Pair | None, Pair | None]) -> None:
        """A file that only one of the two steps read."""
        maker = makers[0] or makers[1]
        if maker is None:
            return
        side = 0 if makers[0] is not None else 1
        if maker in self._flow.group or self._only_one_made_it(maker, finding, side):
            finding.made_by = [maker]
        elif _came_first(maker, finding.pair, 1 - side):
            finding.detail["chosen"] = True  # it was there in both runs, and one of them took it
        else:
            self._rewired(finding, makers)

    def _only_one_made_it(self, maker: Pair, finding: Finding, side: int) -> bool:
        step = maker.steps and maker.steps[side]
        if step is None:
            return False
        path = finding.subject
        return any(None in match for match in self._flow.products(maker) if (file := match[side]) is not None and file.path == path)

    def _rewired(self, finding: Finding, makers: tuple[Pair | None, Pair | None]) -> None:
        """The step takes from another step than before, though both are there in both runs."""
        names = [None if maker is None else maker.label for maker in makers]
        finding.detail["from"] = {"a": names[0], "b": names[1]}
        finding.detail["rewired"] = True


def _came_first(maker: Pair, reader: Pair, side: int) -> bool:
    """Whether the one could have left files for the other in that run."""
    one, other = ((pair.a, pair.b)[side] for pair in (maker, reader))
    return one is not None and other is not None and (other.ended is None or one.started < other.ended)


def _why(a: File, b: File) -> str:
    words = {
        "changed": "changed before it could be hashed",
        "missing": "gone before it could be hashed",
        "unreadable": "could not be read",
        "skipped": "not hashed",
        "removed": "removed before it could be hashed",
    }
    parts = [f"{words.get(file.status, file.status)} in {side}" for side, file in (("A", a), ("B", b)) if file.digest is None]
    return "; ".join(parts)


def _grouped(pair: Pair, found: list[Finding], inputs: Iterable[Match]) -> list[Finding]:
    """The findings, with two or more data files of a directory that holds a set as one finding."""
    counts: Counter[str] = Counter()
    for a, b in inputs:
        file = b or a
        assert file is not None
        if file.role == "data":
            counts[os.path.dirname(file.path)] += 1
    extra = max(pair.a.same_used if pair.a else 0, pair.b.same_used if pair.b else 0)
    sets: dict[tuple[Any, ...], list[Finding]] = {}
    result: list[Finding] = []
    for finding in found:
        directory = os.path.dirname(finding.subject)
        total = counts[directory] + extra
        if finding.category is not Category.DATA or total < FOLD_FROM or finding.detail.get("rewired"):
            result.append(finding)
            continue
        alike = tuple(finding.detail.get(name, False) for name in HOW)
        origin = (directory, tuple(sorted(maker.index for maker in finding.made_by)), alike)
        sets.setdefault(origin, []).append(finding)
    for (directory, *_), members in sets.items():
        total = counts[directory] + extra
        result.append(_as_set(directory, members, total) if len(members) > 1 else _member(members[0], total))
    return result


def _member(finding: Finding, total: int) -> Finding:
    finding.detail["members"] = _members([finding], total)
    return finding


def _as_set(directory: str, members: list[Finding], total: int) -> Finding:
    changes = {member.change for member in members}
    first = members[0]
    whole = Finding(Category.DATA, directory, Change.CHANGED, None, None, first.pair, made_by=first.made_by)
    whole.change = changes.pop() if len(changes) == 1 else Change.CHANGED
    if first.change is not Change.ADDED and "paths" in first.detail:
        whole.mirror = os.path.dirname(first.mirror)
    whole.detail = {"role": "data", "members": _members(members, total)}
    whole.detail |= {name: True for name in HOW if first.detail.get(name)}
    return whole


def _members(members: list[Finding], total: int) -> dict[str, Any]:
    listed: dict[str, Any] = {"of": total, "differ": len(members)}
    for change in Change:
        files = [member for member in members if member.change is change]
        listed[change.value] = [{"path": file.subject, "a": file.a, "b": file.b} for file in files[:MEMBERS]]
    return listed
