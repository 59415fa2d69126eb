"""Verdicts on disk, and what a gate says when it refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flink_jobs.core.errors import GateFailed, LakeError
from flink_jobs.quality.gate import refuse
from flink_jobs.quality.store import VerdictStore
from flink_jobs.quality.verdict import Origin, Result, Severity, Verdict, worst

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


def verdict(partition: str = "2017-11-25", *results: Result, run: str = "run-1", rows: int = 5) -> Verdict:
    return Verdict(
        report_id=run,
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
def store(tmp_path: Path) -> VerdictStore:
    return VerdictStore(tmp_path)


def test_a_report_comes_back_as_it_was(store: VerdictStore) -> None:
    saved = verdict("2017-11-25", result("a", "info", 3))
    store.save(saved)
    assert store.get("clicks", "2017-11-25", "run-1") == saved


def test_saving_again_changes_nothing(store: VerdictStore) -> None:
    first = store.save(verdict()).read_bytes()
    path = store.save(verdict())
    assert (path.read_bytes(), [p.name for p in path.parent.iterdir()]) == (first, ["run-1.json"])


def test_a_failed_write_leaves_no_trace(store: VerdictStore, monkeypatch: pytest.MonkeyPatch) -> None:
    path = store.save(verdict())

    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="no space left"):
        store.save(verdict(rows=6))
    assert [p.name for p in path.parent.iterdir()] == ["run-1.json"]
    assert store.runs("clicks", "2017-11-25")[0].rows == 5


def test_the_version_is_noted_after_the_commit(store: VerdictStore) -> None:
    store.save(verdict())
    store.published(verdict(), 7)
    assert [v.delta_version for v in store.runs("clicks", "2017-11-25")] == [7]


def test_the_latest_run_of_each_partition_comes_first(store: VerdictStore) -> None:
    for day, run in [("2017-11-24", "a"), ("2017-11-25", "a"), ("2017-11-25", "later")]:
        store.save(verdict(day, run=run))
    latest = [(v.partition, v.report_id) for v in store.latest("clicks", limit=9)]
    assert latest == [("2017-11-25", "later"), ("2017-11-24", "a")]


def test_refused_partitions_do_not_count_as_usual(store: VerdictStore) -> None:
    store.save(verdict("2017-11-22", rows=1))
    store.save(verdict("2017-11-23", rows=2))
    store.save(verdict("2017-11-24", result("bad", "critical"), rows=3))
    store.save(verdict("2017-11-25", rows=4))
    assert store.previous("clicks", "2017-11-25") == (2, 1)


@pytest.mark.parametrize("name", ["..", "../clicks", "a/b", ".hidden", "", "x\0"])
def test_names_that_leave_the_folder_find_nothing(store: VerdictStore, name: str) -> None:
    store.save(verdict())
    assert store.get(name, "2017-11-25", "run-1") is None
    assert store.get("clicks", name, "run-1") is None
    assert store.get("clicks", "2017-11-25", name) is None
    assert (store.partitions(name), store.runs(name, name)) == ([], [])


def test_a_broken_report_is_named(store: VerdictStore) -> None:
    store.save(verdict()).write_text("{")
    with pytest.raises(LakeError, match="run-1.json cannot be read.*Delete it"):
        store.get("clicks", "2017-11-25", "run-1")


def test_the_worst_reasons_come_first() -> None:
    mixed = verdict(
        "2017-11-25",
        result("note", "info"),
        result("few", "critical", 1),
        result("warn", "warning"),
        result("many", "critical", 90),
    )
    assert [reason.split(" (")[0] for reason in worst(mixed)] == ["many", "few", "warn"]
    assert worst(mixed, 1) == ["many (critical): expected one thing, found another."]


def test_only_critical_failures_close_the_gate() -> None:
    refuse([verdict("2017-11-25", result("w", "warning"), result("i", "info"))])
    with pytest.raises(GateFailed, match=r"refused partition 2017-11-25 of table 'clicks'.*\n  1\. c \(critical\)"):
        refuse([verdict(), verdict("2017-11-25", result("c", "critical"))], report="/plugin/data-quality/x")
