"""Where the archive, its index and the cache of known digests lie."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import platformdirs

from roar_tui.store.schema import VERSION

APP = "roar-tui"
VARIABLE = "ROAR_TUI_STORE"


def archive_root(option: str | None) -> Path:
    """The archive's directory: `option` (--store), else ROAR_TUI_STORE, else the user's data directory. Makes nothing."""
    chosen = option or os.environ.get(VARIABLE)
    return Path(chosen).expanduser().absolute() if chosen else Path(platformdirs.user_data_dir(APP))


def cache_dir() -> Path:
    """The user's cache directory. Makes nothing."""
    return Path(platformdirs.user_cache_dir(APP))


def index_name(root: Path) -> str:
    """The file name of the index of the archive at `root`: one per archive (resolved path) and schema version."""
    import hashlib  # 2 ms that a command about to be recorded need not wait for

    place = hashlib.blake2b(os.fsencode(os.path.realpath(root)), digest_size=8).hexdigest()
    return f"index-v{VERSION}-{place}.sqlite"


def index_path(root: Path) -> Path:
    """Where the index of the archive at `root` lies when the cache directory can hold it. Makes nothing."""
    return cache_dir() / index_name(root)


def known_path() -> Path:
    """Where the digests of files that did not change since they were hashed are remembered. Makes nothing."""
    return cache_dir() / "known.sqlite"


def private_temporary_dir() -> Path:
    """A directory on this machine that only this user can write, for caches that have no better place; made when missing.

    The name is guessable, so a directory of another user there is not trusted: a fresh one is made instead.
    """
    place = Path(tempfile.gettempdir()) / f"{APP}-{os.getuid()}"
    try:
        place.mkdir(mode=0o700, exist_ok=True)
        found = os.lstat(place)
    except OSError:
        return Path(tempfile.mkdtemp(prefix=f"{APP}-"))
    if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o022:
        return place
    return Path(tempfile.mkdtemp(prefix=f"{APP}-"))
