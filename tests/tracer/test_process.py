"""What a child has of its parent, and which commands are workers of the process that started them."""

from __future__ import annotations

import pytest

from tracer.observation import Image, Version
from tracer.process import Folder, Process, Stream, is_worker


def image(argv: str) -> Image:
    return Image(0, None, 1, argv, [argv], "/w", 0)


@pytest.fixture
def process() -> Process:
    return Process(1, image("shell"), Folder("/w"))


@pytest.mark.parametrize("shared", [True, False])
def test_a_child_shares_or_copies(process: Process, shared: bool) -> None:
    process.foreign = True
    child = process.fork(2, thread=shared, shares_directory=shared, shares_files=shared)
    child.folder.path = "/d"
    child.streams[1] = Stream(5, 2, child.image, channel="pipe:[1]")
    child.files[3] = Version("/w/#1", external=False)
    assert (process.folder.path == "/d", 1 in process.streams, 3 in process.files) == (shared, shared, shared)
    assert (child.pid, child.thread, child.foreign, child.image) == (2, shared, True, process.image)


def test_a_child_has_opened_nothing_itself(process: Process) -> None:
    """What its parent had open it inherits: a stream made of that is not its own."""
    process.remember("/w/a", 5, Version("/w/a", external=True), True, False)
    child = process.fork(2, thread=False, shares_directory=False, shares_files=False)
    assert child.remembered("/w/a") is None


def test_only_the_last_few_opens_are_remembered(process: Process) -> None:
    for n in range(100):
        process.remember(f"/w/{n}", n, Version(f"/w/{n}", external=True), True, False)
    assert len(process.opened) == 16
    assert process.remembered("/w/0") is None
    last = process.remembered("/w/99")
    assert last is not None
    assert (last.opened, last.pid, last.image, last.reads, last.writes) == (99, 1, process.image, True, False)


def test_a_shell_that_read_another_file_did_more_than_redirect(process: Process) -> None:
    log, other = Version("/w/log", external=False), Version("/w/a", external=True)
    process.remember("/w/log", 5, log, False, True)
    process.streams[1] = Stream(5, 1, process.image, version=log)
    assert not process.did_more_than(process.streams[1])
    process.remember("/w/a", 6, other, True, False)
    assert process.did_more_than(process.streams[1])
    process.streams[0] = Stream(6, 1, process.image, version=other)
    assert not process.did_more_than(process.streams[1])


@pytest.mark.parametrize(
    ("argv", "worker"),
    [
        (["python", "-c", "from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=5, pipe_handle=7)"], True),
        (["python", "-B", "-c", "from multiprocessing.forkserver import main; main(5)"], True),
        (["python", "-c", "from multiprocessing.resource_tracker import main;main(4)"], True),
        (["python", "-m", "joblib.externals.loky.backend.popen_loky_posix", "--process-name", "LokyProcess-1"], True),
        (["python", "-c", "from joblib.externals.loky.backend.resource_tracker import main; main(5, False)"], True),
        (["python", "-c", "import multiprocessing; print(1)"], False),
        (["python", "train.py", "from multiprocessing.spawn import spawn_main"], False),
        (["grep", "-m", "1"], False),
        (["bash", "-c", "python -c 'from multiprocessing.spawn import x'"], False),
        ([], False),
    ],
)
def test_workers(argv: list[str], worker: bool) -> None:
    assert is_worker(argv) == worker
