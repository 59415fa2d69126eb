from __future__ import annotations

from flink_jobs.core.settings import Settings
from flink_jobs.services.kafka import cluster_id, properties


def test_the_broker_listens_on_loopback_only(settings: Settings) -> None:
    lines = dict(line.split("=", 1) for line in properties(settings).splitlines())
    assert lines["listeners"] == "PLAINTEXT://127.0.0.1:31003,CONTROLLER://127.0.0.1:31004"
    assert lines["advertised.listeners"] == "PLAINTEXT://127.0.0.1:31003"


def test_topics_are_not_made_by_a_spelling_mistake(settings: Settings) -> None:
    assert "auto.create.topics.enable=false\n" in properties(settings)


def test_an_id_is_never_read_as_an_option() -> None:
    ids = [cluster_id(bytes([first]) * 16) for first in range(256)]
    assert not [i for i in ids if i.startswith("-")]
    assert {len(i) for i in ids} == {22}
