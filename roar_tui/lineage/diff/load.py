"""Both sides of a diff read from the index, together: files of large sets that both have alike are counted, not read.

A step is large from LARGE files on. Large steps of the two sides are paired by program and common files, and only what they do
not have in common is looked up; a fileset that both used is not even opened. What lies upstream of equal contents of a large set
is not followed: it cannot matter.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from roar_tui.lineage import links
from roar_tui.lineage.diff.graph import File, Graph, Job, Maker, Step
from roar_tui.lineage.links import FOREVER, Generation, Use, generations, uses
from roar_tui.lineage.model import Direction
from roar_tui.lineage.opener import Opener
from roar_tui.lineage.ranks import Ranks
from roar_tui.lineage.reading import bulk
from roar_tui.lineage.start import seeds
from roar_tui.lineage.target import ArtifactTarget, FilesetTarget, JobTarget, PathTarget, StepTarget, Target
from roar_tui.store.schema import from_sql

LARGE = 2000  # files that a step used or made; fewer are read in 20 ms

# used_step, used_set_step, generated_step, pipe_end_step: the steps that did more than start others
_BUSY = """SELECT s.id FROM step s WHERE s.job = ? AND (
    EXISTS (SELECT 1 FROM used u INDEXED BY used_step WHERE u.step = s.id AND u.role <> 'environment')
    OR EXISTS (SELECT 1 FROM used_set u INDEXED BY used_set_step WHERE u.step = s.id AND u.role <> 'environment')
    OR EXISTS (SELECT 1 FROM generated g INDEXED BY generated_step WHERE g.step = s.id AND g.role <> 'environment')
    OR EXISTS (SELECT 1 FROM pipe_end e INDEXED BY pipe_end_step WHERE e.step = s.id)) ORDER BY s.number"""
_ALL = "SELECT id FROM step WHERE job = ? ORDER BY number"  # UNIQUE (job, number)
_PARENT = """SELECT p.id FROM step s JOIN step p ON p.job = s.job AND p.number = s.parent WHERE s.id = ?"""
_JOB = """SELECT record, argv, name, cwd, state, started, ended, exit_code, exit_signal, host, user, git_commit
FROM job WHERE digest = ?"""
_WRITERS = """SELECT DISTINCT w.step FROM pipe_end r INDEXED BY pipe_end_step JOIN pipe p ON p.id = r.pipe
JOIN pipe_end w ON w.pipe = p.id WHERE r.step = ? AND r.writes = 0 AND w.writes = 1 AND w.step <> r.step AND p.opened < ?"""
_COUNT = """SELECT (SELECT count(*) FROM used INDEXED BY used_step WHERE step = :step AND opened < :before)
    + (SELECT coalesce(sum(f.count), 0) FROM used_set s INDEXED BY used_set_step JOIN fileset f ON f.id = s.fileset
       WHERE s.step = :step AND s.opened < :before),
    (SELECT count(*) FROM generated INDEXED BY generated_step WHERE step = :step)"""
# the contents of a large step, and its other files; then used_path, generated_path: the access that is one of these contents
_CONTENTS = """SELECT path, artifact FROM {table} INDEXED BY {table}_step
WHERE step = :step AND opened < :before AND role = 'data' AND artifact IS NOT NULL"""
_OTHERS = """SELECT id FROM {table} INDEXED BY {table}_step
WHERE step = :step AND opened < :before AND role <> 'environment' AND (role <> 'data' OR artifact IS NULL)"""
_ONE = "SELECT id FROM {table} INDEXED BY {table}_path WHERE path = ? AND artifact = ? AND step = ? ORDER BY opened LIMIT 1"
# the same of filesets: used_set_step; member's primary key; member_artifact, then used_set_fileset
_SETS = """SELECT s.fileset, f.count FROM used_set s INDEXED BY used_set_step JOIN fileset f ON f.id = s.fileset
WHERE s.step = :step AND s.opened < :before AND s.role = 'data'"""
_MEMBERS = "SELECT path, artifact FROM member WHERE fileset = ?"
_OTHER_MEMBERS = "SELECT id FROM used_member WHERE step = :step AND opened < :before AND role NOT IN ('data', 'environment')"
_ONE_MEMBER = "SELECT id FROM used_member WHERE path = ? AND artifact = ? AND step = ? ORDER BY opened LIMIT 1"
_MAKER = "SELECT step FROM generated WHERE id = ?"
_SURVIVES = "SELECT id FROM generated INDEXED BY generated_step WHERE step = ? AND survives"

Content = tuple[int, int]  # row ids of path and artifact


class _Made:
    """The files that a large step made: those of data with a known content by content, and the row ids of the rest."""

    def __init__(self, db: sqlite3.Connection, step: int) -> None:
        values = {"step": step, "before": FOREVER}
        self.contents: set[Content] = set(db.execute(_CONTENTS.format(table="generated"), values))
        self.others: list[int] = [row[0] for row in db.execute(_OTHERS.format(table="generated"), values)]


class _Used:
    """The files that a large step used, likewise; `sets` are those of data in filesets, by their row ids, with their counts."""

    def __init__(self, db: sqlite3.Connection, step: int, before: int) -> None:
        self._db = db
        values = {"step": step, "before": before}
        self._single: set[Content] = set(db.execute(_CONTENTS.format(table="used"), values))
        self.sets: dict[int, int] = dict(db.execute(_SETS, values))
        queries = (_OTHERS.format(table="used"), _OTHER_MEMBERS)
        self.others: list[int] = [row[0] for query in queries for row in db.execute(query, values)]
        self._members: dict[int, set[Content]] = {}

    def contents(self, beside: _Used) -> set[Content]:
        """The contents but for those in the filesets that `beside` used as well."""
        own = [self._of(fileset) for fileset in self.sets if fileset not in beside.sets]
        return self._single.union(*own)

    def common_sets(self, other: _Used) -> int:
        """How many files are in the filesets that both used."""
        return sum(count for fileset, count in self.sets.items() if fileset in other.sets)

    def _of(self, fileset: int) -> set[Content]:
        if fileset not in self._members:
            self._members[fileset] = set(self._db.execute(_MEMBERS, (fileset,)))
        return self._members[fileset]


class _Large:
    """A step whose files are not read yet."""

    def __init__(self, db: sqlite3.Connection, row: int, before: int) -> None:
        self._db = db
        self.row = row
        self.before = before
        self.used = _Used(db, row, before)
        self.made = _Made(db, row)

    def common(self, other: _Large) -> int:
        """How many files both have alike."""
        used = self.used.contents(other.used) & other.used.contents(self.used)
        return self.used.common_sets(other.used) + len(used) + len(self.made.contents & other.made.contents)

    def used_rows(self, contents: set[Content]) -> list[int]:
        """The ids of the uses of these contents, and of all that has to be looked at anyway."""
        return [*self._rows(contents, (_ONE.format(table="used"), _ONE_MEMBER)), *self.used.others]

    def made_rows(self, contents: set[Content]) -> list[int]:
        """The row ids of the generations of these contents, and of all that has to be looked at anyway."""
        return [*self._rows(contents, (_ONE.format(table="generated"),)), *self.made.others]

    def _rows(self, contents: set[Content], queries: tuple[str, ...]) -> Iterator[int]:
        for content in sorted(contents):
            found = (self._db.execute(query, (*content, self.row)).fetchone() for query in queries)
            yield next(row[0] for row in found if row is not None)


class _Loader:
    """One side while it grows: steps are asked as of a time, and again when a later time leads to them."""

    def __init__(self, opener: Opener, target: Target) -> None:
        self._opener = opener
        self._db = opener.db
        self._ranks = Ranks(opener.db, opener.nodes)
        self.graph = Graph()
        self.large: dict[str, _Large] = {}
        self._asked: dict[int, int] = {}
        self._queue: list[tuple[int, int, bool]] = []  # row id, asked as of, only as a starter of others
        self._appended: dict[str, int] = {}  # the moments of steps that appended to files, until it is known whether these count
        self._begin(target)

    def _begin(self, target: Target) -> None:
        if isinstance(target, JobTarget):
            self._job(target.job_id)
            self.graph.job = target.job_id
            job = (self._db.execute("SELECT id FROM job WHERE digest = ?", (bytes.fromhex(target.job_id),)).fetchone() or (0,))[0]
            rows = self._db.execute(_BUSY, (job,)).fetchall() or self._db.execute(_ALL, (job,)).fetchall()
            steps = [row[0] for row in rows]
            self.graph.wanted = [self._opener.nodes.about(step).id for step in steps]
            self._queue += [(step, FOREVER, False) for step in steps]
            return
        found = seeds(self._opener, target)
        if isinstance(target, StepTarget):
            self.graph.job = target.job_id
            self.graph.wanted = [found[0].node.id]
            self._queue.append((self._opener.nodes.row(found[0].node.id), FOREVER, False))
            return
        self.graph.targets = []
        for seed in found:
            node = seed.node
            path = target.path if isinstance(target, ArtifactTarget | PathTarget) and target.path else node.paths[0]
            if isinstance(target, FilesetTarget):
                path = node.paths[0]
            maker = Maker(seed.hops[0].step, -1) if seed.hops else None
            file = File(0, path, node.digest, node.role or "data", node.status or "", 0, node.size, maker)
            self.graph.targets.append(file)
            self._queue += [(self._opener.nodes.row(hop.step), hop.moment, False) for hop in seed.hops]
        if isinstance(target, ArtifactTarget | PathTarget):
            maker = self.graph.targets[0].maker
            self.graph.job = maker.step.split(":")[1] if maker else None

    def run(self) -> None:
        """Read until only large steps are left."""
        while self._queue:
            row, moment, starter = self._queue.pop()
            step = self._step(row)
            step.starter = step.starter and starter
            if moment <= self._asked.get(row, -1):
                continue
            self._asked[row] = moment
            used, made = self._db.execute(_COUNT, {"step": row, "before": moment}).fetchone()
            if max(used, made) >= LARGE:
                self.large[step.id] = _Large(self._db, row, moment)
            else:
                self._fill(step, moment)
            self._go_on_from_pipes(step, moment)
            partners = [*self._ranks.partners(row), *self._together(step)]
            step.partners = [self._opener.nodes.about(partner).id for partner in partners]
            self._queue += [(partner, moment, False) for partner in partners]

    def fill(self, step: str, other: _Large | None) -> None:
        """Read the files of a large step, but for those that it has in common with `other`."""
        large = self.large.pop(step)
        node = self.graph.steps[step]
        if other is None or (other.row == large.row and other.before != large.before):  # what it read between lies within sets too
            self._fill(node, large.before)
            return
        mine, theirs = large.used.contents(other.used), other.used.contents(large.used)
        used = mine - theirs
        made = large.made.contents - other.made.contents
        if max(len(used), len(made)) >= LARGE:
            self._fill(node, large.before)
            return
        node.same_used = large.used.common_sets(other.used) + len(mine) - len(used)
        node.same_made = len(large.made.contents) - len(made)
        found = [use for row in large.used_rows(used) for use in uses(self._db, links.ONE_USE, use=row)]
        self._set_used(node, large.before, sorted(found, key=lambda use: (use.opened, use.id)))
        rows = large.made_rows(made)
        self._set_made(node, [each for row in rows for each in generations(self._db, links.ONE_GENERATION, generated=row)])

    def _fill(self, step: Step, moment: int) -> None:
        self._set_used(step, moment, links.inputs(self._db, step.row, before=moment))
        self._set_made(step, generations(self._db, links.OUTPUTS, step=step.row, since=-1))

    def _set_used(self, step: Step, moment: int, found: Iterable[Use]) -> None:
        step.used = []
        seen = set()
        for use in found:
            key = (use.path, use.digest)
            if (use.digest is not None and key in seen) or use.maker == step.row or use.appended:
                continue
            seen.add(key)
            self._take(step, use)
        if self._opener.appended(step.row):
            self._appended[step.id] = moment

    def _take(self, step: Step, use: Use) -> None:
        maker = None
        if use.made is not None and use.maker is not None:
            maker = Maker(self._opener.nodes.about(use.maker).id, use.made)
            self._queue.append((use.maker, use.as_of, False))
        digest = None if use.digest is None else use.digest.hex()
        step.used.append(File(use.id, use.path, digest, use.role, use.status, use.opened, use.size, maker, named=use.named))

    def take_appended(self) -> bool:
        """Decide about files that steps appended to, whether their earlier content counts; true if there is more to run.

        It does if a step read such a file, if it was asked for, or if it is all that its step made.
        """
        read = {(file.maker.step, file.path) for step in self.graph.steps.values() for file in step.used if file.maker is not None}
        read |= {(file.maker.step, file.path) for file in self.graph.targets or () if file.maker is not None}
        for each, moment in self._appended.items():
            step = self.graph.steps[each]
            earlier = [use for use in self._opener.appended(step.row) if use.opened < moment and use.maker != step.row]
            grown = {use.path for use in earlier}
            alone = all(file.path in grown for file in step.products)
            for use in earlier:
                if alone or (each, use.path) in read:
                    self._take(step, use)
                else:
                    step.made = [replace(file, grown=True) if file.path == use.path else file for file in step.made]
        self._appended = {}
        return bool(self._queue)

    def _set_made(self, step: Step, found: list[Generation]) -> None:
        left = {row[0] for row in self._db.execute(_SURVIVES, (step.row,))}
        step.made = [
            File(each.id, each.path, None if each.digest is None else each.digest.hex(), each.role, each.status, each.opened,
                 each.size, survives=each.id in left)
            for each in found
        ]  # fmt: skip

    def _go_on_from_pipes(self, step: Step, moment: int) -> None:
        rows = [row[0] for row in self._db.execute(_WRITERS, (step.row, moment))]
        step.writers = [self._opener.nodes.about(row).id for row in rows]
        self._queue += [(row, moment, False) for row in rows]

    def _together(self, step: Step) -> list[int]:
        """The steps (row ids) that wrote files together with it."""
        if step.id in self.large:
            return []
        others = {row[1] for row in self._db.execute(links.MADE_TOGETHER, {"step": step.row})}
        return sorted({self._db.execute(_MAKER, (other,)).fetchone()[0] for other in others} - {step.row})

    def _step(self, row: int) -> Step:
        """The graph's step with that row id, with the steps that started it on their way."""
        node = self._opener.nodes.about(row)
        if node.id in self.graph.steps:
            return self.graph.steps[node.id]
        assert node.job is not None
        assert node.step is not None
        self._job(node.job)
        parent = self._db.execute(_PARENT, (row,)).fetchone()
        if parent is not None:
            self._queue.append((parent[0], FOREVER, True))
        step = Step(
            node.id, row, node.job, node.step, node.program or "", node.argv, node.cwd or "/", node.started or 0, node.ended,
            node.exit_code, node.exit_signal, None if parent is None else self._opener.nodes.about(parent[0]).id, starter=True,
        )  # fmt: skip
        self.graph.steps[node.id] = step
        return step

    def _job(self, job: str) -> None:
        if job in self.graph.jobs:
            return
        row: tuple[Any, ...] | None = self._db.execute(_JOB, (bytes.fromhex(job),)).fetchone()
        if row is not None:
            record, argv, name, cwd, state, started, ended, code, signal, host, user, commit = row
            words = tuple(json.loads(from_sql(argv)))
            self.graph.jobs[job] = Job(
                job, record, words, name, from_sql(cwd), state, started, ended, code, signal, from_sql(host), from_sql(user), commit
            )


