"""What the proof pages show: what stands for each pipeline, and one proof in full."""

from __future__ import annotations

from pathlib import Path

import pytest

from flink_jobs.jobs.catalog import find
from flink_jobs.proof.verdict import save
from flink_jobs.quality.store import ReportStore
from mainstem_airflow.pages.standing import standing, standings
from tests.proof.made import proof, table

from .conftest import BOARDS, SHOP, Client, report, result

BAD = f"/proofs/{SHOP}/{3:012x}"


def test_the_state_is_that_of_the_declared_version(lake: Path) -> None:
    def state() -> str:
        found = standing(lake, SHOP)
        return found.state if found else ""

    now = find(SHOP).version
    assert state() == "unproven"
    save(lake, proof(1, SHOP, "a" * 12))
    assert state() == "changed"
    save(lake, proof(2, SHOP, now))
    assert state() == "proven"
    save(lake, proof(3, SHOP, now, table("t", rows=0)))
    assert state() == "empty"
    save(lake, proof(4, SHOP, now, table("t", differing=1)))
    assert state() == "disproven"


def test_pipelines_without_a_table_are_left_out_and_foreign_ones_are_not(proven: Path) -> None:
    assert [(s.pipeline, s.state) for s in standings(proven)] == [
        ("my_pipeline", "proven"), (BOARDS, "proven"), (SHOP, "disproven"),
        ("shop_leaderboards", "unproven"), ("shop_outcomes", "unproven"),
    ]  # fmt: skip


def test_a_declaration_that_cannot_be_read_does_not_hide_the_others(
    proven: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pages: Client
) -> None:
    (tmp_path / "broken.yaml").write_text("name: broken\nsteps: {a: {nothing: {}}}")
    monkeypatch.setenv("MAINSTEM_PIPELINES", str(tmp_path))
    text = pages.get("/proofs").text
    assert "broken.yaml" in text and SHOP in text


def test_the_list_tells_what_is_proven_and_what_to_do(lake: Path, pages: Client) -> None:
    text = pages.get("/proofs").text
    assert "./mainstem prove shop_features --from DAY --to DAY_AFTER" in text and "Unproven" in text


def test_a_proof_shows_the_first_differences_by_column(proven: Path, pages: Client) -> None:
    text = pages.get(BAD).text
    assert "2 rows differ between 2 runs over the same input. The version is not published unless" in text
    assert "id 7" in text and '<td class="guilty">1</td>' in text and '<i class="quiet">null</i>' in text
    assert "only in batch" in text and "<b>2</b>" not in text
    assert "version 4" in text and "1,234,567" in text


def test_a_proof_shows_its_disturbances(proven: Path, pages: Client) -> None:
    text = pages.get(f"/proofs/{BOARDS}").text
    assert "lost their TaskManager 2 times" in text
    assert "1,280 of 1,922" in text and "kill -9 of the TaskManager" in text


def test_a_proof_of_an_older_version_says_that_it_counts_no_more(proven: Path, pages: Client) -> None:
    text = pages.get(f"/proofs/{SHOP}/{1:012x}").text
    assert f"now it is version <code>{find(SHOP).version}</code>" in text


def test_a_proof_links_to_the_reports_of_its_tables(proven: Path, pages: Client) -> None:
    ReportStore(proven).save(report("2025-03-01", result("holds", "critical"), version=1))
    text = pages.get(BAD).text
    assert 'href="/quality/page_views"' in text and 'href="/quality/user_features"' not in text


def test_a_report_names_the_proof_of_its_version_or_that_there_is_none(proven: Path, pages: Client) -> None:
    store, plain = ReportStore(proven), report("2025-03-01", result("holds", "critical"), version=1)
    for run, told in (("good", f"{2:012x}: equal, 7 rows"), ("bad", "unproven, by request")):
        store.save(plain.model_copy(update={"origin": plain.origin.model_copy(update={"run_id": run, "proof": told})}))
    assert f'href="/proofs/{SHOP}/{2:012x}"' in pages.get("/quality/page_views/2025-03-01/good").text
    bad = pages.get("/quality/page_views/2025-03-01/bad").text
    assert "</span>Unproven</span>" in bad and "unproven, by request" in bad
    assert '<span class="tag warning">unproven</span>' in pages.get("/quality/page_views").text


@pytest.mark.parametrize("address", ["/proofs", f"/proofs/{SHOP}", BAD, "/api/proofs", f"/api{BAD}", "/static/proofs.css"])
def test_a_stranger_sees_nothing_and_a_user_all(proven: Path, pages: Client, strange: Client, address: str) -> None:
    assert (pages.get(address).status_code, strange.get(address).status_code) == (200, 401)
    assert SHOP not in strange.get(address).text


@pytest.mark.parametrize("address", ["/proofs/nope", f"/proofs/{SHOP}/nope", "/proofs/%2e%2e/x", "/proofs/..%2fshop_features/x"])
def test_addresses_outside_find_nothing(proven: Path, pages: Client, address: str) -> None:
    assert pages.get(address).status_code == 404


def test_programs_get_data(proven: Path, pages: Client) -> None:
    told = {one["pipeline"]: one for one in pages.get("/api/proofs").json()}
    assert (told[SHOP]["state"], told[SHOP]["proof"], len(told[SHOP]["proofs"])) == ("disproven", f"{3:012x}", 3)
    assert pages.get(f"/api{BAD}").json()["tables"][1]["differing"] == 2
