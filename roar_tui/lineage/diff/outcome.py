"""What came out of two runs: exit, duration, outputs, metrics by key; and whether the targets are identical."""

from __future__ import annotations

from typing import Any

from roar_tui.lineage.diff.align import Pair
from roar_tui.lineage.diff.files import Match, match
from roar_tui.lineage.diff.flow import Flow
from roar_tui.lineage.diff.graph import File, Graph, Job
from roar_tui.lineage.diff.places import Places
from roar_tui.lineage.diff.result import Outcome
from roar_tui.lineage.diff.texts import Texts
from roar_tui.lineage.diff.values import flat

METRICS = 200  # keys of one file


class Ends:
    """The two targets: `matches` are the files that were asked for, or what the jobs left; `pairs` made them."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self.asked = flow.a.targets is not None or flow.b.targets is not None
        if self.asked:
            self.matches = _targets(_files(flow.a), _files(flow.b))
            makers = {flow.maker(file, side) for both in self.matches for side, file in enumerate(both)}
            self.pairs = [pair for pair in flow.pairs if pair in makers]
        else:
            wanted = {*flow.a.wanted, *flow.b.wanted}
            self.pairs = [pair for pair in flow.pairs if any(step is not None and step.id in wanted for step in (pair.a, pair.b))]
            self.matches = [found for pair in self.pairs for found in self._left(pair)]

    def _left(self, pair: Pair) -> list[Match]:
        """What the steps of a pair left behind."""
        return [found for found in self._flow.products(pair) if any(file is not None and file.survives for file in found)]

    def each(self) -> list[Match]:
        """Every match once, where several steps wrote a file together."""
        once: dict[tuple[tuple[str, str | None] | None, ...], Match] = {}
        for found in self.matches:
            once.setdefault(tuple(None if file is None else (file.path, file.digest) for file in found), found)
        return list(once.values())

    @property
    def identical(self) -> bool:
        """Equal digests; for jobs equal outputs, at least one."""
        alike = sum(step.same_made for pair in self.pairs for step in (pair.a,) if step is not None) if not self.asked else 0
        return bool(self.matches or alike) and all(_same(found) for found in self.matches)

    @property
    def one_step(self) -> str | None:
        """The step that made all that was asked for, where that is one and the same of either side."""
        if not self.asked or len(self.pairs) != 1 or not self.pairs[0].shared or self.identical:
            return None
        alone = all(self._flow.maker(found[side], side) in self.pairs for found in self.matches for side in (0, 1))
        return self.pairs[0].ids[1] if alone else None

    def differ(self, pair: Pair) -> bool:
        """Whether what `pair` gave to the targets differs, or may: other contents, unknown ones, another end."""
        if self.asked:
            mine = [found for found in self.matches if pair in (self._flow.maker(found[0], 0), self._flow.maker(found[1], 1))]
            return any(not _same(found) for found in mine)
        if pair.a is None or pair.b is None:
            return True
        left = self._left(pair)
        if any(not _same(found) for found in left) or pair.a.exit_code != pair.b.exit_code:
            return True
        return not left and not any(self._left(other) for other in self.pairs)  # nothing to go by: the run itself is the target


def _files(graph: Graph) -> list[File]:
    """The files asked for; of a job what it left."""
    if graph.targets is not None:
        return graph.targets
    return [file for step in graph.wanted for file in graph.steps[step].products if file.survives]


def _targets(a: list[File], b: list[File]) -> list[Match]:
    if len(a) == 1 and len(b) == 1:
        return [(a[0], b[0])]
    return match(a, b, Places(_common(a)), Places(_common(b)), products=True)


def _common(files: list[File]) -> str:
    """The directory that all files lie below."""
    parts = [file.path.split("/")[:-1] for file in files] or [[""]]
    common = parts[0]
    for each in parts[1:]:
        common = [one for number, one in enumerate(common) if common[: number + 1] == each[: number + 1]]
    return "/".join(common) or "/"


def _same(found: Match) -> bool:
    a, b = found
    return a is not None and b is not None and a.digest is not None and a.digest == b.digest


def outcome(flow: Flow, ends: Ends, texts: Texts) -> list[Outcome]:
    """The jobs' exits and durations, every output that differs, every metric that differs."""
    found: list[Outcome] = []
    job_a, job_b = (graph.jobs.get(graph.job) if graph.job is not None else None for graph in (flow.a, flow.b))
    if job_a is not None and job_b is not None and job_a.id != job_b.id:
        one, other = _ending(job_a), _ending(job_b)
        if one != other:
            found.append(Outcome(what="exit", a=one, b=other))
        found.append(Outcome(what="duration", a=_duration(job_a), b=_duration(job_b)))
    places = [job.cwd if job is not None else "/" for job in (job_a, job_b)]
    matches = ends.each()
    if ends.asked and job_a is not None and job_b is not None and job_a.id != job_b.id:  # metrics beside the model
        matches += [each for pair in ends.pairs for each in flow.products(pair) if _is_new(each, ends.matches)]
    for a, b in matches:
        file = b or a
        assert file is not None
        if _same((a, b)) or file.role == "log":
            continue
        name = _below(places[1], file.path)
        was = _below(places[0], a.path) if a is not None and b is not None else name
        metrics = _metrics(name, a, b, texts)
        found.append(Outcome(what=name, a=a and a.digest, b=b and b.digest, was=was if was != name else None))
        found += metrics
    return found


def _below(cwd: str, path: str) -> str:
    return path[len(cwd) + 1 :] if path.startswith(cwd + "/") else path


def _is_new(found: Match, known: list[Match]) -> bool:
    paths = {file.path for both in known for file in both if file is not None}
    return all(file is not None and file.survives and file.path not in paths for file in found)


def _metrics(name: str, a: File | None, b: File | None, texts: Texts) -> list[Outcome]:
    if a is None or b is None:
        return []
    one, other = flat(texts.get(a.digest, a.path), a.path), flat(texts.get(b.digest, b.path), b.path)
    if one is None or other is None:
        return []
    keys = [key for key in sorted(one.keys() | other.keys()) if one.get(key) != other.get(key)]
    return [Outcome(what=f"{name}:{key}", a=one.get(key), b=other.get(key)) for key in keys[:METRICS]]


def _ending(job: Job) -> Any:
    if job.exit_signal is not None:
        return f"signal {job.exit_signal}"
    return job.exit_code if job.exit_code is not None else job.state


def _duration(job: Job) -> float | None:
    return None if job.ended is None else (job.ended - job.started) / 1e6
