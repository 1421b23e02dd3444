"""Pairs of runs with one known change, two, or none: what was done between them, and the causes that a person would name."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.what_changed.pipelines import diamond, linear, make, script
from tests.benchmarks.what_changed.scenario import Scenario
from tests.benchmarks.what_changed.work import Command, Work


def nothing(work: Work) -> None:
    pass


def write(name: str, text: str) -> Callable[[Work], None]:
    return lambda work: work.write(name, text)


def edit(name: str, old: str, new: str) -> Callable[[Work], None]:
    return lambda work: work.edit(name, old, new)


def argument(number: int, old: str, new: str) -> Callable[[Work], None]:
    return lambda work: work.set(number, old, new)


def more(number: int, *words: str) -> Callable[[Work], None]:
    return lambda work: work.commands[number].argv.extend(words)


def variables(**values: str) -> Callable[[Work], None]:
    return lambda work: work.environ.update(values)


def both(*changes: Callable[[Work], None]) -> Callable[[Work], None]:
    def change(work: Work) -> None:
        for each in changes:
            each(work)

    return change


def rename(old: str, new: str) -> Callable[[Work], None]:
    def change(work: Work) -> None:
        (work.root / old).rename(work.root / new)

    return change


def remove(name: str) -> Callable[[Work], None]:
    return lambda work: (work.root / name).unlink()


def insert(number: int, *argv: str) -> Callable[[Work], None]:
    return lambda work: work.commands.insert(number, Command(list(argv)))


def repository(work: Work) -> None:
    work.git("init", "-q", "-b", "main")
    work.write(".gitignore", "*.json\nclean.txt\n")
    work.git("add", ".")
    work.git("commit", "-q", "-m", "first")


def commit(work: Work) -> None:
    work.git("add", ".")
    work.git("commit", "-q", "-m", "more")


def outside(work: Work) -> None:
    """Somebody edits the clean data after it was made, before it is read."""

    def spoil(root: Path) -> None:
        path = root / "clean.txt"
        path.write_text(path.read_text().replace("alpha", "omega"))

    work.commands[1].before = spoil


def retried(work: Work) -> None:
    first = Command([*work.commands[1].argv, "--fail"], status=1)
    work.commands.insert(1, first)


AUGMENT = """import sys, util
util.write(sys.argv[2], util.read(sys.argv[1]) + 'more and more words, to make the text longer than before\\n')
"""
GATHER = """import pathlib, util
util.write('all.txt', ' '.join(util.read(path) for path in sorted(pathlib.Path('raw').glob('*'))))
"""
ORDER = """import util
util.write('clean.txt', '\\n'.join(util.words(util.read('all.txt'))))
"""
TIDY = """import util
util.write('tidy.txt', util.read('raw/a.txt') + util.read('raw/b.txt'))
"""
COLLECT = """import util
util.read('tidy.txt'), util.read('clean.txt')
util.write('all.json', util.read('model.json'))
"""


def augmented(work: Work) -> None:
    work.write("augment.py", AUGMENT)
    work.commands.insert(1, Command(["python3", "augment.py", "clean.txt", "augmented.txt"]))
    work.set(2, "clean.txt", "augmented.txt")


def not_augmented(work: Work) -> None:
    del work.commands[1]
    work.set(1, "augmented.txt", "clean.txt")


def split_in_two(work: Work) -> None:
    work.write("gather.py", GATHER)
    work.write("order.py", ORDER)
    work.commands[0:1] = [Command(["python3", "gather.py"]), Command(["python3", "order.py"])]


def two_versions(work: Work) -> None:
    """Two ways to clean are both run; training takes the first."""
    work.write("tidy.py", TIDY)
    work.write("collect.py", COLLECT)
    work.commands.insert(1, Command(["python3", "tidy.py"]))
    work.commands[3] = Command(["python3", "collect.py"])


def package(version: str) -> Callable[[Work], None]:
    """Training imports an installed package of that version."""

    def install(work: Work) -> None:
        place = work.root.parent / "venv"
        if not place.exists():
            subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True)
            work.edit("train.py", "import argparse,", "import tinypkg, argparse,")
            for command in work.commands:
                command.argv[0] = str(place / "bin" / "python3")
        site = next(place.glob("lib/python3*/site-packages"))
        for old in site.glob("tinypkg*"):
            subprocess.run(["rm", "-r", str(old)], check=True)
        (site / "tinypkg.py").write_text(f"VERSION = '{version}'\n")
        info = site / f"tinypkg-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: tinypkg\nVersion: {version}\n")
        (info / "RECORD").write_text("tinypkg.py,,\n")
        if "tinypkg.V" not in (work.root / "train.py").read_text():
            work.edit("train.py", '"token":', '"version": tinypkg.VERSION, "token":')

    return install


def another_python(work: Work) -> None:
    for command in work.commands:
        command.argv[0] = OTHER_PYTHON or ""


def find_python() -> str | None:
    """An interpreter of another version than the one that runs us."""
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    places = [Path("/usr/bin"), Path("/usr/local/bin"), *sorted(Path.home().glob(".pyenv/versions/3.*/bin"))]
    for minor in ("3.12", "3.13", "3.10", "3.9", "3.11"):
        for place in places:
            if minor != here and os.access(place / f"python{minor}", os.X_OK):
                return str(place / f"python{minor}")
    return None


OTHER_PYTHON = find_python()


def stamped(work: Work) -> None:
    work.edit("train.py", '"seed":', '"made": time.time_ns(), "seed":')
    work.edit("train.py", "import argparse,", "import time, argparse,")


def shard_project(work: Work) -> None:
    """Training on 40 shards that lie there."""
    for number in range(40):
        work.write(f"raw/shard-{number:02}.txt", f"shard {number} " + "word " * 20 + "\n")


def change_shards(*numbers: int) -> Callable[[Work], None]:
    def change(work: Work) -> None:
        for number in numbers:
            work.edit(f"raw/shard-{number:02}.txt", "shard", "SHARD")

    return change


def renamed_shards(work: Work) -> None:
    for path in sorted((work.root / "raw").glob("shard-*.txt")):
        path.rename(path.with_name(path.name.replace("shard-", "part-")))


def in_directory(name: str) -> Callable[[Work], None]:
    """All results below a run's own directory."""

    def change(work: Work) -> None:
        for command in work.commands:
            command.argv[:] = [
                f"{name}/{os.path.basename(word)}" if word.endswith(("clean.txt", ".json")) else word for word in command.argv
            ]

    return change


