"""Jobs whose code is known by its commit alone: another commit is no cause, and no proof that nothing changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from roar_tui.lineage.diff import Diff
from roar_tui.record.model import Git, Record
from roar_tui.record.model import Warning as RecordWarning
from tests.builders import MINUTE, T0, made, single, used
from tests.lineage.diff.world import causes, compare

ONE, OTHER = "a" * 40, "b" * 40


def run(commit: str | None, out: str, *, dirty: bool | None = False, started: int = T0) -> Record:
    """A job that read the same, of which no code was kept."""
    return single(
        ["python3", "train.py"],
        [used("in.csv", opened=started, size=100)],
        [made("model.pt", out, opened=started + 1, size=100)],
        started=started,
        git=None if commit is None else Git("/p", commit, "main", None, dirty),
        warnings=[RecordWarning("code_by_commit" if commit else "code_unknown", "no code")],
    )


def told(tmp_path: Path, a: Record, b: Record) -> Diff:
    return compare(tmp_path, [a], [b])


@pytest.mark.parametrize(
    ("commits", "dirty", "why"),
    [
        ((ONE, OTHER), False, "its code is known by its commits alone, aaaaaaaa in A and bbbbbbbb in B"),
        ((ONE, ONE), True, "its code is known by its commit alone, aaaaaaaa, and there were changes to it"),
        ((ONE, ONE), None, "its code is known by its commit alone, aaaaaaaa, and there may have been changes to it"),
        ((ONE, None), False, "the files of its code were not recorded, nor the commit on both sides"),
    ],
)
def test_what_the_code_was_is_unknown(
    commits: tuple[str, str | None], dirty: bool | None, why: str, tmp_path: Path
) -> None:
    found = told(tmp_path, run(commits[0], "x", dirty=dirty), run(commits[1], "y", dirty=dirty, started=T0 + MINUTE))
    assert causes(found) == set()
    assert [(each.subject, each.why) for each in found.unknown] == [("train.py", why)]


def test_one_clean_commit_is_the_same_code(tmp_path: Path) -> None:
    found = told(tmp_path, run(ONE, "x"), run(ONE, "y", started=T0 + MINUTE))
    assert causes(found) == {("nondeterminism", "train.py")}
    assert found.unknown == []
