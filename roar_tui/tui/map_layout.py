"""Where the boxes of a map go: layers from top to bottom in the direction the data flows, few crossings, lines at right angles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

GAP = 3  # cells between two boxes of a layer
SWEEPS = 8


@dataclass(frozen=True)
class Place:
    """A box's rectangle in cells, and its layer (0 at the top). A point of a long line has width 1 and height 0."""

    x: int
    y: int
    width: int
    height: int
    layer: int

    @property
    def middle(self) -> int:
        return self.x + self.width // 2


@dataclass(frozen=True)
class Stretch:
    """One piece of a line, a column down, a row across and a column down: (x1, y1) to (x2, y2), bending in row `bend`."""

    edge: tuple[str, str]
    x1: int
    y1: int
    x2: int
    y2: int
    bend: int
    last: bool


@dataclass
class Layout:
    """Places by id, lines, and the size of it all."""

    places: dict[str, Place] = field(default_factory=dict)
    stretches: list[Stretch] = field(default_factory=list)
    width: int = 0
    height: int = 0


def lay_out(sizes: Mapping[str, tuple[int, int]], edges: set[tuple[str, str]]) -> Layout:
    """Place boxes of the given (width, height) so that every edge goes down, except where it closes a circle."""
    forward = _without_circles(sizes, edges)
    layer = _layers(sizes, forward)
    chains = _chains(forward, layer)
    rows = _ordered(sizes, layer, chains)
    widths = {name: sizes[name][0] if name in sizes else 1 for row in rows for name in row}
    x = _columns(rows, widths, chains)
    return _finish(rows, sizes, widths, x, chains)


def _without_circles(sizes: Mapping[str, tuple[int, int]], edges: set[tuple[str, str]]) -> list[tuple[str, str]]:
    """The edges less those that close a circle (a file that its reader wrote again), found depth first in a fixed order."""
    after: dict[str, list[str]] = {name: [] for name in sizes}
    for source, target in sorted(edges):
        if source in after and target in after:
            after[source].append(target)
    done: set[str] = set()
    kept: list[tuple[str, str]] = []
    for start in sizes:
        path: list[tuple[str, int]] = [(start, 0)]
        on_path = {start}
        while path and start not in done:
            name, at = path.pop()
            if at < len(after[name]):
                path.append((name, at + 1))
                target = after[name][at]
                if target in on_path:
                    continue
                kept.append((name, target))
                if target not in done:
                    on_path.add(target)
                    path.append((target, 0))
            else:
                on_path.discard(name)
                done.add(name)
    return kept


def _layers(sizes: Mapping[str, tuple[int, int]], edges: list[tuple[str, str]]) -> dict[str, int]:
    """Each box one below its lowest source; then sources sink towards their highest target, so that lines are short."""
    import networkx as nx  # 100 ms: only when a map is drawn

    graph = nx.DiGraph()
    graph.add_nodes_from(sizes)
    graph.add_edges_from(edges)
    order = list(nx.lexicographical_topological_sort(graph))
    layer = dict.fromkeys(order, 0)
    for name in order:
        for target in graph.successors(name):
            layer[target] = max(layer[target], layer[name] + 1)
    for name in reversed(order):
        targets = [layer[target] for target in graph.successors(name)]
        if targets and not graph.in_degree(name):
            layer[name] = min(targets) - 1
    return layer


def _chains(edges: list[tuple[str, str]], layer: dict[str, int]) -> dict[tuple[str, str], list[str]]:
    """For each edge the ids along it, with a point in every layer that it passes; points are added to `layer`."""
    chains = {}
    for number, (source, target) in enumerate(edges):
        chain = [source]
        for between in range(layer[source] + 1, layer[target]):
            point = f"\0{number}.{between}"
            layer[point] = between
            chain.append(point)
        chains[source, target] = [*chain, target]
    return chains


def _ordered(
    sizes: Mapping[str, tuple[int, int]], layer: dict[str, int], chains: dict[tuple[str, str], list[str]]
) -> list[list[str]]:
    """The layers' members from left to right: each near the middle of what it is joined to (barycentre, swept up and down)."""
    rows: list[list[str]] = [[] for _ in range(max(layer.values(), default=0) + 1)]
    for name in [*sizes, *(name for name in layer if name not in sizes)]:
        rows[layer[name]].append(name)
    above, below = _neighbours(chains)
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        for row in rows if down else reversed(rows):
            near = above if down else below
            position = {name: i for other in rows for i, name in enumerate(other)}
            centre = {n: sum(position[m] for m in near[n]) / len(near[n]) if near.get(n) else position[n] for n in row}
            row.sort(key=lambda name, centre=centre: centre[name])  # type: ignore[misc]
    return rows


