"""The one table of actions: bindings, footer, help screen and command palette are all made from it.

Ids are stable (`walk.follow`): documentation and key maps may name them. `method` is the Textual action on the screen or the app.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from textual.binding import Binding

HOME, WALK, MAP, FILES, DIFF, DETAILS, HELP = "home", "walk", "map", "files", "diff", "details", "help"
LISTS = (HOME, WALK, FILES)
NODES = (WALK, MAP)
ALL = (HOME, WALK, MAP, FILES, DIFF, DETAILS, HELP)

# What each screen is called in the help screen.
TITLES = {
    HOME: "Jobs and Artifacts",
    WALK: "Walk",
    MAP: "Map",
    FILES: "Files of a set",
    DIFF: "Diff",
    DETAILS: "Details",
    HELP: "Help",
}


@dataclass(frozen=True)
class Action:
    """One thing a person can do.

    `keys` are Textual key names, the first is the one that is shown; `word` is the footer's; `help` one sentence; `rank` orders the
    footer (lower is kept longer when the terminal is narrow; 0 keeps it out of the footer).
    """

    id: str
    method: str
    keys: tuple[str, ...]
    word: str
    help: str
    screens: tuple[str, ...]
    rank: int = 0


ACTIONS: tuple[Action, ...] = (
    Action(
        "home.walk", "walk", ("enter", "right", "l"), "walk", "Walk from this job or artifact to what it came from.", (HOME,), 1
    ),
    Action("walk.follow", "follow", ("enter",), "follow", "Make this the subject of the walk; the trail grows.", (WALK,), 1),
    Action("map.follow", "follow", ("enter",), "walk here", "Leave the map and walk from this box.", (MAP,), 1),
    Action("files.follow", "follow", ("enter",), "walk", "Walk from this one file.", (FILES,), 1),
    Action(
        "walk.open",
        "open_branch",
        ("right", "l"),
        "open",
        "Open this branch (what lies behind is loaded then), or close it.",
        (WALK,),
        4,
    ),
    Action("walk.back", "trail_back", ("left", "h", "backspace"), "back", "Go one step back on the trail.", (WALK,), 3),
    Action("walk.turn", "turn", ("t",), "turn", "Turn around: what it was made from, or what was made from it.", (WALK,), 5),
    Action("walk.details", "details", ("e",), "details", "All of it: environment, packages, places, the text of code.", NODES, 6),
    Action(
        "home.details", "details", ("e",), "details", "All of it: environment, packages, places, inputs and outputs.", (HOME,), 5
    ),
    Action(
        "files.details", "details", ("e",), "details", "Every place this file was seen, and its text if it was kept.", (FILES,), 5
    ),
    Action(
        "walk.files", "files", ("f",), "files", "The files of this set, a page at a time, with a filter of their own.", (WALK,), 9
    ),
    Action(
        "everywhere.mark", "mark", ("space",), "mark", "Mark this as A, to compare other things with it; again to unmark.", LISTS, 4
    ),
    Action(
        "everywhere.diff",
        "diff",
        ("d",),
        "diff",
        "What changed from A, which was marked with space, to this; without an A, from the run before.",
        LISTS,
        3,
    ),
    Action(
        "diff.details",
        "details",
        ("enter", "right", "l"),
        "details",
        "Open what lies behind: changed lines of code, files of a set, suspects; or close it.",
        (DIFF,),
        1,
    ),
    Action(
        "diff.unchanged",
        "unchanged",
        ("u",),
        "unchanged",
        "Show what is the same, and what differs between any two runs.",
        (DIFF,),
        3,
    ),
    Action("diff.swap", "swap", ("x",), "swap", "Swap A and B.", (DIFF,), 4),
    Action(
        "diff.walk",
        "walk",
        ("w",),
        "walk",
        "Walk from this file or step as B had it (as A had it where B has none).",
        (DIFF,),
        3,
    ),
    Action(
        "diff.export",
        "export",
        ("e",),
        "export",
        "Write the whole diff as JSON into the current directory.",
        (DIFF,),
        5,
    ),
    Action("walk.map", "map", ("m",), "map", "Draw the walk as boxes and lines.", (WALK,), 7),
    Action("home.jobs", "tab_jobs", ("1",), "jobs", "Show the list of jobs.", (HOME,)),
    Action("home.artifacts", "tab_artifacts", ("2",), "artifacts", "Show the list of artifacts.", (HOME,)),
    Action("home.switch", "switch_tab", ("tab", "shift+tab"), "switch", "Switch between jobs and artifacts.", (HOME,), 6),
    Action("list.filter", "filter", ("slash",), "filter", "Narrow the list as you type.", (HOME, FILES), 3),
    Action("walk.find", "filter", ("slash",), "find", "Find a name, path or hash in the open part of the walk.", (WALK,), 8),
    Action("walk.next", "find_next(1)", ("n",), "next", "Next match.", (WALK,)),
    Action("walk.previous", "find_next(-1)", ("N",), "previous", "Previous match.", (WALK,)),
    Action(
        "everywhere.copy",
        "copy",
        ("y",),
        "copy",
        "Copy the full hash (or the text on the details screen).",
        (HOME, WALK, MAP, FILES, DIFF, DETAILS),
        10,
    ),
    Action(
        "everywhere.go",
        "go",
        ("colon",),
        "go to",
        "Go to any reference: a hash, a path, a job, JOB:STEP, @.",
        (HOME, WALK, MAP, FILES, DIFF),
        12,
    ),
    Action(
        "everywhere.refresh", "reload", ("r", "ctrl+l"), "reload", "Look again for new jobs and draw the screen anew.", (HOME, WALK)
    ),
    Action(
        "everywhere.back", "back", ("escape",), "back", "Cancel what is running, close what is open, or go back one.", (HOME, WALK)
    ),
    Action("screen.back", "back", ("escape", "backspace", "left", "h"), "back", "Back to where you were.", (FILES, DETAILS), 2),
    Action(
        "diff.back",
        "back",
        ("escape", "backspace", "left", "h"),
        "back",
        "Call off a comparison that runs, or go back to where you were.",
        (DIFF,),
        7,
    ),
    Action("map.back", "back", ("escape", "m", "backspace"), "back", "Back to the outline, on the same thing.", (MAP,), 2),
    Action("help.back", "back", ("escape", "question_mark", "enter", "backspace"), "back", "Back to where you were.", (HELP,), 2),
    Action(
        "everywhere.help",
        "help",
        ("question_mark", "f1"),
        "help",
        "Show every key of this screen.",
        (HOME, WALK, MAP, FILES, DIFF, DETAILS),
        2,
    ),
    Action("everywhere.palette", "app.command_palette", ("ctrl+p",), "commands", "Find an action by name.", ALL),
    Action("everywhere.quit", "app.quit", ("q", "ctrl+q", "ctrl+c"), "quit", "Leave.", ALL, 1),
)

# Moving is handled by the lists themselves; the help screen shows these.
MOVES: tuple[tuple[str, str], ...] = (
    ("↑ ↓  k j", "One line up or down."),
    ("PgUp PgDn ctrl+b/f", "One page up or down."),
    ("g G  Home End", "First or last line."),
    ("mouse", "Click to select, click again to follow, wheel to scroll."),
)

KEY_NAMES = {
    "slash": "/", "question_mark": "?", "colon": ":", "escape": "esc", "left": "←", "right": "→", "up": "↑", "down": "↓",
}  # fmt: skip
KEY_NAMES_ASCII = {**KEY_NAMES, "left": "left", "right": "right", "up": "up", "down": "down"}


def key_name(key: str, *, ascii_only: bool = False) -> str:
    """How a key is written for people: `slash` is `/`, `left` an arrow (a word in a terminal without Unicode)."""
    return (KEY_NAMES_ASCII if ascii_only else KEY_NAMES).get(key, key)


def actions_for(screen: str) -> list[Action]:
    """The actions of one screen, in the table's order."""
    return [action for action in ACTIONS if screen in action.screens]


def bindings(screen: str) -> list[Binding]:
    """Textual bindings of one screen; the command palette's own key stays the app's."""
    return [
        Binding(",".join(action.keys), action.method, action.word, show=False, id=f"{action.id}@{screen}")
        for action in actions_for(screen)
        if action.id != "everywhere.palette"
    ]


def footer(screen: str, hidden: Iterable[str] = ()) -> list[Action]:
    """The footer's actions, most important first; `hidden` are ids that mean nothing at the moment."""
    left_out = set(hidden)
    return sorted((a for a in actions_for(screen) if a.rank and a.id not in left_out), key=lambda a: a.rank)
