"""Cases on the real platform: batch and live, with their pauses and crashes, give what is expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from flink_jobs.cases.capture import Asked, capture
from flink_jobs.cases.catalog import below
from flink_jobs.cases.read import read
from flink_jobs.cases.run import run
from flink_jobs.core.event_time import Span
from flink_jobs.core.settings import Settings
from flink_jobs.jobs.catalog import SHIPPED
from flink_jobs.services import topics
from tests.cases.test_capture import lake

__all__ = ["lake"]

# Sockets of the broker's client are closed by its own thread, some time after.
pytestmark = [
    pytest.mark.services,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def test_shipped_cases_come_out_as_expected_in_both_modes(platform: Settings) -> None:
    folders = below(SHIPPED / "cases")
    found = run(folders, ways=("batch", "live"), settings=platform, say=print)
    assert [
        (c.case, w.way, w.error, [t for t in w.tables if t.differing]) for c in found for w in c.ways if not w.good
    ] == []
    for case, folder in zip(found, folders, strict=True):
        assert case.ways[1].restored == read(folder).marks.count("crash") > 0, "each crash was followed by a restart"
    assert [t for t in topics.partitions(platform) if t.startswith("case-")] == []
    assert list((platform.home / "flink" / "savepoints").glob("*")) == []


def test_a_captured_case_expects_what_a_batch_makes_of_it(platform: Settings, lake: Path) -> None:
    settings = Settings(home=platform.home, lake=lake / "lake", ports=platform.ports, slots=platform.slots)
    done = capture(Asked("small.yaml", Span.parse("2025-03-08", "2025-03-09"), {"user_id": ("1",)}), settings=settings)
    assert (done.way, done.expected) == ("batch", {"click_counts": 2})
    assert [one.good for one in run([done.folder], ways=("reference",), settings=settings)] == [True]
