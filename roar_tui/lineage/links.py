"""The links between accesses, in SQL: which generation a use comes from, and which uses come from a generation.

The producer of a use is the latest generation of that content *opened* before the use was: on that path first, then on
another path (never for empty content, and below 64 bytes only as an alternative), where it must also have been finished
before the first sighting of the content on the use's own path. What a job reads back of its own (not external) comes from
that job, a small content from another path too if nothing else is left; what it found there comes from other jobs. Unknown
content links by path alone. Log files and the environment never link. What a step could only append to is in that file alone,
and in nothing else that the step made: it is asked for by itself.

Uses are of two kinds, rows of `used` and members of the filesets in `used_set`: each query on uses asks for both. A member was
opened between two times, with nothing that matters to its job between them: whatever must have been there before is compared
with the later one, whatever it may be part of with the earlier one.

Every query costs what it returns: each names the index that it uses, and the tests check the plans.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from operator import itemgetter
from typing import NamedTuple

from roar_tui.store.schema import MEMBER_ID, from_sql

SMALL = 64  # bytes; contents below are equal by chance ("1\n", "{}")
FOREVER = (1 << 63) - 1
SKEW = 60_000_000  # µs by which the clocks of two machines may disagree; NTP keeps them within milliseconds, its absence does not
_UNLINKED = "('log', 'environment')"  # roles

# Log files that somebody reads are shown, but not what a job appends to its own log.
_KEPT = """u.role <> 'environment' AND (u.role <> 'log' OR u.external AND NOT EXISTS (
    SELECT 1 FROM generated g INDEXED BY generated_path JOIN step gs ON gs.id = g.step
    WHERE g.path = u.path AND gs.job = us.job))"""

_ON_PATH = f"""SELECT g.id FROM generated g INDEXED BY generated_path JOIN step gs ON gs.id = g.step
    WHERE g.path = u.path AND g.opened < {{until}} AND g.role NOT IN {_UNLINKED}"""
_ON_OTHER_PATH = f"""SELECT g.id FROM generated g INDEXED BY generated_artifact JOIN step gs ON gs.id = g.step
    WHERE g.artifact = u.artifact AND g.role NOT IN {_UNLINKED} AND COALESCE(a.size, {SMALL}) >= {SMALL} AND g.opened <"""
_ON_OTHER_PATH_SMALL = _ON_OTHER_PATH.replace(f"COALESCE(a.size, {SMALL}) >= {SMALL}", "a.size > 0")
_LATEST = "ORDER BY g.opened DESC, g.id DESC LIMIT 1"


def first_sighting(artifact: str, path: str) -> str:
    """SQL: when a step first used the content with row id `artifact` at `path`, or FOREVER.

    Through the content, not the path: a file that is changed for every run has many contents, a content has few places. Of a
    fileset that many steps used, the first is looked up (used_artifact; member_artifact, used_set_fileset).
    """
    return f"""min(
    COALESCE((SELECT e.opened FROM used e INDEXED BY used_artifact
        WHERE e.artifact = {artifact} AND e.path = {path} ORDER BY e.opened LIMIT 1), {FOREVER}),
    COALESCE((SELECT min(f.first_seen) FROM member e INDEXED BY member_artifact JOIN fileset f ON f.id = e.fileset
        WHERE e.artifact = {artifact} AND e.path = {path}), {FOREVER}))"""


_FIRST_SIGHTING = first_sighting("u.artifact", "u.path")

# What was still being written when the content was seen elsewhere was copied from there, if anything.
_FINISHED = "COALESCE(g.finished, g.opened)"

# Only on the same path: the same content elsewhere, a little later, is a copy of it.
_LATER_BY_CLOCK = f"""SELECT g.id FROM generated g INDEXED BY generated_path
    JOIN step gs ON gs.id = g.step JOIN job gj ON gj.id = gs.job
    WHERE g.path = u.path AND g.artifact = u.artifact AND g.opened >= {{until}} AND g.opened < {{until}} + {SKEW}
    AND g.role NOT IN {_UNLINKED} AND COALESCE(a.size, 1) > 0 AND gj.host <> (SELECT host FROM job WHERE id = us.job)
    ORDER BY g.opened, g.id LIMIT 1"""

# The row id of the generation that the use `u` (of step `us`, artifact `a`) comes from.
_PRODUCER = f"""CASE
    WHEN u.role = 'log' THEN NULL
    WHEN NOT u.external THEN COALESCE(
        ({_ON_PATH} AND gs.job = us.job AND (g.artifact = u.artifact OR g.artifact IS NULL OR u.artifact IS NULL) {_LATEST}),
        ({_ON_OTHER_PATH} {{until}} AND gs.job = us.job {_LATEST}),
        ({_ON_PATH} AND gs.job = us.job {_LATEST}),
        ({_ON_OTHER_PATH_SMALL} {{until}} AND gs.job = us.job {_LATEST}))
    WHEN u.artifact IS NULL THEN ({_ON_PATH} AND gs.job <> us.job {_LATEST})
    ELSE COALESCE(
        ({_ON_PATH} AND g.artifact = u.artifact AND gs.job <> us.job {_LATEST}),
        ({_ON_OTHER_PATH} {_FIRST_SIGHTING} AND {_FINISHED} <= {_FIRST_SIGHTING} AND gs.job <> us.job {_LATEST}),
        ({_LATER_BY_CLOCK}))
    END"""

# LIMIT keeps SQLite from flattening the inner query and computing the producer once per column that it is joined to. Most things
# are produced where they are used: the other path is looked up where it is another one. What a step reads back of its own scratch
# files (removed, or of unknown content) is left out: it says nothing.
_USES = """SELECT i.id, i.step, i.artifact, i.digest, i.size, ip.path, i.role, i.status, i.opened, i.until,
       p.id, p.step, p.artifact, CASE WHEN p.path <> i.path THEN (SELECT path FROM path WHERE id = p.path) END, p.opened,
       COALESCE(p.finished, {forever}), CASE WHEN i.named IS NOT NULL THEN (SELECT path FROM path WHERE id = i.named) END,
       i.appended
