from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import sys
import threading
from pathlib import Path

import blake3
import msgspec
import pytest

from roar_tui.record.context import owners, pip, python
from roar_tui.record.model import Package

NEVER = threading.Event()


def distribution(site: Path, name: str, version: str, files: list[str], top_level: str | None = None) -> None:
    metadata = site / f"{name.replace('-', '_')}-{version}.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nName: not this\n")
    (metadata / "RECORD").write_text("".join(f"{file},sha256=x,1\n" for file in [*files, f"{metadata.name}/METADATA"]))
    if top_level is not None:
        (metadata / "top_level.txt").write_text(top_level)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    place = tmp_path / "env" / "lib" / "python3.11" / "site-packages"
    distribution(place, "PyYAML", "6.0.1", ["yaml/__init__.py", "_yaml/__init__.py"], top_level="_yaml\nyaml\n")
    distribution(place, "six", "1.16.0", ["six.py", "__pycache__/six.cpython-311.pyc"])
    distribution(place, "google-auth", "2.1", ["google/auth/__init__.py"])
    distribution(place, "google-storage", "3.2", ["google/storage/__init__.py"])
    distribution(place, "not-read", "1.0", ["notread/__init__.py"])
    return place


def names(paths: list[str]) -> list[tuple[str, str]]:
    return [(package.name, package.version) for package in pip.packages(paths)]


def test_only_what_was_read_counts(site: Path) -> None:
    assert names([]) == []
    assert names([f"{site}/not_read-1.0.dist-info/METADATA", f"{site}/x.pth", "/usr/lib/python3.11/os.py"]) == []
    assert names([f"{site}/yaml/loader.py", f"{site}/yaml/__init__.py"]) == [("PyYAML", "6.0.1")]
    assert names([f"{site}/__pycache__/six.cpython-311.pyc"]) == [("six", "1.16.0")]
    assert names([f"{site}/six.py", f"{site}/_yaml/__init__.py"]) == [("PyYAML", "6.0.1"), ("six", "1.16.0")]


def test_distributions_that_share_a_namespace_are_told_apart(site: Path) -> None:
    assert names([f"{site}/google/auth/__init__.py"]) == [("google-auth", "2.1")]
    assert names([f"{site}/google/storage/__pycache__/__init__.cpython-311.pyc"]) == [("google-storage", "3.2")]


def test_a_directory_that_is_gone_and_an_unknown_module_give_nothing(site: Path) -> None:
    assert names(["/gone/site-packages/x/y.py", f"{site}/mystery/x.py"]) == []


def test_debians_and_eggs(tmp_path: Path) -> None:
    debian = tmp_path / "dist-packages"
    debian.mkdir()
    (debian / "legacy-0.5.egg-info").write_text("Metadata-Version: 1.0\nName: legacy\nVersion: 0.5\n")
    read = [f"{debian}/legacy/__init__.py", f"{debian}/Mako-1.2-py3.11.egg/mako/x.py"]
    assert names(read) == [("legacy", "0.5"), ("Mako", "1.2")]


@pytest.mark.parametrize(
    ("file", "module"),
    [
        ("numpy/core/x.py", "numpy"),
        ("numpy.libs/libopenblas.so", "numpy"),
        ("_cffi_backend.cpython-311-x86_64-linux-gnu.so", "_cffi_backend"),
        ("six.py", "six"),
        ("__pycache__/six.cpython-311.pyc", "six"),
        ("x-1.0.dist-info/RECORD", None),
        ("distutils-precedence.pth", None),
        ("../../bin/tool", None),
        ("README", None),
    ],
)
def test_modules(file: str, module: str | None) -> None:
    assert pip.module_of(file) == module


def test_the_packages_that_this_test_runs_on() -> None:
    read = [str(module.__file__) for module in (blake3, msgspec, pytest)]
    assert all("site-packages" in path for path in read)
    assert pip.packages(read) == [
        Package("pip", name, importlib.metadata.version(name)) for name in ("blake3", "msgspec", "pytest")
    ]


