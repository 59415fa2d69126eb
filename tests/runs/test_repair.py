"""Late rows come in, the repair runs on the platform, and then the tables hold what a batch over everything would write."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flink_jobs.core.errors import DeclarationError, Unproven
from flink_jobs.core.event_time import Span, parse_utc
from flink_jobs.core.settings import Settings
from flink_jobs.lake.history import history
from flink_jobs.lake.snapshot import pin
from flink_jobs.lake.sql import query
from flink_jobs.lake.table import Table
from flink_jobs.proof.compare import compare
from flink_jobs.reference.run import write
from flink_jobs.runs import as_known, batch
from flink_jobs.runs.names import fresh_run_id
from flink_jobs.runs.repair import Worth, repair
from tests.runs.late_log import Log

D1, D2, D3, D4, D5 = (f"2024-03-0{n}" for n in range(1, 6))
SPAN = Span.parse(D1, "2024-03-06")

pytestmark = pytest.mark.services


def at(day: str, minute: int) -> str:
    return f"{day}T{minute // 60:02d}:{minute % 60:02d}:00Z"


ON_TIME = [
    (i, at(day, i % 1440), at(day, i % 1440))
    for i, day in enumerate(d for d in (D1, D2, D3, D4, D5) for _ in range(40))
]
LATE = [(1_000 + i, at(D2, 90 * i), at(D5, 1_400 + i)) for i in range(10)]


@pytest.fixture(scope="module")
def lake(platform: Settings, tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Log]:
    """Five days published before ten rows of the second one came."""
    log = Log(tmp_path_factory.mktemp("late"))
    settings = Settings(home=platform.home, lake=log.lake, ports=platform.ports, slots=platform.slots)
    log.arrive(ON_TIME)
    run = batch.start(str(log.file), SPAN, fresh_run_id("first", SPAN, str(log.lake)), unproven=True, settings=settings)
    batch.wait(run, settings=settings)
    batch.publish(run, batch.audit(run, settings=settings), settings=settings)
    log.arrive(LATE)
    return settings, log


def differing(log: Log, tmp_path: Path, raw: Path) -> dict[str, int]:
    """Rows of each published table that the meaning outside the engine, over these raw rows, does not have."""
    into = {t: tmp_path / "reference" / t for t in log.pipeline.publish}
    write(log.pipeline, {"taps": raw}, SPAN, into)
    found = {}
    for table, folder in into.items():
        rows = log.pipeline.relations[log.pipeline.publish[table].source]
        there = pin(Table(log.lake, table), into=tmp_path / "there" / table).folder
        found[table] = compare(("table", there), ("reference", folder), rows.columns, rows.key).differing
    return found


def test_a_repair_makes_the_tables_equal_to_a_batch_over_everything(lake: tuple[Settings, Log], tmp_path: Path) -> None:
    settings, log = lake
    raw = pin(log.raw, into=tmp_path / "raw").folder
    before = {t: Table(log.lake, t).open().version() for t in log.pipeline.publish}
    missing = differing(log, tmp_path / "before", raw)
    assert missing["tap_copies"] == 10 and missing["tap_counts"] > 10
    assert repair(str(log.file), worth=Worth(11, 10**14), settings=settings).waits
    with pytest.raises(Unproven, match="Version .* of pipeline 'late_taps' is not proven"):
        repair(str(log.file), settings=settings)
    done = repair(str(log.file), unproven=True, settings=settings)
    assert (done.jobs, done.refused) == (1, {})
    assert done.done == {"tap_counts": [D2, D3], "tap_copies": [D2]}
    assert differing(log, tmp_path / "after", raw) == {"tap_counts": 0, "tap_copies": 0}
    again = repair(str(log.file), settings=settings)
    assert (again.jobs, again.done, again.plan.affected) == (0, {}, ())
    made = {t: [v for v in history(Table(log.lake, t)) if v.version > before[t]] for t in log.pipeline.publish}
    assert {t: [v.partitions for v in vs] for t, vs in made.items()} == {
        "tap_counts": [(D3,), (D2,)],
        "tap_copies": [(D2,)],
    }


def test_rows_as_they_were_known(lake: tuple[Settings, Log], tmp_path: Path) -> None:
    settings, log = lake
    late = parse_utc(LATE[4][2])
    done = as_known.run(str(log.file), SPAN, late, tmp_path / "known", settings=settings)
    known = query(log.lake, f"SELECT count(*) FROM taps WHERE _known_at < TIMESTAMP '{late:%Y-%m-%d %H:%M:%S}'").rows[
        0
    ][0]
    assert done.rows == {"tap_counts": known, "tap_copies": known} and known == len(ON_TIME) + 4
    raw = tmp_path / "raw"
    raw.mkdir()
    cut = f"SELECT * FROM taps WHERE _known_at < TIMESTAMP '{late:%Y-%m-%d %H:%M:%S}'"
    query(log.lake, f"COPY ({cut}) TO '{raw}/rows.parquet'")
    into = {t: tmp_path / "reference" / t for t in log.pipeline.publish}
    write(log.pipeline, {"taps": raw}, SPAN, into)
    for table, folder in done.folders.items():
        rows = log.pipeline.relations[log.pipeline.publish[table].source]
        assert compare(("known", folder), ("reference", into[table]), rows.columns, rows.key).equal
    listed = query(log.lake, f"SELECT count(*) FROM '{done.folders['tap_counts']}/*/*.parquet'").rows
    told = json.loads((tmp_path / "known" / as_known.NOTE).read_text())
    assert listed == [(known,)] and told["known_before"] == LATE[4][2].replace("Z", ".000Z")
    with pytest.raises(DeclarationError, match="exists already"):
        as_known.run(str(log.file), SPAN, late, tmp_path / "known", settings=settings)
