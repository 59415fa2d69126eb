"""What becomes of a record, one by one: the rules of raw records in the real engine."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from flink_jobs.core.plan import Files

from . import rows
from .jobs import ingest_job

# The engine's Python side and what it imports warn of parts of their own.
pytestmark = [pytest.mark.flink, pytest.mark.filterwarnings("ignore")]
ARRIVED = datetime(2017, 11, 25, 2, tzinfo=UTC)
GOOD = '"user_id": 7, "behaviour": "view", "ts": "2017-11-25T01:02:03.004Z"'
# @ stands for the other columns of a good record.
CASES: dict[str | None, tuple[str, str] | None] = {
    # whole records
    '{"event_id": 1, @}': None,
    "not json": ("not_json", ""),
    "": ("not_json", ""),
    None: ("not_json", ""),
    "[1]": ("not_json", ""),
    "null": ("not_json", ""),
    '{"event_id": 2': ("not_json", ""),
    '{"event_id": 2, @} and more': ("not_json", ""),
    '{"event_id": 2, @}{"event_id": 3}': ("not_json", ""),
    '{"event_id": 2, @}}': ("not_json", ""),
    '{"event_id": 2, @}, {"event_id": 3}': ("not_json", ""),
    '{"a":' * 1_200 + "1" + "}" * 1_200: ("not_json", ""),
    '{"event_id": 2, @,}': ("not_json", ""),
    '{"event_id": 2, @, "x": "}': ("not_json", ""),
    ' {"event_id": 4, "unknown": {"x": [1]}, @} ': None,
    '{"event_id": 7, @, "unknown": {"x": "}{"}}': None,
    '{"event_id": 8, "unknown": "}", @}': None,
    '{"event_id": 1, "price": 9, @}': ("duplicate", ""),
    # whole numbers
    '{"event_id": "5", @}': None,
    "{@}": ("missing", "event_id"),
    '{"event_id": null, @}': ("missing", "event_id"),
    '{"event_id": 1.0, @}': ("wrong_type", "event_id"),
    '{"event_id": 1e2, @}': ("wrong_type", "event_id"),
    '{"event_id": " 6 ", @}': ("wrong_type", "event_id"),
    '{"event_id": true, @}': ("wrong_type", "event_id"),
    '{"event_id": [6], @}': ("wrong_type", "event_id"),
    '{"event_id": {}, @}': ("wrong_type", "event_id"),
    '{"event_id": -9223372036854775808, @}': None,
    '{"event_id": 9223372036854775808, @}': ("out_of_range", "event_id"),
    # decimals, which may be null here
    '{"event_id": 20, "price": null, @}': None,
    '{"event_id": 21, "price": 1e3, @}': None,
    '{"event_id": 22, "price": "NaN", @}': ("wrong_type", "price"),
    '{"event_id": 22, "price": {}, @}': ("wrong_type", "price"),
    '{"event_id": 22, "price": 12345678901234567.89, @}': ("out_of_range", "price"),
    # allowed values
    '{"event_id": 30, "user_id": 7, "behaviour": "steal", "ts": "2017-11-25T01:00:00Z"}': ("not_allowed", "behaviour"),
}
TIMES: dict[str, tuple[str, str] | None] = {
    '"2017-11-25T01:02:03Z"': None,
    '"2017-11-25 01:02:03.1"': None,
    '"2017-11-25T03:00:00.000Z"': None,
    '"2017-11-25T03:00:00.001Z"': ("too_far_ahead", "ts"),
    '"2117-11-25T03:00:00Z"': ("too_far_ahead", "ts"),
    '"2017-02-30T00:00:00Z"': ("wrong_type", "ts"),
    '"2017-13-01T00:00:00Z"': ("wrong_type", "ts"),
    '"2017-11-00T00:00:00Z"': ("wrong_type", "ts"),
    '"1970-01-01T00:00:00Z"': None,
    '"2016-02-29T23:59:59.999999999Z"': None,
    '"1969-12-31T23:59:59.9Z"': None,
    '"0001-01-01T00:00:00.1Z"': None,
    '"9999-12-31T23:59:59Z"': ("too_far_ahead", "ts"),
    '"2017-11-24T24:00:00Z"': ("wrong_type", "ts"),
    '"2017-11-25T01:02:03+08:00"': ("wrong_type", "ts"),
    '"the day before yesterday"': ("wrong_type", "ts"),
    "1511571723004": ("wrong_type", "ts"),
    "null": ("missing", "ts"),
}


def cases() -> dict[str | None, tuple[str, str] | None]:
    """Every record and its reason and field; None for a good one."""
    times = {
        f'{{"event_id": {100 + i}, "user_id": 7, "behaviour": "view", "ts": {text}}}': want
        for i, (text, want) in enumerate(TIMES.items())
    }
    return {k and k.replace("@", GOOD): want for k, want in CASES.items()} | times


@pytest.fixture(scope="module")
def judged(run_locally, tmp_path_factory):
    """Offset → (reason, field), None for a good record; every offset exactly once."""
    folder = tmp_path_factory.mktemp("judging")
    source = rows.raw_files(list(cases()), folder / "in", known_at=ARRIVED)
    run_locally(ingest_job(Files(folder=str(source)), folder))
    good, bad = rows.read(folder / "clicks"), rows.read(folder / "clicks_quarantine")
    found = [(r["_offset"], None) for r in good] + [(r["offset"], (r["reason"], r["field"])) for r in bad]
    assert sorted(offset for offset, _ in found) == list(range(len(cases())))
    return dict(found)


def test_every_record_goes_where_its_first_fault_sends_it(judged):
    wanted = dict(enumerate(cases().values()))
    texts = list(cases())
    assert {texts[o]: judged[o] for o in wanted if judged[o] != wanted[o]} == {}


def test_of_two_arrivals_the_first_is_kept(judged):
    texts = list(cases())
    first, copy = (o for o, text in enumerate(texts) if text and '"event_id": 1, ' in text)
    assert judged[first] is None and judged[copy] == ("duplicate", "")
