"""Ten million generated events through each operator: batch, live and the reference give the same rows.

``python -m benchmarks.operators --events 10000000`` or some, ``--only match label``; several share a job with ``--together 4``.
Batch reads tables, live reads topics whose records arrive shuffled within the watermark delay, and the reference is DuckDB.
Exit code 1 when a row differs.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.big_log import BigLog
from benchmarks.inputs import Inputs
from benchmarks.measure import own_platform
from flink_jobs.core.pipeline import Pipeline
from flink_jobs.core.plan import Output, StateBackend, checked_backend
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


def some(tables: Sequence[str]) -> Pipeline:
    """What these tables need of the declaration."""
    whole = find(str(FILE))
    publish = {table: whole.publish[table] for table in tables}
    steps = {n: whole.steps[n] for n in whole.needed(tuple(p.source for p in publish.values()))}
    read = whole.model_copy(update={"publish": publish}).reads()
    return Pipeline(name="operators", datasets={n: whole.datasets[n] for n in read}, steps=steps, publish=publish)


def run(inputs: Inputs, log: BigLog, tables: Sequence[str], state_backend: StateBackend) -> list[Line]:
    """Every way in turn, each compared with the batch; rows are deleted when they have been compared.

    Tables of one job share its input, and so its time.
    """
    pipeline, folder = some(tables), inputs.settings.folder("out") / tables[0]
    lines, job = {table: Line(table) for table in tables}, plan(pipeline, log.span)

    def timed(way: str, work: Callable[[dict[str, Path]], object]) -> None:
        since = time.monotonic()
        work({table: folder / table / way for table in tables})
        for line in lines.values():
            line.seconds[way] = round(time.monotonic() - since, 1)

    timed("batch", lambda into: inputs.run(job, into, live=False, files=True))
    for way, work in (
        ("live", lambda into: inputs.run(job, into, live=True, state_backend=state_backend)),
        ("reference", lambda into: write(pipeline, inputs.folders, log.span, into)),
    ):
        timed(way, work)
        for output in job.outputs:
            _compare(lines[output.table], way, folder / output.table, output)
    shutil.rmtree(folder)
    for line in lines.values():
        print(json.dumps(asdict(line)), flush=True)
    return list(lines.values())


def _compare(line: Line, way: str, folder: Path, output: Output) -> None:
    found = compare(("batch", folder / "batch"), (way, folder / way), output.columns, output.key)
    line.rows, line.differing[way] = found.rows, found.differing
    if not found.equal:
        print(output.table, found.first[:3], file=sys.stderr)
    shutil.rmtree(folder / way)


def main() -> None:
    tables = tuple(find(str(FILE)).publish)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--labels", type=int, default=1_000_000)
    parser.add_argument("--only", nargs="*", choices=tables, default=tables)
    parser.add_argument("--together", type=int, default=1, help="tables a job; each alone unless said")
    parser.add_argument("--parallelism", type=int, default=2)
    parser.add_argument("--checkpoint-ms", type=int, default=60_000)
    parser.add_argument("--state-backend", default="heap")
    parser.add_argument("--port-base", type=int, default=30_200)
    asked = parser.parse_args()
    log = BigLog(asked.events, asked.labels)
    with own_platform(asked.port_base, ("kafka", "flink", "jobs")) as settings:
        whole = plan(find(str(FILE)), log.span)
        inputs = Inputs(settings, log, whole, parallelism=asked.parallelism, checkpoint_ms=asked.checkpoint_ms)
        jobs = [asked.only[i : i + asked.together] for i in range(0, len(asked.only), asked.together)]
        lines = [line for tables in jobs for line in run(inputs, log, tables, checked_backend(asked.state_backend))]
    wrong = sum(sum(line.differing.values()) for line in lines)
    print(f"{len(lines)} operators, {sum(line.rows for line in lines):,} rows, {wrong} differing")
    sys.exit(1 if wrong or not all(line.rows for line in lines) else 0)


if __name__ == "__main__":
    main()
