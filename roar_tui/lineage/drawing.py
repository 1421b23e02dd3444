"""A walk as files that programs which draw graphs read: GraphML (yEd, Gephi, Cytoscape) and DOT (Graphviz)."""

from __future__ import annotations

import os
import re
from typing import Any

from roar_tui.lineage.graph import attributes, flow
from roar_tui.lineage.model import Kind, Node, Walk
from roar_tui.text import count, display, what

SHAPES = {Kind.STEP: "box", Kind.FILESET: "folder", Kind.PIPE: "cds", Kind.ARTIFACT: "note", Kind.JOB: "box3d"}
_QUOTED = re.compile(r'(["\\])')


def graphml(walk: Walk) -> str:
    """`walk` as GraphML, by networkx; what is a list in the JSON document is one line a value here."""
    import networkx  # 0.2 s: only for who wants this

    graph = networkx.DiGraph(target=walk.targets[0] if walk.targets else "", direction=walk.direction.value)
    for node in walk.nodes.values():
        graph.add_node(node.id, label=label(node), **_scalars(attributes(node)))
    for edge in walk.edges.values():
        graph.add_edge(edge.source, edge.target, **_scalars(flow(edge)))
    return "\n".join(networkx.generate_graphml(graph, named_key_ids=True)) + "\n"


def dot(walk: Walk) -> str:
    """`walk` as DOT; the arrows go as the data flows, from left to right."""
    lines = ["digraph lineage {", '  rankdir="LR";', '  node [fontname="Helvetica"];']
    for node in walk.nodes.values():
        style = ', style="bold"' if node.id in walk.targets else ', style="dashed"' if node.root else ""
        lines.append(f"  {_quoted(node.id)} [label={_quoted(label(node))}, shape={SHAPES[node.kind]}{style}];")
    for edge in walk.edges.values():
        members = f"{count(edge.members.common)} of {count(edge.members.of)}" if edge.members else ""
        more = f" [label={_quoted(members)}]" if members else ""
        lines.append(f"  {_quoted(edge.source)} -> {_quoted(edge.target)}{more};")
    return "\n".join([*lines, "}"]) + "\n"


def label(node: Node) -> str:
    """What a node is called on a drawing, in one line or two."""
    if node.kind in (Kind.STEP, Kind.JOB):
        return what(node.argv, node.notebook) or display(node.program or "")
    if node.kind is Kind.PIPE:
        return "pipe"
    if node.kind is Kind.FILESET:
        return f"{display(os.path.basename((node.path or '').rstrip('/')))}/\n{count(node.count, 'file')}"
    name = display(os.path.basename(node.paths[0])) if node.paths else "(no path)"
    return f"{name}\n{node.digest[:8] if node.digest else 'content unknown'}"


def _scalars(values: dict[str, Any]) -> dict[str, str | int | float | bool]:
    """What GraphML can say of `values`: no nothing, no lists; what XML cannot hold is shown escaped."""
    found: dict[str, str | int | float | bool] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            found |= _scalars({f"{key}.{inner}": each for inner, each in value.items()})
        elif isinstance(value, (list, tuple)):
            found[key] = "\n".join(display(str(each)) for each in value)
        elif isinstance(value, str):
            found[key] = display(value)
        elif value is not None:
            found[key] = value
    return found


def _quoted(text: str) -> str:
    return '"' + _QUOTED.sub(r"\\\1", text).replace("\n", "\\n") + '"'
