"""Stores built through the real archive and the real ingest, in a place of their own; once each, then they are there."""

from __future__ import annotations

import gc
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import roar_tui.record.filesets
import roar_tui.record.model
import roar_tui.store
from roar_tui.record.model import Record
from roar_tui.store.archive import Archive
from roar_tui.store.store import Store
from tests.benchmarks.measure import FailedError

KEEPERS = 4  # threads: a record waits for the disk
AT_ONCE = 64  # records in memory


@dataclass(frozen=True)
class Built:
    """A store and what building it told: seconds, and how many accesses its records have."""

    place: str
    jobs: int
    accesses: int
    keeping: float
    ingest: float

    @property
    def root(self) -> Path:
        return Path(self.place) / "store"


@contextmanager
def here(place: Path) -> Iterator[Store]:
    """The store at `place`; meanwhile this process finds the index of it, and no other store."""
    found = {f"XDG_{name}_HOME": str(place / name.lower()) for name in ("CACHE", "DATA", "STATE")}
    before = {name: os.environ.get(name) for name in found}
    os.environ.update(found)
    try:
        yield Store.open(place / "store")
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def build(place: Path, records: Iterable[Record]) -> Built:
    """Keep and ingest `records` at `place`, unless the same code did so before; FailedError where one is refused."""
    told = place / "built.json"
    if told.exists():
        return Built(**json.loads(told.read_text("utf-8")))
    shutil.rmtree(place, ignore_errors=True)
    with here(place) as store:
        store.archive.ensure()
        began = time.perf_counter()
        jobs, accesses = keep(store.archive, records)
        kept = time.perf_counter()
        report = store.sync()
        done = time.perf_counter()
        known = store.info().jobs
    if known != jobs or report.damaged or report.busy:
        raise FailedError(f"{known} of {jobs} jobs are in the index, {len(report.damaged)} records were refused")
    built = Built(str(place), jobs, accesses, kept - began, done - kept)
    told.write_text(json.dumps(asdict(built)), "utf-8")
    return built


def keep(archive: Archive, records: Iterable[Record]) -> tuple[int, int]:
    """Keep `records`; how many they are, and how many accesses they have."""
    jobs = accesses = 0
    coming = iter(records)
    gc.disable()
    try:
        with ThreadPoolExecutor(KEEPERS) as pool:
            while some := list(islice(coming, AT_ONCE)):
                for _ in pool.map(archive.keep, some):
                    jobs += 1
                accesses += sum(len(step.used) + len(step.generated) for record in some for step in record.steps)
    finally:
        gc.enable()
    return jobs, accesses


def code_key() -> str:
    """A name for the code that decides what a built store is: records, archive, index, and the shapes here."""
    files = [Path(roar_tui.record.model.__file__), *sorted(Path(next(iter(roar_tui.store.__path__))).glob("*.py"))]
    files.append(Path(roar_tui.record.filesets.__file__))
    files += sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.blake2b(b"\0".join(file.read_bytes() for file in files), digest_size=6).hexdigest()


def stores(home: Path) -> Path:
    """Where built stores lie below the bench's home; those that other code built are removed."""
    place = home / "stores" / code_key()
    for other in _others(place):
        shutil.rmtree(other, ignore_errors=True)
    place.mkdir(parents=True, exist_ok=True)
    return place


def _others(place: Path) -> Iterator[Path]:
    if place.parent.is_dir():
        yield from (other for other in place.parent.iterdir() if other != place)
