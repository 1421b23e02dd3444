"""Logs that other people published, imported: what they say is in the record, as it stands there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from roar_tui.exchange import log as log_module
from roar_tui.exchange.elsewhere import Elsewhere
from roar_tui.exchange.importing import bring_in
from roar_tui.exchange.log import Log
from roar_tui.exchange.parcels import Part, parcels
from roar_tui.exchange.source import UnusableFileError
from roar_tui.exchange.strace_logs import read_log
from roar_tui.record.model import Record, Role
from roar_tui.store.archive import Archive
from tracer.events import Unparsed
from tracer.observation import Image, Use, Version
from tracer.observer import Observer
from tracer.syntax import Reader

FOLDER = Path(__file__).parents[3] / "shared" / "corpus"
LOGS = sorted(FOLDER.glob("*.log"))

pytestmark = pytest.mark.skipif(not LOGS, reason="the folder of published logs is not here")
every_log = pytest.mark.parametrize("path", LOGS, ids=lambda path: path.name[:24])

HERE = "/was/here"
# An open by name on one line, as a plain eye reads it, that gave a descriptor and touches a file's content.
OPEN = re.compile(
    r'\bopen(?:at)?\((?:AT_FDCWD(?:<([^>]*)>)?, )?"([^"\\]*)", (O_[A-Z_|]+)(?:, 0\d*)?\) += \d+(?:<(/[^>]*)>(?!\(deleted))?'
)

# Read by eye, line by line: inputs without environment, outputs.
BY_EYE = {
    "009": (["/workspaces/lab1/build/prime_checker", "/workspaces/lab1/numbers.txt"], ["/workspaces/lab1/output.txt"]),
    "089": (["/was/here/example.ini", "/was/here/main"], []),
    "115": (["/was/here/main1_2"], []),
    "117": (
        ["/was/here/db_bench"],
        [
            f"/tmp/rocksdbtest-1003/dbbench/{name}"
            for name in ("000004.log", "CURRENT", "IDENTITY", "LOCK", "LOG", "MANIFEST-000005", "OPTIONS-000007")
        ],
    ),
    "121": (
        ["/mnt/c/MAI/3_sem/OS/OS_LAB_1/OS_LAB_No1/lab_01_child", "/was/here/lab_01_parent"],
        ["/was/here/test_output.txt"],
    ),
}


class Everything:
    """A policy that keeps all and remembers what it was asked; the observer's listener, too."""

    def __init__(self) -> None:
        self.paths: set[str] = set()

    def read(self, path: str) -> str:
        self.paths.add(path)
        return path

    written = executed = read

    def named(self, argv: Sequence[str], cwd: str) -> None:
        pass

    def used(self, use: Use) -> None:
        pass

    def wrote(self, version: Version) -> None: ...
    def started(self, image: Image) -> None: ...
    def displaced(self, path: str, time: int) -> None: ...

    def idle(self, image: Image) -> None:
        pass


def seen(path: Path) -> set[str]:
    """Every path that the observer takes from a log."""
    log, policy = Log(Part(path)), Everything()
    observer = Observer(policy, Elsewhere(), policy, cwd=HERE, pending=log.reader.pending)
    for event in log.events():
        observer.observe(event)
    return policy.paths


def imported(path: Path) -> tuple[Record, int] | None:
    try:
        return read_log(path.name, [Log(Part(path))], cwd=HERE)
    except UnusableFileError:
        return None


@every_log
def test_every_file_that_an_eye_finds_is_seen(path: Path) -> None:
    text = path.read_bytes().decode("latin-1")
    found = set()
    for directory, name, flags, real in OPEN.findall(text):
        if not {"O_PATH", "O_DIRECTORY"} & set(flags.split("|")) and not name.startswith(("/dev/fd/", "/proc/self/fd/")):
            found.add(real or (name if name.startswith("/") else f"{directory or HERE}/{name.removeprefix('./')}"))
    assert not {name for name in found if "chdir(" not in text or name.startswith("/")} - seen(path) - {f"{HERE}/"}


@every_log
def test_no_path_is_mangled(path: Path) -> None:
    text = path.read_bytes().decode("latin-1")
    for name in seen(path):
        last = name.rpartition("/")[2]
        escaped = "".join(f"\\x{ord(c):02x}" for c in last)
        assert last in text or escaped in text, name


@every_log
def test_unread_lines_are_counted_and_passing_over_lines_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = imported(path)
    monkeypatch.setattr(log_module, "_PASSING", re.compile("(?!)").fullmatch)
    slow = imported(path)
    assert (fast is None) == (slow is None)
    if fast is None or slow is None:
        return
    assert [(step.argv, [a.path for a in step.used], [a.path for a in step.generated]) for step in fast[0].steps] == [
        (step.argv, [a.path for a in step.used], [a.path for a in step.generated]) for step in slow[0].steps
    ]
    assert fast[1] == slow[1]
    reader = Reader()
    lines = path.read_bytes().decode("latin-1").split("\n")
    unparsed = sum(isinstance(reader.read(line), Unparsed) for line in lines)
    assert fast[1] >= unparsed
    warning = [warning for warning in fast[0].warnings if warning.code == "unparsed"]
    assert bool(warning) == bool(fast[1])


@pytest.mark.parametrize("number", BY_EYE)
def test_what_an_eye_found(number: str) -> None:
    (path,) = FOLDER.glob(f"{number}-*")
    found = imported(path)
    assert found is not None
    steps = found[0].steps
    inputs = sorted({a.path for step in steps for a in step.used if a.external and a.role is not Role.ENVIRONMENT})
    outputs = sorted({a.path for step in steps for a in step.generated if a.survives})
    assert (inputs, outputs) == BY_EYE[number]


def test_all_at_once(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "store")
    found, errors = parcels([str(FOLDER)])
    assert not errors
    refused: list[str] = []
    for parcel in found:
        try:
            list(bring_in(parcel, archive))
        except UnusableFileError as error:
            refused.append(error.message)
    assert len(list(archive.files())) == 27
    assert sum("table of strace -c" in message for message in refused) == 7
    assert sum("no calls that open files" in message for message in refused) == 5
    assert sum("not a strace log" in message for message in refused) == len(found) - 27 - 7 - 5
