"""A live job above its limit is refused with the step to blame and what helps; the limits themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from flink_jobs.core.errors import DeclarationError, StateTooLarge
from flink_jobs.core.pipeline import Pipeline, Publication
from flink_jobs.core.plan import StateBackend
from flink_jobs.core.settings import Settings
from flink_jobs.forecast.limit import VARIABLE, Limit, limit, parse_size, refuse, told
from flink_jobs.forecast.size import Part, Size
from flink_jobs.operators import operators
from flink_jobs.services.flink_config import task_manager_heap
from tests.forecast.lake import CLICKS, ORDERS

MB, GB = 1 << 20, 1 << 30
ACTIVITY = operators()["look_back_aggregate"].model_validate({
    "step": "activity", "input": "clicks", "per": ["user_id"], "windows": ["7d"], "aggregates": {"n": {"count": "*"}},
})  # fmt: skip
PIPELINE = Pipeline(
    name="shop",
    datasets={"clicks": CLICKS, "orders": ORDERS},
    steps={"activity": ACTIVITY},
    publish={"out": Publication(source="activity")},
)


def part(step: str, verb: str, what: str, entries: int, heap: int, rocksdb: int) -> Part:
    return Part(step, verb, what, entries, {"heap": heap, "rocksdb": rocksdb})


FOUND = Size(
    parts=(
        part("clicks", "", "a mark for each id, so that no record counts twice", 5_000_000, 500 * MB, 200 * MB),
        part("activity", "look_back_aggregate", "every row of clicks for 7d", 3_000_000, 1_900 * MB, 600 * MB),
        part("activity", "look_back_aggregate", "an entry for each user_id of clicks", 100_000, 90 * MB, 20 * MB),
        Part("lost", "label", "every row of gone", None, {}, "no table 'gone' with rows to sample"),
    ),
    lasting_ms=1_209_610_000,
    day="2024-03-03",
)

ON_HEAP = """\
The live job 'shop' would keep about 2.4 GB of state on the heap, and its limit is 300.0 MB (half of the TaskManager's heap). It is not started.
Most of it, 1.9 GB, is kept by step 'activity' (look_back_aggregate):
  • every row of clicks for 7d: 3,000,000 entries, 1.9 GB
  • an entry for each user_id of clicks: 100,000 entries, 90.0 MB
The numbers follow from the rows of 2024-03-03. One of these helps:
  - in 'activity': shorter windows, or tiled_look_back, which keeps one value a key and tile instead of every row
  - --state-backend rocksdb, which keeps it on disk: about 820.0 MB
  - a larger heap: MAINSTEM_TM_MEMORY=8g in front of './mainstem up'
  - --state-limit 3113m (or MAINSTEM_STATE_LIMIT), if you know better"""  # noqa: E501

OF_A_SOURCE = """\
The live job 'shop' would keep about 200.0 MB of state on disk, and its limit is 100.0 MB (--state-limit). It is not started.
Most of it, 200.0 MB, is kept by the source of 'clicks':
  • a mark for each id, so that no record counts twice: 5,000,000 entries, 200.0 MB
The numbers follow from the rows of 2024-03-03. One of these helps:
  - shorter look-backs in the steps over 'clicks': a key is remembered for the whole look-back and 7 days
  - a larger disk under MAINSTEM_HOME
  - --state-limit 250m (or MAINSTEM_STATE_LIMIT), if you know better"""


def refused(found: Size, backend: StateBackend, most: Limit) -> str:
    with pytest.raises(StateTooLarge) as caught:
        refuse("shop", PIPELINE, found, backend, most)
    return str(caught.value)


def test_a_refusal_names_the_step_and_what_helps() -> None:
    assert refused(FOUND, "heap", Limit(300 * MB, "half of the TaskManager's heap")) == ON_HEAP
    assert StateTooLarge.exit_code == 1


def test_a_source_can_be_to_blame() -> None:
    found = Size(FOUND.parts[:1], FOUND.lasting_ms, FOUND.day)
    assert refused(found, "rocksdb", Limit(100 * MB, "--state-limit")) == OF_A_SOURCE


def test_a_job_below_its_limit_or_without_an_estimate_starts() -> None:
    refuse("shop", PIPELINE, FOUND, "heap", Limit(FOUND.total("heap"), "a test"))
    refuse("shop", PIPELINE, Size(FOUND.parts[3:], None, ""), "heap", Limit(1, "a test"))
    refuse("shop", PIPELINE, Size((), None, "", trouble="the disk is gone"), "heap", Limit(1, "a test"))


def test_the_limit_is_the_stated_one_or_half_of_what_there_is(tmp_path: Path) -> None:
    settings = Settings.load({"MAINSTEM_HOME": str(tmp_path / "not" / "yet")})
    memory = {"MAINSTEM_TM_MEMORY": "2048m"}
    assert limit(settings, "heap", "3g", memory | {VARIABLE: "5g"}) == Limit(3 * GB, "--state-limit")
    assert limit(settings, "heap", env=memory | {VARIABLE: "800m"}) == Limit(800 * MB, VARIABLE)
    assert limit(settings, "heap", env=memory).bytes == task_manager_heap(memory) // 2
    assert limit(settings, "rocksdb", env=memory).bytes > MB


@pytest.mark.parametrize("text", ["4", "4 GB", "-1g", "0m", "1.5g"])
def test_a_limit_that_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(DeclarationError, match="--state-limit is .*800m"):
        parse_size(text, "--state-limit")


def test_sizes_are_told_in_the_unit_that_fits() -> None:
    assert [told(n) for n in (512, 2_048, 3_400_000, 5 * GB, 3 << 40)] == [
        "512 B",
        "2.0 kB",
        "3.2 MB",
        "5.0 GB",
        "3.0 TB",
    ]
