from __future__ import annotations

from pathlib import Path

from roar_tui.record.context.trackers import find
from roar_tui.record.model import Tracker

RUN = "0123456789abcdef0123456789abcdef"


def test_a_job_that_wrote_no_run_has_no_link() -> None:
    assert find(["/p/model.pt", "/p/wandb/settings", "/p/mlruns/0/meta.yaml", "/p/wandb.txt"], {}) == []


def test_wandb_by_the_page_that_its_log_names(tmp_path: Path) -> None:
    run = tmp_path / "wandb" / "run-20261101_120000-abc123"
    (run / "logs").mkdir(parents=True)
    (run / "logs" / "debug.log").write_text("x\nView run at https://wandb.ai/team/proj/runs/abc123\nend")
    written = [str(run / "run-abc123.wandb"), str(run / "logs" / "debug.log")]
    assert find(written, {}) == [Tracker("wandb", "https://wandb.ai/team/proj/runs/abc123")]


def test_wandb_by_variables_and_else_by_its_directory() -> None:
    written = ["/p/wandb/run-20261101_120000-abc123/files/config.yaml"]
    named = {"WANDB_ENTITY": "te am", "WANDB_PROJECT": "proj", "WANDB_BASE_URL": "https://api.wandb.ai/"}
    assert find(written, named) == [Tracker("wandb", "https://wandb.ai/te%20am/proj/runs/abc123")]
    directory = [Tracker("wandb", "file:///p/wandb/run-20261101_120000-abc123")]
    assert find(written, {}) == directory
    assert find(written, {**named, "WANDB_MODE": "offline"}) == directory


def test_mlflow_on_a_server_and_in_files() -> None:
    written = [f"/p/mlruns/12/{RUN}/meta.yaml", f"/p/mlruns/12/{RUN}/artifacts/model.pt"]
    assert find(written, {}) == [Tracker("mlflow", f"file:///p/mlruns/12/{RUN}")]
    server = {"MLFLOW_TRACKING_URI": "https://ada:pw@mlflow.example.org/"}
    page = f"https://ada:<redacted>@mlflow.example.org/#/experiments/12/runs/{RUN}"
    assert find(written, server) == [Tracker("mlflow", page)]
    assert find([], {**server, "MLFLOW_RUN_ID": RUN, "MLFLOW_EXPERIMENT_ID": "12"}) == [Tracker("mlflow", page)]
    assert find([], {"MLFLOW_RUN_ID": RUN}) == []


def test_neptune_and_tensorboard_by_their_directories() -> None:
    written = ["/p/.neptune/async/run__1/exec-1/data-1.log", "/p/runs/a b\udcff/events.out.tfevents.169.host.1.0"]
    assert find(written, {}) == [
        Tracker("neptune", "file:///p/.neptune/async/run__1"),
        Tracker("tensorboard", "file:///p/runs/a%20b%FF"),
    ]
