"""A call -> what it did to the file system and the process tree; a call that failed has no effect.

Effects are named tuples: one is made per call, and they take a third of the time of frozen dataclasses to make and to define.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from tracer.arguments import DELETED, array, clone_flags, descriptor, field, flags, string
from tracer.events import Call, Unfinished


class Place(NamedTuple):
    """A path as a call gave it: `name` below `directory`; None is the process's working directory.

    `number` is the descriptor that stands for the directory: a log without -y prints nothing else.
    """

    directory: str | None
    name: str
    number: int | None = None


class Mode(NamedTuple):
    """What an open asked for. `keeps`: existing content stays, so what is written mixes with what was there."""

    reads: bool
    writes: bool
    creates: bool
    exclusive: bool
    truncates: bool
    temporary: bool
    nothing: bool  # O_PATH, O_DIRECTORY: no content is touched

    @property
    def keeps(self) -> bool:
        return self.writes and not (self.truncates or self.exclusive or self.temporary)


class Opened(NamedTuple):
    """`path` is the real one where the log has it, `place` what the call gave.

    An open that touches no content (`mode.nothing`) is an effect only where the log does not say what its descriptor leads to.
    """

    mode: Mode
    place: Place | None
    path: str | None
    deleted: bool
    number: int


class Executed(NamedTuple):
    """The process image was replaced, by one that `place` names, or by which is not known; `cut`: arguments were left out.

    `nameless`: by a descriptor of a file that has no name (a memfd).
    """

    place: Place | None
    argv: list[str]
    cut: bool
    nameless: bool = False


class Forked(NamedTuple):
    """A process or thread was made; it starts with the working directory and descriptors of its parent, or shares them.

    `isolated`: it has mounts of its own; `inner`: it and all below it are in a pid namespace; `waits`: its parent waits for its
    exec (vfork).
    """

    child: int
    thread: bool
    shares_directory: bool
    shares_files: bool
    isolated: bool = False
    inner: bool = False
    waits: bool = False


class Entered(NamedTuple):
    """The working directory changed, to `place` or to where is not known."""

    place: Place | None


class Renamed(NamedTuple):
    """`old` is `new` now; with `exchange` the other way round too."""

    old: Place
    new: Place
    exchange: bool


class Linked(NamedTuple):
    """A hard link; `descriptor` is the number in /proc/self/fd/N, the way an O_TMPFILE gets its name."""

    old: Place
    new: Place
    descriptor: int | None


class Removed(NamedTuple):
    """A name was removed."""

    place: Place


class RemovedDirectory(NamedTuple):
    """A directory was removed: what was opened under that name was none of the files."""

    place: Place


class Truncated(NamedTuple):
    """A file was cut or extended; `whole` says that nothing of its content stayed."""

    place: Place
    whole: bool


class Duplicated(NamedTuple):
    """The descriptor `number` is now `path`: a file, or a pipe as `pipe:[N]`; what `source` is, where the log does not say."""

    number: int
    path: str | None
    source: int


class Closed(NamedTuple):
    """The descriptor `number` is none any more, or leads to what is followed no further (a socket)."""

    number: int


class Irregular(NamedTuple):
    """The place is no regular file: a directory that was made or listed, or else a FIFO or a device."""

    place: Place
    directory: bool


class Piped(NamedTuple):
    """`key` is how descriptors of it are printed: `pipe:[N]`; a socketpair has two keys, a log without -y none."""

    kind: str
    keys: tuple[str, ...]
    numbers: tuple[int, ...]


class Connected(NamedTuple):
    """A connection was begun, to a network address or to the socket at a path; then the port is 0."""

    address: str
    port: int


class Bound(NamedTuple):
    """The program made itself the one who answers at the socket at a path."""

    address: str


class Isolated(NamedTuple):
    """The process has another root or other mounts than we do: its paths are not ours. `inner`: its children's pids are not."""

    call: str
    mounts: bool = True
    inner: bool = False


class Rewired(NamedTuple):
    """A symbolic link was made: what was resolved before may lead elsewhere now."""

    place: Place


class Interpreted(NamedTuple):
    """The kernel knows no way to execute the place: the shell that tried reads it as a script."""

    place: Place


class Traced(NamedTuple):
    """ptrace: the program traces others, or tried to."""


