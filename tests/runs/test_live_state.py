"""Where a live job keeps its state, and what does not let it move."""

from __future__ import annotations

import pytest

from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.plan import Topics, checked_backend
from flink_jobs.ingest.registration import Registration
from flink_jobs.runs.live import _refuse_moving
from tests.runtime.jobs import live_job


def test_a_word_that_is_no_state_backend_is_refused_with_those_that_are():
    assert checked_backend("rocksdb") == "rocksdb"
    with pytest.raises(DeclarationError, match=r"'disk' is no state backend\. Take heap .* or rocksdb"):
        checked_backend("disk")


def test_a_job_that_has_state_stays_where_it_is(tmp_path):
    job = live_job(Topics(topics=("clicks",), bootstrap="127.0.0.1:9"), tmp_path)
    known = Registration(name="shop", pipeline="shop", fence="2024-01-01T00:00:00Z", job=job)
    _refuse_moving(known, None)
    _refuse_moving(known, "heap")
    with pytest.raises(DeclarationError, match=r"keeps its state in heap.*--give-back.*--state-backend rocksdb"):
        _refuse_moving(known, "rocksdb")
