"""Secrets are taken out of variables, arguments and texts before anything is written; a keyed hash of each remains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

REDACTED = "<redacted>"


def key_path() -> Path:
    """Where the user's key lies: the configuration directory, not the store, so that copying a store never copies the key."""
    raise NotImplementedError


def load_key(path: Path) -> bytes:
    """The 32-byte key in `path`, made (mode 0600) when absent; a random one for this run only when that is impossible."""
    raise NotImplementedError


def key_id(key: bytes) -> str:
    """A name for `key` that does not give it away: hashes under different keys are never compared."""
    raise NotImplementedError


def redact_variables(env: Mapping[str, str], key: bytes) -> tuple[dict[str, str], dict[str, str]]:
    """(variables with secrets replaced, `$NAME` -> keyed hash of each value that held one)."""
    raise NotImplementedError


def redact_argv(argv: Sequence[str], key: bytes) -> tuple[list[str], dict[str, str]]:
    """(arguments with secrets replaced, `--option` or `argument N` -> keyed hash of each value that held one)."""
    raise NotImplementedError


def redact_text(text: str) -> str:
    """`text` with everything that is known by its looks to be a secret replaced (URLs keep user and host)."""
    raise NotImplementedError


def has_secret(text: str) -> bool:
    """Whether source or configuration text holds something that looks like a secret."""
    raise NotImplementedError


def secret_file(path: str) -> bool:
    """Whether a file of this name is meant to hold secrets (.env, id_rsa, *.pem, .netrc, kubeconfig...)."""
    raise NotImplementedError