class Ring(NamedTuple):
    """io_uring: what goes through the ring is not seen."""


Effect = (
    Opened | Executed | Forked | Entered | Renamed | Linked | Removed | RemovedDirectory | Truncated | Duplicated | Piped
    | Connected | Isolated
    | Rewired | Ring | Closed | Irregular | Interpreted | Traced | Bound
)  # fmt: skip


# Failures that say something: a connect that goes on in the background, a script without #!, a tracer that is not the first.
TELLING = frozenset(("EINPROGRESS", "ENOEXEC", "EPERM"))
_FLAGS_AT = {"open": 1, "openat": 2}  # which argument has an open's flags


def effect(call: Call) -> Effect | None:
    """What `call` did; None where it failed, did nothing that matters, or is not one that we know.

    Raises ValueError where its arguments cannot be read.
    """
    if call.value is None:
        return None
    handler = _HANDLERS.get(call.name) if call.error is None else _FAILED.get((call.name, call.error))
    return handler(call) if handler is not None else None


def has_effect(name: str) -> bool:
    """Whether the call `name` is one that may have an effect."""
    return name in _HANDLERS


def returns_descriptor(name: str) -> bool:
    """Whether the call `name` returns a descriptor that some file could be behind."""
    return name in _RETURN_A_DESCRIPTOR


def intents(call: Unfinished) -> list[Place]:
    """The places that a call in flight may write, replace or take away: strace prints its entry before the kernel does it."""
    try:
        return _intents(call.name, call.args)
    except (ValueError, IndexError):
        return []


def only_reads(call: Call) -> bool:
    """Whether `call` is an open for reading a file's content, and nothing else; False as well where that takes a closer look."""
    at = _FLAGS_AT.get(call.name)
    return at is not None and at < len(call.args) and _plain(call.args[at])


@lru_cache(maxsize=256)
def _plain(raw: str) -> bool:
    try:
        wanted = mode(raw)
    except ValueError:
        return False
    return wanted.reads and not wanted.writes and not wanted.creates and not wanted.nothing


@lru_cache(maxsize=4096)
def mode(raw: str, creates: bool = False) -> Mode:
    """The mode in the raw flags of an open, `O_WRONLY|O_CREAT|O_TRUNC`. Raises ValueError for a bare number (-X raw)."""
    names = flags(raw)
    if not any(name.startswith("O_") for name in names):
        raise ValueError(f"not the flags of an open: {raw[:80]!r}")
    truncates = "O_TRUNC" in names  # Linux does it for an open that only reads as well
    writes = truncates or "O_WRONLY" in names or "O_RDWR" in names
    temporary = "O_TMPFILE" in names
    return Mode(
        reads="O_WRONLY" not in names,
        writes=writes,
        creates="O_CREAT" in names,
        exclusive="O_EXCL" in names and "O_CREAT" in names,
        truncates=truncates,
        temporary=temporary,
        nothing="O_PATH" in names or ("O_DIRECTORY" in names and not temporary),
    )


_CREAT = Mode(reads=False, writes=True, creates=True, exclusive=False, truncates=True, temporary=False, nothing=False)


def at(directory: str, name: str) -> Place:
    """The place that a directory descriptor (raw) and a string argument (raw) give. Raises ValueError as `here` does."""
    found = descriptor(directory)
    return Place(found.path, _name(name), found.number)


def here(name: str) -> Place:
    """The place that a string argument (raw) gives, below the working directory.

    Raises ValueError for all that is no whole path: what was cut off (`"/data/a"...`) may be any of many.
    """
    return Place(None, _name(name))


def _name(raw: str) -> str:
    name, cut = string(raw)
    if cut:
        raise ValueError(f"a path that was cut off: {raw[:80]!r}")
    return name


def own_descriptor(name: str) -> int | None:
    """The N of /dev/fd/N, /proc/self/fd/N and their names for 0, 1 and 2; None for any other path."""
    if name in _STANDARD:
        return _STANDARD[name]
    for prefix in _OWN:
        if name.startswith(prefix) and name[len(prefix) :].isdigit():
            return int(name[len(prefix) :])
    return None


_OWN = ("/proc/self/fd/", "/dev/fd/", "/proc/thread-self/fd/")
_STANDARD = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}


