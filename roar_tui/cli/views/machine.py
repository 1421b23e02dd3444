"""The machine of a job in a few lines. Records may come from elsewhere: whatever is not as expected is passed over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from roar_tui.text import display, size


def machine(host: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(name, value) lines about `host`, a record's `environment.host`: system, processor, memory, graphics cards, container."""
    cpu, container = _mapping(host.get("cpu")), _mapping(host.get("container"))
    lines = [
        ("system", _join(", ", host.get("os"), _join(" ", host.get("kernel"), host.get("architecture")))),
        ("processor", _join(", ", cpu.get("model"), _cores(cpu))),
        ("memory", size(host["memory"]) if isinstance(host.get("memory"), int) else ""),
        *(("gpu", line) for line in _gpus(host.get("gpus"))),
        ("visible gpus", _text(host.get("cuda_visible"))),
        ("container", _join(" ", container.get("kind"), container.get("image"))),
    ]
    return [(name, value) for name, value in lines if value]


def _cores(cpu: Mapping[str, Any]) -> str:
    cores, usable = cpu.get("cores"), cpu.get("usable")
    if not isinstance(cores, int):
        return ""
    return f"{usable} of {cores} cores" if isinstance(usable, int) and usable != cores else f"{cores} cores"


def _gpus(gpus: object) -> list[str]:
    """One line for all cards of one kind: `4 x NVIDIA A100 42 GB, driver 535.1`."""
    cards: Counter[str] = Counter()
    for gpu in gpus if isinstance(gpus, list) else []:
        about = _mapping(gpu)
        memory = size(about["memory"]) if isinstance(about.get("memory"), int) else ""
        driver = f"driver {_text(about['driver'])}" if about.get("driver") else ""
        cards[_join(", ", _join(" ", about.get("name"), memory), driver)] += 1
    return [f"{number} x {card}" if number > 1 else card for card, number in cards.items() if card]


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _join(separator: str, *parts: object) -> str:
    return separator.join(filter(None, map(_text, parts)))


def _text(value: object) -> str:
    return display(str(value)) if isinstance(value, (str, int, float)) else ""
