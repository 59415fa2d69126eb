"""What may have been late, from rows as (dataset, event time, known time, partition, offset, from a file)."""

from __future__ import annotations

import random
from collections import Counter

import duckdb
import pytest

from flink_jobs.lake.lateness import IDLE_MS, late

Row = tuple[str, int, int, int, int, bool]


def found(rows: list[Row]) -> list[tuple[str, int]]:
    db = duckdb.connect()
    db.execute("CREATE TABLE known (d VARCHAR, t BIGINT, k BIGINT, p INT, o BIGINT, loaded BOOLEAN, id UBIGINT)")
    db.execute(f"INSERT INTO known VALUES {', '.join(str((*row, 0)) for row in rows)}")
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


@pytest.mark.parametrize("seed", range(6))
def test_whatever_an_engine_drops_is_among_them(seed: int) -> None:
    rows = _log(random.Random(seed))
    dropped = _dropped(rows)
    assert dropped and not Counter(dropped) - Counter(found(rows))


def _log(dice: random.Random) -> list[Row]:
    """Four partitions of two topics; bursts, silences, rows out of order and far behind."""
    rows: list[Row] = []
    for d, p in (("a", 0), ("a", 1), ("b", 0), ("b", 1)):
        k = dice.randrange(20_000)
        for o in range(60):
            k += dice.choice((0, 1, 50, 400, 400, 1_000, 30_000 if dice.random() < 0.3 else 10))
            rows.append((d, k - dice.choice((0, 3, 9, 12, 5_000, 40_000)), k, p, o, False))
    return rows


def _dropped(rows: list[Row]) -> list[tuple[str, int]]:
    """An engine that reads in order of arrival, waits for the least partition, and for a silent one no longer."""
    newest: dict[tuple[str, int], int] = {}
    heard: dict[tuple[str, int], int] = {}
    watermark, dropped = -(2**62), []
    for d, t, k, p, _, _ in sorted(rows, key=lambda row: (row[2], row[0], row[3], row[4])):
        awake = [w for split, w in newest.items() if k - heard[split] <= 2 * IDLE_MS]
        watermark = max(watermark, min(awake) if awake else max(newest.values(), default=watermark))
        if t <= watermark:
            dropped.append((d, t))
        newest[d, p] = max(newest.get((d, p), -(2**62)), t - 10)
        heard[d, p] = k
    return dropped
