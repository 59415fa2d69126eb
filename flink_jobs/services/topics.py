"""Topics of the broker: make, delete, and how far each partition reaches."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flink_jobs.core.errors import PlatformError
from flink_jobs.core.settings import Settings

if TYPE_CHECKING:
    from confluent_kafka import KafkaError, KafkaException
    from confluent_kafka.admin import AdminClient

_SECONDS = 15.0
_FOREVER = -1


class _OtherPartitions(PlatformError):
    """A topic is there with ``found`` partitions."""

    def __init__(self, text: str, found: int) -> None:
        super().__init__(text)
        self.found = found


def admin(settings: Settings) -> AdminClient:
    """A client for administration; it connects at the first question. Silent: errors come as exceptions."""
    from confluent_kafka.admin import AdminClient

    return AdminClient({"bootstrap.servers": settings.kafka, "log_level": 0})


def create(settings: Settings, topic: str, *, partitions: int = 1, retention_ms: int = _FOREVER) -> bool:
    """Make a topic; False when it was there already. Records are kept for ever unless said otherwise.

    Raises PlatformError when it is there with another number of partitions: keys would move.
    """
    from confluent_kafka import KafkaError, KafkaException
    from confluent_kafka.admin import NewTopic  # type: ignore[attr-defined]  # its stubs do not name it

    config = {"retention.ms": str(retention_ms)}
    new = NewTopic(topic, num_partitions=partitions, replication_factor=1, config=config)
    client = admin(settings)  # kept until the answer is here: without it the question is dropped
    try:
        client.create_topics([new], operation_timeout=_SECONDS, request_timeout=_SECONDS)[topic].result()
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
            raise _failed(settings, f"make topic '{topic}'", error) from error
        _same_partitions(settings, topic, partitions)
        return False
    return True


def ensure(settings: Settings, topic: str) -> int:
    """The partitions of a topic, which is made with one when it is not there.

    A broker that has just started refuses a topic as existing before it lists it, so the list alone cannot decide.
    """
    there = partitions(settings).get(topic)
    if there is not None:
        return there
    try:
        create(settings, topic)
    except _OtherPartitions as other:
        return other.found
    return 1


def delete(settings: Settings, topics: Iterable[str]) -> None:
    """Delete topics with their records; one that does not exist is no error."""
    from confluent_kafka import KafkaError, KafkaException

    names = list(topics)
    if not names:
        return
    client = admin(settings)
    futures = client.delete_topics(names, operation_timeout=_SECONDS, request_timeout=_SECONDS)
    for topic, future in futures.items():
        try:
            future.result()
        except KafkaException as error:
            if error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise _failed(settings, f"delete topic '{topic}'", error) from error


def partitions(settings: Settings) -> dict[str, int]:
    """Every topic of the user and its number of partitions."""
    from confluent_kafka import KafkaException

    try:
        topics = admin(settings).list_topics(timeout=_SECONDS).topics
    except KafkaException as error:
        raise _failed(settings, "list topics", error) from error
    return {name: len(topic.partitions) for name, topic in sorted(topics.items()) if not name.startswith("__")}


def end_offsets(settings: Settings, topic: str) -> dict[int, int]:
    """For each partition the offset that its next record will get, uncommitted records included."""
    return _offsets(settings, topic, latest=True)


def start_offsets(settings: Settings, topic: str) -> dict[int, int]:
    """For each partition the offset of the oldest record still kept."""
    return _offsets(settings, topic, latest=False)


def _offsets(settings: Settings, topic: str, *, latest: bool) -> dict[int, int]:
    from confluent_kafka import KafkaException, TopicPartition
    from confluent_kafka.admin import OffsetSpec  # type: ignore[attr-defined]  # its stubs do not name it

    known = partitions(settings)
    if topic not in known:
        raise PlatformError(f"Topic '{topic}' does not exist at {settings.kafka}. Known: {', '.join(known) or 'none'}.")
    which = OffsetSpec.latest() if latest else OffsetSpec.earliest()  # type: ignore[no-untyped-call]
    asked = {TopicPartition(topic, number): which for number in range(known[topic])}
    client = admin(settings)
    futures = client.list_offsets(asked, request_timeout=_SECONDS)
    try:
        return {place.partition: future.result().offset for place, future in futures.items()}
    except KafkaException as error:
        raise _failed(settings, f"read the offsets of topic '{topic}'", error) from error


def _same_partitions(settings: Settings, topic: str, wanted: int) -> None:
    found = _listed(settings, topic)
    if found != wanted:
        raise _OtherPartitions(
            f"Topic '{topic}' has {found} partitions, not {wanted}. Delete it or ask for {found}: "
            "a key would else be found in two partitions.",
            found,
        )


def _listed(settings: Settings, topic: str) -> int:
    """The partitions of a topic that exists, as soon as the broker lists it."""
    deadline = time.monotonic() + _SECONDS
    while (found := partitions(settings).get(topic)) is None:
        if time.monotonic() > deadline:
            raise PlatformError(f"Topic '{topic}' exists at {settings.kafka}, but the broker does not list it. Look at its log.")
        time.sleep(0.1)
    return found


def _failed(settings: Settings, what: str, error: KafkaException) -> PlatformError:
    cause: KafkaError = error.args[0]
    if cause.code() in (cause._TRANSPORT, cause._TIMED_OUT, cause._ALL_BROKERS_DOWN):
        return PlatformError(
            f"Cannot {what}: no Kafka broker answers at {settings.kafka}. Start it with 'mainstem up', "
            "or name your own: MAINSTEM_KAFKA=host:port."
        )
    return PlatformError(f"Cannot {what} at {settings.kafka}: {cause.str()}.")
