"""All findings of two aligned graphs: compared pair by pair, then sorted by what explains what."""

from __future__ import annotations

import os
import sqlite3
from typing import Any

from roar_tui.lineage.diff.align import Pair
from roar_tui.lineage.diff.compare import commits, params, steps
from roar_tui.lineage.diff.compare.contents import describe
from roar_tui.lineage.diff.compare.inputs import Inputs
from roar_tui.lineage.diff.explain import Explanation, differing, levels
from roar_tui.lineage.diff.finding import Finding
from roar_tui.lineage.diff.flow import Flow
from roar_tui.lineage.diff.heads import Heads
from roar_tui.lineage.diff.jobs import Environments
from roar_tui.lineage.diff.result import Category, Change
from roar_tui.lineage.diff.texts import Texts
from roar_tui.lineage.diff.touched import Touched

NAMES = "the names it was given"  # a suspect: arguments that only say what its files are called


class Comparison:
    """Everything that differs. `findings` by pair, `explanation` says which of them are causes; `unknown`: subject -> why."""

    def __init__(self, db: sqlite3.Connection, flow: Flow, heads: Heads, texts: Texts) -> None:
        self.flow = flow
        self.heads = heads
        self.order = levels(flow)
        self.unknown: dict[str, str] = {}
        self._respelled: dict[Pair, list[Finding]] = {}
        self._dark: set[Pair] = set()  # steps whose code is not known
        self.findings: dict[Pair, list[Finding]] = {}
        self._texts = texts
        self._touched = Touched(db, flow.a), Touched(db, flow.b)
        self.environments = Environments(flow, heads, self._touched)
        self._inputs = inputs = Inputs(flow, self.unknown)
        for pair in flow.pairs:
            if pair.steps is not None:
                self.findings[pair] = self._compare(pair, inputs)
                self._compare_commits(pair)
            elif pair.shared and (between := self._described(inputs.between(pair), pair)):
                self.findings[pair] = between
        for pair in flow.pairs:
            self._follow_code(self.findings.get(pair, []))
        self._took_turns()
        self.environments.compare(self.findings, self.order)
        for pair in flow.pairs:
            self._started(pair)
        self._inline()
        replaced = steps.compare(flow, self.findings, self.order)
        for pair, group in replaced.items():
            self.findings[pair] = [group]
        for members in {id(flow.group[pair]): flow.group[pair] for pair in replaced}.values():
            self._read_by_replaced(members, inputs)
            self._started_for_files(members, inputs)
        self.explanation = Explanation(flow, self.findings, self.environments.findings)
        self.explanation.settle()
        self._nondeterminism()
        for pair, files in flow.blind.items():
            if not self.explanation.reaching(pair) and differing(flow, pair, lambda a, b: a is None or a != b):
                self.unknown.update((path, why) for path, (_, why) in files.items())

    @property
    def respelled(self) -> list[str]:
        """Config files with other bytes and the same values, which made no difference."""
        return [each.subject for found in self._respelled.values() for each in found]

    def _compare(self, pair: Pair, inputs: Inputs) -> list[Finding]:
        found = self._described(inputs.compare(pair), pair)
        told = params.compare(pair, self.flow.products(pair), *self._touched)
        return _rewired(pair, found) + told + params.exchanged(pair, self.flow.inputs(pair), positions=False)

    def _described(self, findings: list[Finding], pair: Pair) -> list[Finding]:
        assert pair.b is not None
        cwd = self.flow.b.jobs[pair.b.job].cwd if pair.b.job in self.flow.b.jobs else "/"
        found: list[Finding] = []
        for finding in findings:
            described = describe(finding, self._texts, cwd)
            if described is None:
                self._respelled.setdefault(pair, []).append(finding)
            found += described or []
        return found

    def _compare_commits(self, pair: Pair) -> None:
        """Say where it cannot be known whether two steps ran the same code."""
        assert pair.steps is not None
        if pair.steps[0].job == pair.steps[1].job:
            return
        jobs = (self.flow.a.jobs.get(pair.steps[0].job), self.flow.b.jobs.get(pair.steps[1].job))
        why = commits.why_unknown(*(None if job is None else self.heads.of(job) for job in jobs))
        if why is not None:
            self._dark.add(pair)
            self.unknown.setdefault(pair.label, why)

    def _read_by_replaced(self, members: list[Pair], inputs: Inputs) -> None:
        """What differs among the files of replaced steps enters all of them."""
        for finding in inputs.compare_group(members):
            for each in describe(finding, self._texts, os.path.dirname(finding.subject)) or []:
                each.enters = members
                for pair in members:
                    self.findings.setdefault(pair, []).append(each)

    def _started_for_files(self, members: list[Pair], inputs: Inputs) -> None:
        """Steps of one run alone that a driver, itself the same, started, or that do what others do in both runs.

        They are there for files, or by variables, that only that run has.
        """
        group = self.findings[members[0]][0]
        sides = {pair.a is None for pair in members}
        starters = [self.flow.starters(pair) for pair in members]
        driven = all(any(each.steps is not None for each in above) for above in starters)
        if not group.own or len(sides) > 1 or not (driven or all(map(self._is_one_more, members))):
            return
        given = dict.fromkeys(
            finding for above in starters for each in above for finding in self.environments.findings.get(each, ())
            if finding.subject.startswith("$")
        )  # fmt: skip
        files = inputs.of_one_run(members)
        for finding in files:
            finding.enters = members
            for pair in members:
                self.findings[pair].append(finding)
        group.follows = [*files, *given]

    def _took_turns(self) -> None:
        """Steps of a driver, itself the same, that all write one file, and did so in another order: chance, not another wiring."""
        wirings = [(pair, each) for pair in self.flow.pairs for each in self.findings.get(pair, ())
                   if each.category is Category.PIPELINE and each.own]  # fmt: skip
        if not wirings:
            return
        writers: dict[str, int] = {}
        for pair in self.flow.pairs:
            for path in {a.path for a, b in self.flow.products(pair) if a is not None and b is not None and a.path == b.path}:
                writers[path] = writers.get(path, 0) + 1
        chance: dict[str, Finding] = {}
        for pair, wiring in sorted(wirings, key=lambda each: (self.order[each[0]], each[0].index)):
            above = self.flow.starters(pair)
            moved = [each.subject for each in self.findings[pair] if wiring in each.follows]
            if not above or any(self.findings.get(each) for each in above) or any(writers.get(path, 0) < 2 for path in moved):
                continue
            wiring.category = Category.NONDETERMINISM
            wiring.a = wiring.b = None
            wiring.detail = {"outputs": moved, "suspects": ["order of steps"]}
            known = [chance[path] for path in moved if path in chance]
            wiring.follows = list(dict.fromkeys(known))
            for path in moved:
                chance.setdefault(path, wiring)

    def _is_one_more(self, pair: Pair) -> bool:
        """Whether steps of the same program and script are there in both runs."""
        step = pair.a or pair.b
        assert step is not None
        return any(step.family in (each.family for each in other.steps) for other in self.flow.pairs if other.steps is not None)

    def _follow_code(self, found: list[Finding]) -> None:
        """Code, and files that stand alone, that only one side read: the step's changed code or options made it read them."""
        deciding = [each for each in found if each.category is Category.CODE and each.change is Change.CHANGED and each.own]
        told = [each for each in found if each.category is Category.PARAMS and each.own and "role" not in each.detail]
        for each in found:
            if not each.own or "role" not in each.detail:
                continue
            if each.detail.get("chosen"):  # a set may hold files that only A took, and others that only B took
                each.follows = [*deciding, *told]
            elif each.change is Change.CHANGED:
                continue
            elif each.category is Category.CODE or ("members" not in each.detail and not self._is_named(each)):
                each.follows = list(deciding or told)
        for each in found:
            if each.category is Category.PIPELINE and each.own:
                each.follows = list(deciding)

    def _is_named(self, finding: Finding) -> bool:
        """Whether an argument names the file: then somebody chose it."""
        side = 1 if finding.change is Change.ADDED else 0
        step = finding.pair.steps and finding.pair.steps[side]
        places = self.flow.places(finding.pair)[side]
        return bool(step) and places.by_argument(finding.subject).startswith("<")

    def _started(self, pair: Pair) -> None:
        """Arguments come from what started the step: where that differs, they follow from it."""
        told = [each for each in self.findings.get(pair, ()) if each.category is Category.PARAMS and "role" not in each.detail]
        told = [each for each in told if each.own and "key" not in each.detail]
        if not told:
            return
        starters = self.flow.starters(pair)
        above = [finding for starter in starters for finding in self.findings.get(starter, ())]
        for each in told:
            each.follows = list(above)
            if starters:
                variables = self.environments.findings.get(pair, ())
                each.follows += [variable for variable in variables if variable.subject.startswith("$") and _says(variable, each)]

    def _inline(self) -> None:
        """Code given to a shell, where it differs and nothing that it started shows why."""
        for pair in self.flow.pairs:
            found = params.inline_text(pair)
            if not found:
                continue
            below = [other for other in self.flow.pairs if pair in self.flow.starters(other)]
            if any(self.findings.get(other) or other in self.flow.group for other in below) or _told_otherwise(below):
                continue
            self.findings[pair] += found

    def _slight(self, pair: Pair) -> list[Finding]:
        """What is no difference as a rule, and the only one that there is.

        What the step itself left in the other run, a config's spelling, the names or the order of inputs.
        """
        if found := self._inputs.kept.get(pair, []):
            return found
        if found := self._respelled.pop(pair, []):
            return found
        return self._inputs.renamed(pair) or params.exchanged(pair, self.flow.inputs(pair), positions=True)

    def _nondeterminism(self) -> None:
        """A step that is the same in every respect and yet made something else, or ended otherwise."""
        while True:
            waiting = [pair for pair in self.flow.pairs if self._is_unexplained(pair)]
            chosen = [pair for pair in waiting if not any(writer in waiting for writer in self.flow.writers(pair))] or waiting
            if not chosen:
                return
            for pair in chosen:
                self.findings[pair] += self._slight(pair) or [self._unexplained(pair)]
            self.explanation.settle()

    def _is_unexplained(self, pair: Pair) -> bool:
        if pair.steps is None or pair in self._dark or self.findings[pair] or self.explanation.reaching(pair):
            return False
        a, b = pair.steps
        unknown = any(file is not None and file.digest is None for both in self.flow.inputs(pair) for file in both)
        if unknown and pair not in self._inputs.kept:
            return False  # perhaps it is what cannot be known
        if a.failed != b.failed:
            started = [other for other in self.flow.pairs if pair in self.flow.starters(other)]
            if not any(map(self._ended_otherwise, started)):
                return True
        return bool(differing(self.flow, pair, lambda one, other: one is not None and other is not None and one != other))

    def _ended_otherwise(self, pair: Pair) -> bool:
        """Whether a step is missing on one side, or failed on one side: then that is why what started it failed."""
        return pair.steps is None or pair.steps[0].failed != pair.steps[1].failed

    def _unexplained(self, pair: Pair) -> Finding:
        assert pair.steps is not None
        a, b = pair.steps
        outputs = differing(self.flow, pair, lambda one, other: one is not None and other is not None and one != other)
        finding = Finding(Category.NONDETERMINISM, b.label, Change.CHANGED, _ending(a.exit_code, a.exit_signal),
                          _ending(b.exit_code, b.exit_signal), pair, mirror=a.label)  # fmt: skip
        if outputs:
            ends = [(one and one.digest, other and other.digest) for one, other in self.flow.products(pair) if one and other]
            first = next((each for each in ends if each[0] != each[1]), (None, None))
            if len(outputs) == 1:
                finding.a, finding.b = first
            else:
                finding.a = finding.b = None
        finding.detail = {"outputs": outputs[:100], "suspects": self._suspects(pair)}
        return finding

    def _suspects(self, pair: Pair) -> list[str]:
        """What of the step no record can hold still."""
        assert pair.steps is not None
        found: dict[str, None] = {}
        if params.told_other_names(pair):
            found[NAMES] = None
        names = set()
        for graph, step in zip((self.flow.a, self.flow.b), pair.steps, strict=True):
            job = graph.jobs.get(step.job)
            head = self.heads.of(job) if job is not None else None
            if job is None or head is None:
                continue
            names.add(job.host)
            for each in head.steps:
                if each.id == step.number:
                    found.update((f"network: {connection.endpoint}", None)
                                 for connection in each.connections)  # fmt: skip
            if head.environment.host.get("gpus"):
                found["GPU"] = None
        if len(names) > 1:
            found["host"] = None
        found["time or chance"] = None
        return list(found)


