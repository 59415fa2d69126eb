from __future__ import annotations

import pytest

from flink_jobs.core.errors import PlatformError
from flink_jobs.core.settings import Settings
from flink_jobs.services import topics


def test_without_a_broker_the_address_and_the_cure_are_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topics, "_SECONDS", 0.1)
    with pytest.raises(PlatformError, match=r"no Kafka broker answers at 127.0.0.1:31003.*mainstem up"):
        topics.end_offsets(settings, "clicks")


def test_a_topic_that_the_broker_does_not_list_yet_keeps_its_partitions(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = iter([{}, {}, {"clicks": 4}])
    monkeypatch.setattr(topics, "partitions", lambda _: next(listed))
    monkeypatch.setattr(topics, "create", lambda s, t: topics._same_partitions(s, t, 1))
    assert topics.ensure(settings, "clicks") == 4
