"""A walk as other tools want it: the contract's node-link JSON, and networkx graphs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from roar_tui.lineage.model import Walk

if TYPE_CHECKING:
    import networkx


def node_link(walk: Walk) -> dict[str, Any]:
    """The node-link JSON of `walk`, edges in the direction the data flows."""
    raise NotImplementedError


def digraph(walk: Walk) -> networkx.DiGraph[str]:
    """`walk` as a networkx graph with the same node and edge attributes as `node_link`."""
    raise NotImplementedError
