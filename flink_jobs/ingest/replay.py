"""Play records into Kafka in order of arrival, at a multiple of the speed at which they happened or as fast as it goes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

from flink_jobs.core.dataset import Dataset
from flink_jobs.core.errors import PlatformError
from flink_jobs.core.settings import Settings
from flink_jobs.ingest.schedule import Departure

if TYPE_CHECKING:
    from confluent_kafka import Producer

Clock = Literal["wall", "event"]
_FLUSH_S = 60.0
_IN_FLIGHT = 100_000


@dataclass(frozen=True)
class Played:
    """What went to each topic, and how long the sending took."""

    records: dict[str, int]
    seconds: float

    @property
    def rate(self) -> float:
        """Records a second."""
        return sum(self.records.values()) / max(self.seconds, 1e-9)


def make_topics(settings: Settings, datasets: Iterable[Dataset], *, partitions: int | None) -> dict[str, int]:
    """Make the topics that are missing, with one partition unless said otherwise; answer the partitions of each.

    Raises PlatformError when a topic is there with another number of partitions than asked for.
    """
    from flink_jobs.services import topics

    made = {}
    for name in sorted({d.topic_name for d in datasets}):
        if partitions is None:
            made[name] = topics.ensure(settings, name)
        else:
            topics.create(settings, name, partitions=partitions)
            made[name] = partitions
    return made


def play(
    settings: Settings,
    departures: Iterable[Sequence[Departure]],
    *,
    speed: float | None = None,
    clock: Clock = "wall",
    progress: Callable[[int], None] = lambda n: None,
) -> Played:
    """Send every record, each acknowledged by the broker; raises PlatformError when one was not.

    ``speed`` 60 plays an hour in a minute; None does not wait. With the clock ``wall`` a record's Kafka time, which is
    its known time, is the time it is sent; with ``event`` it is its arrival on the clock of the data.
    """
    out = _Out(settings, clock)
    started = time.monotonic()
    first: int | None = None
    for batch in departures:
        first = batch[0].arrival_ms if first is None else first
        for part in [batch] if speed is None else _due(batch):
            if speed is not None:
                _wait(started + (part[0].arrival_ms - first) / 1000 / speed)
            out.send(part)
            progress(len(part))
    out.close()
    return Played(dict(sorted(out.sent.items())), time.monotonic() - started)


def _due(batch: Sequence[Departure]) -> list[list[Departure]]:
    """Records that arrive in the same tenth of a second leave together."""
    return [list(part) for _, part in groupby(batch, key=lambda d: d.arrival_ms // 100)]


def _wait(until: float) -> None:
    left = until - time.monotonic()
    if left > 0:
        time.sleep(left)


class _Out:
    """An idempotent producer that counts what the broker did not take."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._producer = _producer(settings)
        self._where = settings.kafka
        self._clock = clock
        self._failed: Counter[str] = Counter()
        self.sent: Counter[str] = Counter()

    def send(self, departures: Sequence[Departure]) -> None:
        by_topic: dict[str, list[dict[str, Any]]] = {}
        for topic, arrival_ms, key, raw in departures:
            message: dict[str, Any] = {"key": key, "value": raw}
            if self._clock == "event":
                message["timestamp"] = arrival_ms
            by_topic.setdefault(topic, []).append(message)
        for topic, messages in by_topic.items():
            self._queue(topic, messages)
            self.sent[topic] += len(messages)

    def _queue(self, topic: str, messages: list[dict[str, Any]]) -> None:
        """Queue all messages; waits for room first, because a full queue would let later records overtake earlier ones."""
        while len(self._producer) > _IN_FLIGHT:
            self._producer.poll(0.05)
        self._producer.produce_batch(topic, messages, on_delivery=self._delivered)
        self._failed.update(str(m["_error"]) for m in messages if "_error" in m)
        self._producer.poll(0)
        self._check()

    def close(self) -> None:
        left = self._producer.flush(_FLUSH_S)
        self._check()
        if left:
            raise PlatformError(f"Kafka at {self._where} did not take {left} records within {_FLUSH_S:.0f} s.")

    def _delivered(self, error: Any, message: Any) -> None:
        if error is not None:
            self._failed[str(error)] += 1

    def _check(self) -> None:
        if self._failed:
            (cause, n), *_ = self._failed.most_common(1)
            raise PlatformError(
                f"Kafka at {self._where} refused {n} records: {cause}. The topic holds a part of the replay now; "
                "delete the topic before you repeat it."
            )


def _producer(settings: Settings) -> Producer:
    from confluent_kafka import Producer

    return Producer(
        {
            "bootstrap.servers": settings.kafka,
            "enable.idempotence": True,
            "acks": "all",
            "compression.type": "lz4",
            "partitioner": "murmur2_random",
            "linger.ms": 20,
            "batch.size": 1_000_000,
            "queue.buffering.max.messages": 2 * _IN_FLIGHT,
            "queue.buffering.max.kbytes": 1_048_576,
            "delivery.timeout.ms": 60_000,
            "log_level": 0,
        }
    )
