"""How long the proof's comparison takes, and how much memory: two sides of many rows in another order, and one cell changed.

``python -m benchmarks.compare --rows 10000000``. Exit code 1 when the change is not found, or found twice.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from flink_jobs.proof.compare import compare
from flink_jobs.reference.run import connect

COLUMNS = {"id": "bigint", "user_id": "bigint", "item_id": "bigint", "count_7d": "bigint", "last": "string", "ts": "timestamp"}


def write(folder: Path, rows: int, *, order: int, changed: bool) -> None:
    """Thirty days of rows in some order."""
    folder.mkdir(parents=True)
    last = f"CASE WHEN {changed} AND i = {rows // 2} THEN 'other' ELSE 'item ' || hash(i) % 100000 END"
    made = (
        f"SELECT i AS id, hash(i, 1) % 100000 AS user_id, hash(i, 2) % 100000 AS item_id, hash(i, 3) % 500 AS count_7d, "
        f"{last} AS last, make_timestamp(1704067200000000 + i * (2592000000000 // {rows})) AS ts FROM range({rows}) r(i)"
    )
    db = connect()
    sql = f"SELECT * FROM ({made}) ORDER BY hash(id, {order})"
    db.execute(f"COPY ({sql}) TO '{folder}/rows.parquet' (FORMAT parquet, COMPRESSION snappy)")
    db.close()


def main() -> None:
    """Compare equal sides, then sides that differ in one cell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    asked = parser.parse_args()
    right = True
    with tempfile.TemporaryDirectory(prefix="mainstem-benchmark-") as home:
        sides = {name: Path(home) / name for name in ("left", "same", "other")}
        for order, (name, folder) in enumerate(sides.items()):
            write(folder, asked.rows, order=order, changed=name == "other")
        # Each in a process of its own, whose memory is that of the comparison alone.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
            for name, differing in (("same", 0), ("other", 2)):
                found = pool.submit(_compared, sides["left"], sides[name]).result()
                print(f"{name}: {found}")
                right = right and (found["rows"], found["differing"]) == (asked.rows, differing)
    sys.exit(0 if right else 1)


def _compared(left: Path, right: Path) -> dict[str, float]:
    since, cpu = time.monotonic(), time.process_time()
    found = compare(("left", left), ("right", right), COLUMNS, ("id",))
    return {
        "rows": found.rows,
        "differing": found.differing,
        "seconds": round(time.monotonic() - since, 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


if __name__ == "__main__":
    main()