def _opened(call: Call, wanted: Mode, place: Place | None) -> Effect | None:
    if call.value is None or (wanted.nothing and call.path is not None):
        return None
    path, deleted = call.path, call.deleted
    if path is not None and path.endswith(DELETED) and place is not None and not place.name.endswith(DELETED):
        path, deleted = path.removesuffix(DELETED), True  # before 5.19 it was printed as part of the path
    return Opened(wanted, place, path, deleted, call.value)


def _place(make: Callable[..., Place], *raw: str) -> Place | None:
    """The place, or None where the argument is no whole string (an address, a path cut off): the descriptor still says the path."""
    try:
        return make(*raw)
    except ValueError:
        return None


def _open(call: Call) -> Effect | None:
    return _opened(call, mode(call.args[1]), _place(here, call.args[0]))


def _openat(call: Call) -> Effect | None:
    return _opened(call, mode(call.args[2]), _place(at, call.args[0], call.args[1]))


def _openat2(call: Call) -> Effect | None:
    wanted = field(call.args[2], "flags")
    return _opened(call, mode(wanted or "O_RDONLY"), _place(at, call.args[0], call.args[1]))


def _creat(call: Call) -> Effect | None:
    return _opened(call, _CREAT, _place(here, call.args[0]))


def _by_handle(call: Call) -> Effect | None:
    return _opened(call, mode(call.args[2]), None)


def _execve(call: Call) -> Effect | None:
    return _executed(_place(here, call.args[0]), call.args[1])


def _execveat(call: Call) -> Effect | None:
    place = _place(at, call.args[0], call.args[1])
    executed = _executed(place, call.args[2])
    return executed._replace(nameless=place is not None and not place.name and descriptor(call.args[0]).deleted)


def _executed(place: Place | None, raw: str) -> Executed:
    try:
        items, cut = array(raw)
    except ValueError:
        return Executed(place, [], True)
    argv = []
    for item in items:
        text, short = string(item)
        cut |= short
        argv.append(text)
    return Executed(place, argv, cut)


def _forked(call: Call) -> Effect | None:
    return fork(call.value, call) if call.value else None


def fork(child: int, call: Call | Unfinished) -> Forked:
    """What the fork `call`, returned or still in flight, makes of `child`."""
    names = clone_flags(call.args) if call.name.startswith("clone") else frozenset[str]()
    return Forked(
        child,
        "CLONE_THREAD" in names,
        "CLONE_FS" in names,
        "CLONE_FILES" in names,
        "CLONE_NEWNS" in names,
        "CLONE_NEWPID" in names,
        call.name == "vfork" or "CLONE_VFORK" in names,
    )


def _chdir(call: Call) -> Effect | None:
    return Entered(_place(here, call.args[0]))


def _fchdir(call: Call) -> Effect | None:
    return Entered(_behind(call.args[0]))


def _getcwd(call: Call) -> Effect | None:
    """Nothing entered, but the one call that says where a process is in a log without -y."""
    place = here(call.args[0])
    return Entered(place) if place.name.startswith("/") else None


def _behind(raw: str) -> Place:
    """The place that a descriptor (raw) itself is."""
    found = descriptor(raw)
    return Place(found.path, "", found.number)


def _rename(call: Call) -> Effect | None:
    return Renamed(here(call.args[0]), here(call.args[1]), False)


def _renameat(call: Call) -> Effect | None:
    exchange = len(call.args) > 4 and "RENAME_EXCHANGE" in flags(call.args[4])
    return Renamed(at(*call.args[0:2]), at(*call.args[2:4]), exchange)


def _link(call: Call) -> Effect | None:
    return Linked(here(call.args[0]), here(call.args[1]), None)


def _linkat(call: Call) -> Effect | None:
    old = at(*call.args[0:2])
    number = None
    if not old.name:  # AT_EMPTY_PATH: the descriptor itself
        number = descriptor(call.args[0]).number
    own = own_descriptor(old.name)
    return Linked(old, at(*call.args[2:4]), number if own is None else own)


def _unlink(call: Call) -> Effect | None:
    return Removed(here(call.args[0]))


def _unlinkat(call: Call) -> Effect | None:
    place = at(*call.args[0:2])
    return RemovedDirectory(place) if "AT_REMOVEDIR" in call.args[2] else Removed(place)


