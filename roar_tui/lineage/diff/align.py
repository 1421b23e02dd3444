"""The steps of two graphs aligned by what flows, not by position: globally, deterministically, and the same both ways round."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from functools import cached_property

from roar_tui.lineage.diff.arguments import parse_both
from roar_tui.lineage.diff.graph import File, Graph, Step
from roar_tui.lineage.diff.places import Places, plain, without_varying
from roar_tui.lineage.script import script

SCORED = 250_000  # pairs of one program whose likeness is computed; beyond, they are taken in order


@dataclass(eq=False)
class Pair:
    """Two aligned steps, or one that has no counterpart. `alike` is False where another program took its place."""

    a: Step | None
    b: Step | None
    alike: bool = True
    index: int = 0

    @property
    def shared(self) -> bool:
        """Both runs share this very step: nothing of it can differ."""
        return self.a is not None and self.b is not None and self.a.id == self.b.id

    @property
    def steps(self) -> tuple[Step, Step] | None:
        """Both steps, where there are two different ones."""
        return None if self.a is None or self.b is None or self.shared else (self.a, self.b)

    @property
    def ids(self) -> tuple[str | None, str | None]:
        """The steps' node ids."""
        return None if self.a is None else self.a.id, None if self.b is None else self.b.id

    @property
    def label(self) -> str:
        """What B's step is called, A's where B has none; nothing where there is neither."""
        step = self.b or self.a
        return step.label if step is not None else ""

    @property
    def starter(self) -> bool:
        return all(step.starter for step in (self.a, self.b) if step is not None)


@dataclass
class Alignment:
    """All pairs, and the pair of each step (node id) of either side.

    `past` are steps of one side's graph that are no part of the comparison: the other run itself, and what led only there.
    """

    pairs: list[Pair]
    past: frozenset[Pair] = frozenset()
    of_a: dict[str, Pair] = field(default_factory=dict)
    of_b: dict[str, Pair] = field(default_factory=dict)


class _Features:
    """What a step is told by."""

    def __init__(self, step: Step, rank: int) -> None:
        self.step = step
        self.rank = rank
        self.family = step.family
        self.places = Places(step.cwd, parse_both(step.argv, step.argv)[0], step.argv)

    @cached_property
    def outputs(self) -> frozenset[str]:
        return frozenset(self.places.relative(file.path) for file in self.step.products)

    @cached_property
    def lasting(self) -> frozenset[str]:
        return frozenset(self.places.relative(file.path) for file in self.step.products if file.survives)

    @property
    def paths(self) -> frozenset[str]:
        return frozenset(file.path for file in self.step.products)

    @cached_property
    def named_outputs(self) -> frozenset[str]:
        return frozenset(without_varying(self.places.by_argument(file.path)) for file in self.step.products)

    @cached_property
    def inputs(self) -> frozenset[str]:
        return frozenset(self.places.by_argument(file.path) for file in self.step.used)

    @cached_property
    def contents(self) -> frozenset[tuple[str, str | None]]:
        return frozenset((self.places.by_argument(file.path), file.digest) for file in self.step.used)

    @cached_property
    def known(self) -> frozenset[str]:
        return frozenset(file.digest for file in self.step.used if file.digest is not None)

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(plain(word, self.step.cwd) for word in self.step.argv)

    @property
    def all(self) -> Hashable:
        return (self.family, self.step.argv, self.contents, self.outputs)


