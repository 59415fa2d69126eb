"""Every operator gives the same rows as batch, live from Kafka in shuffled arrival order, and by its reference."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

from flink_jobs.core.settings import Settings
from flink_jobs.lake.publish import append
from flink_jobs.lake.schema import create
from flink_jobs.proof.prove import Asked, prove
from tests.operators.cases import FAMILIES, Case
from tests.operators.together import together

pytestmark = pytest.mark.services
TOGETHER = 12
"""Cases in one job: more would need more network buffers than a small platform has."""


def store(settings: Settings, cases: list[Case], scratch: Path) -> None:
    """The rows that the cases read as tables of the lake, one file a day."""
    from flink_jobs.reference.run import connect

    given = Case("given", {n: i for c in cases for n, i in c.inputs.items()}, {}, "")
    for name, folder in given.write(scratch).items():
        declared = given.inputs[name][0]
        table, db = create(settings.lake, name, declared.columns, key=declared.key), connect()
        rows = f"FROM read_parquet('{folder}/*')"
        days = db.execute(f"SELECT DISTINCT strftime(ts, '%Y-%m-%d') {rows}").fetchall()
        for (day,) in days:
            into = table.run_folder("case") / f"day={day}"
            into.mkdir(parents=True)
            same = f"WHERE strftime(ts, '%Y-%m-%d') = '{day}'"
            db.execute(f"COPY (SELECT * {rows} {same}) TO '{into}/part-0' (FORMAT parquet)")
        db.close()
        if days:
            append(table, "case")


def groups() -> dict[str, list[Case]]:
    """Cases of one family whose inputs agree run as one job: joins, joins_2, ..."""
    found: dict[str, list[Case]] = {}
    for family, cases in FAMILIES.items():
        for case in cases:
            names = (f"{family}_{i}" if i > 1 else family for i in count(1))
            fitting = next(n for n in names if _agree(found.get(n, []), case))
            found.setdefault(fitting, []).append(case)
    return found


def _agree(group: list[Case], case: Case) -> bool:
    given = {n: i for c in group for n, i in c.inputs.items()}
    return len(group) < TOGETHER and all(
        given.get(n, i) == i and case.span == group[0].span for n, i in case.inputs.items() if group
    )


@pytest.mark.parametrize(("name", "cases"), groups().items(), ids=list(groups()))
def test_batch_live_and_reference_agree(
    platform: Settings, tmp_path_factory: pytest.TempPathFactory, name: str, cases: list[Case]
) -> None:
    lake = tmp_path_factory.mktemp(name)
    settings = Settings(home=platform.home, lake=lake, ports=platform.ports, slots=platform.slots)
    store(settings, cases, tmp_path_factory.mktemp("given"))
    rows = max(len(given) for c in cases for _, given in c.inputs.values())
    degrees = (1, 2) if rows > 9 else (1,)
    asked = Asked(pipeline=together(name, cases), span=cases[0].span, parallelism=degrees, seeds=(1, 2))
    proof = prove(asked, settings=settings)
    assert [t for t in proof.tables if t.differing] == []
    assert proof.rows > 0 or rows == 0
