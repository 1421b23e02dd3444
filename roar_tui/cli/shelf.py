"""The store as the recorder sees it, and the runs in it whose recorder died."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from roar_tui.errors import RoarTuiError
from roar_tui.record import recover
from roar_tui.record.model import Record
from roar_tui.store.archive import Archive
from roar_tui.store.known import KnownDigests
from roar_tui.store.location import known_path
from roar_tui.store.store import Store


class StoreShelf:
    """The store as the recorder sees it."""

    def __init__(self, root: Path) -> None:
        self._store = Store.open(root)
        self.known = KnownDigests(known_path())

    def keep(self, record: Record) -> str:
        return self._store.archive.keep(record)

    def keep_blob(self, data: bytes) -> str:
        return self._store.archive.keep_blob(data)

    def remember(self, items: list[tuple[str, os.stat_result, str]]) -> None:
        self.known.put_many(items)

    def announce(self, run_id: str, status: Mapping[str, Any]) -> None:
        path = self._store.archive.running / f"{run_id}.json"
        draft = path.with_suffix(".tmp")
        draft.write_text(json.dumps(status), "ascii")
        draft.replace(path)

    def retire(self, run_id: str) -> None:
        (self._store.archive.running / f"{run_id}.json").unlink(missing_ok=True)

    def index(self) -> None:
        self._store.sync(wait=False)


def interrupted(root: Path) -> Iterator[dict[str, Any]]:
    """What the store was told of this user's runs on this host that nobody follows any more."""
    folder = Archive(root).running
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return
    for name in names:
        if not name.endswith(".json"):
            continue
        try:
            told = json.loads((folder / name).read_bytes())
        except (OSError, ValueError):
            continue
        if isinstance(told, dict) and told.get("run_id") == name.removesuffix(".json") and recover.is_interrupted(told):
            yield told


def bring_in(root: Path) -> tuple[list[str], list[str]]:
    """Recover this user's interrupted runs: the job ids, and a sentence for each run that could not be recovered."""
    jobs, problems = [], []
    for told in interrupted(root):
        directory, run_id = str(told.get("directory")), str(told["run_id"])
        shelf = StoreShelf(root)
        try:
            jobs.append(recover.recover(recover.load(directory), shelf))
        except RoarTuiError as error:  # the store cannot be written: the next command tries again
            problems.append(error.message)
        except Exception as error:  # whatever is wrong with this trace, it must not stop every command from now on
            kept = f"what is left of it is in {directory}" if os.path.isdir(directory) else f"{directory} is gone"
            problems.append(f"A run that was interrupted is lost ({type(error).__name__}: {error}); {kept}.")
            shelf.retire(run_id)
    return jobs, problems
