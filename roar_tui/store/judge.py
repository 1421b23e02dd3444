"""What is decided of a record before it enters the index: can it be true, how do its files count, which of two is better."""

from __future__ import annotations

from roar_tui.record.model import Record, State

LAST_TIME = 253_402_300_799_999_999  # the end of the year 9999: no calendar here says what comes later
# hex digits by algorithm; of any other a digest may have whatever length it has
DIGEST_LENGTHS = {
    None: 64, "blake3": 64, "sha256": 64, "sha512": 128, "md5": 32, "composite-blake3": 64, "composite-sha256": 64,
}  # fmt: skip


class UnusableRecordError(Exception):
    """A record that decodes and yet contradicts itself; the message is a sentence's middle."""


def check(record: Record) -> None:
    """Raises UnusableRecordError when `record` cannot be what a job did."""
    times = [record.started, record.ended or 0]
    digests: set[tuple[str | None, str | None]] = set()
    for step in record.steps:
        times += (step.started, step.ended or 0)
        for accesses in (step.used, step.generated):
            times += [access.opened for access in accesses]
            digests.update([(access.digest, access.algorithm) for access in accesses])
        times += [access.finished or 0 for access in step.generated]
        times += [time for use in step.filesets for time in (use.opened, use.last)]
        digests.update((digest, None) for use in step.filesets for digest in (use.digest, use.sizes))
    if min(times) < 0 or max(times) > LAST_TIME:
        raise UnusableRecordError("a time in it is out of range")
    for digest, algorithm in digests:
        if digest is not None and (len(digest) != DIGEST_LENGTHS.get(algorithm, len(digest)) or digest != digest.lower()):
            raise UnusableRecordError(f"a digest in it is not a {algorithm or 'BLAKE3'} digest")
    numbers = {step.id for step in record.steps}
    if len(numbers) != len(record.steps):
        raise UnusableRecordError("two of its steps have the same number")
    for pipe in record.pipes:
        if not numbers.issuperset((*pipe.writers, *pipe.readers)):
            raise UnusableRecordError("a pipe in it belongs to a step that it has not")


def rank(state: str, ended: int | None, job_id: str) -> tuple[int, int, str]:
    """Which record of one run is the better: the greatest. A total order, so that it does not matter which comes first."""
    worth = {State.RUNNING.value: 0, State.INTERRUPTED.value: 1}.get(state, 2)
    return (worth, ended or 0, job_id)
