"""The environments of the jobs whose steps are aligned, compared once for each pair of jobs."""

from __future__ import annotations

from collections.abc import Iterable

from roar_tui.lineage.diff.align import Pair
from roar_tui.lineage.diff.compare import environment
from roar_tui.lineage.diff.compare.environment import Compared, Difference
from roar_tui.lineage.diff.finding import Finding, change_of
from roar_tui.lineage.diff.flow import Flow
from roar_tui.lineage.diff.graph import Step
from roar_tui.lineage.diff.heads import Head, Heads
from roar_tui.lineage.diff.result import Category
from roar_tui.lineage.diff.touched import Touched
from roar_tui.record.redaction import REDACTED

JobPair = tuple[str, str]


class Environments:
    """`findings` by the pairs that they enter; `context` and `unknown` of all jobs together."""

    def __init__(self, flow: Flow, heads: Heads, touched: tuple[Touched, Touched]) -> None:
        self._flow = flow
        self._heads = heads
        self._touched = touched
        self.of: dict[JobPair, list[Pair]] = {}
        for pair in flow.pairs:
            if pair.steps is not None and pair.steps[0].job != pair.steps[1].job:
                self.of.setdefault((pair.steps[0].job, pair.steps[1].job), []).append(pair)
        self.findings: dict[Pair, list[Finding]] = {}
        self.context: list[Difference] = []
        self.unknown: list[tuple[str, str]] = []

    def compare(self, findings: dict[Pair, list[Finding]], order: dict[Pair, int]) -> None:
        """Compare all pairs of jobs; secrets among arguments go to `findings`, at the step that has them."""
        known: dict[tuple[str, str, str], Finding] = {}
        for jobs, pairs in self.of.items():
            compared = self._compare(jobs)
            if compared is None:
                continue
            first = min(pairs, key=lambda pair: (order[pair], pair.index))
            here: dict[str, Finding] = {}
            for each in compared.causes:
                if each.optional and self._is_elsewhere(jobs, each):
                    continue
                finding = known.get((each.name, str(each.a), str(each.b)))
                if finding is None:
                    finding = Finding(Category.ENVIRONMENT, each.name, change_of(each.a, each.b), each.a, each.b, first)
                    finding.enters = pairs
                    known[each.name, str(each.a), str(each.b)] = finding
                    if each.optional:  # what is imported or not, the code decides
                        finding.follows = [
                            code for pair in pairs for code in findings.get(pair, ()) if code.category in _DECIDING and code.own
                        ]
                    if each.follows in here:
                        finding.follows.append(here[each.follows])
                else:
                    finding.enters = [*finding.enters, *pairs]
                here[each.name] = finding
                for pair in pairs:
                    self.findings.setdefault(pair, []).append(finding)
            self.context += [each for each in compared.context if each not in self.context]
            self.unknown += [each for each in compared.unknown if each not in self.unknown]
            _add_secrets(compared.secrets, pairs, first, findings)

    def _compare(self, jobs: JobPair) -> Compared | None:
        one, other = self._flow.a.jobs[jobs[0]], self._flow.b.jobs[jobs[1]]
        heads = self._heads.of(one), self._heads.of(other)
        if heads[0] is None or heads[1] is None:
            return None

        def touched(value_a: str, value_b: str) -> bool:
            return self._touched[0].by_job(value_a, jobs[0]) and self._touched[1].by_job(value_b, jobs[1])

        return environment.compare(one, heads[0], other, heads[1], touched)

    def _is_elsewhere(self, jobs: JobPair, each: Difference) -> bool:
        """Whether another job of the run that lacks it has it: one run did in one job what took the other several."""
        side = 0 if each.a is None else 1  # the side that lacks it
        graph = (self._flow.a, self._flow.b)[side]
        value = each.b if each.a is None else each.a
        others = (self._heads.of(job) for job in graph.jobs.values() if job.id != jobs[side])
        return any(head is not None and _has(head, each.name, value) for head in others)


_DECIDING = (Category.CODE, Category.PARAMS)


def _has(head: Head, name: str, value: object) -> bool:
    if name == "python":
        return head.environment.python == value
    return any(package.name.lower().replace("_", "-") == name and package.version == value for package in head.environment.packages)


def _add_secrets(names: Iterable[str], pairs: list[Pair], first: Pair, findings: dict[Pair, list[Finding]]) -> None:
    for name in names:
        plain = name.partition("#")[0]
        holders = [pair for pair in pairs if pair.steps is not None and any(_says(step, plain) for step in pair.steps)]
        pair = next(iter(holders), first)
        findings.setdefault(pair, []).append(
            Finding(Category.PARAMS, plain, change_of(True, True), REDACTED, REDACTED, pair)
        )


def _says(step: Step, name: str) -> bool:
    return any(word == name or word.startswith(name + "=") for word in step.argv)
