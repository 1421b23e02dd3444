"""A walk as scripts want it: the contract's node-link JSON."""

from __future__ import annotations

from typing import Any

from roar_tui.lineage.model import Edge, Kind, Node, Walk
from roar_tui.store.results import iso, seconds


def node_link(walk: Walk) -> dict[str, Any]:
    """The node-link JSON of `walk`, as networkx's `node_link_graph(…, edges="edges")` reads it; edges as the data flows.

    `target` is the node that the walk began with; `targets` all of them, where a job or a directory began it with several.
    """
    graph: dict[str, Any] = {"target": walk.targets[0] if walk.targets else None, "direction": walk.direction.value}
    if len(walk.targets) != 1:
        graph["targets"] = walk.targets
    if walk.note is not None:
        graph["note"] = walk.note
    return {
        "directed": True,
        "multigraph": False,
        "graph": graph,
        "nodes": [{"id": node.id, **attributes(node)} for node in walk.nodes.values()],
        "edges": [{"source": edge.source, "target": edge.target, **flow(edge)} for edge in walk.edges.values()],
    }


def attributes(node: Node) -> dict[str, Any]:
    """What the document says of a node beside its id."""
    shared: dict[str, Any] = {"kind": node.kind.value, "depth": node.depth}
    if node.note is not None:
        shared["note"] = node.note
    if node.kind in (Kind.ARTIFACT, Kind.FILESET):
        shared |= {
            "hash": node.digest,
            "size": node.size,
            "paths": list(node.paths),
            "role": node.role,
            "status": node.status,
            "root": node.root,
        }
    if node.algorithm is not None:
        shared["algorithm"] = node.algorithm
    if node.kind is Kind.FILESET:
        return shared | {"path": node.path, "count": node.count, "pattern": node.pattern}
    if node.kind is Kind.ARTIFACT:
        if node.job is not None:
            shared |= {"job": node.job, "step": node.step}
        return shared | {
            "alternatives": [
                {"job": other.job, "step": other.step, "path": other.path, "time": iso(other.time)} for other in node.alternatives
            ]
        }
    if node.kind is Kind.PIPE:
        return shared | {"job": node.job, "pipe": node.number}
    if node.notebook is not None:
        shared["notebook"] = node.notebook
    return shared | {
        "job": node.job,
        "step": node.step,
        "program": node.program,
        "argv": list(node.argv),
        "cwd": node.cwd,
        "started": None if node.started is None else iso(node.started),
        "duration": None if node.started is None else seconds(node.started, node.ended),
        "exit": None
        if node.exit_code is None and node.exit_signal is None
        else {"code": node.exit_code, "signal": node.exit_signal},
    }


def flow(edge: Edge) -> dict[str, Any]:
    """What the document says of an edge beside its ends."""
    found = {
        "paths": list(edge.paths),
        "time": iso(edge.time),
        "role": edge.role,
        "members": None if edge.members is None else {"common": edge.members.common, "of": edge.members.of},
    }
    return found | {"group": True} if edge.group else found
