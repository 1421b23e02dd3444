"""Raw arguments of a call, decoded: strings, descriptors, arrays, fields of structures, flags."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True, frozen=True)
class Descriptor:
    """A descriptor argument: `number` is None for AT_FDCWD; `path` is what stands in <…>, None where the log has none.

    `path` is a decoded file path, or "pipe:[3478]", "socket:[99]", "TCP:[…]", "anon_inode:[eventfd]" as printed.
    """

    number: int | None
    path: str | None
    deleted: bool


def split(text: str) -> list[str]:
    """The raw top-level arguments in `text`, which may be cut off anywhere (then the last argument is)."""
    raise NotImplementedError


def string(raw: str) -> tuple[str, bool]:
    """The text of a string argument, and whether strace cut it off (`"abc"...`). Raises ValueError for anything else (NULL, an address)."""
    raise NotImplementedError


def descriptor(raw: str) -> Descriptor:
    """The descriptor in `raw`. Raises ValueError for anything else."""
    raise NotImplementedError


def array(raw: str) -> tuple[list[str], bool]:
    """The raw items of `[a, b]` (or of `{a, b}`), and whether strace left some out. Raises ValueError for anything else."""
    raise NotImplementedError


def field(raw: str, name: str) -> str | None:
    """The raw value of the field `name` in a structure `{a=1, b={c=2}}`, at any depth, None where it is not there."""
    raise NotImplementedError


def flags(raw: str) -> frozenset[str]:
    """The names in `A|B|0x80`."""
    raise NotImplementedError


def clone_flags(args: list[str]) -> frozenset[str]:
    """The flags of a clone or clone3 call, SIGCHLD included; empty for fork and vfork."""
    raise NotImplementedError
