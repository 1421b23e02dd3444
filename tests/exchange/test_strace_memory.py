"""A log of any size is read in little memory: what grows is the number of files, not the log."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

MB = 1 << 20
SIZE = 200 * MB
ALLOWED = 60 * MB  # above a log of a few lines: the first look, and one piece of the file
START = '10 1700000000.000001 execve("/usr/bin/python3", ["python3", "loop.py"], 0x7ffe /* 3 vars */) = 0\n'
ROUND = "".join(
    f'{pid} 170000000{n}.{n:06} openat(AT_FDCWD, "/p/shard-{n:03}.txt", O_RDONLY|O_CLOEXEC) = 3\n'
    f"{pid} 170000000{n}.{n:06} fstat(3, {{st_mode=S_IFREG|0644, st_size=4096, ...}}) = 0\n"
    f'{pid} 170000000{n}.{n:06} read(3, "{"text of a file " * 200}"..., 4096) = 4096\n'
    f"{pid} 170000000{n}.{n:06} close(3) = 0\n"
    f"{pid} 170000000{n}.{n:06} wait4(-1,  <unfinished ...>\n"
    f"{pid} 170000000{n}.{n:06} <... wait4 resumed>NULL, 0, NULL) = -1 ECHILD (No child processes)\n"
    for n in range(10)
    for pid in (10, 11)
)
PROBE = """
import json, resource, sys
from roar_tui.cli.app import main
try:
    main()
except SystemExit as end:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    sys.stderr.write(json.dumps({"status": end.code, "peak": peak}))
"""


def peak(log: Path, store: Path) -> tuple[int, dict[str, int]]:
    """The peak memory (bytes) of importing `log`, and what was imported."""
    command = [sys.executable, "-c", PROBE, "--store", str(store), "import", str(log), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    report = json.loads(done.stderr)
    assert not report["status"]
    return report["peak"], json.loads(done.stdout)[0]


def test_memory_does_not_grow_with_the_log(tmp_path: Path) -> None:
    small, large = tmp_path / "small.log", tmp_path / "large.log"
    small.write_text(START + ROUND)
    with large.open("w") as file:
        file.write(START)
        for _ in range(SIZE // len(ROUND)):
            file.write(ROUND)
    least, of_small = peak(small, tmp_path / "store")
    most, of_large = peak(large, tmp_path / "store")
    assert large.stat().st_size > 0.99 * SIZE
    assert (of_large["inputs"], of_large["unparsed"]) == (of_small["inputs"], 0) == (10, 0)
    assert most - least < ALLOWED
