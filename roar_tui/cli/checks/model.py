"""The outcome of one check."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Outcome(str, Enum):
    """OK: nothing to do. WARN: works, with a limit. FAIL: something cannot work."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: `message` says what was found, `hint` what to do about it; `name` is stable."""

    name: str
    status: Outcome
    message: str
    hint: str = ""


def ok(name: str, message: str, hint: str = "") -> Check:
    """A check that found nothing wrong."""
    return Check(name, Outcome.OK, message, hint)


def warn(name: str, message: str, hint: str = "") -> Check:
    """A check that found a limit."""
    return Check(name, Outcome.WARN, message, hint)


def fail(name: str, message: str, hint: str = "") -> Check:
    """A check that found what cannot work."""
    return Check(name, Outcome.FAIL, message, hint)
