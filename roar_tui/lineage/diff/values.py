"""The keys of a JSON, YAML, TOML or INI text, flat: `opt.lr` -> 0.1. Lists of plain values stay whole."""

from __future__ import annotations

import configparser
import json
import os
import sys
from typing import Any

KEYS = 20_000  # more are no configuration; YAML's aliases can make very many out of few bytes
JSON_SUFFIXES = (".json",)
YAML_SUFFIXES = (".yaml", ".yml")
TOML_SUFFIXES = (".toml",)
INI_SUFFIXES = (".ini", ".cfg", ".conf", ".properties")
_PLAIN = (str, int, float, bool, type(None))


class _TooManyError(Exception):
    pass


def flat(data: bytes | None, path: str) -> dict[str, Any] | None:
    """The values of `data` by key; None where it is not known, in no known format, or malformed."""
    if data is None:
        return None
    suffix = os.path.splitext(path)[1].lower()
    try:
        parsed = _parse(data.decode("utf-8"), suffix)
    except (ValueError, RecursionError, configparser.Error):
        return None
    if parsed is None:
        return None
    found: dict[str, Any] = {}
    try:
        _flatten(parsed, "", found)
    except (_TooManyError, RecursionError):
        return None
    return found


def _parse(text: str, suffix: str) -> Any:
    if suffix in JSON_SUFFIXES:
        return json.loads(text)
    if suffix in YAML_SUFFIXES:
        return _yaml(text)
    if suffix in TOML_SUFFIXES:
        if sys.version_info >= (3, 11):
            import tomllib
        else:
            import tomli as tomllib
        return tomllib.loads(text)
    if suffix in INI_SUFFIXES:
        parser = configparser.RawConfigParser(strict=False, allow_no_value=True, default_section="")
        parser.read_string(text)
        return {section: dict(parser[section]) for section in parser.sections()}
    return None


def _yaml(text: str) -> Any:
    import yaml  # 20 ms, and only for such files

    try:
        documents = list(yaml.load_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
    return documents[0] if len(documents) == 1 else documents


def _flatten(value: Any, key: str, found: dict[str, Any]) -> None:
    if len(found) >= KEYS:
        raise _TooManyError
    if isinstance(value, dict) and value:
        for name, each in value.items():
            _flatten(each, f"{key}.{name}" if key else str(name), found)
    elif isinstance(value, list) and any(not isinstance(each, _PLAIN) for each in value):
        for number, each in enumerate(value):
            _flatten(each, f"{key}.{number}" if key else str(number), found)
    else:
        found[key] = plain(value)


def plain(value: Any) -> Any:
    """A value as JSON can say it; dates and NaN as text."""
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return str(value)
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value if isinstance(value, _PLAIN) else ({} if value == {} else str(value))
