"""Databases as roar 0.4.7 makes them (`user_version` 5), for tests: the tables that matter, rows like those of real ones."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from roar_tui.record.model import digest

START = 1_795_459_563.55887
COMMIT = "9780fd602fcf44148e9cc7e33c63d63b23a1cce0"
SESSION = "74dac46813b8868b8dae5af3e6f51110da24669e914a5a3c3f0196923a54c71d"

TABLES = """
CREATE TABLE artifacts (id VARCHAR PRIMARY KEY, size INTEGER NOT NULL, first_seen_at FLOAT NOT NULL, first_seen_path TEXT,
    source_type VARCHAR, source_url TEXT, uploaded_to TEXT, kind VARCHAR NOT NULL DEFAULT 'primitive', component_count INTEGER,
    metadata TEXT);
CREATE TABLE artifact_hashes (artifact_id VARCHAR NOT NULL, algorithm VARCHAR NOT NULL, digest VARCHAR NOT NULL,
    PRIMARY KEY (algorithm, digest));
CREATE INDEX artifact_hashes_artifact ON artifact_hashes (artifact_id);
CREATE TABLE sessions (id INTEGER PRIMARY KEY, hash VARCHAR UNIQUE, created_at FLOAT NOT NULL, current_step INTEGER NOT NULL,
    is_active INTEGER NOT NULL, git_repo TEXT, git_commit_start VARCHAR, git_commit_end VARCHAR, metadata TEXT);
CREATE TABLE jobs (id INTEGER PRIMARY KEY, job_uid VARCHAR UNIQUE, parent_job_uid VARCHAR, timestamp FLOAT NOT NULL,
    command TEXT NOT NULL, script VARCHAR, step_identity VARCHAR, session_id INTEGER, step_number INTEGER, step_name VARCHAR,
    git_repo TEXT, git_commit VARCHAR, git_branch VARCHAR, duration_seconds FLOAT, exit_code INTEGER, synced_at FLOAT,
    status VARCHAR, execution_backend VARCHAR, execution_role VARCHAR, job_type VARCHAR, metadata TEXT, telemetry TEXT);
CREATE TABLE job_inputs (job_id INTEGER NOT NULL, artifact_id VARCHAR NOT NULL, path TEXT NOT NULL, byte_ranges TEXT,
    PRIMARY KEY (job_id, artifact_id, path));
CREATE TABLE job_outputs (job_id INTEGER NOT NULL, artifact_id VARCHAR NOT NULL, path TEXT NOT NULL, byte_ranges TEXT,
    PRIMARY KEY (job_id, artifact_id, path));
CREATE TABLE labels (id INTEGER PRIMARY KEY, entity_type VARCHAR NOT NULL, session_id INTEGER, job_id INTEGER,
    artifact_id VARCHAR, version INTEGER NOT NULL, metadata TEXT NOT NULL, write_origin VARCHAR, created_at FLOAT NOT NULL);
CREATE TABLE composite_artifact_components (id INTEGER PRIMARY KEY, composite_artifact_id VARCHAR NOT NULL, ordinal INTEGER,
    relative_path TEXT NOT NULL, leaf_kind VARCHAR NOT NULL, component_algorithm VARCHAR NOT NULL,
    component_digest VARCHAR NOT NULL, component_size INTEGER, artifact_id VARCHAR);
CREATE TABLE hash_cache (path TEXT NOT NULL, algorithm VARCHAR NOT NULL, digest VARCHAR NOT NULL, size INTEGER NOT NULL,
    mtime FLOAT NOT NULL, PRIMARY KEY (path, algorithm));
