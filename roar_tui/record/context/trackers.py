"""The runs of experiment trackers that a job wrote, by the files that they leave: W&B, MLflow, Neptune, TensorBoard."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import quote, quote_from_bytes

from roar_tui.record.model import Tracker
from roar_tui.record.redaction import redact_text

_WANDB: Final = re.compile(r"(?P<place>(?:.*/)?wandb/(?P<offline>offline-)?run-\d{8}_\d{6}-(?P<id>[A-Za-z0-9_-]+))/.*", re.DOTALL)
_MLFLOW: Final = re.compile(r"(?P<place>(?P<store>.*/mlruns)/(?P<experiment>\d+)/(?P<run>[0-9a-f]{32}))/.*", re.DOTALL)
_NEPTUNE: Final = re.compile(r"(?P<place>.*/\.neptune/(?:async|offline|sync)/[^/]+)/.*", re.DOTALL)
_TENSORBOARD: Final = re.compile(r"(?P<place>.*)/events\.out\.tfevents\.[^/]*", re.DOTALL)
_WANDB_LOGS: Final = ("logs/debug.log", "logs/debug-internal.log", "files/output.log", "files/wandb-metadata.json")
_LOG_BYTES: Final = 1 << 18


def find(written: Collection[str], env: Mapping[str, str]) -> list[Tracker]:
    """The runs that the files in `written` belong to, and those that `env` names; each once, by kind and address.

    The address is the run's page where it is known, else the `file://` of its directory. Reads a few small logs of W&B's.
    """
    found: set[tuple[str, str]] = set()
    for path in written:
        if "wandb" in path and (match := _WANDB.fullmatch(path)):
            found.add(("wandb", _wandb_page(match["id"], match["place"], env) or _file(match["place"])))
        elif "/mlruns/" in path and (match := _MLFLOW.fullmatch(path)):
            found.add(("mlflow", _mlflow_page(match["run"], match["experiment"], env) or _file(match["place"])))
        elif "/.neptune/" in path and (match := _NEPTUNE.fullmatch(path)):
            found.add(("neptune", _file(match["place"])))
        elif "tfevents" in path and (match := _TENSORBOARD.fullmatch(path)):
            found.add(("tensorboard", _file(match["place"])))
    if (run := env.get("MLFLOW_RUN_ID")) and (page := _mlflow_page(run, env.get("MLFLOW_EXPERIMENT_ID", "0"), env)):
        found.add(("mlflow", page))
    return [Tracker(kind, redact_text(url)) for kind, url in sorted(found)]


def _wandb_page(run: str, place: str, env: Mapping[str, str]) -> str | None:
    """The run's page: as W&B's own logs give it, else put together from the variables that name entity and project."""
    pattern = re.compile(rf"https?://[^\s\"'\\]+/runs/{re.escape(run)}(?![\w-])")
    for name in _WANDB_LOGS:
        try:
            with open(PurePosixPath(place, name), "rb") as file:
                match = pattern.search(file.read(_LOG_BYTES).decode("utf-8", "replace"))
        except OSError:
            continue
        if match:
            return match[0]
    entity, project = env.get("WANDB_ENTITY"), env.get("WANDB_PROJECT")
    if not entity or not project or env.get("WANDB_MODE") in ("offline", "disabled", "dryrun"):
        return None
    base = env.get("WANDB_BASE_URL", "https://wandb.ai").rstrip("/").replace("https://api.wandb.ai", "https://wandb.ai")
    return f"{base}/{_escaped(entity)}/{_escaped(project)}/runs/{run}"


def _mlflow_page(run: str, experiment: str, env: Mapping[str, str]) -> str | None:
    """The run's page on the tracking server, None where runs are kept in files."""
    server = env.get("MLFLOW_TRACKING_URI", "")
    if not server.startswith(("http://", "https://")):
        return None
    return f"{server.rstrip('/')}/#/experiments/{_escaped(experiment)}/runs/{_escaped(run)}"


def _escaped(text: str) -> str:
    return quote(text, safe="", errors="surrogateescape")


def _file(path: str) -> str:
    return f"file://{quote_from_bytes(os.fsencode(path))}"
