"""When everybody of the job who may have had a file open to write it had ended: what was written to it later is somebody else's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from roar_tui.record.hashing import Evidence
from tracer.observation import Image, Version


class Writers:
    """The ends of images with all that they started: a descriptor may be passed on, and nothing in a trace says which was."""

    def __init__(self, images: Sequence[Image]) -> None:
        """`images` in the order of their starts."""
        self._ends: dict[Image, int | None] = {image: image.idle for image in images}
        for image in reversed(images):
            if image.parent is not None and image.parent in self._ends:
                self._ends[image.parent] = _later(self._ends[image.parent], self._ends[image])

    def wrote_last(self, versions: Iterable[Version], final: Evidence) -> bool:
        """Whether what `final` hashed may be the job's: nobody else is known to have written it after these `versions`.

        What was put in its place may be old: then it came there after the end, and was not changed since the beginning.
        """
        whole = list(versions)
        made = [generation for version in whole for generation in version.generations.values()]
        ends = [self._ends.get(generation.image) for generation in made]
        known = [end for end in ends if end is not None]
        if len(known) < len(ends) or not made or any(version.outer for version in whole):
            return True  # somebody may write still: of a stream of the whole job, its caller
        begin, end = min(generation.opened for generation in made), max(*known, *(version.touched for version in whole))
        if any(version.writable(end) for version in whole):
            return True
        margin = final.margin
        return final.mtime <= end + margin and (final.ctime <= end + margin or final.mtime >= begin - margin)


def _later(one: int | None, other: int | None) -> int | None:
    """The later of two times; None where one is not known yet."""
    return None if one is None or other is None else max(one, other)
