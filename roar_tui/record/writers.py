"""When everybody of the job who may have had a file open to write it had ended: what was written to it later is somebody else's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from roar_tui.record.clock import CLOCK
from roar_tui.record.hashing import NETWORK_MARGIN, Evidence
from roar_tui.record.mounts import on_network
from tracer.observation import Image, Version

FOREVER = 1 << 63


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
        begin, end = FOREVER, 0
        for version in whole:
            if version.outer:
                return True  # its caller has it open as well, as the job does
            end = max(end, version.touched)
            for generation in version.generations.values():
                idle = self._ends.get(generation.image)
                if idle is None:
                    return True
                begin, end = min(begin, generation.opened), max(end, idle)
        if final.stat is None or any(version.writable(end) for version in whole):
            return True
        margin = NETWORK_MARGIN if on_network(final.stat.st_dev) else CLOCK.margin
        return final.mtime <= end + margin and (final.ctime <= end + margin or final.mtime >= begin - margin)


def _later(one: int | None, other: int | None) -> int | None:
    """The later of two times; None where one is not known yet."""
    return None if one is None or other is None else max(one, other)
