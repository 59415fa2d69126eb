"""A live job's files and a watermark in, reports and closed partitions out. The suite itself is replaced by its verdict."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from expectations.context import Subject
from flink_jobs.core.errors import PartitionOwned
from flink_jobs.core.settings import Settings
from flink_jobs.ingest.registration import Registration
from flink_jobs.lake.closing import read_closing
from flink_jobs.lake.fence import open_fence, read_fence
from flink_jobs.lake.follower import Follower
from flink_jobs.lake.publish import append, publish
from flink_jobs.lake.schema import create
from flink_jobs.lake.table import Table
from flink_jobs.quality import check
from flink_jobs.quality.store import ReportStore
from flink_jobs.quality.verdict import Report, Result
from flink_jobs.runs.closing import Watched, close
from tests.ingest.conftest import VIEWS
from tests.lake.rows import COLUMNS, D1, D2, D3, at, write_file

RUN = "ingest-shop"
JOB = Registration(name="shop", pipeline="shop", fence=f"{D1}T00:00:00Z")
ONE = Watched(Subject("clicks", COLUMNS, ("id",), "ts"), ("clicks",))
RAW = Watched(ONE.subject, ("clicks",), dataset=VIEWS)


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings.load({"MAINSTEM_HOME": str(tmp_path)})


@pytest.fixture
def table(settings: Settings) -> Table:
    made = create(settings.lake, "clicks", COLUMNS, key=("id",))
    open_fence(made, run_id=RUN, job="features", live_from=at(D1))
    return made


@pytest.fixture
def follower(table: Table) -> Iterator[Follower]:
    made = Follower(table, RUN)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def judged(monkeypatch) -> dict[str, list[str]]:
    """Partitions that were judged, and those that shall fail."""
    told: dict[str, list[str]] = {"asked": [], "bad": []}

    def judge(files, ctx, origin) -> Report:
        import pyarrow.parquet as pq

        told["asked"].append(ctx.partition)
        good = ctx.partition not in told["bad"]
        rule = Result(
            expectation="e", title="Rows are good", severity="critical", success=good, expected="good rows", observed="bad rows"
        )
        rows = sum(pq.ParquetFile(f).metadata.num_rows for f in files)
        return Report(
            table=ctx.subject.table, partition=ctx.partition, suite="s", origin=origin, started=datetime.now(UTC),
            seconds=0, rows=rows, files=len(files), results=(rule,),
        )  # fmt: skip

    monkeypatch.setattr(check, "check_partition", judge)
    return told


def ms(day: str, seconds: float = 0) -> int:
    return int(at(day, seconds).timestamp() * 1000)


def commit(follower: Follower) -> None:
    while follower.step():
        pass


def test_a_complete_partition_is_audited_closed_and_then_batchs(settings, table, follower, judged) -> None:
    write_file(table, RUN, D1, [1, 2])
    write_file(table, RUN, D2, [3])
    commit(follower)
    close(settings, JOB, ONE, ms(D2))
    report = ReportStore(settings.lake).get(f"clicks/{D1}/{RUN}")
    assert report is not None and report.rows == 2 and report.origin.live and report.delta_version is not None
    assert judged["asked"] == [D1] and read_fence(table.open()).closed_through == ms(D2)
    write_file(table, "batch", D1, [1])
    write_file(table, "batch2", D2, [1])
    assert publish(table, "batch", [D1]).rows == 1
    with pytest.raises(PartitionOwned):
        publish(table, "batch2", [D2])


def test_look_ahead_keeps_a_partition_open_for_longer(settings, table, follower, judged) -> None:
    write_file(table, RUN, D1, [1])
    commit(follower)
    ahead = Watched(ONE.subject, ONE.inputs, look_ahead_ms=3_600_000)
    close(settings, JOB, ahead, ms(D2, 3599))
    assert judged["asked"] == []
    close(settings, JOB, ahead, ms(D2, 3600))
    assert judged["asked"] == [D1]


def test_nothing_is_closed_while_a_finished_file_waits_for_its_commit(settings, table, follower, judged) -> None:
    write_file(table, RUN, D1, [1])
    assert close(settings, JOB, ONE, ms(D2)).trouble == "finished files wait for their commit"
    assert judged["asked"] == [] and read_fence(table.open()).is_live(D1)
    commit(follower)
    assert close(settings, JOB, ONE, ms(D2)).trouble == "" and judged["asked"] == [D1]


@pytest.mark.parametrize("dies", ["audit", "note", "close"])
def test_a_death_in_the_middle_neither_skips_nor_repeats_an_audit(
    settings, table, follower, judged, monkeypatch, dies
) -> None:
    from flink_jobs.runs import closing

    class Killed(BaseException):
        pass

    def die(*_, **__):
        raise Killed

    write_file(table, RUN, D1, [1])
    write_file(table, RUN, D2, [2])
    commit(follower)
    with monkeypatch.context() as patch:
        if dies == "audit":
            judge = check.check_partition
            patch.setattr(check, "check_partition", lambda f, c, o: die() if c.partition == D2 else judge(f, c, o))
        else:
            patch.setattr(closing, {"note": "write_closing", "close": "close_through"}[dies], die)
        with pytest.raises(Killed):
            close(settings, JOB, ONE, ms(D3))
    assert read_fence(table.open()).is_live(D1)
    for _ in range(2):
        close(settings, JOB, ONE, ms(D3))
    assert judged["asked"] == [D1, D2]
    assert read_fence(table.open()).closed_through == ms(D3)


def test_a_failed_suite_raises_an_alarm_and_blocks_nothing(settings, table, follower, judged) -> None:
    judged["bad"].append(D1)
    write_file(table, RUN, D1, [1])
    commit(follower)
    (alarm,) = close(settings, JOB, ONE, ms(D2)).alarms
    assert (alarm.partition, alarm.status, alarm.report_id) == (D1, "fail", f"clicks/{D1}/{RUN}")
    assert alarm.reasons == ("Rows are good (critical): expected good rows, found bad rows.",)
    assert not read_fence(table.open()).is_live(D1)
    assert read_closing(table, RUN).alarms == (alarm,)


def test_raw_tables_stay_open_and_are_audited_again_when_late_rows_came(settings, table, follower, judged) -> None:
    ingest = JOB.model_copy(update={"fence": ""})
    write_file(table, RUN, D1, [1])
    commit(follower)
    close(settings, ingest, RAW, ms(D2))
    assert read_fence(table.open()).is_live(D1)
    write_file(table, RUN, D1, [2])
    write_file(table, RUN, D2, [3])
    commit(follower)
    close(settings, ingest, RAW, ms(D3))
    assert judged["asked"] == [D1, D1, D2]
    assert ReportStore(settings.lake).get(f"clicks/{D1}/{RUN}").rows == 2


def test_history_from_files_is_not_the_live_jobs_to_audit(settings, table, follower, judged) -> None:
    write_file(table, "load", D1, [1])
    append(table, "load", beside_live=True)
    write_file(table, RUN, D2, [2])
    commit(follower)
    close(settings, JOB.model_copy(update={"fence": ""}), RAW, ms(D3))
    assert judged["asked"] == [D2]


def test_a_silence_is_reported_day_by_day_and_a_jump_is_not(settings, table, follower, judged) -> None:
    write_file(table, RUN, D1, [1])
    commit(follower)
    close(settings, JOB, ONE, ms("2018-11-27"))
    assert judged["asked"] == [D1, *(f"2017-11-{day}" for day in range(26, 31)), "2017-12-01", "2017-12-02"]
