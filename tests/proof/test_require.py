"""Only a proven version publishes: what is refused, in which words, and what is written beside rows all the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flink_jobs.core.errors import LakeError, Unproven
from flink_jobs.core.event_time import Span
from flink_jobs.core.settings import Settings
from flink_jobs.jobs.catalog import find
from flink_jobs.proof.require import require
from flink_jobs.proof.verdict import named, proofs, save
from flink_jobs.runs import batch, live
from tests.proof.made import proof, table
from tests.runs.late_log import Log

SHOP = "shop_features"
MONTH = Span.parse("2025-03-04", "2025-04-01")


def refusal(lake: Path, asked: str = SHOP) -> str:
    with pytest.raises(Unproven) as refused:
        require(lake, asked, MONTH)
    assert refused.value.exit_code == 1
    return str(refused.value)


def test_the_refusal_names_version_cause_and_cure(tmp_path: Path) -> None:
    text = refusal(tmp_path)
    assert f"Version {find(SHOP).version} of pipeline 'shop_features' is not proven, so nothing is published. Nobody" in text
    assert "'mainstem prove shop_features --from 2025-03-04 --to 2025-03-05'" in text
    assert "prove_features" in text and "--unproven" in text


def test_a_proof_of_the_declared_version_over_any_span_lets_it_publish(tmp_path: Path) -> None:
    save(tmp_path, proof(1, SHOP, "0" * 12))
    assert "Proof 000000000001 is of version 000000000000; the declaration has changed since." in refusal(tmp_path)
    save(tmp_path, proof(2, SHOP, find(SHOP).version, kills=1))
    assert require(tmp_path, SHOP, MONTH) == "000000000002: equal, 7 rows, 2 runs, 1 kills"
    assert require(tmp_path, SHOP, MONTH, unproven=True) == require(tmp_path, SHOP, None)


def test_the_newest_proof_counts_and_one_that_differs_or_compared_nothing_refuses(tmp_path: Path) -> None:
    now = find(SHOP).version
    save(tmp_path, proof(1, SHOP, now))
    save(tmp_path, proof(2, SHOP, now, table("t", differing=3)))
    assert "Its proof 000000000002 found 3 rows that differ ('mainstem show proof shop_features'" in refusal(tmp_path)
    told = require(tmp_path, SHOP, MONTH, unproven=True)
    assert told == "unproven, by request (000000000002: 3 differing rows, 7 rows, 2 runs)"
    save(tmp_path, proof(3, SHOP, now, table("t", rows=0)))
    assert "Its proof 000000000003 compared no row" in refusal(tmp_path)


def test_a_file_is_named_so_that_the_command_can_be_pasted(tmp_path: Path) -> None:
    log = Log(tmp_path / "my folder")
    assert f"'mainstem prove '{log.file}' --from" in refusal(log.lake, str(log.file))
    text = log.file.read_text()
    log.file.write_text(text.replace("{from: recent}", "{from: recent, partition_by: hour}"))
    assert "--from 2025-03-04 --to 2025-03-05" in refusal(log.lake, str(log.file)), "one table still wants a whole day"
    log.file.write_text(log.file.read_text().replace("{from: plain}", "{from: plain, partition_by: hour}"))
    assert "--from 2025-03-04T00 --to 2025-03-04T01" in refusal(log.lake, str(log.file))


def test_a_batch_and_a_live_run_are_refused_before_they_touch_anything(tmp_path: Path) -> None:
    log = Log(tmp_path / "late")
    settings = Settings(home=tmp_path, lake=log.lake, ports={}, slots=1)
    before = sorted(p for p in tmp_path.rglob("*") if p.is_file())
    with pytest.raises(Unproven):
        batch.start(str(log.file), MONTH, "r", settings=settings)
    with pytest.raises(Unproven, match="--from 2025-03-03 --to 2025-03-04"):
        live.start(str(log.file), MONTH.start, settings=settings)
    after = sorted(p for p in tmp_path.rglob("*") if p.is_file() and not p.name.endswith(".lock"))
    assert after == before


def test_what_commits_name_is_found_again_and_nothing_else(tmp_path: Path) -> None:
    made = proof(1, SHOP, "v")
    save(tmp_path, made)
    assert named(tmp_path, made.summary) == made
    assert named(tmp_path, "unproven, by request") is None and named(tmp_path, "") is None
    assert proofs(tmp_path, "../_proofs/shop_features") == []


def test_a_broken_proof_is_named_with_its_cure(tmp_path: Path) -> None:
    file = save(tmp_path, proof(1, SHOP, "v"))
    file.write_text("{")
    with pytest.raises(LakeError, match=re.escape(str(file)) + " is not a proof.*Delete it and prove"):
        proofs(tmp_path, SHOP)
