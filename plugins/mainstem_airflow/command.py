"""Operator: one verb of the command line, as a task."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException

if TYPE_CHECKING:
    from airflow.sdk import Context

_MEANINGS = {1: "The answer is no; the log above says why.", 2: "The request is wrong; the log above says where."}


class RunCommand(BaseOperator):
    """Run ``mainstem VERB ...`` in a process of its own, so that what it loads never burdens Airflow.

    Its output is the task's log. Exit code 1 (the answer is no) and 2 (wrong input) fail the task at once; anything else
    is tried again. Empty arguments are left out. Killing the task stops the command and what it started.
    """

    template_fields: ClassVar[tuple[str, ...]] = ("command",)
    ui_color = "#f3eadb"

    def __init__(self, *, command: Sequence[str], retries: int = 1, **airflow: Any) -> None:
        super().__init__(retries=retries, **{"retry_delay": 20.0, **airflow})
        self.command = list(command)
        self._process: subprocess.Popen[str] | None = None

    def execute(self, context: Context) -> None:
        """Run to the end; raises AirflowFailException where another try would end the same."""
        words = [w for w in self.command if w]
        self.log.info("$ mainstem %s", " ".join(words))
        environment = {**os.environ, "COLUMNS": "140", "NO_COLOR": "1", "TERM": "dumb", "PYTHONUNBUFFERED": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "flink_jobs.cli", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
            start_new_session=True,
        )
        with self._process as process:
            for line in process.stdout or ():
                self.log.info(line.rstrip())
        code = process.returncode
        if code in _MEANINGS:
            raise AirflowFailException(_MEANINGS[code])
        if code != 0:
            raise AirflowException(f"mainstem {words[0]} ended with {code}.")

    def on_kill(self) -> None:
        """Stop the command with everything below it."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
