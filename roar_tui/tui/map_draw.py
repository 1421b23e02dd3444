"""Drawing a laid out map into lines of spans: boxes for steps, plain words for files, lines that join where they meet."""

from __future__ import annotations

from itertools import pairwise

from rich.cells import cell_len

from roar_tui import text
from roar_tui.lineage.model import Kind
from roar_tui.tui.lines import Line, crop, width_of
from roar_tui.tui.map_graph import Box, Map
from roar_tui.tui.map_layout import Layout, Place
from roar_tui.tui.nodes import Look, mark_of, name_of, seconds_of

WIDEST = 26
UP, DOWN, LEFT, RIGHT = 1, 2, 4, 8
GLYPHS = {
    UP | DOWN: "│", LEFT | RIGHT: "─", DOWN | RIGHT: "╭", DOWN | LEFT: "╮", UP | RIGHT: "╰", UP | LEFT: "╯", UP | DOWN | RIGHT: "├",
    UP | DOWN | LEFT: "┤", DOWN | LEFT | RIGHT: "┬", UP | LEFT | RIGHT: "┴", UP | DOWN | LEFT | RIGHT: "┼", UP: "│", DOWN: "│",
    LEFT: "─", RIGHT: "─",
}  # fmt: skip


def contents(box: Box, look: Look) -> list[Line]:
    """The lines of a box: mark and name; below a step what it took and the code in it; behind a set how many files."""
    node, marks = box.node, look.marks
    mark, tone = mark_of(node, marks)
    name: Line = [(mark, tone), (" ", "plain"), (name_of(node), "strong")]
    if node.kind is Kind.STEP:
        lines = [crop(name, WIDEST, marks.more)]
        words = [text.duration(seconds_of(node))] if seconds_of(node) is not None else []
        names = [name_of(inner) for inner in box.inside]
        if names:
            words.append(names[0] + (f" +{len(names) - 1}" if len(names) > 1 else ""))
        if words:
            lines.append(crop([(f" {marks.dot} ".join(words), "dim")], WIDEST, marks.more))
        return lines
    if node.kind is Kind.FILESET:
        name.append((f" {text.count(node.count, 'file')}", "plain"))
    if node.root:
        name.append((f" {marks.root}", "root"))
    return [crop(name, WIDEST + 6, marks.more)]


def sizes(shown: Map, look: Look) -> dict[str, tuple[int, int]]:
    """The (width, height) of each box: steps have a frame, files a blank on both sides."""
    found = {}
    for name, box in shown.boxes.items():
        lines = contents(box, look)
        width = max(width_of(line) for line in lines)
        found[name] = (width + 4, len(lines) + 2) if box.node.kind is Kind.STEP else (width + 2, 1)
    return found


class Canvas:
    """Cells with a glyph and a tone each."""

    def __init__(self, width: int, height: int) -> None:
        self.cells: list[list[tuple[str, str]]] = [[(" ", "plain")] * width for _ in range(height)]

    def put(self, x: int, y: int, words: str, tone: str) -> int:
        """Write `words` from (x, y) on and return the column behind; a wide letter takes two cells, the second is empty."""
        for letter in words:
            size = cell_len(letter)
            if 0 <= y < len(self.cells) and x >= 0 and x + size <= len(self.cells[y]):
                if size == 0:
                    before, its_tone = self.cells[y][x - 1]
                    self.cells[y][x - 1] = (before + letter, its_tone)
                    continue
                self.cells[y][x] = (letter, tone)
                if size == 2:
                    self.cells[y][x + 1] = ("", tone)
            x += size
        return x

    def line(self, y: int) -> Line:
        """Row `y` as spans."""
        line: Line = []
        for letter, tone in self.cells[y]:
            if line and line[-1][1] == tone:
                line[-1] = (line[-1][0] + letter, tone)
            else:
                line.append((letter, tone))
        return line


def draw(shown: Map, layout: Layout, cursor: str, look: Look) -> list[Line]:
    """The whole map; lines that touch the box under the cursor stand out."""
    canvas = Canvas(layout.width + 1, layout.height)
    _lines(canvas, layout, cursor, look)
    for name, box in shown.boxes.items():
        _box(canvas, box, layout.places[name], name == cursor, look)
    return [canvas.line(y) for y in range(layout.height)]


def _lines(canvas: Canvas, layout: Layout, cursor: str, look: Look) -> None:
    joints: dict[tuple[int, int], int] = {}
    bright: set[tuple[int, int]] = set()
    heads: set[tuple[int, int]] = set()
    for stretch in layout.stretches:
        steps: list[tuple[int, int]] = [(stretch.x1, y) for y in range(stretch.y1, stretch.bend + 1)]
        way = 1 if stretch.x2 > stretch.x1 else -1
        steps += [(x, stretch.bend) for x in range(stretch.x1 + way, stretch.x2 + way, way)] if stretch.x1 != stretch.x2 else []
        steps += [(stretch.x2, y) for y in range(stretch.bend + 1, stretch.y2)]
        steps = list(dict.fromkeys(steps))
        for (xa, ya), (xb, yb) in pairwise(steps):
            out, into = (DOWN, UP) if yb > ya else (RIGHT, LEFT) if xb > xa else (LEFT, RIGHT)
            joints[xa, ya] = joints.get((xa, ya), 0) | out
            joints[xb, yb] = joints.get((xb, yb), 0) | into
        if steps:
            joints[steps[0]] = joints.get(steps[0], 0) | UP
            joints[steps[-1]] = joints.get(steps[-1], 0) | DOWN
        if cursor in stretch.edge:
            bright.update(steps)
        if stretch.last and steps:
            heads.add(steps[-1])
    ascii_only = not look.marks.unicode
    for (x, y), joint in joints.items():
        glyph = GLYPHS.get(joint, " ")
        if (x, y) in heads and joint & ~(UP | DOWN) == 0:
            glyph = "v" if ascii_only else "▼"
        elif ascii_only:
            glyph = {"│": "|", "─": "-"}.get(glyph, "+")
        canvas.put(x, y, glyph, "accent" if (x, y) in bright else "faint")


def _box(canvas: Canvas, box: Box, place: Place, under_cursor: bool, look: Look) -> None:
    corners = look.marks.box
    frame = "accent" if under_cursor else "step"
    lines = contents(box, look)
    x, y = place.x, place.y
    if box.node.kind is Kind.STEP:
        inner = place.width - 2
        canvas.put(x, y, corners[0] + corners[4] * inner + corners[1], frame)
        for i, line in enumerate(lines, 1):
            canvas.put(x, y + i, corners[5] + " " * inner + corners[5], frame)
            _put_line(canvas, x + 2, y + i, line)
        canvas.put(x, y + place.height - 1, corners[2] + corners[4] * inner + corners[3], frame)
    else:
        canvas.put(x, y, " " * place.width, "plain")
        _put_line(canvas, x + 1, y, lines[0])
        if under_cursor:
            canvas.put(x, y, look.marks.cursor, "accent")
    if box.more:
        canvas.put(x + place.width - 2, y, look.marks.more, "warn")


def _put_line(canvas: Canvas, x: int, y: int, line: Line) -> None:
    for words, tone in line:
        x = canvas.put(x, y, words, tone)