FROM (SELECT u.named, u.appended, u.id, u.step, u.artifact, a.digest, COALESCE(a.size, u.size) AS size, u.path, u.role, u.status,
             u.opened, {until} AS until, {producer} AS producer
      FROM {source} LEFT JOIN artifact a ON a.id = u.artifact WHERE {where} {order} LIMIT -1) i
JOIN path ip ON ip.id = i.path LEFT JOIN generated p ON p.id = i.producer
WHERE {kept} AND (p.step IS NOT i.step OR i.digest IS NOT NULL AND i.status = 'hashed')"""


_OF_ID = ("u.id = :use", MEMBER_ID.format(table="u", id=":use"))  # of a row, of a member


def _uses_query(source: str, where: str, which: str = "TRUE", kept: str = _KEPT, *, by: str = "") -> str:
    """A query for `Use`s, of rows and of members of filesets, as `_uses_queries`."""
    return "\nUNION ALL\n".join(_uses_queries(source, where, which, kept, by=by))


def _uses_queries(
    source: str, where: str, which: str = "TRUE", kept: str = _KEPT, *, by: str = "", in_order: bool = False
) -> tuple[str, str]:
    """The queries for `Use`s: of those that `source` and `where` give, the ones that count, and whose producer `p` is `which`.

    In `source` and `where`, `{uses}` is the table of uses (by the index `by`), `{until}` the latest time of their opening, and
    `{one}` that the use is :use. `in_order`: by the time when they were opened, which an index gives but for equal times.
    """
    rows, members = f"used u INDEXED BY {by}" if by else "used u", "used_member u"
    kinds = []
    for table, until, one, order in (
        (rows, "u.opened", _OF_ID[0], "ORDER BY u.opened, u.id"),
        (members, "u.last", _OF_ID[1], "ORDER BY u.opened, u.used_set, u.number"),
    ):
        given = {"uses": table, "until": until, "one": one}
        text = _USES.format(
            source=source.format_map(given),
            where=f"{where} AND {kept}".format_map(given),
            kept=which,
            until=until,
            producer=_PRODUCER.format_map(given),
            forever=FOREVER,
            order=order if in_order else "",
        )
        kinds.append(text)
    return kinds[0], kinds[1]


_BY_USING_STEP = "step us CROSS JOIN {uses} ON u.step = us.id"
# used_step; used_set_step
INPUTS = _uses_queries(
    _BY_USING_STEP,
    "us.id = :step AND NOT u.appended AND u.opened >= :since AND u.opened < :before",
    by="used_step",
    in_order=True,
)
# used_appended_step; no member of a fileset is appended to
APPENDED, _ = _uses_queries(_BY_USING_STEP, "us.id = :step AND u.appended", by="used_appended_step")
# used_appended_step
ANY_APPENDED = "SELECT EXISTS (SELECT 1 FROM used INDEXED BY used_appended_step WHERE appended AND step > 0)"
# the primary keys
ONE_USE = _uses_query("{uses} CROSS JOIN step us ON us.id = u.step", "{one}")
# the primary keys: a use of any role, without its producer
BARE_USE = "\nUNION ALL\n".join(
    f"""SELECT u.id, u.step, u.artifact, d.digest, COALESCE(d.size, u.size), up.path, u.role, u.status, u.opened
