"""Moving a cursor over a map: to the joined box above or below, to the next one of the same layer."""

from __future__ import annotations

from roar_tui.tui.map_graph import Map
from roar_tui.tui.map_layout import Layout


def beside(shown: Map, layout: Layout, cursor: str, way: str) -> str:
    """The box that `way` (up, down, left, right, first, last) leads to; the same one where there is none."""
    places = {name: layout.places[name] for name in shown.boxes}
    here = places[cursor]
    if way in ("first", "last"):
        return (min if way == "first" else max)(places, key=lambda name: (places[name].y, places[name].x))
    if way in ("left", "right"):
        side = [n for n, p in places.items() if p.layer == here.layer and (p.x < here.x if way == "left" else p.x > here.x)]
        return min(side, key=lambda name: abs(places[name].x - here.x), default=cursor)
    if way == "up":
        joined = [source for source, target in shown.edges if target == cursor and places[source].layer < here.layer]
        others = [n for n, p in places.items() if p.layer == here.layer - 1]
    else:
        joined = [target for source, target in shown.edges if source == cursor and places[target].layer > here.layer]
        others = [n for n, p in places.items() if p.layer == here.layer + 1]
    return min(joined or others, key=lambda name: (abs(places[name].middle - here.middle), name), default=cursor)
