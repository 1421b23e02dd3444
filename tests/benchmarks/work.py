"""The work that is recorded: programs and files made for it, the same in every run."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

READ = """
import os, sys
for name in sorted(os.listdir(sys.argv[1])):
    with open(os.path.join(sys.argv[1], name), "rb") as file:
        file.read()
"""
COMPUTE = """
import sys
total = 0
for number in range(int(sys.argv[1])):
    total += number * number % 7
print(total)
"""
OPENS = """
import os, sys
names = [os.path.join(sys.argv[1], name) for name in sorted(os.listdir(sys.argv[1]))]
for number in range(int(sys.argv[2])):
    os.close(os.open(names[number % len(names)], os.O_RDONLY))
sys.stdin.read()  # who watches may not have looked yet
"""
C_SOURCE = """
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
int table_{n}[] = {{ {values} }};
int work_{n}(int argc, char **argv) {{
    int total = 0;
    for (int i = 0; i < argc; i++) total += table_{n}[i % 64] * (int) strlen(argv[i]);
    printf("%d\\n", total);
    return total;
}}
"""


def settle_times() -> None:
    """Wait until what was just written is on disk, and older than a clock tick: younger files may still change."""
    os.sync()
    time.sleep(0.1)


def small_files(place: Path, count: int, size: int = 4096) -> Path:
    """A directory of `count` files of `size` bytes, all different."""
    folder = place / f"shards-{count}"
    if not folder.exists():
        draft = place / f"shards-{count}.part"
        draft.mkdir(parents=True, exist_ok=True)
        for number in range(count):
            (draft / f"shard-{number:07}.bin").write_bytes(b"%016d" % number * (size // 16))
        draft.rename(folder)
        settle_times()
    return folder


def large_files(place: Path, count: int, size: int) -> list[Path]:
    """`count` files of `size` bytes, written just now and so in the page cache."""
    block = bytes(range(256)) * 4096
    paths = []
    for number in range(count):
        path = place / f"large-{number}.bin"
        with open(path, "wb") as file:
            for at in range(0, size, len(block)):
                file.write(at.to_bytes(8, "little") + block[8:])
        paths.append(path)
    settle_times()
    return paths


def script(place: Path, name: str, text: str) -> Path:
    path = place / name
    if not path.exists():
        path.write_text(text)
        settle_times()
    return path


def c_project(place: Path, count: int) -> Path:
    """A directory with `count` C files and a Makefile that compiles each and links them."""
    folder = place / f"c-{count}"
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        values = ", ".join(str(number * 64 + n) for n in range(64))
        (folder / f"part{number}.c").write_text(C_SOURCE.format(n=number, values=values))
    (folder / "main.c").write_text("int main(void) { return 0; }\n")
    objects = " ".join(["main.o", *(f"part{number}.o" for number in range(count))])
    rules = f"program: {objects}\n\t$(CC) -o $@ $^\n%.o: %.c\n\t$(CC) -O2 -c -o $@ $<\nclean:\n\trm -f *.o program\n"
    (folder / "Makefile").write_text(rules)
    settle_times()
    return folder


def openat_lines(cwd: str, count: int, files: int) -> Iterator[str]:
    """`count` lines as strace prints them for a data loader: opens of `files` files in turn, and one failed look-up in ten.

    They begin with the exec of the program; every open has a descriptor and the path behind it.
    """
    pid, seconds = 4711, 1_790_000_000
    yield f'{pid} {seconds}.000000 execve("/usr/bin/python3", ["python3", "train.py"], 0x7ffe5 /* 40 vars */) = 0'
    for number in range(count - 1):
        moment = f"{pid} {seconds + number // 10_000}.{number % 10_000 * 100:06}"
        name = f"shards/shard-{number % files:07}.bin"
        if number % 10 == 9:
            yield f'{moment} openat(AT_FDCWD<{cwd}>, "{name}.idx", O_RDONLY|O_CLOEXEC) = -1 ENOENT (No such file or directory)'
        else:
            yield f'{moment} openat(AT_FDCWD<{cwd}>, "{name}", O_RDONLY|O_CLOEXEC) = 3<{cwd}/{name}>'
