"""Every operator gives the same rows as batch, live from Kafka in shuffled arrival order, and by its reference."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest

from flink_jobs.core.settings import Settings
from flink_jobs.lake.publish import append
from flink_jobs.lake.schema import create
from flink_jobs.proof.prove import Asked, prove
from tests.operators.cases import CASES, Case
from tests.operators.together import together

pytestmark = pytest.mark.services


def store(settings: Settings, case: Case) -> None:
    """The case's rows as tables of the lake, one file a day."""
    from flink_jobs.reference.run import connect

    for name, (declared, _) in case.inputs.items():
        table = create(settings.lake, declared.table_name, declared.columns, key=declared.key)
        folder = case.write(table.path / "given")[name]
        db = connect()
        days = db.execute(f"SELECT DISTINCT strftime(ts, '%Y-%m-%d') FROM read_parquet('{folder}/*')").fetchall()
        for (day,) in days:
            into = table.run_folder("case") / f"day={day}"
            into.mkdir(parents=True, exist_ok=True)
            where = f"WHERE strftime(ts, '%Y-%m-%d') = '{day}'"
            db.execute(f"COPY (SELECT * FROM read_parquet('{folder}/*') {where}) TO '{into}/part-0' (FORMAT parquet)")
        db.close()
        if days:
            append(table, "case")
        assert all(pq.read_metadata(f).num_rows for f in folder.glob("*")) or not days


def groups() -> dict[str, list[Case]]:
    """Cases by the rows they read."""
    found: dict[str, list[Case]] = {}
    for case in CASES.values():
        rows = {n: [tuple(r.items()) for r in given] for n, (_, given) in case.inputs.items()}
        shared = "shop" if len(rows.get("clicks", [])) > 10 else case.name.replace(" ", "_").replace("-", "_")
        found.setdefault(shared, []).append(case)
    return found


@pytest.mark.parametrize(("name", "cases"), groups().items(), ids=list(groups()))
def test_batch_live_and_reference_agree(
    platform: Settings, tmp_path_factory: pytest.TempPathFactory, name: str, cases: list[Case]
) -> None:
    lake = tmp_path_factory.mktemp(name)
    settings = Settings(home=platform.home, lake=lake, ports=platform.ports, slots=platform.slots)
    for case in {tuple(sorted(c.inputs)): c for c in cases}.values():
        store(settings, case)
    degrees = (1, 2) if name == "shop" else (1,)
    asked = Asked(pipeline=together(name, cases), span=cases[0].span, parallelism=degrees, seeds=(1, 2))
    proof = prove(asked, settings=settings)
    assert [t for t in proof.tables if t.differing] == []
    assert proof.rows > 0 or name == "nothing"
