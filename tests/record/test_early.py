"""What a command names is opened before it can be taken away: the words of its arguments, and paths of any length."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from roar_tui.record import early


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("a", "b c", "d"):
        (tmp_path / name).write_text(name)
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    return Path(os.path.realpath(tmp_path))


@pytest.mark.parametrize(
    ("argv", "names"),
    [
        (["gzip", "a"], {"a"}),
        (["dd", "if=a", "of=d"], {"a", "d"}),
        (["sh", "-c", "cat a>x; rm 'd'"], {"a", "d"}),
        (["cat", "b c"], {"b c"}),
        (["cat", "./folder/../a"], {"a"}),
        (["a", "folder", "fifo", "nothing", "-d", ""], set()),
        (["echo", "x" * 200_000], set()),
    ],
)
def test_the_words_that_name_regular_files(root: Path, argv: list[str], names: set[str]) -> None:
    files = early.open_named(argv, str(root))
    assert {os.path.relpath(path, root) for path in files} == names
    for path, file in files.items():
        assert os.path.samestat(os.fstat(file.descriptor), os.stat(path))
        os.close(file.descriptor)


def test_a_large_file_is_not_held(root: Path) -> None:
    os.truncate(root / "a", early.LARGEST + 1)
    assert not early.open_named(["rm", "a"], str(root))


def test_a_path_longer_than_the_kernel_takes(root: Path) -> None:
    place = os.open(root, os.O_PATH)
    path = str(root)
    for _ in range(30):
        name = "d" * 200
        os.mkdir(name, dir_fd=place)
        inner = os.open(name, os.O_PATH, dir_fd=place)
        os.close(place)
        place, path = inner, f"{path}/{name}"
    os.close(os.open("x", os.O_WRONLY | os.O_CREAT, dir_fd=place))
    found = early.open_regular(f"{path}/x")
    assert found is not None
    assert os.path.samestat(os.fstat(found), os.stat("x", dir_fd=place))
    assert early.open_regular(path) is None
    with pytest.raises(FileNotFoundError):
        early.open_regular(f"{path}/y")
    os.close(found)
    os.close(place)
