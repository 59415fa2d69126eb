"""The simulator's own feed in, its known truth out: the two rooms agree on every count."""

from __future__ import annotations

import pytest

from flink_jobs.ingest.feeds import find_files, open_feed
from flink_jobs.ingest.records import read_records
from flink_jobs.jobs.catalog import find
from flink_jobs.simulate.folder import simulate_into
from flink_jobs.simulate.mess import Mess
from flink_jobs.simulate.shop import Shop


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_each_simulated_record_is_read_once(tmp_path, form):
    mess = Mess(duplicates=0.02, malformed=0.02, far_future=0.01)
    truth = simulate_into(tmp_path, Shop(users=40, days=2, seed=1), form=form, mess=mess)
    feed, folder = open_feed(str(tmp_path))
    for file in find_files(feed, folder, find(feed.pipeline).datasets):
        told = truth["streams"][file.dataset.name]
        records = list(read_records(file))
        assert len(records) == told["records"]
        assert sum(not r.good for r in records) == sum(told["malformed"].values())
        assert all(r.known_ms is not None for r in records if r.good)
