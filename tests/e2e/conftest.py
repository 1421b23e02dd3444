"""A project directory and a store of its own for each test."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.e2e.project import Project


@pytest.fixture
def project(tmp_path: Path, strace: str) -> Project:
    """An empty project; skips where this machine cannot trace."""
    root = tmp_path / "project"
    root.mkdir()
    return Project(Path(os.path.realpath(root)), tmp_path / "store")