class _Aligner:
    """What is left of both sides, in order of start; failed attempts come after the others."""

    def __init__(self, a: Graph, b: Graph) -> None:
        self.a, self.b = _ranked(a.steps.values()), _ranked(b.steps.values())
        self.pairs: list[Pair] = []
        self.past: tuple[list[Pair], list[Pair]] = ([], [])

    def by(self, key: Callable[[_Features], Hashable], *, single: bool = False) -> None:
        """Align steps with equal keys (None: no key), in order; where `single`, only those that are alone with their key."""
        groups: dict[Hashable, tuple[list[_Features], list[_Features]]] = {}
        for side, left in enumerate((self.a, self.b)):
            for each in left:
                value = key(each)
                if value is not None:
                    groups.setdefault(value, ([], []))[side].append(each)
        taken: set[_Features] = set()
        for here, there in groups.values():
            if single and not len(here) == len(there) == 1:
                continue
            for mine, other in zip(here, there, strict=False):
                self.pairs.append(Pair(mine.step, other.step))
                taken.update((mine, other))
        self._drop(taken)

    def best(self, *, alike: bool) -> None:
        """Align what is most alike, of one program (`alike`) or by what they made."""
        scored = [
            (score, abs(mine.rank - other.rank), min(mine.rank, other.rank), sorted((mine.step.id, other.step.id)), mine, other)
            for mine, other in self._candidates(alike)
            if (score := _score(mine, other, alike)) is not None
        ]
        taken: set[_Features] = set()
        for _, _, _, _, mine, other in sorted(scored, key=lambda each: each[:4]):
            if mine not in taken and other not in taken:
                self.pairs.append(Pair(mine.step, other.step, alike=alike))
                taken.update((mine, other))
        self._drop(taken)

    def _candidates(self, alike: bool) -> list[tuple[_Features, _Features]]:
        if not alike:
            return [(mine, other) for mine in self.a for other in self.b] if len(self.a) * len(self.b) <= SCORED else []
        families: dict[tuple[str, str], list[_Features]] = {}
        for other in self.b:
            families.setdefault(other.family, []).append(other)
        mine_too: dict[tuple[str, str], list[_Features]] = {}
        for mine in self.a:
            mine_too.setdefault(mine.family, []).append(mine)
        found: list[tuple[_Features, _Features]] = []
        for name, group in mine_too.items():
            theirs = families.get(name, [])
            few = len(group) * len(theirs) <= SCORED
            found += [(m, o) for m in group for o in theirs] if few else list(zip(group, theirs, strict=False))
        return found

    def ends(self, a: Graph, b: Graph) -> None:
        """Align the steps that made what was asked for, where there is one on either side."""
        makers = [graph.asked if graph.targets is not None else set() for graph in (a, b)]
        mine = [each for each in self.a if each.step.id in makers[0]]
        other = [each for each in self.b if each.step.id in makers[1]]
        if len(mine) == len(other) == 1 and len(makers[0]) == len(makers[1]) == 1 and _are_alike(mine[0], other[0]):
            self.pairs.append(Pair(mine[0].step, other[0].step))
            self._drop({mine[0], other[0]})

    def asked(self, a: Graph, b: Graph) -> None:
        """Where one run read what the other left, and so has steps of it upstream: first align what was asked for.

        Else the other run would be aligned with itself, and this one with nothing.
        """
        mine, other = _with_their_makers(a, b, a.asked - b.asked, b.asked - a.asked)
        if mine.isdisjoint(b.steps) and other.isdisjoint(a.steps):
            return
        rest = [each for each in self.a if each.step.id not in mine], [each for each in self.b if each.step.id not in other]
        self.a = [each for each in self.a if each.step.id in mine]
        self.b = [each for each in self.b if each.step.id in other]
        self._same_work()
        kept = _not_made_again(self.a, self.b, b) if self.pairs else [], _not_made_again(self.b, self.a, a) if self.pairs else []
        self._drop({*kept[0], *kept[1]})
        self.closely()
        self.best(alike=True)
        self.starters()
        self.a = sorted([*self.a, *kept[0], *rest[0]], key=_rank)
        self.b = sorted([*self.b, *kept[1], *rest[1]], key=_rank)
        self._leave_out_past(a, b)

    def _leave_out_past(self, a: Graph, b: Graph) -> None:
        """Take the other run, and what came between, out of what lies upstream of this run: what they left came from outside."""
        aligned = {step.id for pair in self.pairs for step in (pair.a, pair.b) if step is not None}
        pasts: list[set[str]] = []
        for left, graph, other in ((self.a, a, b), (self.b, b, a)):
            past = {each.step.id for each in left if each.step.id in aligned}
            own = graph.asked | aligned
            pasts.append(past | {step for step in graph.downstream(past) if step not in other.steps and step not in own})
        for pair in self.pairs:  # what this run read of its past, the other may have read of an earlier one
            for mine, theirs, side in ((pair.a, pair.b, 0), (pair.b, pair.a, 1)):
                if mine is not None and theirs is not None:
                    paths = {file.path for file in mine.used if file.maker is not None and file.maker.step in pasts[side]}
                    makers = {file.maker.step for file in theirs.used if file.maker is not None and file.path in paths}
                    pasts[1 - side] |= makers - aligned
        for side, (graph, past) in enumerate(zip((a, b), pasts, strict=True)):
            reached = graph.upstream(past) if past else set(graph.steps)
            gone = {each for each in (self.a, self.b)[side] if each.step.id not in reached}
            self.past[side].extend(Pair(each.step, None) if side == 0 else Pair(None, each.step) for each in gone)
            self._drop(gone)

    def closely(self) -> None:
        """Align by all that there is, then by what was told and what was made; what is alike in these is told apart later."""
        self.by(lambda each: each.all if each.outputs and not each.step.starter else None)
        self._same_work()
        self.by(lambda each: (each.family, each.outputs) if each.outputs else None, single=True)
        self.by(lambda each: (each.family, each.words) if each.outputs else None)
        self.by(lambda each: (each.family, each.named_outputs) if each.outputs else None, single=True)

    def _same_work(self) -> None:
        """Align what was told the same and made the same files."""
        self.by(lambda each: (each.family, each.words, each.paths) if each.outputs else None)
        self.by(lambda each: (each.family, each.words, each.outputs) if each.outputs else None)

    def starters(self) -> None:
        """Align what started aligned steps, where it is of one program; and what started that.

        What both runs share comes last: where B made anew only a part of what A had made, A's driver is in both graphs, and yet
        stands against B's own.
        """
        waiting = sorted(self.pairs, key=lambda pair: (pair.shared, start(pair)))
        while waiting:
            pair = waiting.pop(0)
            mine, other = self._parent(self.a, pair.a), self._parent(self.b, pair.b)
            if mine is not None and other is not None and mine.family == other.family:
                self.pairs.append(Pair(mine.step, other.step))
                waiting.append(self.pairs[-1])
                self._drop({mine, other})

    def siblings(self) -> None:
        """Align what aligned steps started of one program, as often on either side, whatever it was told: `ls a`, `ls a b`."""
        for pair in self.pairs:  # which grows, by what these started in turn
            if pair.steps is None:
                continue
            groups: dict[Hashable, tuple[list[_Features], list[_Features]]] = {}
            for side, (left, step) in enumerate(((self.a, pair.a), (self.b, pair.b))):
                for each in left:
                    if step is not None and each.step.parent == step.id:
                        groups.setdefault(each.family, ([], []))[side].append(each)
            for mine, other in groups.values():
                if len(mine) == len(other):
                    self.pairs += [Pair(one.step, two.step) for one, two in zip(mine, other, strict=True)]
                    self._drop({*mine, *other})

    def _parent(self, left: list[_Features], step: Step | None) -> _Features | None:
        if step is None or step.parent is None:
            return None
        return next((each for each in left if each.step.id == step.parent), None)

    def rest(self) -> list[Pair]:
        return [*(Pair(each.step, None) for each in self.a), *(Pair(None, each.step) for each in self.b)]

    def _drop(self, taken: set[_Features]) -> None:
        if taken:
            self.a = [each for each in self.a if each not in taken]
            self.b = [each for each in self.b if each not in taken]


