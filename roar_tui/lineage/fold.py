"""Folding: four or more files of one directory that share a story become one fileset node."""

from __future__ import annotations

from roar_tui.lineage.model import Walk

FOLD_FROM = 4


def fold(walk: Walk) -> Walk:
    """`walk` with filesets in place of sibling files; the walk's own targets stay as they are."""
    raise NotImplementedError
