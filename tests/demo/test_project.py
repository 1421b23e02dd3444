"""The demo's project by itself: real scripts, the same bytes each time, and a change that reaches one shard."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from roar_tui.demo import materials
from roar_tui.demo.recording import FIRST_RUN, SECOND_RUN
from roar_tui.errors import RoarTuiError


def run(project: Path, stages: tuple[str, ...]) -> None:
    for stage in stages:
        subprocess.run([sys.executable, f"{stage}.py"], cwd=project, check=True, capture_output=True)


def digests(project: Path) -> dict[str, str]:
    single = [project / name for name in ("model.json", "metrics.json", "heldout.txt")]
    made = [*project.glob("shards/*"), *project.glob("raw/*"), *single]
    return {str(path.relative_to(project)): hashlib.sha256(path.read_bytes()).hexdigest() for path in made}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tmp_path_factory.mktemp("trained")
    materials.lay_out(project)
    run(project, FIRST_RUN)
    return project


def test_the_same_sources_give_the_same_bytes(trained: Path, tmp_path: Path) -> None:
    materials.lay_out(tmp_path)
    run(tmp_path, FIRST_RUN)
    assert digests(tmp_path) == digests(trained)


def test_the_model_learns(trained: Path) -> None:
    metrics = json.loads((trained / "metrics.json").read_text())
    alphabet = len(set((trained / "heldout.txt").read_text()))
    assert alphabet > 32
    assert 1 < metrics["bits_per_character"] < 3  # guessing among the alphabet would need more than 5
    assert metrics["perplexity"] == pytest.approx(2 ** metrics["bits_per_character"], rel=1e-3)


def test_held_out_texts_are_in_no_shard(trained: Path) -> None:
    shards = sorted((trained / "shards").iterdir())
    assert [shard.name for shard in shards] == [f"shard-{number:02}.txt" for number in range(40)]
    everything = "".join(shard.read_text() for shard in shards)
    cleaned = sorted((trained / "clean").iterdir())
    held_out = (trained / "heldout.txt").read_text()
    assert len(everything) + len(held_out) == sum(len(text.read_text()) for text in cleaned)
    assert not any(text.read_text() in everything for text in cleaned[5::11])


def test_the_second_run_differs_by_one_shard_and_one_parameter(trained: Path, tmp_path: Path) -> None:
    materials.lay_out(tmp_path)
    run(tmp_path, FIRST_RUN)
    before = digests(tmp_path)
    parameters = json.loads((tmp_path / "params.json").read_text())
    changes = materials.change(tmp_path)
    run(tmp_path, SECOND_RUN)
    after = digests(tmp_path)
    differ = {name for name in before if before[name] != after[name]}
    assert before.keys() == after.keys()
    assert [change.subject for change in changes][1] == "params.json"
    assert len([name for name in differ if name.startswith("shards/")]) == 1
    assert [name for name in differ if name.startswith("raw/")] == [changes[0].subject]
    assert {"model.json", "metrics.json"} <= differ
    assert "heldout.txt" not in differ
    now = json.loads((tmp_path / "params.json").read_text())
    assert {key for key in now if now[key] != parameters[key]} == {"order"}


def test_without_its_sources_python_gives_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lib").mkdir()
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(tmp_path / "lib"))
    with pytest.raises(RoarTuiError, match="holds only 0 of them") as error:
        materials.lay_out(tmp_path)
    assert "libpython3-stdlib" in error.value.hint


def test_the_sources_carry_no_dates(trained: Path) -> None:
    with zipfile.ZipFile(trained / "sources.zip") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_the_commit_goes_nowhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "elsewhere.git"
    monkeypatch.setenv("GIT_DIR", str(elsewhere))  # as in a hook
    (tmp_path / "project").mkdir()
    materials.lay_out(tmp_path / "project")
    assert not elsewhere.exists()