def align(a: Graph, b: Graph) -> Alignment:
    """Every step of both graphs in one pair, in the order of their start."""
    left = _Aligner(a, b)
    left.asked(a, b)
    left.by(lambda each: None if each.step.starter else each.step.id)
    left.by(lambda each: each.all if each.outputs and not each.step.starter else None)
    left.ends(a, b)
    left.closely()
    left.starters()
    left.by(lambda each: each.step.id)
    left.siblings()
    left.by(lambda each: each.all)
    left.best(alike=True)
    left.starters()
    left.siblings()
    left.best(alike=False)
    pairs = sorted([*left.pairs, *left.rest()], key=start)
    past = [*left.past[0], *left.past[1]]
    result = Alignment(pairs, frozenset(past))
    for pair in past:
        for side, step in ((result.of_a, pair.a), (result.of_b, pair.b)):
            if step is not None:
                side[step.id] = pair
    for index, pair in enumerate(pairs):
        pair.index = index
        if pair.a is not None:
            result.of_a[pair.a.id] = pair
        if pair.b is not None:
            result.of_b[pair.b.id] = pair
    return result


def _not_made_again(left: list[_Features], others: list[_Features], graph: Graph) -> list[_Features]:
    """Those that the other run made use of as they are, where it did the same work but for theirs: each stands for itself.

    An incremental build makes anew what changed, and takes the rest from the builds before.
    """
    again = {output for each in others for output in each.outputs}
    return [each for each in left if each.step.id in graph.steps and not each.step.starter and again.isdisjoint(each.lasting)]