def test_the_running_interpreters_version() -> None:
    assert python.versions([sys.executable, "/bin/sh", "/gone/python3"], os.environ, NEVER) == platform.python_version()
    assert python.versions(["/bin/sh"], os.environ, NEVER) is None


def test_the_interpreter_of_a_script_is_found_by_its_first_line(tmp_path: Path) -> None:
    script = tmp_path / "tool"
    script.write_text(f"#! {sys.executable} -I\nprint(1)\n")
    shim = tmp_path / "python3"
    shim.write_text("#!/bin/sh\nexec false\n")
    assert python.interpreters([str(script), str(shim)]) == {os.path.realpath(sys.executable)}


@pytest.fixture
def database(tmp_path: Path) -> Path:
    place = tmp_path / "dpkg"
    (place / "info").mkdir(parents=True)
    (place / "info" / "zlib1g:amd64.list").write_text("/.\n/lib\n/lib/x86_64-linux-gnu/libz.so.1.2.13\n")
    (place / "info" / "bash.list").write_text("/.\n/bin/bash\n")
    (place / "status").write_text(
        "Package: bash\nStatus: install ok installed\nVersion: 5.2.15-2\n\nPackage: zlib1g\nVersion: 1:1.2.13\nDescription: x\n"
        " Package: no\n\n"
    )
    return place


def test_dpkgs_files_name_the_owner_under_either_spelling(database: Path) -> None:
    paths = ["/usr/lib/x86_64-linux-gnu/libz.so.1.2.13", "/usr/bin/bash", "/usr/lib/unowned.so"]
    assert owners.dpkg_owners(database, paths) == {paths[0]: ("zlib1g", "1:1.2.13"), paths[1]: ("bash", "5.2.15-2")}


def test_answers_are_remembered_until_the_database_changes(database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(owners, "DPKG", database)
    programs = ["/bin/bash"]
    expected = [Package("dpkg", "bash", "5.2.15-2")]
    assert owners.packages([], programs, NEVER) == expected
    (database / "info" / "bash.list").unlink()
    assert owners.packages([], programs, NEVER) == expected
    (database / "status").write_text("Package: other\nVersion: 1\n\n")
    assert owners.packages([], programs, NEVER) == []
    for file in (tmp_path / "cache").rglob("*.json"):
        file.write_text("not json")
    (database / "info" / "other.list").write_text("/bin/bash\n")
    assert owners.packages([], programs, NEVER) == [Package("dpkg", "other", "1")]


def test_conda_libraries_belong_to_conda(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    prefix = tmp_path / "env"
    (prefix / "lib").mkdir(parents=True)
    (prefix / "conda-meta").mkdir()
    (prefix / "conda-meta" / "mkl-2024.json").write_text(
        json.dumps({"name": "mkl", "version": "2024.0", "files": ["lib/libmkl_core.so.2"], "build": "x"})
    )
    (prefix / "conda-meta" / "broken.json").write_text("{")
    paths = [f"{prefix}/lib/libmkl_core.so.2", f"{prefix}/lib/libother.so", f"{prefix}/lib/notes.txt"]
    assert owners.packages(paths, [], NEVER) == [Package("conda", "mkl", "2024.0")]


def test_rpm_answers_in_the_order_of_the_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "rpm"  # as rpm -qf answers: a line for each file, unowned ones too
    program.write_text(
        "#!/bin/sh\nshift 4\nfor f; do case $f in *bash) printf 'bash\\t5.2-1.el9\\n';; "
        '*) echo "file $f is not owned by any package";; esac; done; exit 1\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(owners, "DPKG", tmp_path / "none")
    monkeypatch.setattr(owners, "RPM", (tmp_path,))
    bash = os.path.realpath("/bin/bash")
    assert owners.packages([], [bash, "/bin/cat", "/bin/gone"], NEVER) == [Package("rpm", "bash", "5.2-1.el9")]
