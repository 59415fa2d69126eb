"""Fill topics with the rows of pinned tables, for a proof's live run."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from flink_jobs.core.errors import PlatformError
from flink_jobs.proof.records import Record

if TYPE_CHECKING:
    from confluent_kafka import KafkaError, Message, Producer


def produce(bootstrap: str, topic: str, records: Iterable[Record], *, partitions: int) -> int:
    """Send all records in order, dealt out to the partitions by key; returns how many. Raises when one is not taken."""
    return produce_to(bootstrap, ((topic, record) for record in records), partitions=partitions)


def produce_to(bootstrap: str, records: Iterable[tuple[str, Record]], *, partitions: int) -> int:
    """The same for records of several topics, each with the name of its own."""
    return Sender(bootstrap).send(records, partitions=partitions)


class Sender:
    """One connection that sends again and again: to begin one takes half a second."""

    def __init__(self, bootstrap: str) -> None:
        self._producer, self._failed = _producer(bootstrap), _Failures()

    def send(self, records: Iterable[tuple[str, Record]], *, partitions: int) -> int:
        """As ``produce_to``."""
        sent = 0
        for topic, record in records:
            _send(self._producer, topic, record, partition_of(record, partitions), self._failed)
            sent += 1
        _flush(self._producer, self._failed)
        return sent


def partition_of(record: Record, partitions: int) -> int:
    """Where a record goes: records of one key stay together and in order."""
    return zlib.crc32(record[0].encode()) % partitions


class _Failures:
    """Remembers the first record that the broker refused, and its topic."""

    def __init__(self) -> None:
        self.first = ""

    def __call__(self, error: KafkaError | None, message: Message) -> None:
        if error is not None and not self.first:
            self.first = f"topic '{message.topic()}': {error}"


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


def _flush(producer: Producer, failed: _Failures) -> None:
    left = producer.flush(60)
    if left or failed.first:
        raise PlatformError(
            f"The broker did not take all records ({failed.first or f'{left} not sent in 60 s'}). See './mainstem status'."
        )
