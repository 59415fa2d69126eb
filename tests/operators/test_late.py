"""Rows behind the watermark: counted exactly, and either without effect or without loss, whatever the operator.

One live job runs an example of each operator. What it drops is a planted error that the comparison must see, and so are
rows that come twice, as they would after a restore that is not exactly once.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from flink_jobs.core.settings import Settings
from flink_jobs.proof.compare import compare
from tests.operators.checks.bases import cover
from tests.operators.checks.behind import PLANTED, Behind, drops

pytestmark = pytest.mark.services


@pytest.fixture(scope="module")
def behind(platform: Settings, tmp_path_factory: pytest.TempPathFactory) -> Behind:
    made = Behind(platform, cover(), tmp_path_factory.mktemp("behind"))
    made.references()
    made.live()
    return made


def differing(behind: Behind, left: dict[str, Path], right: dict[str, Path]) -> dict[str, int]:
    """Rows that differ, by case."""
    return {
        case.name: compare(("left", left[o.table]), ("right", right[o.table]), o.columns, o.key).differing
        for case, o in zip(behind.cases, behind.plan.outputs, strict=True)
    }


def test_late_rows_are_counted_exactly(behind: Behind) -> None:
    """What the product counts as late is what was planted, and it is what the results are without."""
    assert behind.counted() == dict.fromkeys(behind.topics, PLANTED)
    live = behind.sinks("live")
    without, every = differing(behind, live, behind.sinks("in time")), differing(behind, live, behind.sinks("every"))
    assert {c.name: (without if drops(c) else every)[c.name] for c in behind.cases} == dict.fromkeys(without, 0)


def test_a_dropped_late_row_is_seen(behind: Behind) -> None:
    found = differing(behind, behind.sinks("live"), behind.sinks("every"))
    assert [c.name for c in behind.cases if drops(c) and not found[c.name]] == []


def test_rows_that_come_twice_are_seen(behind: Behind, tmp_path: Path) -> None:
    for table, folder in behind.sinks("live").items():
        shutil.copytree(folder, tmp_path / table)
        file = next(f for f in sorted((tmp_path / table).rglob("*")) if f.is_file() and not f.name.startswith((".", "_")))
        shutil.copy(file, file.with_name(f"{file.name}-again"))
    found = differing(behind, {table: tmp_path / table for table in behind.sinks("live")}, behind.sinks("live"))
    changes = {c.name for c in behind.cases if c.pipeline.relations[c.result].kind == "upsert"}
    assert {name for name, rows in found.items() if not rows} == changes, "a change that comes twice changes nothing"
