"""Where a demo lives: in a directory that the user keeps, or in a temporary one that goes when the explorer is left."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from roar_tui.errors import UsageError

STORE = ".roar-tui"
FINISHED = "finished"  # in the store's directory: both runs are recorded, with the path of the store that has them


@dataclass(frozen=True)
class Place:
    """`project` holds the scripts and what they make; `store` the records; `kept` is whether they stay."""

    project: Path
    store: Path
    kept: bool

    @property
    def model(self) -> Path:
        """What the demo is about."""
        return self.project / "model.json"

    @property
    def finished(self) -> bool:
        """Whether both runs were recorded into this store before."""
        try:
            return (self.project / STORE / FINISHED).read_text("utf-8") == str(self.store)
        except OSError:
            return False

    def finish(self) -> None:
        """Remember that both runs are recorded."""
        (self.project / STORE).mkdir(exist_ok=True)
        (self.project / STORE / FINISHED).write_text(str(self.store), "utf-8")


@contextmanager
def place(keep: str | None, store: Path | None) -> Iterator[Place]:
    """The place for a demo: `keep` or a new temporary directory, with a store of its own unless `store` is given.

    Raises `UsageError` when `keep` holds something that is not a finished demo.
    """
    if keep is not None:
        project = Path(keep).expanduser().absolute()
        chosen = Place(project, store or project / STORE, kept=True)
        if project.exists() and not project.is_dir():
            raise UsageError(f"{project} is not a directory.", "Name a new one for the demo.")
        if project.is_dir() and any(project.iterdir()) and not chosen.finished:
            what = "a demo that was interrupted" if (project / STORE).is_dir() else "something else already"
            raise UsageError(f"{project} holds {what}.", "Name a new directory for the demo, or remove this one.")
        project.mkdir(parents=True, exist_ok=True)
        yield chosen
        return
    project = Path(tempfile.mkdtemp(prefix="roar-tui-demo-"))
    try:
        yield Place(project, store or project / STORE, kept=False)
    finally:
        if store is None:
            _forget_index(project / STORE)
        shutil.rmtree(project, ignore_errors=True)


def _forget_index(store: Path) -> None:
    """Remove the index of a store that goes away: it lies in the user's cache."""
    from roar_tui.store.location import index_path

    index = index_path(store)
    for suffix in ("", "-wal", "-shm", "-journal"):
        Path(f"{index}{suffix}").unlink(missing_ok=True)
