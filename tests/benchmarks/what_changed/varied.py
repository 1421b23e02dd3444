"""More pairs of runs: drivers in Python, Hydra's and argparse's words, awk and sort, C, many jobs in many directories."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

from tests.benchmarks.what_changed.scenario import Scenario
from tests.benchmarks.what_changed.scenarios import both, edit, nothing, variables, write
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


def also(number: int, line: str) -> Change:
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
        "count.awk": '{ seen[$1]++ }\nEND { for (word in seen) if (seen[word] >= least) print word ":" seen[word] | "sort" }\n',
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
                    self.wfile.write(b"an answer of %d words, to be longer than sixty-four bytes, which it is" % time.time_ns())
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

# a step that a variable asks for, a loop as long as one says
COND = project(
    {
        "run.sh": """
            set -e
            python3 base.py
            if [ -n "$EXTRA" ]; then python3 extra.py; fi
            for i in $(seq ${N:-2}); do python3 loop.py $i; done
            cat model.txt part-*.txt > end.txt
        """,
        "base.py": "open('model.txt', 'w').write(open('raw.txt').read() * 2)\n",
        "extra.py": "text = open('model.txt').read()\nopen('model.txt', 'w').write(text + 'more')\n",
        "loop.py": "import sys\nopen(f'part-{sys.argv[1]}.txt', 'w').write(sys.argv[1] * 99)\n",
        "raw.txt": "raw " + LONG,
    },
    "bash run.sh",
)

# a job for each shard
PER = project(
    {
        "prep.py": "import sys\nopen(sys.argv[2], 'w').write(open(sys.argv[1]).read().upper())\n",
        "join.py": "import glob\nopen('all.out', 'w').write(''.join(open(path).read() for path in sorted(glob.glob('w/*.txt'))))\n",
        **{f"raw/{name}.txt": f"{name} {LONG}" for name in "abc"},
        "w/keep": "",
    },
    *[f"python3 prep.py raw/{name}.txt w/{name}.txt" for name in "abc"],
    "python3 join.py",
)

# what one run leaves and the next one reads
CACHE = project(
    {
        "train.py": """
            import os
            if os.path.exists("cache/words"):
                text = open("cache/words").read()
            else:
                text = open("raw.txt").read().upper()
                os.makedirs("cache")
                open("cache/words", "w").write(text)
            open("model.txt", "w").write(text * 2)
        """,
        "raw.txt": "raw " + LONG,
    },
    "python3 train.py",
)
HISTORY = project(
    {
        "train.py": """
            open("model.txt", "w").write(open("raw.txt").read() * 2)
            open("history.csv", "a").write("1,2,3 and so many words that the line is longer than sixty-four bytes\\n")
        """,
        "raw.txt": "raw " + LONG,
    },
    "python3 train.py",
)
RESUME = project(
    {
        "train.py": """
            import sys
            text = open("raw.txt").read()
            if "--resume" in sys.argv:
                text += open(sys.argv[2]).read()
            open("ckpt.bin", "w").write(text + "c")
            open("model.txt", "w").write(text * 2)
        """,
        "raw.txt": "raw " + LONG,
    },
    "python3 train.py",
)

# steps that append to one file, the first of them last in one of the two runs
TURNS = project(
    {
        "all.sh": """
            rm -f out.txt
            first=a; test -e sorted.txt && first=d
            python3 append.py $first
            for name in a b c d; do test $name = $first || python3 append.py $name; done
            sort out.txt > sorted.txt
        """,
        "append.py": "import sys\nopen('out.txt', 'a').write(open(f'raw/{sys.argv[1]}.txt').read())\n",
        **{f"raw/{name}.txt": f"{name} {LONG}" for name in "abcd"},
    },
    "bash all.sh",
)
JOINED = project({"all.sh": "cat raw/*.txt > all.txt\n", **{f"raw/{name}.txt": f"{name} {LONG}" for name in "abc"}}, "bash all.sh")
PLACED = project(
    {
        "double.py": "open('out.txt', 'w').write(open('in.txt').read() * 2)\n",
        "one/in.txt": "one " + LONG,
        "two/in.txt": "two " + LONG,
        "join.py": "open('all.txt', 'w').write(open('one/out.txt').read() + open('two/out.txt').read())\n",
    },
    "one: python3 ../double.py",
    "two: python3 ../double.py",
    "python3 join.py",
)

VARIED = [
    Scenario("hydra: nothing, in another dated directory", APP, nothing, identical=True),
    Scenario("hydra: a key", APP, becomes(0, "python3 app.py model.lr=0.2 data=small"), (("params", "model.lr"),)),
    Scenario(
        "hydra: +key added",
        APP,
        becomes(0, "python3 app.py model.lr=0.1 data=small +trainer.steps=5"),
        (("params", "trainer.steps"),),
    ),
    Scenario("hydra: ~key", APP, becomes(0, "python3 app.py model.lr=0.1 data=small ~model.drop"), (("params", "model.drop"),)),
    Scenario("hydra: another group", APP, becomes(0, "python3 app.py model.lr=0.1 data=large"), (("params", "data"),)),
    Scenario(
        "hydra: key in a group's file",
        APP,
        edit("conf/data/small.yaml", "size: 8", "size: 9"),
        (("params", "conf/data/small.yaml:batch.size"),),
    ),
    Scenario("hydra: another order", APP, becomes(0, "python3 app.py data=small model.lr=0.1"), identical=True),
    Scenario(
        "argparse: -v to -v -v, same output",
        ARGS,
        becomes(0, "python3 train.py -v -v data/v1.csv"),
        (("params", "-v"),),
        becomes(0, "python3 train.py -v data/v1.csv"),
        True,
    ),
    Scenario(
        "argparse: -l0.1 to -l0.2",
        ARGS,
        becomes(0, "python3 train.py -l0.2 data/v1.csv"),
        (("params", "-l"),),
        becomes(0, "python3 train.py -l0.1 data/v1.csv"),
    ),
    Scenario(
        "argparse: negative value",
        ARGS,
        becomes(0, "python3 train.py data/v1.csv --shift -2.5"),
        (("params", "--shift"),),
        becomes(0, "python3 train.py data/v1.csv --shift -1.5"),
    ),
    Scenario(
        "argparse: one of two --set",
        ARGS,
        becomes(0, "python3 train.py data/v1.csv --set a=1 --set b=3"),
        (("params", "--set"),),
        becomes(0, "python3 train.py data/v1.csv --set a=1 --set b=2"),
    ),
    Scenario(
        "argparse: another config file",
        ARGS,
        becomes(0, "python3 train.py data/v1.csv --config configs/b.yaml"),
        (("params", "configs/b.yaml:lr"),),
        becomes(0, "python3 train.py data/v1.csv --config configs/a.yaml"),
    ),
    Scenario("argparse: another data file", ARGS, becomes(0, "python3 train.py data/v2.csv"), (("data", "data/v2.csv"),)),
    Scenario(
        "argparse: an extra file",
        ARGS,
        becomes(0, "python3 train.py data/v1.csv --extra data/extra.csv"),
        (("data", "data/extra.csv"),),
    ),
    Scenario(
        "argparse: a secret",
        ARGS,
        becomes(0, "python3 train.py data/v1.csv --api-key zk-93847239847239847abcdeffff"),
        (("params", "--api-key"),),
        becomes(0, "python3 train.py data/v1.csv --api-key zk-73847239847239847abcdef"),
        secret="9384723",
    ),
    Scenario(
        "argparse: more steps, more checkpoints",
        ARGS,
        becomes(0, "python3 train.py data/v1.csv --steps 5"),
        (("params", "--steps"),),
        becomes(0, "python3 train.py data/v1.csv --steps 3"),
    ),
    Scenario(
        "argparse: dated output and lr",
        ARGS,
        becomes(0, "python3 train.py data/v1.csv -o runs/2026-11-25_09-30-00 --lr 0.3"),
        (("params", "--lr"),),
        becomes(0, "python3 train.py data/v1.csv -o runs/2026-11-24_17-12-59 --lr 0.2"),
    ),
    Scenario("argparse: python for python3", ARGS, becomes(0, "python train.py data/v1.csv"), identical=True),
    Scenario(
        "argparse: absolute path",
        ARGS,
        lambda w: w.commands.__setitem__(0, Command(["python3", f"{w.root}/train.py", f"{w.root}/data/v1.csv"])),
        identical=True,
    ),
    Scenario(
        "argparse: script renamed",
        ARGS,
        both(shell("mv train.py train_v2.py"), becomes(0, "python3 train_v2.py data/v1.csv")),
        identical=True,
    ),
    Scenario(
        "argparse: script copied and changed",
        ARGS,
        both(shell("sed 's/acc/accuracy/' train.py > train2.py"), becomes(0, "python3 train2.py data/v1.csv")),
        (("code", "train2.py"),),
    ),
    Scenario(
        "argparse: comment only",
        ARGS,
        edit("train.py", "options = ", "# a comment\noptions = "),
        (("code", "train.py"),),
        identical=True,
    ),
    Scenario("argparse: data touched, mode", ARGS, shell("touch data/v1.csv; chmod 600 data/v1.csv"), identical=True),
    Scenario(
        "argparse: directory through a symlink",
        ARGS,
        shell("ln -sfn d2 now"),
        (("data", "now/x.csv"),),
        both(
            shell("mkdir d1 d2; cp data/v1.csv d1/x.csv; cp data/v2.csv d2/x.csv; ln -s d1 now"),
            becomes(0, "python3 train.py now/x.csv"),
        ),
    ),
    Scenario("driver: a constant in it", DRIVER, edit("driver.py", "depth = 3", "depth = 4"), (("code", "driver.py"),)),
    Scenario(
        "driver: a key of its config", DRIVER, edit("config.toml", "lr = 0.1", "lr = 0.2"), (("params", "config.toml:train.lr"),)
    ),
    Scenario(
        "driver: an unused key",
        DRIVER,
        edit("config.toml", "size = 4", "size = 5"),
        (("params", "config.toml:layers.1.size"),),
        identical=True,
    ),
    Scenario("driver: a variable", DRIVER, variables(SEED="2"), (("environment", "$SEED"),), variables(SEED="1")),
    Scenario(
        "driver: scratch names and code",
        DRIVER,
        edit("train.py", "text +", "text.lower() +"),
        (("code", "train.py"),),
        becomes(0, "python3 driver.py scratch"),
    ),
    Scenario(
        "driver: three causes",
        DRIVER,
        both(
            edit("raw/b.txt", "words", "WORKS"),
            edit("config.toml", "lr = 0.1", "lr = 0.2"),
            edit("train.py", "text +", "text.lower() +"),
        ),
        (("data", "raw/b.txt"), ("params", "config.toml:train.lr"), ("code", "train.py")),
    ),
    Scenario(
        "driver: one file less",
        DRIVER,
        edit("driver.py", 'for name in "abc"]\nfor', 'for name in "ab"]\nfor'),
        (("code", "driver.py"),),
    ),
    Scenario("places: a module", PLACES, edit("lib/common/text.py", "' '", "';'"), (("code", "lib/common/text.py"),)),
    Scenario(
        "places: run from elsewhere",
        PLACES,
        both(becomes(0, "python3 prep/prep.py data/raw.csv data/clean.csv"), nothing),
        (),
        edit("prep/prep.py", '"../lib"', 'os.path.dirname(os.path.abspath(__file__)) + "/../lib"'),
        True,
    ),
    Scenario(
        "places: train run from the top", PLACES, becomes(1, "python3 train/train.py data/clean.csv model.txt 7"), identical=True
    ),
    Scenario(
        "places: model elsewhere",
        PLACES,
        both(
            becomes(1, "train: python3 train.py ../data/clean.csv ../models/new.txt 7"),
            becomes(2, "train: python3 report.py ../models/new.txt ../report.txt"),
            shell("mkdir models"),
        ),
        identical=True,
    ),
    Scenario(
        "places: only the first steps again",
        PLACES,
        both(edit("train/report.py", "30", "31"), delete(0), delete(0)),
        (("code", "train/report.py"),),
    ),
    Scenario("texts: one text", TEXTS, edit("raw/cow.txt", "three", "four"), (("data", "raw/cow.txt"),)),
    Scenario("texts: a text added", TEXTS, write("raw/eel.txt", "eel eel and " + LONG), (("data", "raw/eel.txt"),)),
    Scenario("texts: split.sh", TEXTS, edit("split.sh", "| sort", "| sort -u"), (("code", "split.sh"),)),
    Scenario("texts: count.awk", TEXTS, edit("count.awk", '":"', '":n"'), (("code", "count.awk"),)),
    Scenario("texts: a sourced setting", TEXTS, edit("settings.sh", "=1", "=2"), (("code", "settings.sh"),)),
    Scenario("texts: the python inside", TEXTS, edit("all.sh", "words\\n", "tokens\\n"), (("code", "all.sh"),)),
    Scenario("texts: $LC_ALL", TEXTS, variables(LC_ALL="C.UTF-8"), (("environment", "$LC_ALL"),), variables(LC_ALL="C"), True),
    Scenario("build: one source", BUILD, edit("add.c", "a + b", "a + b + 1"), (("code", "add.c"),), clean_first),
    Scenario("build: the header", BUILD, edit("common.h", "SCALE 2", "SCALE 5"), (("code", "common.h"),), clean_first),
    Scenario(
        "build: a definition",
        BUILD,
        both(becomes(0, "make -s -j 4 EXTRA=-DSCALE=4"), clean_first),
        (("params", "EXTRA"),),
        both(becomes(0, "make -s -j 4 EXTRA=-DSCALE=3"), clean_first),
    ),
    Scenario("build: -j 1", BUILD, both(becomes(0, "make -s -j 1"), clean_first), (("params", "-j"),), clean_first, True),
    Scenario("build: incremental", BUILD, edit("add.c", "a + b", "a + b + 1"), (("code", "add.c"),)),
    Scenario("build: incremental, numbers", BUILD, edit("numbers.txt", "1 3", "1 4"), (("data", "numbers.txt"),)),
    Scenario(
        "build: $CFLAGS",
        BUILD,
        variables(CFLAGS="-O1 -DSCALE=9"),
        (("environment", "$CFLAGS"),),
        both(clean_first, variables(CFLAGS="-O1 -DSCALE=8")),
    ),
    Scenario(
        "library: rebuilt unrecorded",
        LIBRARY,
        both(delete(0), shell("sed -i 's/x . 3/x + 5/' foo.c; gcc -shared -fPIC -o libfoo.so foo.c")),
        (("code", "libfoo.so"),),
    ),
    Scenario(
        "shards: directory renamed",
        SHARDS,
        both(shell("mv shards other"), becomes(0, "python3 sum.py other all.txt")),
        (),
        shards(300),
        True,
    ),
    Scenario(
        "shards: another directory, one differs",
        SHARDS,
        both(shell("cp -r shards other; sed -i s/shard/SHARD/ other/part-00007.txt"), becomes(0, "python3 sum.py other all.txt")),
        (("data", "other/part-00007.txt"),),
        shards(300),
    ),
    Scenario("steps: one twice", STEPS, also(1, "python3 filter.py raw.txt kept.txt"), identical=True),
    Scenario("steps: merged", STEPS, both(delete(0), becomes(0, "python3 both.py raw.txt unique.txt")), (("pipeline", "both.py"),)),
    Scenario(
        "steps: another tool",
        STEPS,
        becomes(1, "bash -c 'sort -u kept.txt > unique.txt; echo more >> unique.txt'"),
        (("pipeline", "sort"),),
    ),
    Scenario(
        "steps: other order",
        STEPS,
        both(
            becomes(0, "python3 unique.py raw.txt unique.txt"),
            becomes(1, "python3 filter.py unique.txt kept.txt"),
            becomes(2, "python3 fit.py kept.txt model.txt"),
        ),
        (("pipeline", "filter.py"), ("pipeline", "unique.py"), ("pipeline", "fit.py")),
    ),
    Scenario(
        "steps: one left out", STEPS, both(delete(1), becomes(1, "python3 fit.py kept.txt model.txt")), (("pipeline", "unique.py"),)
    ),
    Scenario(
        "steps: broken data",
        STEPS,
        both(edit("raw.txt", "line 1 y", "line broken y"), becomes(2, "python3 fit.py unique.txt model.txt", 1)),
        (("data", "raw.txt"),),
    ),
    Scenario(
        "steps: a copy step between",
        STEPS,
        both(also(2, "cp unique.txt final.txt"), becomes(3, "python3 fit.py final.txt model.txt")),
        (("pipeline", "cp"),),
        None,
        True,
    ),
    Scenario(
        "inputs: two files swapped",
        EVALUATE,
        becomes(0, "python3 eval.py --train two.csv --test one.csv"),
        (("params", "--train"), ("params", "--test")),
    ),
    Scenario(
        "inputs: cat in another order",
        project({"a.txt": "a " + LONG, "b.txt": "b " + LONG}, "bash -c 'cat a.txt b.txt > out.txt'"),
        becomes(0, "bash -c 'cat b.txt a.txt > out.txt'"),
        (("params", "argument 1"), ("params", "argument 2")),
    ),
    Scenario(
        "inline: its code",
        INLINE,
        becomes(0, "python3 -c \"open('out.txt', 'w').write(open('in.txt').read() * 3)\""),
        (("params", "-c"),),
    ),
    Scenario(
        "inline: sort -r",
        project({"a.txt": "b\na\nc\n" + LONG}, "bash -c 'sort a.txt > out.txt'"),
        becomes(0, "bash -c 'sort -r a.txt > out.txt'"),
        (("params", "-r"),),
    ),
    Scenario(
        "inline: export SEED",
        project(
            {"a.py": "import os\nopen('out.txt', 'w').write(os.environ['SEED'] * 99)\n"}, "bash -c 'export SEED=1; python3 a.py'"
        ),
        becomes(0, "bash -c 'export SEED=2; python3 a.py'"),
        (("environment", "$SEED"),),
    ),
    Scenario(
        "inline: awk -v",
        project({"a.txt": "b\na\nc\n" + LONG}, "bash -c \"awk -v n=1 '{ print n, $0 }' a.txt > out.txt\""),
        becomes(0, "bash -c \"awk -v n=2 '{ print n, $0 }' a.txt > out.txt\""),
        (("params", "-v"),),
    ),
    Scenario("fetched: another answer", FETCH, nothing, (("nondeterminism", "fetch.py"),), suspect="network"),
    Scenario("shebang: ./work.py", SHEBANG, becomes(0, "./work.py 5"), identical=True, prepare=shell("chmod +x work.py")),
    Scenario("package: a deep module", PACKAGE, edit("net/layers/dense.py", "7", "8"), (("code", "net/layers/dense.py"),)),
    Scenario(
        "package: an INI key", PACKAGE, edit("settings.ini", "depth = 4", "depth = 5"), (("params", "settings.ini:train.depth"),)
    ),
    Scenario(
        "package: a nested JSON key",
        PACKAGE,
        edit("table.json", '"size": 8', '"size": 9'),
        (("params", "table.json:layers.1.size"),),
    ),
    Scenario(
        "package: JSON spelt otherwise",
        PACKAGE,
        write("table.json", '{"name": "a",\n "layers": [{"act": "relu", "size": 4}, {"size": 8, "act": "relu"}]}\n'),
        (("params", "table.json"),),
    ),
    Scenario(
        "package: function moved, another stays",
        PACKAGE,
        both(write("net/text.py", "def words(text):\n    return text.split()\n"), edit("net/train.py", "net.util", "net.text")),
        (("code", "net/train.py"),),
        None,
        True,
    ),
    Scenario("package: a variable added", PACKAGE, variables(MODE="b"), (("environment", "$MODE"),)),
    Scenario(
        "package: cached bytecode, module changed",
        PACKAGE,
        edit("net/layers/dense.py", "7", "8888"),
        (("code", "net/layers/dense.py"),),
        variables(PYTHONDONTWRITEBYTECODE=""),
    ),
    Scenario(
        "uuid: outputs named by chance",
        project(
            {"a.py": "import uuid, json\nopen(f'run-{uuid.uuid4()}.json', 'w').write(json.dumps(['words'] * 30))\n"}, "python3 a.py"
        ),
        nothing,
        identical=True,
    ),
    Scenario(
        "tar: an archive",
        project(
            {
                "x/a.txt": "a " + LONG,
                "x/b.txt": "b " + LONG,
                "use.py": "open('out.txt', 'w').write(open('y/x/a.txt').read() + open('y/x/b.txt').read())\n",
            },
            "tar xf x.tar -C y",
            "python3 use.py",
        ),
        shell("sed -i s/some/sum/ x/b.txt; tar cf x.tar x"),
        (("data", "x.tar"),),
        shell("tar cf x.tar x; mkdir y"),
    ),
    Scenario("script: a variable adds a step", COND, variables(EXTRA="1"), (("environment", "$EXTRA"),)),
    Scenario("script: a variable adds to a loop", COND, variables(N="4"), (("environment", "$N"),), variables(N="2")),
    Scenario(
        "jobs: one more shard, one more job",
        PER,
        both(write("raw/d.txt", "d " + LONG), also(3, "python3 prep.py raw/d.txt w/d.txt")),
        (("data", "raw/d.txt"),),
    ),
    Scenario(
        "jobs: in another order", PER, lambda work: work.commands.__setitem__(slice(0, 3), work.commands[2::-1]), identical=True
    ),
    Scenario("a cache left by the run before", CACHE, nothing),
    Scenario("a history appended to", HISTORY, nothing, identical=True),
    Scenario(
        "resumed from what the run before left", RESUME, becomes(0, "python3 train.py --resume ckpt.bin"), (("data", "ckpt.bin"),)
    ),
    Scenario("background jobs append in any order", TURNS, nothing, (("nondeterminism", "append.py"),), identical=False),
    Scenario("renamed, and so read in another order", JOINED, shell("mv raw/a.txt raw/z.txt"), (("data", "raw/z.txt"),)),
    Scenario("the other way of starting it", PER, becomes(3, "nice -n 1 timeout 100 python3 join.py"), identical=True),
    Scenario(
        "one script in two directories, the other order",
        PLACED,
        lambda work: work.commands.__setitem__(slice(0, 2), work.commands[1::-1]),
        identical=True,
    ),
]
