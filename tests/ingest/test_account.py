"""Rows and quarantine in, the equation out: a record that is nowhere or twice is found."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flink_jobs.ingest.account import account_load


@pytest.fixture
def account(tmp_path, views):
    def take(records, published, kept_out):
        (tmp_path / "staged").mkdir()
        for folder, columns in (("rows", ("_partition", "_offset", "id")), ("kept", ("partition", "offset", "reason"))):
            data = published if folder == "rows" else kept_out
            if data:
                (tmp_path / folder / "day=2017-11-25").mkdir(parents=True)
                table = pa.table({name: [row[i] for row in data] for i, name in enumerate(columns)})
                pq.write_table(table, tmp_path / folder / "day=2017-11-25" / "part-0")
        staged = pa.table({"partition": [-1] * records, "offset": list(range(1, records + 1))})
        pq.write_table(staged, tmp_path / "staged" / "file1.parquet")
        return account_load("views.csv", views, tmp_path / "staged", tmp_path / "rows", tmp_path / "kept")

    return take


def test_every_record_in_one_place_is_even(account):
    tally = account(4, [(-1, 1, 7), (-1, 2, 8)], [(-1, 3, "duplicate"), (-1, 4, "not_json")])
    assert tally.even
    assert (tally.records, tally.published, tally.duplicates, tally.quarantined) == (4, 2, 1, {"not_json": 1})


def test_nothing_published_may_be_even_too(account):
    assert account(1, [], [(-1, 1, "not_json")]).even


@pytest.mark.parametrize(
    ("published", "kept_out", "wrong", "examples"),
    [
        ([(-1, 1, 7)], [], "missing", ((-1, 2),)),
        ([(-1, 1, 7), (-1, 2, 8)], [(-1, 2, "duplicate")], "doubled", ((-1, 2),)),
        ([(-1, 1, 7), (-1, 2, 8), (-1, 3, 9)], [], "foreign", ((-1, 3),)),
    ],
)
def test_a_record_that_is_nowhere_or_twice_or_unknown_is_named(account, published, kept_out, wrong, examples):
    tally = account(2, published, kept_out)
    assert not tally.even
    assert (getattr(tally, wrong), tally.examples) == (1, examples)


def test_a_key_that_stands_twice_is_not_even(account):
    tally = account(2, [(-1, 1, 7), (-1, 2, 7)], [])
    assert not tally.even and tally.keys == 1
