from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import networkx
import pytest

from roar_tui.lineage.drawing import label
from roar_tui.lineage.fold import fold
from roar_tui.lineage.graph import node_link
from roar_tui.lineage.model import Kind
from roar_tui.lineage.outline import outline
from tests.builders import T0, content, made, nasty, pipeline, record, single, step, unknown, used
from tests.lineage import stories
from tests.lineage.stories import T1, T2, T3, artifact, downstream, name, upstream


def drawn(walk: object) -> list[str]:
    """The rows as text: guides, name, and an arrow where a row only refers further up."""
    lines = []
    for row in outline(walk):  # type: ignore[arg-type]
        guides = "".join("  " if last else "| " for last in row.last[:-1])
        corner = "" if not row.last else "`-" if row.last[-1] else "+-"
        lines.append(f"{guides}{corner}{name(row.node)}{' ^' if row.seen_above else ''}")
    return lines


def test_an_outline_is_a_tree_that_opens_each_node_once(tmp_path: Path) -> None:
    records = [
        single(["prep"], [used("raw"), used("tokens", opened=T0 + 1)], [made("clean", opened=T0 + 5)]),
        single(["train"], [used("clean", opened=T1), used("tokens", opened=T1 + 1)], [made("model", opened=T1 + 5)], started=T1),
        single(["eval"], [used("model", opened=T2), used("clean", opened=T2 + 1)], [made("score", opened=T2 + 5)], started=T2),
    ]
    with stories.index(tmp_path, records) as db:
        walk = upstream(db, artifact(db, "score"))
    assert drawn(walk) == [
        "score",
        "`-$ eval",
        "  +-model",
        "  | `-$ train",
        "  |   +-clean",
        "  |   | `-$ prep",
        "  |   |   +-raw",
        "  |   |   `-tokens",
        "  |   `-tokens ^",
        "  `-clean ^",
    ]


def test_an_outline_of_a_job_has_its_steps_at_the_top(tmp_path: Path) -> None:
    steps = [step([f"s{n}"], number=n, used=[used(f"in{n}")], generated=[made(f"out{n}", opened=T0 + 5)]) for n in range(2)]
    with stories.index(tmp_path, [record(["job"], steps, name="job")]) as db:
        assert drawn(upstream(db, stories.job(db, "job"))) == ["$ s0", "`-in0", "$ s1", "`-in1"]


def test_a_chain_of_thousands_of_jobs_can_be_drawn(tmp_path: Path) -> None:
    steps = [
        step(
            [f"s{n}"],
            number=n,
            used=[used(f"f{n}", opened=T0 + 10 * n, external=n == 0)],
            generated=[made(f"f{n + 1}", opened=T0 + 10 * n + 1)],
        )
        for n in range(3000)
    ]
    with stories.index(tmp_path, [record(["job"], steps)]) as db:
        walk = fold(upstream(db, artifact(db, "f3000")))
    assert len(outline(walk)) == 6001
    assert outline(walk)[-1].depth == 6000


def test_the_document_has_the_shape_that_scripts_rely_on(tmp_path: Path) -> None:
    with stories.index(tmp_path, pipeline(shard_count=5)) as db:
        document = json.loads(json.dumps(node_link(fold(upstream(db, artifact(db, "model raw 0.1"))))))
    assert (document["directed"], document["multigraph"]) == (True, False)
    assert document["graph"]["target"] == "a:" + content("model raw 0.1")
    nodes = {node["id"]: node for node in document["nodes"]}
    assert next(iter(nodes)) == document["graph"]["target"]
    model = nodes[document["graph"]["target"]]
    assert model == {
        "id": "a:" + content("model raw 0.1"),
        "kind": "artifact",
        "hash": content("model raw 0.1"),
        "size": 4096,
        "paths": ["/p/model.pt"],
        "role": "data",
        "status": "hashed",
        "depth": 0,
        "root": False,
        "alternatives": [],
    }
    (files,) = [node for node in nodes.values() if node["kind"] == "fileset"]
    assert files["id"] == "a:" + files["hash"]
    assert {key: files[key] for key in ("path", "count", "size", "pattern", "depth", "root")} == {
        "path": "/p/shards",
        "count": 5,
        "size": 500,
        "pattern": "shard-{00000..00004}.txt",
        "depth": 2,
        "root": False,
    }
    train = next(node for node in nodes.values() if node["kind"] == "step")
    assert train["id"] == f"s:{train['job']}:{train['step']}"
    assert (train["argv"], train["depth"], train["exit"]) == (
        ["python3", "train.py", "--lr", "0.1"],
        1,
        {"code": 0, "signal": None},
    )
    assert (train["program"], train["started"], train["duration"]) == ("/usr/bin/python3", "2026-11-18T11:08:40.000000Z", 1.0)
    (pipe,) = [node for node in nodes.values() if node["kind"] == "pipe"]
    assert pipe["id"] == f"p:{pipe['job']}:0"
    for edge in document["edges"]:
        assert edge["source"] in nodes
        assert edge["target"] in nodes
        assert set(edge) >= {"source", "target", "paths", "time", "members"}
    made_model = next(edge for edge in document["edges"] if edge["target"] == model["id"])
    assert (made_model["source"], made_model["paths"]) == (train["id"], ["/p/model.pt"])
    assert made_model["time"].endswith("Z")


