"""Several processes on one table, killed at random: no row is lost, none is doubled."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flink_jobs.lake.active import active_files
from flink_jobs.lake.compact import compact
from flink_jobs.lake.live_jobs import LiveJob, register, stop, wait_until_stopped
from flink_jobs.lake.sql import query
from flink_jobs.lake.table import Table

from .rows import D1, D2, D3, content, write_file

pytestmark = pytest.mark.recovery

PUBLISH = """
import sys
from pathlib import Path
from flink_jobs.lake.publish import publish
from flink_jobs.lake.table import Table
for run in sys.argv[3:]:
    publish(Table(Path(sys.argv[1]), "clicks"), run, [sys.argv[2]])
"""


def python(*words: str, **env: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, *words], env={**os.environ, **env})


def test_a_committer_killed_again_and_again_beside_compaction(tmp_path: Path, table: Table) -> None:
    register(tmp_path, table.lake, LiveJob("features", "live", ("clicks",), live_from=f"{D1}T00:00:00Z"))
    environment = {"MAINSTEM_HOME": str(tmp_path), "MAINSTEM_LAKE": str(table.lake)}
    dice, written = random.Random(7), 0
    for _ in range(12):
        process, before = python("-m", "flink_jobs.lake.committer", **environment), table.open().version()
        deadline, commits = time.monotonic() + 60, dice.randint(1, 2)
        while table.open().version() < before + commits:
            assert time.monotonic() < deadline
            write_file(table, "live", dice.choice([D1, D2, D3]), [written], name=f"part-{written}")
            written += 1
            time.sleep(0.02)
        time.sleep(dice.random() * 1.2)  # The next commit is about a second away: before, in and after it.
        process.send_signal(signal.SIGKILL)
        process.wait()
        compact(table, quiet_s=-1)
    process = python("-m", "flink_jobs.lake.committer", **environment)
    stop(tmp_path, "live")
    wait_until_stopped(tmp_path, "live")
    process.terminate()
    assert process.wait(20) == 0
    found = query(table.lake, "SELECT count(*), count(DISTINCT id), min(id), max(id) FROM clicks").rows
    assert found == [(written, written, 0, written - 1)]


def test_publishers_of_different_partitions_do_not_hinder_each_other(table: Table) -> None:
    processes = []
    for day in (D1, D2, D3):
        for number in range(10):
            write_file(table, f"{day}.{number}", day, range(number + 1))
        runs = [f"{day}.{number}" for number in range(10)]
        processes.append(python("-c", PUBLISH, str(table.lake), day, *runs))
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    assert content(table) == {D1: 10, D2: 10, D3: 10}


def test_publishers_of_one_partition_leave_the_rows_of_exactly_one(table: Table) -> None:
    processes = []
    for worker in range(3):
        runs = [f"w{worker}.{number}" for number in range(10)]
        for run in runs:
            write_file(table, run, D1, range(worker + 1), name=f"part-{run}")
            write_file(table, run, D1, range(worker + 1), name=f"more-{run}")
        processes.append(python("-c", PUBLISH, str(table.lake), D1, *runs))
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    files = [file.path for file in active_files(table.open())]
    assert (len(files), len({path.split("/")[0] for path in files})) == (2, 1)
    assert table.open().version() == 30
