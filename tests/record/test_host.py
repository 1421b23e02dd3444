from __future__ import annotations

import json
import os
import socket
import threading
from pathlib import Path

import pytest

from roar_tui.record.context.host import container, describe, gpus, parse_nvidia

VERSION = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC 2024\nGCC version: 12\n"
CARD = "Model: \t\t NVIDIA H100 80GB HBM3\nIRQ:   \t\t 18\nGPU UUID: \t GPU-1234\n"


def test_this_machine() -> None:
    found = describe({"PATH": ""}, threading.Event())
    assert found["name"] == socket.gethostname()
    assert found["kernel"].startswith("Linux ")
    assert found["memory"] > 1 << 20
    assert 1 <= found["cpu"]["usable"] <= found["cpu"]["cores"]
    json.dumps(found)


@pytest.fixture
def proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    card = tmp_path / "proc" / "driver" / "nvidia" / "gpus" / "0000:01:00.0"
    card.mkdir(parents=True)
    (card / "information").write_text(CARD)
    (tmp_path / "proc" / "driver" / "nvidia" / "version").write_text(VERSION)
    boot = tmp_path / "proc" / "sys" / "kernel" / "random"
    boot.mkdir(parents=True)
    (boot / "boot_id").write_text("first\n")
    return tmp_path / "proc"


def test_without_nvidia_smi_the_drivers_files_tell(proc: Path) -> None:
    assert gpus({"PATH": "/nonexistent"}, threading.Event(), proc=proc) == [
        {"name": "NVIDIA H100 80GB HBM3", "uuid": "GPU-1234", "driver": "550.54.15"}
    ]


def test_nvidia_smi_is_asked_once_per_boot(proc: Path, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "nvidia-smi"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho x >> '{tmp_path}/asked'\necho 'NVIDIA A100, GPU-9, 81559, 550.54.15'\n")
    program.chmod(0o755)
    env = {"PATH": f"{program.parent}:{os.environ['PATH']}"}
    card = {"name": "NVIDIA A100", "uuid": "GPU-9", "memory": 81559 << 20, "driver": "550.54.15"}
    for _ in range(2):
        assert gpus(env, threading.Event(), proc=proc) == [card]
    assert (tmp_path / "asked").read_text() == "x\n"
    (proc / "sys" / "kernel" / "random" / "boot_id").write_text("second\n")
    assert gpus(env, threading.Event(), proc=proc) == [card]
    assert (tmp_path / "asked").read_text() == "x\nx\n"


def test_nvidias_odd_answers() -> None:
    assert parse_nvidia("NVIDIA GB10, GPU-1, [N/A], 580\nNo devices were found\n") == [
        {"name": "NVIDIA GB10", "uuid": "GPU-1", "memory": None, "driver": "580"}
    ]


def test_without_the_driver_there_are_no_cards(tmp_path: Path) -> None:
    assert gpus({"PATH": ""}, threading.Event(), proc=tmp_path) == []


def test_containers(tmp_path: Path) -> None:
    (tmp_path / "self").mkdir()
    assert container({}, proc=tmp_path, root=tmp_path) is None
    (tmp_path / "self" / "cgroup").write_text("0::/system.slice/docker-abc.scope\n")
    assert container({}, proc=tmp_path, root=tmp_path) == {"kind": "docker"}
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".containerenv").write_text('engine="podman-4"\nimage="docker.io/x:1"\n')
    assert container({}, proc=tmp_path, root=tmp_path) == {"kind": "podman", "image": "docker.io/x:1"}
    assert container({"APPTAINER_CONTAINER": "/x.sif"}, proc=tmp_path, root=tmp_path) == {"kind": "apptainer", "image": "/x.sif"}
