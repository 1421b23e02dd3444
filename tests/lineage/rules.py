"""The rules of time-correct producers, written down a second time over records: slowly, and with nothing but lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from roar_tui.record.model import Access, Record, Role

Where = tuple[int, int]  # job and step, by their positions
FOREVER = 1 << 62


@dataclass(frozen=True)
class At:
    """An access and the step that it belongs to."""

    where: Where
    access: Access


class Rules:
    """What `records` say about which step's output another step read."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = records
        places = [((job, step.id), step) for job, record in enumerate(records) for step in record.steps]
        self.uses = [At(where, access) for where, step in places for access in step.used]
        self.all_made = [At(where, access) for where, step in places for access in step.generated]
        self.made = [each for each in self.all_made if each.access.role not in (Role.LOG, Role.ENVIRONMENT)]

    def steps_upstream(self, job: int, step: int) -> set[Where]:
        """The step itself and all that its inputs came from."""
        latest: dict[Where, int] = {}
        todo = [((job, step), FOREVER)]
        while todo:
            where, moment = todo.pop()
            if latest.get(where, -1) >= moment:
                continue
            latest[where] = moment
            todo += self._before(where, moment)
        return set(latest)

    def _before(self, where: Where, moment: int) -> list[tuple[Where, int]]:
        found = []
        for use in self.uses:
            if use.where == where and use.access.opened < moment and self._counts(use):
                producer = self.producer(use)
                if producer is not None and (producer.where != where or use.access.digest is not None):
                    finished = producer.access.finished
                    assert finished is not None
                    same = use.access.digest in (None, producer.access.digest)
                    moment_of_it = finished if same else min(finished, use.access.opened)
                    together = [other.where for other in self._together(producer)]
                    found += [(each, moment_of_it) for each in (producer.where, *together, *self._partners(producer.where))]
        job, step = where
        for pipe in self.records[job].pipes:
            if step in pipe.readers and pipe.opened < moment:
                for writer in pipe.writers:
                    if writer != step and self.records[job].steps[writer].started < moment:
                        found.append(((job, writer), moment))
        return found

    def _together(self, producer: At) -> list[At]:
        """The other generations of the same file by the same job: what several steps wrote through one stream."""
        access = producer.access
        return [
            other
            for other in self.made
            if other.where[0] == producer.where[0]
            and other.where != producer.where
            and access.digest is not None
            and access.size != 0
            and (other.access.path, other.access.digest, other.access.finished) == (access.path, access.digest, access.finished)
        ]

    def _partners(self, where: Where) -> list[Where]:
        """The steps of other jobs of the group that run the same command."""
        job, number = where
        group, argv = self.records[job].group, self.records[job].steps[number].argv
        return [
            (other, step.id)
            for other, record in enumerate(self.records)
            if other != job and group is not None and record.group == group
            for step in record.steps
            if step.argv == argv
        ]

    def _counts(self, use: At) -> bool:
        if use.access.role is Role.LOG:
            own = any(made.where[0] == use.where[0] and made.access.path == use.access.path for made in self.all_made)
            return use.access.external and not own
        return use.access.role is not Role.ENVIRONMENT

    def producer(self, use: At) -> At | None:
        """The generation that a use comes from."""
        if use.access.role is Role.LOG:
            return None
        path, digest, job = use.access.path, use.access.digest, use.where[0]
        before = sorted((made for made in self.made if made.access.opened < use.access.opened), key=lambda made: made.access.opened)
        mine = [made for made in before if made.where[0] == job]
        others = [made for made in before if made.where[0] != job]
        if not use.access.external:
            return (
                _last(m for m in mine if m.access.path == path and (None in (digest, m.access.digest) or m.access.digest == digest))
                or _last(m for m in mine if _spans_paths(m.access, digest))
                or _last(m for m in mine if m.access.path == path)
                or _last(m for m in mine if _spans_paths(m.access, digest, least=1))
            )
        if digest is None:
            return _last(m for m in others if m.access.path == path)
        sighted = min(e.access.opened for e in self.uses if e.access.path == path and e.access.digest == digest)
        return _last(m for m in others if m.access.path == path and m.access.digest == digest) or _last(
            m
            for m in others
            if _spans_paths(m.access, digest) and m.access.opened < sighted and (m.access.finished or m.access.opened) <= sighted
        )


def _last(found: Iterable[At]) -> At | None:
    made = list(found)
    return made[-1] if made else None


def _spans_paths(made: Access, digest: str | None, least: int = 64) -> bool:
    """Whether a content is large enough to be recognized at another path."""
    return digest is not None and made.digest == digest and (made.size or 0) >= least
