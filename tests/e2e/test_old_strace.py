"""Straces of other versions: what they cannot do is not asked of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.project import Project, digest


@pytest.mark.parametrize("version", ["4.26", "5.2", "5.5", "6.1"])
def test_the_options_follow_the_version(project: Project, strace: str, tmp_path: Path, version: str) -> None:
    """A strace that calls itself VERSION, and refuses what that version did not know."""
    pretender = tmp_path / "strace"
    major, minor = map(int, version.split("."))
    refused = ([] if (major, minor) >= (5, 3) else ["--seccomp-bpf"]) + ([] if (major, minor) >= (5, 6) else ["-DDD"])
    pretender.write_text(
        "#!/bin/sh\n"
        f'[ "$1" = -V ] && {{ echo "strace -- version {version}"; exit 0; }}\n'
        'for option in "$@"; do [ "$option" = -- ] && break; case "$option" in\n'
        + "".join(f"{option}) echo \"strace: unrecognized option '{option}'\" >&2; exit 1;;\n" for option in refused)
        + f'esac; done\nexec {strace} "$@"\n'
    )
    pretender.chmod(0o755)
    project.write({"a": "alpha\n"})
    job = project.record("cp", "a", "b", env={**project.environ, "ROAR_TUI_STRACE": str(pretender)})
    assert job["state"] == "complete"
    assert project.files(job["inputs"]) == {"a": digest(b"alpha\n")}
    assert project.files(job["outputs"]) == {"b": digest(b"alpha\n")}


def test_a_strace_that_fails_leaves_the_job_untraced(project: Project, tmp_path: Path) -> None:
    broken = tmp_path / "strace"
    version = '[ "$1" = -V ] && { echo "strace -- version 6.1"; exit 0; }'
    broken.write_text(f'#!/bin/sh\n{version}\necho "strace: cannot do that" >&2\nexit 1\n')
    broken.chmod(0o755)
    done = project.call("run", "sh", "-c", "echo out; exit 3", env={**project.environ, "ROAR_TUI_STRACE": str(broken)})
    assert (done.returncode, done.stdout) == (3, "out\n")
    job = project.show("@")
    assert job["state"] == "untraced"
    assert "cannot do that" in job["warnings"][0]["message"]
