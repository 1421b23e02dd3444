"""How contents flow between aligned steps: their files matched one to one, and the steps that have no counterpart in groups."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable

from roar_tui.lineage.diff.align import Alignment, Pair, start
from roar_tui.lineage.diff.arguments import parse_both
from roar_tui.lineage.diff.files import Key, Match, match, match_products
from roar_tui.lineage.diff.graph import File, Graph
from roar_tui.lineage.diff.places import Places


class Flow:
    """Both graphs and their alignment, with what each pair read and made matched when first asked for."""

    def __init__(self, a: Graph, b: Graph, alignment: Alignment, algorithm: Callable[[str], str]) -> None:
        self.algorithm = algorithm  # what made a digest
        self.a = a
        self.b = b
        self.pairs = alignment.pairs
        self._past = alignment.past
        self._of = (alignment.of_a, alignment.of_b)
        self._products: dict[Pair, list[Match]] = {}
        self._numbers: tuple[dict[int, int], dict[int, int]] = ({}, {})  # row id of a generation -> number of its match
        self._inputs: dict[Pair, list[Match]] = {}
        self._starters: dict[Pair, list[Pair]] = {}
        self._places: dict[Pair, tuple[Places, Places]] = {}
        self.blind: dict[Pair, dict[str, tuple[Pair, str]]] = {}  # inputs of unknown content: path -> the pair that made it, why
        self._split()
        self.group: dict[Pair, list[Pair]] = self._groups()

    def comparable(self, a: str | None, b: str | None) -> bool:
        """Whether two digests tell if the contents are the same: imported ones may be of another kind."""
        return a is None or b is None or a == b or self.algorithm(a) == self.algorithm(b)

    def maker(self, file: File | None, side: int) -> Pair | None:
        """The pair whose step made what `file` is; None where nothing recorded did."""
        pair = None if file is None or file.maker is None else self._of[side].get(file.maker.step)
        return None if pair in self._past else pair

    def makers(self, pair: Pair) -> list[Pair]:
        """The pairs that made what either step read, or that wrote into its pipes."""
        found: dict[Pair, None] = {}
        for side, step in enumerate((pair.a, pair.b)):
            if step is not None:
                steps = [*(file.maker.step for file in step.used if file.maker is not None), *step.writers]
                found.update((self._of[side][each], None) for each in steps if each in self._of[side])
        found.pop(pair, None)
        return self._compared(found)

    def writers(self, pair: Pair) -> list[Pair]:
        """The pairs that wrote into the pipes of either step."""
        steps = [(side, writer) for side, step in enumerate((pair.a, pair.b)) if step is not None for writer in step.writers]
        return self._compared(self._of[side].get(writer) for side, writer in steps)

    def partners(self, pair: Pair) -> list[Pair]:
        """The other ranks of the parallel run that either step is a rank of: what one writes may come from what any read."""
        steps = [(side, partner) for side, step in enumerate((pair.a, pair.b)) if step is not None for partner in step.partners]
        return self._compared(self._of[side].get(partner) for side, partner in steps)

    def starters(self, pair: Pair) -> list[Pair]:
        """The pairs that started either step, nearest first."""
        if pair not in self._starters:
            found: dict[Pair, None] = {}
            for side, (graph, step) in enumerate(((self.a, pair.a), (self.b, pair.b))):
                if step is not None:
                    found.update((self._of[side][each.id], None) for each in graph.ancestors(step))
            self._starters[pair] = self._compared(found)
        return self._starters[pair]

    def _compared(self, found: Iterable[Pair | None]) -> list[Pair]:
        """Each once, without what is no part of the comparison."""
        return [pair for pair in dict.fromkeys(found) if pair is not None and pair not in self._past]

    def places(self, pair: Pair) -> tuple[Places, Places]:
        """The names that the files of a pair's steps go by."""
        if pair not in self._places:
            a, b = pair.a or pair.b, pair.b or pair.a
            assert a is not None
            assert b is not None
            one, other = parse_both(a.argv, b.argv)
            self._places[pair] = Places(a.cwd, one, a.argv), Places(b.cwd, other, b.argv)
        return self._places[pair]

    def products(self, pair: Pair) -> list[Match]:
        """What a pair's steps made, matched."""
        if pair not in self._products:
            a, b = ([] if step is None else step.products for step in (pair.a, pair.b))
            if pair.shared:
                found: list[Match] = [(file, file) for file in a]
            else:
                found = match_products(a, b, *self.places(pair)) if a and b else [*((f, None) for f in a), *((None, f) for f in b)]
            found = [both for both in found if not any(file is not None and file.grown for file in both)]
            self._products[pair] = found
            for number, both in enumerate(found):
                for side, file in enumerate(both):
                    if file is not None:
                        self._numbers[side][file.row] = number
        return self._products[pair]

    def product(self, pair: Pair, file: File, side: int) -> Match | None:
        """The match of the product of `pair` that a used `file` is; None where it is one of a large set that both have alike."""
        products = self.products(pair)
        number = None if file.maker is None else self._numbers[side].get(file.maker.generation)
        return None if number is None else products[number]

    def inputs(self, pair: Pair) -> list[Match]:
        """What a pair's steps read, matched."""
        if pair not in self._inputs:
            a, b = ([] if step is None else step.used for step in (pair.a, pair.b))
            if pair.shared:
                found: list[Match] = _until(a, b)
            else:
                found = match(a, b, *self.places(pair), self._flow_key(0), self._flow_key(1))
            self._inputs[pair] = found
        return self._inputs[pair]

    def _flow_key(self, side: int) -> Key:
        def key(file: File) -> Hashable:
            pair = self.maker(file, side)
            if pair is None or file.maker is None or pair.steps is None:
                return None
            self.products(pair)
            number = self._numbers[side].get(file.maker.generation)
            return None if number is None or None in self.products(pair)[number] else (pair.index, number)

        return key

    def _split(self) -> None:
        """Take apart pairs of different programs next to a step without counterpart: one step became two."""
        lonely = [pair for pair in self.pairs if _lonely(pair)]
        beside = {each for pair in lonely for each in self.makers(pair)}
        for pair in [pair for pair in self.pairs if not pair.alike]:
            if pair in beside or any(_lonely(maker) for maker in self.makers(pair)):
                self.pairs.remove(pair)
                for side, step in enumerate((pair.a, pair.b)):
                    assert step is not None
                    half = Pair(step, None) if side == 0 else Pair(None, step)
                    self._of[side][step.id] = half
                    self.pairs.append(half)
        self.pairs.sort(key=start)
        for index, pair in enumerate(self.pairs):
            pair.index = index

    def _groups(self) -> dict[Pair, list[Pair]]:
        """For each step without counterpart all that it stands or falls with: what it flows from or to, and what replaced it."""
        of = {pair: [pair] for pair in self.pairs if _lonely(pair)}

        def join(one: Pair, other: Pair) -> None:
            if of[one] is not of[other]:
                of[one] += of[other]
                for each in of[other]:
                    of[each] = of[one]

        started: dict[Pair, Pair] = {}  # by the topmost step without counterpart that started them: a wrapper and what it wraps
        for pair in list(of):
            for maker in self.makers(pair):
                if maker in of:
                    join(pair, maker)
            above = [each for each in self.starters(pair) if each.a is None or each.b is None]
            if above:
                join(pair, started.setdefault(above[-1], pair))
        for pair in self.pairs:
            if pair.steps is None or not of:
                continue
            for file_a, file_b in self.inputs(pair):
                one, other = self.maker(file_a, 0), self.maker(file_b, 1)
                if one in of and other in of and one is not None and other is not None:
                    join(one, other)
        targets = [{self.maker(file, side) for file in graph.targets or []} for side, graph in enumerate((self.a, self.b))]
        ends = [pair for side in targets for pair in side if pair is not None and pair in of]
        for pair in ends[1:]:
            join(ends[0], pair)
        for group in of.values():
            group.sort(key=lambda pair: pair.index)
        return of


def _until(a: list[File], b: list[File]) -> list[Match]:
    """What one step read until it made A, and until it made B: the same accesses, but for those between the two."""
    rows = {file.row: file for file in b}
    both: list[Match] = [(file, rows.pop(file.row, None)) for file in a]
    return [*both, *((None, file) for file in rows.values())]


def _lonely(pair: Pair) -> bool:
    return (pair.a is None or pair.b is None) and not pair.starter
