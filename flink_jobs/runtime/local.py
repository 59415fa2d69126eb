"""Local: run a job inside this process and wait for it; for tests, benchmarks and small data without a platform."""

from __future__ import annotations

from pathlib import Path

from flink_jobs.core.errors import RunError
from flink_jobs.core.plan import IngestJob, Job
from flink_jobs.runtime import environment, gateway
from flink_jobs.runtime.root_cause import readable
from flink_jobs.runtime.submit import submit


def prepare(flink_home: Path, log_folder: Path, *, heap: str = "1500m") -> None:
    """Describe the JVM of this process; to be called once, before the first job."""
    gateway.prepare(flink_home, log_folder, heap=heap)


def run(job: Job | IngestJob, *, slots: int = 4) -> None:
    """Run the job to the end of its input; raises RunError with the root cause. Call it always from the same thread."""
    result = submit(job, environment.mini_cluster(slots))
    try:
        result.wait()
    except Exception as error:
        # pyflink turns Java exceptions into bare Python ones of its own; all of them carry a Java trace.
        if "org.apache.flink" not in str(error):
            raise
        raise RunError(f"Job '{job.name}' failed: {readable(str(error))}") from error
