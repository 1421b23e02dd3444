"""Which small text files are kept whole, so that a later diff can show lines and keys; never what may hold a secret."""

from __future__ import annotations

from roar_tui.record.model import Role

TEXT_LIMIT = 256 * 1024  # bytes of a code or config file
RESULT_LIMIT = 64 * 1024  # bytes of a JSON, YAML or TOML output


def wanted(path: str, role: Role, size: int, generated: bool) -> bool:
    """Whether this file is worth reading for a snapshot, from its name, role and size alone."""
    raise NotImplementedError


def take(path: str, digest: str, read: bytes) -> bytes | None:
    """The bytes to keep: `read` if it is text without secrets and really the content that `digest` names, else None."""
    raise NotImplementedError


def from_disk(path: str, digest: str) -> bytes | None:
    """`take` of what the file at `path` holds now, at most TEXT_LIMIT bytes; None when it cannot be read."""
    raise NotImplementedError
