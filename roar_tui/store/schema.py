"""The tables of the index. A new schema rebuilds the index from the archive, so there are no migrations.

Digests are BLOBs, times integer microseconds since the epoch. Paths and commands are TEXT, or BLOB where their bytes are not
UTF-8 (see `to_sql`, `from_sql`). `job.command` is the argv quoted for a shell, to read and to search; `argv` is the list as
ASCII JSON. `job.record` and `ingested.record` are paths below the archive's `records/`; `step.parent` is a number in the job.

What a step used is in `used`, a row for each file, and in `used_set`, a row for each fileset, whose members are there once for
all steps that used it. `used_member` shows these as `used` shows the others, with ids from 2^32 on: the row of `used_set` and the
member's number (`MEMBER_ID`). A set's files were opened from `opened` to `last`, with nothing that matters between (see
`record.filesets`).
"""

from __future__ import annotations

import json
import os
import zlib

VERSION = 3

TABLES = """
CREATE TABLE artifact (
    id INTEGER PRIMARY KEY,
    algorithm TEXT NOT NULL DEFAULT 'blake3',
    digest BLOB NOT NULL,
    kind TEXT NOT NULL DEFAULT 'file',
    size INTEGER,
    first_seen INTEGER NOT NULL,
    UNIQUE (digest, algorithm)
);
CREATE INDEX artifact_seen ON artifact (first_seen DESC, id DESC);
CREATE INDEX artifact_foreign ON artifact (digest, algorithm) WHERE algorithm <> 'blake3';

CREATE TABLE path (
    id INTEGER PRIMARY KEY,
    path NOT NULL UNIQUE,
    name NOT NULL
);
CREATE INDEX path_name ON path (name);

CREATE TABLE job (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    run_id TEXT NOT NULL UNIQUE,
    record TEXT NOT NULL,
    name TEXT,
    command NOT NULL,
    argv NOT NULL,
    cwd NOT NULL,
    state TEXT NOT NULL,
    started INTEGER NOT NULL,
    ended INTEGER,
    exit_code INTEGER,
    exit_signal INTEGER,
    host TEXT NOT NULL,
    user TEXT NOT NULL,
    git_commit TEXT,
    git_branch TEXT,
    git_dirty INTEGER,
    job_group TEXT,
    inputs INTEGER NOT NULL,
    outputs INTEGER NOT NULL,
    steps INTEGER NOT NULL,
    warnings INTEGER NOT NULL
);
CREATE INDEX job_started ON job (started DESC, id DESC);
CREATE INDEX job_name ON job (name, started DESC);
CREATE INDEX job_group_started ON job (job_group, started);

CREATE TABLE step (
    id INTEGER PRIMARY KEY,
    job INTEGER NOT NULL REFERENCES job ON DELETE CASCADE,
    number INTEGER NOT NULL,
    parent INTEGER,
    program NOT NULL,
    argv NOT NULL,
    cwd NOT NULL,
    started INTEGER NOT NULL,
    ended INTEGER,
    exit_code INTEGER,
    exit_signal INTEGER,
    UNIQUE (job, number)
);

CREATE TABLE used (
    id INTEGER PRIMARY KEY,
    step INTEGER NOT NULL REFERENCES step ON DELETE CASCADE,
    artifact INTEGER REFERENCES artifact,
    path INTEGER NOT NULL REFERENCES path,
    role TEXT NOT NULL,
    status TEXT NOT NULL,
    opened INTEGER NOT NULL,
    external INTEGER NOT NULL,
    appended INTEGER NOT NULL,
    size INTEGER,
    named INTEGER REFERENCES path
);
CREATE INDEX used_appended_step ON used (step) WHERE appended;
CREATE INDEX used_appended_path ON used (path, opened) WHERE appended;
CREATE INDEX used_step ON used (step, opened);
CREATE INDEX used_artifact ON used (artifact, opened, step);
CREATE INDEX used_path ON used (path, opened);

CREATE TABLE fileset (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL,
    directory NOT NULL,
    named NOT NULL,
    count INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    UNIQUE (digest, directory, named)
);
CREATE TABLE member (
    fileset INTEGER NOT NULL REFERENCES fileset ON DELETE CASCADE,
    number INTEGER NOT NULL,
    artifact INTEGER NOT NULL REFERENCES artifact,
    path INTEGER NOT NULL REFERENCES path,
    named INTEGER REFERENCES path,
    PRIMARY KEY (fileset, number)
) WITHOUT ROWID;
CREATE INDEX member_artifact ON member (artifact, path);
CREATE INDEX member_path ON member (path);

CREATE TABLE used_set (
    id INTEGER PRIMARY KEY,
    step INTEGER NOT NULL REFERENCES step ON DELETE CASCADE,
    fileset INTEGER NOT NULL REFERENCES fileset,
    role TEXT NOT NULL,
    opened INTEGER NOT NULL,
    last INTEGER NOT NULL,
    external INTEGER NOT NULL
);
CREATE INDEX used_set_step ON used_set (step, opened);
CREATE INDEX used_set_fileset ON used_set (fileset, opened);

CREATE VIEW used_member AS
SELECT s.id << 32 | m.number AS id, s.step AS step, m.artifact AS artifact, m.path AS path, s.role AS role, 'hashed' AS status,
       s.opened AS opened, s.last AS last, s.external AS external, 0 AS appended, NULL AS size, m.named AS named,
       s.fileset AS fileset, s.id AS used_set, m.number AS number
FROM used_set s JOIN member m ON m.fileset = s.fileset;

CREATE TABLE generated (
    id INTEGER PRIMARY KEY,
    step INTEGER NOT NULL REFERENCES step ON DELETE CASCADE,
    artifact INTEGER REFERENCES artifact,
    path INTEGER NOT NULL REFERENCES path,
    role TEXT NOT NULL,
    status TEXT NOT NULL,
    opened INTEGER NOT NULL,
    finished INTEGER,
    survives INTEGER NOT NULL,
    size INTEGER,
    named INTEGER REFERENCES path
);
CREATE INDEX generated_step ON generated (step, opened);
CREATE INDEX generated_artifact ON generated (artifact, opened, step);
CREATE INDEX generated_path ON generated (path, opened);

CREATE TABLE pipe (
    id INTEGER PRIMARY KEY,
    job INTEGER NOT NULL REFERENCES job ON DELETE CASCADE,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    opened INTEGER NOT NULL,
    UNIQUE (job, number)
);
CREATE TABLE pipe_end (
    pipe INTEGER NOT NULL REFERENCES pipe ON DELETE CASCADE,
    step INTEGER NOT NULL REFERENCES step ON DELETE CASCADE,
    writes INTEGER NOT NULL,
    PRIMARY KEY (pipe, step, writes)
) WITHOUT ROWID;
CREATE INDEX pipe_end_step ON pipe_end (step, writes);

CREATE TABLE ingested (
    record TEXT PRIMARY KEY,
    run_id TEXT,
    problem TEXT
) WITHOUT ROWID;
CREATE INDEX ingested_run ON ingested (run_id);
CREATE TABLE day (
    name TEXT PRIMARY KEY,
    mtime INTEGER NOT NULL,
    ctime INTEGER NOT NULL
) WITHOUT ROWID;
"""