def swapped(work: Work) -> None:
    work.commands[1], work.commands[2] = work.commands[2], work.commands[1]


def failed_before(work: Work) -> None:
    work.commands.insert(0, Command(["python3", "train.py", "--fail"], status=1))


SED = 'sed -i s/alpha/omega/ "$out/words.txt"'


def later(_: Work) -> None:
    time.sleep(0.01)


SLURM = {"SLURM_JOB_ID": "88123", "SLURM_PROCID": "0", "SLURM_JOB_NODELIST": "gpu-7", "HOSTNAME": "gpu-7"}
RETRY = """for attempt in 1 2 3; do
    python3 train.py --data clean.txt ${FAIL:+--fail} --out model.json && break
    unset FAIL
done
"""


def retry_script(work: Work) -> None:
    work.write("pipeline.sh", "python3 prep.py --out clean.txt\n" + RETRY)


SCENARIOS = [
    Scenario("nothing changed", linear, nothing, identical=True),
    Scenario("a raw file changed", linear, edit("raw/b.txt", "gamma", "GAMMA"), (("data", "raw/b.txt"),)),
    Scenario("a raw file added", linear, write("raw/d.txt", "a fourth text of more than sixty-four bytes, with many other words\n"),
             (("data", "raw/d.txt"),)),
    Scenario("a raw file removed", linear, remove("raw/c.txt"), (("data", "raw/c.txt"),)),
    Scenario("a raw file renamed", linear, rename("raw/b.txt", "raw/bb.txt"), identical=True),
    Scenario("a script changed, not committed", linear, edit("train.py", "1 / (1 +", "2 / (1 +"), (("code", "train.py"),)),
    Scenario("a module changed and committed", linear, both(edit("util.py", "sorted(text.split())", "text.split()[::-1]"), commit),
             (("code", "util.py"),), repository),
    Scenario("an unrelated commit", linear, both(write("notes.md", "later\n"), commit), (), repository, True, "git commit"),
    Scenario("--lr", linear, argument(1, "0.1", "0.2"), (("params", "--lr"),)),
    Scenario("a positional argument", linear, argument(2, "50", "60"), (("params", "argument 2"),)),
    Scenario("--lr=0.2 for --lr 0.2", linear, lambda work: work.commands[1].argv.__setitem__(slice(6, 8), ["--lr=0.1"]),
             identical=True),
    Scenario("options in another order", linear,
             lambda work: work.commands[1].argv.__setitem__(slice(2, None), ["--epochs", "3", "--lr", "0.1", "--out", "model.json",
                                                                             "--data", "clean.txt"]), identical=True),
    Scenario("a Hydra setting", linear, argument(1, "opt.momentum=0.9", "opt.momentum=0.8"), (("params", "opt.momentum"),),
             more(1, "opt.momentum=0.9")),
    Scenario("a flag added", linear, more(1, "--fast"), (("params", "--fast"),)),
    Scenario("a short option", linear, argument(1, "5", "6"), (("params", "-e"),), more(1, "-e", "5")),
    Scenario("a key of params.yaml", linear, edit("params.yaml", "0.9", "0.8"), (("params", "params.yaml:opt.momentum"),)),
    Scenario("a comment in params.yaml", linear, edit("params.yaml", "layers: [4, 8]", "layers: [4, 8]  # two"), identical=True),
    Scenario("a key of params.toml", linear, edit("params.toml", "width = 3", "width = 4"),
             (("params", "params.toml:model.width"),),
             write("params.toml", "[model]\nwidth = 3\n")),
    Scenario("a key of params.json", linear, edit("params.json", "7", "8"), (("params", "params.json:depth"),),
             write("params.json", '{"depth": 7}')),
    Scenario("$SEED", linear, variables(SEED="2"), (("environment", "$SEED"),), variables(SEED="1")),
    Scenario("a secret", linear, variables(API_TOKEN="0123456789abcdefghij"), (("environment", "$API_TOKEN"),),
             variables(API_TOKEN="0123456789abcdef")),
    Scenario("a package's version", linear, package("1.1"), (("environment", "tinypkg"),), package("1.0")),
    Scenario("another Slurm job on another host", linear, variables(**SLURM), identical=True),
    Scenario("another output path", linear, in_directory("results"), identical=None),
    Scenario("runs/a and runs/b", linear, in_directory("runs/b"), (), in_directory("runs/a")),
    Scenario("another project directory", linear, lambda work: work.move("copy"), identical=True),
    Scenario("a time in an output", linear, later, (("nondeterminism", "train.py"),), stamped),
    Scenario("changed outside between two steps", linear, outside, (("data", "clean.txt"),)),
    Scenario("a retried step", linear, retried, identical=True),
    Scenario("a failed run before", linear, failed_before, identical=True),
    Scenario("a step added", linear, augmented, (("pipeline", "augment.py"),)),
    Scenario("a step removed", linear, not_augmented, (("pipeline", "augment.py"),), augmented),
    Scenario("a step split in two", linear, split_in_two, (("pipeline", "order.py"),)),
    Scenario("rewired", linear, lambda work: work.set(2, "clean.txt", "tidy.txt"), (("pipeline", "train.py"),), two_versions),
    Scenario("data and a parameter", linear, both(edit("raw/b.txt", "gamma", "GAMMA"), argument(1, "0.1", "0.2")),
             (("data", "raw/b.txt"), ("params", "--lr"))),
    Scenario("one of 43 shards", linear, change_shards(7), (("data", "raw/shard-07.txt"),), shard_project),
    Scenario("three of 43 shards", linear, change_shards(7, 8, 20), (("data", "/raw"),), shard_project),
    Scenario("shards renamed", linear, renamed_shards, (), shard_project),
    Scenario("diamond: nothing changed", diamond, nothing, identical=True),
    Scenario("diamond: one side's settings", diamond, edit("left.cfg.txt", "left", "LEFT"), (("data", "left.cfg.txt"),)),
    Scenario("diamond: one side's code", diamond, edit("right.py", ".txt\", extra", ".txt\", 'x' + extra"),
             (("code", "right.py"),)),
    Scenario("diamond: a position", diamond, argument(1, "90", "80"), (("params", "argument 2"),)),
    Scenario("diamond: both sides", diamond, both(argument(1, "90", "80"), edit("right.cfg.txt", "right", "RIGHT")),
             (("params", "argument 2"), ("data", "right.cfg.txt"))),
    Scenario("diamond: at the top", diamond, edit("raw/b.txt", "gamma", "GAMMA"), (("data", "raw/b.txt"),)),
    Scenario("diamond: the other order", diamond, swapped, identical=True),
    Scenario("script: nothing changed", script, nothing, identical=True),
    Scenario("script: raw data", script, edit("raw/b.txt", "gamma", "GAMMA"), (("data", "raw/b.txt"),)),
    Scenario("script: a Python file", script, edit("train.py", "1 / (1 +", "2 / (1 +"), (("code", "train.py"),)),
    Scenario("script: the script itself", script, edit("pipeline.sh", "LR:-0.1", "LR:-0.3"), (("code", "pipeline.sh"),)),
    Scenario("script: $LR", script, variables(LR="0.2"), (("environment", "$LR"),), variables(LR="0.1")),
    Scenario("script: a step added", script, edit("pipeline.sh", "python3 train.py", SED + "\npython3 train.py"),
             (("code", "pipeline.sh"),)),
    Scenario("script: another directory", script, argument(0, "run", "run2"), ()),
    Scenario("script: retried inside", script, variables(FAIL="yes"), (("environment", "$FAIL"),), retry_script),
    Scenario("make: nothing changed", make, nothing, identical=True),
    Scenario("make: a header", make, edit("tally.h", "7", "8"), (("code", "tally.h"),)),
    Scenario("make: the library's source", make, edit("tally.c", "sum += *word++", "sum += 2 * *word++"), (("code", "tally.c"),)),
    Scenario("make: a variable", make, more(0, "LR=0.2"), (("params", "LR"),)),
    Scenario("make: the Makefile", make, edit("Makefile", "LR = 0.1", "LR = 0.3"), (("code", "Makefile"),)),
    Scenario("make: raw data", make, edit("raw/c.txt", "orange", "ORANGE"), (("data", "raw/c.txt"),)),
]  # fmt: skip
if OTHER_PYTHON is not None:
    SCENARIOS.append(Scenario("another Python", linear, another_python, (("environment", "python"),)))
