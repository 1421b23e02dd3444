"""Which file system a path lies on, as far as databases care: hosts of a network file system share no memory."""

from __future__ import annotations

import errno
import fcntl
import os
import re
from pathlib import Path

# fmt: off
NETWORK = frozenset((
    "9p", "afs", "beegfs", "beegfs_nodev", "ceph", "cifs", "coda", "gfs", "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs",
    "nfs4", "ocfs2", "orangefs", "panfs", "pvfs2", "smb3", "smbfs", "virtiofs", "wekafs", "fuse.ceph", "fuse.ceph-fuse",
    "fuse.cephfs", "fuse.gcsfuse", "fuse.glusterfs", "fuse.juicefs", "fuse.mfs", "fuse.s3fs", "fuse.sshfs",
))
# fmt: on
LOCKS_MISSING = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL}
MOUNTS = Path("/proc/self/mounts")


def file_system(path: Path, mounts: str | None = None) -> str:
    """The type of the file system that `path` (or its nearest existing parent) lies on, `unknown` where /proc does not say."""
    if mounts is None:
        try:
            mounts = MOUNTS.read_text("utf-8", "surrogateescape")
        except OSError:
            return "unknown"
    place = os.path.realpath(path)
    best, kind = "", "unknown"
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = _unescape(fields[1])
        inside = place == point or place.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):  # of two mounts at one point the later hides the other
            best, kind = point, fields[2]
    return kind


def is_network(kind: str) -> bool:
    """True for file systems that other hosts write too."""
    return kind in NETWORK


def locks_work(directory: Path) -> bool:
    """True when a file in `directory` can be locked as SQLite locks (POSIX record locks)."""
    probe = directory / f".lock-{os.getpid()}"
    try:
        descriptor = os.open(probe, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return False
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in LOCKS_MISSING
    finally:
        os.close(descriptor)
        probe.unlink(missing_ok=True)
    return True


def _unescape(field: str) -> str:
    """A field of /proc/mounts, where space, tab, newline and backslash are three octal digits."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), field)
