"""Small jobs for the tests of this room."""

from __future__ import annotations

from pathlib import Path

from flink_jobs.core.dataset import Dataset
from flink_jobs.core.event_time import parse_utc, to_ms
from flink_jobs.core.frame import interval, over
from flink_jobs.core.plan import Files, IngestJob, Job, Output, Plan, Topics, View

DAY = 86_400_000
START = to_ms(parse_utc("2017-11-25"))

CLICKS = Dataset(
    name="clicks",
    columns={"event_id": "bigint", "user_id": "bigint", "behaviour": "string", "price": "decimal(18,2)", "ts": "timestamp"},
    key=("event_id",),
    event_time="ts",
    watermark_delay=10_000,
    nullable=("price",),
    allowed={"behaviour": ("view", "cart", "order")},
)
VIEWS = (
    View(
        name="counted",
        select=(
            "SELECT COUNT(*) "
            + over(("user_id",), "ts", 3_599_999)
            + " AS `n`, SUM(`price`) "
            + over(("user_id",), "ts", 3_599_999)
            + " AS `spent`, t.* FROM `clicks` t"
        ),
    ),
    View(
        name="hourly",
        select=(
            "SELECT `user_id`, COUNT(*) AS `n`, `window_time` AS `ts` FROM TABLE(TUMBLE(TABLE `clicks`, DESCRIPTOR(`ts`), "
            "INTERVAL '1' HOUR)) GROUP BY `user_id`, `window_start`, `window_end`, `window_time`"
        ),
    ),
    View(
        name="paired",
        select=(
            "SELECT a.`event_id`, b.`event_id` AS `next_id`, a.`ts` FROM (SELECT * FROM `clicks` WHERE `behaviour` = 'view') a "
            "LEFT JOIN (SELECT * FROM `clicks` WHERE `behaviour` = 'order') b ON a.`user_id` = b.`user_id` AND "
            f"b.`ts` BETWEEN a.`ts` AND a.`ts` + {interval(1_799_999)}"
        ),
    ),
)
OUTPUTS = (
    Output(
        table="counts",
        source="counted",
        columns={"event_id": "bigint", "user_id": "bigint", "n": "bigint", "spent": "decimal(38,2)", "ts": "timestamp"},
        key=("event_id",),
        event_time="ts",
    ),
    Output(
        table="hours",
        source="hourly",
        columns={"user_id": "bigint", "n": "bigint", "ts": "timestamp"},
        key=("user_id", "ts"),
        event_time="ts",
        partition_by="hour",
    ),
    Output(
        table="pairs",
        source="paired",
        columns={"event_id": "bigint", "next_id": "bigint", "ts": "timestamp"},
        key=("event_id", "next_id"),
        event_time="ts",
    ),
)


def plan(*, days: int = 1, live: bool = False) -> Plan:
    """Look-back counts, hourly counts and an interval join of clicks over some days from 25 November 2017."""
    return Plan(
        pipeline="clicks_seen",
        version="1",
        start_ms=START,
        end_ms=None if live else START + days * DAY,
        read_from_ms=START - DAY,
        read_to_ms=None if live else START + (days + 1) * DAY,
        state_ms=2 * DAY,
        datasets=(CLICKS,),
        views=VIEWS,
        outputs=OUTPUTS,
    )


def batch_job(clicks: Path, out: Path, *, job_id: str = "a" * 32, days: int = 1, parallelism: int = 1) -> Job:
    """The plan over a folder of files."""
    return Job(
        job_id=job_id,
        name="clicks-batch",
        plan=plan(days=days),
        live=False,
        sources={"clicks": Files(folder=str(clicks))},
        sinks={o.table: str(out / o.table) for o in OUTPUTS},
        parallelism=parallelism,
    )


def live_job(topics: Topics, out: Path, *, job_id: str = "b" * 32, parallelism: int = 1) -> Job:
    """The plan without an end over topics."""
    return Job(
        job_id=job_id,
        name="clicks-live",
        plan=plan(live=True),
        live=True,
        sources={"clicks": topics},
        sinks={o.table: str(out / o.table) for o in OUTPUTS},
        parallelism=parallelism,
        checkpoint_ms=1_000,
    )


def trusted(job: Job, *guarantees: str, time_format: str = "iso") -> Job:
    """The job over clicks whose sender guarantees so much."""
    clicks = CLICKS.model_copy(update={"trusted": guarantees, "time_format": time_format})
    return job.model_copy(update={"plan": job.plan.model_copy(update={"datasets": (clicks,)})})


def ingest_job(source: Files | Topics, out: Path, *, job_id: str = "c" * 32, live: bool = False) -> IngestJob:
    """Raw clicks into a table and its quarantine."""
    return IngestJob(
        job_id=job_id,
        name="ingest-clicks",
        live=live,
        datasets=(CLICKS,),
        sources={"clicks": source},
        tables={"clicks": str(out / "clicks")},
        quarantines={"clicks": str(out / "clicks_quarantine")},
        checkpoint_ms=1_000,
    )
