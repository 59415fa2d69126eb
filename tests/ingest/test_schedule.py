"""A file in, the records of a replay out: same seed, same records; every kind counted exactly."""

from __future__ import annotations

import json

import pytest

from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.event_time import Span, from_ms, iso
from flink_jobs.ingest.disorder import DAMAGES, Disorder, Source, disturb
from flink_jobs.ingest.schedule import Schedule
from flink_jobs.ingest.staging import stage

START = 1_511_568_000_000
N = 2_000
FILE = "id,user_id,title,price,ts\n" + "".join(f"{i},{i % 7},,,{iso(from_ms(START + i * 1000))}\n" for i in range(N))
ALL = Disorder(shuffle=8_000, late=0.1, duplicates=0.05, malformed=0.04, far_future=0.03, seed=3)


@pytest.fixture
def schedule(tmp_path, found, views):
    def make(disorder, content=FILE, span=None):
        staged = stage([found("v.csv", content)], tmp_path / "staged", known_ms=0, first_number={})
        made = Schedule(tmp_path / f"schedule-{disorder.seed}", {"views": views}, disorder)
        made.add(staged, tmp_path / "staged", span)
        return made

    return make


def sent(schedule):
    return [d for batch in schedule.departures() for d in batch]


def test_without_disorder_records_leave_in_order_of_event_time(schedule):
    lines = FILE.splitlines(keepends=True)
    out = sent(schedule(Disorder(), lines[0] + "".join(reversed(lines[1:]))))
    assert [int(d.key) for d in out] == list(range(N))


def test_counts_are_exact(schedule):
    made = schedule(ALL)
    (counts,) = made.counts()
    out = sent(made)
    assert counts.records == len(out) == sum(counts.kinds.values())
    assert counts.kinds["good"] + counts.kinds["late"] == counts.rows == N
    assert counts.kinds["duplicate"] == len(out) - len({(d.key, d.raw) for d in out}) > 0
    assert min(counts.kinds[k] for k in ("late", "malformed", "far_future")) > 0


def test_only_late_rows_stand_behind_the_watermark(schedule):
    made = schedule(ALL)
    (counts,) = made.counts()
    highest, behind = 0, 0
    good = {d.key: START + int(d.key) * 1000 for d in sent(made)}
    for key in dict.fromkeys(d.key for d in sent(made)):
        behind += good[key] < highest - 10_000
        highest = max(highest, good[key])
    assert counts.behind == behind == counts.kinds["late"]


@pytest.mark.slow
def test_the_seed_decides_everything(schedule):
    first, again, other = (sent(schedule(ALL.model_copy(update={"seed": s}))) for s in (1, 1, 2))
    assert first == again != other


def test_shuffled_rows_arrive_within_the_bound(schedule):
    out = sent(schedule(Disorder(shuffle=10_000)))
    assert all(0 <= d.arrival_ms - (START + int(d.key) * 1000) < 10_000 for d in out)
    assert [d.key for d in out] != sorted((d.key for d in out), key=int)


def test_a_shuffle_beyond_the_watermark_delay_is_refused(views):
    with pytest.raises(DeclarationError, match="shuffle of 11s is more than the watermark delay.*10s"):
        Disorder(shuffle=11_000).check(views)


def test_a_span_takes_its_own_events_only(schedule):
    span = Span(from_ms(START + 5_000), from_ms(START + 8_000))
    assert [d.key for d in sent(schedule(Disorder(), span=span))] == ["5", "6", "7"]


def test_an_unreadable_line_is_sent_as_it_stands(schedule):
    made = schedule(Disorder(), "id,user_id,title,price,ts\n1,2\n" + FILE.splitlines()[1])
    assert made.counts()[0].kinds["unreadable"] == 1
    assert sent(made)[0].raw == "1,2"


@pytest.mark.parametrize("damage", DAMAGES)
def test_every_damage_breaks_the_record(damage, views):
    import random

    raw = '{"id":1,"user_id":2,"title":null,"ts":"2017-11-25T00:00:00.000Z"} '
    broken = damage(raw, views, random.Random(1))
    assert broken != raw
    try:
        fields = json.loads(broken)
    except ValueError:
        return
    assert not isinstance(fields, dict) or fields.get("id") in (None, "many", 10**30) or "T" not in str(fields["ts"])


def test_a_file_gives_the_same_records_beside_any_other(views):
    source = [Source('{"id":1,"ts":"x"}', "1", START, True)] * 50
    alone = list(disturb(iter(source), views, ALL, salt="a"))
    assert (
        alone == list(disturb(iter(source), views, ALL, salt="a")) != list(disturb(iter(source), views, ALL, salt="b"))
    )
