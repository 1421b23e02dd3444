"""The benchmarks of a store and what is asked of it, by name."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from roar_tui.lineage.reference import resolve
from roar_tui.lineage.target import ArtifactTarget
from roar_tui.record.model import Record
from roar_tui.store.ingest import TRUSTED_AGE
from tests.benchmarks.measure import FailedError, Row, await_calm, load, median, printed
from tests.benchmarks.plan import Plan
from tests.benchmarks.store import sweeps
from tests.benchmarks.store.built import Built, build, here, keep, stores
from tests.benchmarks.store.roar_peer import PATIENCE, RoarStore
from tests.benchmarks.store.shape import FINAL, REPORT, Shape, records, shape_of
from tests.benchmarks.subjects import Roar

ARTIFACTS = 1_000_000
SMALL = 100  # the large store is so many times the small one
LEVELS = 3
JOBS, FILES = 100, 1_000_000
TINY = 100_000
SHARDS = 100_000
WORDS = ("shard", "checkpoint-3", "v00001-0/metrics", "nothing-has-this-name")
STOPPED_AT = 3  # times the limit: what is far beyond is not measured to its end


def walks(plan: Plan) -> Iterator[Row]:
    """Three levels up from models and metrics, in the large store and in its beginning."""
    shape = shape_of(plan.scaled(ARTIFACTS))
    few = shape.first(max(2, shape.pipelines // SMALL))
    refs = [f"/home/ana/project-{number % few.projects:02}/runs/v{number:05}-{run}/{name}"
            for number in range(min(4, few.pipelines)) for run in (1, 2)
            for name in ("checkpoint-3.pt", "metrics.json")]  # fmt: skip
    arguments = {"refs": refs, "levels": LEVELS, "runs": plan.runs}
    large, small = _built(plan, shape), _built(plan, few)
    found = _ask(plan, large, "walk", **arguments)
    other = _ask(plan, small, "walk", **arguments)
    if found["nodes"] != other["nodes"]:
        raise FailedError("the same walk shows other nodes in the small store")
    done = f"walk {LEVELS} levels, folded, {large.accesses} accesses"
    for name, which in (("walk", "seconds"), ("walk-whole", "whole")):
        samples = {"ms": _ms(found[which]), "small": _ms(other[which])}
        value = median(samples["ms"])
        yield Row(name, done, "median", value, "ms", 20, samples=samples, load=load())
        yield Row(f"{name}-scale", done, f"over a store of {small.accesses} accesses", value / median(samples["small"]), "×", 1.5,
                  samples=samples, load=load())  # fmt: skip


def closures(plan: Plan) -> Iterator[Row]:
    """All that one model was made of, and all that a report with many trainings was made of; then others on the same."""
    shape = shape_of(plan.scaled(ARTIFACTS))
    built = _built(plan, shape)
    home = "/home/ana/project-00"
    answers = [_ask(plan, built, "whole", ref=f"{home}/{FINAL}") for _ in range(plan.runs)]
    samples = {"s": [each["seconds"] for each in answers]}
    done = f"whole closure, {answers[0]['files']} files, {answers[0]['edges']} edges"
    yield Row("closure", done, "median", median(samples["s"]), "s", 1, samples=samples, load=load())
    peak = max(each["peak"] for each in answers) / 1e6
    yield Row("closure-memory", done, "peak of the process", peak, "MB", 150, samples=samples, load=load())
    answer = _ask(plan, built, "whole", ref=f"{home}/{REPORT}")
    done = f"whole closure, {answer['files']} files, {answer['edges']} edges"
    note = f"{answer['edges']} edges, {answer['peak'] / 1e6:.0f} MB"
    yield Row("closure-dense", done, "once", answer["seconds"], "s", note=note, load=load())
    answer = _ask(plan, built, "ancestors", ref=f"{home}/{FINAL}")
    note = f"after {answer['loading']:.0f} s of loading, {answer['peak'] / 1e6:.0f} MB"
    yield Row("closure-networkx", "networkx.ancestors", "once", answer["seconds"], "s", note=note, load=load())
    yield from _of_roar(plan, built, f"{home}/{FINAL}")


def _of_roar(plan: Plan, built: Built, path: str) -> Iterator[Row]:
    """The same closure by `roar lineage`, and the graph of `roar tui`, on a database that holds the same."""
    names = {"closure-roar": "roar lineage", "closure-roar-tui": "roar tui's loader"}
    why_not = Roar(plan.peers, plan.place).why_not
    if why_not:
        yield from (Row(name, what, "once", None, "s", note=why_not) for name, what in names.items())
        return
    peer = RoarStore(plan.peers / "roar" / "bin", plan.place / "roar-store")
    with here(built.root.parent) as store:
        peer.fill(store.archive)
        with closing(store.reader()) as db:
            target = resolve(store, db, path, cwd="/")
    assert isinstance(target, ArtifactTarget)
    for name, seconds in (("closure-roar", peer.lineage(target.digest)), ("closure-roar-tui", peer.loader())):
        note = f"stopped after {PATIENCE:.0f} s" if seconds is None else ""
        yield Row(name, names[name], "once", seconds, "s", note=note, load=load())
    shutil.rmtree(plan.place / "roar-store", ignore_errors=True)


def lists(plan: Plan) -> Iterator[Row]:
    """Pages of the lists, the slowest of each kind; and how soon a search stops that nobody wants any more."""
    built = _built(plan, shape_of(plan.scaled(ARTIFACTS)))
    seconds = _ask(plan, built, "lists", words=WORDS, runs=plan.runs)["seconds"]
    for what, target in (("page", 5), ("hash", 5), ("word", 150)):
        samples = {name: _ms(times) for name, times in seconds.items() if what in name.split(" ")}
        value = max(median(times) for times in samples.values())
        yield Row(f"list-{what}", f"lists, by {what}", "slowest median", value, "ms", target, samples=samples, load=load())
    answer = _ask(plan, built, "cancel", word=WORDS[-1])
    note = "it had ended before it could be stopped" if answer["seconds"] is None else ""
    value = 0.0 if answer["seconds"] is None else answer["seconds"] * 1000
    yield Row("list-cancel", "a search is stopped", "until it stops", value, "ms", 50, note=note, load=load())


def ingest(plan: Plan) -> Iterator[Row]:
    """Records of the large store into an empty index; it is what building the store took."""
    built = _built(plan, shape_of(plan.scaled(ARTIFACTS)))
    rate = built.accesses / built.ingest
    samples = {"keep s": [built.keeping], "ingest s": [built.ingest]}
    done = f"{built.jobs} records, {built.accesses} accesses"
    yield Row("ingest", done, "from records", rate, "accesses/s", 100_000, more_is_better=True, samples=samples, load=load())


def datasets(plan: Plan) -> Iterator[Row]:
    """Many jobs that read the same files: what the archive takes in all, and how long one more takes to be in the index."""
    count, jobs = plan.scaled(FILES), max(2, min(JOBS, plan.scaled(JOBS * 10)))
    read = sweeps.dataset(count)
    limit = 120e6 * plan.size
    place, kept = plan.place / "dataset", 0
    with here(place) as store:
        store.archive.ensure()
        while kept < jobs and _size(store.root) <= STOPPED_AT * limit:
            kept += keep(store.archive, [sweeps.training(kept, read)])[0]
        taken = _size(store.root) / 1e6
        store.sync()
        keep(store.archive, [sweeps.training(kept, read)])
        began = time.perf_counter()
        report = store.sync()
        seconds = time.perf_counter() - began
    if report.added != 1:
        raise FailedError("the job was not ingested")
    shutil.rmtree(place, ignore_errors=True)
    done = f"{jobs} jobs that read the same {count} files"
    note = "" if kept == jobs else f"stopped after {kept} of {jobs} jobs"
    yield Row("dataset-archive", done, "the archive", taken, "MB", limit / 1e6, note=note, load=load())
    yield Row("dataset-ingest", done, "one more job", seconds, "s", 1, load=load())


def opening(plan: Plan) -> Iterator[Row]:
    """The first page of jobs from a store with few and with many."""
    few, many = 10, max(11, plan.scaled(TINY))
    small, large = _build(plan, f"tiny-{few}", sweeps.tiny(few)), _build(plan, f"tiny-{many}", sweeps.tiny(many))
    _ripen(large)
    samples = {
        name: _ms(_ask(plan, built, "opening", runs=3 * plan.runs)["seconds"]) for name, built in (("few", small), ("many", large))
    }
    value = median(samples["many"]) / median(samples["few"])
    done = f"open, sync, first page of {many} jobs"
    yield Row("open", done, f"over a store of {few} jobs", value, "×", 1.5, samples=samples, load=load())


def differences(plan: Plan) -> Iterator[Row]:
    """Two jobs over many shards of which three changed; and over a dataset, large or small, that did not change."""
    count = plan.scaled(SHARDS)
    pair = [sweeps.training(0, sweeps.dataset(count)), sweeps.training(1, sweeps.dataset(count, changed=sweeps.CHANGED))]
    answer = _ask(plan, _build(plan, f"changed-{count}", pair), "difference", a="sweep-0", b="sweep-1", runs=plan.runs)
    if not answer["causes"]:
        raise FailedError("no difference was found")
    samples = {"s": answer["seconds"]}
    done = f"diff of two jobs over {count} shards, {sweeps.CHANGED} changed"
    yield Row("diff", done, "median", median(samples["s"]), "s", 0.5, samples=samples, load=load())
    yield Row("diff-memory", done, "peak of the process", answer["peak"] / 1e6, "MB", 200, samples=samples, load=load())
    found = {}
    for files in (10, plan.scaled(FILES)):
        read = sweeps.dataset(files)
        built = _build(plan, f"same-{files}", (sweeps.training(number, read, rate=number + 0.1) for number in range(2)))
        found[f"{files} files"] = _ask(plan, built, "difference", a="sweep-0", b="sweep-1", runs=plan.runs)["seconds"]
    small, large = found.values()
    done = f"diff of two jobs over the same {plan.scaled(FILES)} files"
    yield Row("diff-same", done, "over 10 files", median(large) / median(small), "×", 1.5, samples=found, load=load())


def _built(plan: Plan, shape: Shape) -> Built:
    return _build(plan, f"pipelines-{shape.pipelines}-{shape.shards}-{shape.seed}", records(shape))


def _build(plan: Plan, name: str, made: Iterable[Record]) -> Built:
    return build(stores(plan.peers) / name, made)


def _ask(plan: Plan, built: Built, question: str, **arguments: Any) -> dict[str, Any]:
    """What the store at `built` answers, asked by a process of its own on a machine that is as calm as it gets."""
    await_calm(plan.patience)
    command = [sys.executable, "-m", "tests.benchmarks.store.ask", built.place, question, json.dumps(arguments)]
    answer: dict[str, Any] = json.loads(printed(command, Path(__file__).resolve().parents[3]))
    return answer


def _ripen(built: Built) -> None:
    """Wait until the folders of a large store are old enough to be passed over: younger ones are listed at every opening."""
    if built.jobs > 1_000:
        newest = max(entry.stat().st_ctime for entry in os.scandir(built.root / "records"))
        time.sleep(max(0.0, newest + TRUSTED_AGE + 1 - time.time()))


def _size(root: Path) -> int:
    """The bytes of all files below `root`."""
    return sum(path.stat().st_size for path in root.rglob("*") if path.is_file())


def _ms(seconds: Iterable[float]) -> list[float]:
    return [each * 1000 for each in seconds]


STORE: Mapping[str, Callable[[Plan], Iterator[Row]]] = {
    "walk": walks,
    "closure": closures,
    "list": lists,
    "ingest": ingest,
    "dataset": datasets,
    "open": opening,
    "diff": differences,
}
