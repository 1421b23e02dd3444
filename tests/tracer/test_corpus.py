"""Logs that other people published: every line is understood, or given back as not strace's."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tracer.syntax import Call, Event, Reader, Unparsed, array, descriptor, string

FOLDER = Path(__file__).parents[3] / "shared" / "corpus"
LOGS = sorted(FOLDER.glob("*.log"))

pytestmark = pytest.mark.skipif(not LOGS, reason="the folder of published logs is not here")


def read(log: Path) -> list[Event]:
    reader = Reader()
    lines = log.read_bytes().decode("latin-1").split("\n")
    events = [event for line in lines if (event := reader.read(line)) is not None]
    return events + list[Event](reader.close())


def kinds() -> dict[str, tuple[str, str]]:
    """File name -> (kind, features) as the folder's index lists them."""
    rows = [line.split("\t") for line in (FOLDER / "INDEX.tsv").read_text(errors="replace").splitlines()[1:]]
    return {row[0]: (row[4], row[6]) for row in rows}


@pytest.mark.parametrize("log", LOGS, ids=lambda log: log.name)
def test_no_line_of_a_published_log_is_lost(log: Path) -> None:
    kind, features = kinds()[log.name]
    events = read(log)
    unparsed = [event for event in events if isinstance(event, Unparsed)]
    calls = [event for event in events if isinstance(event, Call)]
    if kind == "log":
        assert calls
        if "mixed_output" not in features and "call_no_ret" not in features and "first_odd" not in features:
            assert len(unparsed) <= 1, unparsed[:5]
    elif kind == "negative":
        assert not calls


def test_arguments_of_published_logs_decode() -> None:
    failed: Counter[str] = Counter()
    for log in LOGS:
        for event in read(log):
            if not isinstance(event, Call):
                continue
            for raw in event.args:
                try:
                    if raw.startswith('"'):
                        string(raw)
                    elif raw.startswith("["):
                        array(raw)
                    elif raw.startswith("AT_FDCWD"):
                        descriptor(raw)
                except ValueError:
                    failed[raw[:40]] += 1
    assert sum(failed.values()) <= 3, failed