def _neighbours(chains: dict[tuple[str, str], list[str]]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    above: dict[str, list[str]] = {}
    below: dict[str, list[str]] = {}
    for chain in chains.values():
        for upper, lower in pairwise(chain):
            below.setdefault(upper, []).append(lower)
            above.setdefault(lower, []).append(upper)
    return above, below


def _columns(rows: list[list[str]], widths: dict[str, int], chains: dict[tuple[str, str], list[str]]) -> dict[str, int]:
    """Left edges: boxes side by side, then pulled under and over what they are joined to as far as there is room."""
    x: dict[str, int] = {}
    for row in rows:
        at = 0
        for name in row:
            x[name] = at
            at += widths[name] + GAP
    above, below = _neighbours(chains)
    for sweep in range(SWEEPS):
        near = above if sweep % 2 == 0 else below
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wanted = [
                round(sum(x[m] + widths[m] / 2 for m in near[n]) / len(near[n]) - widths[n] / 2) if near.get(n) else x[n]
                for n in row
            ]
            for name, left in zip(row, _apart(wanted, [widths[n] for n in row]), strict=True):
                x[name] = left
    least = min(x.values(), default=0)
    return {name: left - least for name, left in x.items()}


def _apart(wanted: list[int], widths: list[int]) -> list[int]:
    """Left edges near `wanted` and in order, none closer than GAP: groups that touch share their deviation."""
    groups: list[tuple[float, int, list[int]]] = []  # left edge, width, members' offsets
    for want, width in zip(wanted, widths, strict=True):
        groups.append((float(want), width, [0]))
        while len(groups) > 1 and groups[-2][0] + groups[-2][1] + GAP > groups[-1][0]:
            left2, width2, offsets2 = groups.pop()
            left1, width1, offsets1 = groups.pop()
            shift = width1 + GAP
            weight1, weight2 = len(offsets1), len(offsets2)
            left = (left1 * weight1 + (left2 - shift) * weight2) / (weight1 + weight2)
            groups.append((left, shift + width2, [*offsets1, *(shift + o for o in offsets2)]))
    return [round(left) + offset for left, _, offsets in groups for offset in offsets]


def _finish(
    rows: list[list[str]],
    sizes: Mapping[str, tuple[int, int]],
    widths: dict[str, int],
    x: dict[str, int],
    chains: dict[tuple[str, str], list[str]],
) -> Layout:
    """Rows of cells for the layers and for the bends between them; one bend row for each source whose line crosses another's."""
    layout = Layout()
    pieces: dict[int, list[tuple[tuple[str, str], str, str]]] = {}
    where = {name: number for number, row in enumerate(rows) for name in row}
    for edge, chain in chains.items():
        for upper, lower in pairwise(chain):
            pieces.setdefault(where[upper], []).append((edge, upper, lower))
    y = 0
    for number, row in enumerate(rows):
        height = max((sizes[name][1] for name in row if name in sizes), default=0)
        for name in row:
            own = sizes[name][1] if name in sizes else height
            layout.places[name] = Place(x[name], y + (height - own) // 2, widths[name], own, number)
        bottom = y + height
        ports = _ports(pieces.get(number, []), x, widths)
        tracks = _tracks(pieces.get(number, []), x, widths, ports)
        y = bottom + 1 + max((track + 1 for track in tracks.values() if track is not None), default=0)
        for edge, upper, lower in pieces.get(number, []):
            top = layout.places[upper]
            x1, x2 = top.middle, ports[edge, lower]
            bend = bottom + (tracks[upper] or 0) if x1 != x2 else bottom
            layout.stretches.append(Stretch(edge, x1, top.y + top.height, x2, y, bend, lower in sizes))
    for i, stretch in enumerate(layout.stretches):  # a lower box that is not as high as its layer starts further down
        if stretch.last:
            layout.stretches[i] = Stretch(
                stretch.edge, stretch.x1, stretch.y1, stretch.x2, layout.places[stretch.edge[1]].y, stretch.bend, True
            )
    layout.width = max((p.x + p.width for p in layout.places.values()), default=0)
    layout.height = max((p.y + p.height for p in layout.places.values()), default=0)
    return layout


def _ports(
    pieces: list[tuple[tuple[str, str], str, str]], x: dict[str, int], widths: dict[str, int]
) -> dict[tuple[tuple[str, str], str], int]:
    """The columns where lines come in: side by side around the middle, in the order of where they come from."""
    coming: dict[str, list[tuple[int, tuple[str, str]]]] = {}
    for edge, upper, lower in pieces:
        coming.setdefault(lower, []).append((x[upper] + widths[upper] // 2, edge))
    ports = {}
    for lower, sources in coming.items():
        sources.sort()
        if len(sources) == 1 and x[lower] < (straight := sources[0][0]) < x[lower] + widths[lower] - 1:
            ports[sources[0][1], lower] = straight  # no bend where none is needed
            continue
        step = 2 if widths[lower] > 2 * len(sources) + 1 else 1
        first = x[lower] + widths[lower] // 2 - step * (len(sources) - 1) // 2
        for i, (_, edge) in enumerate(sources):
            ports[edge, lower] = min(max(first + step * i, x[lower]), x[lower] + widths[lower] - 1)
    return ports


def _tracks(
    pieces: list[tuple[tuple[str, str], str, str]],
    x: dict[str, int],
    widths: dict[str, int],
    ports: dict[tuple[tuple[str, str], str], int],
) -> dict[str, int | None]:
    """The bend row of each source, None where its lines go straight down: lines whose spans overlap bend in different rows."""
    spans: dict[str, tuple[int, int]] = {}
    for edge, upper, lower in pieces:
        middle, port = x[upper] + widths[upper] // 2, ports[edge, lower]
        left, right = spans.get(upper, (middle, middle))
        spans[upper] = (min(left, port), max(right, port))
    tracks: dict[str, int | None] = {}
    taken: list[list[tuple[int, int]]] = []
    for name, (left, right) in sorted(spans.items(), key=lambda item: item[1]):
        if left == right:
            tracks[name] = None
            continue
        free = (i for i, others in enumerate(taken) if all(right < a - 1 or left > b + 1 for a, b in others))
        number = next(free, len(taken))
        if number == len(taken):
            taken.append([])
        taken[number].append((left, right))
        tracks[name] = number
    return tracks
