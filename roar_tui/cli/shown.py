"""What `show` prints for each kind of thing, as JSON or readable."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from roar_tui.cli.context import Settings, print_json
from roar_tui.cli.views.facts import How
from roar_tui.lineage.model import Direction, Kind, Node
from roar_tui.lineage.running import state_of
from roar_tui.lineage.target import FilesetTarget, PathTarget
from roar_tui.lineage.walk import Walker
from roar_tui.record.model import Role
from roar_tui.store import queries
from roar_tui.store.results import SeenAt, to_json
from roar_tui.store.store import Store


@dataclass(frozen=True)
class Shown:
    """One call of `show`: where to ask and how to print. `cwd` is what paths are shown relative to."""

    settings: Settings
    store: Store
    db: sqlite3.Connection
    cwd: str
    folded: bool
    everything: bool

    @property
    def how(self) -> How:
        """How long lists are drawn."""
        return How(folded=self.folded, everything=self.everything)

    def job(self, job_id: str, *, left_out: bool) -> None:
        """Print a job, or only which files of it were left out."""
        view = queries.job_view(self.store, self.db, job_id)
        if self.settings.json:
            print_json(to_json(queries.folded_job(view) if self.folded else view))
            return
        from roar_tui.cli.views.job import print_job, print_left_out

        if left_out:
            print_left_out(view)
        else:
            print_job(self.db, view, self.how)

    def step(self, job_id: str, number: int) -> None:
        """Print step `number` of a job, with the job's state."""
        view = queries.step_view(self.store, self.db, job_id, number)
        state = state_of(self.db, job_id)
        if self.settings.json:
            shown = to_json(queries.folded_step(view) if self.folded else view)
            print_json({**shown, "state": None if state is None else state.value})
            return
        from roar_tui.cli.views.step import print_step

        print_step(self.db, view, state, self.how)

    def artifact(self, rowid: int) -> None:
        """Print a known content."""
        view = queries.artifact_view(self.store, self.db, rowid)
        if self.settings.json:
            print_json(to_json(view))
            return
        from roar_tui.cli.views.artifact import print_artifact

        print_artifact(self.db, view, self.cwd, self.how)

    def directory(self, target: FilesetTarget) -> None:
        """Print the newest recorded version of each file below a directory."""
        node = Walker(self.db, Direction.UPSTREAM).start(target)
        producers, consumers = self._next_to(target, target.path)
        if not self.settings.json:
            from roar_tui.cli.views.artifact import print_directory

            print_directory(self.db, target, node.digest, producers, consumers, self.cwd, self.how)
            return
        sizes = [member.size for member in target.members]
        start = len(target.path.rstrip("/")) + 1
        members = [{"name": each.path[start:], "hash": each.digest, "size": each.size} for each in target.members]
        print_json(
            {
                "kind": "artifact",
                "hash": node.digest,
                "algorithm": "blake3-tree",
                "size": None if None in sizes else sum(size or 0 for size in sizes),
                "fileset": {"count": len(members), "members": members},
                "paths": [target.path],
                "producers": to_json(producers),
                "consumers": to_json(consumers),
            }
        )

    def unknown(self, target: PathTarget) -> None:
        """Print a file whose content is unknown: where it was seen."""
        producers, consumers = self._next_to(target, target.path)
        if not self.settings.json:
            from roar_tui.cli.views.artifact import print_unknown

            print_unknown(self.db, target, producers, consumers, self.cwd, self.how)
            return
        print_json(
            {
                "kind": "artifact",
                "hash": None,
                "algorithm": "blake3",
                "status": target.status,
                "size": None,
                "fileset": None,
                "paths": [target.path],
                "producers": to_json(producers),
                "consumers": to_json(consumers),
            }
        )

    def _next_to(self, target: FilesetTarget | PathTarget, path: str) -> tuple[list[SeenAt], list[SeenAt]]:
        """The steps that made `target` and those that used it, for what has no row of its own in the index."""
        found: list[list[SeenAt]] = []
        for direction in Direction:
            walker = Walker(self.db, direction)
            steps = [node for node in walker.expand(walker.start(target)) if node.kind is Kind.STEP]
            found.append([_seen(node, path) for node in steps])
        return found[0], found[1]


def _seen(node: Node, path: str) -> SeenAt:
    """A step next to a file in a walk, as a place where the file was seen."""
    edge = node.edge
    assert edge is not None  # what a walker gives of a step
    assert node.job is not None
    assert node.step is not None
    return SeenAt(
        job=node.job,
        step=node.step,
        path=edge.paths[0] if len(edge.paths) == 1 else path,
        time=edge.time,
        role=Role(edge.role) if edge.role else Role.DATA,
        argv=list(node.argv),
    )
