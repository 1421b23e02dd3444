"""The machine that a job ran on: system, processor, memory, graphics cards, container."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
import shutil
import socket
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import platformdirs

from roar_tui.record.context.command import CommandError, output

_NVIDIA_SECONDS: Final = 2.0
_NVIDIA_FIELDS: Final = ("name", "uuid", "memory.total", "driver_version")
_CONTAINERS: Final = {  # variable -> kind
    "APPTAINER_CONTAINER": "apptainer",
    "SINGULARITY_CONTAINER": "singularity",
    "SLURM_CONTAINER_IMAGE": "pyxis",
    "ENROOT_ROOTFS": "enroot",
    "KUBERNETES_SERVICE_HOST": "kubernetes",
}
_CGROUPS: Final = re.compile(r"kubepods|libpod|docker|containerd|lxc")


def describe(env: Mapping[str, str], cancel: threading.Event, *, proc: Path = Path("/proc")) -> dict[str, Any]:
    """The machine as JSON values. Keys: name, os, kernel, architecture, cpu {model, cores, usable}, memory (bytes), gpus
    [{name, uuid, memory, driver}], cuda_visible, container {kind, image}; a key is absent where nothing is known.
    """
    system = platform.uname()
    found: dict[str, Any] = {
        "name": system.node,
        "os": _os_name(),
        "kernel": f"{system.system} {system.release}",
        "architecture": system.machine,
        "cpu": {"model": _cpu_model(proc), "cores": os.cpu_count(), "usable": len(os.sched_getaffinity(0))},
        "memory": _memory(proc),
        "gpus": gpus(env, cancel, proc=proc),
        "cuda_visible": env.get("CUDA_VISIBLE_DEVICES"),
        "container": container(env, proc=proc),
    }
    return {key: value for key, value in found.items() if value is not None and value != []}


def gpus(env: Mapping[str, str], cancel: threading.Event, *, proc: Path = Path("/proc")) -> list[dict[str, Any]]:
    """The NVIDIA cards and their driver; [] without any. nvidia-smi takes a second or more, so its answer is kept until the boot.

    Where it does not answer, the driver's own files tell the names and the version.
    """
    driver = proc / "driver" / "nvidia"
    if not driver.is_dir():
        return []
    boot = _text(proc / "sys/kernel/random/boot_id").strip()
    file = Path(platformdirs.user_cache_dir("roar-tui", appauthor=False)) / f"gpus@{socket.gethostname()}.json"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        kept = json.loads(file.read_bytes())
        if boot and kept["boot"] == boot:
            return list(kept["gpus"])
    asked = _ask_nvidia(env, cancel)
    if asked is None:
        return _driver_files(driver)
    with contextlib.suppress(OSError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = file.with_name(f".{file.name}.{os.getpid()}")
        temporary.write_text(json.dumps({"boot": boot, "gpus": asked}), encoding="ascii")
        temporary.replace(file)
    return asked


def container(env: Mapping[str, str], *, proc: Path = Path("/proc"), root: Path = Path("/")) -> dict[str, str] | None:
    """The kind of container around us, and its image where a variable says it; None outside of one."""
    for variable, kind in _CONTAINERS.items():
        if variable in env:
            image = env[variable] if kind != "kubernetes" else ""
            return {"kind": kind, "image": image} if image else {"kind": kind}
    for marker, kind in (("run/.containerenv", "podman"), (".dockerenv", "docker")):
        if (root / marker).exists():
            image_line = re.search(r'(?m)^image="(.+)"$', _text(root / marker))
            return {"kind": kind, "image": image_line[1]} if image_line else {"kind": kind}
    match = _CGROUPS.search(_text(proc / "self/cgroup"))
    return {"kind": {"libpod": "podman", "kubepods": "kubernetes"}.get(match[0], match[0])} if match else None


def _ask_nvidia(env: Mapping[str, str], cancel: threading.Event) -> list[dict[str, Any]] | None:
    program = shutil.which("nvidia-smi", path=env.get("PATH"))
    if program is None:
        return None
    command = [program, f"--query-gpu={','.join(_NVIDIA_FIELDS)}", "--format=csv,noheader,nounits"]
    try:
        answer = output(command, "/", env, cancel, seconds=_NVIDIA_SECONDS, limit=1 << 16)
    except CommandError:
        return None
    return parse_nvidia(os.fsdecode(answer))


def parse_nvidia(answer: str) -> list[dict[str, Any]]:
    """nvidia-smi's lines `name, uuid, MiB, driver`; memory in bytes."""
    rows = ([cell.strip() for cell in line.split(",")] for line in answer.splitlines())
    return [
        {"name": name, "uuid": uuid, "memory": int(memory) << 20 if memory.isdigit() else None, "driver": driver}
        for name, uuid, memory, driver in (row for row in rows if len(row) == len(_NVIDIA_FIELDS))
    ]


def _driver_files(driver: Path) -> list[dict[str, Any]]:
    """The cards by /proc/driver/nvidia/gpus/*/information."""
    version = re.search(r"Kernel Module\s+(?:for \S+\s+)?(\d[\d.]+)", _text(driver / "version"))
    cards = []
    for file in sorted(driver.glob("gpus/*/information")):
        fields = dict(re.findall(r"(?m)^([^:\n]+):[ \t]+(.+)$", _text(file)))
        card = {"name": fields.get("Model"), "uuid": fields.get("GPU UUID"), "driver": version[1] if version else None}
        cards.append({key: value for key, value in card.items() if value})
    return cards


def _os_name() -> str | None:
    """`Debian GNU/Linux 12 (bookworm)`, from os-release(5)."""
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME")
    except OSError:
        return None


def _cpu_model(proc: Path) -> str | None:
    """The processor's name; ARM's /proc/cpuinfo has none."""
    match = re.search(r"(?m)^(?:model name|Model|cpu model|Hardware)\s*:\s*(.+)$", _text(proc / "cpuinfo", limit=1 << 14))
    return match[1].strip() if match else None


def _memory(proc: Path) -> int | None:
    match = re.search(r"(?m)^MemTotal:\s+(\d+) kB$", _text(proc / "meminfo"))
    return int(match[1]) * 1024 if match else None


def _text(path: Path, limit: int = 1 << 20) -> str:
    """The start of the file, empty when it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(limit).decode("utf-8", "replace")
    except OSError:
        return ""
