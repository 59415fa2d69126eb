"""Deal: what one job wrote for several runs becomes each run's own, by renaming its partitions' folders."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from flink_jobs.core.event_time import Partitioning


def deal(shared: Path, own: Path, by: Partitioning, partitions: Iterable[str]) -> None:
    """Move the folders of these partitions from the shared run folder to the run's own.

    May be repeated after a stop at any point: a folder that was moved is no longer in the first place, and one that is in
    both was written again by a repeated job, and nobody has looked at the older one yet.
    """
    if shared == own:
        return
    for key in partitions:
        source, target = shared / f"{by}={key}", own / f"{by}={key}"
        if source.is_dir():
            shutil.rmtree(target, ignore_errors=True)
            own.mkdir(parents=True, exist_ok=True)
            source.rename(target)


def clear_away(shared: Path) -> None:
    """Remove the shared folder once it is empty; rows of runs that were cancelled stay in it until vacuum."""
    if shared.is_dir() and not any(shared.iterdir()):
        shared.rmdir()
