"""More pairs of runs: drivers in Python, Hydra's and argparse's words, awk and sort, C, many jobs in many directories."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

from tests.benchmarks.what_changed.scenario import Expected, Scenario
from tests.benchmarks.what_changed.work import Command, Work

Change = Callable[[Work], None]


def project(files: dict[str, str], *commands: str) -> Callable[[Path], Work]:
    """A project of these files and commands (as typed; `DIR: command` for another directory than the project's)."""

    def build(place: Path) -> Work:
        work = Work(place / "project", place / "store", [command(each) for each in commands])
        for name, text in files.items():
            work.write(name, dedent(text).lstrip("\n"))
            if text.startswith("#!"):
                (work.root / name).chmod(0o755)
        return work

    return build


def command(line: str) -> Command:
    where, colon, rest = line.partition(": ")
    if colon and " " not in where:
        return Command(shlex.split(rest), where=where)
    return Command(shlex.split(line))


def becomes(number: int, line: str, status: int = 0) -> Change:
    """Another command line."""

    def change(work: Work) -> None:
        work.commands[number] = command(line)
        work.commands[number].status = status

    return change


def edit(name: str, old: str, new: str) -> Change:
    return lambda work: work.edit(name, old, new)


def write(name: str, text: str) -> Change:
    return lambda work: work.write(name, dedent(text).lstrip("\n"))


def env(**values: str) -> Change:
    return lambda work: work.environ.update(values)


def all_of(*changes: Change) -> Change:
    def change(work: Work) -> None:
        for each in changes:
            each(work)

    return change


def insert(number: int, line: str) -> Change:
    return lambda work: work.commands.insert(number, command(line))


def delete(number: int) -> Change:
    return lambda work: work.commands.__delitem__(number)


def shell(line: str) -> Change:
    """Something that is not recorded."""

    def change(work: Work) -> None:
        subprocess.run(["bash", "-ec", line], cwd=work.root, check=True, stdout=subprocess.DEVNULL)

    return change


def before(number: int, line: str) -> Change:
    """Something unrecorded in front of a command."""

    def change(work: Work) -> None:
        work.commands[number].before = lambda root: subprocess.run(["bash", "-ec", line], cwd=root, check=True) and None

    return change


def nothing(_: Work) -> None:
    pass


LONG = "some words that make a text longer than sixty-four bytes, so that it is not equal by chance\n"

# Hydra's words, and an output directory named after the time
APP = project(
    {
        "app.py": """
            import json, pathlib, sys, time, yaml
            config = yaml.safe_load(open("conf/config.yaml"))
            def put(tree, key, value):
                *heads, last = key.split(".")
                for head in heads:
                    tree = tree.setdefault(head, {})
                tree[last] = value
            for word in sys.argv[1:]:
                key, _, value = word.partition("=")
                if word.startswith("~"):
                    config.get("model", {}).pop(key.split(".")[-1], None)
                elif key == "data":
                    config["data"] = yaml.safe_load(open(f"conf/data/{value}.yaml"))
                else:
                    put(config, key.lstrip("+"), value)
            out = pathlib.Path("outputs") / time.strftime("%Y-%m-%d") / time.strftime("%H-%M-%S") / str(time.time_ns())
            out.mkdir(parents=True)
            out.joinpath("model.json").write_text(json.dumps([config, "and more words " * 6], sort_keys=True))
        """,
        "conf/config.yaml": "model:\n  lr: 0.01\n  drop: 0.5\nseed: 3\n",
        "conf/data/small.yaml": "name: small\nbatch:\n  size: 8\n  workers: [1, 2]\n",
        "conf/data/large.yaml": "name: large\nbatch:\n  size: 64\n  workers: [1, 2]\n",
    },
    "python3 app.py model.lr=0.1 data=small",
)

# argparse
ARGS = project(
    {
        "train.py": """
            import argparse, json, pathlib
            parser = argparse.ArgumentParser()
            parser.add_argument("data")
            parser.add_argument("-l", "--lr", default="0.1")
            parser.add_argument("-v", action="count", default=0)
            parser.add_argument("--shift", type=float, default=0)
            parser.add_argument("--set", action="append", default=[])
            parser.add_argument("--no-augment", action="store_true")
            parser.add_argument("--config", default="configs/a.yaml")
            parser.add_argument("--extra", default=None)
            parser.add_argument("--api-key", default="")
            parser.add_argument("--steps", type=int, default=3)
            parser.add_argument("-o", "--out-dir", default="out")
            options = parser.parse_args()
            if options.v > 1:
                print("very verbose")
            text = open(options.data).read()
            out = pathlib.Path(options.out_dir)
            out.mkdir(parents=True, exist_ok=True)
            config = open(options.config).read()
            body = [options.lr, options.shift, options.set, options.no_augment, config, text, len(options.api_key)]
            if options.extra:
                body.append(open(options.extra).read())
            for step in range(100, 100 * options.steps + 1, 100):
                (out / f"ckpt-{step}.json").write_text(json.dumps([step, body]))
            (out / "model.json").write_text(json.dumps([options.steps, body]))
            (out / "metrics.json").write_text(json.dumps({"acc": len(str(body)), "steps": {"n": options.steps}}))
        """,
        "configs/a.yaml": "# the first\nlr: 0.1\nopt: {name: adam, betas: [0.9, 0.99]}\n",
        "configs/b.yaml": "# the second\nlr: 0.2\nopt: {name: adam, betas: [0.9, 0.99]}\n",
        "data/v1.csv": "a,b\n" + "1,2\n" * 30,
        "data/v2.csv": "a,b\n" + "1,3\n" * 30,
        "data/extra.csv": "x,y\n" + "7,8\n" * 30,
    },
    "python3 train.py data/v1.csv",
)

# a driver in Python
DRIVER = project(
    {
        "driver.py": """
            import os, subprocess, sys, tempfile, tomllib
            config = tomllib.load(open("config.toml", "rb"))
            depth = 3
            place = tempfile.mkdtemp(prefix="run-") if "scratch" in sys.argv else "work"
            os.makedirs(place, exist_ok=True)
            python = "python3"
            first = [subprocess.Popen([python, "prep.py", f"raw/{name}.txt", f"{place}/{name}.out"]) for name in "abc"]
            for each in first:
                assert each.wait() == 0
            joined = [f"{place}/{name}.out" for name in "abc"]
            subprocess.run([python, "train.py", *joined, "--lr", str(config["train"]["lr"]), "--depth", str(depth),
                            "--seed", os.environ.get("SEED", "0"), "--out", "model.txt"], check=True)
        """,
        "prep.py": """
            import sys
            open(sys.argv[2], "w").write(open(sys.argv[1]).read().upper())
        """,
        "train.py": """
            import argparse
            parser = argparse.ArgumentParser()
            parser.add_argument("files", nargs="*")
            for name in ("lr", "depth", "seed", "out"):
                parser.add_argument("--" + name)
            options = parser.parse_args()
            text = "".join(open(name).read() for name in options.files)
            open(options.out, "w").write(text + f"{options.lr} {options.depth} {options.seed}")
        """,
        "config.toml": "title = 'x'\n[train]\nlr = 0.1\n[[layers]]\nsize = 3\n[[layers]]\nsize = 4\n",
        "raw/a.txt": "a " + LONG,
        "raw/b.txt": "b " + LONG,
        "raw/c.txt": "c " + LONG,
    },
    "python3 driver.py",
)

# many jobs in many directories, and a library of the project
PLACES = project(
    {
        "lib/common/__init__.py": "from common.text import clean\n",
        "lib/common/text.py": "def clean(text):\n    return text.lower().replace(',', ' ')\n",
        "prep/prep.py": """
            import os, sys
            sys.path.insert(0, "../lib")
            from common import clean
            open(sys.argv[2], "w").write(clean(open(sys.argv[1]).read()))
        """,
        "train/train.py": """
            import sys
            open(sys.argv[2], "w").write(open(sys.argv[1]).read()[::-1] + sys.argv[3])
        """,
        "train/report.py": """
            import sys
            open(sys.argv[2], "w").write(f"{len(open(sys.argv[1]).read())} " * 30 + open(sys.argv[1]).read()[:99])
        """,
        "data/raw.csv": "One, " + LONG,
    },
    "prep: python3 prep.py ../data/raw.csv ../data/clean.csv",
    "train: python3 train.py ../data/clean.csv ../model.txt 7",
    "train: python3 report.py ../model.txt ../report.txt",
)

# xargs, awk, sed and sort in a shell script with functions and loops
TEXTS = project(
    {
        "all.sh": """#!/bin/bash
            set -e
            . ./settings.sh
            count() { awk -v least="$LEAST" -f count.awk "$1" > "$2"; }
            mkdir -p parts
            ls raw/*.txt | xargs -P 4 -n 1 ./split.sh
            for file in parts/*.words; do count "$file" "${file%.words}.counts" & done
            wait
            sort -m parts/*.counts | sed -e 's/:/ /' > all.txt
            python3 - all.txt <<'END'
            import sys
            text = open(sys.argv[1]).read()
            open("summary.txt", "w").write(f"{len(text.split())} words\\n" + text)
            END
        """.replace("\n            ", "\n"),
        "split.sh": "#!/bin/sh\nname=$(basename \"$1\" .txt)\ntr -s ' ' '\\n' < \"$1\" | sort > parts/$name.words\n",
        "settings.sh": "export LEAST=1\n",
        "count.awk": "{ seen[$1]++ }\nEND { for (word in seen) if (seen[word] >= least) print word \":\" seen[word] | \"sort\" }\n",
        **{f"raw/{name}.txt": f"{name} {name} one two three three {LONG}" for name in ("ant", "bee", "cow", "dog")},
    },
    "bash all.sh",
)

# C with pattern rules, built by several at once
BUILD = project(
    {
        "Makefile": (
            "CFLAGS ?= -O1\nall: result.txt\n%.o: %.c common.h\n\t$(CC) $(CFLAGS) $(EXTRA) -c -o $@ $<\n"
            "app: main.o add.o mul.o\n\t$(CC) -o $@ $^\nresult.txt: app numbers.txt\n\t./app < numbers.txt > result.txt\n"
        ),
        "common.h": "#ifndef SCALE\n#define SCALE 2\n#endif\nint add(int, int);\nint mul(int, int);\n",
        "main.c": """
            #include <stdio.h>
            #include "common.h"
            int main(void) {
                int a, b;
                while (scanf("%d %d", &a, &b) == 2) printf("%d and %d and some words\\n", add(a, b), mul(a, b));
                return 0;
            }
        """,
        "add.c": '#include "common.h"\nint add(int a, int b) { return (a + b) * SCALE; }\n',
        "mul.c": '#include "common.h"\nint mul(int a, int b) { return a * b; }\n',
        "numbers.txt": "".join(f"{n} {n + 2}\n" for n in range(20)),
    },
    "make -s -j 4",
)
CLEAN = "rm -f *.o app result.txt"


def clean_first(work: Work) -> None:
    before(0, CLEAN)(work)


# a library of the project, loaded by a program
LIBRARY = project(
    {
        "foo.c": "int foo(int x) { return x * 3; }\n",
        "run.py": """
            import ctypes
            foo = ctypes.CDLL("./libfoo.so").foo
            open("out.txt", "w").write("".join(f"{foo(n)} and more\\n" for n in range(30)))
        """,
    },
    "gcc -shared -fPIC -o libfoo.so foo.c",
    "python3 run.py",
)

# many shards
SHARDS = project(
    {
        "sum.py": """
            import pathlib, sys
            paths = sorted(pathlib.Path(sys.argv[1]).glob("*.txt"))
            open(sys.argv[2], "w").write("".join(sorted(path.read_text() for path in paths)))
        """,
        "train.py": """
            import sys
            open(sys.argv[2], "w").write(open(sys.argv[1]).read().upper())
        """,
    },
    "python3 sum.py shards all.txt",
    "python3 train.py all.txt model.txt",
)


def shards(count: int) -> Change:
    def change(work: Work) -> None:
        for number in range(count):
            work.write(f"shards/part-{number:05}.txt", f"shard {number} {LONG}")

    return change


# plain steps, to be wired in other ways
STEPS = project(
    {
        "filter.py": """
            import sys
            lines = open(sys.argv[1]).read().splitlines()
            open(sys.argv[2], "w").write("\\n".join(line for line in lines if "x" not in line)[:1500] + "\\n")
        """,
        "unique.py": """
            import sys
            lines = open(sys.argv[1]).read().splitlines()
            open(sys.argv[2], "w").write("\\n".join(sorted(set(lines))) + "\\n")
        """,
        "both.py": """
            import sys
            lines = open(sys.argv[1]).read().splitlines()
            kept = "\\n".join(line for line in lines if "x" not in line)[:1500].splitlines()
            open(sys.argv[2], "w").write("\\n".join(sorted(set(kept))) + "\\n# in one\\n")
        """,
        "fit.py": """
            import sys
            text = open(sys.argv[1]).read()
            if "broken" in text:
                sys.exit("broken")
            open(sys.argv[2], "w").write(f"{len(text)}\\n" + text)
        """,
        "raw.txt": "".join(f"line {n % 70} {'x' if n % 7 == 0 else 'y'} with words\n" for n in range(120)),
    },
    "python3 filter.py raw.txt kept.txt",
    "python3 unique.py kept.txt unique.txt",
    "python3 fit.py unique.txt model.txt",
)

EVALUATE = project(
    {
        "eval.py": """
            import argparse
            parser = argparse.ArgumentParser()
            parser.add_argument("--train")
            parser.add_argument("--test")
            options = parser.parse_args()
            text = "".join(f"{name}: {open(value).read()}" for name, value in vars(options).items())
            open("report.txt", "w").write(text)
        """,
        "one.csv": "one " + LONG,
        "two.csv": "two " + LONG,
    },
    "python3 eval.py --train one.csv --test two.csv",
)

INLINE = project({"in.txt": "in " + LONG}, "python3 -c \"open('out.txt', 'w').write(open('in.txt').read() * 2)\"")

FETCH = project(
    {
        "fetch.py": """
            import http.server, threading, urllib.request, os, time
            class Handler(http.server.BaseHTTPRequestHandler):
                def do_GET(self):
                    self.send_response(200)
                    self.end_headers()
                    self.wfile.write(b"an answer of %d words and more, to be longer than sixty-four bytes, which it is now" % time.time_ns())
                def log_message(self, *args):
                    pass
            server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            answer = opener.open(f"http://127.0.0.1:{server.server_port}/").read()
            open("fetched.txt", "wb").write(answer)
        """,
        "use.py": "open('used.txt', 'w').write(open('fetched.txt').read().upper())\n",
    },
    "python3 fetch.py",
    "python3 use.py",
)

SHEBANG = project(
    {
        "work.py": "#!/usr/bin/env python3\nimport sys\nopen('out.txt', 'w').write(open('in.txt').read() + str(sys.argv[1:]))\n",
        "in.txt": LONG,
    },
    "python3 work.py 5",
)

PACKAGE = project(
    {
        "net/__init__.py": "",
        "net/layers/__init__.py": "from net.layers.dense import size\n",
        "net/layers/dense.py": "def size():\n    return 7\n",
        "net/train.py": """
            import configparser, json, os, sys
            from net.layers import size
            from net.util import words
            settings = configparser.ConfigParser()
            settings.read("settings.ini")
            table = json.load(open("table.json"))
            dotenv = open(".env.local").read() if os.path.exists(".env.local") else ""
            body = [size(), words("a b"), dict(settings["train"]), table["layers"], table["name"], dotenv, os.environ.get("MODE")]
            open("model.json", "w").write(json.dumps([body, "and words " * 9]))
        """,
        "net/util.py": "def words(text):\n    return text.split()\n",
        "settings.ini": "[train]\nlr = 0.1\ndepth = 4\n[other]\nx = 1\n",
        "table.json": '{"layers": [{"size": 4, "act": "relu"}, {"size": 8, "act": "relu"}], "name": "a"}',
    },
    "python3 -m net.train --epochs 3",
)


def S(name: str, pipeline: Callable[[Path], Work], change: Change, causes: Expected = (), prepare: Change | None = None,
      identical: bool | None = None, **more: object) -> Scenario:
    return Scenario(name, pipeline, change, causes, prepare, identical, **more)  # type: ignore[arg-type]


VARIED = [
    S("hydra: nothing, in another dated directory", APP, nothing, identical=True),
    S("hydra: a key", APP, becomes(0, "python3 app.py model.lr=0.2 data=small"), (("params", "model.lr"),)),
    S("hydra: +key added", APP, becomes(0, "python3 app.py model.lr=0.1 data=small +trainer.steps=5"), (("params", "trainer.steps"),)),
    S("hydra: ~key", APP, becomes(0, "python3 app.py model.lr=0.1 data=small ~model.drop"), (("params", "model.drop"),)),
    S("hydra: another group", APP, becomes(0, "python3 app.py model.lr=0.1 data=large"), (("params", "data"),)),
    S("hydra: key in a group's file", APP, edit("conf/data/small.yaml", "size: 8", "size: 9"), (("params", "conf/data/small.yaml:batch.size"),)),
    S("hydra: a list in a group's file", APP, edit("conf/data/small.yaml", "[1, 2]", "[1, 3]"), (("params", "conf/data/small.yaml:batch.workers"),)),
    S("hydra: another order", APP, becomes(0, "python3 app.py data=small model.lr=0.1"), identical=True),
    S("hydra: two keys", APP, becomes(0, "python3 app.py model.lr=0.2 data=small seed=4"), (("params", "model.lr"), ("params", "seed"))),
    S("argparse: -v to -v -v, same output", ARGS, becomes(0, "python3 train.py -v -v data/v1.csv"), (("params", "-v"),), becomes(0, "python3 train.py -v data/v1.csv"), True),
    S("argparse: -l0.1 to -l0.2", ARGS, becomes(0, "python3 train.py -l0.2 data/v1.csv"), (("params", "-l"),), becomes(0, "python3 train.py -l0.1 data/v1.csv")),
    S("argparse: -l 0.1 for -l0.1", ARGS, becomes(0, "python3 train.py -l 0.1 data/v1.csv"), (), becomes(0, "python3 train.py -l0.1 data/v1.csv"), True),
    S("argparse: --lr=0.1 to 0.2", ARGS, becomes(0, "python3 train.py --lr=0.2 data/v1.csv"), (("params", "--lr"),), becomes(0, "python3 train.py --lr=0.1 data/v1.csv")),
    S("argparse: negative value", ARGS, becomes(0, "python3 train.py data/v1.csv --shift -2.5"), (("params", "--shift"),), becomes(0, "python3 train.py data/v1.csv --shift -1.5")),
    S("argparse: one of two --set", ARGS, becomes(0, "python3 train.py data/v1.csv --set a=1 --set b=3"), (("params", "--set"),), becomes(0, "python3 train.py data/v1.csv --set a=1 --set b=2")),
    S("argparse: flag before position", ARGS, becomes(0, "python3 train.py --no-augment data/v1.csv"), (("params", "--no-augment"),)),
    S("argparse: another config file", ARGS, becomes(0, "python3 train.py data/v1.csv --config configs/b.yaml"), (("params", "configs/b.yaml:lr"),), becomes(0, "python3 train.py data/v1.csv --config configs/a.yaml")),
    S("argparse: another data file", ARGS, becomes(0, "python3 train.py data/v2.csv"), (("data", "data/v2.csv"),)),
    S("argparse: an extra file", ARGS, becomes(0, "python3 train.py data/v1.csv --extra data/extra.csv"), (("data", "data/extra.csv"),)),
    S("argparse: a secret", ARGS, becomes(0, "python3 train.py data/v1.csv --api-key zk-93847239847239847abcdeffff"), (("params", "--api-key"),), becomes(0, "python3 train.py data/v1.csv --api-key zk-73847239847239847abcdef"), secret="9384723"),
    S("argparse: more steps, more checkpoints", ARGS, becomes(0, "python3 train.py data/v1.csv --steps 5"), (("params", "--steps"),), becomes(0, "python3 train.py data/v1.csv --steps 3")),
    S("argparse: dated output directory", ARGS, becomes(0, "python3 train.py data/v1.csv -o runs/2026-11-25_09-30-00"), (), becomes(0, "python3 train.py data/v1.csv -o runs/2026-11-24_17-12-59"), True),
    S("argparse: dated output and lr", ARGS, becomes(0, "python3 train.py data/v1.csv -o runs/2026-11-25_09-30-00 --lr 0.3"), (("params", "--lr"),), becomes(0, "python3 train.py data/v1.csv -o runs/2026-11-24_17-12-59 --lr 0.2")),
    S("argparse: python for python3", ARGS, becomes(0, "python train.py data/v1.csv"), identical=True),
    S("argparse: absolute path", ARGS, lambda w: w.commands.__setitem__(0, Command(["python3", f"{w.root}/train.py", f"{w.root}/data/v1.csv"])), identical=True),
    S("argparse: ./path", ARGS, becomes(0, "python3 ./train.py ./data/v1.csv"), identical=True),
    S("argparse: python -u -X", ARGS, becomes(0, "python3 -u train.py data/v1.csv"), identical=True),
    S("argparse: script renamed", ARGS, all_of(shell("mv train.py train_v2.py"), becomes(0, "python3 train_v2.py data/v1.csv")), identical=True),
    S("argparse: script copied and changed", ARGS, all_of(shell("sed 's/acc/accuracy/' train.py > train2.py"), becomes(0, "python3 train2.py data/v1.csv")), (("code", "train2.py"),)),
    S("argparse: comment only", ARGS, edit("train.py", "options = ", "# a comment\noptions = "), (("code", "train.py"),), identical=True),
    S("argparse: data renamed", ARGS, all_of(shell("mv data/v1.csv data/renamed.csv"), becomes(0, "python3 train.py data/renamed.csv")), identical=True),
    S("argparse: data touched, mode", ARGS, shell("touch data/v1.csv; chmod 600 data/v1.csv"), identical=True),
    S("argparse: input through a symlink", ARGS, shell("ln -sfn v2.csv data/current.csv"), (("data", "v2.csv"),), all_of(shell("ln -s v1.csv data/current.csv"), becomes(0, "python3 train.py data/current.csv"))),
    S("argparse: directory through a symlink", ARGS, shell("ln -sfn d2 dcur"), (("data", "x.csv"),), all_of(shell("mkdir d1 d2; cp data/v1.csv d1/x.csv; cp data/v2.csv d2/x.csv; ln -s d1 dcur"), becomes(0, "python3 train.py dcur/x.csv"))),
    S("driver: nothing", DRIVER, nothing, identical=True),
    S("driver: a constant in it", DRIVER, edit("driver.py", "depth = 3", "depth = 4"), (("code", "driver.py"),)),
    S("driver: a step's code", DRIVER, edit("prep.py", "upper", "title"), (("code", "prep.py"),)),
    S("driver: a key of its config", DRIVER, edit("config.toml", "lr = 0.1", "lr = 0.2"), (("params", "config.toml:train.lr"),)),
    S("driver: an unused key", DRIVER, edit("config.toml", "size = 4", "size = 5"), (("params", "config.toml:layers.1.size"),), identical=True),
    S("driver: a variable", DRIVER, env(SEED="2"), (("environment", "$SEED"),), env(SEED="1")),
    S("driver: one raw file", DRIVER, edit("raw/b.txt", "words", "WORKS"), (("data", "raw/b.txt"),)),
    S("driver: scratch names", DRIVER, nothing, (), becomes(0, "python3 driver.py scratch"), True),
    S("driver: scratch names and data", DRIVER, edit("raw/b.txt", "words", "WORKS"), (("data", "raw/b.txt"),), becomes(0, "python3 driver.py scratch")),
    S("driver: scratch names and code", DRIVER, edit("train.py", "text +", "text.lower() +"), (("code", "train.py"),), becomes(0, "python3 driver.py scratch")),
    S("driver: three causes", DRIVER, all_of(edit("raw/b.txt", "words", "WORKS"), edit("config.toml", "lr = 0.1", "lr = 0.2"), edit("train.py", "text +", "text.lower() +")), (("data", "raw/b.txt"), ("params", "config.toml:train.lr"), ("code", "train.py"))),
    S("driver: one file less", DRIVER, edit("driver.py", 'for name in "abc"]\nfor', 'for name in "ab"]\nfor'), (("code", "driver.py"),)),
    S("places: nothing", PLACES, nothing, identical=True),
    S("places: raw data", PLACES, edit("data/raw.csv", "One", "Two"), (("data", "data/raw.csv"),)),
    S("places: a module", PLACES, edit("lib/common/text.py", "' '", "';'"), (("code", "lib/common/text.py"),)),
    S("places: run from elsewhere", PLACES, all_of(becomes(0, "python3 prep/prep.py data/raw.csv data/clean.csv"), nothing), (), edit("prep/prep.py", '"../lib"', 'os.path.dirname(os.path.abspath(__file__)) + "/../lib"'), True),
    S("places: train run from the top", PLACES, becomes(1, "python3 train/train.py data/clean.csv model.txt 7"), identical=True),
    S("places: a position", PLACES, becomes(1, "train: python3 train.py ../data/clean.csv ../model.txt 8"), (("params", "argument 3"),)),
    S("places: model elsewhere", PLACES, all_of(becomes(1, "train: python3 train.py ../data/clean.csv ../models/new.txt 7"), becomes(2, "train: python3 report.py ../models/new.txt ../report.txt"), shell("mkdir models")), identical=True),
    S("places: only the first steps again", PLACES, all_of(edit("train/report.py", "30", "31"), delete(0), delete(0)), (("code", "train/report.py"),)),
    S("places: clean data spoilt", PLACES, before(1, "sed -i s/some/sum/ data/clean.csv"), (("data", "data/clean.csv"),)),
    S("places: copied by hand, changed name", PLACES, all_of(before(1, "cp data/clean.csv data/copy.csv"), becomes(1, "train: python3 train.py ../data/copy.csv ../model.txt 7"), before(1, "cp data/clean.csv data/copy.csv")), identical=True),
    S("texts: nothing", TEXTS, nothing, identical=True),
    S("texts: one text", TEXTS, edit("raw/cow.txt", "three", "four"), (("data", "raw/cow.txt"),)),
    S("texts: a text added", TEXTS, write("raw/eel.txt", "eel eel and " + LONG), (("data", "raw/eel.txt"),)),
    S("texts: a text removed", TEXTS, shell("rm -r raw/dog.txt parts"), (("data", "raw/dog.txt"),)),
    S("texts: line order", TEXTS, shell("rev raw/cow.txt > /dev/null; python3 -c \"p='raw/cow.txt'; w=open(p).read().split(); open(p,'w').write(' '.join(reversed(w))+chr(10))\""), (("data", "raw/cow.txt"),), None, True),
    S("texts: split.sh", TEXTS, edit("split.sh", "| sort", "| sort -u"), (("code", "split.sh"),)),
    S("texts: count.awk", TEXTS, edit("count.awk", '":"', '":n"'), (("code", "count.awk"),)),
    S("texts: a sourced setting", TEXTS, edit("settings.sh", "=1", "=2"), (("code", "settings.sh"),)),
    S("texts: the sed inside", TEXTS, edit("all.sh", "s/:/ /", "s/:/;/"), (("code", "all.sh"),)),
    S("texts: the python inside", TEXTS, edit("all.sh", "words\\n", "tokens\\n"), (("code", "all.sh"),)),
    S("texts: a comment in it", TEXTS, edit("all.sh", "wait\n", "wait  # for all\n"), (("code", "all.sh"),), None, True),
    S("texts: other parallelism", TEXTS, edit("all.sh", "-P 4", "-P 1"), (("code", "all.sh"),), None, True),
    S("texts: $LC_ALL", TEXTS, env(LC_ALL="C.UTF-8"), (("environment", "$LC_ALL"),), env(LC_ALL="C"), True),
    S("build: nothing", BUILD, nothing, (), clean_first, True),
    S("build: one source", BUILD, edit("add.c", "a + b", "a + b + 1"), (("code", "add.c"),), clean_first),
    S("build: the header", BUILD, edit("common.h", "SCALE 2", "SCALE 5"), (("code", "common.h"),), clean_first),
    S("build: a comment", BUILD, edit("add.c", "return", "/* the sum */ return"), (("code", "add.c"),), clean_first, True),
    S("build: a definition", BUILD, all_of(becomes(0, "make -s -j 4 EXTRA=-DSCALE=4"), clean_first), (("params", "EXTRA"),), all_of(becomes(0, "make -s -j 4 EXTRA=-DSCALE=3"), clean_first)),
    S("build: -j 1", BUILD, all_of(becomes(0, "make -s -j 1"), clean_first), (("params", "-j"),), clean_first, True),
    S("build: incremental", BUILD, edit("add.c", "a + b", "a + b + 1"), (("code", "add.c"),)),
    S("build: incremental, numbers", BUILD, edit("numbers.txt", "1 3", "1 4"), (("data", "numbers.txt"),)),
    S("build: $CFLAGS", BUILD, env(CFLAGS="-O1 -DSCALE=9"), (("environment", "$CFLAGS"),), all_of(clean_first, env(CFLAGS="-O1 -DSCALE=8"))),
    S("build: Makefile flags", BUILD, edit("Makefile", "-O1", "-O1 -DSCALE=7"), (("code", "Makefile"),), clean_first),
    S("library: its source", LIBRARY, edit("foo.c", "x * 3", "x * 4"), (("code", "foo.c"),)),
    S("library: rebuilt unrecorded", LIBRARY, all_of(delete(0), shell("sed -i 's/x . 3/x + 5/' foo.c; gcc -shared -fPIC -o libfoo.so foo.c")), (("code", "libfoo.so"),)),
    S("library: an option of gcc", LIBRARY, becomes(0, "gcc -O2 -shared -fPIC -o libfoo.so foo.c"), (("params", "-O"),), becomes(0, "gcc -O0 -shared -fPIC -o libfoo.so foo.c"), True),
    S("shards: one of 1,500 changed", SHARDS, edit("shards/part-00700.txt", "shard", "SHARD"), (("data", "shards/part-00700.txt"),), shards(1500)),
    S("shards: one added", SHARDS, write("shards/part-00900x.txt", "another " + LONG), (("data", "shards/part-00900x.txt"),), shards(300)),
    S("shards: one removed", SHARDS, shell("rm shards/part-00007.txt"), (("data", "shards/part-00007.txt"),), shards(300)),
    S("shards: one renamed", SHARDS, shell("mv shards/part-00007.txt shards/zzz.txt"), (), shards(300), True),
    S("shards: all replaced", SHARDS, shell("sed -i s/shard/SHARD/ shards/*"), (("data", "/shards"),), shards(300)),
    S("shards: directory renamed", SHARDS, all_of(shell("mv shards other"), becomes(0, "python3 sum.py other all.txt")), (), shards(300), True),
    S("shards: another directory of others", SHARDS, all_of(shell("cp -r shards other; sed -i s/shard/SHARD/ other/*"), becomes(0, "python3 sum.py other all.txt")), (("data", "/other"),), shards(300)),
    S("shards: another directory, one differs", SHARDS, all_of(shell("cp -r shards other; sed -i s/shard/SHARD/ other/part-00007.txt"), becomes(0, "python3 sum.py other all.txt")), (("data", "other/part-00007.txt"),), shards(300)),
    S("shards: another directory, fewer", SHARDS, all_of(shell("cp -r shards other; rm other/part-0000*"), becomes(0, "python3 sum.py other all.txt")), (("data", "/shards"),), shards(40)),
    S("shards: numbered anew, one in front", SHARDS, shell("cd shards; for n in $(seq 39 -1 0); do mv part-$(printf %05d $n).txt part-$(printf %05d $((n+1))).txt; done; echo 'first of all and longer than sixty-four bytes, so that nothing is by chance' > part-00000.txt"), (("data", "/shards"),), shards(40)),
    S("steps: nothing", STEPS, nothing, identical=True),
    S("steps: one twice", STEPS, insert(1, "python3 filter.py raw.txt kept.txt"), identical=True),
    S("steps: merged", STEPS, all_of(delete(0), becomes(0, "python3 both.py raw.txt unique.txt")), (("pipeline", "both.py"),)),
    S("steps: another tool", STEPS, becomes(1, "bash -c 'sort -u kept.txt > unique.txt; echo more >> unique.txt'"), (("pipeline", "sort"),)),
    S("steps: other order", STEPS, all_of(becomes(0, "python3 unique.py raw.txt unique.txt"), becomes(1, "python3 filter.py unique.txt kept.txt"), becomes(2, "python3 fit.py kept.txt model.txt")), (("pipeline", "filter.py"), ("pipeline", "unique.py"), ("pipeline", "fit.py"))),
    S("steps: one left out", STEPS, all_of(delete(1), becomes(1, "python3 fit.py kept.txt model.txt")), (("pipeline", "unique.py"),)),
    S("steps: broken data", STEPS, all_of(edit("raw.txt", "line 1 y", "line broken y"), becomes(2, "python3 fit.py unique.txt model.txt", 1)), (("data", "raw.txt"),)),
    S("steps: data too large to matter", STEPS, edit("raw.txt", "line 0 x", "line none x"), (("data", "raw.txt"),), None, True),
    S("steps: code and data", STEPS, all_of(edit("raw.txt", "line 1 y", "line other y"), edit("fit.py", "{len(text)}", "{len(text)} bytes")), (("data", "raw.txt"), ("code", "fit.py"))),
    S("steps: a failing attempt between", STEPS, lambda w: w.commands.insert(2, Command(shlex.split("python3 fit.py nothing.txt model.txt"), status=1)), identical=True),
    S("steps: unrelated job between", STEPS, all_of(write("note.py", "open('note.txt', 'w').write('x' * 99)\n"), insert(1, "python3 note.py")), identical=True),
    S("steps: a copy step between", STEPS, all_of(insert(2, "cp unique.txt final.txt"), becomes(3, "python3 fit.py final.txt model.txt")), (("pipeline", "cp"),), None, True),
    S("inputs: two files swapped", EVALUATE, becomes(0, "python3 eval.py --train two.csv --test one.csv"), (("params", "--train"), ("params", "--test"))),
    S("inputs: cat in another order", project({"a.txt": "a " + LONG, "b.txt": "b " + LONG}, "bash -c 'cat a.txt b.txt > out.txt'"), becomes(0, "bash -c 'cat b.txt a.txt > out.txt'"), (("params", "argument 1"), ("params", "argument 2"))),
    S("inputs: stdin", project({"a.txt": "a " + LONG}, "bash -c 'tr a-z A-Z < a.txt > out.txt'"), edit("a.txt", "some", "any"), (("data", "a.txt"),)),
    S("inline: its code", INLINE, becomes(0, "python3 -c \"open('out.txt', 'w').write(open('in.txt').read() * 3)\""), (("params", "-c"),)),
    S("inline: its data", INLINE, edit("in.txt", "some", "any"), (("data", "in.txt"),)),
    S("inline: sort -r", project({"a.txt": "b\na\nc\n" + LONG}, "bash -c 'sort a.txt > out.txt'"), becomes(0, "bash -c 'sort -r a.txt > out.txt'"), (("params", "-r"),)),
    S("inline: env SEED", project({"a.py": "import os\nopen('out.txt', 'w').write(os.environ['SEED'] * 99)\n"}, "env SEED=1 python3 a.py"), becomes(0, "env SEED=2 python3 a.py"), (("environment", "$SEED"),)),
    S("inline: export SEED", project({"a.py": "import os\nopen('out.txt', 'w').write(os.environ['SEED'] * 99)\n"}, "bash -c 'export SEED=1; python3 a.py'"), becomes(0, "bash -c 'export SEED=2; python3 a.py'"), (("environment", "$SEED"),)),
    S("inline: sed -e", project({"a.txt": "b\na\nc\n" + LONG}, "bash -c \"sed -e 's/a/b/' a.txt > out.txt\""), becomes(0, "bash -c \"sed -e 's/a/c/' a.txt > out.txt\""), (("params", "-e"),)),
    S("inline: awk -v", project({"a.txt": "b\na\nc\n" + LONG}, "bash -c \"awk -v n=1 '{ print n, $0 }' a.txt > out.txt\""), becomes(0, "bash -c \"awk -v n=2 '{ print n, $0 }' a.txt > out.txt\""), (("params", "-v"),)),
    S("fetched: another answer", FETCH, nothing, (("nondeterminism", "fetch.py"),), suspect="network"),
    S("shebang: ./work.py", SHEBANG, becomes(0, "./work.py 5"), identical=True, prepare=shell("chmod +x work.py")),
    S("package: a deep module", PACKAGE, edit("net/layers/dense.py", "7", "8"), (("code", "net/layers/dense.py"),)),
    S("package: an INI key", PACKAGE, edit("settings.ini", "depth = 4", "depth = 5"), (("params", "settings.ini:train.depth"),)),
    S("package: a nested JSON key", PACKAGE, edit("table.json", '"size": 8', '"size": 9'), (("params", "table.json:layers.1.size"),)),
    S("package: JSON spelt otherwise", PACKAGE, write("table.json", '{"name": "a",\n "layers": [{"act": "relu", "size": 4}, {"size": 8, "act": "relu"}]}\n'), (("params", "table.json"),)),
    S("package: function moved", PACKAGE, all_of(shell("mv net/util.py net/text.py"), edit("net/train.py", "net.util", "net.text")), (("code", "net/train.py"),), None, True),
    S("package: function moved, another stays", PACKAGE, all_of(write("net/text.py", "def words(text):\n    return text.split()\n"), edit("net/train.py", "net.util", "net.text")), (("code", "net/train.py"),), None, True),
    S("package: a variable it reads", PACKAGE, env(MODE="b"), (("environment", "$MODE"),), env(MODE="a")),
    S("package: a variable added", PACKAGE, env(MODE="b"), (("environment", "$MODE"),)),
    S("package: cached bytecode", PACKAGE, nothing, (), env(PYTHONDONTWRITEBYTECODE=""), True),
    S("package: cached bytecode, module changed", PACKAGE, edit("net/layers/dense.py", "7", "8888"), (("code", "net/layers/dense.py"),), env(PYTHONDONTWRITEBYTECODE="")),
    S("package: a module imported in addition", PACKAGE, all_of(write("net/more.py", "X = 1\n"), edit("net/train.py", "import configparser,", "import net.more, configparser,")), (("code", "net/train.py"),), None, True),
    S("package: --epochs", PACKAGE, becomes(0, "python3 -m net.train --epochs 4"), (("params", "--epochs"),), None, True),
    S("package: as a script of a directory", PACKAGE, becomes(0, "python3 -m net.train --epochs=3"), identical=True),
    S("package: hash seed left to chance", project({"a.py": "import os\nopen('out.txt', 'w').write(os.urandom(40).hex() * 3)\n", "b.py": "open('end.txt', 'w').write(open('out.txt').read() + 'x')\n"}, "python3 a.py", "python3 b.py"), nothing, (("nondeterminism", "a.py"),)),
    S("uuid: outputs named by chance", project({"a.py": "import uuid, json\nopen(f'run-{uuid.uuid4()}.json', 'w').write(json.dumps(['words'] * 30))\n"}, "python3 a.py"), nothing, identical=True),
    S("tar: an archive", project({"x/a.txt": "a " + LONG, "x/b.txt": "b " + LONG, "use.py": "open('out.txt', 'w').write(open('y/x/a.txt').read() + open('y/x/b.txt').read())\n"}, "tar xf x.tar -C y", "python3 use.py"), shell("sed -i s/some/sum/ x/b.txt; tar cf x.tar x"), (("data", "x.tar"),), shell("tar cf x.tar x; mkdir y")),
    S("dirty: an unrelated file", STEPS, all_of(shell("git init -q .; git add .; git -c user.name=a -c user.email=b commit -qm x"), write("notes.txt", "x")), identical=True),
]  # fmt: skip
