"""What may have been late, from rows as (dataset, event time, known time, partition, offset, from a file)."""

from __future__ import annotations

import duckdb

from flink_jobs.lake.lateness import IDLE_MS, late

Row = tuple[str, int, int, int, int, bool]


def found(rows: list[Row]) -> list[tuple[str, int]]:
    db = duckdb.connect()
    db.execute("CREATE TABLE known (d VARCHAR, t BIGINT, k BIGINT, p INT, o BIGINT, loaded BOOLEAN, id UBIGINT)")
    db.executemany("INSERT INTO known VALUES (?, ?, ?, ?, ?, ?, 0)", rows)
    return sorted(db.execute(f"SELECT d, t FROM ({late({'a': 10, 'b': 10})})").fetchall())


def test_a_row_is_late_at_the_watermark_and_below() -> None:
    rows = [("a", 100, 1, 0, 0, False), ("a", 91, 2, 0, 1, False), ("a", 90, 3, 0, 2, False)]
    assert found(rows) == [("a", 90)]


def test_the_order_in_the_topic_counts_and_not_the_millisecond() -> None:
    rows = [("a", 50, 1, 0, 0, False), ("a", 100, 1, 0, 1, False), ("a", 80, 1, 0, 2, False)]
    assert found(rows) == [("a", 80)]


def test_partitions_that_go_on_wait_for_each_other() -> None:
    rows = [("a", 10, 1, 0, 0, False), ("a", 10, 1, 1, 0, False), ("a", 500, 2, 1, 1, False), ("a", 20, 3, 0, 1, False)]
    assert found(rows) == []


def test_after_a_silence_the_others_may_have_gone_on_without_it() -> None:
    silent = 1 + IDLE_MS + 1
    rows = [("b", 10, 1, 0, 0, False), ("a", 10, 1, 0, 0, False), ("a", 500, 9, 0, 1, False)]
    assert found([*rows, ("b", 490, silent, 0, 1, False), ("b", 491, silent + 1, 0, 2, False)]) == [("b", 490)]
    assert found([*rows, ("b", 490, silent - 1, 0, 1, False)]) == []


def test_a_row_from_a_file_was_in_no_topic_and_holds_no_watermark() -> None:
    assert found([("a", 900, 1, -1, 0, True), ("a", 100, 2, 0, 0, False)]) == [("a", 900)]
