"""Configuration: a job's settings for Flink, as plain text pairs."""

from __future__ import annotations

from flink_jobs.core.plan import IngestJob, Job

OUTAGE_MS = 7 * 86_400_000
"""State outlives its need by this much: its age is counted on the clock, which goes on while a job is down and its topics
wait."""


def of_job(job: Job | IngestJob) -> dict[str, str]:
    """Everything that depends on the job; ``settings`` of the job win."""
    common = {
        "pipeline.name": job.name,
        "$internal.pipeline.job-id": job.job_id,
        "parallelism.default": str(job.parallelism),
        "table.local-time-zone": "UTC",
        "execution.runtime-mode": "STREAMING" if job.live else "BATCH",
    }
    return common | (_live(job) if job.live else _batch()) | job.settings


def _batch() -> dict[str, str]:
    return {
        # A run is repeated by its caller; within a run one lost TaskManager is forgiven.
        "restart-strategy.type": "fixed-delay",
        "restart-strategy.fixed-delay.attempts": "2",
        "restart-strategy.fixed-delay.delay": "2 s",
        # Batch operators sort and hash copies of their rows, so rows may be passed on uncopied.
        "pipeline.object-reuse": "true",
        # The planner cannot read statistics out of these files: it would try and fail for each of them.
        "table.optimizer.source.report-statistics-enabled": "false",
        # The wanted parallelism is the caller's; a guess per job costs an extra scheduling round.
        "execution.batch.adaptive.auto-parallelism.enabled": "false",
    }


def _live(job: Job | IngestJob) -> dict[str, str]:
    values = {
        "execution.checkpointing.interval": f"{job.checkpoint_ms} ms",
        # Where a checkpoint takes long, the job gets as much time for its rows.
        "execution.checkpointing.min-pause": f"{job.checkpoint_ms} ms",
        "execution.checkpointing.mode": "EXACTLY_ONCE",
        "execution.checkpointing.timeout": "10 min",
        "execution.checkpointing.tolerable-failed-checkpoints": "10",
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
        "restart-strategy.type": "exponential-delay",
        "restart-strategy.exponential-delay.initial-backoff": "1 s",
        "restart-strategy.exponential-delay.max-backoff": "30 s",
        "restart-strategy.exponential-delay.reset-backoff-threshold": "10 min",
        # Failures without a success between them: a fault in the rows must end as a failed job with a reason.
        "restart-strategy.exponential-delay.attempts-before-reset-backoff": "30",
    }
    if isinstance(job, Job) and job.state_backend == "rocksdb":
        # A checkpoint holds what changed since the one before, so its cost follows the rows and not the state.
        values |= {"state.backend.type": "rocksdb", "execution.checkpointing.incremental": "true"}
    needed = job.plan.state_ms if isinstance(job, Job) else job.duplicate_ms
    if needed is not None:
        values["table.exec.state.ttl"] = f"{needed + OUTAGE_MS} ms"
    if job.savepoint:
        values["execution.state-recovery.path"] = job.savepoint
    return values
