"""Ten million generated events through each operator: batch, live and the reference give the same rows.

``python -m benchmarks.operators --events 10000000`` or, one by one, ``--only match label``. Batch reads tables, live reads
topics whose records arrive shuffled within the watermark delay, and the reference is DuckDB. Exit code 1 when a row differs.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.big_log import BigLog
from benchmarks.inputs import Inputs
from benchmarks.measure import own_platform
from flink_jobs.core.pipeline import Pipeline
from flink_jobs.core.plan import StateBackend, checked_backend
from flink_jobs.jobs.build import plan
from flink_jobs.jobs.catalog import find
from flink_jobs.proof.compare import compare
from flink_jobs.reference.run import write

FILE = Path(__file__).with_suffix(".yaml")


@dataclass
class Line:
    """One operator: rows of the batch, seconds of each way, differing rows of each way beside the batch."""

    operator: str
    rows: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    differing: dict[str, int] = field(default_factory=dict)


def alone(table: str) -> Pipeline:
    """What one table needs of the declaration."""
    whole = find(str(FILE))
    publication = whole.publish[table]
    steps = {n: whole.steps[n] for n in whole.needed((publication.source,))}
    read = whole.model_copy(update={"publish": {table: publication}}).reads()
    return Pipeline(
        name=f"only_{table}", datasets={n: whole.datasets[n] for n in read}, steps=steps, publish={table: publication}
    )


def run(inputs: Inputs, log: BigLog, table: str, state_backend: StateBackend) -> Line:
    """Every way in turn, each compared with the batch; rows are deleted when they have been compared."""
    line, pipeline, folder = Line(table), alone(table), inputs.settings.folder("out") / table
    job = plan(pipeline, log.span)

    def timed(way: str, work: Callable[[dict[str, Path]], object]) -> Path:
        since, into = time.monotonic(), folder / way
        work({table: into})
        line.seconds[way] = round(time.monotonic() - since, 1)
        return into

    batch = timed("batch", lambda into: inputs.run(job, into, live=False, files=True))
    for way, work in (
        ("live", lambda into: inputs.run(job, into, live=True, state_backend=state_backend)),
        ("reference", lambda into: write(pipeline, inputs.folders, log.span, into)),
    ):
        found = compare(("batch", batch), (way, timed(way, work)), job.outputs[0].columns, job.outputs[0].key)
        line.rows, line.differing[way] = found.rows, found.differing
        if not found.equal:
            print(found.first[:3], file=sys.stderr)
        shutil.rmtree(folder / way)
    shutil.rmtree(folder)
    print(json.dumps(asdict(line)), flush=True)
    return line


def main() -> None:
    tables = tuple(find(str(FILE)).publish)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--labels", type=int, default=1_000_000)
    parser.add_argument("--only", nargs="*", choices=tables, default=tables)
    parser.add_argument("--parallelism", type=int, default=2)
    parser.add_argument("--checkpoint-ms", type=int, default=60_000)
    parser.add_argument("--state-backend", default="heap")
    parser.add_argument("--port-base", type=int, default=30_200)
    asked = parser.parse_args()
    log = BigLog(asked.events, asked.labels)
    with own_platform(asked.port_base, ("kafka", "flink", "jobs")) as settings:
        whole = plan(find(str(FILE)), log.span)
        inputs = Inputs(settings, log, whole, parallelism=asked.parallelism, checkpoint_ms=asked.checkpoint_ms)
        lines = [run(inputs, log, table, checked_backend(asked.state_backend)) for table in asked.only]
    wrong = sum(sum(line.differing.values()) for line in lines)
    print(f"{len(lines)} operators, {sum(line.rows for line in lines):,} rows, {wrong} differing")
    sys.exit(1 if wrong or not all(line.rows for line in lines) else 0)


if __name__ == "__main__":
    main()
