"""Every operator gives the same rows as batch, live from Kafka in shuffled arrival order, and by its reference."""

from __future__ import annotations

from itertools import count

import pytest

from flink_jobs.core.settings import Settings
from tests.operators.cases import FAMILIES, Case
from tests.operators.proving import agree, proved

pytestmark = pytest.mark.services


def groups() -> dict[str, list[Case]]:
    """Cases of one family whose inputs agree run as one job: joins, joins_2, ..."""
    found: dict[str, list[Case]] = {}
    for family, cases in FAMILIES.items():
        for case in cases:
            names = (f"{family}_{i}" if i > 1 else family for i in count(1))
            fitting = next(n for n in names if agree(found.get(n, []), case))
            found.setdefault(fitting, []).append(case)
    return found


@pytest.mark.parametrize(("name", "cases"), groups().items(), ids=list(groups()))
def test_batch_live_and_reference_agree(
    platform: Settings, tmp_path_factory: pytest.TempPathFactory, name: str, cases: list[Case]
) -> None:
    rows = max(len(given) for c in cases for _, given in c.inputs.values())
    degrees = (1, 2) if rows > 9 else (1,)
    proof = proved(platform, tmp_path_factory.mktemp(name), cases, degrees=degrees, seeds=(1, 2))
    assert [t for t in proof.tables if t.differing] == []
    assert proof.rows > 0 or rows == 0
