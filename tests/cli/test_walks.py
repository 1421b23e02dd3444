"""`upstream` and `downstream`: the tree that people read, the graph that scripts read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.builders import NASTY, build_store, content, job_id, made, nasty, shards, single, two_runs, used
from tests.cli.conftest import Run, colours, document, in_terminal, plain

MODEL = content("model raw 0.1")


def test_upstream_is_a_node_link_graph(run: Run) -> None:
    graph = document(run("upstream", MODEL, "--json"))
    assert (graph["directed"], graph["multigraph"]) == (True, False)
    assert graph["graph"]["target"] == f"a:{MODEL}"
    nodes = {node["id"]: node for node in graph["nodes"]}
    assert nodes[f"a:{MODEL}"]["depth"] == 0
    train = f"s:{job_id(two_runs()[2])}:0"
    assert nodes[train]["kind"] == "step"
    assert (nodes[train]["argv"], nodes[train]["depth"]) == (["python3", "train.py", "--lr", "0.1"], 1)
    shards = next(node for node in graph["nodes"] if node["kind"] == "fileset")
    assert (shards["path"], shards["count"], shards["pattern"]) == ("/p/shards", 8, "shard-{00000..00007}.txt")
    assert nodes[f"a:{content('fetch.py')}"]["root"] is True
    assert nodes[f"a:{content('raw')}"]["root"] is False
    edges = {(edge["source"], edge["target"]) for edge in graph["edges"]}
    assert (train, f"a:{MODEL}") in edges
    assert all({"source", "target", "paths", "time", "members"} <= edge.keys() for edge in graph["edges"])
    assert all(source in nodes and target in nodes for source, target in edges)


def test_the_graph_is_one_that_networkx_reads(run: Run) -> None:
    import networkx

    graph = networkx.node_link_graph(document(run("upstream", MODEL, "--json")), edges="edges")
    assert f"a:{content('raw')}" in networkx.ancestors(graph, f"a:{MODEL}")
    assert networkx.is_directed_acyclic_graph(graph)


def test_downstream_goes_the_other_way(run: Run) -> None:
    graph = document(run("downstream", content("raw"), "--json"))
    assert f"a:{MODEL}" in {node["id"] for node in graph["nodes"]}
    assert f"a:{content('model raw changed 0.2')}" not in {node["id"] for node in graph["nodes"]}


def test_the_tree_names_everything_in_order(run: Run) -> None:
    shown = run("upstream", MODEL).stdout
    parts = ("model.pt", "train.py --lr 0.1", "params.yaml", "shards/", "prep.py --out", "sort raw.txt", "fetch.py")
    places = [shown.index(part) for part in parts]
    assert places == sorted(places)
    assert MODEL[:8] in shown
    assert "8 files" in shown
    assert "shard-00003.txt" not in shown
    assert "prep.sh" not in shown


def test_expand_names_every_file(run: Run) -> None:
    assert "shard-00003.txt" in run("upstream", MODEL, "--expand").stdout
    graph = document(run("upstream", MODEL, "--expand", "--json"))
    assert not [node for node in graph["nodes"] if node["kind"] == "fileset"]


@pytest.mark.parametrize(("depth", "deepest"), [(0, 0), (1, 1), (2, 2)])
def test_depth_limits_the_walk(run: Run, depth: int, deepest: int) -> None:
    graph = document(run("upstream", MODEL, "--depth", str(depth), "--json"))
    assert max(node["depth"] for node in graph["nodes"]) == deepest


def test_a_job_and_a_path_can_be_walked_from(run: Run) -> None:
    train = job_id(two_runs()[2])
    assert "fetch.py" in run("upstream", train[:8]).stdout
    by_path = run("upstream", "/p/model.pt")
    assert "train.py --lr 0.2" in by_path.stdout
    assert "train.py --lr 0.1" in run("upstream", f"{train[:8]}:model.pt").stdout


def test_where_the_story_begins_it_says_so(run: Run) -> None:
    result = run("upstream", content("fetch.py"))
    assert result.exit_code == 0
    assert "Nothing that is recorded made it" in result.stderr


def test_nasty_names_are_shown_escaped(run: Run) -> None:
    shown = run("upstream", job_id(nasty()), "--expand").stdout
    assert r"esc\x1b[31mred.txt" in shown
    assert all(char.isprintable() for line in shown.split("\n") for char in line)
    nodes = document(run("upstream", job_id(nasty()), "--expand", "--json"))["nodes"]
    assert set(NASTY) <= {path for node in nodes for path in node.get("paths", [])}


def test_a_part_of_a_directory_is_said_to_be_one(run: Run, tmp_path: Path) -> None:
    from tests.builders import MINUTE, T0

    make = single(["python3", "make.py"], [], shards("data", 100, opened=T0, write=True))
    later = T0 + MINUTE
    train = single(["python3", "train.py"], shards("data", 40, opened=later), [made("m.pt", opened=later + 99)], started=later)
    build_store(tmp_path, [make, train])
    shown = run("upstream", content("m.pt"), store=tmp_path).stdout.splitlines()
    assert "  40 files" in next(line for line in shown if "/p/data/" in line)
    assert "40 of 100 files" in next(line for line in shown if "make.py" in line)


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_trees_fit_the_terminal(root: Path, columns: int) -> None:
    status, shown = in_terminal(["--store", str(root), "upstream", MODEL], columns=columns)
    assert status == 0
    assert colours(shown)
    assert max(len(line.rstrip("\r")) for line in plain(shown).split("\n")) <= columns
    assert "◆ /p/model.pt" in plain(shown)


def test_a_c_locale_gets_an_ascii_tree(root: Path) -> None:
    status, shown = in_terminal(["--store", str(root), "upstream", MODEL], LC_ALL="C")
    assert status == 0
    assert shown.isascii()
    assert "`-@ train.py" in plain(shown)


def test_notes_do_not_disturb_the_document(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "raw.txt").write_text("seen by nobody")
    job = single(["cat"], [used(str(tmp_path / "raw.txt"))], [made(str(tmp_path / "out.txt"))])
    build_store(tmp_path / "store", [job])
    result = run("downstream", "raw.txt", "--json", store=tmp_path / "store")
    assert json.loads(result.stdout)["nodes"]
    assert "no recorded job has seen" in result.stderr


@pytest.mark.parametrize(("form", "begins"), [("graphml", "<graphml"), ("dot", "digraph lineage {")])
@pytest.mark.parametrize("command", ["upstream", "downstream"])
def test_other_forms_of_a_walk(run: Run, command: str, form: str, begins: str) -> None:
    done = run(command, MODEL if command == "upstream" else content("raw"), "--format", form)
    assert done.exit_code == 0
    assert done.stdout.startswith(begins)
    assert MODEL in done.stdout