PRAGMA user_version = 5;
"""

METADATA: dict[str, Any] = {  # of a real job
    "roar_version": "0.4.7",
    "packages": {"pip": {"numpy": "2.1", "click": "8.4.0"}, "dpkg": {"libssl3": "3.0.19-1~deb12u2"}},
    "runtime": {
        "hostname": "vm",
        "command": ["python3", "train.py"],
        "os": {"system": "Linux", "release": "6.18.44", "machine": "x86_64"},
        "python": {"version": "3.11.7", "implementation": "CPython"},
        "env_vars": {"SEED": "7", "API_TOKEN": "hunter2hunter2"},
        "container": {"type": "docker"},
        "gpu": [{"name": "NVIDIA A100", "memory_mb": 40960}],
        "cpu": {"count": 2, "model": "AMD EPYC"},
        "memory": {"total_mb": 24105, "available_mb": 23420},
    },
    "git": {"commit": COMMIT, "branch": "master", "remote_url": None, "clean": True},
    "cwd": "",
}

Row = tuple[str, str]  # a path and a word that is its content


class RoarRows:
    """A database in `project`/.roar to which jobs are added. Contents are told apart by words, as elsewhere in these tests."""

    def __init__(self, project: Path, *, wal: bool = True) -> None:
        self.project = project
        self.path = project / ".roar" / "roar.db"
        self.path.parent.mkdir(parents=True)
        self.db = sqlite3.connect(self.path)
        if wal:
            self.db.execute("PRAGMA journal_mode = WAL")
        self.db.executescript(TABLES)
        session = "INSERT INTO sessions (id, hash, created_at, current_step, is_active) VALUES (1, ?, ?, 1, 1)"
        self.db.execute(session, (SESSION, START))
        self.db.commit()
        self.count = 0

    def close(self) -> Path:
        """Write everything; the database's path."""
        self.db.commit()
        self.db.close()
        return self.path

    def content(self, word: str, hashes: Mapping[str, str] | None = None, **columns: Any) -> str:
        """The id of the content `word`, by its BLAKE3 digest unless `hashes` (algorithm -> digest) are given."""
        artifact = hashlib.md5(word.encode(), usedforsecurity=False).hexdigest()
        fields = {"id": artifact, "size": len(word), "first_seen_at": START} | columns
        marks = ", ".join("?" * len(fields))
        self.db.execute(f"INSERT OR IGNORE INTO artifacts ({', '.join(fields)}) VALUES ({marks})", list(fields.values()))
        for algorithm, value in ({"blake3": digest(word.encode())} if hashes is None else hashes).items():
            self.db.execute("INSERT OR IGNORE INTO artifact_hashes VALUES (?, ?, ?)", (artifact, algorithm, value))
        return artifact

    def composite(self, name: str, members: Mapping[str, str], *, total: int | None = None, **columns: Any) -> str:
        """The id of a composite of files (path inside -> word), of which roar keeps these out of `total`."""
        lines = sorted(f"{path}\0blake3:{digest(word.encode())}\n".encode() for path, word in members.items())
        tree = digest(b"roar:blake3-tree:v1\n" + b"".join(lines))
        artifact = self.content(
            name, {"composite-blake3": tree}, kind="composite", component_count=total or len(members), **columns
        )
        for number, (path, word) in enumerate(members.items()):
            self.component(artifact, path, digest(word.encode()), number=number, size=len(word))
        return artifact

    def component(self, artifact: str, path: str, value: str, *, number: int = 0, size: int = 0, **columns: Any) -> None:
        """A file of a composite."""
        fields: dict[str, Any] = {
            "composite_artifact_id": artifact, "ordinal": number, "relative_path": path, "leaf_kind": "file",
            "component_algorithm": "blake3", "component_digest": value, "component_size": size,
        } | columns  # fmt: skip
        marks = ", ".join("?" * len(fields))
        self.db.execute(
            f"INSERT INTO composite_artifact_components ({', '.join(fields)}) VALUES ({marks})", list(fields.values())
        )

    def job(self, command: str, inputs: Sequence[Row] = (), outputs: Sequence[Row] = (), **columns: Any) -> int:
        """A job, ten seconds after the one before it; relative paths are in the project. Returns its row id."""
        self.count += 1
        fields = {
            "job_uid": f"{0x8a2aeb00 + self.count:08x}", "timestamp": START + 10 * self.count, "command": command, "session_id": 1,
            "step_number": self.count, "git_commit": COMMIT, "git_branch": "master", "duration_seconds": 1.25, "exit_code": 0,
            "execution_backend": "local", "execution_role": "host", "metadata": json.dumps(METADATA),
        } | columns  # fmt: skip
        marks = ", ".join("?" * len(fields))
        job = self.db.execute(f"INSERT INTO jobs ({', '.join(fields)}) VALUES ({marks})", list(fields.values())).lastrowid
        assert job is not None
        for table, rows in (("job_inputs", inputs), ("job_outputs", outputs)):
            for path, word in rows:
                self.access(table, job, path, self.content(word))
        return job

    def access(self, table: str, job: int, path: str, artifact: str, byte_ranges: str | None = None) -> None:
        """A row of job_inputs or job_outputs."""
        place = path if path.startswith("/") or "://" in path else f"{self.project}/{path}"
        self.db.execute(f"INSERT INTO {table} VALUES (?, ?, ?, ?)", (job, artifact, place, byte_ranges))

    def label(self, entity: str, key: int | str, labels: Mapping[str, Any], version: int = 1) -> None:
        """A document of labels of a job, an artifact or a session (`dag`)."""
        column = {"job": "job_id", "artifact": "artifact_id", "dag": "session_id"}[entity]
        self.db.execute(
            f"INSERT INTO labels (entity_type, {column}, version, metadata, write_origin, created_at) VALUES (?, ?, ?, ?, ?, ?)",
            (entity, key, version, json.dumps(labels), "user", START),
        )


def pipeline(project: Path) -> RoarRows:
    """prep.py: raw.txt -> clean.txt; train.py: clean.txt -> model.txt; touch.py: changes model.txt in place."""
    rows = RoarRows(project)
    rows.job("python3 prep.py raw.txt", [("raw.txt", "r" * 99)], [("clean.txt", "c" * 99)], script="prep.py")
    rows.job("python3 train.py 'a b'", [("clean.txt", "c" * 99)], [("model.txt", "first" * 20)], script="train.py")
    rows.job("python3 touch.py", [("model.txt", "second" * 20)], [("model.txt", "second" * 20)], script="touch.py")
    return rows
