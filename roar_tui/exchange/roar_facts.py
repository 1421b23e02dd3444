"""What roar knows of a job beside its files: machine, packages, git, trackers, labels, in the record's words."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from roar_tui.exchange.roar_contents import best, loose
from roar_tui.record.model import Environment, Git, Package, Record, Tracker
from roar_tui.record.redaction import key_id, redact_text, redact_variables

_LABELS = """SELECT metadata FROM labels WHERE entity_type = ? AND {column} = ? ORDER BY version DESC LIMIT 1"""
_LABELLED = """SELECT DISTINCT artifact_id FROM (
    SELECT artifact_id FROM job_inputs WHERE job_id = :job UNION SELECT artifact_id FROM job_outputs WHERE job_id = :job
) WHERE artifact_id IN (SELECT artifact_id FROM labels WHERE entity_type = 'artifact') ORDER BY artifact_id"""
_COLUMNS = {"job": "job_id", "dag": "session_id", "artifact": "artifact_id"}
_OWN = "roar"  # the key below which roar keeps its own words in a label
_MEBIBYTE = 1 << 20
# Jobs that somebody may have labelled, or that touch what somebody labelled: roar itself writes version 1 of a job's labels.
_SPOKEN_OF = """SELECT id FROM jobs
WHERE id IN (SELECT job_id FROM labels WHERE job_id IS NOT NULL AND (version > 1 OR metadata NOT LIKE '%"roar"%'))
   OR session_id IN (SELECT session_id FROM labels WHERE session_id IS NOT NULL)
   OR id IN (SELECT job_id FROM job_inputs WHERE artifact_id IN (SELECT artifact_id FROM labels))
   OR id IN (SELECT job_id FROM job_outputs WHERE artifact_id IN (SELECT artifact_id FROM labels))"""
# What of a job's metadata has a place in the record: whole keys (None), or these keys of an object.
_PLACED: dict[str, tuple[str, ...] | None] = {
    "roar_version": None,
    "packages": None,
    "cwd": None,
    "env_vars": None,
    "dataset_identifiers": None,
    "git": ("commit", "branch", "remote_url", "clean"),
    "runtime": ("hostname", "os", "python", "env_vars", "container", "vm", "cuda", "gpu", "cpu", "memory"),
}
_NOTHING: tuple[object, ...] = (None, "", {}, [])
_NAMED = "name"  # the label that roar shows as a job's name


class Said(NamedTuple):
    """What people said of a job: its name and labels, the labels of its session, and those of its contents, by digest."""

    name: str | None
    labels: dict[str, Any]
    session: dict[str, Any]
    artifacts: dict[str, dict[str, Any]]


def environment(metadata: Mapping[str, Any], key: bytes) -> Environment:
    """Variables, packages, interpreter and machine; `key` redacts what looks like a secret."""
    runtime = mapping(metadata.get("runtime"))
    said = _texts(metadata.get("env_vars")) | _texts(runtime.get("env_vars"))  # set in the project for all jobs; seen in this one
    variables, secrets = redact_variables(said, key)
    packages = [
        Package(str(manager), str(name), "" if version is None else str(version))
        for manager, versions in mapping(metadata.get("packages")).items()
        for name, version in sorted(mapping(versions).items())
    ]
    version = mapping(runtime.get("python")).get("version")
    return Environment(
        variables=variables,
        packages=packages,
        python=version if isinstance(version, str) else None,
        host=_host(runtime),
        secrets=secrets,
        key=key_id(key),
    )


def git(row: Mapping[str, Any], metadata: Mapping[str, Any], root: str) -> Git | None:
    """The commit of the job, None where roar knows none; `dirty` is None where it does not say."""
    known = mapping(metadata.get("git"))
    commit = _text(row["git_commit"]) or _text(known.get("commit"))
    if commit is None:
        return None
    clean, remote = known.get("clean"), _text(row["git_repo"]) or _text(known.get("remote_url"))
    return Git(
        root=root,
        commit=commit,
        branch=_text(row["git_branch"]) or _text(known.get("branch")),
        remote=None if remote is None else redact_text(remote),
        dirty=not clean if isinstance(clean, bool) else None,
    )


def trackers(telemetry: object, metadata: Mapping[str, Any]) -> list[Tracker]:
    """The runs of experiment trackers, each once."""
    found = {
        Tracker(str(kind), url)
        for kind, value in mapping(loose(telemetry)).items()
        for url in (value if isinstance(value, list) else [value])
        if isinstance(url, str)
    }
    runs = mapping(mapping(metadata.get("analysis")).get("experiment_tracking")).get("runs")
    for run in runs if isinstance(runs, list) else []:
        kind, url = mapping(run).get("tracker"), mapping(run).get("url")
        if isinstance(url, str) and url not in {tracker.url for tracker in found}:
            found.add(Tracker(kind if isinstance(kind, str) else "unknown", url))
    return sorted(found, key=lambda tracker: (tracker.kind, tracker.url))


def remainder(metadata: Mapping[str, Any], key: bytes) -> dict[str, Any]:
    """What of `metadata` has no place of its own in a record, by roar's names, without secrets."""
    rest: dict[str, Any] = {}
    for name, value in metadata.items():
        placed = _PLACED.get(name, ())
        if placed is None:
            continue
        kept = value
        if isinstance(value, dict):
            kept = {inner: text for inner, text in value.items() if inner not in placed and text not in _NOTHING}
        if kept not in _NOTHING:
            rest[name] = _redacted(name, kept, key)
    return rest


