"""History from files into tables, as one batch: stage, clean in Flink, move known keys, account, check, publish.

Known time of a loaded row is the time of loading, because that is when this lake came to know it; a feed that maps
``known_at`` tells better. Nothing is visible before the account is even and the suite has passed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flink_jobs.core.dataset import Dataset
from flink_jobs.core.errors import GateFailed, Mismatch, PlatformError
from flink_jobs.core.event_time import from_ms, iso
from flink_jobs.core.plan import Files, IngestJob
from flink_jobs.core.settings import Settings
from flink_jobs.ingest.account import Tally, account_load
from flink_jobs.ingest.feeds import Feed, find_files
from flink_jobs.ingest.history import refuse_beside_live
from flink_jobs.ingest.quarantined import quarantined_load
from flink_jobs.ingest.registration import ingest_job_id
from flink_jobs.ingest.settle import move_known_keys
from flink_jobs.ingest.staging import StagedFile, stage
from flink_jobs.ingest.tables import make_tables, quarantine_name
from flink_jobs.lake.files import final_files
from flink_jobs.lake.provenance import Provenance
from flink_jobs.lake.publish import append
from flink_jobs.lake.sql import connect
from flink_jobs.lake.table import Table
from flink_jobs.quality.store import ReportStore

if TYPE_CHECKING:
    from flink_jobs.quality.verdict import Verdict


@dataclass(frozen=True)
class Loaded:
    """What became of the records of one dataset. ``version`` is the table's after the load, None when it is unchanged."""

    dataset: str
    table: str
    files: tuple[StagedFile, ...]
    tally: Tally
    version: int | None


@dataclass(frozen=True)
class _Places:
    """Folders of one dataset in one load."""

    dataset: Dataset
    staged: Path
    rows: Path
    kept_out: Path


def load(
    settings: Settings,
    feed: Feed,
    folder: Path,
    datasets: Mapping[str, Dataset],
    *,
    run_id: str,
    dry_run: bool = False,
    check: bool = True,
    parallelism: int = 1,
    execute: Callable[[IngestJob, Settings], None] | None = None,
) -> list[Loaded]:
    """Load all files of the feed; one result a dataset, in the feed's order.

    A dry run does everything but publish. Raises FileError for a file that cannot be read, GateFailed when a suite
    refuses the rows, Mismatch when records were lost or doubled; in each case no table has changed. ``check`` asks
    the suite; ``execute`` runs the job to its end, by default on the platform's cluster.
    """
    found = find_files(feed, folder, datasets)
    used = {file.dataset.name: file.dataset for file in found}
    with _alone(settings), _folder(settings, run_id) as temporary:
        numbers = {name: _next_number(settings.lake, dataset) for name, dataset in used.items()}
        now = time.time_ns() // 1_000_000
        staged = stage(found, temporary / "staged", known_ms=now, first_number=numbers)
        places = [_places(settings, dataset, temporary, run_id, dry_run=dry_run) for dataset in used.values()]
        refuse_beside_live(settings, list(used.values()), temporary / "staged")
        (execute or _on_cluster)(_job(places, run_id, parallelism), settings)
        tallies = [_settle(settings, feed, place) for place in places]
        verdicts = _audit(settings, feed, places, run_id) if check and not dry_run else {}
        done = []
        for place, tally in zip(places, tallies, strict=True):
            name, verdict = place.dataset.name, verdicts.get(place.dataset.name)
            version = None if dry_run else _publish(settings, feed, place, run_id, now)
            if verdict is not None and version is not None:
                ReportStore(settings.lake).published(verdict, version)
            of_place = tuple(file for file in staged if file.dataset == name)
            done.append(Loaded(name, place.dataset.table_name, of_place, tally, version))
        return done


def _places(settings: Settings, dataset: Dataset, temporary: Path, run_id: str, *, dry_run: bool) -> _Places:
    staged = temporary / "staged" / dataset.name
    if dry_run:
        return _Places(dataset, staged, temporary / "rows" / dataset.name, temporary / "kept_out" / dataset.name)
    rows, kept_out = make_tables(settings.lake, dataset)
    return _Places(dataset, staged, rows.run_folder(run_id), kept_out.run_folder(run_id))


