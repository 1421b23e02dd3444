"""What a job of roar's read and wrote, as accesses of its one step.

roar hashes files when a job has ended. What a job read of a file that it also wrote is therefore known only where roar had seen
that content there before; elsewhere roar shows the new content as the one that was read, and here it is unknown.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from roar_tui.exchange.roar_contents import Contents, Digest, File, Leaf
from roar_tui.record.model import Access, LeftOut, Role, Status
from roar_tui.record.model import Warning as RecordWarning
from roar_tui.text import count

EXAMPLES = 10

RoleOf = Callable[[str, bool, int | None], Role]  # path, generated, size


class Span(NamedTuple):
    """A job of roar's in time: its row id, roar's own time stamp, start and end in microseconds (the end None if unknown)."""

    job: int
    stamp: float
    start: int
    end: int | None


@dataclass
class Touched:
    """The accesses of a job, and what about them a record says elsewhere: `origin` has what only roar's own words say."""

    used: list[Access] = field(default_factory=list)
    generated: list[Access] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    warnings: list[RecordWarning] = field(default_factory=list)
    origin: dict[str, Any] = field(default_factory=dict)


class Piece(NamedTuple):
    """One file of a row: the row's own, or a member of the composite that the row names."""

    path: str
    digest: Digest | None
    size: int | None


class Accesses:
    """Turns the rows of one job into accesses. `place` makes paths absolute; `downloads` are local path -> URL of a download."""

    def __init__(self, contents: Contents, place: Callable[[str], str], role_of: RoleOf, downloads: Mapping[str, str]) -> None:
        self._contents = contents
        self._place = place
        self._role_of = role_of
        self._downloads = downloads
        self._composites: list[dict[str, Any]] = []
        self._partial: list[str] = []
        self._symlinks: list[str] = []

    def of(self, span: Span) -> Touched:
        """The job's accesses: inputs are opened when it starts, outputs finished when it ends."""
        read = list(self._contents.files(span.job, "job_inputs"))
        written = list(self._contents.files(span.job, "job_outputs"))
        rewritten = {(file.path, file.artifact) for file in written}
        inputs, outputs = self._listed(read), self._listed(written)
        found = Touched()
        doubtful: list[str] = []
        for file in read:
            known = (file.path, file.artifact) not in rewritten or (
                self._contents.before(file.path, span.stamp, span.job) == file.artifact
            )
            if not known:
                doubtful.append(self._place(file.path))
            for piece in self._pieces(file, "input", inputs):
                found.used.append(self._used(piece, span.start, known))
        for file in written:
            for piece in self._pieces(file, "output", outputs):
                found.generated.append(self._generated(piece, span))
        self._say(found, read, written, doubtful)
        return found

    def _used(self, piece: Piece, opened: int, known: bool) -> Access:
        role = self._role_of(piece.path, False, piece.size)
        if not known:
            return Access(piece.path, role, Status.CHANGED, opened, external=True)
        return Access(
            path=piece.path,
            role=role,
            status=Status.SKIPPED if piece.digest is None else Status.HASHED,
            opened=opened,
            size=piece.size,
            external=True,
            **_named(piece.digest),
        )

    def _generated(self, piece: Piece, span: Span) -> Access:
        """Opened with the job: another job may have read it while this one still ran."""
        return Access(
            path=piece.path,
            role=self._role_of(piece.path, True, piece.size),
            status=Status.SKIPPED if piece.digest is None else Status.HASHED,
            opened=span.start,
            size=piece.size,
            finished=None if span.end is None else max(span.end, span.start + 1),  # its inputs came before it, however fast it was
            survives=True,
            **_named(piece.digest),
        )

    def _listed(self, files: list[File]) -> set[tuple[str, Digest | None]]:
        """The files that have rows of their own, as members of a composite are called."""
        return {(_as_member(self._place(file.path)), file.digest) for file in files if not file.composite}

    def _pieces(self, file: File, side: str, listed: set[tuple[str, Digest | None]]) -> Iterator[Piece]:
        """The row itself, or the members of its composite; also the composite where not all of its members are known.

        Members that are `listed` are passed over, and those that are given out are added: a file may be in several sets.
        """
        path = self._place(file.path)
        whole = Piece(path, file.digest, file.size)
        if not file.composite:
            yield whole
            return
        leaves = list(self._contents.leaves(file.artifact))
        total = max(file.component_count or 0, len(leaves))
        composite = {"path": path, "side": side, "count": total, "known": len(leaves), **_named(file.digest)}
        self._composites.append(composite)
        members = list(self._members(path, leaves))
        if len(leaves) < total or not members or "://" in path:
            if len(leaves) < total:
                self._partial.append(path)
            yield whole
        for member in members:
            named = (_as_member(member.path), member.digest)
            if named not in listed:
                listed.add(named)
                yield member

    def _members(self, root: str, leaves: list[Leaf]) -> Iterator[Piece]:
        """The files of a composite below `root`. Of a download only what was downloaded, where that is known, and there."""
        local: dict[str, list[tuple[str, str]]] = {}
        for path, url in self._downloads.items():
            local.setdefault(posixpath.basename(url), []).append((url, path))
        for leaf in leaves:
            if leaf.kind == "symlink":
                self._symlinks.append(f"{root}/{leaf.path}")  # its digest is of what the link says, no file's content
            elif "://" not in root:
                yield Piece(posixpath.normpath(f"{root}/{leaf.path}"), leaf.digest, leaf.size)
            elif not local:
                yield Piece(f"{root.rstrip('/')}/{leaf.path}", leaf.digest, leaf.size)
            else:
                for url, path in local.get(posixpath.basename(leaf.path), []):
                    if url.endswith(f"/{leaf.path}"):
                        yield Piece(self._place(path), leaf.digest, leaf.size)
                        break

    def _say(self, found: Touched, read: list[File], written: list[File], doubtful: list[str]) -> None:
        """Add what limits the accesses, and what they cannot say."""
        ranges = {self._place(file.path): file.byte_ranges for file in (*read, *written) if file.byte_ranges}
        sources = {self._place(file.path): file.source for file in (*read, *written) if file.source}
        odd = {self._place(file.path): file.odd for file in (*read, *written) if file.odd}
        more = {"byte_ranges": ranges, "sources": sources, "digests": odd, "composites": self._composites}
        found.origin.update({key: value for key, value in more.items() if value})
        if self._symlinks:
            found.left_out.append(LeftOut("symlink", len(self._symlinks), self._symlinks[:EXAMPLES]))
        for code, paths, message in (
            ("hashed_after", doubtful, "written by the job too: roar hashes when a job has ended, what it read there is unknown"),
            ("byte_ranges", list(ranges), "read or written in parts only, which the digest of the whole file stands for"),
            ("composite_partial", self._partial, "known to roar as a set, of which it keeps only some of the members"),
            ("odd_digest", list(odd), "known to roar by a digest that is no number: its content counts as unknown"),
        ):
            if paths:
                subject = count(len(paths), "file was", "files were") if code != "composite_partial" else None
                subject = subject or count(len(paths), "directory is", "directories are")
                found.warnings.append(RecordWarning(code, f"{subject} {message}.", sorted(paths)[:EXAMPLES]))


def _as_member(path: str) -> str:
    """`path` as roar writes it inside a composite, where a backslash in a name becomes a slash."""
    return path.replace("\\", "/")


def _named(digest: Digest | None) -> dict[str, Any]:
    """`digest` as an access says it."""
    if digest is None:
        return {}
    return {"digest": digest.digest, "algorithm": None if digest.algorithm == "blake3" else digest.algorithm}