FROM {table} u JOIN path up ON up.id = u.path LEFT JOIN artifact d ON d.id = u.artifact WHERE {one}"""
    for table, one in zip(("used", "used_member"), _OF_ID, strict=True)
)
# used_artifact, member_artifact: every use of a content, whoever produced it
_OF_CONTENT = (
    "{uses} CROSS JOIN step us ON us.id = u.step",
    "u.artifact = :artifact AND (:path IS NULL OR u.path = (SELECT id FROM path WHERE path = :path))",
)
USES_OF_CONTENT = _uses_query(*_OF_CONTENT, by="used_artifact")
# the same for who asks about a log or a file of the environment, which are in no walk otherwise
EVERY_USE_OF_CONTENT = _uses_query(*_OF_CONTENT, kept="TRUE", by="used_artifact")
# generated_step (or the primary key), then used_artifact or member_artifact
_SAME_CONTENT = f"""CROSS JOIN {{uses}} ON u.artifact = o.artifact AND {{until}} > o.opened - {SKEW}
    CROSS JOIN step us ON us.id = u.step"""
# ... then used_path or member_path: the uses of an unknown or passing content. They end with the next generation on that path by
# another job, but what a job reads of its own, and what that other job had found there, may come later, until those jobs ended.
_OTHER_CONTENT = f"""CROSS JOIN step os ON os.id = o.step CROSS JOIN job oj ON oj.id = os.job
    CROSS JOIN {{uses}} ON u.path = o.path AND {{until}} > o.opened AND u.opened <= COALESCE(
        (SELECT max(n.opened, COALESCE(nj.ended, {FOREVER}), COALESCE(oj.ended, {FOREVER}))
         FROM generated n INDEXED BY generated_path CROSS JOIN step ns ON ns.id = n.step CROSS JOIN job nj ON nj.id = ns.job
         WHERE n.path = o.path AND n.opened > o.opened AND n.role NOT IN {_UNLINKED} AND ns.job <> os.job
         ORDER BY n.opened LIMIT 1),
        {FOREVER})
    CROSS JOIN step us ON us.id = u.step"""
_OF_STEP = f"o.step = :step AND COALESCE(o.finished, {FOREVER}) > :since AND o.role NOT IN {_UNLINKED}"
_OF_ONE = f"o.id = :generated AND o.role NOT IN {_UNLINKED}"
_DIFFERS = "(u.artifact IS NULL OR u.artifact IS NOT o.artifact)"
_FROM_HERE = "p.step = :step"

_BY_STEP = "generated o INDEXED BY generated_step "
CONSUMERS_OF_STEP = _uses_query(_BY_STEP + _SAME_CONTENT, _OF_STEP, _FROM_HERE, by="used_artifact")
PASSING_OF_STEP = _uses_query(_BY_STEP + _OTHER_CONTENT, f"{_OF_STEP} AND {_DIFFERS}", _FROM_HERE, by="used_path")
CONSUMERS_OF_ONE = _uses_query("generated o " + _SAME_CONTENT, _OF_ONE, "p.id = :generated", by="used_artifact")
PASSING_OF_ONE = _uses_query("generated o " + _OTHER_CONTENT, f"{_OF_ONE} AND {_DIFFERS}", "p.id = :generated", by="used_path")

_GENERATED = f"""SELECT g.id, g.step, g.artifact, d.digest, COALESCE(d.size, g.size), gp.path, g.role, g.status, g.opened,
       COALESCE(g.finished, {FOREVER})
