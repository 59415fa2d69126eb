"""Fill topics with the rows of pinned tables, for a proof's live run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from flink_jobs.core.errors import PlatformError
from flink_jobs.proof.records import Record

if TYPE_CHECKING:
    from confluent_kafka import KafkaError, Message, Producer


def produce(bootstrap: str, topic: str, records: Iterable[Record], *, partitions: int) -> int:
    """Send all records in order, dealt out to the partitions by key; returns how many. Raises when one is not taken."""
    return Sender(bootstrap).send(topic, records, partitions=partitions)


class Sender:
    """One connection that sends again and again: to begin one takes half a second."""

    def __init__(self, bootstrap: str) -> None:
        self._producer, self._failed = _producer(bootstrap), _Failures()

    def send(self, topic: str, records: Iterable[Record], *, partitions: int) -> int:
        """As ``produce``."""
        import zlib

        sent = 0
        for key, value, arrival in records:
            partition = zlib.crc32(key.encode()) % partitions
            _send(self._producer, topic, (key, value, arrival), partition, self._failed)
            sent += 1
        _flush(self._producer, topic, self._failed)
        return sent


class _Failures:
    """Remembers the first record that the broker refused."""

    def __init__(self) -> None:
        self.first = ""

    def __call__(self, error: KafkaError | None, _: Message) -> None:
        if error is not None and not self.first:
            self.first = str(error)


def _producer(bootstrap: str) -> Producer:
    from confluent_kafka import Producer

    settings: Mapping[str, str | int | bool] = {
        "bootstrap.servers": bootstrap,
        "enable.idempotence": True,
        "compression.type": "lz4",
        "linger.ms": 20,
        "queue.buffering.max.messages": 500_000,
        "log_level": 3,
    }
    return Producer(dict(settings))


def _send(producer: Producer, topic: str, record: Record, partition: int, failed: _Failures) -> None:
    key, value, arrival = record
    while True:
        try:
            producer.produce(topic, value, key, partition, on_delivery=failed, timestamp=max(arrival, 1))
        except BufferError:
            producer.poll(0.5)
            continue
        producer.poll(0)
        return


def _flush(producer: Producer, topic: str, failed: _Failures) -> None:
    left = producer.flush(60)
    if left or failed.first:
        raise PlatformError(
            f"The broker did not take all records of topic '{topic}' ({failed.first or f'{left} not sent in 60 s'}). "
            "See './mainstem status'."
        )
