"""Names of runs that Airflow asks for: one per try, so that a retry can find what the try before it began."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

_EARLIER = 20
"""How many tries back a run that is still going is looked for."""


@dataclass(frozen=True)
class Attempts:
    """The run ids of all tries of one Airflow task instance over one partition.

    ``<dag>-<partition>-<digest>-<try>``: the digest holds Airflow's own run id, task and map index, so that a second
    backfill of the partition is another run; the number of the try never goes back, not even after a clear.
    """

    dag_id: str
    task_id: str
    airflow_run: str
    partition: str
    map_index: int = -1

    def name(self, number: int) -> str:
        """The run id of a try; 100 characters at most."""
        whole = f"{self.dag_id}|{self.task_id}|{self.airflow_run}|{self.partition}|{self.map_index}"
        digest = hashlib.sha256(whole.encode()).hexdigest()[:8]
        return f"{_plain(self.dag_id)[:48]}-{_plain(self.partition)[:24]}-{digest}-{number}"

    def before(self, number: int) -> list[str]:
        """Run ids of earlier tries, the latest first."""
        return [self.name(n) for n in range(number - 1, max(0, number - 1 - _EARLIER), -1)]


def _plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "_", text).strip("_-") or "run"