def _job(places: Sequence[_Places], run_id: str, parallelism: int) -> IngestJob:
    """The same cleaning as live ingest, over the staged records."""
    return IngestJob(
        job_id=ingest_job_id(run_id),
        name=run_id,
        live=False,
        datasets=tuple(place.dataset for place in places),
        sources={place.dataset.name: Files(folder=str(place.staged)) for place in places},
        tables={place.dataset.name: str(place.rows) for place in places},
        quarantines={place.dataset.name: str(place.kept_out) for place in places},
        parallelism=parallelism,
    )


def _on_cluster(job: IngestJob, settings: Settings) -> None:
    from flink_jobs.runtime import client

    client.submit(job, settings=settings)
    client.wait(job.job_id, settings=settings)


def _settle(settings: Settings, feed: Feed, place: _Places) -> Tally:
    dataset = place.dataset
    move_known_keys(settings.lake, dataset, place.staged, place.rows, place.kept_out, name=dataset.topic_name)
    tally = account_load(dataset.name, dataset, place.staged, place.rows, place.kept_out)
    if not tally.even:
        raise Mismatch(
            f"The load of '{dataset.name}' from feed '{feed.name}' does not add up, so nothing was published: "
            f"{tally.records} records, {tally.published} rows, {tally.missing} missing, {tally.doubled} doubled; for "
            f"example (file, line) {', '.join(map(str, tally.examples))}."
        )
    return tally


def _audit(settings: Settings, feed: Feed, places: Sequence[_Places], run_id: str) -> dict[str, Verdict]:
    """The verdict of each dataset that has rows; raises GateFailed when one is refused."""
    from expectations.context import Subject
    from flink_jobs.quality.check import audit, staged
    from flink_jobs.quality.verdict import Origin, worst

    found = {}
    for place in places:
        by = place.dataset.partition_by
        keys = sorted({file.parent.name.partition("=")[2] for file in final_files(place.rows)})
        if not keys:
            continue
        files = {key: staged(place.rows, by, key) for key in keys}
        origin = Origin(run_id=run_id, pipeline=feed.pipeline, job_id=ingest_job_id(run_id))
        counted = quarantined_load(place.dataset, place.rows, place.kept_out)
        verdict = audit(settings.lake, Subject.of_dataset(place.dataset), files, origin, quarantined=counted)
        if not verdict.success:
            raise GateFailed(
                f"Table '{place.dataset.table_name}' is as it was: its suite refused the rows of feed '{feed.name}'. "
                f"{' '.join(worst(verdict, 3))} The files stay in {place.rows} until vacuum."
            )
        found[place.dataset.name] = verdict
    return found


def _publish(settings: Settings, feed: Feed, place: _Places, run_id: str, now: int) -> int | None:
    """Rows first: when a crash comes in between, loading again finds them by key and changes nothing."""
    provenance = Provenance(pipeline=f"load {feed.name}", span=f"known at {iso(from_ms(now))}")
    version = None
    for name, folder in ((place.dataset.table_name, place.rows), (quarantine_name(place.dataset), place.kept_out)):
        if final_files(folder):
            done = append(Table(settings.lake, name), run_id, provenance, beside_live=True)
            version = done.version if name == place.dataset.table_name else version
    return version


def _next_number(lake: Path, dataset: Dataset) -> int:
    """The number of the next file: below all that either table holds, so that a place is never given twice."""
    lowest = 0
    for name, column in ((dataset.table_name, "_partition"), (quarantine_name(dataset), "partition")):
        if Table(lake, name).exists():
            with connect(lake, tables=[name]) as sql:
                found = sql.execute(f'SELECT min("{column}") FROM "{name}"').fetchall()[0][0]
            lowest = min(lowest, found or 0)
    return lowest - 1


@contextmanager
def _folder(settings: Settings, run_id: str) -> Iterator[Path]:
    path = settings.folder("tmp") / run_id
    path.mkdir()
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """One load at a time: two could take the same keys for new ones."""
    settings.lake.mkdir(parents=True, exist_ok=True)
    with (settings.lake / ".loading").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise PlatformError(f"Another load into {settings.lake} is running. Wait for it to end.") from error
        file.write(str(os.getpid()))
        yield