def test_networkx_reads_the_document(tmp_path: Path) -> None:
    with stories.index(tmp_path, pipeline(shard_count=5)) as db:
        walk = upstream(db, artifact(db, "model raw 0.1"))
    graph = networkx.node_link_graph(node_link(walk), edges="edges")
    assert networkx.is_directed_acyclic_graph(graph)
    target = node_link(walk)["graph"]["target"]
    assert networkx.ancestors(graph, target) | {target} == set(graph)


def test_unknown_contents_and_alternatives_are_said(tmp_path: Path) -> None:
    records = [
        single(["one"], [], [made("x", "same", opened=T0)]),
        single(["two"], [], [made("x", "same", opened=T1)], started=T1),
        single(["reader"], [used("x", "same", opened=T2), unknown("odd", opened=T2)], [made("y", opened=T2 + 5)], started=T2),
    ]
    with stories.index(tmp_path, records) as db:
        document = node_link(upstream(db, artifact(db, "y")))
    nodes = {node["paths"][0]: node for node in document["nodes"] if node["kind"] == "artifact"}
    reader = next(node for node in document["nodes"] if node.get("argv") == ["reader"])
    odd = nodes["/p/odd"]
    assert (odd["id"], odd["hash"], odd["status"], odd["root"]) == (f"f:{reader['job']}:0:0", None, "changed", True)
    assert [set(other) for other in nodes["/p/x"]["alternatives"]] == [{"job", "step", "path", "time"}]
    assert nodes["/p/x"]["alternatives"][0]["time"] == "2026-11-18T11:06:40.100000Z"


def test_names_that_are_not_text_survive_json(tmp_path: Path) -> None:
    with stories.index(tmp_path, [nasty(started=T3)]) as db:
        for walk in (upstream(db, artifact(db, "out 0")), downstream(db, artifact(db, "in 0"))):
            assert json.loads(json.dumps(node_link(walk))) == node_link(walk)
            assert outline(fold(walk))


def test_a_walk_needs_no_networkx() -> None:
    code = "import sys, roar_tui.lineage.walk, roar_tui.lineage.graph, roar_tui.lineage.reference; print('networkx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


@pytest.mark.parametrize(
    ("above", "named"),
    [
        (["jupyter-execute", "sub/n.ipynb"], "sub/n.ipynb"),
        (["jupyter-nbconvert", "--execute", "--output", "out.ipynb", "n.ipynb"], "n.ipynb"),
        (["papermill", "n.ipynb", "out.ipynb"], "n.ipynb"),
        (["jupyter-lab"], None),
    ],
)
def test_a_kernel_is_named_by_the_notebook_of_a_command_above_it(tmp_path: Path, above: list[str], named: str | None) -> None:
    kernel = step(
        ["python", "-m", "ipykernel_launcher", "-f", "/tmp/k.json"], number=2, parent=1, used=[used("a")], generated=[made("x")]
    )
    with stories.index(tmp_path, [record(above, [step(above), step(["sh"], number=1, parent=0), kernel])]) as db:
        walk = upstream(db, artifact(db, "x"))
    (node,) = [node for node in node_link(walk)["nodes"] if node["kind"] == "step"]
    assert node.get("notebook") == named
    assert label(next(each for each in walk.nodes.values() if each.kind is Kind.STEP)) == (
        f"Jupyter kernel of {named.split('/')[-1]}" if named else "Jupyter kernel"
    )
