"""Which file systems are a server's: its clock is not ours, and what it keeps takes long to read."""

from __future__ import annotations

import functools
import os

NETWORK = frozenset({
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "lustre", "gpfs", "beegfs", "ceph", "glusterfs", "afs", "9p", "pvfs2", "fuse.sshfs",
    "fuse.glusterfs", "fuse.s3fs", "fuse.gcsfuse",
})  # fmt: skip


@functools.lru_cache(maxsize=256)
def on_network(device: int) -> bool:
    """Whether the file system with this st_dev is a server's, whose clock is not ours."""
    wanted = f"{os.major(device)}:{os.minor(device)}"
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as mounts:
            for line in mounts:
                fields = line.split()
                if fields[2] == wanted:
                    return fields[fields.index("-") + 1] in NETWORK
    except (OSError, ValueError, IndexError):
        return True
    return False
