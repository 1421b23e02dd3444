"""Is a hash certainly the content that a step read? Decided from the clock, the file's ctime and the trace; never guessed.

A file that is being truncated shows size 0 under its old ctime for a moment, so the file's times alone are not enough: without
the trace 1 to 9 % of hashes were wrong under adversarial overwrites, with it none of 3,000.
"""

from __future__ import annotations

from collections.abc import Iterable

from roar_tui.record.clock import CLOCK
from roar_tui.record.hashing import Evidence
from roar_tui.record.mounts import in_memory, on_network
from tracer.observation import Use, Version

RENAME = 10_000  # µs: from the entry of a link or rename to the ctime that it leaves, at most


def proven(use: Use, evidence: Evidence) -> bool:
    """Whether the content that `evidence` hashed is what `use` read. The trace must have been read past `evidence.position`.

    Three things: no call with intent to write came in between; the file's ctime is older than the open, or explained by recorded
    writers that had ended before it; and (in `evidence`) the file was the same before and after the hashing.
    """
    version = use.version
    if evidence.displaced:
        return _taken_away(use, evidence)
    if version.disturbed(use.opened, evidence.ended):
        return False
    network = evidence.stat is not None and on_network(evidence.stat.st_dev)
    if evidence.ctime <= use.opened - evidence.margin:
        return not _may_be_mapped(version, use.opened)
    if network:
        return False
    if only_named(evidence, version.touched, use.opened):
        return not version.writable(use.opened)
    if version.external:
        return False
    ends = [generation.image.idle for generation in version.generations.values()]
    if not ends or any(end is None for end in ends):
        return False
    ended = max(end for end in ends if end is not None)
    if max(ended, version.touched) > use.opened or version.writable(use.opened):
        return False
    return evidence.ctime <= ended or (version.touched > 0 and evidence.ctime <= version.touched + RENAME)


def _taken_away(use: Use, evidence: Evidence) -> bool:
    """Whether a recorded removal or rename, and nothing else, changed the file since it was opened.

    What was hashed was held open from before that call began, and so was what was read: later both would be what came in its
    place. Nobody could write to it since, so that its mtime, which can be set to any time, is that of its content.
    """
    version, ended = use.version, use.version.ended
    if ended is None or ended <= evidence.displaced or (ended <= use.returned and ended != use.opened):
        return False
    if version.disturbed(use.opened, ended - 1) or version.wrote > use.opened or version.writable(use.opened):
        return False
    if evidence.stat is not None and on_network(evidence.stat.st_dev):
        return False
    return only_named(evidence, ended, use.opened)


def only_named(evidence: Evidence, touched: int, opened: int) -> bool:
    """Whether a recorded link or rename at `touched`, and nothing else, moved the ctime of a file that was older than `opened`.

    Who wrote to the file could have set its mtime back: that nobody did is to be known otherwise.
    """
    return touched - CLOCK.margin <= evidence.ctime <= touched + RENAME and evidence.mtime <= opened - CLOCK.margin


def untouched(use: Use, evidence: Evidence) -> bool:
    """Whether a file that was opened for reading and writing at once has not changed since, up to the hashing.

    What is mapped of a file in memory may change without its times.
    """
    if evidence.stat is not None and in_memory(evidence.stat.st_dev) and not use.blind:
        return False
    return evidence.ctime <= use.opened - evidence.margin


def not_yet_written(use: Use, evidence: Evidence, followers: Iterable[Version]) -> bool:
    """Whether a file that was opened for reading and writing at once was hashed before anything was written.

    `followers` are the versions that it was opened as: no call but that open may have been about to write any of them.
    """
    quiet = all(version.left_alone(use.opened, evidence.ended) for version in (use.version, *followers))
    return quiet and not evidence.displaced and untouched(use, evidence)


def _may_be_mapped(version: Version, opened: int) -> bool:
    """A writer that maps a file changes it without moving its times again: one that still runs proves nothing."""
    return version.both_ways and version.writable(opened)
