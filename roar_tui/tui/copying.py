"""Copying to the clipboard of the terminal that the person sits at, wherever this runs: through tmux, or by OSC 52."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping

PATIENCE = 3.0  # seconds; a tmux server that does not answer must not hold anything up


def through_tmux(words: str, environ: Mapping[str, str] | None = None) -> bool:
    """Load `words` into tmux's buffer, and with `-w` into the terminal's clipboard; False outside of tmux or where it fails.

    tmux before 3.2 knows no `-w`: then the buffer alone is loaded.
    """
    environ = os.environ if environ is None else environ
    if not environ.get("TMUX"):
        return False
    data = words.encode("utf-8", "surrogateescape")
    for options in (["-w"], []):
        try:
            done = subprocess.run(
                ["tmux", "load-buffer", *options, "-"],
                input=data, capture_output=True, timeout=PATIENCE, check=False,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired):
            return False
        if done.returncode == 0:
            return True
    return False
