from __future__ import annotations

import pytest

from roar_tui.record.context.scheduler import Scheduled, describe

SBATCH = {
    "SLURM_JOB_ID": "88123",
    "SLURM_JOB_NAME": "train",
    "SLURM_JOB_PARTITION": "gpu",
    "SLURM_PROCID": "0",
    "SLURM_NTASKS": "4",
    "SLURM_JOB_NODELIST": "n[1-2]",
}
TORCH = {"RANK": "3", "WORLD_SIZE": "4", "LOCAL_WORLD_SIZE": "4", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29500"}


def test_without_a_scheduler_there_is_nothing_to_say() -> None:
    assert describe({"HOME": "/home/ada"}) == Scheduled({})


def test_a_batch_script_is_in_no_group() -> None:
    found = describe(SBATCH)
    assert (found.group, found.rank) == (None, None)
    assert found.values["kind"] == "slurm"
    assert found.values["job"] == "88123"
    assert found.values["partition"] == "gpu"
    assert found.values["nodes"] == "n[1-2]"
    assert describe({**SBATCH, "SLURM_STEP_ID": "4294967291"}).group is None


def test_the_tasks_of_one_srun_are_one_group() -> None:
    step = {**SBATCH, "SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "4"}
    one, other = describe({**step, "SLURM_PROCID": "1"}), describe({**step, "SLURM_PROCID": "2"})
    assert one.group == other.group == "slurm:88123.0"
    assert (one.rank, other.rank) == (1, 2)
    assert describe({**step, "SLURM_STEP_ID": "1"}).group != one.group
    assert describe({**step, "SLURM_STEP_NUM_TASKS": "1"}).group is None


def test_array_tasks_are_jobs_of_their_own() -> None:
    found = describe({**SBATCH, "SLURM_ARRAY_JOB_ID": "88000", "SLURM_ARRAY_TASK_ID": "7"})
    assert found.group is None
    assert (found.values["array_job"], found.values["array_task"]) == ("88000", "7")


@pytest.mark.parametrize(
    ("env", "kind", "job"),
    [
        ({"PBS_JOBID": "12.server", "PBS_QUEUE": "q"}, "pbs", "12.server"),
        ({"LSB_JOBID": "9", "LSB_JOBINDEX": "0"}, "lsf", "9"),
        ({"JOB_ID": "5", "SGE_TASK_ID": "undefined"}, "sge", "5"),
        ({"FLUX_JOB_ID": "f1", "FLUX_TASK_RANK": "0"}, "flux", "f1"),
    ],
)
def test_other_schedulers(env: dict[str, str], kind: str, job: str) -> None:
    found = describe(env)
    assert (found.values["kind"], found.values["job"]) == (kind, job)
    assert "array_task" not in found.values


def test_torchruns_workers_are_one_group_with_the_rank_of_each() -> None:
    found = describe({**TORCH, "TORCHELASTIC_RUN_ID": "run-7"})
    assert (found.group, found.rank) == ("torchrun:run-7", 3)
    assert found.values == {"launcher": "torchrun", "rank": "3", "size": "4"}
    assert describe({**TORCH, "WORLD_SIZE": "1", "RANK": "0"}).group is None


def test_two_runs_of_torchrun_without_an_id_are_told_apart() -> None:
    def group(made: str, rank: str) -> str | None:
        error_file = f"/tmp/torchelastic_{made}/none_x/attempt_0/{rank}/error.json"
        return describe({**TORCH, "TORCHELASTIC_RUN_ID": "none", "TORCHELASTIC_ERROR_FILE": error_file, "RANK": rank}).group

    assert group("aaaa", "0") == group("aaaa", "1")
    assert group("aaaa", "0") != group("bbbb", "0")
    assert describe({**TORCH, **SBATCH}).group != describe({**TORCH, **SBATCH, "SLURM_JOB_ID": "2"}).group


def test_mpi_ranks() -> None:
    rank = {"OMPI_COMM_WORLD_RANK": "2", "OMPI_COMM_WORLD_SIZE": "8", "PMIX_NAMESPACE": "prterun-n1-77@1"}
    assert describe(rank)[1:] == ("mpi:prterun-n1-77@1", 2)
    assert describe({"PMI_RANK": "0", "PMI_SIZE": "2"}).group is None  # nothing tells two runs apart
    assert describe({"PMI_RANK": "0", "PMI_SIZE": "2", **SBATCH}).group == "mpi:88123"


def test_nonsense_is_no_rank() -> None:
    assert describe({**TORCH, "RANK": "three"}).group is None
    assert describe({**TORCH, "RANK": "-1"}).group is None