FROM generated g {{index}} JOIN path gp ON gp.id = g.path LEFT JOIN artifact d ON d.id = g.artifact WHERE {{where}}"""
# generated_step
OUTPUTS = _GENERATED.format(
    index="INDEXED BY generated_step",
    where=f"g.step = :step AND COALESCE(g.finished, {FOREVER}) > :since AND g.role <> 'environment'",
)
# the primary key
ONE_GENERATION = _GENERATED.format(index="", where="g.id = :generated")
# generated_artifact; newest first
GENERATIONS_OF_CONTENT = _GENERATED.format(
    index="INDEXED BY generated_artifact",
    where="g.artifact = :artifact AND g.opened < :before ORDER BY g.opened DESC, g.id DESC LIMIT :limit",
)
# What several steps of a job wrote together, through one stream (`for f in *; do sort $f; done > all`), has one end: the
# generations of one content on one path that were finished at the same moment. generated_artifact
_TOGETHER = f"""CROSS JOIN step gs ON gs.id = g.step CROSS JOIN artifact a ON a.id = g.artifact AND COALESCE(a.size, 1) > 0
    CROSS JOIN generated o INDEXED BY generated_artifact
        ON o.artifact = g.artifact AND o.path = g.path AND o.finished = g.finished AND o.id <> g.id AND o.role NOT IN {_UNLINKED}
    CROSS JOIN step os ON os.id = o.step AND os.job = gs.job AND os.id <> gs.id"""
# generated_step: a step's generations, each with those of the others that wrote it, and their steps
MADE_TOGETHER = f"""SELECT g.id, o.id, o.step FROM generated g INDEXED BY generated_step {_TOGETHER}
WHERE g.step = :step AND g.role NOT IN {_UNLINKED} ORDER BY g.id, o.step"""
# the primary key; UNIQUE (job, number), generated_step: whether another step of the same job wrote anything
OTHERS_MADE = """SELECT EXISTS (SELECT 1 FROM step s JOIN step o ON o.job = s.job AND o.id <> s.id
WHERE s.id = :step AND EXISTS (SELECT 1 FROM generated g INDEXED BY generated_step WHERE g.step = o.id))"""
# generated_step; used_step, used_set_step: at least as many files as those below
COUNT_MADE = "SELECT count(*) FROM generated INDEXED BY generated_step WHERE step = :step"
COUNT_USED = """SELECT (SELECT count(*) FROM used INDEXED BY used_step WHERE step = :step) + (SELECT total(f.count)
    FROM used_set s INDEXED BY used_set_step JOIN fileset f ON f.id = s.fileset WHERE s.step = :step)"""
# generated_step, used_step, used_set_step
MADE_PATHS = f"""SELECT DISTINCT p.path FROM generated g INDEXED BY generated_step JOIN path p ON p.id = g.path
WHERE g.step = :step AND g.role NOT IN {_UNLINKED}"""
USED_PATHS = f"""SELECT p.path FROM used u INDEXED BY used_step JOIN path p ON p.id = u.path
WHERE u.step = :step AND u.role NOT IN {_UNLINKED}
UNION SELECT p.path FROM used_member u JOIN path p ON p.id = u.path WHERE u.step = :step AND u.role NOT IN {_UNLINKED}"""


class Generation(NamedTuple):
    """A generated access; `finished` is FOREVER where it is not known. `artifact` is a row id, `digest` raw bytes."""

    id: int
    step: int
    artifact: int | None
    digest: bytes | None
    size: int | None
    path: str
    role: str
    status: str
    opened: int
    finished: int


class Producer(NamedTuple):
    """The generation that a use comes from, and the step it belongs to."""

    id: int
    step: int
    artifact: int | None
    path: str
    opened: int
    finished: int


class Use(NamedTuple):
    """A used access and where its content comes from, a row as the queries on uses give it.

    A fileset's members were opened from `opened` to `until`; of all others the two are one. `made` is the row id of the generation
    that it comes from (None: nothing recorded produced it), with its step, its content, its path where that is another one, and
    its times. `named` is the path that the step gave, where a symbolic link made it another one. `appended`: the step could only
    append to it. One flat tuple, because a walk has a hundred thousand.
    """

    id: int
    step: int
    artifact: int | None
    digest: bytes | None
    size: int | None
    path: str
    role: str
    status: str
    opened: int
    until: int
    made: int | None = None
    maker: int | None = None
    made_artifact: int | None = None
    made_path: str | None = None
    made_opened: int = 0
    made_finished: int = FOREVER
    named: str | None = None
    appended: int = 0

    @property
    def producer(self) -> Producer | None:
        """The generation that it comes from."""
        if self.made is None or self.maker is None:
            return None
        path = self.path if self.made_path is None else self.made_path
        return Producer(self.made, self.maker, self.made_artifact, path, self.made_opened, self.made_finished)

    @property
    def skewed(self) -> bool:
        """Made after it was read, by another machine: the clocks of the two disagree."""
        return self.made is not None and self.made_opened >= self.until

    @property
    def passing(self) -> bool:
        """Read while its producer was not done with it: the content is known, and not the one that the producer left."""
        return self.made is not None and self.artifact is not None and self.made_artifact != self.artifact

    @property
    def as_of(self) -> int:
        """What the producer read from this time on cannot be in this content."""
        return min(self.opened, self.made_finished) if self.passing else self.made_finished


def inputs(db: sqlite3.Connection, step: int, *, since: int = 0, before: int = FOREVER) -> Iterator[Use]:
    """What a step (row id) used, from `since` on and before `before`, in the order in which it was opened.

    One after the other, because there may be a million; until the last is taken, two queries are under way.
    """
    rows, members = (_taken(db.execute(query, {"step": step, "since": since, "before": before})) for query in INPUTS)
    row = next(rows, None)
    for member in members:
        while row is not None and _by_time(row) <= _by_time(member):
            yield row
            row = next(rows, None)
        yield member
    if row is not None:
        yield row
        yield from rows


def uses(db: sqlite3.Connection, query: str, **values: int | str | bytes | None) -> list[Use]:
    """The uses that one of this module's queries gives, in the order in which they were opened."""
    return sorted(_taken(db.execute(query, values)), key=_by_time)


