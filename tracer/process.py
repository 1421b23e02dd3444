"""The process tree of a job while it runs: working directories, standard streams, and which image a process executes."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from itertools import pairwise

from tracer.observation import Image, Version


@dataclass(slots=True)
class Stream:
    """What a standard stream of a process leads to: a channel by its key, or a file.

    `opened` is when, and `pid` and `image` by whom it was opened: a stream that the process opened itself just before its exec is
    the new image's alone (the shell's redirection), any other is inherited. `takers` are the images that it was put up for by a
    process that then waited for their exec, as dash does for `cmd < file`.
    """

    opened: int
    pid: int
    image: Image | None
    channel: str | None = None
    version: Version | None = None
    reads: bool = True
    writes: bool = True
    takers: list[Image] = field(default_factory=list)


Opened = tuple[int, Version, bool, bool]  # when, what, for reading, for writing: a tuple, because nearly every open makes one


@dataclass(slots=True)
class Folder:
    """A working directory, shared by threads and CLONE_FS children."""

    path: str


@dataclass(slots=True)
class Process:
    """A live process or thread. Threads share `folder`, `streams`, `files` and `descriptors` with their process."""

    pid: int
    image: Image
    folder: Folder
    streams: dict[int, Stream] = field(default_factory=dict)
    files: dict[int, Version] = field(default_factory=dict)  # O_TMPFILE descriptors, which a link may name later
    opened: dict[str, Opened] = field(default_factory=dict)  # the last few files opened since fork or exec, by path
    named: dict[str, int] = field(default_factory=dict)  # pipes opened by a name since fork or exec, and when
    waited: bool = False  # its parent waits for its exec
    inner: bool = False  # in a pid namespace: its forks return other numbers than the log has
    inner_children: bool = False  # its children will be
    thread: bool = False
    foreign: bool = False
    descriptors: dict[int, str] = field(default_factory=dict)  # what they lead to; kept only where the log does not say it

    def fork(self, pid: int, *, thread: bool, shares_directory: bool, shares_files: bool) -> Process:
        """The child `pid` as it starts."""
        return Process(
            pid,
            self.image,
            self.folder if shares_directory else Folder(self.folder.path),
            self.streams if shares_files else dict(self.streams),
            self.files if shares_files else dict(self.files),
            thread=thread,
            foreign=self.foreign,
            descriptors=self.descriptors if shares_files else dict(self.descriptors),
        )

    def own(self, path: str) -> str:
        """`path` as anybody may name it, where it leads through this process's own entry in /proc."""
        for entry in ("/proc/self", "/proc/thread-self", f"/proc/{self.pid}"):
            if path.startswith(entry + "/"):
                what, _, rest = path[len(entry) + 1 :].partition("/")
                place = {"cwd": self.folder.path, "root": "/", "exe": self.image.program}.get(what)
                return path if not place else os.path.join(place, rest) if rest else place
        return path

    def remember(self, path: str, opened: int, version: Version, reads: bool, writes: bool) -> None:
        """Keep an open for the dup2 that may make it a standard stream. Shells open at most a few before they exec."""
        if len(self.opened) >= 16 and path not in self.opened:
            del self.opened[next(iter(self.opened))]
        self.opened[path] = (opened, version, reads, writes)

    def did_more_than(self, stream: Stream) -> bool:
        """Whether a file was read since `stream` was opened that is no standard stream: by the image itself, then."""
        streams = [stream.version for stream in self.streams.values()]
        return any(
            opened > stream.opened and reads and version not in streams for opened, version, reads, _ in self.opened.values()
        )

    def remembered(self, path: str) -> Stream | None:
        """The last open of `path`, as a stream; None where it was none of the last few."""
        found = self.opened.get(path)
        if found is None:
            return None
        opened, version, reads, writes = found
        return Stream(opened, self.pid, self.image, version=version, reads=reads, writes=writes)


_WORKER = re.compile(
    r"from multiprocessing\.(spawn|forkserver|resource_tracker|semaphore_tracker) import "
    r"|from (joblib\.externals\.)?loky\.backend\.(resource_tracker|popen_loky_posix|spawn) import "
)


def is_worker(argv: list[str]) -> bool:
    """True for the argv of a process that multiprocessing (spawn, forkserver) or loky starts for its parent's own work."""
    for option, code in pairwise(argv):
        if option == "-c" and _WORKER.match(code):
            return True
        if option == "-m" and code.endswith("loky.backend.popen_loky_posix"):
            return True
    return False
