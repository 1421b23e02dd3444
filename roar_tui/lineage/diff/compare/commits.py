"""Code that is known by its commit alone, as imported jobs have it: the same, or it cannot be told."""

from __future__ import annotations

from roar_tui.lineage.diff.heads import Head

BY_COMMIT = frozenset({"code_by_commit", "code_unknown"})  # warnings of records without files of code


def why_unknown(a: Head | None, b: Head | None) -> str | None:
    """Why it is not known whether the code of two jobs is the same; None where that is known, or is told from their files.

    Another commit may well have the same files; one commit has them only where nothing was changed since.
    """
    heads = [head for head in (a, b) if head is not None]
    if len(heads) < 2 or not any(warning.code in BY_COMMIT for head in heads for warning in head.warnings):
        return None
    commits = [head.git.commit if head.git is not None else None for head in heads]
    if None in commits:
        return "the files of its code were not recorded, nor the commit on both sides"
    if commits[0] != commits[1]:
        return f"its code is known by its commits alone, {str(commits[0])[:8]} in A and {str(commits[1])[:8]} in B"
    dirty = [head.git.dirty for head in heads if head.git is not None]
    if dirty == [False, False]:
        return None
    changes = "there were changes to it" if True in dirty else "there may have been changes to it"
    return f"its code is known by its commit alone, {str(commits[0])[:8]}, and {changes}"
