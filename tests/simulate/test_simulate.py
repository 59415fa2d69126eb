"""The same seed gives the same log; what was planted can be found; every disturbance is counted."""

from __future__ import annotations

import gzip
import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flink_jobs.core.errors import DeclarationError
from flink_jobs.ingest.feeds import find_files, open_feed
from flink_jobs.ingest.records import read_records
from flink_jobs.jobs.catalog import find
from flink_jobs.simulate.files import Format
from flink_jobs.simulate.folder import simulate_into
from flink_jobs.simulate.funnel import Log, simulate
from flink_jobs.simulate.mess import GOOD, Mess, disturb
from flink_jobs.simulate.shop import Shop

SHOP = Shop(days=3, users=200, seed=11, start=date(2024, 2, 28))
MESS = Mess(duplicates=0.05, malformed=0.04, late=0.03, far_future=0.02)


@pytest.fixture(scope="module")
def log() -> Log:
    return simulate(SHOP)


def digests(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, form: Format) -> None:
    small = Shop(days=1, users=30)
    simulate_into(tmp_path / "a", small, form=form)
    simulate_into(tmp_path / "b", small, form=form)
    assert digests(tmp_path / "a") == digests(tmp_path / "b")


def test_another_seed_gives_another_log(log: Log) -> None:
    other = simulate(Shop(days=3, users=200, seed=12, start=date(2024, 2, 28)))
    assert len(other.streams["page_views"]) != len(log.streams["page_views"])


def test_ids_are_unique_over_all_streams_and_follow_time(log: Log) -> None:
    ids = np.concatenate([e.event_id for e in log.streams.values()])
    times = np.concatenate([e.ts for e in log.streams.values()])
    assert sorted(ids.tolist()) == list(range(1, len(ids) + 1))
    assert (np.diff(times[np.argsort(ids)]) >= 0).all()


def test_every_event_lies_in_the_span(log: Log) -> None:
    for events in log.streams.values():
        assert SHOP.span.start_ms <= events.ts.min() <= events.ts.max() < SHOP.span.end_ms


def test_an_item_has_one_category(log: Log) -> None:
    pairs = {p for e in log.streams.values() for p in zip(e.item_id.tolist(), e.category_id.tolist(), strict=True)}
    assert len({item for item, _ in pairs}) == len(pairs)


def test_every_cart_follows_a_view_of_the_same_user_and_item(log: Log) -> None:
    views, carts = log.streams["page_views"], log.streams["carts"]
    first: dict[tuple[int, int], int] = {}
    for user, item, ts in zip(views.user_id.tolist(), views.item_id.tolist(), views.ts.tolist(), strict=True):
        first.setdefault((user, item), ts)
    for user, item, ts in zip(carts.user_id.tolist(), carts.item_id.tolist(), carts.ts.tolist(), strict=True):
        assert first[user, item] < ts


def test_planted_rates_can_be_found_again() -> None:
    log = simulate(Shop(days=5, users=2_000, categories=5))
    for stream, chances in (("carts", log.rates.cart_per_view), ("favourites", log.rates.favourite_per_view)):
        for category in range(1, 6):
            views = int((log.streams["page_views"].category_id == category).sum())
            happened = int((log.streams[stream].category_id == category).sum())
            chance = float(chances[category - 1])
            assert abs(happened - views * chance) < 5 * (views * chance * (1 - chance)) ** 0.5


def test_few_items_and_users_make_most_of_the_views(log: Log) -> None:
    views = log.streams["page_views"]
    for column, share in ((views.item_id, 0.4), (views.user_id, 0.2)):
        counts = np.sort(np.bincount(column)[1:])[::-1]
        assert counts[: len(counts) // 10].sum() > share * len(views)


def test_evenings_are_busier_than_nights(log: Log) -> None:
    hours = np.bincount((log.streams["page_views"].ts // 3_600_000) % 24, minlength=24)
    assert hours[19:22].sum() > 4 * hours[2:5].sum()


def test_late_rows_are_moved_and_all_else_is_added(log: Log) -> None:
    events = log.streams["page_views"]
    made = disturb(events, MESS, np.random.default_rng(1), next_id=10**6)
    good = made.kind == GOOD
    assert sorted(made.events.event_id[good].tolist()) == sorted(events.event_id.tolist())
    assert (np.diff(made.known_at) >= 0).all()
    assert made.late == round(len(events) * 0.03) == int((made.known_at - made.events.ts >= 3_600_000)[good].sum())
    assert 0.9 * made.late < made.behind_watermark <= made.late


def records(folder: Path, stream: str) -> list[Any]:
    feed, data = open_feed(str(folder))
    found = next(f for f in find_files(feed, data, find("shop").datasets) if f.how.dataset == stream)
    return list(read_records(found))


@pytest.mark.slow
@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_the_truth_is_what_a_reader_finds(tmp_path: Path, form: Format) -> None:
    truth = simulate_into(tmp_path, SHOP, form=form, mess=MESS)
    for stream, told in truth["streams"].items():
        read = records(tmp_path, stream)
        good = [r for r in read if r.good]
        future = [r for r in good if r.event_ms > SHOP.span.end_ms + 3_600_000]
        assert len(read) == told["records"]
        assert len(read) - len(good) == sum(told["malformed"].values())
        assert len(future) == told["far_future"]
        assert len({r.key for r in good}) == told["rows"] + told["far_future"]
        assert told["records"] == told["rows"] + told["duplicates"] + told["far_future"] + sum(
            told["malformed"].values()
        )


def test_the_truth_counts_every_day(tmp_path: Path) -> None:
    truth = simulate_into(tmp_path, SHOP)
    days = truth["streams"]["page_views"]["days"]
    assert list(days) == ["2024-02-28", "2024-02-29", "2024-03-01"]
    assert sum(days.values()) == truth["streams"]["page_views"]["rows"]
    assert json.loads((tmp_path / "truth.json").read_text()) == truth


def test_a_clean_log_has_nothing_but_the_columns(tmp_path: Path) -> None:
    simulate_into(tmp_path, Shop(days=1, users=10))
    first = gzip.decompress((tmp_path / "page_views.jsonl.gz").read_bytes()).split(b"\n")[0]
    assert list(json.loads(first)) == ["event_id", "user_id", "item_id", "category_id", "ts"]


def test_parquet_and_json_hold_the_same_rows(tmp_path: Path) -> None:
    small = Shop(days=1, users=30)
    simulate_into(tmp_path / "p", small, form="parquet")
    simulate_into(tmp_path / "j", small)
    import duckdb

    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'UTC'")
        columns = "event_id, user_id, item_id, category_id, CAST(ts AS TIMESTAMPTZ) AS ts"
        one, two = (
            db.execute(f"SELECT {columns} FROM '{tmp_path}/{file}' ORDER BY ALL").fetchall()
            for file in ("p/page_views.parquet", "j/page_views.jsonl.gz")
        )
    assert one == two
    assert one


def test_parquet_cannot_hold_malformed_records(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match="no record of it can be malformed. Take jsonl or csv"):
        simulate_into(tmp_path, Shop(days=1, users=30), form="parquet", mess=Mess(malformed=0.1))


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_lies_between_0_and_1(share: float) -> None:
    with pytest.raises(DeclarationError, match="must lie between 0 and 1"):
        Mess(late=share)


@pytest.mark.parametrize("field", ["days", "users"])
def test_an_empty_shop_is_refused(field: str) -> None:
    with pytest.raises(DeclarationError, match=f"0 {field}, but must have at least one"):
        Shop(**{field: 0})
