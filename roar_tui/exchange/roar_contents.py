"""The files of roar's jobs: which digest says what they held, and composites taken apart into their members.

roar names a content by a random id and keeps its digests beside it; BLAKE3 is preferred, any other is kept under its own name.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple

# Best first; what is not named here comes after, by name.
PREFERENCE = ("blake3", "composite-blake3", "composite-sha256", "sha256", "sha512", "md5", "etag")
DEEPEST = 16  # composites inside composites
REMEMBERED = 200_000  # digests, about 60 MB

_LENGTHS = {"blake3": 64, "composite-blake3": 64, "composite-sha256": 64, "sha256": 64, "sha512": 128, "md5": 32}
_HEX = re.compile(r"(?:[0-9a-f]{2}){4,}")
_PARTS = re.compile(r"([0-9a-f]{32})-(\d{1,5})")  # S3's tag of an object uploaded in parts

_FILES = """SELECT i.path, i.byte_ranges, i.artifact_id, a.size, a.kind, a.component_count, a.source_type, a.source_url,
       a.uploaded_to, h.algorithm, h.digest
FROM {table} i LEFT JOIN artifacts a ON a.id = i.artifact_id LEFT JOIN artifact_hashes h ON h.artifact_id = i.artifact_id
WHERE i.job_id = ? ORDER BY i.path, i.artifact_id, h.algorithm, h.digest"""
_COMPONENTS = """SELECT relative_path, leaf_kind, component_algorithm, component_digest, component_size, artifact_id
FROM composite_artifact_components WHERE composite_artifact_id = ? ORDER BY relative_path, ordinal"""
_HASHES = "SELECT algorithm, digest FROM artifact_hashes WHERE artifact_id = ?"
_OWNER = "SELECT artifact_id FROM artifact_hashes WHERE algorithm = ? AND digest = ?"
_ORIGINS = """SELECT a.metadata, h.digest FROM artifacts a JOIN artifact_hashes h ON h.artifact_id = a.id
WHERE h.algorithm = 'blake3' AND a.metadata LIKE '%"origin"%' ORDER BY h.digest"""
_BEFORE = """SELECT j.timestamp, x.artifact_id FROM {table} x JOIN jobs j ON j.id = x.job_id
WHERE x.path = :path AND (j.timestamp, j.id) < (:time, :job) ORDER BY j.timestamp DESC, j.id DESC LIMIT 1"""


class Digest(NamedTuple):
    """A content's digest: lowercase hex by `algorithm`. S3's tags of objects in N parts are algorithm `etag-N`."""

    algorithm: str
    digest: str


class File(NamedTuple):
    """A row of a job's inputs or outputs. `digest` is None where roar has none, or (`odd`) none that is a number."""

    path: str
    artifact: str
    digest: Digest | None
    odd: str | None
    size: int | None
    composite: bool
    component_count: int | None
    byte_ranges: Any
    source: dict[str, Any]


class Leaf(NamedTuple):
    """A file of a composite, by its path inside; `kind` is file, symlink, or composite where only the digest of a set is known."""

    path: str
    kind: str
    digest: Digest | None
    size: int | None


