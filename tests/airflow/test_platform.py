"""The whole way through a real Airflow: three partitions, one cleared, all again; its forms and pages; a live job."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from flink_jobs.core.event_time import Span
from flink_jobs.core.settings import Settings
from flink_jobs.services.airflow_config import ADMIN, ADMIN_SECRET
from flink_jobs.services.dag_runs import ENDED, DagRun, DagRuns, connect

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = [
    pytest.mark.services,
    pytest.mark.timeout(1200),
    # The supervisor's client leaves its sockets to the garbage collector; that is no matter of these tests.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
PORTS = 42_480
DAYS = Span.parse("2025-03-01", "2025-03-04")
TABLES = ("user_features", "item_features")
Content = dict[str, tuple[int, str]]


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    """A platform of its own with three days of a small shop in its tables."""
    from flink_jobs.services import platform

    # Not pytest's folder: PostgreSQL gives up root and must find its home, and every pytest closes the shared parent.
    home = Path(tempfile.mkdtemp(prefix="airflow-platform-"))
    home.chmod(0o755)
    made = Settings.load({"MAINSTEM_HOME": str(home), "MAINSTEM_PORT_BASE": str(PORTS), "MAINSTEM_SLOTS": "4"})
    try:
        with pytest.MonkeyPatch.context() as patch:
            # What the unit tests tell Airflow would overrule the platform's own configuration, its address too.
            for name in [n for n in os.environ if n.startswith("AIRFLOW_")]:
                patch.delenv(name)
            platform.up(made)
        _load(made, home / "data")
        yield made
    finally:
        platform.down(made)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def airflow(settings: Settings) -> Iterator[DagRuns]:
    with connect(settings) as found:
        yield found


def test_an_unproven_version_is_refused_with_the_cure_and_a_proof_made_in_airflow_lets_it_publish(
    settings: Settings, airflow: DagRuns
) -> None:
    _until(lambda: {"build_features", "prove_features"} <= set(airflow.dags()))
    (refused,) = _ended(airflow, airflow.trigger("build_features", partition="2025-03-01"))
    assert refused.state == "failed" and not (settings.lake / TABLES[0]).exists()
    told = _log(airflow, refused, "build")
    assert "is not proven, so nothing is published" in told and "mainstem prove shop_features --from 2025-03-01" in told

    days = {"from": "2025-03-01", "to": "2025-03-02"}
    assert [run.state for run in _ended(airflow, airflow.trigger("prove_features", conf=days))] == ["success"]


def test_a_clear_and_a_second_backfill_leave_the_same_content(settings: Settings, airflow: DagRuns) -> None:
    first = _backfill(airflow)
    assert [run.state for run in first] == ["success"] * 3
    before, versions = _content(settings), _versions(settings)
    assert all(rows > 0 for rows, _ in before.values())

    _clear(airflow, first[1])
    assert _content(settings) == before
    assert all(_versions(settings)[t] == versions[t] + 1 for t in TABLES), "a clear must compute again"

    assert [run.state for run in _backfill(airflow)] == ["success"] * 3
    assert _content(settings) == before


def test_asset_events_carry_partition_rows_and_version(airflow: DagRuns) -> None:
    events = airflow.call("GET", "/assets/events?limit=50&order_by=-timestamp")["asset_events"]
    built = [e for e in events if e["source_dag_id"] == "build_features"]
    assert {e["partition_key"] for e in built} == set(DAYS.partitions("day"))
    assert all(e["extra"]["rows"] > 0 and e["extra"]["delta_version"] >= 0 for e in built)


@pytest.mark.browser
def test_the_form_builds_a_day_and_the_dialog_a_range(settings: Settings, airflow: DagRuns) -> None:
    before, known = _content(settings), _run_ids(airflow)
    # Airflow allows one backfill of a DAG at a time, and notices the end of the last one after a while.
    _until(lambda: all(b["completed_at"] for b in airflow.call("GET", "/backfills?dag_id=build_features")["backfills"]))
    with _signed_in(settings) as (page, wrong):
        form = _form(page, settings.url("airflow"))
        form.locator("input[type=date]").fill("2025-03-02")
        form.get_by_role("button", name="Trigger").click()
        form.wait_for(state="hidden")

        form = _form(page, settings.url("airflow"))
        form.get_by_text("Backfill", exact=True).click()
        for day in ("2025/03/01", "2025/03/03"):
            form.get_by_text("Select date and time").first.click()
            page.locator("[placeholder='YYYY/MM/DD']:visible").fill(day)
            page.locator("[placeholder='HH:mm']:visible").fill("00:00")
            page.keyboard.press("Escape")
            page.locator("[placeholder='HH:mm']:visible").wait_for(state="detached")
        form.get_by_text("All Runs", exact=True).click()
        form.get_by_role("button", name="Run Backfill").click()
        form.wait_for(state="hidden")
        assert wrong == []
    _until(lambda: len(_new(airflow, known)) == 4 and all(r["state"] in ENDED for r in _new(airflow, known)))
    assert {r["state"] for r in _new(airflow, known)} == {"success"}
    assert _content(settings) == before


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_buttons_of_a_task_open_its_job_and_its_report(settings: Settings, airflow: DagRuns, theme: str) -> None:
    run = next(r for r in airflow.call("GET", "/dags/build_features/dagRuns?limit=50")["dag_runs"] if r["state"] == "success")
    with _signed_in(settings, theme) as (page, wrong):
        page.goto(f"{settings.url('airflow')}/dags/build_features/runs/{quote(run['dag_run_id'])}/tasks/build/details")
        assert str(page.get_by_role("link", name="Flink job").get_attribute("href")).startswith(settings.url("flink"))
        page.goto(str(page.get_by_role("link", name="Quality report").get_attribute("href")))
        report = page.frame_locator("iframe")
        report.get_by_text("Where the rows come from").wait_for()
        assert report.locator("html").get_attribute("data-theme") == theme
        report.get_by_label("Breadcrumb").get_by_role("link", name="Data quality").click()
        report.locator("a.cell").nth(5).wait_for()
        page.get_by_role("link", name="Proofs").first.click()
        page.frame_locator("iframe").get_by_text("Proven", exact=True).wait_for()
        # Airflow's own frame for pages says so.
        assert [w for w in wrong if "sandbox" not in w] == []


def test_a_live_job_is_stopped_by_marking_its_task(settings: Settings, airflow: DagRuns) -> None:
    from flink_jobs.ingest.registration import known
    from flink_jobs.runs import live

    run = airflow.trigger("ingest_events")
    _until(lambda: known(settings, "shop") and live.state("shop", settings=settings).state == "RUNNING")
    task = f"/dags/ingest_events/dagRuns/{quote(run.run_id, safe='')}/taskInstances/ingest"
    assert airflow.call("GET", task)["state"] == "deferred", "a live job holds no worker"
    airflow.call("PATCH", task, {"new_state": "success"})
    _until(lambda: live.state("shop", settings=settings).state == "STOPPED")
    assert live.state("shop", settings=settings).wanted == "stopped"


@contextmanager
def _signed_in(settings: Settings, theme: str = "light") -> Iterator[tuple[Page, list[str]]]:
    """A browser in which the administrator has signed in, and what went wrong in it since."""
    from playwright.sync_api import sync_playwright

    from tests.pages.browser import opened

    with sync_playwright() as engine, opened(engine, theme=theme) as (page, wrong):
        page.goto(settings.url("airflow"))
        page.locator("input[name=username]").fill(ADMIN)
        page.locator("input[name=password]").fill(settings.secret(ADMIN_SECRET))
        page.keyboard.press("Enter")
        page.get_by_role("link", name="Data quality").wait_for()
        page.wait_for_load_state("networkidle")
        wrong.clear()
        yield page, wrong


def _form(page: Page, address: str) -> Locator:
    page.goto(f"{address}/dags/build_features")
    page.wait_for_load_state("networkidle")
    page.get_by_role("button", name="Trigger").first.click()
    form = page.get_by_role("dialog").filter(has_text="Single Run")
    form.wait_for()
    return form


def _ended(airflow: DagRuns, run: DagRun) -> list[DagRun]:
    return airflow.wait(lambda: [airflow.run(run.dag_id, run.run_id)], 1, say=lambda _: None)


def _log(airflow: DagRuns, run: DagRun, task: str) -> str:
    """The log of a task's newest try, as Airflow shows it."""
    place = f"/dags/{run.dag_id}/dagRuns/{quote(run.run_id, safe='')}/taskInstances/{task}"
    number = airflow.call("GET", place)["try_number"]
    return str(airflow.call("GET", f"{place}/logs/{number}?full_content=true"))


