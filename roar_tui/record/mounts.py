"""Which file systems are a server's, whose clock is not ours and whose files take long to read, and which are in memory."""

from __future__ import annotations

import functools
import os

NETWORK = frozenset({
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "lustre", "gpfs", "beegfs", "ceph", "glusterfs", "afs", "9p", "pvfs2", "fuse.sshfs",
    "fuse.glusterfs", "fuse.s3fs", "fuse.gcsfuse",
})  # fmt: skip


MEMORY = frozenset({"tmpfs", "ramfs", "hugetlbfs"})


def on_network(device: int) -> bool:
    """Whether the file system with this st_dev is a server's, whose clock is not ours."""
    kind = _kind(device)
    return kind is None or kind in NETWORK


def in_memory(device: int) -> bool:
    """Whether the file system with this st_dev is memory: a page that was read there is written, once mapped, unnoticed."""
    return _kind(device) in MEMORY


@functools.lru_cache(maxsize=256)
def _kind(device: int) -> str | None:
    """The name of the type of the file system; "" where it is not mounted here, None where that is not known."""
    wanted = f"{os.major(device)}:{os.minor(device)}"
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as mounts:
            for line in mounts:
                fields = line.split()
                if fields[2] == wanted:
                    return fields[fields.index("-") + 1]
    except (OSError, ValueError, IndexError):
        return None
    return ""
