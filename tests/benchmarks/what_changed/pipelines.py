"""The four pipelines: three jobs in a row, a diamond of four, one shell script, one Makefile that builds what it runs."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from tests.benchmarks.what_changed.work import Command, Work

UTIL = """
    import json, pathlib
    def read(path):
        return pathlib.Path(path).read_text()
    def write(path, value):
        path = pathlib.Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(value if isinstance(value, str) else json.dumps(value))
    def words(text):
        return sorted(text.split())
"""
PREP = """
    import argparse, pathlib, util
    parser = argparse.ArgumentParser()
    parser.add_argument("--raw", default="raw")
    parser.add_argument("--out", default="clean.txt")
    options = parser.parse_args()
    texts = sorted(util.read(path) for path in pathlib.Path(options.raw).glob("*.txt"))
    lines = [word for text in texts for word in util.words(text)]
    util.write(options.out, "\\n".join(lines) + "\\n# long enough not to be equal by chance, which takes 64 bytes\\n")
"""
TRAIN = """
    import argparse, os, sys, util
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", default="clean.txt")
    parser.add_argument("--out", default="model.json")
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("-e", "--epochs", type=int, default=3)
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--fail", action="store_true")
    parser.add_argument("settings", nargs="*")
    options = parser.parse_args()
    if options.fail or "broken" in util.read(options.data):
        sys.exit(1)
    config = util.read("params.yaml").split("#")[0].split()
    table = [util.read(name) for name in ("params.toml", "params.json") if os.path.exists(name)]
    body = {"lr": options.lr, "epochs": options.epochs, "fast": options.fast, "settings": options.settings, "config": config,
            "table": table, "seed": os.environ.get("SEED"), "token": len(os.environ.get("API_TOKEN", "")),
            "words": util.read(options.data).split()}
    util.write(options.out, body)
    place = os.path.join(os.path.dirname(options.out), "metrics.json")
    util.write(place, {"acc": 1 / (1 + len(str(body))), "n": len(body["words"])})
"""
EVAL = """
    import sys, util
    threshold = float(sys.argv[2])
    model = util.read(sys.argv[1])
    util.write(sys.argv[3], {"above": sum(ord(letter) > threshold for letter in model), "model": model[:400]})
"""
FILES = {
    "util.py": UTIL,
    "prep.py": PREP,
    "train.py": TRAIN,
    "eval.py": EVAL,
    "params.yaml": "opt:\n  momentum: 0.9\n  decay: 0.01\nlayers: [4, 8]\n",
    "raw/a.txt": "one two three four five six seven eight nine ten eleven twelve thirteen fourteen\n",
    "raw/b.txt": "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron\n",
    "raw/c.txt": "red orange yellow green blue indigo violet black white grey pink brown cyan teal\n",
}


def _project(place: Path, files: dict[str, str], commands: list[Command]) -> Work:
    work = Work(place / "project", place / "store", commands)
    for name, text in files.items():
        work.write(name, dedent(text).lstrip("\n"))
    return work


def linear(place: Path) -> Work:
    """prep.py, train.py, eval.py: three jobs."""
    return _project(
        place,
        FILES,
        [
            Command(["python3", "prep.py", "--raw", "raw", "--out", "clean.txt"]),
            Command(["python3", "train.py", "--data", "clean.txt", "--out", "model.json", "--lr", "0.1", "--epochs", "3"]),
            Command(["python3", "eval.py", "model.json", "50", "report.json"]),
        ],
    )


SPLIT = """
    import pathlib, util
    for number in range(12):
        text = "\\n".join(util.read(path) + str(number) * 20 for path in sorted(pathlib.Path("raw").glob("*.txt")))
        util.write(f"shards/shard-{number:02}.txt", text)
"""
BRANCH = """
    import os, pathlib, sys, util
    name, size = sys.argv[1:3]
    extra = util.read(f"{name}.cfg.txt")
    shards = [util.read(path)[: int(size)] for path in sorted(pathlib.Path("shards").glob("*.txt"))]
    util.write(f"features-{name}.txt", extra + "".join(shards))
"""
JOIN = """
    import util
    util.write("joined.txt", util.read("features-left.txt") + "\\n---\\n" + util.read("features-right.txt"))
"""


def diamond(place: Path) -> Work:
    """split.py, then left.py and right.py, then join.py: four jobs."""
    files = {"util.py": UTIL, "split.py": SPLIT, "left.py": BRANCH, "right.py": BRANCH + "    # the other\n", "join.py": JOIN}
    files |= {name: text for name, text in FILES.items() if name.startswith("raw/")}
    for name in ("left", "right"):
        files[f"{name}.cfg.txt"] = f"how the {name} side is made, in more than sixty-four bytes of plain text\n"
    return _project(
        place,
        files,
        [
            Command(["python3", "split.py"]),
            Command(["python3", "left.py", "left", "90"]),
            Command(["python3", "right.py", "right", "60"]),
            Command(["python3", "join.py"]),
        ],
    )


SCRIPT = """
    set -e
    out=${1:-run}
    mkdir -p "$out"
    python3 prep.py --raw raw --out "$out/clean.txt"
    sort "$out/clean.txt" | uniq > "$out/words.txt"
    python3 train.py --data "$out/words.txt" --out "$out/model.json" --lr "${LR:-0.1}"
    python3 eval.py "$out/model.json" 50 "$out/report.json"
"""


def script(place: Path) -> Work:
    """`bash pipeline.sh run`: one job of many steps, with a pipe."""
    return _project(place, {**FILES, "pipeline.sh": SCRIPT}, [Command(["bash", "pipeline.sh", "run"])])


MAKEFILE = (
    "CFLAGS = -O1\nLR = 0.1\n\n"
    "report.json: model.json eval.py\n\tpython3 eval.py model.json 50 report.json\n"
    "model.json: words.txt train.py\n\tpython3 train.py --data words.txt --out model.json --lr $(LR)\n"
    "words.txt: count raw/a.txt raw/b.txt\n\tcat raw/a.txt raw/b.txt raw/c.txt | ./count > words.txt\n"
    "count: count.c libtally.so\n\tgcc $(CFLAGS) -o count count.c -L. -ltally -Wl,-rpath,'$$ORIGIN'\n"
    "libtally.so: tally.c tally.h\n\tgcc $(CFLAGS) -fPIC -shared -o libtally.so tally.c\n"
)
COUNT_C = """
    #include <stdio.h>
    #include "tally.h"
    int main(void) {
        char word[256];
        while (scanf("%255s", word) == 1) printf("%s %d\\n", word, tally(word));
        return 0;
    }
"""
TALLY_C = """
    #include "tally.h"
    int tally(const char *word) {
        int sum = START;
        while (*word) sum += *word++;
        return sum;
    }
"""
TALLY_H = "#define START 7\nint tally(const char *word);\n"


def make(place: Path) -> Work:
    """`make`: builds a program and a library of the project in C, runs them, trains and evaluates."""
    files = {**FILES, "Makefile": MAKEFILE, "count.c": COUNT_C, "tally.c": TALLY_C, "tally.h": TALLY_H}
    return _project(place, files, [Command(["make", "-s", "report.json"], before=clean)])


def clean(root: Path) -> None:
    """Remove what make would find up to date."""
    for name in ("report.json", "model.json", "metrics.json", "words.txt", "count", "libtally.so"):
        (root / name).unlink(missing_ok=True)