def _run_ids(airflow: DagRuns) -> set[str]:
    return {r["dag_run_id"] for r in airflow.call("GET", "/dags/build_features/dagRuns?limit=100")["dag_runs"]}


def _new(airflow: DagRuns, known: set[str]) -> list[dict[str, str]]:
    """Runs that somebody asked for since."""
    runs = airflow.call("GET", "/dags/build_features/dagRuns?limit=100")["dag_runs"]
    return [r for r in runs if r["dag_run_id"] not in known and r["run_type"] in ("manual", "backfill")]


def _load(settings: Settings, folder: Path) -> None:
    from flink_jobs.ingest.feeds import open_feed
    from flink_jobs.ingest.load import load
    from flink_jobs.jobs.catalog import find
    from flink_jobs.simulate.folder import simulate_into
    from flink_jobs.simulate.shop import Shop

    simulate_into(folder, Shop(days=3, users=200))
    feed, place = open_feed(str(folder), None)
    load(settings, feed, place, find(feed.pipeline).datasets, run_id="load-test")


def _backfill(airflow: DagRuns) -> list[DagRun]:
    _until(lambda: "build_features" in airflow.dags())
    asked = airflow.backfill("build_features", DAYS, redo="all")
    return airflow.wait(lambda: airflow.runs(asked), len(asked.partitions), say=lambda _: None)


def _clear(airflow: DagRuns, run: DagRun) -> None:
    body = {"dry_run": False, "dag_run_id": run.run_id, "only_failed": False, "reset_dag_runs": True}
    airflow.call("POST", f"/dags/{run.dag_id}/clearTaskInstances", body)
    _until(lambda: airflow.run(run.dag_id, run.run_id).state not in ENDED)
    _until(lambda: airflow.run(run.dag_id, run.run_id).state in ENDED)
    assert airflow.run(run.dag_id, run.run_id).state == "success"


def _content(settings: Settings) -> Content:
    """Rows of each table and a digest of all their values."""
    from deltalake import DeltaTable

    found: Content = {}
    for name in TABLES:
        rows = DeltaTable(settings.lake / name).to_pyarrow_table().to_pylist()
        told = sorted(repr(sorted(row.items())) for row in rows)
        found[name] = len(told), hashlib.sha256("\n".join(told).encode()).hexdigest()
    return found


def _versions(settings: Settings) -> dict[str, int]:
    from deltalake import DeltaTable

    return {name: DeltaTable(settings.lake / name).version() for name in TABLES}


def _until(true: Callable[[], bool], seconds: float = 240) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not so after {seconds:.0f} s"
        time.sleep(0.3)
