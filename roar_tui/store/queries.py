"""What can be asked of a store, in one place: lists, views and hashes. The queries live beside what they are about."""

from __future__ import annotations

from roar_tui.store.hashes import artifacts_with_prefix, jobs_with_prefix, short
from roar_tui.store.listing import artifact_row, artifacts, count_artifacts, count_jobs, job_of_run, job_row, jobs, totals
from roar_tui.store.merge import folded, folded_job, folded_step
from roar_tui.store.views import artifact_view, job_view, step_view

__all__ = [
    "artifact_row",
    "artifact_view",
    "artifacts",
    "artifacts_with_prefix",
    "count_artifacts",
    "count_jobs",
    "folded",
    "folded_job",
    "folded_step",
    "job_of_run",
    "job_row",
    "job_view",
    "jobs",
    "jobs_with_prefix",
    "short",
    "step_view",
    "totals",
]
