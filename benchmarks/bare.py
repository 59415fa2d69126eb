"""Bare Flink: SQL as anybody would write it, from a warm PyFlink client, on the cluster that the product uses too.

The peer of the benchmarks. Runs in a process of its own (``Bare``), which reads one JSON object a line and answers with one.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from flink_jobs.core.address import address
from flink_jobs.core.columns import flink_type, quoted
from flink_jobs.core.dataset import Dataset
from flink_jobs.core.frame import interval
from flink_jobs.core.settings import Settings


class Bare:
    """A client that stays; ``run`` returns when the job has ended."""

    def __init__(self, settings: Settings) -> None:
        command = [sys.executable, "-m", "benchmarks.bare", str(settings.home), str(settings.ports["flink"])]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, setup: Sequence[str], insert: str, *, parallelism: int = 1, checkpoint_ms: int | None = None) -> None:
        """Define, insert, wait; live with checkpoints, or in batch without."""
        asked = {"setup": list(setup), "insert": insert, "parallelism": parallelism, "checkpoint_ms": checkpoint_ms}
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("The client has no pipes.")
        print(json.dumps(asked), file=self._process.stdin, flush=True)
        for line in self._process.stdout:
            if line.startswith("{"):
                answer = json.loads(line)
                break
        else:
            raise RuntimeError("The client has ended.")
        if answer["error"]:
            raise RuntimeError(answer["error"])

    def __enter__(self) -> Bare:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait(30)


def parquet(folder: str) -> str:
    """The options of a bare folder of Parquet files."""
    times = "'parquet.utc-timezone'='true', 'parquet.write.int64.timestamp'='true', 'parquet.timestamp.time.unit'='micros'"
    return f"WITH ('connector'='filesystem', 'format'='parquet', 'path'='{address(Path(folder))}', {times})"


def json_topic(dataset: Dataset, kafka: str, *, duties: bool = False) -> list[str]:
    """A topic through Flink's own JSON format, as a view with the name and the columns of the dataset.

    With ``duties`` it does what the product's source does as well as bare SQL can: a record that does not parse is skipped
    (the product names what is wrong with it), and copies of a key are dropped.
    """
    time, raw = dataset.event_time, f"`raw_{dataset.name}`"
    columns = [f"`{c}` {'TIMESTAMP_LTZ(3)' if t == 'timestamp' else flink_type(t)}" for c, t in dataset.columns.items()]
    columns.append(f"t AS CAST(`{time}` AS TIMESTAMP(3)), WATERMARK FOR t AS t - {interval(dataset.watermark_delay)}")
    options = {
        "connector": "kafka", "topic": dataset.name, "properties.bootstrap.servers": kafka,
        "scan.startup.mode": "earliest-offset", "scan.bounded.mode": "latest-offset", "format": "json",
        "json.timestamp-format.standard": "ISO-8601",
    }  # fmt: skip
    rows = raw
    if duties:
        columns.append("arrival AS PROCTIME()")
        options["json.ignore-parse-errors"] = "true"
        copy = f"ROW_NUMBER() OVER (PARTITION BY {quoted(dataset.key)} ORDER BY arrival) AS copy"
        rows = f"(SELECT *, {copy} FROM {raw}) WHERE copy = 1"
    given = ", ".join(f"'{k}'='{v}'" for k, v in options.items())
    items = ", ".join(f"t AS `{c}`" if c == time else f"`{c}`" for c in dataset.columns)
    return [
        f"CREATE TEMPORARY TABLE {raw} ({', '.join(columns)}) WITH ({given})",
        f"CREATE TEMPORARY VIEW `{dataset.name}` AS SELECT {items} FROM {rows}",
    ]


def main() -> None:
    """Serve until the input ends."""
    from flink_jobs.runtime import gateway

    home = Path(sys.argv[1])
    gateway.prepare(home / "flink", home / "log" / "bare")
    from pyflink.common import Configuration
    from pyflink.table import EnvironmentSettings, TableEnvironment

    target = {"execution.target": "remote", "rest.address": "127.0.0.1", "rest.port": sys.argv[2]}
    for line in sys.stdin:
        asked, error = json.loads(line), ""
        configuration = Configuration()
        for key, value in {**target, "parallelism.default": str(asked["parallelism"])}.items():
            configuration.set_string(key, value)
        configuration.set_string("execution.batch.adaptive.auto-parallelism.enabled", "false")
        if asked["checkpoint_ms"]:
            configuration.set_string("execution.checkpointing.interval", f"{asked['checkpoint_ms']} ms")
        builder = EnvironmentSettings.new_instance().with_configuration(configuration)
        mode = builder.in_streaming_mode() if asked["checkpoint_ms"] else builder.in_batch_mode()
        env = TableEnvironment.create(mode.build())
        try:
            for text in asked["setup"]:
                env.execute_sql(text)
            env.execute_sql(asked["insert"]).wait()
        except Exception as failure:  # noqa: BLE001 told to the process that waits
            error = str(failure)[:2000] or type(failure).__name__
        print(json.dumps({"error": error}), flush=True)


if __name__ == "__main__":
    main()
