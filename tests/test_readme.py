"""The README promises only what there is: its commands, options, targets, files and keys exist."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from roar_tui.cli.app import COMMANDS, main

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
RUN_OPTIONS_END = {"run"}  # what follows the command that is run belongs to that command


def examples() -> list[list[str]]:
    """Every `roar-tui …` of the README, in code blocks and in running text, as words."""
    lines = re.findall(r"^    (roar-tui\b.*)$", README, re.MULTILINE) + re.findall(r"`(roar-tui [^`]+)`", README)
    return [shlex.split(re.split(r"\s{2,}#| \| |\s#", line)[0]) for line in dict.fromkeys(lines)]


@pytest.mark.parametrize("words", examples(), ids=shlex.join)
def test_commands_and_options_exist(words: list[str]) -> None:
    arguments = words[1:]
    if not arguments:
        return
    if arguments[0].startswith("-"):
        assert arguments[0] in {option for parameter in main.params for option in parameter.opts} | {"--help"}
        return
    assert arguments[0] in COMMANDS
    command = main.get_command(click.Context(main), arguments[0])
    assert command is not None
    options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    for word in arguments[1:]:
        if word.startswith("--"):
            assert word.split("=")[0] in options, f"{arguments[0]} has no {word}"
        elif arguments[0] in RUN_OPTIONS_END and word in ("python3", "bash", "CMD"):
            break


def test_files_that_are_named_exist() -> None:
    named = re.findall(r"\]\(((?!https?:)[^)#]+)\)", README)
    named += re.findall(r"`((?:roar_tui|tools|screenshots|tests)/[\w./-]+)`", README)
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"make ([a-z]+)\b +#", README)) <= targets
    assert {"demo", "test"} <= targets


def test_every_command_of_the_program_is_in_the_readme() -> None:
    missing = [name for name in COMMANDS if not re.search(rf"roar-tui {name}\b|`{name}`", README)]
    assert missing == []


def test_the_table_of_keys_is_the_explorers() -> None:
    done = subprocess.run([sys.executable, str(ROOT / "tools" / "readme_keys.py"), "--check"], check=False)
    assert done.returncode == 0, "make readme brings it up to date"
