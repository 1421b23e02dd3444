"""The lines about the machine that a job ran on."""

from __future__ import annotations

from typing import Any

import pytest

from roar_tui.cli.views.machine import machine

CARD = {"name": "NVIDIA A100", "uuid": "GPU-1", "memory": 42_000_000_000, "driver": "535.1"}


def test_a_machine_in_a_few_lines() -> None:
    host = {
        "name": "gpu-7",
        "os": "Debian GNU/Linux 12",
        "kernel": "Linux 6.1.0",
        "architecture": "x86_64",
        "cpu": {"model": "AMD EPYC 7742", "cores": 128, "usable": 16},
        "memory": 540_000_000_000,
        "gpus": [CARD, {**CARD, "uuid": "GPU-2"}],
        "cuda_visible": "0,1",
        "container": {"kind": "apptainer", "image": "torch.sif"},
    }
    assert machine(host) == [
        ("system", "Debian GNU/Linux 12, Linux 6.1.0 x86_64"),
        ("processor", "AMD EPYC 7742, 16 of 128 cores"),
        ("memory", "540 GB"),
        ("gpu", "2 x NVIDIA A100 42 GB, driver 535.1"),
        ("visible gpus", "0,1"),
        ("container", "apptainer torch.sif"),
    ]


@pytest.mark.parametrize(
    "host",
    [
        {},
        {"cpu": None, "memory": None, "gpus": None, "container": None},
        {"cpu": "fast", "memory": "much", "gpus": ["one", {}], "container": 7, "os": ["x"]},
    ],
)
def test_what_is_not_known_is_passed_over(host: dict[str, Any]) -> None:
    assert machine(host) == []


def test_names_are_made_printable() -> None:
    assert machine({"os": "evil\x1b[2J"}) == [("system", r"evil\x1b[2J")]
