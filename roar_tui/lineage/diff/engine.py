"""The diff of two targets, from end to end: load, align, compare, explain, and say it in the words of the result."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from functools import cache
from typing import Any

from roar_tui.lineage.diff.align import Pair, align
from roar_tui.lineage.diff.causes import Comparison
from roar_tui.lineage.diff.compare.contents import describe
from roar_tui.lineage.diff.explain import Causes, differing
from roar_tui.lineage.diff.finding import Finding, change_of
from roar_tui.lineage.diff.flow import Flow
from roar_tui.lineage.diff.graph import Graph
from roar_tui.lineage.diff.heads import Heads
from roar_tui.lineage.diff.load import load
from roar_tui.lineage.diff.outcome import Ends, outcome
from roar_tui.lineage.diff.result import (
    Category,
    Cause,
    Consequence,
    Context,
    Diff,
    Side,
    StepPair,
    StepRow,
    StepStatus,
    Unknown,
)
from roar_tui.lineage.diff.texts import Texts
from roar_tui.lineage.reading import snapshot
from roar_tui.lineage.target import ArtifactTarget, FilesetTarget, JobTarget, StepTarget, Target
from roar_tui.store.results import iso
from roar_tui.store.store import Store

# what makes a record say less than it should
_LIMITS = frozenset({"io_uring", "lost", "tracer", "unparsed", "unfinished", "nothing", "no_accesses", "remote", "clock"})


def diff(
    store: Store, db: sqlite3.Connection, a: Target, b: Target, *, ref_a: str | None = None, ref_b: str | None = None
) -> Diff:
    """What changed from `a` to `b`; swapping them mirrors the answer. Raises NotFoundError, StoreError as walks do."""
    with snapshot(db):
        graphs = load(db, a, b)
        flow = Flow(*graphs, align(*graphs), _algorithms(db))
        heads = Heads(store.archive)
        texts = Texts(store.archive, heads, graphs)
        comparison = Comparison(db, flow, heads, texts)
    ends = Ends(flow)
    return _Answer(comparison, ends).diff(_side(a, ref_a, graphs[0]), _side(b, ref_b, graphs[1]), texts)


class _Answer:
    """Findings sorted and merged into the result."""

    def __init__(self, comparison: Comparison, ends: Ends) -> None:
        self._comparison = comparison
        self._flow = comparison.flow
        self._ends = ends
        self._reaching = self._reaching_target()

    def diff(self, a: Side, b: Side, texts: Texts) -> Diff:
        found = [*self._of_targets(texts), *self._all()]
        own = self._merged([finding for finding in found if finding.own])
        own.sort(key=lambda group: self._rank(group))
        number = {finding: index for index, group in enumerate(own) for finding in group}
        causes = [self._cause(group) for group in own]
        consequences = self._consequences([finding for finding in found if not finding.own], number)
        return Diff(
            a=a,
            b=b,
            identical=self._ends.identical,
            causes=causes,
            consequences=consequences,
            context=self._context(),
            steps=self._steps(),
            outcome=outcome(self._flow, self._ends, texts),
            unknown=self._unknown(),
            one_step=self._ends.one_step,
        )

    def _all(self) -> list[Finding]:
        found: dict[Finding, None] = {}
        for table in (self._comparison.findings, self._comparison.environments.findings):
            for pair in self._flow.pairs:
                found.update(dict.fromkeys(table.get(pair, ())))
        return list(found)

    def _of_targets(self, texts: Texts) -> list[Finding]:
        """The targets themselves, where nothing recorded made them, or made only one of them."""
        if not self._ends.asked:
            return []
        found = []
        for a, b in self._ends.matches:
            one, other = None if a is None else a.digest, None if b is None else b.digest
            makers = self._flow.maker(a, 0), self._flow.maker(b, 1)
            if (makers[0] is not None and makers[1] is not None) or (one == other and one is not None):
                continue
            if (a is not None and one is None) or (b is not None and other is None):
                continue
            if (a is None or b is None) and (makers[0] is not None or makers[1] is not None):
                continue
            file = b or a
            assert file is not None
            category = {"code": Category.CODE, "config": Category.PARAMS}.get(file.role, Category.DATA)
            finding = Finding(category, file.path, change_of(a, b), one, other, Pair(None, None), {"role": file.role})
            finding.mirror = a.path if a is not None else file.path
            if makers[0] is not None or makers[1] is not None:
                finding.detail["outside"] = True
            found += describe(finding, texts, os.path.dirname(file.path)) or [finding]
        return found

    def _reaching_target(self) -> Causes:
        reaching: set[Finding] = set()
        for pair in self._ends.pairs:
            if self._ends.differ(pair):
                reaching |= self._comparison.explanation.reaching(pair)
        return frozenset(reaching)

    def _merged(self, found: list[Finding]) -> list[list[Finding]]:
        """Findings that are one difference seen at several steps."""
        groups: dict[tuple[Any, ...], list[Finding]] = {}
        for finding in found:
            where = finding.pair.label if finding.category is Category.PARAMS and "path" not in finding.detail else None
            content: object = finding.a, finding.b
            if content == (None, None):
                content = finding.detail.get("members")
            key = (finding.category, finding.subject, finding.mirror, finding.change, str(content), where)
            groups.setdefault(key, []).append(finding)
        for group in groups.values():
            group.sort(key=lambda finding: (self._level(finding.pair), finding.pair.index))
        return list(groups.values())

    def _level(self, pair: Pair) -> int:
        return self._comparison.order.get(pair, 1 << 30)

    def _reaches(self, group: list[Finding]) -> bool:
        return any(finding in self._reaching or finding.pair.a is finding.pair.b is None for finding in group)

    def _rank(self, group: list[Finding]) -> tuple[Any, ...]:
        first = group[0]
        return (not self._reaches(group), first.detail.get("left", False), self._level(first.pair), *first.order)

    def _cause(self, group: list[Finding]) -> Cause:
        return Cause(**self._fields(group), reaches_target=self._reaches(group))

    def _fields(self, group: list[Finding]) -> dict[str, Any]:
        first = group[0]
        detail = {name: value for name, value in first.detail.items() if name not in ("role", "ids", "chosen")}
        pairs = list(dict.fromkeys(pair for finding in group for pair in finding.enters if pair.a or pair.b))
        pairs.sort(key=lambda pair: (self._level(pair), pair.index))
        if pairs:
            detail["label"] = first.pair.label
            if len(pairs) > 1:
                detail["steps"] = list(dict.fromkeys(pair.label for pair in pairs))
        ids = first.detail.get("ids", {"a": first.pair.ids[0], "b": first.pair.ids[1]})
        return {
            "category": first.category,
            "subject": first.subject,
            "change": first.change,
            "a": first.a,
            "b": first.b,
            "step": StepPair(**ids),
            "detail": detail,
        }

    def _consequences(self, found: list[Finding], number: dict[Finding, int]) -> list[Consequence]:
        result = []
        passed_on = {(cause.category, cause.subject, str(cause.a), str(cause.b)) for cause in number}
        found = [each for each in found if (each.category, each.subject, str(each.a), str(each.b)) not in passed_on]
        groups = self._merged(found)
        groups.sort(key=lambda group: (self._level(group[0].pair), *group[0].order))
        for group in groups:
            causes = {cause for finding in group for cause in self._comparison.explanation.of(finding)}
            because = sorted({number[cause] for cause in causes if cause in number})
            reaches = bool(causes & self._reaching)
            result.append(Consequence(**self._fields(group), reaches_target=reaches, because=because))
        return result

    def _context(self) -> list[Context]:
        found = [Context(subject=each.name, a=each.a, b=each.b) for each in self._comparison.environments.context]
        jobs = [graph.jobs.get(graph.job) if graph.job is not None else None for graph in (self._flow.a, self._flow.b)]
        if jobs[0] is not None and jobs[1] is not None and jobs[0].id != jobs[1].id:
            found.append(Context(subject="started", a=iso(jobs[0].started), b=iso(jobs[1].started)))
        found += [Context(subject=path, a="other bytes", b="the same values") for path in self._comparison.respelled]
        return found

    def _steps(self) -> list[StepRow]:
        rows = []
        ordered = sorted(self._flow.pairs, key=lambda pair: (self._level(pair), pair.index))
        for pair in ordered:
            if pair.starter and (pair.a is None or pair.b is None):
                continue
            status = StepStatus.ADDED if pair.a is None else StepStatus.REMOVED if pair.b is None else StepStatus.SAME
            if status is StepStatus.SAME and (self._comparison.findings.get(pair) or self._came_out_otherwise(pair)):
                status = StepStatus.CHANGED
            rows.append(StepRow(status=status, a=pair.ids[0], b=pair.ids[1], label=pair.label))
        return rows

    def _came_out_otherwise(self, pair: Pair) -> bool:
        if pair.steps is None:
            return False
        return pair.steps[0].exit_code != pair.steps[1].exit_code or bool(differing(self._flow, pair, lambda a, b: a != b))

    def _unknown(self) -> list[Unknown]:
        found = dict(self._comparison.unknown)
        for subject, why in self._comparison.environments.unknown:
            found.setdefault(subject, why)
        for side, graph in (("A", self._flow.a), ("B", self._flow.b)):
            for job in graph.jobs.values():
                if job.state == "untraced":
                    found.setdefault(" ".join(job.command), f"the job ran untraced in {side}: what it read is not known")
                elif job.state in ("interrupted", "running"):
                    why = f"the recording of {side} is {job.state}: what it read last is not known"
                    found.setdefault(" ".join(job.command), why)
                head = self._comparison.heads.of(job)
                for warning in head.warnings if head is not None else ():
                    if warning.code in _LIMITS:
                        found.setdefault(" ".join(job.command), f"in {side}: {warning.message}")
            for file in graph.targets or []:
                if file.digest is None:
                    found.setdefault(file.path, f"its content in {side} is unknown ({file.status})")
        for job_id, why in self._comparison.heads.problems.items():
            found.setdefault(job_id, why)
        return [Unknown(subject=subject, why=why) for subject, why in found.items()]


def _algorithms(db: sqlite3.Connection) -> Callable[[str], str]:
    """Says of a digest what made it; asks the index once for each."""

    @cache
    def algorithm(digest: str) -> str:
        row = db.execute("SELECT algorithm FROM artifact WHERE digest = ?", (bytes.fromhex(digest),)).fetchone()
        return str(row[0]) if row is not None else "blake3"

    return algorithm


def _side(target: Target, ref: str | None, graph: Graph) -> Side:
    if isinstance(target, JobTarget):
        job = graph.jobs.get(target.job_id)
        return Side(ref=ref, kind="job", id=target.job_id, label=" ".join(job.command) if job is not None else "")
    if isinstance(target, StepTarget):
        step = graph.steps[graph.wanted[0]]
        return Side(ref=ref, kind="step", id=step.id, label=" ".join(step.argv))
    if isinstance(target, ArtifactTarget):
        path = graph.targets[0].path if graph.targets else target.path
        return Side(ref=ref, kind="artifact", id=target.digest, label=path or "")
    if isinstance(target, FilesetTarget):
        return Side(ref=ref, kind="fileset", id=target.path, label=target.path)
    return Side(ref=ref, kind="path", id=target.path, label=target.path)