def _rmdir(call: Call) -> Effect | None:
    return RemovedDirectory(here(call.args[0]))


def _truncate(call: Call) -> Effect | None:
    return Truncated(here(call.args[0]), call.args[1].strip() == "0")


def _ftruncate(call: Call) -> Effect | None:
    found = descriptor(call.args[0])
    if found.path is not None and (not found.path.startswith("/") or found.deleted or found.path.endswith(DELETED)):
        return None  # no file, or one without a name
    return Truncated(Place(found.path, "", found.number), call.args[1].strip() == "0")


def _dup(call: Call) -> Effect | None:
    if call.value is None or (call.value > 2 and call.path is not None):
        return None
    return Duplicated(call.value, call.path, int(call.args[0].partition("<")[0]))


def _fcntl(call: Call) -> Effect | None:
    return _dup(call) if call.args[1].startswith("F_DUPFD") else None


def _close(call: Call) -> Effect | None:
    return Closed(int(call.args[0].partition("<")[0]))


def _other(call: Call) -> Effect | None:
    """A descriptor of something that is not followed: what its number led to before is gone."""
    return Closed(call.value) if call.value is not None else None


def _listed(call: Call) -> Effect | None:
    return Irregular(_behind(call.args[0]), True)


def _mkdir(call: Call) -> Effect | None:
    return Irregular(here(call.args[0]), True)


def _mkdirat(call: Call) -> Effect | None:
    return Irregular(at(*call.args[0:2]), True)


def _mknod(call: Call) -> Effect | None:
    return _made(here(call.args[0]), call.args[1])


def _mknodat(call: Call) -> Effect | None:
    return _made(at(*call.args[0:2]), call.args[2])


def _made(place: Place, mode: str) -> Effect:
    return Truncated(place, True) if _regular(mode) else Irregular(place, False)


def _regular(raw: str) -> bool:
    """Whether the mode of a mknod makes a regular file."""
    return not flags(raw) & {"S_IFIFO", "S_IFCHR", "S_IFBLK", "S_IFSOCK", "S_IFDIR"}


def _pipe(call: Call) -> Effect | None:
    return _piped("pipe", call.args[0])


def _socketpair(call: Call) -> Effect | None:
    return _piped("socketpair", call.args[-1])


def _piped(kind: str, raw: str) -> Effect | None:
    ends = [descriptor(item) for item in array(raw)[0]]
    keys = tuple(dict.fromkeys(end.path for end in ends if end.path is not None))
    return Piped(kind, keys, tuple(end.number for end in ends if end.number is not None))


def _connected(call: Call) -> Effect | None:
    family = field(call.args[1], "sa_family")
    if family == "AF_INET":
        port, address = field(call.args[1], "sin_port"), field(call.args[1], "sin_addr")
    elif family == "AF_INET6":
        port, address = field(call.args[1], "sin6_port"), field(call.args[1], "sin6_addr")
        if address is None:  # strace prints inet_pton(AF_INET6, "::1", &sin6_addr) in the place of the field
            parts = call.args[1].split('"')
            address = f'"{parts[1]}"' if len(parts) > 2 else None
    elif (path := _socket_path(call)) is not None:
        return Connected(path, 0)
    else:
        return None
    if port is None or address is None:
        return None
    digits = "".join(character for character in port if character.isdigit())
    quoted = address.split('"')
    return Connected(quoted[1] if len(quoted) > 1 else address, int(digits)) if digits else None


def _undecoded(call: Call) -> Effect | None:
    """An open by a strace that has no name for it: which file it was is not in the log."""
    raise ValueError(f"not decoded: {call.name}")


def _socket_path(call: Call) -> str | None:
    """The path of a Unix socket; None for an abstract name (`@"name"`) and for every other address."""
    raw = field(call.args[1], "sun_path") if field(call.args[1], "sa_family") == "AF_UNIX" else None
    return string(raw)[0] if raw is not None and raw.startswith('"') else None


def _bound(call: Call) -> Effect | None:
    path = _socket_path(call)
    return Bound(path) if path is not None else None