def load(db: sqlite3.Connection, a: Target, b: Target) -> tuple[Graph, Graph]:
    """The graphs upstream of both targets; raises NotFoundError where the index has changed since they were resolved."""
    opener = Opener(db, Direction.UPSTREAM)
    with bulk():
        one, other = _Loader(opener, a), _Loader(opener, b)
        while True:
            one.run()
            other.run()
            if one.large or other.large:
                _fill_large(one, other)
            elif not one.take_appended() | other.take_appended():
                return one.graph, other.graph


def _fill_large(one: _Loader, other: _Loader) -> None:
    for step_a, step_b in _pairs(one, other):
        large_a, large_b = (None if step is None else side.large[step] for step, side in ((step_a, one), (step_b, other)))
        if step_a is not None:
            one.fill(step_a, large_b)
        if step_b is not None:
            other.fill(step_b, large_a)


def _pairs(one: _Loader, other: _Loader) -> list[tuple[str | None, str | None]]:
    """Every large step of both sides once: with the one that has most in common, of the same program; or alone."""
    scored = []
    for a, large_a in one.large.items():
        for b, large_b in other.large.items():
            step_a, step_b = one.graph.steps[a], other.graph.steps[b]
            if a == b or step_a.family == step_b.family:
                times = sorted((step_a.started, step_b.started))
                scored.append((a != b, -large_a.common(large_b), times, a, b))
    left_a, left_b = dict.fromkeys(one.large), dict.fromkeys(other.large)
    pairs: list[tuple[str | None, str | None]] = []
    for _, common, _, a, b in sorted(scored):
        if a in left_a and b in left_b and common:
            pairs.append((a, b))
            del left_a[a], left_b[b]
    return [*pairs, *((a, None) for a in left_a), *((None, b) for b in left_b)]
