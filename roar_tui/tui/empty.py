"""What is said where a list has nothing to show."""

from __future__ import annotations

from roar_tui.text import display
from roar_tui.tui.lines import Line, wrap
from roar_tui.tui.marks import Marks


def nothing_recorded(width: int, marks: Marks) -> list[Line]:
    """How to record the first job, in three lines, and the demo."""
    arrow = marks.arrow
    return [
        [("Nothing is recorded here yet.", "title")],
        [],
        [
            (f"{arrow} ", "accent"),
            ("roar-tui run python3 train.py", "strong"),
            ("   records what a command reads and writes", "dim"),
        ],
        [(f"{arrow} ", "accent"), ("roar-tui", "strong"), ("                        shows it here, while it is being made", "dim")],
        [
            (f"{arrow} ", "accent"),
            ("roar-tui demo", "strong"),
            ("                   builds a small project to walk through", "dim"),
        ],
        [],
        *wrap([("Does this machine allow it? ", "dim"), ("roar-tui doctor", "strong"), (" says so.", "dim")], width),
    ]


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
