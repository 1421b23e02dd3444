"""Walks for programs that draw graphs: whatever a name holds, GraphML is XML and DOT is DOT."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from pathlib import Path

import networkx
import pytest

from roar_tui.lineage.drawing import dot, graphml
from roar_tui.lineage.fold import fold
from roar_tui.lineage.model import Walk
from tests.builders import T0, nasty, pipeline
from tests.lineage import stories
from tests.lineage.stories import artifact, upstream


def walk_of_a_model(tmp_path: Path) -> Walk:
    with stories.index(tmp_path, pipeline(shard_count=5)) as db:
        return fold(upstream(db, artifact(db, "model raw 0.1")))


def walk_of_nasty_names(tmp_path: Path) -> Walk:
    with stories.index(tmp_path, [nasty(started=T0)]) as db:
        return upstream(db, artifact(db, "out 4"))


@pytest.mark.parametrize("make", [walk_of_a_model, walk_of_nasty_names])
def test_graphml_is_read_back_with_every_node_and_edge(tmp_path: Path, make) -> None:  # type: ignore[no-untyped-def]
    walk = make(tmp_path)
    graph = networkx.read_graphml(io.BytesIO(graphml(walk).encode()))
    assert set(graph.nodes) == set(walk.nodes)
    assert set(graph.edges) == set(walk.edges)
    assert all(graph.nodes[node]["label"] and graph.nodes[node]["kind"] == walk.nodes[node].kind.value for node in graph)


def test_labels_say_what_things_are(tmp_path: Path) -> None:
    walk = walk_of_a_model(tmp_path)
    graph = networkx.read_graphml(io.BytesIO(graphml(walk).encode()))
    labels = {data["label"] for _, data in graph.nodes(data=True)}
    assert {"train.py --lr 0.1", "shards/\n5 files", "pipe"} <= labels
    assert any(label.startswith("model.pt\n") for label in labels)
    (shards,) = [data for _, data in graph.nodes(data=True) if data["kind"] == "fileset"]
    assert (shards["count"], shards["pattern"], shards["path"]) == (5, "shard-{00000..00004}.txt", "/p/shards")


@pytest.mark.parametrize("make", [walk_of_a_model, walk_of_nasty_names])
def test_dot_has_a_statement_for_every_node_and_edge(tmp_path: Path, make) -> None:  # type: ignore[no-untyped-def]
    walk = make(tmp_path)
    text = dot(walk)
    quoted = r'"(?:[^"\\]|\\.)*"'
    statement = rf"  (?:{quoted} \[[^\n]*\]|{quoted} -> {quoted}(?: \[[^\n]*\])?|rankdir={quoted}|node \[fontname={quoted}\]);"
    first, *lines, last = text.splitlines()
    assert (first, last) == ("digraph lineage {", "}")
    assert all(re.fullmatch(statement, line) for line in lines), text
    assert len(lines) == 2 + len(walk.nodes) + len(walk.edges)
    if shutil.which("dot"):
        subprocess.run(["dot", "-Tsvg"], input=text.encode(), check=True, capture_output=True)
