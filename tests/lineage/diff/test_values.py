from __future__ import annotations

import json

import pytest

from roar_tui.lineage.diff.values import flat


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("p.json", '{"a": {"b": 1}, "c": [1, 2], "d": []}', {"a.b": 1, "c": [1, 2], "d": []}),
        ("p.yaml", "a:\n  b: 1\nlayers:\n- size: 3\n- size: 4\n", {"a.b": 1, "layers.0.size": 3, "layers.1.size": 4}),
        ("p.yml", "when: 2026-11-23\n", {"when": "2026-11-23"}),
        ("p.toml", "[opt]\nlr = 0.1\n", {"opt.lr": 0.1}),
        ("p.ini", "[opt]\nlr = 0.1\n", {"opt.lr": "0.1"}),
        ("p.json", '{"x": NaN}', {"x": "nan"}),
        ("p.yaml", "3", {"": 3}),
    ],
)
def test_values_go_by_their_keys(path: str, text: str, expected: dict[str, object]) -> None:
    found = flat(text.encode(), path)
    assert found == expected
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("p.json", b"{"),
        ("p.yaml", b"a: [1"),
        ("p.toml", b"= 3"),
        ("p.ini", b"no section"),
        ("p.json", b"\xff"),
        ("p.bin", b"{}"),
        ("p.json", b"[" * 100_000),
        ("p.yaml", b"!!python/object/apply:os.system [true]"),
    ],
)
def test_what_is_malformed_has_no_values(path: str, data: bytes) -> None:
    assert flat(data, path) is None


def test_a_few_lines_of_yaml_cannot_make_millions_of_keys() -> None:
    lines = ["a0: &a0 {k: 1}"] + [f"a{n}: &a{n} {{x: *a{n - 1}, y: *a{n - 1}}}" for n in range(1, 40)]
    assert flat("\n".join(lines).encode(), "p.yaml") is None


def test_what_is_not_known_has_no_values() -> None:
    assert flat(None, "p.json") is None
