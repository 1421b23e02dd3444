"""`upstream --contains` and `downstream --contains`: the answer, its reasons, and what they leave with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from roar_tui.record.model import Status
from tests.builders import T0, build_store, content, made, single, two_runs, unknown, used
from tests.cli.conftest import Run, document, in_terminal, plain

MODEL = content("model raw 0.1")


def test_yes_shows_the_way_and_leaves_with_0(run: Run) -> None:
    done = run("upstream", MODEL, "--contains", content("raw"))
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0] == f"✓ yes  {content('raw')} is among what {MODEL} was made from"
    parts = ("model.pt", "train.py", "shard-00000", "prep.py", "pipe", "sort", "raw.txt")
    assert [part for part in parts if part not in done.stdout] == []
    assert "params.yaml" not in done.stdout
    shown = document(run("upstream", MODEL, "--contains", content("raw"), "--json"))
    assert (shown["answer"], shown["unknown"]) == ("yes", [])
    assert (shown["via"][0], shown["via"][-1]) == (f"a:{MODEL}", f"a:{content('raw')}")


def test_no_leaves_with_1(run: Run) -> None:
    done = run("upstream", MODEL, "--contains", content("raw changed"))
    assert (done.exit_code, done.stdout.splitlines()[0]) == (
        1,
        f"✗ no  {content('raw changed')} is not among what {MODEL} was made from",
    )
    assert done.stdout.splitlines()[1] == "  compared with 14 recorded files; what 4 of them were made from is not recorded"
    shown = run("upstream", MODEL, "--contains", content("raw changed"), "--json")
    assert shown.exit_code == 1
    assert json.loads(shown.stdout) == {
        "answer": "no", "via": [], "unknown": [], "members": {"found": 0, "of": 1}, "searched": 14, "roots": 4, "earlier": [],
    }  # fmt: skip


def test_unknown_leaves_with_4_and_every_reason(run: Run, tmp_path: Path) -> None:
    files = [unknown(f"{number}/bad\x1b", opened=T0 + number) for number in range(30)]
    build_store(tmp_path, [single(["train"], files, [made("model", opened=T0 + 50)])])
    done = run("upstream", "model", "--contains", content("raw"), store=tmp_path)
    assert done.exit_code == 4
    assert done.stdout.startswith("! unknown")
    assert "it changed before it could be hashed" in done.stdout
    assert "and 10 more; --json lists them all" in done.stdout
    assert "\x1b" not in done.stdout
    shown = run("upstream", "model", "--contains", content("raw"), "--json", store=tmp_path)
    assert shown.exit_code == 4
    reasons = json.loads(shown.stdout)
    assert reasons["answer"] == "unknown"
    assert [each["subject"] for each in reasons["unknown"]] == [access.path for access in files]


def test_many_alike_are_one_line(run: Run, tmp_path: Path) -> None:
    files = [unknown(f"tmp/{number}.s", Status.MISSING, opened=T0 + number) for number in range(17)]
    build_store(tmp_path, [single(["train"], [*files, unknown("tmp/x.o", opened=T0 + 20)], [made("model", opened=T0 + 50)])])
    done = run("upstream", "model", "--contains", content("raw"), store=tmp_path)
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()[1:]]
    assert lines == [
        "/p/tmp/{0..16}.s 17 files: it was gone before it could be hashed",
        "/p/tmp/x.o it changed before it could be hashed",
    ]
    shown = json.loads(run("upstream", "model", "--contains", content("raw"), "--json", store=tmp_path).stdout)
    assert len(shown["unknown"]) == 18


def test_an_earlier_version_is_said_with_the_way_to_it(run: Run, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("what is in it now")
    store = tmp_path / "store"
    build_store(store, [single(["train"], [used(str(tmp_path / "data.csv"), "then")], [made("model", opened=T0 + 50)])])
    done = run("upstream", "model", "--contains", str(tmp_path / "data.csv"), store=store)
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    assert lines[2] == f"  an earlier version of that path, {content('then')[:8]}, is among it"
    assert [part for part in ("model", "train", "data.csv") if part not in "\n".join(lines[4:])] == []
    shown = json.loads(run("upstream", "model", "--contains", str(tmp_path / "data.csv"), "--json", store=store).stdout)
    assert (shown["answer"], shown["via"]) == ("no", [])
    (earlier,) = shown["earlier"]
    assert (earlier["path"], earlier["hash"]) == (str(tmp_path / "data.csv"), content("then"))
    assert (earlier["via"][0], earlier["via"][-1]) == (f"a:{content('model')}", f"a:{content('then')}")


@pytest.mark.parametrize(("roots", "said"), [(1, "1 of them was made"), (2, "2 of them were made")])
def test_one_root_and_several(run: Run, tmp_path: Path, roots: int, said: str) -> None:
    build_store(tmp_path, [single(["train"], [used(str(n)) for n in range(roots)], [made("model", opened=T0 + 50)])])
    assert f"; what {said} from is not recorded" in run("upstream", "model", "--contains", content("raw"), store=tmp_path).stdout


def test_downstream(run: Run) -> None:
    assert run("downstream", content("raw"), "--contains", MODEL).exit_code == 0
    done = run("downstream", content("raw"), "--contains", content("model raw changed 0.2"))
    assert (done.exit_code, "is not among what was made from" in done.stdout) == (1, True)


def test_a_file_on_disk_and_a_directory(run: Run, tmp_path: Path) -> None:
    (tmp_path / "shards").mkdir()
    for number in range(3):
        (tmp_path / "shards" / str(number)).write_text(f"raw {number}")
    assert run("upstream", MODEL, "--contains", str(tmp_path / "shards" / "1")).exit_code == 0
    assert "(3 of 3 files)" in run("upstream", MODEL, "--contains", str(tmp_path / "shards")).stdout
    (tmp_path / "shards" / "x").write_text("x")
    done = run("upstream", MODEL, "--contains", str(tmp_path / "shards"))
    assert done.exit_code == 1
    assert "not all of" in done.stdout
    assert "(3 of 4 files)" in done.stdout


def test_what_is_small_may_be_equal_by_chance(run: Run, tmp_path: Path) -> None:
    (tmp_path / "small").write_text("raw")
    done = run("upstream", MODEL, "--contains", str(tmp_path / "small"))
    assert (done.exit_code, done.stderr) == (0, "A content this small may be equal by chance.\n")


@pytest.mark.parametrize("wanted", ["nonsense", "", "00000000"])
def test_what_names_nothing_is_said(run: Run, wanted: str) -> None:
    done = run("upstream", MODEL, "--contains", wanted)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "names nothing" in done.stderr


def test_on_a_terminal_of_80(tmp_path: Path) -> None:
    build_store(tmp_path, two_runs())
    status, shown = in_terminal(["--store", str(tmp_path), "upstream", MODEL[:8], "--contains", content("raw")[:8]], NO_COLOR="1")
    assert status == 0
    assert max(len(line) for line in plain(shown).splitlines()) <= 80


def test_a_small_sought_file_that_is_not_found_says_nothing_of_chance(run: Run, tmp_path: Path) -> None:
    (tmp_path / "small").write_text("nothing")
    build_store(tmp_path / "store", [single(["x"], [used("a")], [made("b", opened=T0 + 1)])])
    done = run("upstream", "b", "--contains", str(tmp_path / "small"), store=tmp_path / "store")
    assert (done.exit_code, done.stderr.count("chance")) == (1, 0)
