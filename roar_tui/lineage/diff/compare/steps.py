"""Steps that only one side has: added, removed, split, replaced; or not recorded in the other run, which is no change."""

from __future__ import annotations

from roar_tui.lineage.diff.align import Pair
from roar_tui.lineage.diff.finding import Finding
from roar_tui.lineage.diff.flow import Flow
from roar_tui.lineage.diff.graph import Graph, Step
from roar_tui.lineage.diff.result import Category, Change


def compare(flow: Flow, findings: dict[Pair, list[Finding]], levels: dict[Pair, int]) -> dict[Pair, Finding]:
    """One finding for every group of steps without counterpart that made a difference, by each pair of the group."""
    found: dict[Pair, Finding] = {}
    done: set[int] = set()
    for group in flow.group.values():
        if id(group) in done:
            continue
        done.add(id(group))
        if _matters(flow, group):
            finding = _finding(flow, group, levels)
            _explain(finding, flow, group, findings)
            for pair in group:
                found[pair] = finding
    return found


def _matters(flow: Flow, group: list[Pair]) -> bool:
    """Whether it worked and something of it is part of the result, and not just recorded in one run and not in the other."""
    sides = [[pair.a for pair in group if pair.a is not None], [pair.b for pair in group if pair.b is not None]]
    if sides[0] and sides[1]:
        return True
    side = 0 if sides[0] else 1
    graph = (flow.a, flow.b)[side]
    steps = {step.id for step in sides[side]}
    readers = [pair for pair in flow.pairs if pair not in group and any(maker in group for maker in flow.makers(pair))]
    if graph.targets is not None and _made_a_target(flow, side, steps):
        return True
    if not readers:
        return any(not step.failed and _is_wanted(graph, step) for step in sides[side])
    for pair in readers:
        if any(each in group for each in flow.writers(pair)):
            return True
        for match in flow.inputs(pair):
            file, other = match[side], match[1 - side]
            if file is None or file.maker is None or file.maker.step not in steps:
                continue
            if pair.shared:  # it read that later: what it read is the difference, not that somebody had made it
                continue
            there = other is not None and other.maker is None  # the other run found it there: made before anything was recorded
            places = flow.places(pair)
            if not there or other is None or places[side].relative(file.path) != places[1 - side].relative(other.path):
                return True
    return False


def _made_a_target(flow: Flow, side: int, steps: set[str]) -> bool:
    """Whether one of the steps made what was asked for, and the other run did not just find it there."""
    mine, theirs = ((flow.a, flow.b)[each].targets or [] for each in (side, 1 - side))
    there = {file.path for file in theirs if file.maker is None}
    alone = len(mine) == len(theirs) == 1 and theirs[0].maker is None
    return any(file.maker is not None and file.maker.step in steps and file.path not in there and not alone for file in mine)


def _is_wanted(graph: Graph, step: Step) -> bool:
    """Whether the step left something that the job, asked for as a whole, gave."""
    return step.id in graph.wanted and any(file.survives for file in step.products)


def _finding(flow: Flow, group: list[Pair], levels: dict[Pair, int]) -> Finding:
    """Named after B's last step, A's where B has none."""
    ordered = sorted(group, key=lambda pair: (levels[pair], pair.index))
    a = _makers([pair.a for pair in ordered if pair.a is not None])
    b = _makers([pair.b for pair in ordered if pair.b is not None])
    names: list[list[str]] = [[step.label for step in steps] for steps in (a, b)]
    subject = (b or a)[-1].label
    change = Change.CHANGED if a and b else Change.ADDED if b else Change.REMOVED
    mirror = (a or b)[-1].label
    pair = next(pair for pair in reversed(ordered) if (pair.b is b[-1] if b else pair.a is a[-1]))
    finding = Finding(Category.PIPELINE, subject, change, _joined(names[0]), _joined(names[1]), pair, mirror=mirror)
    finding.enters = ordered
    finding.detail = {"ids": {"a": a[-1].id if a else None, "b": b[-1].id if b else None}}
    return finding


def _makers(steps: list[Step]) -> list[Step]:
    """Those that made files; all of them where none did. A wrapper's own helpers only wrote into its pipes."""
    return [step for step in steps if step.products] or steps


def _joined(names: list[str]) -> str | None:
    return ", ".join(names) if names else None


def _explain(finding: Finding, flow: Flow, group: list[Pair], findings: dict[Pair, list[Finding]]) -> None:
    """By what differs in the steps that started it, or by a failure before it that ended its job."""
    for pair in group:
        for starter in flow.starters(pair):
            finding.follows += [each for each in findings.get(starter, ()) if each not in finding.follows]
    if finding.follows:
        return
    for pair in flow.pairs:
        if pair.steps is None or pair in group:
            continue
        a, b = pair.steps
        missing_in_b = b.failed and not a.failed and all(each.b is None for each in group)
        missing_in_a = a.failed and not b.failed and all(each.a is None for each in group)
        jobs = {step.job for each in group for step in (each.a, each.b) if step is not None}
        if (missing_in_b and a.job in jobs) or (missing_in_a and b.job in jobs):
            finding.made_by.append(pair)
