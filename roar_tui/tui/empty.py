"""What is said where a list has nothing to show."""

from __future__ import annotations

from roar_tui.text import display
from roar_tui.tui.lines import Line, wrap
from roar_tui.tui.marks import Marks

FIRST_STEPS = (
    ("roar-tui run python3 train.py", "records what a command reads and writes"),
    ("roar-tui", "shows it here once the command has ended"),
    ("roar-tui demo", "builds a small project to walk through"),
)


def nothing_recorded(marks: Marks, width: int) -> list[Line]:
    """How to record the first job, and the demo; what each command does stands beside it, or below where that is too wide."""
    lines: list[Line] = [[("Nothing is recorded here yet.", "title")], []]
    column = max(len(command) for command, _ in FIRST_STEPS) + 3
    beside = 2 + column + max(len(meaning) for _, meaning in FIRST_STEPS) <= width
    for command, meaning in FIRST_STEPS:
        line: Line = [(f"{marks.arrow} ", "accent"), (command, "strong")]
        if beside:
            lines.append([*line, (" " * (column - len(command)) + meaning, "dim")])
        else:
            lines += [line, *wrap([("  ", "plain"), (meaning, "dim")], width, 2)]
    doctor: Line = [("Does this machine allow it? ", "dim"), ("roar-tui doctor", "strong"), (" says so.", "dim")]
    return [*lines, [], *wrap(doctor, width)]


def nothing_found(tab: str, words: str, width: int) -> list[Line]:
    """What was searched, and how to clear it."""
    places = "the commands, names and paths of all jobs" if tab == "jobs" else "the paths and hashes of all artifacts"
    return [
        *wrap([("Nothing found for ", "plain"), (display(words), "title")], width),
        [],
        *wrap([(f"Searched {places}.", "dim")], width),
        *wrap(
            [
                ("esc", "key"),
                (" clears the filter, ", "dim"),
                ("/", "key"),
                (" changes it, ", "dim"),
                ("?", "key"),
                (" lists what it understands.", "dim"),
            ],
            width,
        ),
    ]


def reading(width: int) -> list[Line]:
    """The archive is being read for the first time."""
    return wrap([("Reading the archive…", "dim")], width)
