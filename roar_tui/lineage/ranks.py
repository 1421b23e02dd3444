"""Steps that are ranks of one parallel run: what one of them writes may come from what any of them read."""

from __future__ import annotations

import os
import sqlite3

from roar_tui.lineage.model import Node
from roar_tui.lineage.nodes import Nodes
from roar_tui.lineage.script import family, script

# What starts ranks on its own machine, by the name of the program, script or module.
LAUNCHERS = frozenset(
    {
        *("torchrun", "torch.distributed.run", "torch.distributed.launch", "accelerate", "deepspeed"),
        *("mpirun", "mpiexec", "mpiexec.hydra", "hydra_pmi_proxy", "orterun", "orted", "prterun", "prted"),
    }
)

# primary keys; UNIQUE (job, number)
_PLACE = "SELECT s.job, s.parent, j.job_group FROM step s JOIN job j ON j.id = s.job WHERE s.id = ?"
_PARENT = "SELECT id FROM step WHERE job = ? AND number = ?"
_SIBLINGS = "SELECT id FROM step WHERE job = ? AND parent = ? AND id <> ? ORDER BY number"
# job_group_started, then UNIQUE (job, number)
_OTHERS = """SELECT s.id FROM job j INDEXED BY job_group_started CROSS JOIN step s ON s.job = j.id
WHERE j.job_group = ? AND j.id <> ? ORDER BY j.started, j.id, s.number"""


class Ranks:
    """Finds the partners of steps, and remembers them."""

    def __init__(self, db: sqlite3.Connection, nodes: Nodes) -> None:
        self._db = db
        self._nodes = nodes
        self._partners: dict[int, tuple[int, ...]] = {}

    def partners(self, step: int) -> tuple[int, ...]:
        """The other ranks (row ids) of the run that the step (row id) is a rank of: they run the same program and script."""
        if step not in self._partners:
            own = _family(self._nodes.about(step))
            self._partners[step] = tuple(row for row in self._beside(step) if _family(self._nodes.about(row)) == own)
        return self._partners[step]

    def _beside(self, step: int) -> list[int]:
        """The steps of the other jobs of its group, and those that the same launcher started."""
        job, parent, group = self._db.execute(_PLACE, (step,)).fetchone()
        rows: list[tuple[int]] = []
        if group is not None:
            rows += self._db.execute(_OTHERS, (group, job)).fetchall()
        started_by = None if parent is None else self._db.execute(_PARENT, (job, parent)).fetchone()
        if started_by is not None and _is_launcher(self._nodes.about(started_by[0])):
            rows += self._db.execute(_SIBLINGS, (job, parent, step)).fetchall()
        return [row for (row,) in rows]


def _family(step: Node) -> tuple[str, str]:
    return family(step.program or "", step.argv)


def _is_launcher(step: Node) -> bool:
    names = (step.program, script(step.argv), step.argv[0] if step.argv else None)
    return any(os.path.basename(name) in LAUNCHERS for name in names if name)
