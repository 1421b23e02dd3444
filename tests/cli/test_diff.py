"""`diff`: the causes for people, the document for scripts, the exit status for both."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from roar_tui.record.model import Record
from tests.builders import MINUTE, T0, build_store, content, job_id, made, nasty, single, two_runs, used
from tests.cli.conftest import Run, document, in_terminal, plain

FIRST, SECOND = job_id(two_runs()[2]), job_id(two_runs()[5])


def test_the_document_says_causes_and_what_follows(run: Run) -> None:
    found = document(run("diff", FIRST, SECOND, "--json"))
    assert [(found[side]["ref"], found[side]["kind"], found[side]["id"]) for side in "ab"] == [
        (FIRST, "job", FIRST),
        (SECOND, "job", SECOND),
    ]
    assert found["identical"] is False
    causes = [(cause["category"], cause["subject"]) for cause in found["causes"]]
    assert ("params", "--lr") in causes
    assert all(each["because"] for each in found["consequences"])
    assert {step["status"] for step in found["steps"]} == {"same", "changed"}
    assert found["causes"][causes.index(("params", "--lr"))]["a"] == "0.1"


def test_people_read_the_causes_first(run: Run) -> None:
    lines = run("diff", FIRST, SECOND).stdout.splitlines()
    assert lines[0].startswith(f"A  {FIRST[:8]}")
    headings = [line.split("  ")[0] for line in lines if line and line[0].isupper() and line[1].islower()]
    assert headings == ["Causes", "Consequences", "Outcome", "Steps"]
    assert any("params" in line and "--lr" in line and "0.1 → 0.2" in line and "of train.py" in line for line in lines)
    assert any("shards/" in line and "8 of 8 differ" in line and "because of" in line for line in lines)


def test_the_context_is_shown_when_asked_for(run: Run) -> None:
    assert "Context" not in run("diff", FIRST, SECOND).stdout
    assert "started" in run("diff", FIRST, SECOND, "--all").stdout


def test_files_and_jobs_and_paths_in_jobs_can_be_compared(run: Run) -> None:
    models = content("model raw 0.1"), content("model raw changed 0.2")
    by_hash = document(run("diff", *models, "--json"))
    by_path = document(run("diff", f"{FIRST}:model.pt", f"{SECOND}:model.pt", "--json"))
    assert by_hash["causes"] == by_path["causes"] != []
    assert {by_hash[side]["kind"] for side in "ab"} == {"artifact"}


def test_the_same_twice_is_identical(run: Run) -> None:
    found = run("diff", FIRST, FIRST, "--exit-code")
    assert found.exit_code == 0
    assert "Identical" in found.stdout


@pytest.mark.parametrize(("words", "status"), [((), 0), (("--exit-code",), 1)])
def test_causes_can_be_the_exit_status(run: Run, words: tuple[str, ...], status: int) -> None:
    assert run("diff", FIRST, SECOND, *words).exit_code == status
    assert run("diff", FIRST, SECOND, *words, "--json").exit_code == status


def test_what_does_not_exist_is_said(run: Run) -> None:
    found = run("diff", FIRST, "nothing-like-it")
    assert found.exit_code == 1
    assert "nothing-like-it" in found.stderr


def test_names_cannot_reach_the_terminal_raw(run: Run, root: Path) -> None:
    found = run("diff", job_id(nasty()), FIRST, "--all")
    assert found.exit_code == 0
    assert "\x1b" not in found.stdout
    assert all(line.isprintable() for line in found.stdout.splitlines())


def test_a_narrow_terminal_shows_whole_lines(root: Path) -> None:
    status, shown = in_terminal(["--store", str(root), "diff", FIRST, SECOND], columns=80)
    shown = plain(shown)
    assert status == 0
    assert all(len(line) <= 80 for line in shown.replace("\r", "").splitlines())
    assert "Causes" in shown


def test_two_files_of_one_step_are_said_to_be_by_their_names(run: Run, tmp_path: Path) -> None:
    reads = [used("d0", opened=T0 + 1), used("d1", opened=T0 + 30)]
    leaves = [made("one", opened=T0 + 10, finished=T0 + 11), made("other", opened=T0 + 40, finished=T0 + 41)]
    job = single(["python3", "train.py"], reads, leaves)
    build_store(tmp_path, [job])
    lines = run("diff", "/p/one", "/p/other", store=tmp_path).stdout.splitlines()
    assert lines[3:5] == [
        f"Both were made by one step of one run: train.py  {job_id(job)[:8]}",
        "It read more for the one than for the other:",
    ]
    assert any("/p/d1" in line and "only in B" in line and "between the two" in line for line in lines)
    assert any(line.startswith("one → other") for line in lines)


def test_a_file_of_another_name_is_named_as_a_had_it(run: Run, tmp_path: Path) -> None:
    parts = single(["split", "all"], [used("all", opened=T0 + 1)], [made("part-1", opened=T0 + 9), made("part-2", opened=T0 + 9)])
    counts = [
        single(["wc", name], [used(name, opened=at + 1)], [made("count", name, opened=at + 9)], started=at)
        for name, at in (("part-1", T0 + MINUTE), ("part-2", T0 + 2 * MINUTE))
    ]
    build_store(tmp_path, [parts, *counts])
    lines = run("diff", *map(job_id, counts), store=tmp_path).stdout.splitlines()
    (line,) = [line for line in lines if "read by wc" in line]
    assert line.startswith("● data  /p/part-2  ")
    assert line.endswith("read by wc, in A /p/part-1")


def test_a_step_more_without_effect_is_said_to_be_without_a_comma_before_it(run: Run, tmp_path: Path) -> None:
    def jobs(start: int, *names: str) -> list[Record]:
        found = []
        for number, (before, name) in enumerate(pairwise(names)):
            at = start + number * MINUTE
            reads = [used(f"{name}.py", opened=at), used(before, opened=at + 1)]
            found.append(single(["python3", f"{name}.py", before], reads, [made(name, opened=at + 9)], started=at))
        return found

    first, second = jobs(T0, "raw", "kept", "m"), jobs(T0 + 60 * MINUTE, "raw", "kept", "unique", "m")
    build_store(tmp_path, [*first, *second])
    lines = run("diff", job_id(first[-1]), job_id(second[-1]), store=tmp_path).stdout.splitlines()
    (line,) = [line for line in lines if "pipeline" in line]
    assert line.split() == ["pipeline", "unique.py", "only", "in", "B", "without", "effect"]
