"""The map: what it takes in, where it puts it, and the lines that it draws."""

from __future__ import annotations

from itertools import combinations, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from roar_tui.lineage.model import Kind, Node
from roar_tui.tui.lines import plain
from roar_tui.tui.map_draw import draw, sizes
from roar_tui.tui.map_graph import collect
from roar_tui.tui.map_layout import Layout, lay_out
from roar_tui.tui.map_move import beside
from roar_tui.tui.marks import ASCII, UNICODE
from roar_tui.tui.nodes import Look

LOOK = Look(UNICODE, 0)


def artifact(name: str, **more: object) -> Node:
    return Node(f"a:{name}", Kind.ARTIFACT, paths=[f"/p/{name}"], role=str(more.pop("role", "data")), **more)  # type: ignore[arg-type]


def step(name: str) -> Node:
    return Node(f"s:{name}:0", Kind.STEP, job=name, step=0, argv=[name], started=0, ended=1_000_000)


def chain(length: int) -> tuple[Node, dict[str, list[Node]]]:
    """out <- step <- in <- step …"""
    nodes = [artifact(f"f{i}") if i % 2 == 0 else step(f"job{i}") for i in range(length)]
    return nodes[0], {node.id: [after] for node, after in pairwise(nodes)}


def test_code_that_nothing_made_lies_in_the_box_of_its_step() -> None:
    run, out = step("train"), artifact("model")
    behind = {out.id: [run], run.id: [artifact("train.py", role="code", root=True), artifact("data", root=True)]}
    shown = collect(out, lambda node: behind.get(node.id, []), upstream=True)
    assert list(shown.boxes) == [out.id, run.id, "a:data"]
    assert [node.paths for node in shown.boxes[run.id].inside] == [["/p/train.py"]]
    assert shown.home_of("a:train.py") == run.id
    assert shown.edges == {(run.id, out.id), ("a:data", run.id)}


def test_never_more_boxes_than_allowed_and_the_rest_is_told() -> None:
    first, behind = chain(60)
    shown = collect(first, lambda node: behind.get(node.id, []), upstream=True, limit=25)
    assert len(shown.boxes) == 25
    assert any(box.more for box in shown.boxes.values())


def test_data_flows_down_and_the_cursor_moves_along() -> None:
    first, behind = chain(5)
    shown = collect(first, lambda node: behind.get(node.id, []), upstream=True)
    layout = lay_out(sizes(shown, LOOK), shown.edges)
    assert all(layout.places[source].y < layout.places[target].y for source, target in shown.edges)
    assert beside(shown, layout, first.id, "up") == "s:job1:0"
    assert beside(shown, layout, "s:job1:0", "down") == first.id
    assert beside(shown, layout, first.id, "first") == "a:f4"
    assert beside(shown, layout, first.id, "left") == first.id


def test_a_diamond_is_drawn_with_lines_that_join() -> None:
    out, left, right, source = artifact("out"), step("left"), step("right"), artifact("source")
    behind = {out.id: [left, right], left.id: [source], right.id: [source]}
    shown = collect(out, lambda node: behind.get(node.id, []), upstream=True)
    layout = lay_out(sizes(shown, LOOK), shown.edges)
    assert [plain(line).rstrip() for line in draw(shown, layout, out.id, LOOK)] == DIAMOND.strip("\n").split("\n")
    plain_look = Look(ASCII, 0)
    assert all(plain(line).isascii() for line in draw(shown, layout, out.id, plain_look))


DIAMOND = """
        ◆ source
     ╭──────┴─────╮
     ▼            ▼
╭────────╮   ╭─────────╮
│ ⚙ left │   │ ⚙ right │
│ 1.0s   │   │ 1.0s    │
╰────────╯   ╰─────────╯
     ╰────╮ ╭─────╯
          ▼ ▼
        ▌◆ out
"""


names = st.integers(0, 9).map(str)
shapes_of_boxes = st.lists(st.tuples(st.integers(3, 30), st.sampled_from([1, 4])), min_size=10, max_size=10)


@settings(max_examples=60, deadline=None)
@given(st.sets(st.tuples(names, names), max_size=20), shapes_of_boxes)
def test_boxes_never_overlap_whatever_the_graph(edges: set[tuple[str, str]], shapes: list[tuple[int, int]]) -> None:
    layout = lay_out({str(i): shape for i, shape in enumerate(shapes)}, edges)
    places = [layout.places[str(i)] for i in range(10)]
    for a, b in combinations(places, 2):
        apart = a.x + a.width <= b.x or b.x + b.width <= a.x or a.y + a.height <= b.y or b.y + b.height <= a.y
        assert apart
    assert all(p.x >= 0 and p.y >= 0 and p.x + p.width <= layout.width and p.y + p.height <= layout.height for p in places)
    for stretch in layout.stretches:
        assert stretch.y1 <= stretch.bend <= stretch.y2


def test_nothing_is_an_empty_map() -> None:
    assert lay_out({}, set()) == Layout()
