"""Every operator gives the same rows as batch, live from Kafka in shuffled arrival order, and by its reference."""

from __future__ import annotations

import pytest

from flink_jobs.core.settings import Settings
from tests.operators.cases import Case
from tests.operators.proving import degrees, groups, most_rows, proved

pytestmark = pytest.mark.services


@pytest.mark.parametrize(("name", "cases"), groups().items(), ids=list(groups()))
def test_batch_live_and_reference_agree(
    platform: Settings, tmp_path_factory: pytest.TempPathFactory, name: str, cases: list[Case]
) -> None:
    proof = proved(platform, tmp_path_factory.mktemp(name), cases, degrees=degrees(cases), seeds=(1, 2))
    assert [t for t in proof.tables if t.differing] == []
    assert proof.rows > 0 or most_rows(cases) == 0
