"""What lies beside a node: the one place where a step's time decides what counts.

Upstream, a step is asked as of a time: when the output that led to it was finished; what it opened from then on is not counted.
Downstream it is asked since a time: when it opened the input that led to it; what it had finished by then is not counted.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from heapq import merge

from msgspec import Struct
from msgspec.structs import replace

from roar_tui.lineage import links
from roar_tui.lineage.links import FOREVER, Generation, Use, generations, uses
from roar_tui.lineage.model import Alternative, Direction, Edge, Node
from roar_tui.lineage.nodes import Nodes
from roar_tui.lineage.ranks import Ranks
from roar_tui.store.schema import from_sql

ALTERNATIVES = 5

_HOST = "SELECT host FROM job WHERE id = (SELECT job FROM step WHERE id = ?)"  # the primary keys

# pipe_end_step, then the primary keys
_PIPES_IN = """SELECT p.id, p.number, p.kind, p.opened FROM pipe_end r INDEXED BY pipe_end_step JOIN pipe p ON p.id = r.pipe
WHERE r.step = ? AND r.writes = 0 AND p.opened < ? ORDER BY p.opened"""
_WRITERS = """SELECT w.step FROM pipe_end w JOIN step s ON s.id = w.step
WHERE w.pipe = ? AND w.writes = 1 AND w.step <> ? AND s.started < ? ORDER BY s.number"""
_PIPES_OUT = """SELECT p.id, p.number, p.kind, p.opened, s.started FROM pipe_end w INDEXED BY pipe_end_step
JOIN pipe p ON p.id = w.pipe JOIN step s ON s.id = w.step WHERE w.step = ? AND w.writes = 1 ORDER BY p.opened"""
_READERS = """SELECT r.step FROM pipe_end r JOIN step s ON s.id = r.step
WHERE r.pipe = ? AND r.writes = 0 AND r.step <> ? ORDER BY s.number"""


class Hop(Struct, gc=False):
    """From a file or pipe on to a step (node id): `moment` is the time that the step is asked as of, or since.

    `appended`: the step appended to the file at `path`. Upstream what was there before is in this file, beside what the step used;
    downstream what was there is in the file at that path alone, not in what else the step made.
    """

    step: str
    moment: int
    path: str | None
    time: int
    group: bool = False
    appended: bool = False


class Flow(Struct, gc=False):
    """From a step to a file or pipe beside it: the node, how it is joined to the step, and where it leads.

    `use` is the access upstream, from which alternatives are found; `group`: it was another rank that wrote it.
    """

    node: Node
    path: str | None
    time: int
    hops: list[Hop]
    use: Use | None = None
    group: bool = False


class Opener:
    """Opens nodes in one direction; `nodes` makes them."""

    def __init__(self, db: sqlite3.Connection, direction: Direction) -> None:
        self.db = db
        self.up = direction is Direction.UPSTREAM
        self.nodes = Nodes(db)
        self._ranks = Ranks(db, self.nodes)
        self._together: dict[int, dict[int, list[tuple[int, int]]]] = {}
        self._alone: dict[int, str] = {}
        self._appends = bool(db.execute(links.ANY_APPENDED).fetchone()[0])  # else no step need be asked
        self._appended: dict[int, list[Use]] = {}

    @property
    def whole(self) -> int:
        """The moment at which a step is asked for everything."""
        return FOREVER if self.up else -1

    def hop(self, step: int, moment: int, path: str | None, time: int, *, group: bool = False, appended: bool = False) -> Hop:
        """On to the step with that row id."""
        return Hop(self.nodes.about(step).id, moment, path, time, group, appended)

    def makers(self, generated: int, step: int, moment: int, path: str, time: int) -> list[Hop]:
        """On to the steps that wrote a generation (row id) together, and to the other ranks if `step` is one of several."""
        alone = self._alone.get(step)
        if alone is None:
            alone = self._alone[step] = self._id_if_alone(step)
        if alone:
            return [Hop(alone, moment, path, time)]
        together = dict.fromkeys(other for _, other in self.made_together(step).get(generated, ()))
        others = [self.hop(other, moment, None, time, group=True) for other in self._ranks.partners(step)]
        makers = [
            self.hop(each, moment, path, time, appended=any(use.path == path for use in self.appended(each)))
            for each in (step, *together)
        ]
        return [*makers, *others]

    def _id_if_alone(self, step: int) -> str:
        """The node id of a step (row id) that wrote nothing with others or behind others, as most; empty for one that did."""
        return "" if self.appended(step) or self.made_together(step) or self._ranks.partners(step) else self.nodes.about(step).id

    def appended(self, step: int) -> list[Use]:
        """What the step (row id) could only append to, as it was before. Asked once per step."""
        if not self._appends:
            return []
        if step not in self._appended:
            self._appended[step] = links.uses(self.db, links.APPENDED, step=step)
        return self._appended[step]

    def made_together(self, step: int) -> dict[int, list[tuple[int, int]]]:
        """Of the generations of a step (row id) those that others wrote with it: theirs, and their steps. Asked once per step."""
        found = self._together.get(step)
        if found is None:
            found = self._together[step] = {}
            if not self.db.execute(links.OTHERS_MADE, {"step": step}).fetchone()[0]:
                return found
            for own, other, maker in self.db.execute(links.MADE_TOGETHER, {"step": step}):
                found.setdefault(own, []).append((other, maker))
        return found

    def touched(self, step: str, known: Collection[str]) -> Counter[str]:
        """How many files the step (node id) made (upstream) or used (downstream) in each directory, `known` some of them."""
        values = {"step": self.nodes.row(step)}
        paths: Iterable[str] = known
        count, query = (links.COUNT_MADE, links.MADE_PATHS) if self.up else (links.COUNT_USED, links.USED_PATHS)
        if self.db.execute(count, values).fetchone()[0] > len(known):  # as a rule these are all
            paths = (from_sql(row[0]) for row in self.db.execute(query, values))
        return Counter([path.rpartition("/")[0] or "/" for path in paths])

    def beside_step(self, step: str, moment: int, done: int | None = None) -> Iterator[Flow]:
        """What flows into (upstream) or out of a step (node id), by time, but for what `done`, an earlier moment, had given."""
        row = self.nodes.row(step)
        if self.up:
            pipes = list(self._pipes_in(row, moment))
            inputs = self._inputs(row, moment, 0 if done is None else done)
            return merge(inputs, pipes, key=_time) if pipes else inputs
        until = FOREVER if done is None else done
        flows = [*self._outputs(row, moment, until), *self._pipes_out(row, moment)]
        for other in self._ranks.partners(row):
            theirs = self._outputs(other, moment, until)
            flows += [replace(flow, group=True) for flow in theirs if flow.node.role != "log"]
        return iter(sorted(flows, key=_time))

    def through(self, step: str, path: str, moment: int, done: int | None = None) -> Iterator[Flow]:
        """Of a step (node id) that appended to the file at `path` the flows through that file alone, as `beside_step`."""
        row = self.nodes.row(step)
        if self.up:
            since = 0 if done is None else done
            found = [use for use in self.appended(row) if use.path == path and since <= use.opened < moment]
            return map(self._input, found)
        return (flow for flow in self._outputs(row, moment, FOREVER if done is None else done) if flow.path == path)

    def all_appended(self, step: str) -> dict[str, None]:
        """The paths that a step (node id) could only append to: asked for everything, it is asked about each by itself."""
        return dict.fromkeys(use.path for use in self.appended(self.nodes.row(step))) if self.up else {}

    def edge(self, step: Node, file: Node, path: str | None, time: int, *, into_step: bool, group: bool = False) -> Edge:
        """The edge between a step and a file or pipe, in the direction of the data."""
        paths = file.paths if file.paths == [path] else [] if path is None else [path]
        if into_step:
            return Edge(file.id, step.id, paths, time, file.role, None, group)
        return Edge(step.id, file.id, paths, time, file.role, None, group)

    def _inputs(self, step: int, before: int, since: int) -> Iterator[Flow]:
        return map(self._input, links.inputs(self.db, step, since=since, before=before))

    def _input(self, use: Use) -> Flow:
        return _file(self.used(use), use.path, use.opened, self.made_by(use), use)

    def used(self, use: Use) -> Node:
        """The node of what was used; a root where nothing recorded produced it."""
        node = self.nodes.file(use)
        if use.made is None:
            node.root = True
        elif use.digest is None:
            node.note = "linked by path and time"
        elif use.made_opened >= use.until:
            seconds = (use.made_opened - use.until) / 1_000_000
            node.note = f"made {seconds:.1f} s after it was read: the clocks of {self._hosts(use)} disagree"
        elif use.made_artifact != use.artifact and use.made_artifact is not None:
            node.note = "read before the step that wrote it was done with it"
        elif use.made_path is not None:
            node.note = "produced at another path"
        return node

    def _hosts(self, use: Use) -> str:
        """The machines of a use and of its producer."""
        return " and ".join(from_sql(self.db.execute(_HOST, (step,)).fetchone()[0]) for step in (use.maker, use.step))

    def made_by(self, use: Use) -> list[Hop]:
        """The step that a use's content comes from, if it was recorded."""
        if use.made is None or use.maker is None:
            return []
        path = use.path if use.made_path is None else use.made_path
        if use.made_artifact != use.artifact and use.passing:
            return self.makers(use.made, use.maker, use.as_of, path, use.opened)
        finished = use.made_finished
        time = finished if finished != FOREVER else self.ended(use.maker, use.made_opened, finished)
        return self.makers(use.made, use.maker, finished, path, time)

    def ended(self, step: int, opened: int, finished: int) -> int:
        """When a generation was finished, or its step ended, or at least when it was opened."""
        if finished != FOREVER:
            return finished
        return self.nodes.about(step).ended or opened

    def _pipes_in(self, step: int, before: int) -> Iterator[Flow]:
        for pipe, number, kind, opened in self.db.execute(_PIPES_IN, (step, before)).fetchall():
            writers = [row[0] for row in self.db.execute(_WRITERS, (pipe, step, before))]
            if writers:
                hops = [self.hop(writer, before, None, opened) for writer in writers]
                yield Flow(self.nodes.pipe(step, number, kind), None, opened, hops)

    def _outputs(self, step: int, since: int, until: int) -> Iterator[Flow]:
        made = {
            output.id: output for output in generations(self.db, links.OUTPUTS, step=step, since=since) if output.finished <= until
        }
        hops: dict[int, list[Hop]] = {rowid: [] for rowid in made}
        passing = []
        for query in (links.CONSUMERS_OF_STEP, links.PASSING_OF_STEP):
            for use in uses(self.db, query, step=step, since=since):
                if use.made not in made:
                    continue
                if use.artifact == use.made_artifact:
                    hops[use.made] += self.used_by(use)
                else:
                    passing.append((use, made[use.made]))
        for own, other in [(own, other) for own, others in self.made_together(step).items() for other, _ in others]:
            if own in made:
                same, others = self.readers_of(other, made[own].artifact, since)
                hops[own] += [hop for use in same for hop in self.used_by(use)]
                passing += [(use, made[own]) for use in others]
        for output in made.values():
            yield self.made(output, hops[output.id])
        for use, output in passing:
            node = self.used(use)
            time = use.opened if use.passing else self.ended(step, output.opened, output.finished)
            yield _file(node, use.path, time, self.used_by(use))

    def readers_of(self, generated: int, artifact: int | None, since: int) -> tuple[list[Use], list[Use]]:
        """The uses that come from a generation (row id): of its content, and of what it held before it was finished."""
        found = [
            use
            for query in (links.CONSUMERS_OF_ONE, links.PASSING_OF_ONE)
            for use in uses(self.db, query, generated=generated)
            if use.as_of > since
        ]
        return [use for use in found if use.artifact == artifact], [use for use in found if use.artifact != artifact]

    def made(self, output: Generation, hops: list[Hop]) -> Flow:
        """A step's output and where it went."""
        return _file(self.nodes.file(output), output.path, self.ended(output.step, output.opened, output.finished), hops)

    def used_by(self, use: Use) -> list[Hop]:
        """The step that a use belongs to, unless all that it did was to start others."""
        if self.nodes.only_started_others(use.step):
            return []
        return [self.hop(use.step, use.opened, use.path, use.opened, appended=bool(use.appended))]

    def _pipes_out(self, step: int, since: int) -> Iterator[Flow]:
        for pipe, number, kind, opened, started in self.db.execute(_PIPES_OUT, (step,)).fetchall():
            readers = [row[0] for row in self.db.execute(_READERS, (pipe, step))]
            if readers:
                hops = [self.hop(reader, max(since, opened, started), None, opened) for reader in readers]
                yield Flow(self.nodes.pipe(step, number, kind), None, opened, hops)

    def alternatives(self, use: Use) -> tuple[Alternative, ...]:
        """Other generations of a used content before the use, newest first, a few at most; none for empty content."""
        if use.artifact is None or use.size == 0:
            return ()
        return self.generated(use.artifact, use.opened, use.made)

    def generated(self, artifact: int, before: int, chosen: int | None) -> tuple[Alternative, ...]:
        """The newest generations of a content before a time, but for the `chosen` one (row id)."""
        found = generations(self.db, links.GENERATIONS_OF_CONTENT, artifact=artifact, before=before, limit=ALTERNATIVES + 1)
        made = next((other for other in found if other.id == chosen), None)
        together = (made.path, made.finished) if made is not None else None  # by the same hands: no alternative
        others = [other for other in reversed(found) if other.id != chosen and (other.path, other.finished) != together]
        return tuple(map(self._alternative, others[:ALTERNATIVES]))

    def _alternative(self, other: Generation) -> Alternative:
        step = self.nodes.about(other.step)
        assert step.job is not None
        assert step.step is not None
        return Alternative(step.job, step.step, other.path, self.ended(other.step, other.opened, other.finished))


def _time(flow: Flow) -> int:
    return flow.time


def _file(node: Node, path: str, time: int, hops: list[Hop], use: Use | None = None) -> Flow:
    node.leaf = not hops
    return Flow(node, path, time, hops, use)
