"""What a repair published becomes asset events with exactly those partitions; where it had nothing to do, none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSkipException

from mainstem_airflow.assets import table
from mainstem_airflow.command import RunCommand
from mainstem_airflow.repair_late import RepairLate

USERS, ITEMS = table("user_features"), table("item_features")


class Event:
    def __init__(self) -> None:
        self.keys: list[str] = []
        self.extra: dict[str, Any] = {}

    def add_partitions(self, keys: list[str]) -> None:
        self.keys += keys


def repaired(monkeypatch: pytest.MonkeyPatch, report: dict[str, Any]) -> dict[Any, Event]:
    """Run the task with a command that reports this."""

    def execute(task: RunCommand, _: Any) -> None:
        Path(task.command[-1].removeprefix("--report=")).write_text(json.dumps(report))

    monkeypatch.setattr(RunCommand, "execute", execute)
    events = {USERS: Event(), ITEMS: Event()}
    task = RepairLate(task_id="repair", command=["repair", "shop_features"], outlets=[USERS, ITEMS])
    task.execute({"outlet_events": events})  # type: ignore[arg-type, typeddict-item]
    return events


def test_events_name_the_partitions(monkeypatch: pytest.MonkeyPatch) -> None:
    days = ["2024-03-01", "2024-03-02"]
    events = repaired(monkeypatch, {"done": {"user_features": days}, "rows": 7, "waits": False})
    assert events[USERS].keys == days and events[USERS].extra == {"repaired": 2, "late_rows": 7}
    assert events[ITEMS].keys == []


@pytest.mark.parametrize(("waits", "words"), [(True, "7 late rows wait"), (False, "No late row touches")])
def test_nothing_done_is_skipped(monkeypatch: pytest.MonkeyPatch, waits: bool, words: str) -> None:
    with pytest.raises(AirflowSkipException, match=words):
        repaired(monkeypatch, {"done": {}, "rows": 7, "waits": waits})
