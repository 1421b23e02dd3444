"""The explorer's colours: dark, light, and one of the terminal's own 16 colours.

Every theme defines the same variables (`tone-…`), which `theme.tcss` gives to the tones of `lines.py`.
"""

from __future__ import annotations

from textual.theme import Theme

_DARK_TONES = {
    "tone-dim": "#8b93a3", "tone-faint": "#545c6b", "tone-strong": "#f2f4f8", "tone-title": "#ffb454", "tone-accent": "#ffb454",
    "tone-hash": "#7fb4ca", "tone-step": "#ffb454", "tone-artifact": "#73d0a0", "tone-fileset": "#5ccfe6", "tone-code": "#c9a6f5",
    "tone-config": "#e6a8c8", "tone-log": "#8b93a3", "tone-pipe": "#8b93a3", "tone-root": "#b8cc52", "tone-ok": "#7fbf7f",
    "tone-bad": "#ff6b68", "tone-warn": "#f2c55c", "tone-match-text": "#14171e", "tone-match": "#f2c55c", "tone-key": "#ffb454",
    "tone-rule": "#323844", "cursor-line": "#262d3a", "cursor-line-blurred": "#1d222c", "bar-line": "#191d25",
    "footer-key-foreground": "#ffb454", "border": "#ffb454", "input-selection-background": "#3a4458",
}  # fmt: skip
_LIGHT_TONES = {
    "tone-dim": "#626a78", "tone-faint": "#a0a6b1", "tone-strong": "#0b0e14", "tone-title": "#a85400", "tone-accent": "#a85400",
    "tone-hash": "#1f6c8c", "tone-step": "#a85400", "tone-artifact": "#16794a", "tone-fileset": "#0b7285", "tone-code": "#6f42c1",
    "tone-config": "#a83a78", "tone-log": "#626a78", "tone-pipe": "#626a78", "tone-root": "#5c7000", "tone-ok": "#2b7a2b",
    "tone-bad": "#c02424", "tone-warn": "#8a6100", "tone-match-text": "#14171e", "tone-match": "#ffd166", "tone-key": "#a85400",
    "tone-rule": "#d5d9e0", "cursor-line": "#e1e7f0", "cursor-line-blurred": "#edf0f5", "bar-line": "#eceff4",
    "footer-key-foreground": "#a85400", "border": "#a85400", "input-selection-background": "#bcd0ee",
}  # fmt: skip
_ANSI_TONES = {
    "tone-dim": "ansi_default", "tone-faint": "ansi_default", "tone-strong": "ansi_default", "tone-title": "ansi_yellow",
    "tone-accent": "ansi_yellow", "tone-hash": "ansi_cyan", "tone-step": "ansi_yellow", "tone-artifact": "ansi_green",
    "tone-fileset": "ansi_cyan", "tone-code": "ansi_magenta", "tone-config": "ansi_magenta", "tone-log": "ansi_default",
    "tone-pipe": "ansi_default", "tone-root": "ansi_green", "tone-ok": "ansi_green", "tone-bad": "ansi_red",
    "tone-warn": "ansi_yellow",
    "tone-match-text": "ansi_black", "tone-match": "ansi_yellow", "tone-key": "ansi_yellow", "tone-rule": "ansi_default",
    "cursor-line": "ansi_default", "cursor-line-blurred": "ansi_default", "bar-line": "ansi_default",
}  # fmt: skip

DARK = Theme(
    name="roar-dark", primary="#ffb454", secondary="#5ccfe6", accent="#ffb454", foreground="#c8cedb", background="#12151b",
    surface="#171b23", panel="#1f2530", success="#73d0a0", warning="#f2c55c", error="#ff6b68", dark=True, variables=_DARK_TONES,
)  # fmt: skip
LIGHT = Theme(
    name="roar-light", primary="#a85400", secondary="#0b7285", accent="#a85400", foreground="#2b303b", background="#fbfbfa",
    surface="#f3f4f6", panel="#e9ecf1", success="#16794a", warning="#8a6100", error="#c02424", dark=False, variables=_LIGHT_TONES,
)  # fmt: skip
ANSI = Theme(
    name="roar-ansi", ansi=True, primary="ansi_yellow", secondary="ansi_cyan", accent="ansi_yellow", foreground="ansi_default",
    background="ansi_default", surface="ansi_default", panel="ansi_default", boost="ansi_default", success="ansi_green",
    warning="ansi_yellow", error="ansi_red", dark=True,
    variables={
        **_ANSI_TONES, "ansi-background": "ansi_black", "ansi-foreground": "ansi_white", "border-blurred": "ansi_default",
        "block-cursor-foreground": "ansi_black", "block-cursor-background": "ansi_white", "input-cursor-background": "ansi_default",
        "input-cursor-foreground": "ansi_default", "input-cursor-text-style": "reverse", "border": "ansi_yellow",
        "input-selection-background": "ansi_blue", "input-selection-foreground": "ansi_white",
        "screen-selection-background": "ansi_blue", "screen-selection-foreground": "ansi_white",
    },
)  # fmt: skip

THEMES = (DARK, LIGHT, ANSI)
# Textual's own themes know nothing of the tones: they get the dark ones, or the light ones.
FALLBACK = _DARK_TONES


def theme_name(color_system: str | None, *, no_color: bool) -> str:
    """Which theme a terminal gets: its own 16 colours where it has no more, or where colour is not wanted at all."""
    return ANSI.name if no_color or color_system in (None, "standard", "windows") else DARK.name