class Contents:
    """What the database `db` knows of files; answers are remembered."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._known: dict[str, Digest | None] = {}
        self._crossed: dict[Digest, Digest] | None = None

    def files(self, job: int, table: str) -> Iterator[File]:
        """The rows of job `job` in `table` (job_inputs or job_outputs), by path."""
        hashes: dict[tuple[str, str], list[tuple[Any, Any]]] = {}
        rows: dict[tuple[str, str], tuple[Any, ...]] = {}
        for row in self._db.execute(_FILES.format(table=table), (job,)):
            key = (str(row[0]), str(row[2]))
            rows[key] = row
            hashes.setdefault(key, []).append((row[9], row[10]))
        for (path, artifact), row in rows.items():
            found = best(hashes[path, artifact])
            digest = None if found is None else self._across(found)
            stated = [f"{algorithm}:{value}" for algorithm, value in hashes[path, artifact] if value is not None]
            source = {"type": row[6], "url": row[7], "uploaded_to": loose(row[8])}
            yield File(
                path=path,
                artifact=artifact,
                digest=digest,
                odd=stated[0] if digest is None and stated else None,
                size=whole(row[3]),
                composite=row[4] == "composite",
                component_count=whole(row[5]),
                byte_ranges=loose(row[1]),
                source={key: value for key, value in source.items() if value},
            )

    def leaves(self, artifact: str, depth: int = 0) -> Iterator[Leaf]:
        """The files of a composite as far as roar keeps them (1,000 of each set), with those of the sets inside it."""
        for path, kind, algorithm, value, size, member in self._db.execute(_COMPONENTS, (artifact,)).fetchall():
            stated = parse(algorithm, value)
            if kind == "composite" and depth < DEEPEST:
                inner = member if member is not None else self._owner(stated)
                inside = [] if inner is None else list(self.leaves(str(inner), depth + 1))
                if inside:
                    yield from (leaf._replace(path=f"{path}/{leaf.path}") for leaf in inside)
                    continue
            digest = None if member is None else self._of(str(member))
            if digest is None and stated is not None:
                digest = self._across(stated)
            yield Leaf(str(path), str(kind), digest, whole(size))

    def before(self, path: str, time: float, job: int) -> str | None:
        """The id of the content that `path` had, as far as roar knows, when job `job` began at `time`; None if never seen."""
        where = {"path": path, "time": time, "job": job}
        newest: tuple[float, str] | None = None
        for table in ("job_outputs", "job_inputs"):  # what a job left there is later than what it read
            row = self._db.execute(_BEFORE.format(table=table), where).fetchone()
            if row is not None and (newest is None or row[0] > newest[0]):
                newest = (row[0], str(row[1]))
        return None if newest is None else newest[1]

    def _of(self, artifact: str) -> Digest | None:
        """The best digest of the content with roar's id `artifact`."""
        if artifact not in self._known:
            if len(self._known) > REMEMBERED:
                self._known.clear()
            self._known[artifact] = best(self._db.execute(_HASHES, (artifact,)).fetchall())
        return self._known[artifact]

    def _owner(self, digest: Digest | None) -> str | None:
        """roar's id of the content that `digest` names."""
        row = None if digest is None else self._db.execute(_OWNER, digest).fetchone()
        return None if row is None else str(row[0])

    def _across(self, found: Digest) -> Digest:
        """The BLAKE3 digest of the content that `found` names, where roar has seen both; else `found`."""
        if found.algorithm in PREFERENCE[:3]:
            return found
        owner = self._owner(found)
        other = None if owner is None else self._of(owner)
        if other is not None and other.algorithm == "blake3":
            return other
        if self._crossed is None:
            self._crossed = dict(_origins(self._db))
        return self._crossed.get(found, found)


def best(hashes: list[tuple[Any, Any]]) -> Digest | None:
    """The digest to know a content by, of roar's (algorithm, digest) pairs; None where none is a number."""
    if len(hashes) == 1:
        return parse(*hashes[0])
    usable = [digest for algorithm, value in hashes if (digest := parse(algorithm, value)) is not None]
    return min(usable, key=_rank, default=None)


def parse(algorithm: object, value: object) -> Digest | None:
    """One of roar's digests in one form, or None for what is no number or not what `algorithm` makes."""
    if not isinstance(algorithm, str) or not isinstance(value, str):
        return None
    name, text = algorithm.lower(), value.strip('"').lower()
    if name == "etag" and (parts := _PARTS.fullmatch(text)):
        return Digest(f"etag-{parts[2]}", parts[1])
    if not _HEX.fullmatch(text) or len(text) != _LENGTHS.get(name, len(text)):
        return None
    return Digest(name, text)


def loose(text: object) -> Any:
    """The JSON value in `text`; None where there is none, or none that can be read. Numbers no record can hold become text."""
    if not isinstance(text, str):
        return None
    try:
        return json.loads(text, parse_int=_number, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None


def _number(digits: str) -> int | str:
    return int(digits) if len(digits) < 19 else digits


def whole(value: object) -> int | None:
    """`value` if it is a number that a size or a count can be."""
    return value if isinstance(value, int) and 0 <= value < 1 << 62 else None


def _rank(digest: Digest) -> tuple[int, Digest]:
    name = digest.algorithm.partition("-")[0] if digest.algorithm.startswith("etag") else digest.algorithm
    return (PREFERENCE.index(name) if name in PREFERENCE else len(PREFERENCE), digest)


def _origins(db: sqlite3.Connection) -> Iterator[tuple[Digest, Digest]]:
    """What a downloaded file is called by its publisher, and what it is called here (`metadata.origin` of its content)."""
    for metadata, value in db.execute(_ORIGINS):
        here, document = parse("blake3", value), loose(metadata)
        origin = document.get("origin") if isinstance(document, dict) else None
        if here is not None and isinstance(origin, dict):
            there = parse(origin.get("algorithm"), origin.get("digest"))
            if there is not None:
                yield there, here
