from __future__ import annotations

import subprocess
import time
from io import StringIO
from pathlib import Path

import psutil

from flink_jobs.services import reaper

EVENT = "processname:flink-tm groupname:flink-tm from_state:RUNNING expected:0 pid:{}"


def test_a_death_is_noted_and_its_orphans_end(tmp_path: Path) -> None:
    leader = subprocess.Popen(["sh", "-c", "sleep 60 & echo $!; wait"], stdout=subprocess.PIPE, start_new_session=True)
    assert leader.stdout is not None
    orphan = psutil.Process(int(leader.stdout.readline()))
    leader.kill()
    leader.wait()
    leader.stdout.close()
    event = EVENT.format(leader.pid)
    answers = StringIO()
    reaper.listen(StringIO(f"ver:3.0 len:{len(event)}\n{event}"), answers, tmp_path / "exits")
    assert answers.getvalue() == "READY\nRESULT 2\nOKREADY\n"
    assert (tmp_path / "exits").read_text().split()[1:] == ["flink-tm", str(leader.pid)]
    assert _gone(orphan)


def test_a_process_without_orphans_is_no_error() -> None:
    child = subprocess.Popen(["true"], start_new_session=True)
    child.wait()
    assert reaper.end_group(child.pid) is False


def _gone(process: psutil.Process) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.01)
    return False
