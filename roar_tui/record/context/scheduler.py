"""What a batch scheduler or launcher says of a job in its variables, and which parallel run the job is a rank of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple


class Scheduled(NamedTuple):
    """`values` for the record (`kind`, ids, queue, nodes); `group` is equal for all ranks of one parallel run, `rank` counts in it.

    A job alone, an array task, or a batch script that starts the ranks itself, is in no group.
    """

    values: dict[str, str]
    group: str | None = None
    rank: int | None = None


# kind -> (the variable that shows it, name in the record -> variables that may hold the value)
_SCHEDULERS: Final[dict[str, tuple[str, dict[str, tuple[str, ...]]]]] = {
    "slurm": (
        "SLURM_JOB_ID",
        {
            "job": ("SLURM_JOB_ID",),
            "step": ("SLURM_STEP_ID",),
            "array_job": ("SLURM_ARRAY_JOB_ID",),
            "array_task": ("SLURM_ARRAY_TASK_ID",),
            "name": ("SLURM_JOB_NAME",),
            "partition": ("SLURM_JOB_PARTITION",),
            "account": ("SLURM_JOB_ACCOUNT",),
            "qos": ("SLURM_JOB_QOS",),
            "cluster": ("SLURM_CLUSTER_NAME",),
            "nodes": ("SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST", "SLURM_NODELIST"),
            "tasks": ("SLURM_STEP_NUM_TASKS", "SLURM_NTASKS"),
            "rank": ("SLURM_PROCID",),
            "cpus": ("SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE"),
            "gpus": ("SLURM_STEP_GPUS", "SLURM_JOB_GPUS", "SLURM_GPUS"),
            "restarts": ("SLURM_RESTART_COUNT",),
        },
    ),
    "pbs": (
        "PBS_JOBID",
        {
            "job": ("PBS_JOBID",),
            "array_task": ("PBS_ARRAY_INDEX", "PBS_ARRAYID"),
            "name": ("PBS_JOBNAME",),
            "partition": ("PBS_QUEUE",),
            "account": ("PBS_ACCOUNT",),
        },
    ),
    "lsf": (
        "LSB_JOBID",
        {
            "job": ("LSB_JOBID",),
            "array_task": ("LSB_JOBINDEX",),
            "name": ("LSB_JOBNAME",),
            "partition": ("LSB_QUEUE",),
            "account": ("LSB_PROJECT_NAME",),
            "nodes": ("LSB_HOSTS",),
        },
    ),
    "sge": (
        "SGE_TASK_ID",
        {"job": ("JOB_ID",), "array_task": ("SGE_TASK_ID",), "name": ("JOB_NAME",), "partition": ("QUEUE",)},
    ),
    "flux": ("FLUX_JOB_ID", {"job": ("FLUX_JOB_ID",), "rank": ("FLUX_TASK_RANK",), "tasks": ("FLUX_JOB_SIZE",)}),
    "kubernetes": ("KUBERNETES_SERVICE_HOST", {"job": ("JOB_NAME",), "array_task": ("JOB_COMPLETION_INDEX",)}),
}
_IDLE: Final = ("0", "undefined")  # what LSF and SGE put for "no array"
_NO_STEP: Final = {"4294967291", "4294967292", "4294967293", "4294967294", "4294967295"}  # Slurm's batch, extern, pending…


def describe(env: Mapping[str, str]) -> Scheduled:
    """What `env` says of scheduler and launcher; `({}, None, None)` where there is none."""
    values: dict[str, str] = {}
    for kind, (mark, fields) in _SCHEDULERS.items():
        if mark not in env:
            continue
        values["kind"] = kind
        for name, variables in fields.items():
            value = next((env[variable] for variable in variables if env.get(variable)), None)
            if value is not None and not (name == "array_task" and value in _IDLE and kind in ("lsf", "sge")):
                values[name] = value
        break
    group, rank, size, launcher = _torchrun(env, values) or _mpi(env, values) or _slurm_step(env) or (None, None, None, None)
    if launcher:
        values |= {"launcher": launcher, "rank": str(rank), "size": str(size)}
    return Scheduled(values, group, rank)


_Parallel = tuple[str, int, int, str]  # group, rank, size, launcher


def _torchrun(env: Mapping[str, str], values: Mapping[str, str]) -> _Parallel | None:
    """A worker of torchrun or of another launcher that sets PyTorch's variables.

    The run's id is "none" unless --rdzv-id was given. Then the rendezvous' address and the scheduler's job tell runs apart, and
    on one machine the random directory that torchrun makes for its workers' error files.
    """
    rank, size = _number(env.get("RANK")), _number(env.get("WORLD_SIZE"))
    if rank is None or size is None or size < 2 or "MASTER_ADDR" not in env:
        return None
    run = env.get("TORCHELASTIC_RUN_ID", "none")
    parts = [values.get("job", ""), values.get("step", "")]
    parts += [run] if run not in ("", "none") else [env["MASTER_ADDR"], env.get("MASTER_PORT", "")]
    if run in ("", "none") and env.get("LOCAL_WORLD_SIZE") == env["WORLD_SIZE"]:
        made = re.search(r"/(torchelastic_[^/]+)/", env.get("TORCHELASTIC_ERROR_FILE", ""))
        parts.append(made[1] if made else "")
    return f"torchrun:{':'.join(part for part in parts if part)}", rank, size, "torchrun"


def _mpi(env: Mapping[str, str], values: Mapping[str, str]) -> _Parallel | None:
    """A rank of Open MPI, of MPICH and its relatives, or of Cray's PALS."""
    for rank_name, size_name, ids in (
        ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", ("PMIX_NAMESPACE", "OMPI_MCA_ess_base_jobid", "OMPI_MCA_orte_hnp_uri")),
        ("PALS_RANKID", "PALS_SIZE", ("PALS_APID",)),
        ("MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE", ("PMI_ID_JOB", "MPIRUN_ID", "HYDRA_JOB_ID")),
        ("PMI_RANK", "PMI_SIZE", ("PMI_JOBID", "PMI_KVS", "HYDRA_JOB_ID")),
    ):
        rank, size = _number(env.get(rank_name)), _number(env.get(size_name))
        if rank is None or size is None or size < 2:
            continue
        parts = [values.get("job", ""), values.get("step", ""), next((env[name] for name in ids if env.get(name)), "")]
        if any(parts):  # without an id two runs cannot be told apart: no group is better than a wrong one
            return f"mpi:{':'.join(part for part in parts if part)}", rank, size, "mpi"
    return None


def _slurm_step(env: Mapping[str, str]) -> _Parallel | None:
    """A task of `srun` with more than one."""
    rank = _number(env.get("SLURM_PROCID"))
    size = _number(env.get("SLURM_STEP_NUM_TASKS") or env.get("SLURM_NTASKS"))
    step = env.get("SLURM_STEP_ID", "")
    if rank is None or size is None or size < 2 or not step or step in _NO_STEP or "SLURM_JOB_ID" not in env:
        return None
    return f"slurm:{env['SLURM_JOB_ID']}.{step}", rank, size, "srun"


def _number(value: str | None) -> int | None:
    return int(value) if value and value.isascii() and value.isdigit() else None
