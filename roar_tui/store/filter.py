"""What a filter line means: words to look for, and `key:value` terms that narrow a list."""

from __future__ import annotations

import datetime
import re
import signal

import msgspec

from roar_tui.errors import UsageError
from roar_tui.record.model import Role

KEYS = ("hash", "role", "host", "git", "exit", "since", "before")
TERM = re.compile(r'(?:(?P<key>[a-z]+):)?(?:"(?P<quoted>[^"]*)"?|(?P<plain>\S+))?')
HEX = re.compile(r"[0-9a-fA-F]{4,64}\Z")
SPAN = re.compile(r"(\d{1,6})([smhdw])\Z")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class ExitIs(msgspec.Struct, frozen=True):
    """How a job must have ended: `ok`, `failed`, by any signal, by signal number `signal`, or with status `code`."""

    kind: str
    code: int | None = None
    signal: int | None = None


class Filter(msgspec.Struct, frozen=True):
    """Terms that must all hold. `since` and `before` are microseconds since the epoch, [since, before).

    `words` are looked for in commands, paths and names, without regard to ASCII case. A word of hex digits also matches a hash
    that begins with it, which `words` keeps like any other; of seven or more that begin a hash in the store, that alone is meant.
    """

    words: tuple[str, ...] = ()
    hashes: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()
    hosts: tuple[str, ...] = ()
    gits: tuple[str, ...] = ()
    exit: ExitIs | None = None
    since: int | None = None
    before: int | None = None

    @property
    def empty(self) -> bool:
        return self == Filter()

    @classmethod
    def parse(cls, text: str, *, now: datetime.datetime | None = None) -> Filter:
        """The filter that `text` says; a term whose value is still missing (`role:`) narrows nothing.

        `now` is an aware time, the present one if None; days begin in its zone. Raises UsageError with what the key takes.
        """
        now = now or datetime.datetime.now().astimezone()
        found: dict[str, list[str]] = {key: [] for key in KEYS}
        words: list[str] = []
        for key, value in terms(text):
            if key is None:
                words.append(value)
            elif value:
                found[key].append(value)
        since = [moment(value, now) for value in found["since"]]
        before = [moment(value, now) for value in found["before"]]
        return cls(
            words=tuple(words),
            hashes=tuple(_hash(value) for value in found["hash"]),
            roles=tuple(_role(value) for value in found["role"]),
            hosts=tuple(found["host"]),
            gits=tuple(found["git"]),
            exit=_exit(found["exit"][-1]) if found["exit"] else None,
            since=max(since) if since else None,
            before=min(before) if before else None,
        )


def terms(text: str) -> list[tuple[str | None, str]]:
    """`text` cut into (key, value), key None for a plain word. Quotes hold spaces together, an open one ends with the text."""
    result: list[tuple[str | None, str]] = []
    position = 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        match = TERM.match(text, position)
        assert match is not None  # every part of TERM is optional
        key, value = match["key"], match["quoted"] if match["quoted"] is not None else match["plain"] or ""
        if key in KEYS:
            result.append((key, value))
        elif match.end() > position:
            word = match[0] if key else value  # `s3://bucket` and `a:b` are words like any other
            if word:
                result.append((None, word))
        position = max(match.end(), position + 1)
    return result


def is_hash_prefix(word: str) -> bool:
    """True for 4 to 64 hex digits: what may be typed instead of a whole hash."""
    return HEX.match(word) is not None


def moment(value: str, now: datetime.datetime) -> int:
    """The microseconds of `value`: an ISO date or time, `today`, `yesterday`, or a span before `now` such as `3d` or `12h`."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    named = {"now": now, "today": midnight, "yesterday": midnight - datetime.timedelta(days=1)}
    span = SPAN.match(value)
    try:
        if value in named:
            when = named[value]
        elif span:
            when = now - datetime.timedelta(**{UNITS[span[2]]: int(span[1])})
        else:
            when = datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
            when = when if when.tzinfo else when.replace(tzinfo=now.tzinfo)
        return round((when - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)).total_seconds() * 1_000_000)
    except (ValueError, OverflowError) as error:
        hint = "Write a date (2026-11-23), today, yesterday, or a span such as 3d or 12h."
        raise UsageError(f"{value!r} is no time.", hint) from error


def _hash(value: str) -> str:
    if not re.match(r"[0-9a-fA-F]{1,64}\Z", value):
        raise UsageError(f"{value!r} is no hash.", "Write the first hex digits of one, such as hash:7c3a8de.")
    return value.lower()


def _role(value: str) -> Role:
    try:
        return Role(value.lower())
    except ValueError as error:
        raise UsageError(f"{value!r} is no role.", f"Roles are {', '.join(role.value for role in Role)}.") from error


def _exit(value: str) -> ExitIs:
    lowered = value.lower()
    if lowered in {"ok", "failed", "signal"}:
        return ExitIs(lowered)
    if re.match(r"\d{1,6}\Z", value):
        return ExitIs("code", code=int(value))
    name = value.upper() if value.upper().startswith("SIG") else f"SIG{value.upper()}"
    if name in signal.Signals.__members__:
        return ExitIs("signal", signal=signal.Signals[name].value)
    raise UsageError(f"{value!r} is no way to exit.", "Write ok, failed, signal, a status (1) or a signal's name (KILL).")