def _with_their_makers(a: Graph, b: Graph, mine: frozenset[str], other: frozenset[str]) -> tuple[set[str], set[str]]:
    """The steps asked for, and those that made what they read by a script that went on from what it had left in the other run.

    Else the first of two runs of it would stand for itself, and the other would seem to have come on top. What is no script
    (`sed -i`) may do another thing each time.
    """
    found = set(mine), set(other)
    fresh: tuple[set[str], set[str]] = (set(mine), set(other))
    while fresh[0] and fresh[1]:
        makers: tuple[dict[str, Step], dict[str, Step]] = ({}, {})
        for graph, steps, by_path in zip((a, b), fresh, makers, strict=True):
            for file in (file for each in sorted(steps) for file in graph.steps[each].used):
                if file.maker is not None and file.maker.step in graph.steps:
                    by_path[file.path] = graph.steps[file.maker.step]
        both = [(makers[0][path], makers[1][path]) for path in makers[0] if path in makers[1]]
        both = [
            (one, two)
            for one, two in both
            if one.id != two.id and one.family == two.family and script(one.argv) and (one.id in b.steps or two.id in a.steps)
        ]
        both = [(one, two) for one, two in both if one.id not in found[1] and two.id not in found[0]]  # else their past
        fresh = {one.id for one, _ in both} - found[0], {two.id for _, two in both} - found[1]
        found[0].update(fresh[0])
        found[1].update(fresh[1])
    return found


def _rank(each: _Features) -> int:
    return each.rank


def start(pair: Pair) -> tuple[list[int], list[str]]:
    """A place among pairs that is the same when A and B are swapped."""
    steps = [step for step in (pair.a, pair.b) if step is not None]
    return sorted(step.started for step in steps), sorted(step.id for step in steps)


def _ranked(steps: Iterable[Step]) -> list[_Features]:
    ordered = sorted(steps, key=lambda step: (step.failed, step.started, step.job, step.number))
    return [_Features(step, rank) for rank, step in enumerate(ordered)]


def _are_alike(mine: _Features, other: _Features) -> bool:
    return mine.family == other.family and mine.step.starter == other.step.starter


def _score(mine: _Features, other: _Features, alike: bool) -> tuple[int, ...] | None:
    """How unlike two steps are, smallest first; None where nothing says that one stands for the other."""
    outputs = len(mine.outputs & other.outputs) + len(mine.named_outputs & other.named_outputs)
    inputs = len(mine.inputs & other.inputs) + len(mine.known & other.known)
    words = len(set(mine.step.argv) & set(other.step.argv))
    if alike and not outputs and not inputs and script(mine.step.argv) is None and mine.step.argv != other.step.argv:
        return None
    if not alike and (not outputs or mine.step.starter or other.step.starter):
        return None
    return (-outputs, -inputs, -words)


def products(pair: Pair) -> tuple[list[File], list[File]]:
    """What both steps of a pair made that may flow on."""
    return ([] if pair.a is None else pair.a.products, [] if pair.b is None else pair.b.products)
