"""The way in: opens the explorer on a store, and leaves the terminal as it was however it ends."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import termios
from pathlib import Path
from typing import Any

from roar_tui.tui.terminal import attributes

# Mouse, pasting, focus and keyboard modes off, the other screen off, the cursor on (xterm's control sequences).
LEAVE = "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?1004l\x1b[<u\x1b[?1049l\x1b[?25h"
DEBUG = "ROAR_TUI_DEBUG"  # set: a failure of our own prints its traceback


def run(root: Path, *, focus: str | None = None) -> int:
    """Open the explorer on the store at `root`, walking from the reference `focus` if given; returns the exit status.

    Raises `StoreError` before the terminal is touched when the store cannot be read. 128 + N on signal N; 1, with a sentence on
    stderr, when the explorer itself failed.
    """
    from rich.console import Console

    from roar_tui.tui.explorer import Explorer  # Textual takes 0.2 s: only who explores pays

    app = Explorer(root, focus=focus, no_color=bool(os.environ.get("NO_COLOR")))
    caught = io.StringIO()  # Textual prints tracebacks there, after it has restored the terminal
    app.error_console = Console(file=caught, width=120, force_terminal=False)
    before = attributes()
    try:
        app.run()
    except OSError as error:  # the terminal went away while it was being restored: nobody is left to tell
        _restore(before)
        if app.signal_status is None:
            return _failed(str(error), caught.getvalue())
    except BaseException:
        _restore(before)
        raise
    finally:
        app.stop_work()
        if before is not None and attributes() is None:
            # The terminal is gone. Textual's thread that reads it was not ended then, reads its end for ever, and would keep the
            # interpreter from ending.
            os._exit(app.signal_status or 128 + signal.SIGHUP)
    if app.signal_status is not None:
        return app.signal_status
    if caught.getvalue():
        return _failed(caught.getvalue().strip().splitlines()[-1], caught.getvalue())
    return app.return_code or 0


def _restore(before: list[Any] | None) -> None:
    """The terminal as it was, where Textual did not come to do it itself; a terminal that is gone needs nothing."""
    with contextlib.suppress(termios.error, OSError, ValueError):
        if before is not None and sys.__stdin__ is not None and sys.__stderr__ is not None:
            termios.tcsetattr(sys.__stdin__.fileno(), termios.TCSANOW, before)
            sys.__stderr__.write(LEAVE)
            sys.__stderr__.flush()


def _failed(why: str, traceback: str) -> int:
    """Say in one sentence that the explorer failed, and where there is more."""
    from roar_tui.text import display

    if os.environ.get(DEBUG):
        sys.stderr.write(traceback)
    sys.stderr.write(f"roar-tui: the explorer failed: {display(why)}\n")
    sys.stderr.write(f"  Nothing recorded is lost. Set {DEBUG}=1 to see more, and please report it.\n")
    return 1
