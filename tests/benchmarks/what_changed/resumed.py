"""Pairs of runs that go on from what is there: incremental builds, checkpoints that are found, parts of a set, data made again."""

from __future__ import annotations

from tests.benchmarks.what_changed.scenario import Scenario
from tests.benchmarks.what_changed.scenarios import both, edit, write
from tests.benchmarks.what_changed.varied import Change, also, becomes, before, delete, project
from tests.benchmarks.what_changed.work import Work

PARTS = [f"f{number}" for number in range(1, 7)]
BUILD = project(
    {
        "Makefile": f"app: main.o {' '.join(f'{each}.o' for each in PARTS)}\n\tgcc -o $@ $^\n%.o: %.c\n\tgcc -c -o $@ $<\n",
        "main.c": "int main(void) { return 0; }\n",
        **{f"{each}.c": f"int {each}(void) {{ return {number}; }}\n" for number, each in enumerate(PARTS)},
    },
    "make -s",
)

LOOP = project(
    {
        "mk.py": """
            import json, os
            os.makedirs("ck", exist_ok=True)
            json.dump({"n": 100, "weights": [1] * 60}, open("ck/last.json", "w"))
            open("raw.txt", "w").write("raw words " * 50)
        """,
        "loop.py": """
            import json, os
            raw = open("raw.txt").read()
            n = json.load(open("ck/last.json"))["n"] if os.path.exists("ck/last.json") else 0
            os.makedirs("ck", exist_ok=True)
            json.dump({"n": n + 5, "weights": [2] * 60}, open("ck/next.json", "w"))
            os.replace("ck/next.json", "ck/last.json")
            open("model.txt", "w").write(f"model {n} " * 20 + raw)
        """,
    },
    "python3 mk.py",
    "python3 loop.py",
)

SUBSET = project(
    {
        "prep.py": """
            import os
            os.makedirs("shards", exist_ok=True)
            for number in range(90):
                open(f"shards/{number:03}.txt", "w").write(f"shard {number} " * 20)
        """,
        "train.py": """
            import sys
            first, last = map(int, sys.argv[1:] or open("take").read().split())
            text = "".join(open(f"shards/{number:03}.txt").read() for number in range(first, last))
            open("model.txt", "w").write(text.upper())
        """,
    },
    "python3 prep.py",
    "python3 train.py 0 60",
)

AGAIN = project(
    {
        "prep.py": """
            import argparse, os
            parser = argparse.ArgumentParser()
            parser.add_argument("--n", type=int, default=3)
            n = parser.parse_args().n
            old = open("data.csv").read() if os.path.exists("data.csv") else ""
            open("next.csv", "w").write(f"row {n}\\n" * 30 + old[:40])
            os.replace("next.csv", "data.csv")
        """,
        "train.py": "open('model.txt', 'w').write('model of ' + open('data.csv').read())\n",
    },
    "python3 prep.py --n 5",
    "python3 train.py",
)


def built(changed: str) -> Change:
    """A whole build, and a source that changed since."""

    def prepare(work: Work) -> None:
        work.run()
        edit(changed, "return", "return 10 +")(work)

    return prepare


def found(work: Work) -> None:
    """This time nobody removes the checkpoint."""
    work.commands[1].before = None


RESUMED = [
    Scenario("make: two incremental builds", BUILD, edit("f4.c", "return", "return 10 +"), (("code", "f4.c"),), built("f3.c")),
    Scenario("make: the same source twice", BUILD, edit("f3.c", "return", "return 20 +"), (("code", "f3.c"),), built("f3.c")),
    Scenario("a checkpoint is found", LOOP, found, (("data", "ck/last.json"),), before(1, "rm ck/last.json")),
    Scenario("a step makes a checkpoint", LOOP, also(0, "python3 mk.py"), (("pipeline", "mk.py"),),
             both(delete(0), write("raw.txt", "raw words " * 50))),
    Scenario("another part of a set, by arguments", SUBSET, becomes(1, "python3 train.py 20 90"),
             (("params", "argument 1"), ("params", "argument 2"))),
    Scenario("another part of a set, by a list", SUBSET, write("take", "20 90\n"), (("data", "take"), ("data", "shards")),
             both(becomes(1, "python3 train.py"), write("take", "0 60\n"))),
    Scenario("an argument dropped, on what was left", AGAIN, becomes(0, "python3 prep.py"), (("params", "--n"),)),
]  # fmt: skip
