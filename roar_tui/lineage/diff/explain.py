"""What explains what: causes travel along the contents that differ, down to the target."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from roar_tui.lineage.diff.align import Pair
from roar_tui.lineage.diff.finding import Finding
from roar_tui.lineage.diff.flow import Flow

Causes = frozenset[Finding]
NONE: Causes = frozenset()


class Explanation:
    """For every pair the causes that its products may differ by.

    `findings` are those of each pair, `entering` those that enter without a place of their own (the environment).
    """

    def __init__(self, flow: Flow, findings: dict[Pair, list[Finding]], entering: dict[Pair, list[Finding]]) -> None:
        self._flow = flow
        self._findings = findings
        self._entering = entering
        self._reach: dict[Pair, Causes] = dict.fromkeys(flow.pairs, NONE)

    def settle(self) -> None:
        """Let causes travel until nothing changes; pairs may feed each other in a circle, so this is a least fixed point."""
        feeds: dict[Pair, set[Pair]] = {}
        for pair in self._flow.pairs:
            sources = {maker for finding in self._all(pair) for maker in _sources(finding)}
            for source in (*sources, *self._unseen(pair), *self._flow.starters(pair)):
                feeds.setdefault(source, set()).add(pair)
        waiting = dict.fromkeys(self._flow.pairs)
        while waiting:
            pair = next(iter(waiting))
            del waiting[pair]
            now = self._of(pair)
            if now != self._reach[pair]:
                self._reach[pair] = now
                waiting.update(dict.fromkeys(feeds.get(pair, ())))

    def reaching(self, pair: Pair) -> Causes:
        """The causes that the products of `pair` may differ by."""
        return self._reach.get(pair, NONE)

    def of(self, finding: Finding) -> Causes:
        """The causes of a finding: itself where nothing explains it."""
        found: set[Finding] = set()
        seen: set[Finding] = set()
        waiting = [finding]
        while waiting:
            each = waiting.pop()
            if each in seen:
                continue
            seen.add(each)
            if each.own:
                found.add(each)
            waiting += each.follows
            for maker in each.made_by:
                found |= self.reaching(maker)
        return frozenset(found)

    def _of(self, pair: Pair) -> Causes:
        own = self._all(pair)
        found: set[Finding] = set()
        for finding in own:
            found |= self.of(finding)
        for source in self._unseen(pair):
            found |= self.reaching(source)
        if not found:  # nothing of its own: perhaps what started it told it something that arguments do not show
            for starter in self._flow.starters(pair):
                for finding in self._findings.get(starter, ()):
                    found |= self.of(finding)
        return frozenset(found)

    def _unseen(self, pair: Pair) -> list[Pair]:
        """The pairs that gave it what nobody could hash: through pipes, messages, or files that were gone too soon."""
        blind = [maker for maker, _ in self._flow.blind.get(pair, {}).values()]
        return [*self._flow.writers(pair), *self._flow.partners(pair), *blind]

    def _all(self, pair: Pair) -> list[Finding]:
        return [*self._findings.get(pair, ()), *self._entering.get(pair, ())]


def _sources(finding: Finding) -> Iterable[Pair]:
    """The pairs whose causes a finding depends on."""
    seen: set[Finding] = set()
    waiting = [finding]
    while waiting:
        each = waiting.pop()
        if each not in seen:
            seen.add(each)
            yield from each.made_by
            waiting += each.follows


def levels(flow: Flow) -> dict[Pair, int]:
    """How far downstream each pair lies: one more than the farthest that feeds it. Pairs in a circle come after all others."""
    feeds: dict[Pair, list[Pair]] = {}
    waits: dict[Pair, int] = {}
    for pair in flow.pairs:
        before = [each for each in dict.fromkeys([*flow.makers(pair), *flow.starters(pair)]) if each is not pair]
        waits[pair] = len(before)
        for each in before:
            feeds.setdefault(each, []).append(pair)
    found: dict[Pair, int] = {}
    level = [pair for pair in flow.pairs if not waits[pair]]
    depth = 0
    while level:
        found.update(dict.fromkeys(level, depth))
        depth += 1
        following: list[Pair] = []
        for pair in level:
            for each in feeds.get(pair, ()):
                waits[each] -= 1
                if not waits[each]:
                    following.append(each)
        level = following
    return {pair: found.get(pair, depth) for pair in flow.pairs}


def differing(flow: Flow, pair: Pair, when: Callable[[str | None, str | None], bool]) -> list[str]:
    """The paths of the products of `pair` for whose digests (None: not there, or unknown) `when` holds."""
    found = []
    for a, b in flow.products(pair):
        file = b or a
        assert file is not None
        one, other = None if a is None else a.digest, None if b is None else b.digest
        if flow.comparable(one, other) and when(one, other):
            found.append(file.path)
    return found