def _taken(rows: sqlite3.Cursor) -> Iterator[Use]:
    for use in map(Use._make, rows):
        yield use if type(use.path) is str and use.made_path is None and use.named is None else _in_text(use)


def _in_text(use: Use) -> Use:
    """`use` with paths as text, where the index has bytes that are no UTF-8."""
    made_path, named = (None if path is None else from_sql(path) for path in (use.made_path, use.named))
    return use._replace(path=from_sql(use.path), made_path=made_path, named=named)


_by_time = itemgetter(Use._fields.index("opened"), Use._fields.index("id"))


def generations(db: sqlite3.Connection, query: str, **values: int | str | bytes | None) -> list[Generation]:
    """The generations that one of this module's queries gives, oldest first."""
    found = [
        Generation(row[0], row[1], row[2], row[3], row[4], from_sql(row[5]), row[6], row[7], row[8], row[9])
        for row in db.execute(query, values)
    ]
    return sorted(found, key=lambda generation: (generation.opened, generation.id))


def bare_use(db: sqlite3.Connection, used: int) -> Use | None:
    """A use by its row id, whatever its role, without where it comes from; None where there is no such row."""
    row = db.execute(BARE_USE, {"use": used}).fetchone()
    return None if row is None else Use._make((*row[:5], from_sql(row[5]), *row[6:], row[8], *_NO_PRODUCER))


_NO_PRODUCER = tuple(Use._field_defaults.values())
