"""Reports on disk, and the verdict over several of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flink_jobs.core.errors import LakeError
from flink_jobs.quality.store import ReportStore
from flink_jobs.quality.verdict import Origin, Report, Result, Severity, Verdict, worst

BEGAN = datetime(2024, 5, 1, tzinfo=UTC)


def result(title: str, severity: Severity, failing: int | None = None) -> Result:
    return Result(
        expectation="e",
        title=title,
        severity=severity,
        success=False,
        expected="one thing",
        observed="another",
        checked=None if failing is None else 100,
        failing=failing,
    )


def report(partition: str = "2017-11-25", *results: Result, run: str = "run-1", rows: int = 5) -> Report:
    return Report(
        table="clicks",
        partition=partition,
        suite="derived",
        origin=Origin(run_id=run),
        started=BEGAN + timedelta(minutes=len(run)),
        seconds=0.1,
        rows=rows,
        files=1,
        results=results,
    )


@pytest.fixture
def store(tmp_path: Path) -> ReportStore:
    return ReportStore(tmp_path)


def test_a_report_comes_back_as_it_was(store: ReportStore) -> None:
    saved = report("2017-11-25", result("a", "info", 3))
    store.save(saved)
    assert store.get("clicks/2017-11-25/run-1") == saved


def test_saving_again_changes_nothing(store: ReportStore) -> None:
    first = store.save(report()).read_bytes()
    path = store.save(report())
    assert (path.read_bytes(), [p.name for p in path.parent.iterdir()]) == (first, ["run-1.json"])


def test_a_failed_write_leaves_no_trace(store: ReportStore, monkeypatch: pytest.MonkeyPatch) -> None:
    path = store.save(report())

    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="no space left"):
        store.save(report(rows=6))
    assert [p.name for p in path.parent.iterdir()] == ["run-1.json"]
    assert store.runs("clicks", "2017-11-25")[0].rows == 5


def test_the_version_is_noted_after_the_commit(store: ReportStore) -> None:
    store.save(report())
    store.published(Verdict(reports=(report(),)), 7)
    assert [v.delta_version for v in store.runs("clicks", "2017-11-25")] == [7]


def test_the_latest_run_of_each_partition_comes_first(store: ReportStore) -> None:
    for day, run in [("2017-11-24", "a"), ("2017-11-25", "a"), ("2017-11-25", "later")]:
        store.save(report(day, run=run))
    latest = [(v.partition, v.origin.run_id) for v in store.latest("clicks", limit=9)]
    assert latest == [("2017-11-25", "later"), ("2017-11-24", "a")]


def test_refused_partitions_do_not_count_as_usual(store: ReportStore) -> None:
    store.save(report("2017-11-22", rows=1))
    store.save(report("2017-11-23", rows=2))
    store.save(report("2017-11-24", result("bad", "critical"), rows=3))
    store.save(report("2017-11-25", rows=4))
    assert store.previous("clicks", "2017-11-25") == (2, 1)


@pytest.mark.parametrize("name", ["..", "../clicks", "a/b", ".hidden", "", "x\0"])
def test_names_that_leave_the_folder_find_nothing(store: ReportStore, name: str) -> None:
    store.save(report())
    for parts in ([name, "2017-11-25", "run-1"], ["clicks", name, "run-1"], ["clicks", "2017-11-25", name]):
        assert store.get("/".join(parts)) is None
    assert (store.partitions(name), store.runs(name, name)) == ([], [])


def test_a_broken_report_is_named(store: ReportStore) -> None:
    store.save(report()).write_text("{")
    with pytest.raises(LakeError, match="run-1.json cannot be read.*Delete it"):
        store.get("clicks/2017-11-25/run-1")


def test_the_worst_reasons_come_first() -> None:
    mixed = report(
        "2017-11-25",
        result("note", "info"),
        result("few", "critical", 1),
        result("warn", "warning"),
        result("many", "critical", 90),
    )
    assert [reason.split(" (")[0] for reason in worst(mixed)] == ["many", "few", "warn"]
    assert worst(mixed, 1) == ["many (critical): expected one thing, found another."]


def test_only_critical_failures_refuse_a_partition() -> None:
    assert report("2017-11-25", result("w", "warning"), result("i", "info")).success
    assert not report("2017-11-25", result("c", "critical")).success


def test_a_verdict_is_as_good_as_its_worst_partition() -> None:
    good, bad = report("2017-11-24"), report("2017-11-25", result("c", "critical", 2), result("w", "warning"))
    verdict = Verdict(reports=(good, bad))
    assert (verdict.success, verdict.status, verdict.rows) == (False, "fail", 10)
    assert verdict.report_id == "clicks/2017-11-25/run-1"
    assert worst(verdict, 1) == ["c (critical, 2017-11-25): expected one thing, found another."]
