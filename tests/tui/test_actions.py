"""The table of actions: every key does one thing on a screen, every action exists, and the footer says the truth."""

from __future__ import annotations

import pytest

from roar_tui.tui.actions import ACTIONS, ALL, actions_for, bindings, footer
from roar_tui.tui.explorer import Explorer
from roar_tui.tui.lines import plain, width_of
from roar_tui.tui.marks import ASCII, UNICODE
from roar_tui.tui.screens.base import ExplorerScreen
from roar_tui.tui.screens.details import DetailsScreen
from roar_tui.tui.screens.diff import DiffScreen
from roar_tui.tui.screens.files import FilesScreen
from roar_tui.tui.screens.help import HelpScreen, help_lines
from roar_tui.tui.screens.home import HomeScreen
from roar_tui.tui.screens.map import MapScreen
from roar_tui.tui.screens.walk import WalkScreen
from roar_tui.tui.widgets.footer import choose, entry

SCREENS: dict[str, type[ExplorerScreen]] = {
    screen.screen_name: screen for screen in (HomeScreen, WalkScreen, MapScreen, FilesScreen, DiffScreen, DetailsScreen, HelpScreen)
}


def test_every_screen_of_the_table_exists() -> None:
    assert set(SCREENS) == set(ALL)


@pytest.mark.parametrize("name", ALL)
def test_a_key_does_one_thing_on_a_screen(name: str) -> None:
    keys = [key for action in actions_for(name) for key in action.keys]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("name", ALL)
def test_every_action_of_a_screen_is_there(name: str) -> None:
    for action in actions_for(name):
        method = action.method.partition("(")[0]
        owner = Explorer if method.startswith("app.") else SCREENS[name]
        assert hasattr(owner, f"action_{method.removeprefix('app.')}"), action.id


def test_ids_are_unique_per_binding() -> None:
    ids = [binding.id for name in ALL for binding in bindings(name)]
    assert len(ids) == len(set(ids))
    assert len({action.id for action in ACTIONS}) == len(ACTIONS)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("ascii_only", [False, True])
def test_the_footer_fits_and_keeps_quit(name: str, ascii_only: bool) -> None:
    for width in range(20, 140):
        chosen = choose(footer(name), width, ascii_only=ascii_only)
        used = sum(width_of(entry(action, ascii_only=ascii_only)) for action in chosen) + 2 * (len(chosen) - 1)
        assert used <= width - 2
        if width >= 40:
            assert "everywhere.quit" in {action.id for action in chosen}


@pytest.mark.parametrize("name", ALL)
def test_help_names_every_key_and_fits(name: str) -> None:
    page = help_lines(name, 80, UNICODE)
    words = "\n".join(plain(line) for line in page)
    for action in actions_for(name):
        assert action.help.split(" ")[0] in words
    assert all(width_of(line) <= 80 for line in page)
    assert all(plain(line).isascii() for line in help_lines(name, 80, ASCII))
