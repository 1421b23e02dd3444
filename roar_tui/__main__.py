"""`python -m roar_tui` is `roar-tui`."""

from __future__ import annotations

from roar_tui.cli.app import main

if __name__ == "__main__":
    main()
