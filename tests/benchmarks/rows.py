"""The benchmarks by name. Each gives one row or several; what is not installed gives a row that says so."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.benchmarks import work
from tests.benchmarks.measure import LATENCY, Row, alternate, awake, load, median, printed, ratio, timed
from tests.benchmarks.plan import Plan
from tests.benchmarks.store.rows import STORE
from tests.benchmarks.subjects import Recorder, ReproZip, Roar, strace_seconds
from tests.benchmarks.watch import Watch

FILES = 20_000
C_FILES = 60
SECONDS = 10.0
TRIALS = 5  # of the machine's speed: the best counts, so that the work takes no less than it should
OPENS, OPENED = 1_000_000, 1_000
LARGE = 1 << 30
LINES = 400_000


def start(plan: Plan) -> Iterator[Row]:
    """What a command that does nothing costs."""
    recorder = Recorder(plan.place / "own")
    folder = plan.place / "start"
    folder.mkdir(exist_ok=True)
    recorder.seconds(["true"], folder)
    samples = alternate(
        plan.runs,
        plan.patience,
        strace=lambda: strace_seconds(["true"], folder, plan.place),
        roar_tui=lambda: recorder.seconds(["true"], folder),
    )
    more = median([a - b for a, b in zip(samples["roar_tui"], samples["strace"], strict=True)])
    yield Row("true", "true", "more than strace", more, "s", 0.30, samples=samples, load=load())


def small(plan: Plan) -> Iterator[Row]:
    """Many small files, first with an empty store and no known digests, then with both from the run before."""
    count = plan.scaled(FILES)
    files, script = work.small_files(plan.place, count), work.script(plan.place, "read.py", work.READ)
    command = [sys.executable, str(script), str(files)]
    recorder = Recorder(plan.place / "own")

    def first() -> float:
        recorder.forget()
        return recorder.seconds(command, plan.place, inputs=count)

    def measured() -> dict[str, list[float]]:
        return alternate(
            plan.runs,
            plan.patience,
            bare=lambda: timed(command, plan.place)[0],
            strace=lambda: strace_seconds(command, plan.place, plan.place),
            first=first,
            known=lambda: recorder.seconds(command, plan.place, inputs=count),
        )

    def rows(suffix: str, measure: str, samples: dict[str, list[float]]) -> Iterator[Row]:
        for name, target in (("first", 1.25), ("known", 1.15)):
            shown = {side: samples[side] for side in ("bare", "strace", name)}
            value = ratio(samples, name, "strace")
            yield Row(f"small-{name}{suffix}", work_done, measure, value, "×", target, samples=shown, load=load())

    work_done = f"read {count} files of 4 KiB"
    yield from rows("", "over strace", measured())
    measure = "the same, processors awake"
    try:
        with awake():
            samples = measured()
    except OSError as error:
        yield Row("small-awake", work_done, measure, None, "×", note=f"{LATENCY}: {error.strerror}")
    else:
        yield from rows("-awake", measure, samples)


def peers(plan: Plan) -> Iterator[Row]:
    """The same small files, first run, beside roar and ReproZip."""
    count = plan.scaled(FILES)
    files, script = work.small_files(plan.place, count), work.script(plan.place, "read.py", work.READ)
    command = [sys.executable, str(script), str(files)]
    work_done = f"read {count} files of 4 KiB, hashes unknown"
    recorder, roar = Recorder(plan.place / "own"), Roar(plan.peers, plan.place)
    reprozip = ReproZip(plan.peers, plan.place)

    def own() -> float:
        recorder.forget()
        return recorder.seconds(command, plan.place, inputs=count, indexed=True)

    few = min(count, 500)
    probe = [sys.executable, str(script), str(work.small_files(plan.place, few))]
    tracer = None if roar.why_not else roar.fastest(probe, plan.place, few)
    if tracer is None:
        yield Row("roar", work_done, "over roar run", None, "×", 0.1, note=roar.why_not or "no tracer of roar sees the files here")
    else:
        samples = alternate(plan.runs, plan.patience, roar=lambda: roar.seconds(tracer, command, plan.place), roar_tui=own)
        roar.forget(plan.place)
        value, measure = ratio(samples, "roar_tui", "roar"), f"over roar run ({tracer})"
        yield Row("roar", work_done, measure, value, "×", 0.1, samples=samples, load=load())
    if reprozip.why_not:
        yield Row("reprozip", work_done, "over reprozip trace", None, "×", note=reprozip.why_not)
    else:
        samples = alternate(plan.runs, plan.patience, reprozip=lambda: reprozip.seconds(command, plan.place), roar_tui=own)
        value = ratio(samples, "roar_tui", "reprozip")
        yield Row("reprozip", work_done, "over reprozip trace", value, "×", samples=samples, load=load())


def make(plan: Plan) -> Iterator[Row]:
    """A compiler run by make: many short processes, outputs that are read again."""
    missing = [program for program in ("make", "cc") if shutil.which(program) is None]
    count = plan.scaled(C_FILES)
    if missing:
        yield Row("make", f"make -j2, {count} C files", "over strace", None, "×", 1.2, note=f"{missing[0]} is not installed")
        return
    folder = work.c_project(plan.place, count)
    recorder = Recorder(plan.place / "own")

    def cleaned(side: Callable[[], float]) -> Callable[[], float]:
        def run() -> float:
            subprocess.run(["make", "clean"], cwd=folder, stdout=subprocess.DEVNULL, check=True)
            work.settle_times()
            return side()

        return run

    command = ["make", "-j2"]
    samples = alternate(
        plan.runs,
        plan.patience,
        bare=cleaned(lambda: timed(command, folder)[0]),
        strace=cleaned(lambda: strace_seconds(command, folder, plan.place)),
        roar_tui=cleaned(lambda: recorder.seconds(command, folder, inputs=count, outputs=count)),
    )
    value = ratio(samples, "roar_tui", "strace")
    yield Row("make", f"make -j2, {count} C files", "over strace", value, "×", 1.2, samples=samples, load=load())


def compute(plan: Plan) -> Iterator[Row]:
    """A program that computes and touches no file."""
    script = work.script(plan.place, "compute.py", work.COMPUTE)
    trial = 3_000_000
    fastest = min(timed([sys.executable, str(script), str(trial)], plan.place)[0] for _ in range(TRIALS))
    rounds = int(trial * SECONDS * plan.size / fastest)
    command = [sys.executable, str(script), str(rounds)]
    recorder = Recorder(plan.place / "own")
    recorder.seconds(["true"], plan.place)
    samples = alternate(
        plan.runs,
        plan.patience,
        bare=lambda: timed(command, plan.place)[0],
        roar_tui=lambda: recorder.seconds(command, plan.place),
    )
    value = ratio(samples, "roar_tui", "bare")
    done = f"compute for {SECONDS * plan.size:g} s"
    yield Row("compute", done, "over bare", value, "×", 1.02, samples=samples, load=load())


def opens(plan: Plan) -> Iterator[Row]:
    """Many opens of the same files: memory and disk must follow the files, not the opens. Measured once: it is no time."""
    count = plan.scaled(OPENS)
    files, script = work.small_files(plan.place, OPENED), work.script(plan.place, "opens.py", work.OPENS)
    recorder = Recorder(plan.place / "own")
    recorder.forget()
    command = recorder.command([sys.executable, str(script), str(files), str(count)])
    with Watch(recorder.store) as watch:
        seconds, _ = timed(command, plan.place, recorder.env, stdin=watch.stdin)
    watch.check()
    done = f"{count} opens of {OPENED} files"
    seen = {"seconds": [seconds]}
    yield Row("opens-memory", done, "peak memory of the recorder", watch.memory / 1e6, "MB", 100, samples=seen, load=load())
    yield Row("opens-spool", done, "most disk of the trace", watch.spool / 1e6, "MB", 64, samples=seen, load=load())


def hashing(plan: Plan) -> Iterator[Row]:
    """Large files that lie in the page cache."""
    size = plan.scaled(LARGE)
    if shutil.disk_usage(plan.place).free < 6 * size:
        yield Row("hashing", "hash 4 files", "speed over b3sum", None, "×", 0.85, more_is_better=True, note="the disk is too full")
        return
    paths = [str(path) for path in work.large_files(plan.place, 4, size)]
    program = shutil.which("b3sum")
    whole = "import blake3, sys; [blake3.blake3(max_threads=-1).update_mmap(path) for path in sys.argv[1:]]"
    other = [program] if program else [sys.executable, "-c", whole]
    own = [sys.executable, "-m", "tests.benchmarks.hash_files"]
    samples = alternate(
        plan.runs,
        plan.patience,
        b3sum=lambda: timed([*other, *paths], plan.place)[0],
        roar_tui=lambda: float(printed([*own, *paths], Path(__file__).parents[2])),
    )
    for path in paths:
        os.unlink(path)
    measure = "speed over b3sum" if program else "speed over blake3's mmap (no b3sum)"
    value = ratio(samples, "b3sum", "roar_tui")
    done = f"hash 4 files of {size / (1 << 20):g} MiB"
    yield Row("hashing", done, measure, value, "×", 0.85, more_is_better=True, samples=samples, load=load())


def parser(plan: Plan) -> Iterator[Row]:
    """Lines to effects, by the processor time of one thread."""
    from tests.benchmarks.parse import lines_per_second

    count = plan.scaled(LINES)
    for name, files in (("again", 1_000), ("new", count)):
        lines = list(work.openat_lines(str(plan.place), count, files))
        lines_per_second(lines[: count // 10], str(plan.place))
        speeds = [lines_per_second(lines, str(plan.place)) for _ in range(plan.runs)]
        done = f"{count} openat lines of {files} files"
        target = 200_000.0 if name == "again" else None
        samples = {"lines/s": speeds}
        yield Row(f"parser-{name}", done, "lines to effects", median(speeds), "lines/s", target, more_is_better=True,
                  samples=samples, load=load())  # fmt: skip


BENCHMARKS: dict[str, Callable[[Plan], Iterator[Row]]] = {
    "true": start,
    "small": small,
    "make": make,
    "compute": compute,
    "parser": parser,
    "hashing": hashing,
    "opens": opens,
    "peers": peers,
    **STORE,
}
