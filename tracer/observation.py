"""What was observed of a job: images, the versions of files that they used and generated, pipes. Times are µs (UTC)."""

from __future__ import annotations

from dataclasses import dataclass, field

INTENTS = 8  # write intents that a version remembers one by one


@dataclass(slots=True, eq=False)
class Image:
    """One program execution: the process image between one execve and the next, with what it forks and its own workers.

    `live` counts its processes that have not ended; `idle` is when the last one did (None while one lives).
    """

    id: int
    parent: Image | None
    pid: int
    program: str
    argv: list[str]
    cwd: str
    started: int
    ended: int | None = None
    code: int | None = None
    signal: int | None = None
    live: int = 0
    idle: int | None = None
    connections: list[tuple[int, str, int]] = field(default_factory=list)  # time, address, port
    outputs: list[Version] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Use:
    """`image` read `version` at `path`, first at `opened`, by process `pid`.

    `named` is the absolute path that the call gave, where it is another one than `path`. `mixed`: opened for writing without
    truncation in the same call, so that what was read is known only if nothing was written. `blind`: it could only be written
    (an append), so that the content is one with what was written there, and nothing was used where nothing was written.
    `given`: it was the standard input that the caller had opened, and nothing else. `returned` is when the call that opened it
    was over: what began before that may have come before the open.
    """

    image: Image
    version: Version
    path: str
    named: str | None
    opened: int
    pid: int
    mixed: bool = False
    blind: bool = False
    given: bool = False
    executed: bool = False
    inherited: bool = False  # through a standard stream that another image had opened
    foreign: bool = False  # by a process with another root or other mounts: the path may be another file's
    returned: int = 0


@dataclass(slots=True, eq=False)
class Generation:
    """`image` wrote `version`, from `opened` on.

    `tentative`: opened for writing without truncation on a file that may have had content: whether anything was written is
    settled by its times. `inherited` as in `Use`. `stream`: written through stdout or stderr; `errors`: through stderr.
    `named`: it only gave the file its name, by a link or rename, and has no descriptor of it.
    """

    image: Image
    version: Version
    opened: int
    tentative: bool = False
    inherited: bool = False
    stream: bool = False
    errors: bool = False
    named: bool = False


@dataclass(slots=True, eq=False)
class Version:
    """The content of a file from one write intent to the next, wherever it is renamed to.

    `path` is where it is, or was last. `external`: it was there before any image of the job wrote it. `base` is the version
    whose content a write without truncation began with. `ended` is when it was overwritten or removed, `removed` which of the
    two. `touched` is the time of the last recorded act that explains a change of its ctime (rename, link). `intents` are the
    last write intents, each from entry to return of its call, so that a hash can tell whether one came in between; of those
    before them `forgotten` is the last return, and `wrote` that of the last one that was after the content, not the name.
    `moved_to` is the version that a rename of this external one made. `older` is what the same file was before it was opened to
    be written, if somebody who wrote that may still have it open.
    """

    path: str
    external: bool
    base: Version | None = None
    uses: dict[Image, Use] = field(default_factory=dict)
    generations: dict[Image, Generation] = field(default_factory=dict)
    ended: int | None = None
    removed: bool = False
    touched: int = 0
    intents: list[tuple[int, int]] = field(default_factory=list)
    forgotten: int = 0
    wrote: int = 0
    moved_to: Version | None = None
    older: Version | None = None
    twins: list[Version] | None = None  # all versions that are this file under different names, hard links, itself included
    foreign: bool = False  # its path is one of another root or mount namespace
    outer: bool = False  # a standard stream of the whole job
    directory: bool = False  # it turned out to be a directory
    both_ways: bool = False  # somebody had the file open for reading and writing, and so may have mapped it

    def link(self, other: Version) -> None:
        """`other` is another name for the same file: what is written to one is written to both."""
        self.twins = self.twins or [self]
        self.twins.append(other)
        other.twins = self.twins

    def intend(self, started: int, returned: int) -> None:
        """Note a call with intent to write here, and so to every name of the file."""
        for version in self.twins or (self,):
            version._intend(started, returned)
            version.wrote = max(version.wrote, returned)

    def replaces(self, older: Version) -> None:
        """This is `older`, the same file, opened to be written: who has that open still can write to this as well."""
        self.both_ways |= older.both_ways
        found: Version | None = older
        while found is not None and not (found.is_open() and found._has_other_writers(self)):
            found = found.older
        self.older = found

    def _has_other_writers(self, newer: Version) -> bool:
        return any(made.stream or image not in newer.generations for image, made in self.generations.items())

    def is_open(self, since: int | None = None) -> bool:
        """Whether an image that opened this version to write it has not ended, or not before `since`."""
        ends = (made.image.idle for made in self.generations.values() if not made.named)
        return any(end is None or (since is not None and end > since) for end in ends)

    def writable(self, since: int) -> bool:
        """Whether somebody may have written to the file after `since` without opening it anew, under whichever name."""
        for version in self.twins or (self,):
            found: Version | None = version
            while found is not None:
                if found.is_open(since):
                    return True
                found = found.older
        return False

    def rename(self, started: int, returned: int) -> None:
        """Note a call that renames or removes this name of the file, and leaves its content alone."""
        self._intend(started, returned)
        for version in self.twins or ():
            version.touched = max(version.touched, started)

    def _intend(self, started: int, returned: int) -> None:
        self.intents.append((started, returned))
        if len(self.intents) > INTENTS:
            self.forgotten = max(self.forgotten, self.intents.pop(0)[1])

    def left_alone(self, opened: int, until: int) -> bool:
        """Whether no call with intent to write but the one at `opened` may have taken effect after that and before `until`."""
        others = (intent for intent in self.intents if intent[0] != opened)
        return self.forgotten <= opened and not any(returned > opened and started <= until for started, returned in others)

    def disturbed(self, since: int, until: int) -> bool:
        """Whether a call with intent to write may have taken effect from `since` on and before `until`.

        Of a call whose line is whole only the start is known: it returned before the next event of any process.
        """
        if self.forgotten >= since:
            return True
        return any(returned >= since and started <= until for started, returned in self.intents)


@dataclass(slots=True, eq=False)
class Channel:
    """A pipe or socketpair. Ends are the images that had it as a standard stream or opened it by name, since when."""

    kind: str
    creator: Image
    opened: int
    writers: dict[Image, int] = field(default_factory=dict)
    readers: dict[Image, int] = field(default_factory=dict)


@dataclass(slots=True)
class Counts:
    """What could not be read, with a few examples.

    `nowhere` are calls on files below a directory descriptor that nothing in the log leads to a path; `lost` are processes whose
    start was not seen, so that their working directory is not known either.
    """

    lines: int = 0
    calls: int = 0
    unparsed: int = 0
    unfinished: int = 0
    nowhere: int = 0
    lost: int = 0
    examples: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Observation:
    """All that was observed: `warnings` are (code, message) with stable codes."""

    images: list[Image]
    versions: list[Version]
    channels: list[Channel]
    warnings: dict[str, str]
    counts: Counts
