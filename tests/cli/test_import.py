"""`roar-tui import` as people and scripts call it, for strace logs and records of another store."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from roar_tui.store.archive import Archive
from tests.builders import build_store, two_runs
from tests.cli.conftest import Run, document, in_terminal, plain

LOG = """\
10 1700000000.000001 execve("/usr/bin/cp", ["cp", "a.csv", "/p/b.csv"], 0x7ffe /* 3 vars */) = 0
10 1700000000.200000 openat(AT_FDCWD, "a.csv", O_RDONLY) = 3
10 1700000000.250000 fstat(3, {st_mode=S_IFREG|0644, st_size=59391, ...}) = 0
this is not strace's
10 1700000000.300000 openat(AT_FDCWD, "/p/b.csv", O_WRONLY|O_CREAT|O_TRUNC, 0644) = 4
10 1700000000.500000 +++ exited with 3 +++
"""


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "cp.log"
    path.write_text(LOG)
    return path


def test_json_says_what_was_imported(run: Run, store: Path, log: Path) -> None:
    (entry,) = document(run("import", str(log), "--json", store=store))
    job = document(run("show", entry["id"], "--json", store=store))
    assert entry["file"] == str(log)
    assert (entry["steps"], entry["inputs"], entry["outputs"], entry["unparsed"]) == (1, 1, 1, 1)
    assert job["source"] == "strace-log"
    assert job["exit"] == {"code": 3, "signal": None}
    assert job["inputs"][0]["status"] == "skipped"
    examples = {warning["code"]: warning.get("examples") for warning in job["warnings"]}
    assert examples["unparsed"] == ["this is not strace's"]


def test_a_person_gets_a_line_for_each_job_and_what_limits_it(run: Run, store: Path, log: Path) -> None:
    done = run("import", str(log), store=store)
    assert done.exit_code == 0
    assert done.stdout.endswith(f"  {log}  1 step, 1 input, 1 output\n")
    assert "1 line of the log could not be read." in done.stderr
    assert "this is not strace's" in done.stderr
    assert "--cwd" in done.stderr


def test_twice_is_once(run: Run, store: Path, log: Path) -> None:
    first = document(run("import", str(log), "--json", store=store))
    assert document(run("import", str(log), str(log), "--json", store=store)) == first
    assert len(document(run("jobs", "--json", store=store))) == 1


def test_cwd_resolves_relative_paths_and_may_be_relative_itself(
    run: Run, store: Path, log: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (entry,) = document(run("import", str(log), "--cwd", "sub/../data", "--json", store=store))
    job = document(run("show", entry["id"], "--json", store=store))
    assert job["cwd"] == str(tmp_path / "data")
    assert [access["path"] for access in job["inputs"]] == [str(tmp_path / "data" / "a.csv")]


def test_several_logs_are_several_jobs(run: Run, store: Path, log: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.log"
    other.write_text(LOG.replace("/p/b.csv", "/p/c.csv"))
    imported = document(run("import", str(log), str(other), "--json", store=store))
    assert [entry["file"] for entry in imported] == [str(log), str(other)]


def test_lineage_goes_through_imported_jobs(run: Run, store: Path, log: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.log"
    other.write_text(LOG.replace("/p/b.csv", "/p/c.csv").replace('"a.csv"', '"/p/b.csv"').replace("17000000", "17000001"))
    assert run("import", str(log), str(other), store=store).exit_code == 0
    shown = run("upstream", "/p/c.csv", store=store).stdout
    assert "/p/b.csv" in shown
    assert "a.csv" in shown


def test_what_cannot_be_imported_is_said_and_the_rest_is_imported(run: Run, store: Path, log: Path, tmp_path: Path) -> None:
    table = tmp_path / "table.log"
    table.write_text("% time     seconds  usecs/call     calls    errors syscall\n100.00  0.1  1  4  openat\n")
    done = run("import", str(tmp_path / "absent.log"), str(table), str(log), "--json", store=store)
    assert done.exit_code == 1
    assert [entry["file"] for entry in json.loads(done.stdout)] == [str(log)]
    assert "There is no file" in done.stderr
    assert "table of strace -c" in done.stderr


def test_nothing_to_import_makes_no_store(run: Run, store: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing\n")
    done = run("import", str(tmp_path / "notes.txt"), store=store)
    assert done.exit_code == 1
    assert done.stderr.startswith("roar-tui: ")
    assert not store.exists()


def test_a_log_that_may_not_be_read(run: Run, store: Path, log: Path) -> None:
    log.chmod(0)
    if os.access(log, os.R_OK):
        pytest.skip("this user may read everything")
    assert "Permission denied" in run("import", str(log), store=store).stderr


def test_no_file_is_wrong_usage(run: Run, store: Path) -> None:
    assert run("import", store=store).exit_code == 2


def test_a_store_that_cannot_be_written(run: Run, tmp_path: Path, log: Path) -> None:
    (tmp_path / "file").write_text("")
    assert run("import", str(log), store=tmp_path / "file").exit_code == 3


def test_a_log_through_a_pipe(store: Path, log: Path) -> None:
    command = [sys.executable, "-m", "roar_tui", "--store", str(store), "import", "/dev/stdin", "--json"]
    done = subprocess.run(command, input=log.read_bytes(), capture_output=True, check=True)
    (entry,) = json.loads(done.stdout)
    assert entry["outputs"] == 1


def test_names_from_a_log_never_reach_the_terminal_raw(store: Path, log: Path) -> None:
    log.write_text(LOG.replace("/p/b.csv", r"/p/\33[31mred\n").replace("this is", "\x1b[31mthis is"))
    status, shown = in_terminal(["import", str(log), "--store", str(store)])
    assert status == 0
    assert "\x1b[31m" not in shown


# -- records of another store ---------------------------------------------------------------------------------------------


@pytest.fixture
def other(tmp_path: Path) -> Path:
    root = tmp_path / "other"
    build_store(root, two_runs())
    return root


def test_records_of_another_store_come_in_as_they_are(run: Run, store: Path, other: Path) -> None:
    imported = document(run("import", str(other), "--json", store=store))
    theirs = {path.name: path.read_bytes() for path in (other / "records").glob("*/*")}
    ours = {path.name: path.read_bytes() for path in (store / "records").glob("*/*")}
    assert ours == theirs
    assert {f"{entry['id']}.json.gz" for entry in imported} == set(theirs)
    assert len(document(run("jobs", "--json", store=store))) == len(theirs)


def test_snapshots_come_with_the_record_that_names_them(run: Run, store: Path, tmp_path: Path) -> None:
    archive = Archive(tmp_path / "theirs")
    blob = archive.keep_blob(b"lr: 0.1\n")
    archive.keep(replace(two_runs()[0], snapshots={blob: blob}))
    assert run("import", str(archive.root), store=store).exit_code == 0
    assert Archive(store).blob(blob) == b"lr: 0.1\n"


def test_one_record_under_another_name_and_unpacked(run: Run, store: Path, other: Path, tmp_path: Path) -> None:
    record = min((other / "records").glob("*/*"))
    plain = tmp_path / "job.json"
    plain.write_bytes(subprocess.run(["gzip", "-dc", record], capture_output=True, check=True).stdout)
    (entry,) = document(run("import", str(plain), "--json", store=store))
    assert f"{entry['id']}.json.gz" == record.name


@pytest.mark.parametrize("kept", [-20, 60, 0])
def test_a_damaged_record_is_refused(run: Run, store: Path, other: Path, tmp_path: Path, kept: int) -> None:
    record = min((other / "records").glob("*/*"))
    copy = tmp_path / record.name
    copy.write_bytes(record.read_bytes()[:kept])
    done = run("import", str(copy), store=store)
    assert done.exit_code == 1
    assert not list(store.glob("records/*/*"))


def test_a_record_is_refused_under_another_ones_name(run: Run, store: Path, other: Path, tmp_path: Path) -> None:
    one, two = sorted((other / "records").glob("*/*"))[:2]
    shutil.copy(one, tmp_path / two.name)
    done = run("import", str(tmp_path / two.name), store=store)
    assert done.exit_code == 1
    assert "damaged" in done.stderr


def test_a_newer_record_is_refused(run: Run, store: Path, tmp_path: Path) -> None:
    newer = tmp_path / "new.json"
    newer.write_text('{"format":99,"run_id":"x","state":"complete","command":[],"cwd":"/","started":1,"host":"","user":"","version":"9"}')
    done = run("import", str(newer), store=store)
    assert done.exit_code == 1
    assert "newer roar-tui" in done.stderr


def import_stdin(store: Path, stdin: int, data: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    """`roar-tui import - --json` with that standard input: PIPE for `data`, or a descriptor."""
    command = [sys.executable, "-m", "roar_tui", "--store", str(store), "import", "-", "--json"]
    if data is not None:
        return subprocess.run(command, input=data, capture_output=True, check=False)
    return subprocess.run(command, stdin=stdin, capture_output=True, check=False)


def test_standard_input_is_a_log_through_a_pipe_a_file_or_a_socket(run: Run, store: Path, log: Path) -> None:
    """sshd hands a command a socket, which has no name that could be opened."""
    (named,) = document(run("import", str(log), "--json", store=store))
    ours, theirs = socket.socketpair()
    with ours, theirs, log.open("rb") as file:
        ours.sendall(LOG.encode())
        ours.shutdown(socket.SHUT_WR)
        results = [import_stdin(store, 0, LOG.encode()), import_stdin(store, file.fileno()), import_stdin(store, theirs.fileno())]
        results.append(import_stdin(store, 0, gzip.compress(LOG.encode())))
    for done in results:
        assert done.returncode == 0, done.stderr
        (entry,) = json.loads(done.stdout)
        assert entry == {**named, "file": "/dev/stdin", "id": entry["id"]}
    assert len(document(run("jobs", "--json", store=store))) == 1  # the same log is the same job


def test_standard_input_that_is_no_log_or_a_terminal_is_said(store: Path) -> None:
    empty = import_stdin(store, subprocess.DEVNULL)
    assert (empty.returncode, empty.stderr.splitlines()[0]) == (1, b"roar-tui: /dev/stdin is not a strace log.")
    status, shown = in_terminal(["--store", str(store), "import", "-"])
    assert status == 2
    assert "Standard input is a terminal, and no log." in plain(shown)