# SQL: that `id` (an expression) is a member's in `table` (used_member, or its alias); a row's id of `used` is no member's.
MEMBER_ID = "{table}.used_set = {id} >> 32 AND {table}.number = {id} & 4294967295"

FINGERPRINT = zlib.crc32(TABLES.encode()) & 0x7FFFFFFF  # SQLite's user_version: tables made by other words are made anew


def is_member(use: int) -> bool:
    """Whether the id of a use is that of a fileset's member."""
    return use >= 1 << 32


def statements() -> list[str]:
    """The statements of `TABLES`, one by one, so that they can run inside a transaction."""
    return [statement for statement in TABLES.split(";") if statement.strip()]


def to_sql(text: str) -> str | bytes:
    """`text` as SQLite can hold it: itself, or its bytes where it is surrogate-escaped."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        try:
            return os.fsencode(text)
        except UnicodeEncodeError:  # a surrogate that no file name gives, from a record made by hand
            return text.encode("utf-8", "surrogatepass")
    return text


def from_sql(value: str | bytes) -> str:
    """The inverse of `to_sql`."""
    return os.fsdecode(value) if isinstance(value, bytes) else value


def argv_to_sql(argv: list[str]) -> str:
    """`argv` as ASCII JSON, which can say any surrogate."""
    return json.dumps(argv, separators=(",", ":"))


def argv_from_sql(value: str) -> list[str]:
    """The inverse of `argv_to_sql`."""
    argv: list[str] = json.loads(value)
    return argv
