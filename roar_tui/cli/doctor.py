"""`roar-tui doctor`: can this machine record, and if not, what to do."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from roar_tui.cli.context import Settings, common_options, print_json
from roar_tui.errors import StoreError

if TYPE_CHECKING:
    from roar_tui.cli.checks.model import Check


@click.command("doctor")
@common_options
def command(settings: Settings) -> int:
    """Check whether this machine can record: strace, permission to trace, the store, the terminal.

    Exits 1 when tracing is impossible (jobs then run untraced, and their records say so), 3 when only the store is.
    """
    from roar_tui.cli.checks.model import Outcome
    from roar_tui.cli.checks.places import check_index, check_python, check_spool, check_store, check_terminal
    from roar_tui.cli.checks.tracing import check_tracing

    tracing = check_tracing(os.environ)
    root = settings.root
    checks = [*tracing, check_store(root), check_index(root), check_spool(), check_terminal(os.environ), check_python()]
    can_trace = all(check.status is not Outcome.FAIL for check in tracing)
    if settings.json:
        print_json({"can_trace": can_trace, "checks": [{**asdict(check), "status": check.status.value} for check in checks]})
    else:
        _print(checks, can_trace)
    if not can_trace:
        return 1
    return StoreError.exit_status if any(check.status is Outcome.FAIL for check in checks) else 0


def _print(checks: list[Check], can_trace: bool) -> None:
    from roar_tui.cli.checks.model import Outcome
    from roar_tui.cli.render import BAD, GOOD, QUIET, WARN, Screen
    from roar_tui.text import marks, pad

    signs = marks()
    screen = Screen()
    drawn = {Outcome.OK: (signs.ok, GOOD), Outcome.WARN: (signs.warn, WARN), Outcome.FAIL: (signs.fail, BAD)}
    for check in checks:
        sign, style = drawn[check.status]
        screen.line((f" {pad(sign, 2)} ", style), f"{pad(check.name, 11)} {check.message}")
        if check.hint:
            screen.line((f"{'':16}{check.hint}", QUIET))
    screen.line()
    broken = [check.name for check in checks if check.status is Outcome.FAIL]
    if not broken:
        screen.line(("This machine can record.", GOOD))
    elif can_trace:
        screen.line((f"This machine can trace, but not keep what it traced ({', '.join(broken)}).", BAD))
    else:
        screen.line(("This machine cannot record: commands run with roar-tui would run untraced.", BAD))
