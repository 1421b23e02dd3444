"""Whether an argument or a variable names a file that the run touched: then it is no parameter, the file is compared itself."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from functools import cached_property

from roar_tui.lineage.diff.graph import Graph, Step
from roar_tui.lineage.diff.places import resolve
from roar_tui.store.schema import from_sql, to_sql

_SEPARATORS = ("-", ".", "_")  # what may follow the beginning of a name
# The path itself, or below it; or beginning with it (`out/model`).
_AFTER = "p.path >= :path || '{}' AND p.path < :path || '{}'"
_THERE = ("p.path = :path", _AFTER.format("/", "0"))
_BEGINNING = tuple(_AFTER.format(each, chr(ord(each) + 1)) for each in _SEPARATORS)
# used_step or generated_step, then the primary key
TOUCHED = tuple(
    f"""SELECT EXISTS (SELECT 1 FROM {table} x INDEXED BY {table}_step JOIN path p ON p.id IN (x.path, x.named)
WHERE x.step = :step AND (x.role <> 'code' OR :code)
AND ({' OR '.join(_THERE)} OR :prefix AND ({' OR '.join(_BEGINNING)})))"""
    for table in ("used", "generated")
)
# used_set_step; a set is not read, but asked for what is there: UNIQUE (path), then member_path
SETS = """SELECT f.id, f.directory, f.named FROM used_set s INDEXED BY used_set_step JOIN fileset f ON f.id = s.fileset
WHERE s.step = :step AND (s.role <> 'code' OR :code)"""
IN_SET = "SELECT " + " OR ".join(
    f"""EXISTS (SELECT 1 FROM path p CROSS JOIN member m INDEXED BY member_path ON m.path = p.id
WHERE {there} AND m.fileset = :fileset)"""
    for there in (*_THERE, *(f":prefix AND {beginning}" for beginning in _BEGINNING))
)


class Touched:
    """Asks the index; answers are remembered."""

    def __init__(self, db: sqlite3.Connection, graph: Graph) -> None:
        self._db = db
        self._children: dict[str, list[Step]] = {}
        self._jobs: dict[str, list[Step]] = {}
        for step in graph.steps.values():
            self._jobs.setdefault(step.job, []).append(step)
            if step.parent is not None:
                self._children.setdefault(step.parent, []).append(step)
        self._known: dict[tuple[int, str], bool] = {}
        self._graph = graph

    def by_step(self, value: str | None, step: Step) -> bool:
        """Whether `value`, seen from the step's directory, is what it or a step that it started touched, or lies above that."""
        return value is not None and self._any(value, step.cwd, self._family(step))

    def by_run(self, value: str | None, step: Step) -> bool:
        """Whether `value` is a path, seen from the step's directory, that any step of the run touched."""
        return value is not None and "/" in value and "\0" not in value and resolve(value, step.cwd) in self._paths

    @cached_property
    def _paths(self) -> frozenset[str]:
        found: set[str] = set()
        for step in self._graph.steps.values():
            for file in (*step.used, *step.made):
                path = file.path
                while len(path) > 1 and path not in found:
                    found.add(path)
                    path = os.path.dirname(path)
        return frozenset(found)

    def by_job(self, value: str, job: str) -> bool:
        """The same for all of a job's steps, for a value that is an absolute path."""
        return value.startswith("/") and self._any(value, "/", self._jobs.get(job, []))

    def _any(self, value: str, cwd: str, steps: Iterable[Step]) -> bool:
        if not value or "\0" in value or len(value) > 4096:
            return False
        path = resolve(value, cwd)
        plain = "/" not in value and "." not in value  # a word, which a package may happen to be called
        return path != "/" and path != cwd and any(self._touched(step.row, path, plain) for step in steps)

    def _touched(self, step: int, path: str, plain: bool) -> bool:
        key = (step, path)
        if key not in self._known:
            values = {"step": step, "path": to_sql(path), "code": not plain, "prefix": not plain}
            self._known[key] = any(self._db.execute(query, values).fetchone()[0] for query in TOUCHED) or any(
                self._in_set(path, not plain, fileset, from_sql(directory), from_sql(named))
                for fileset, directory, named in self._db.execute(SETS, values).fetchall()
            )
        return self._known[key]

    def _in_set(self, path: str, prefix: bool, fileset: int, directory: str, named: str) -> bool:
        """Whether a set of files below a directory, which a step perhaps gave another name, has something at `path`."""
        for place in (directory, named):
            beginnings = [path + "/", *([path + each for each in _SEPARATORS] if prefix else [])]
            if place == path or (place and place.startswith(tuple(beginnings))):
                return True
            if place and path.startswith(place + "/"):
                values = {"path": to_sql(directory + path[len(place) :]), "prefix": prefix, "fileset": fileset}
                if self._db.execute(IN_SET, values).fetchone()[0]:
                    return True
        return False

    def _family(self, step: Step) -> list[Step]:
        found = [step]
        for each in found:
            found += self._children.get(each.id, [])
        return found
