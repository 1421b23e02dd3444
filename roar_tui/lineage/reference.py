"""From what a person types (REF) to the one thing in the store that it names.

Tried in this order: `@`, `@~N`; `JOB:STEP`; `JOB:PATH`; a path that exists; a recorded path; a hash or a prefix of one; a name.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator

from roar_tui.errors import AmbiguousError, NotFoundError
from roar_tui.lineage import filesets, jobs, recorded
from roar_tui.lineage.content import digest_of
from roar_tui.lineage.ending import ending
from roar_tui.lineage.jobs import CANDIDATES, Job
from roar_tui.lineage.target import ArtifactTarget, Target
from roar_tui.store.conditions import digest_range
from roar_tui.store.hashes import short
from roar_tui.store.schema import from_sql
from roar_tui.store.store import Store
from roar_tui.text import count

_BY_DIGEST = "SELECT id FROM artifact WHERE digest = ? ORDER BY algorithm = 'blake3' DESC LIMIT 1"  # UNIQUE (digest, algorithm)
_PLACES = (
    *(
        f"""SELECT p.path FROM {table} x INDEXED BY {table}_artifact JOIN path p ON p.id = x.path
        WHERE x.artifact = ? ORDER BY x.opened DESC LIMIT 1"""
        for table in ("generated", "used")
    ),
    "SELECT p.path FROM member x INDEXED BY member_artifact JOIN path p ON p.id = x.path WHERE x.artifact = ? LIMIT 1",
)


def resolve(store: Store, db: sqlite3.Connection, ref: str, *, cwd: str) -> Target:
    """What `ref` names, seen from the directory `cwd`; `store` is where people are told to look.

    Raises AmbiguousError, whose candidates can be typed, or NotFoundError, which says what was tried and what to do.
    """
    return _Resolver(store, db, cwd).resolve(ref)


class _Resolver:
    """One reference; `tried` are the reasons why it is not what it looks like."""

    def __init__(self, store: Store, db: sqlite3.Connection, cwd: str) -> None:
        self._store = store
        self._db = db
        self._cwd = cwd
        self._tried: list[str] = []

    def resolve(self, ref: str) -> Target:
        if not ref or "\0" in ref:
            raise NotFoundError(
                "An empty reference, or one with a NUL in it, names nothing.",
                "Name a file, a hash, a job's name, or @ for your last job.",
            )
        own = jobs.own(self._db, ref)
        if own is not None:
            return own.target()
        target = self._of_job(ref) or self._path(ref)
        if target is None and not _is_forced(ref):
            target = self._hash(ref) or self._name(ref)
        if target is not None:
            return target
        why = "; ".join(self._tried) or "it is no recorded path, hash or name"
        raise NotFoundError(
            f"{ref} names nothing in the store {self._store.root}: {why}.",
            "See what there is: roar-tui jobs, roar-tui artifacts; hashes need 4 digits or more.",
        )

    def _of_job(self, ref: str) -> Target | None:
        """`JOB:STEP` and `JOB:PATH`; names may hold colons themselves."""
        for left, right in _splits(ref):
            try:
                job = jobs.job(self._db, left)
            except AmbiguousError:
                if os.path.lexists(os.path.join(self._cwd, ref)):
                    continue
                raise
            if job is None:
                continue
            found = jobs.step(self._db, job, int(right)) if _is_number(right) else None
            target = found or self._in_job(job, right)
            if target is not None:
                return target
            name = short(self._db, job.id)
            if _is_number(right):
                self._tried.append(f"job {name} has {count(jobs.count_steps(self._db, job), 'step')} and no file {right}")
            else:
                self._tried.append(f"job {name} neither read nor wrote {right}")
        return None

    def _in_job(self, job: Job, path: str) -> Target | None:
        """A path as the job had it: absolute, or seen from its directory or from here, or the end of the only one that fits."""
        places = [os.path.normpath(os.path.join(directory, path)) for directory in (job.cwd, self._cwd)]
        version = recorded.in_job(self._db, job.rowid, places)
        if version is not None:
            return recorded.target_of(version, only_this_access=True)
        for place in places:
            directory = recorded.below_in_job(self._db, job.rowid, place)
            if directory is not None:
                return directory
        found = recorded.ending_in(self._db, job.rowid, path) if not _is_forced(path) else []
        if len(found) > 1:
            lines = [f"path      {short(self._db, job.id)}:{version.path}" for version in found]
            raise AmbiguousError(
                f"Job {short(self._db, job.id)} had {len(found)} files {path}.", lines, "Name one by its whole path."
            )
        return recorded.target_of(found[0], only_this_access=True) if found else None

    def _path(self, ref: str) -> Target | None:
        """A path that exists, then a recorded one; a name that ends in `/` is a directory."""
        place = os.path.normpath(os.path.join(self._cwd, os.path.expanduser(ref)))
        real = os.path.realpath(place)
        found = self._existing(place, real) if os.path.exists(real) else None
        if found is not None:
            return found
        for path in dict.fromkeys((real, place)):
            if not ref.endswith("/"):
                version = recorded.newest(self._db, path)
                if version is not None:
                    return recorded.target_of(version)
            directory = recorded.below(self._db, path)
            if directory is not None:
                return directory
        if _is_forced(ref) and not os.path.exists(real):
            self._tried.append("there is no such file now, and none was recorded")
        return None

    def _existing(self, place: str, real: str) -> Target | None:
        """A file by its content, by its path where that content is unknown; a directory by what was recorded below it."""
        if os.path.isdir(real):
            directory = recorded.below(self._db, real) or recorded.below(self._db, place)
            if directory is None:
                self._tried.append("it is a directory below which nothing was recorded")
            return directory
        try:
            digest = digest_of(real)
        except OSError as error:
            digest, why = None, f"cannot be read now ({error.strerror})"
        else:
            why = "is no regular file now" if digest is None else f"now has a content ({digest[:8]}) that no recorded job has seen"
        if digest is not None:
            row = self._db.execute(_BY_DIGEST, (bytes.fromhex(digest),)).fetchone()
            if row is not None:
                return ArtifactTarget(digest, row[0], real)
        version = recorded.newest(self._db, real) or recorded.newest(self._db, place)
        if version is not None:
            return recorded.target_of(version, f"{real} {why}: this is the newest version that was recorded there.")
        self._tried.append(f"the file {why}, and none was recorded at its path")
        return None

    def _hash(self, ref: str) -> Target | None:
        """A job id, an artifact digest, or an unambiguous prefix of one; `a:` before a digest, as walks write it, is fine."""
        prefix = ref[2:] if ref.startswith("a:") else ref
        if not jobs.is_prefix(prefix):
            return None
        of_jobs = jobs.with_prefix(self._db, prefix)
        where, values = digest_range("digest", prefix.lower())
        query = f"SELECT id, digest FROM artifact WHERE {where} ORDER BY digest LIMIT {CANDIDATES + 1}"
        artifacts: list[tuple[int, bytes]] = self._db.execute(query, values).fetchall()
        count = len(of_jobs) + len(artifacts)
        if count == 1:
            return of_jobs[0].target() if of_jobs else ArtifactTarget(artifacts[0][1].hex(), artifacts[0][0])
        if count > 1:
            lines = [jobs.line(self._db, job) for job in of_jobs[:CANDIDATES]]
            lines += [
                f"artifact  {short(self._db, digest.hex())}  {self._place(rowid)}" for rowid, digest in artifacts[:CANDIDATES]
            ]
            many = str(count) if max(len(of_jobs), len(artifacts)) <= CANDIDATES else f"more than {CANDIDATES}"
            raise AmbiguousError(f"{ref} is the beginning of {many} hashes.", lines, "Type more digits.")
        fileset = filesets.find(self._db, prefix)
        if fileset is not None:
            return fileset
        self._tried.append("no job's, file's or fileset's hash begins with it")
        return None

    def _place(self, artifact: int) -> str:
        rows = (self._db.execute(query, (artifact,)).fetchone() for query in _PLACES)
        return next((from_sql(row[0]) for row in rows if row is not None), "")

    def _name(self, ref: str) -> Target | None:
        """A job's name, or the end of a recorded path: the newest, with a note. Raises AmbiguousError as `ending` does."""
        job = jobs.named(self._db, ref)
        if job is not None:
            newest, number = job
            many = f"the newest of {number} jobs of that name" if number > 1 else "the job of that name"
            return newest.target(f"{ref} is {many}, {short(self._db, newest.id)}.")
        found = ending(self._db, ref, cwd=self._cwd, why="; ".join(self._tried))
        return None if found is None else recorded.target_of(*found)


def _splits(ref: str) -> Iterator[tuple[str, str]]:
    """The ways to read `ref` as LEFT:RIGHT; none for what is plainly a path."""
    if _is_forced(ref):
        return
    ref = ref[2:] if ref.startswith("s:") else ref
    for position, character in enumerate(ref):
        if character == ":" and 0 < position < len(ref) - 1:
            yield ref[:position], ref[position + 1 :]


def _is_forced(ref: str) -> bool:
    return ref.startswith(("./", "../", "/", "~/")) or ref in (".", "..", "~")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19
