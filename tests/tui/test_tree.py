"""The open part of a walk as a tree, and how its lines are written."""

from __future__ import annotations

import pytest

from roar_tui.lineage.model import Edge, Kind, Node, Overlap
from roar_tui.tui.lines import plain, width_of
from roar_tui.tui.marks import ASCII, UNICODE
from roar_tui.tui.nodes import Look, name_of, row_line, typed
from roar_tui.tui.tree import Branch, Tree, to_open_first
from tests.builders import content

LOOK = Look(UNICODE, 0)


def artifact(name: str, **more: object) -> Node:
    return Node(f"a:{content(name)}", Kind.ARTIFACT, paths=[f"/p/{name}"], role="data", size=1000, **more)  # type: ignore[arg-type]


def step(name: str) -> Node:
    return Node(f"s:{name}:0", Kind.STEP, job="cd" * 32, step=0, argv=[name], started=0, ended=1_000_000)


def names(tree: Tree) -> list[str]:
    return [name_of(row.branch.node) for row in tree.rows()]


def test_rows_come_depth_first_with_their_ends() -> None:
    tree = Tree.of(artifact("out"))
    tree.attach(tree.top, [step("left"), step("right")])
    left = tree.rows()[1].branch
    tree.attach(left, [artifact("in")])
    assert names(tree) == ["out", "left", "in", "right"]
    assert [row.last for row in tree.rows()] == [(), (False,), (False, True), (True,)]
    left.is_open = False
    assert names(tree) == ["out", "left", "right"]


def test_a_node_is_opened_once_and_later_mentions_are_seen() -> None:
    tree = Tree.of(artifact("out"))
    tree.attach(tree.top, [step("left"), step("right")])
    tree.attach(tree.rows()[1].branch, [artifact("shared")])
    tree.attach(tree.rows()[3].branch, [artifact("shared")])
    first, second = (row.branch for row in tree.rows() if row.branch.node.id == artifact("shared").id)
    assert not first.seen
    assert second.seen
    assert not second.can_open


def test_a_file_that_its_reader_wrote_again_ends_the_tree() -> None:
    tree = Tree.of(artifact("loop"))
    tree.attach(tree.top, [step("job")])
    tree.attach(tree.rows()[1].branch, [artifact("loop")])
    assert tree.rows()[2].branch.seen


def test_a_chain_of_thousands_of_jobs_is_no_trouble() -> None:
    tree = Tree.of(artifact("f0"))
    branch = tree.top
    for number in range(1, 3000):
        tree.attach(branch, [artifact(f"f{number}")])
        assert branch.children
        branch = branch.children[0]
    rows = tree.rows()
    assert len(rows) == 3000
    assert branch.depth == 2999
    assert width_of(row_line(rows[-1], 80, False, LOOK)) <= 80


def test_the_nearest_open_first_until_the_screen_is_full() -> None:
    tree = Tree.of(artifact("out"))
    assert to_open_first(tree, 2, 20) is tree.top
    tree.attach(tree.top, [step("a")])
    first = to_open_first(tree, 2, 20)
    assert first is not None
    assert first.node.argv == ["a"]
    tree.attach(first, [artifact("x"), artifact("y")])
    second = to_open_first(tree, 2, 20)
    assert second is not None
    assert second.node.paths == ["/p/x"]
    assert to_open_first(tree, 2, 4) is None  # the screen is full
    assert to_open_first(tree, 0, 20) is None


@pytest.mark.parametrize("width", [30, 60, 80, 120])
@pytest.mark.parametrize("look", [LOOK, Look(ASCII, 0)])
def test_a_row_fits_whatever_its_node(width: int, look: Look) -> None:
    edge = Edge("s:x:0", "a:y", members=Overlap(250, 1000))
    nodes = [
        artifact("a" * 200),
        artifact("漢字" * 50),
        artifact("new\nline\x1b[31m\udcff"),
        step("python"),
        Node("p:x:0", Kind.PIPE),
        Node("f:x:0:1", Kind.ARTIFACT, paths=["/p/lost"], status="changed", role="data", job="ab" * 32),
        Node("a:set", Kind.FILESET, path="/p/shards", count=1000, size=10**12, edge=edge, tree="ef" * 32),
    ]
    tree = Tree.of(artifact("out", root=True))
    tree.attach(tree.top, nodes)
    for row in tree.rows():
        words = plain(row_line(row, width, True, look))
        assert words.isprintable()
        if width >= 60:
            assert width_of(row_line(row, width, True, look)) <= width
    if width >= 80:
        assert "250 of 1,000" in plain(row_line(tree.rows()[-1], width, False, look))


def test_what_can_be_typed_names_the_node() -> None:
    assert typed(artifact("x")) == content("x")
    assert typed(step("x")) == f"{'cd' * 32}:0"
    assert typed(Node("p:x:0", Kind.PIPE)) is None
    assert typed(Node("a:set", Kind.FILESET, path="/p/shards")) == "/p/shards"
    assert typed(Node("f:x:0:1", Kind.ARTIFACT, paths=["/p/lost"], job="ab" * 32)) == f"{'ab' * 32}:/p/lost"


def test_a_branch_whose_end_is_known_does_not_open() -> None:
    tree = Tree.of(artifact("out"))
    tree.attach(tree.top, [artifact("root", root=True), artifact("leaf", leaf=True), artifact("unknown")])
    assert [branch.can_open for branch in (tree.top.children or [])] == [False, False, True]
    assert Branch(artifact("alone", root=True)).can_open  # the subject itself says so when it was tried
