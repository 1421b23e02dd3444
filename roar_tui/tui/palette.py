"""The command palette's commands: the actions of the screen that it was opened on."""

from __future__ import annotations

from functools import partial

from rich.text import Text
from textual.command import DiscoveryHit, Hit, Hits, Provider

from roar_tui.tui.actions import Action, actions_for, key_name


class ActionCommands(Provider):
    """Finds actions by their word and their sentence."""

    @property
    def _actions(self) -> list[Action]:
        name = getattr(self.screen, "screen_name", "")
        return [action for action in actions_for(name) if action.id != "everywhere.palette"]

    async def discover(self) -> Hits:
        for action in self._actions:
            yield DiscoveryHit(
                Text(_title(action)), partial(self.screen.run_action, action.method), text=_title(action), help=action.help
            )
        yield DiscoveryHit(Text("theme"), self.app.action_change_theme, text="theme", help="Choose other colours.")

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for action in self._actions:
            score = max(matcher.match(action.word), matcher.match(action.help) * 0.6)
            if score > 0:
                yield Hit(
                    score,
                    Text(_title(action)),
                    partial(self.screen.run_action, action.method),
                    text=_title(action),
                    help=action.help,
                )
        if (score := matcher.match("theme")) > 0:
            yield Hit(score, Text("theme"), self.app.action_change_theme, text="theme", help="Choose other colours.")


def _title(action: Action) -> str:
    return f"{action.word}  ({key_name(action.keys[0])})"
