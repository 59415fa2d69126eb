"""A row as the record that its dataset's topic carries."""

from __future__ import annotations

import json
from typing import Any

from flink_jobs.cases import values
from flink_jobs.cases.case import Arrival
from flink_jobs.core.dataset import Dataset
from flink_jobs.core.event_time import to_ms
from flink_jobs.proof.records import Record


def record(dataset: Dataset, arrival: Arrival) -> Record:
    """Key text, JSON value, and when it arrives."""
    told = {c: _value(dataset, arrival.row[c], word) for c, word in dataset.columns.items()}
    key = "|".join(str(arrival.row[k]) for k in dataset.key)
    return key, json.dumps(told, ensure_ascii=False), arrival.at_ms


def _value(dataset: Dataset, value: Any, word: str) -> Any:
    if word == "timestamp" and value is not None and dataset.time_format != "iso":
        return to_ms(value) // (1000 if dataset.time_format == "epoch_s" else 1)
    return values.written(value, word)
