"""Records and stores for tests: real shapes, made quickly, the same every time.

    sort = step(["sort", "raw.txt"], used=[used("raw.txt")], generated=[made("sorted.txt")])
    store = build_store(tmp_path, [record(["bash", "job.sh"], [sort])])

Contents are told apart by a word: `content("a")` is the digest of the bytes `a`, so that equal words are equal artifacts.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from roar_tui.record.model import (
    FORMAT,
    Access,
    Environment,
    Exit,
    Git,
    LeftOut,
    Package,
    Pipe,
    Record,
    Role,
    State,
    Status,
    Step,
    digest,
)
from roar_tui.store.store import Store

SECOND = 1_000_000
MINUTE = 60 * SECOND
T0 = 1_795_000_000 * SECOND  # 2026-11-18T11:06:40Z
CWD = "/p"
OK = Exit(code=0)


def content(word: str) -> str:
    """The digest of `word`."""
    return digest(os.fsencode(word))


def at(path: str, cwd: str = CWD) -> str:
    """`path` as a record has it: absolute."""
    return path if path.startswith("/") else f"{cwd}/{path}"


def used(path: str, word: str | None = None, *, opened: int = T0, external: bool = True, **more: Any) -> Access:
    """A file that a step read. `word` is its content, `path` itself if None; role and status follow unless given."""
    return Access(**_access(path, word, opened, more), external=external)


def made(
    path: str, word: str | None = None, *, opened: int = T0, finished: int | None = None, survives: bool = True, **more: Any
) -> Access:
    """A file that a step wrote, finished a tenth of a second later unless `finished` says when."""
    finished = opened + SECOND // 10 if finished is None else finished
    return Access(**_access(path, word, opened, more), finished=finished, survives=survives)


def unknown(path: str, status: Status = Status.CHANGED, **more: Any) -> Access:
    """A file that a step read and whose content is not known."""
    return used(path, status=status, **more)


def shards(
    directory: str, count: int, *, first: int = 0, generation: str = "", opened: int = T0, write: bool = False
) -> list[Access]:
    """`count` files `shard-00000.txt`… in `directory`; `generation` makes their contents other ones."""
    make = made if write else used
    return [
        make(f"{directory}/shard-{number:05}.txt", f"shard {number} {generation}", opened=opened + number)
        for number in range(first, first + count)
    ]


def step(
    argv: Sequence[str],
    *,
    number: int = 0,
    parent: int | None = None,
    used: Sequence[Access] = (),
    generated: Sequence[Access] = (),
    started: int = T0,
    ended: int | None = None,
    cwd: str = CWD,
    program: str | None = None,
    exit_: Exit | None = OK,
) -> Step:
    """One step; its program is `/usr/bin/<argv[0]>` unless given, and it takes a second."""
    return Step(
        id=number,
        parent=parent,
        program=program or f"/usr/bin/{os.path.basename(argv[0])}",
        argv=list(argv),
        cwd=cwd,
        started=started,
        pid=1000 + number,
        ended=started + SECOND if ended is None else ended,
        exit=exit_,
        used=list(used),
        generated=list(generated),
    )


def record(
    command: Sequence[str],
    steps: Sequence[Step] = (),
    *,
    started: int = T0,
    ended: int | None = None,
    run_id: str | None = None,
    state: State = State.COMPLETE,
    **more: Any,
) -> Record:
    """One job of `steps`; its run id follows from command and start unless given, fields of `Record` may be set by name."""
    fields: dict[str, Any] = {
        "format": FORMAT,
        "run_id": run_id or content(f"{command} {started}")[:32],
        "state": state,
        "command": list(command),
        "cwd": CWD,
        "started": started,
        "ended": max([started + SECOND, *(s.ended or 0 for s in steps)]) if ended is None else ended,
        "exit": Exit(code=0),
        "host": "node-1",
        "user": "ana",
        "version": "0.1.0",
        "steps": list(steps),
    }
    return Record(**{**fields, **more})


def single(
    command: Sequence[str], used: Sequence[Access] = (), generated: Sequence[Access] = (), *, started: int = T0, **more: Any
) -> Record:
    """A job of one step, whose accesses happen in the second after `started`."""
    return record(command, [step(command, used=used, generated=generated, started=started)], started=started, **more)


def pipeline(*, started: int = T0, lr: str = "0.1", raw: str = "raw", shard_count: int = 8) -> list[Record]:
    """Three jobs, a minute apart: fetch.py -> raw.txt; sort | prep.py -> shards/; train.py -> model.pt, metrics.json.

    `lr` and `raw` (the content of raw.txt) change what comes out.
    """
    t1, t2, t3 = started, started + MINUTE, started + 2 * MINUTE
    fetch = single(
        ["python3", "fetch.py"],
        [used("fetch.py", opened=t1)],
        [made("raw.txt", raw, opened=t1 + 10, size=1000)],
        started=t1,
    )
    shell = step(["bash", "prep.sh"], used=[used("prep.sh", opened=t2)], started=t2, number=0)
    sort = step(
        ["sort", "raw.txt"], used=[used("raw.txt", raw, opened=t2 + 20, size=1000)], started=t2 + 10, number=1, parent=0
    )
    split = step(
        ["python3", "prep.py", "--out", "shards"],
        used=[used("prep.py", opened=t2 + 21)],
        generated=[
            made(access.path, f"{raw} {number}", opened=t2 + 30 + number, size=100)
            for number, access in enumerate(shards("shards", shard_count))
        ],
        started=t2 + 11,
        number=2,
        parent=0,
    )
    pipe = Pipe(id=0, kind="pipe", opened=t2 + 5, writers=[1], readers=[2])
    prep = record(["bash", "prep.sh"], [shell, sort, split], started=t2, pipes=[pipe])
    train = single(
        ["python3", "train.py", "--lr", lr],
        [
            used("train.py", opened=t3),
            used("params.yaml", f"lr {lr}", opened=t3 + 1, size=20),
            *(
                used(access.path, f"{raw} {number}", opened=t3 + 10 + number, size=100)
                for number, access in enumerate(shards("shards", shard_count))
            ),
        ],
        [
            made("model.pt", f"model {raw} {lr}", opened=t3 + 1000, size=4096),
            made("metrics.json", f"metrics {raw} {lr}", opened=t3 + 2000, size=64),
            made("train.log", f"log {raw} {lr} {started}", opened=t3 + 5, role=Role.LOG, size=300),
        ],
        started=t3,
        ended=t3 + 30 * SECOND,
        name="training",
        git=Git(root=CWD, commit="726f617" + "0" * 33, branch="main", dirty=True),
        environment=Environment(
            variables={"SEED": "1"},
            packages=[Package("pip", "numpy", "2.1")],
            python="3.11.7",
            host={"name": "node-1", "cores": 8},
        ),
        left_out=[LeftOut("system", 120)],
    )
    return [fetch, prep, train]


def two_runs() -> list[Record]:
    """`pipeline` twice, a day apart, with another learning rate and other raw data the second time."""
    return pipeline() + pipeline(started=T0 + 24 * 60 * MINUTE, lr="0.2", raw="raw changed")


NASTY = [
    "/p/new\nline.txt",
    "/p/esc\x1b[31mred.txt",
    "/p/[bold]markup[/bold].txt",
    "/p/quote'\"`$.txt",
    "/p/bad-\udcff\udc80.bin",
    "/p/) = 3 <unfinished ...>",
    "/p/ leading and trailing ",
    "/p/wide-漢字-🦖.txt",
]


def nasty(*, started: int = T0) -> Record:
    """A job whose file names, name and argv hold all that a name may hold."""
    return single(
        ["./run\x1b]0;x\x07", "--in", NASTY[4], "a b"],
        [used(path, f"in {number}", opened=started + number) for number, path in enumerate(NASTY)],
        [made(f"{path}.out", f"out {number}", opened=started + 100 + number) for number, path in enumerate(NASTY)],
        started=started,
        name="nasty \udcfe\n",
        cwd="/p/dir\udcff",
    )


def build_store(root: Path, records: Sequence[Record] = (), *, sync: bool = True) -> Store:
    """A store at `root` that keeps `records`; the index lies where XDG_CACHE_HOME says, a place of the test's."""
    store = Store.open(root)
    store.archive.ensure()
    for each in records:
        store.archive.keep(each)
    if sync:
        store.sync()
    return store


def job_id(each: Record) -> str:
    """The id that the archive gives the record."""
    from roar_tui.record.filesets import pack
    from roar_tui.record.model import encode

    return digest(encode(pack(each, digest)))


CODE = {".py", ".sh", ".so", ".R", ".jl"}
CONFIG = {".yaml", ".yml", ".toml", ".ini", ".cfg"}


def _access(path: str, word: str | None, opened: int, more: dict[str, Any]) -> dict[str, Any]:
    suffix = os.path.splitext(path)[1]
    role = Role.CODE if suffix in CODE else Role.CONFIG if suffix in CONFIG else Role.LOG if suffix == ".log" else Role.DATA
    fields: dict[str, Any] = {"path": at(path), "role": role, "status": Status.HASHED, "opened": opened, **more}
    if fields["status"] in {Status.HASHED, Status.REMOVED}:
        fields.setdefault("digest", content(path if word is None else word))
        fields.setdefault("size", 100)
    return fields
