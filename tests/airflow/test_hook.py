"""The connection's test in Airflow's form: which of the two servers is silent, and where it was looked for."""

from __future__ import annotations

import pytest

from mainstem_airflow import hook
from mainstem_airflow.addresses import Addresses
from mainstem_airflow.hook import FlinkHook

OVERVIEW = {"flink-version": "2.3.0", "slots-total": 6}


@pytest.fixture
def answers(monkeypatch):
    """What each address answers; silence where none is noted."""
    told = {"http://flink/overview": OVERVIEW, "http://runs/health": {"status": "ok"}}

    def get(url):
        if url not in told:
            raise OSError("connection refused")
        return told[url]

    found = Addresses(flink="http://flink", runs="http://runs", dashboard="http://flink")
    monkeypatch.setattr(hook, "_get", get)
    monkeypatch.setattr(FlinkHook, "addresses", property(lambda _: found))
    return told


def test_both_answer(answers):
    assert FlinkHook().test_connection() == (True, "Flink 2.3.0 with 6 slots; run server ready.")


@pytest.mark.parametrize(
    ("silent", "words"),
    [
        ("http://flink/overview", "Flink does not answer at http://flink: connection refused"),
        ("http://runs/health", "The run server does not answer at http://runs: connection refused"),
    ],
)
def test_the_silent_one_is_named(answers, silent, words):
    del answers[silent]
    assert FlinkHook().test_connection() == (False, words)


def test_a_connection_that_is_none_is_told(monkeypatch):
    def broken(_):
        raise ValueError("extra is no JSON")

    monkeypatch.setattr(FlinkHook, "addresses", property(broken))
    assert FlinkHook().test_connection() == (False, "extra is no JSON")
