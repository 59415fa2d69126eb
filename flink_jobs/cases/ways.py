"""Ways: a case as a batch, live, and by the reference; each leaves the rows of every table in a folder."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import Literal

from flink_jobs.cases.case import Case
from flink_jobs.cases.live import Live
from flink_jobs.cases.rows import store
from flink_jobs.core.errors import PlatformError
from flink_jobs.core.settings import Settings
from flink_jobs.jobs.build import plan
from flink_jobs.lake.snapshot import Snapshot
from flink_jobs.reference.run import write
from flink_jobs.runs.aside import compute
from flink_jobs.runtime import rest

Way = Literal["batch", "live", "reference"]
WAYS: tuple[Way, ...] = ("batch", "live", "reference")


class Trial:
    """One case, its input as files, and the folder of what comes out; ``restored`` counts live jobs from a checkpoint."""

    def __init__(self, case: Case, folder: Path, settings: Settings) -> None:
        self.case, self.folder, self.settings = case, folder, settings
        self.plan = plan(case.pipeline, case.span)
        self.restored = 0
        self.inputs = {
            name: store(rows, case.pipeline.datasets[name].columns, folder / "input" / name)
            for name, rows in case.counted().items()
        }

    def run(self, way: Way) -> dict[str, Path]:
        """Compute; returns the folder of each published table. Raises RunError with the engine's root cause."""
        sinks = {o.table: self.folder / way / o.table for o in self.plan.outputs}
        if way == "reference":
            write(self.case.pipeline, self.inputs, self.case.span, sinks)
        elif way == "live":
            self.restored = Live(self.case, self.plan, sinks, self.settings).run()
        else:
            self._batch()
        return sinks

    def _batch(self) -> None:
        name = f"case {self.case.name}: batch"
        given = {n: Snapshot(n, 0, folder, 1, 0, 0) for n, folder in self.inputs.items()}
        unique = hashlib.sha256(f"{self.folder}|{time.time_ns()}".encode()).hexdigest()[:12]
        compute(
            self.case.pipeline,
            self.case.span,
            given,
            self.folder / "batch",
            name=f"{name} {unique}",
            parallelism=self.case.facts.parallelism,
            settings=self.settings,
        )


def is_up(settings: Settings) -> bool:
    """Whether jobs can be submitted now."""
    try:
        return rest.get(f"{settings.url('jobs')}/health", patience_s=0) is not None
    except PlatformError:
        return False
