"""Which tables follow from others, over the pipelines of a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from flink_jobs.jobs.catalog import VARIABLE
from flink_jobs.jobs.downstream import Fed, downstream

ROWS = "{columns: {id: bigint, ts: timestamp}, key: [id], event_time: ts}"


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """raw → near → far, and side; ring_a and ring_b feed each other; one file is no pipeline."""
    wired = {
        "first": ({"raw": "raw", "other": "other"}, {"near": "raw", "apart": "other"}),
        "second": ({"n": "near"}, {"far": "n"}),
        "third": ({"n": "near"}, {"side": "n"}),
        "ring_one": ({"b": "ring_b"}, {"ring_a": "b"}),
        "ring_two": ({"a": "ring_a"}, {"ring_b": "a"}),
    }
    for name, (reads, publishes) in wired.items():
        lines = [f"name: {name}", "datasets:"]
        lines += [f"  {d}: {ROWS.replace('{columns', '{table: ' + t + ', columns')}" for d, t in reads.items()]
        lines += ["publish:", *(f"  {t}: {{from: {d}}}" for t, d in publishes.items())]
        (tmp_path / f"{name}.yaml").write_text("\n".join(lines))
    (tmp_path / "broken.yaml").write_text("name: [")
    return {VARIABLE: str(tmp_path)}


def test_tables_follow_near_and_far_but_not_beside(env: dict[str, str]) -> None:
    assert downstream(["raw"], env) == (
        Fed("near", "first", ("raw",)),
        Fed("far", "second", ("raw", "near")),
        Fed("side", "third", ("raw", "near")),
    )


def test_nothing_follows_from_a_table_that_nobody_reads(env: dict[str, str]) -> None:
    assert downstream(["far", "unheard_of"], env) == ()


def test_a_ring_of_pipelines_ends(env: dict[str, str]) -> None:
    assert downstream(["ring_a"], env) == (Fed("ring_b", "ring_two", ("ring_a",)),)


def test_the_shipped_pipelines_follow_from_the_raw_tables() -> None:
    found = {f.table for f in downstream(["orders"], {})}
    outcomes = {"outcome_waits", "view_outcomes", "top_items_by_rate"}
    assert found == {"user_features", "item_features", "order_paths"} | outcomes
