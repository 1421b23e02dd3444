"""What a log does not tell, as the warnings of its record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

from roar_tui.exchange.elsewhere import Elsewhere
from roar_tui.exchange.log import Clock
from roar_tui.record.assemble import limits
from roar_tui.record.model import Step
from roar_tui.record.model import Warning as RecordWarning
from tracer.namer import FORKS
from tracer.observation import Observation

EXAMPLES = 10
_EVERYDAY = frozenset(("brk", "close", "fstat", "mmap", "newfstatat", "read", "stat"))  # no program without them
_DESCRIPTORS = frozenset(("dup2", "dup3", "pipe", "pipe2"))  # asked for with forks: by someone who knew what tells lineage
_CLOCKS = {
    Clock.NONE: "The log has no times: its order is kept, and its end is taken to be when the file was last changed.",
    Clock.RELATIVE: "The log has no dates: its end is taken to be when the file was last changed.",
    Clock.OF_DAY: "The log has no dates: they are taken from when the file was last changed.",
}


@dataclass(frozen=True)
class Doubts:
    """What reading the log has shown of its limits. `mark` stands for unknown directories in paths; `calls` are the names seen."""

    world: Elsewhere
    clock: Clock
    ordered: bool
    cut: bool
    mark: str
    calls: Set[str]
    cwd_given: bool
    moves_unseen: bool = False
    absent: int = 0


def warnings(found: Doubts, observation: Observation, steps: Sequence[Step]) -> list[RecordWarning]:
    """All that limits the record of a log."""
    counts = observation.counts
    seen = {code: message for code, message in observation.warnings.items() if code != "unparsed"}
    if not found.ordered:
        seen["order"] = (
            "The files of the log have no times to compare: each process is taken to run right after its fork, "
            "and all to have ended when the files were last changed."
        )
    elif found.clock in _CLOCKS:
        seen["no_times" if found.clock is Clock.NONE else "no_dates"] = _CLOCKS[found.clock]
    if not found.calls & _EVERYDAY and not (found.calls & _DESCRIPTORS and found.calls & FORKS):
        kinds = ", ".join(sorted(found.calls)[:EXAMPLES])
        seen["selected_calls"] = f"The log holds calls of some kinds only ({kinds}): what was done by others is not in it."
    if found.absent:
        seen["processes_missing"] = (
            f"The log speaks of processes that none of its files is of ({found.absent:,} or more): what they did is not in it."
        )
    if found.moves_unseen:
        seen["cwd_unsure"] = (
            "The log leaves out calls that change the working directory (fchdir): "
            "files that were named relatively may lie elsewhere."
        )
    if found.cut:
        seen["cut"] = "The packed file ends too early: the rest of the log is missing."
    if counts.nowhere:
        seen["descriptor_unknown"] = (
            f"{_some(counts.nowhere, 'call')} named a file below a descriptor that the log does not explain: not recorded."
        )
    lines = "1 line" if counts.unparsed == 1 else f"{counts.unparsed:,} lines"
    result = [
        *limits(steps, seen, counts),
        *_about("unparsed", counts.examples, f"{lines} of the log could not be read.", counts.unparsed),
        *_unknown_directories(found, steps),
        *_unsure(found, observation, steps),
    ]
    return sorted(result, key=lambda warning: warning.code)


def _unknown_directories(found: Doubts, steps: Sequence[Step]) -> list[RecordWarning]:
    paths = dict.fromkeys(
        access.path for step in steps for access in (*step.used, *step.generated) if access.path.startswith(f"{found.mark}/")
    )
    hint = "" if found.cwd_given else ": import with --cwd"
    why = f"{found.mark} in {_some(len(paths), 'path')} stands for a working directory that the log does not name{hint}."
    return _about("cwd_unknown", list(paths), why, len(paths))


def _unsure(found: Doubts, observation: Observation, steps: Sequence[Step]) -> list[RecordWarning]:
    """Files that were opened to be written, of which the log does not say whether there was anything before or after."""
    generated = {access.path for step in steps for access in step.generated}
    used = {access.path for step in steps for access in step.used}
    before = sorted(path for path in found.world.doubtful if path in generated and path not in used)
    tentative = sorted(
        {
            version.path
            for version in observation.versions
            if version.base is not None and any(generation.tentative for generation in version.generations.values())
        }
        & generated
    )
    return [
        *_about(
            "content_unknown",
            before,
            f"Whether {_some(len(before), 'output')} had content before is unknown: opening did not cut it off.",
            len(before),
        ),
        *_about(
            "maybe_written",
            tentative,
            f"Whether {_some(len(tentative), 'output')} changed is unknown: opened to be written, perhaps only read.",
            len(tentative),
        ),
    ]


def _about(code: str, examples: Iterable[str], message: str, count: int) -> list[RecordWarning]:
    return [RecordWarning(code, message, list(examples)[:EXAMPLES])] if count else []


def _some(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