def _isolated(call: Call) -> Effect | None:
    if call.name in ("chroot", "pivot_root"):
        return Isolated(call.name)
    named = flags(call.args[-1])
    mounts = "CLONE_NEWNS" in named
    inner = "CLONE_NEWPID" in named
    if call.name == "setns" and not any(name.startswith("CLONE_") for name in named):  # whatever the descriptor is
        mounts = inner = True
    return Isolated(call.name, mounts, inner) if mounts or inner else None


def _rewired(call: Call) -> Effect | None:
    return Rewired(here(call.args[1]) if call.name == "symlink" else at(*call.args[1:3]))


def _ring(call: Call) -> Effect | None:
    return Ring()


def _interpreted(call: Call) -> Effect | None:
    return Interpreted(here(call.args[0]) if call.name == "execve" else at(*call.args[0:2]))


def _traced(call: Call) -> Effect | None:
    return Traced()


_OTHER_DESCRIPTORS = (  # noqa: SIM905 -- a list of words reads best as words
    "socket accept accept4 epoll_create epoll_create1 eventfd eventfd2 memfd_create timerfd_create signalfd signalfd4 inotify_init "
    "inotify_init1 pidfd_open userfaultfd perf_event_open fanotify_init"
).split()

_HANDLERS: dict[str, Callable[[Call], Effect | None]] = {
    "open": _open, "openat": _openat, "openat2": _openat2, "creat": _creat, "open_by_handle_at": _by_handle,
    "execve": _execve, "execveat": _execveat, "fork": _forked, "vfork": _forked, "clone": _forked, "clone3": _forked,
    "syscall_435": _forked, "syscall_0x1b3": _forked, "syscall_437": _undecoded, "syscall_0x1b5": _undecoded,  # openat2
    "syscall_425": _ring, "syscall_0x1a9": _ring,
    "chdir": _chdir, "fchdir": _fchdir, "rename": _rename, "renameat": _renameat, "renameat2": _renameat,
    "link": _link, "linkat": _linkat, "unlink": _unlink, "unlinkat": _unlinkat, "rmdir": _rmdir, "truncate": _truncate,
    "ftruncate": _ftruncate, "dup2": _dup, "dup3": _dup, "pipe": _pipe, "pipe2": _pipe, "socketpair": _socketpair,
    "connect": _connected, "bind": _bound, "chroot": _isolated, "pivot_root": _isolated, "unshare": _isolated, "setns": _isolated,
    "symlink": _rewired, "symlinkat": _rewired, "io_uring_setup": _ring, "ptrace": _traced, "mknod": _mknod, "mknodat": _mknodat,
    # seen only in other people's logs: `run` does not ask for them
    "dup": _dup, "fcntl": _fcntl, "fcntl64": _fcntl, "close": _close, "getcwd": _getcwd, "mkdir": _mkdir, "mkdirat": _mkdirat,
    "getdents": _listed, "getdents64": _listed, **dict.fromkeys(_OTHER_DESCRIPTORS, _other),
}  # fmt: skip


_RETURN_A_DESCRIPTOR = frozenset((
    "open", "openat", "openat2", "creat", "open_by_handle_at", "syscall_437", "syscall_0x1b5", "dup", "dup2", "dup3",
))  # fmt: skip

_FAILED: dict[tuple[str, str], Callable[[Call], Effect | None]] = {
    ("connect", "EINPROGRESS"): _connected, ("execve", "ENOEXEC"): _interpreted, ("execveat", "ENOEXEC"): _interpreted,
    ("ptrace", "EPERM"): _traced,
}  # fmt: skip


def _intents(name: str, args: list[str]) -> list[Place]:
    if name in ("open", "openat", "openat2"):
        raw = args[1] if name == "open" else args[2]
        wanted = mode((field(raw, "flags") or "O_RDWR") if name == "openat2" else raw)
        return ([here(args[0])] if name == "open" else [at(*args[0:2])]) if wanted.writes else []
    if name in ("creat", "truncate"):
        return [here(args[0])]
    if name == "ftruncate":
        place = _behind(args[0])
        return [place] if place.directory is not None else []
    if name == "rename":
        return [here(args[0]), here(args[1])]
    if name in ("renameat", "renameat2"):
        return [at(*args[0:2]), at(*args[2:4])]
    if name == "unlink":
        return [here(args[0])]
    if name == "unlinkat":
        return [at(*args[0:2])]
    return []
