"""A replay from start to end: read the feed, disturb, make topics, play."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from flink_jobs.core.dataset import Dataset
from flink_jobs.core.errors import FileError
from flink_jobs.core.event_time import Span
from flink_jobs.core.settings import Settings
from flink_jobs.ingest.disorder import Disorder
from flink_jobs.ingest.feeds import Feed, find_files
from flink_jobs.ingest.replay import Clock, Played, make_topics, play
from flink_jobs.ingest.schedule import Counts, Schedule
from flink_jobs.ingest.staging import stage


@dataclass(frozen=True)
class Replayed:
    """What was sent to each topic, exactly, and how long the sending took."""

    topics: list[Counts]
    played: Played
    ignored: dict[str, tuple[str, ...]]


def send(
    settings: Settings,
    feed: Feed,
    folder: Path,
    datasets: Mapping[str, Dataset],
    disorder: Disorder,
    *,
    span: Span | None = None,
    speed: float | None = None,
    clock: Clock = "wall",
    partitions: int | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Replayed:
    """Send the records of all files of the feed, in order of arrival over all topics.

    Nothing is sent before every file has been read to its end. Records without a readable time are sent only without
    a ``span``. Raises FileError when the span holds no record.
    """
    found = find_files(feed, folder, datasets)
    used = {file.dataset.name: file.dataset for file in found}
    for dataset in used.values():
        disorder.check(dataset)
    with tempfile.TemporaryDirectory(prefix="replay-", dir=settings.folder("tmp")) as temporary:
        staged = stage(found, Path(temporary) / "staged", known_ms=0, first_number={})
        with Schedule(Path(temporary) / "schedule", used, disorder) as schedule:
            schedule.add(staged, Path(temporary) / "staged", span)
            counts = schedule.counts()
            total, done = sum(c.records for c in counts), 0
            if total == 0:
                raise FileError(f"Feed '{feed.name}' has no record in {span}. Widen the span, or leave it out.")
            make_topics(settings, used.values(), partitions=partitions)

            def advance(n: int) -> None:
                nonlocal done
                done += n
                progress(done, total)

            played = play(settings, schedule.departures(), speed=speed, clock=clock, progress=advance)
    return Replayed(counts, played, {str(s.path): s.ignored for s in staged if s.ignored})
