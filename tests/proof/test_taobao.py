"""The line on a real behaviour log: load, run with the gate, prove. Needs the sample data beside the checkout."""

from __future__ import annotations

from pathlib import Path

import pytest

from flink_jobs.core.event_time import Span
from flink_jobs.core.settings import Settings
from flink_jobs.ingest.feeds import open_feed
from flink_jobs.ingest.load import load
from flink_jobs.jobs.catalog import find
from flink_jobs.proof.prove import Asked, prove
from flink_jobs.proof.verdict import Proof
from flink_jobs.runs import batch

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "taobao_behaviour"
DAY = Span.parse("2017-11-25", "2017-11-26")

pytestmark = [
    pytest.mark.services,
    pytest.mark.skipif(not DATA.is_dir(), reason="the taobao_behaviour sample is not beside this checkout"),
]


@pytest.fixture(scope="module")
def shop(platform: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A lake with the whole log, every record accounted for."""
    lake = tmp_path_factory.mktemp("taobao")
    settings = Settings(home=platform.home, lake=lake, ports=platform.ports, slots=platform.slots)
    feed, folder = open_feed("taobao", DATA)
    done = load(settings, feed, folder, find("shop").datasets, run_id="taobao")
    assert sum(one.tally.records for one in done) == 84_475
    assert all(one.tally.even for one in done)
    return settings


@pytest.fixture(scope="module")
def proof(shop: Settings) -> Proof:
    return prove(Asked(pipeline="shop_features", span=DAY), settings=shop)


def test_past_and_present_give_the_same_rows(proof: Proof) -> None:
    assert [t for t in proof.tables if t.differing] == []
    assert proof.rows == 8_301 + 8_328


def test_a_proven_day_passes_the_gate_and_a_second_run_changes_nothing(shop: Settings, proof: Proof) -> None:
    done = []
    for name in ("taobao-1", "taobao-2"):
        run = batch.start("shop_features", DAY, name, settings=shop)
        assert run.proof == proof.summary
        batch.wait(run, settings=shop)
        done.append(batch.publish(run, batch.audit(run, settings=shop), settings=shop))
    assert done[0]["user_features"].rows == done[1]["user_features"].rows == 8_301
    assert done[0]["item_features"].rows == done[1]["item_features"].rows == 8_328
