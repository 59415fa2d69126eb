"""Operator: mainstem repair as a task, which tells downstream DAGs exactly which partitions it published anew."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowSkipException

from mainstem_airflow.command import RunCommand

if TYPE_CHECKING:
    from airflow.sdk import Context


class RepairLate(RunCommand):
    """Run the command with a report, and put the partition keys that were repaired on the event of each outlet.

    The task is skipped, and no event is sent, where nothing was to be done or late rows wait for more of them. It fails, as the
    command does, when a suite refused a partition; the other partitions are published then, and no event tells of them.
    """

    def execute(self, context: Context) -> None:
        """Run to the end; raises AirflowSkipException when no partition was published."""
        with tempfile.TemporaryDirectory(prefix="mainstem-repair-") as folder:
            report = Path(folder) / "report.json"
            self.command = [*self.command, f"--report={report}"]
            super().execute(context)
            told: Mapping[str, Any] = json.loads(report.read_text())
        if not told["done"]:
            raise AirflowSkipException(
                f"{told['rows']} late rows wait for more."
                if told["waits"]
                else "No late row touches a published partition."
            )
        for asset in self.outlets:
            if keys := told["done"].get(asset.name):
                event = context["outlet_events"][asset]
                event.extra = {"repaired": len(keys), "late_rows": told["rows"]}
                event.add_partitions(keys)
