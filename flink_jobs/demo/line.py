"""The line of the demo: each step does its work, or finds it done, and says in a few words what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from flink_jobs.core.errors import RunError
from flink_jobs.core.event_time import Span, partition_key
from flink_jobs.core.pipeline import Pipeline
from flink_jobs.core.settings import Settings
from flink_jobs.ingest.account import Tally, account_topics
from flink_jobs.ingest.disorder import Disorder
from flink_jobs.ingest.feeds import open_feed
from flink_jobs.ingest.sending import send
from flink_jobs.jobs.catalog import find
from flink_jobs.lake.active import active_files
from flink_jobs.lake.table import Table
from flink_jobs.proof.verdict import Proof, standing
from flink_jobs.runs import live
from flink_jobs.services import topics
from flink_jobs.services.dag_runs import ENDED, DagRun, open_runs
from flink_jobs.simulate.folder import simulate_into
from flink_jobs.simulate.mess import Mess
from flink_jobs.simulate.shop import Shop

FEATURES = "shop_features"
SHOP = Shop(days=4, users=300, seed=7)
MESS = Mess(duplicates=0.01, malformed=0.005, late=0.0, far_future=0.002)
WAIT_S = 240.0
Say = Callable[[str], None]


@dataclass(frozen=True)
class Outcome:
    """One line of the table at the end. ``rows`` is empty where rows do not tell anything."""

    step: str
    ran: str
    rows: str
    seconds: float


class Line:
    """The steps in order; ``say`` hears what happens while a step goes on."""

    def __init__(self, settings: Settings, data: Path | None, say: Say) -> None:
        self.settings, self.say = settings, say
        self.folder = data or settings.folder("demo") / "data"
        self.simulated = data is None
        self.airflow = open_runs(settings)
        self.features: Pipeline = find(FEATURES)
        self.datasets = [self.features.datasets[n] for n in self.features.reads()]
        self.outcomes: list[Outcome] = []

    def step(self, name: str, work: Callable[[], tuple[str, str]]) -> None:
        """Run one step and remember what it said."""
        self.say(name)
        since = time.monotonic()
        ran, rows = work()
        self.outcomes.append(Outcome(name, ran, rows, time.monotonic() - since))

    def run(self) -> list[Outcome]:
        """The whole line."""
        self.step("events", self.events)
        self.step("ingest", self.ingest)
        self.step("replay", self.replay)
        self.step("account", self.account)
        self.step("proof", self.prove)
        self.step("backfill", self.backfill)
        self.step("live", self.live)
        return self.outcomes

    def events(self) -> tuple[str, str]:
        """The user's files, or a made-up shop whose truth is known."""
        if self.simulated and not (self.folder / "truth.json").exists():
            simulate_into(self.folder, SHOP, mess=MESS)
        return f"files in {self.folder.name}", ""

    def ingest(self) -> tuple[str, str]:
        """Airflow starts the live job that writes topics to tables."""
        self._keep("ingest_events", {"pipeline": "shop"})
        self._until_running("shop")
        return "DAG ingest_events, running", ""

    def replay(self) -> tuple[str, str]:
        """Play the files into the topics, once."""
        if sum(sum(topics.end_offsets(self.settings, d.topic_name).values()) for d in self.datasets):
            return "records are in the topics already", ""
        feed, folder = open_feed(str(self.folder), None)
        sent = send(self.settings, feed, folder, find(feed.pipeline).datasets, Disorder(shuffle=8_000, seed=7))
        return (
            f"{len(sent.topics)} topics, {sent.played.rate:,.0f} records/s",
            f"{sum(c.records for c in sent.topics):,}",
        )

    def account(self) -> tuple[str, str]:
        """Every record of a topic stands in its table or in its quarantine, exactly once."""
        tallies = account_topics(self.settings, self.datasets, wait_s=WAIT_S)
        if not all(t.even for t in tallies):
            raise RunError("Records are missing or doubled: './mainstem ingest shop --account' shows which.")
        return _equation(tallies), f"{sum(t.published for t in tallies):,}"

    def prove(self) -> tuple[str, str]:
        """Batch, live in a shuffled order, and the reference, over the first day: only a proven version is published."""
        proof = standing(self.settings.lake, FEATURES, self.features.version)
        if proof is None or proof.verdict != "proven":
            days = self._days()
            self.airflow.wait_for("prove_features")
            asked = {"pipeline": FEATURES, "from": days[0], "to": days[1]}
            proving = self.airflow.trigger("prove_features", conf=asked)
            self._wait(lambda: [self.airflow.run(proving.dag_id, proving.run_id)], 1)
            proof = standing(self.settings.lake, FEATURES, self.features.version)
        return _verdict(proof), f"{proof.rows:,}" if proof else ""

    def backfill(self) -> tuple[str, str]:
        """Airflow builds every day but the last, one partition each."""
        days = self._days()
        done = self._published()
        missing = [d for d in days[:-1] if d not in done]
        if missing:
            self.airflow.wait_for("build_features")
            made = self.airflow.backfill("build_features", _from_to(missing[0], missing[-1]))
            count = len(made.partitions)
            self._wait(lambda: self.airflow.runs(made), count, say=lambda n: self.say(f"backfill: {n} of {count} days"))
        rows = sum(f.rows for t in self.features.publish for f in active_files(Table(self.settings.lake, t).open()))
        return f"DAG build_features, {len(missing)} of {len(days) - 1} days now", f"{rows:,}"

    def live(self) -> tuple[str, str]:
        """Airflow starts the same pipeline live; it goes on from the fence."""
        self._keep("run_live_features", {"pipeline": FEATURES, "fence": f"{self._days()[-1]}T00:00:00Z"})
        self._until_running(FEATURES)
        deadline = time.monotonic() + WAIT_S
        while not (rows := sum(live.state(FEATURES, settings=self.settings).rows.values())):
            if time.monotonic() > deadline:
                raise RunError(
                    "The live job runs, but no row of it was published; see './mainstem live shop_features --status'."
                )
            time.sleep(1)
        return f"DAG run_live_features, from {self._days()[-1]} on", f"{rows:,}"

    def _keep(self, dag: str, conf: dict[str, str]) -> None:
        self.airflow.wait_for(dag)
        if self.airflow.active(dag) is None:
            self.airflow.trigger(dag, conf=conf)

    def _wait(self, look: Callable[[], list[DagRun]], count: int, say: Callable[[int], None] = lambda _: None) -> None:
        """Return when all runs have succeeded; raises RunError."""
        if count:
            runs = self.airflow.wait(look, count, say=lambda found: say(sum(run.state in ENDED for run in found)))
            self.airflow.must_succeed(runs)

    def _until_running(self, name: str) -> None:
        from flink_jobs.ingest.registration import known

        deadline = time.monotonic() + WAIT_S
        while not known(self.settings, name) or live.state(name, settings=self.settings).state != "RUNNING":
            if time.monotonic() > deadline:
                raise RunError(
                    f"The live job '{name}' does not run after {WAIT_S:.0f} s; its task in Airflow says why."
                )
            time.sleep(0.5)

    def _days(self) -> list[str]:
        """The UTC days that the raw tables hold and that lie next to each other, up to the newest."""
        found = {
            f.partition for d in self.datasets for f in active_files(Table(self.settings.lake, d.table_name).open())
        }
        days = [max(found)]
        while (before := _day_before(days[0])) in found:
            days.insert(0, before)
        return days

    def _published(self) -> set[str]:
        held = [
            {f.partition for f in active_files(table.open())}
            if (table := Table(self.settings.lake, t)).exists()
            else set()
            for t in self.features.publish
        ]
        return set.intersection(*held)


def _from_to(first: str, last: str) -> Span:
    """Both days and all between."""
    return Span(Span.of_partition(first).start, Span.of_partition(last).end)


def _day_before(day: str) -> str:
    return partition_key(Span.of_partition(day).start - timedelta(days=1), "day")


def _equation(tallies: list[Tally]) -> str:
    records, published = sum(t.records for t in tallies), sum(t.published for t in tallies)
    copies = sum(t.duplicates for t in tallies)
    refused = sum(sum(t.quarantined.values()) for t in tallies)
    return f"{records:,} in = {published:,} rows + {copies:,} duplicates + {refused:,} quarantined"


def _verdict(proof: Proof | None) -> str:
    if proof is None:
        raise RunError("The proof ended well, but none is stored for this version of the pipeline.")
    return "batch = live = reference" if proof.equal else f"{proof.differing:,} rows differ"