def said_of(db: sqlite3.Connection, row: Mapping[str, Any]) -> Said:
    """What people said of the job in `row`, as of now."""
    given = labels(db, "job", row["id"])
    name = given.pop(_NAMED, None) or row["step_name"]
    session = labels(db, "dag", row["session_id"])
    return Said(None if name is None else str(name), given, session, dict(artifact_labels(db, row["id"])))


def said_in(record: Record) -> Said:
    """What people had said of the job when `record` was made."""
    origin = record.origin
    return Said(record.name, record.labels, origin.get("session_labels", {}), origin.get("artifact_labels", {}))


def spoken_of(db: sqlite3.Connection) -> set[int]:
    """The row ids of the jobs of which people may have said something."""
    return {job for (job,) in db.execute(_SPOKEN_OF)}


def labels(db: sqlite3.Connection, entity: str, key: int | str | None) -> dict[str, Any]:
    """The newest labels that people gave a job, session (`dag`) or artifact; what roar itself writes there is left out."""
    if key is None:
        return {}
    row = db.execute(_LABELS.format(column=_COLUMNS[entity]), (entity, key)).fetchone()
    return {name: value for name, value in mapping(loose(row and row[0])).items() if name != _OWN}


def artifact_labels(db: sqlite3.Connection, job: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """(digest, labels) of the contents that the job read or wrote and that have any."""
    for (artifact,) in db.execute(_LABELLED, {"job": job}).fetchall():
        given = labels(db, "artifact", artifact)
        digest = best(db.execute("SELECT algorithm, digest FROM artifact_hashes WHERE artifact_id = ?", (artifact,)).fetchall())
        if given and digest is not None:
            yield digest.digest, given


def mapping(value: object) -> dict[str, Any]:
    """`value` if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def _redacted(name: str, value: Any, key: bytes) -> Any:
    if isinstance(value, str):
        return redact_variables({name: value}, key)[0][name]
    if isinstance(value, list):
        return [_redacted(name, each, key) for each in value]
    return {inner: _redacted(inner, each, key) for inner, each in value.items()} if isinstance(value, dict) else value


def _host(runtime: Mapping[str, Any]) -> dict[str, Any]:
    """The machine under the names of a recorded job's `host`; what has no name there keeps roar's."""
    system, cpu, memory = (mapping(runtime.get(name)) for name in ("os", "cpu", "memory"))
    kind = mapping(runtime.get("container")).get("type")
    cards = [mapping(card) for card in _list(runtime.get("gpu"))]
    found = {
        "name": runtime.get("hostname"),
        "kernel": " ".join(str(system[name]) for name in ("system", "release") if system.get(name)) or None,
        "architecture": system.get("machine") or cpu.get("architecture"),
        "cpu": {"model": cpu.get("model"), "cores": cpu.get("count")} if cpu else None,
        "memory": _bytes(memory.get("total_mb")),
        "gpus": [{**card, "memory": _bytes(card.get("memory_mb"))} for card in cards],
        "container": {**mapping(runtime.get("container")), "kind": kind} if kind else None,
        "vm": runtime.get("vm"),
        "cuda": runtime.get("cuda"),
    }
    return {name: value for name, value in found.items() if value not in (None, [], {})}


def _bytes(mebibytes: object) -> int | None:
    known = isinstance(mebibytes, (int, float)) and math.isfinite(mebibytes) and abs(mebibytes) < 1 << 40
    return int(mebibytes) * _MEBIBYTE if known else None  # type: ignore[call-overload]


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _texts(value: object) -> dict[str, str]:
    return {str(name): str(text) for name, text in mapping(value).items() if text is not None}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