def _rewired(pair: Pair, found: list[Finding]) -> list[Finding]:
    """One finding for all inputs that come from elsewhere than before; they follow from it."""
    moved = [finding for finding in found if finding.detail.pop("rewired", False)]
    if not moved:
        return found
    ends = moved[0].detail.get("from", {})
    wiring = Finding(Category.PIPELINE, pair.label, Change.CHANGED, ends.get("a"), ends.get("b"), pair)
    wiring.mirror = pair.a.label if pair.a is not None else wiring.subject
    wiring.detail = {"from": ends}
    for finding in moved:
        finding.follows = [wiring]
    return [*found, wiring]


def _says(variable: Finding, argument: Finding) -> bool:
    """Whether an argument holds what the variable says, or is one of its words, on both sides that have one."""
    ends = [(value, told) for value, told in ((variable.a, argument.a), (variable.b, argument.b)) if value]
    return bool(ends) and all(_holds(str(value), argument.subject, told) for value, told in ends)


def _holds(value: str, name: str, told: object) -> bool:
    spellings = {str(told), f"{name}={told}", f"{name}{told}"} if told is not True else {name}
    return str(told) == value or (len(value) > 2 and value in str(told)) or not spellings.isdisjoint(value.split())


def _told_otherwise(below: list[Pair]) -> bool:
    """Whether the steps below were told other file names, and so the text of the command differs."""
    return any(each.steps is not None and each.steps[0].argv != each.steps[1].argv for each in below)


def _ending(code: int | None, signal: int | None) -> Any:
    return f"signal {signal}" if signal is not None else f"exit {code}" if code else None
