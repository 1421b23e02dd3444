"""The context of a job, gathered in threads beside it: git, variables, packages, machine, scheduler, trackers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from roar_tui.record.model import Environment, Git, Tracker
from roar_tui.record.model import Warning as RecordWarning


@dataclass(frozen=True)
class Gathered:
    """What `finish` returns; `blobs` are contents to keep in the archive by digest (the dirty patch)."""

    git: Git | None
    environment: Environment
    trackers: list[Tracker]
    group: str | None
    rank: int | None
    warnings: list[RecordWarning]
    blobs: dict[str, bytes] = field(default_factory=dict)


class Pending:
    """The parts that are under way."""

    def finish(self, paths: Collection[str], programs: Collection[str], written: Collection[str] = ()) -> Gathered:
        """The context, after at most 3 seconds of waiting.

        `paths`: every file that was opened for reading, left-out ones and libraries included; `programs`: what was executed;
        `written`: what was generated. A part that failed or is late becomes a warning; nothing is raised.
        """
        raise NotImplementedError


def start(cwd: str, env: Mapping[str, str], key: bytes | None = None) -> Pending:
    """Begins to gather, in daemon threads; call it before the command starts (git's state is the one from now). Never raises.

    `key` is redaction's key, loaded from its usual place when None.
    """
    raise NotImplementedError
