"""The JSON documents of the store's results: names and shapes that scripts rely on, fields may be added and never renamed."""

from __future__ import annotations

import functools
from typing import Any

import msgspec

from roar_tui.record.model import Connection, Environment, Exit, Pipe
from roar_tui.store.results import (
    AccessView,
    ArtifactRow,
    ArtifactView,
    Damaged,
    FilesetView,
    JobRow,
    JobView,
    SeenAt,
    StepView,
    StoreInfo,
    SyncReport,
    Totals,
    iso,
)

Json = dict[str, Any]


@functools.singledispatch
def shape(result: object) -> Any:
    """The plain values that JSON can hold for `result`; raises TypeError for what is no result."""
    raise TypeError(f"no JSON shape for {type(result).__name__}")


@shape.register
def _(results: list) -> list[Any]:  # type: ignore[type-arg]  # singledispatch wants the bare class
    return [shape(result) for result in results]


@shape.register
def _(row: JobRow) -> Json:
    return {
        "id": row.id,
        "name": row.name,
        "command": row.command,
        "cwd": row.cwd,
        "state": row.state.value,
        "started": iso(row.started),
        "duration": row.duration,
        "exit": _exit(row.exit),
        "host": row.host,
        "user": row.user,
        "group": row.group,
        "inputs": row.inputs,
        "outputs": row.outputs,
        "steps": row.steps,
        "warnings": row.warnings,
    }


@shape.register
def _(row: ArtifactRow) -> Json:
    return {
        "hash": row.digest,
        "algorithm": row.algorithm,
        "kind": row.kind,
        "size": row.size,
        "paths": row.paths,
        "path_count": row.path_count,
        "first_seen": iso(row.first_seen),
        "producers": row.producers,
        "consumers": row.consumers,
        "made_by": row.made_by,
    }


@shape.register
def _(view: AccessView) -> Json:
    return {
        "path": view.path,
        "hash": view.digest,
        "algorithm": view.algorithm,
        "size": view.size,
        "role": view.role.value,
        "status": view.status.value,
        "opened": iso(view.opened),
        "finished": None if view.finished is None else iso(view.finished),
        "named": view.named,
        "external": view.external,
        "survives": view.survives,
        "appended": view.appended,
    }


@shape.register
def _(view: FilesetView) -> Json:
    return {
        "kind": "fileset",
        "path": view.path,
        "count": view.count,
        "size": view.size,
        "pattern": view.pattern,
        "role": view.role.value,
        "opened": iso(view.opened),
    }


@shape.register
def _(view: StepView) -> Json:
    return {
        "kind": "step",
        "job": view.job,
        "id": view.id,
        "parent": view.parent,
        "program": view.program,
        "argv": view.argv,
        "cwd": view.cwd,
        "started": iso(view.started),
        "duration": view.duration,
        "exit": _exit(view.exit),
        "used": shape(view.used),
        "generated": shape(view.generated),
        "connections": [_connection(connection) for connection in view.connections],
    }


@shape.register
def _(view: JobView) -> Json:
    return {
        "kind": "job",
        "id": view.id,
        "name": view.name,
        "command": view.command,
        "cwd": view.cwd,
        "state": view.state.value,
        "started": iso(view.started),
        "duration": view.duration,
        "exit": _exit(view.exit),
        "group": view.group,
        "rank": view.rank,
        "host": view.host,
        "user": view.user,
        "inputs": shape(view.inputs),
        "outputs": shape(view.outputs),
        "steps": shape(view.steps),
        "pipes": [_pipe(pipe) for pipe in view.pipes],
        "git": None if view.git is None else _fields(view.git),
        "environment": _environment(view.environment),
        "trackers": [_fields(tracker) for tracker in view.trackers],
        "left_out": [_fields(left_out) for left_out in view.left_out],
        "warnings": [_fields(warning) for warning in view.warnings],
        "snapshots": view.snapshots,
        "source": view.source,
        "version": view.version,
        "labels": view.labels,
        "origin": view.origin,
    }


@shape.register
def _(seen: SeenAt) -> Json:
    return {
        "job": seen.job,
        "step": seen.step,
        "path": seen.path,
        "time": iso(seen.time),
        "role": seen.role.value,
        "argv": seen.argv,
    }


@shape.register
def _(view: ArtifactView) -> Json:
    return {
        "kind": "artifact",
        "hash": view.digest,
        "algorithm": view.algorithm,
        "size": view.size,
        "fileset": None,
        "first_seen": iso(view.first_seen),
        "paths": view.paths,
        "producers": shape(view.producers),
        "consumers": shape(view.consumers),
    }


@shape.register(Totals)
@shape.register(Damaged)
@shape.register(SyncReport)
@shape.register(StoreInfo)
def _(result: msgspec.Struct) -> Json:
    return _fields(result)


def _exit(exit_: Exit | None) -> Json | None:
    return None if exit_ is None else {"code": exit_.code, "signal": exit_.signal}


def _environment(environment: Environment) -> Json:
    """Without the keyed hashes of secrets: they mean something to a diff alone."""
    return {
        "variables": environment.variables,
        "packages": [_fields(package) for package in environment.packages],
        "python": environment.python,
        "host": environment.host,
        "scheduler": environment.scheduler,
    }


def _connection(connection: Connection) -> Json:
    return {**_fields(connection), "time": iso(connection.time)}


def _pipe(pipe: Pipe) -> Json:
    return {**_fields(pipe), "opened": iso(pipe.opened)}


def _fields(struct: msgspec.Struct) -> Json:
    """All fields of `struct`, defaults too: a record leaves them out, a document does not."""
    return {name: msgspec.to_builtins(getattr(struct, name)) for name in struct.__struct_fields__}
