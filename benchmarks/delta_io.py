"""Delta in and out: a table copied by the product, with pin, gate and commit, against bare Flink from Parquet to Parquet.

``python -m benchmarks.delta_io --events 10000000``. Both read the same rows and write one folder a day; the rows are compared.
"""

from __future__ import annotations

import argparse
import itertools
import shutil
import sys
from pathlib import Path

from benchmarks import product, rows
from benchmarks.bare import Bare, parquet
from benchmarks.big_log import EVENTS, BigLog
from benchmarks.measure import in_turn, own_platform, report
from flink_jobs.core.settings import Settings
from flink_jobs.lake.table import Table

PIPELINE = str(Path(__file__).with_name("delta_io.yaml"))
_COLUMNS = "event_id BIGINT, user_id BIGINT, item_id BIGINT, ts TIMESTAMP({})"


def copy(source: Path, out: Path) -> tuple[list[str], str]:
    """The copy in bare SQL."""
    given = f"CREATE TEMPORARY TABLE given ({_COLUMNS.format(6)}) {parquet(str(source))}"
    made = f"CREATE TEMPORARY TABLE made ({_COLUMNS.format(3)}, `day` STRING) PARTITIONED BY (`day`) {parquet(str(out))}"
    day = "DATE_FORMAT(ts, 'yyyy-MM-dd')"
    return [given, made], f"INSERT INTO made SELECT event_id, user_id, item_id, CAST(ts AS TIMESTAMP(3)), {day} FROM given"


def main() -> None:
    """Both in turn; exit code 1 when a row differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--parallelism", type=int, default=2)
    parser.add_argument("--port-base", type=int, default=29_620)
    asked = parser.parse_args()
    log, numbers = BigLog(asked.events, 2), itertools.count()
    with own_platform(asked.port_base, ("flink", "jobs")) as settings, Bare(settings) as client:
        bare = settings.folder("bare")
        out = bare / "out"
        log.make(settings, bare)

        def with_delta() -> None:
            product.run(settings, PIPELINE, log.span, f"copy-{next(numbers)}", parallelism=asked.parallelism)

        def with_files() -> None:
            shutil.rmtree(out, ignore_errors=True)
            client.run(*copy(bare / "events", out), parallelism=asked.parallelism)

        found = in_turn(settings, asked.runs, {"delta": with_delta, "bare files": with_files})
        differing = _differing(settings, out)
    print(f"differing rows: {differing}")
    report(found, {"ratio": ("delta", "bare files")})
    sys.exit(1 if differing else 0)


def _differing(settings: Settings, out: Path) -> int:
    return rows.differing(Table(settings.lake, "copied"), out, tuple(EVENTS))


if __name__ == "__main__":
    main()
