"""Run cases: each in every way, its rows beside those that are expected."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from flink_jobs.cases import read
from flink_jobs.cases.case import Case, Row
from flink_jobs.cases.rows import load, store
from flink_jobs.cases.ways import WAYS, Trial, Way, is_up
from flink_jobs.cases.write import write_expected
from flink_jobs.core.errors import Mismatch, PlatformError, RunError
from flink_jobs.core.settings import Settings
from flink_jobs.proof.compare import compare
from flink_jobs.proof.verdict import TableProof

_FROZEN = ConfigDict(frozen=True, extra="forbid")
Say = Callable[[str], None]


class WayResult(BaseModel):
    """One way of one case; ``tables`` beside what is expected, ``restored`` live jobs that began from a checkpoint after a
    crash, ``error`` where the job failed."""

    model_config = _FROZEN
    way: Way
    seconds: float
    tables: tuple[TableProof, ...] = ()
    restored: int = 0
    error: str = ""

    @property
    def good(self) -> bool:
        return not self.error and all(t.differing == 0 for t in self.tables)


class CaseResult(BaseModel):
    """A case in all the ways that were asked for."""

    model_config = _FROZEN
    case: str
    pipeline: str
    folder: str
    ways: tuple[WayResult, ...]

    @property
    def good(self) -> bool:
        return all(way.good for way in self.ways)


def run(
    folders: Sequence[Path], *, ways: Sequence[Way] = WAYS, settings: Settings | None = None, say: Say = lambda _: None
) -> list[CaseResult]:
    """Run the cases one after the other; all are read before the first one runs. Raises Mistakes of any of them, and
    PlatformError when a way needs a platform that is not up."""
    settings = settings or Settings.load()
    cases = [read.read(folder) for folder in folders]
    require_up(ways, settings)
    return [_run(case, ways, settings, say) for case in cases]


def accept(place: Path, *, ways: Sequence[Way] = WAYS, settings: Settings | None = None) -> dict[str, int]:
    """Write as expected what comes out, when it is the same in all ways; returns the rows of each table, else Mismatch."""
    settings = settings or Settings.load()
    case = read.read(place, expected=False)
    require_up(ways, settings)
    with scratch(ways, settings) as folder:
        trial = Trial(case, folder, settings)
        found = {way: outcome(trial, way) for way in ways}
    first = ways[0]
    for way in ways[1:]:
        odd = [table for table, rows in found[way].items() if not _same(rows, found[first][table])]
        if odd:
            raise Mismatch(f"Case '{case.name}': {way} and {first} differ in table '{odd[0]}', so nothing is accepted.")
    write_expected(place, case.pipeline, found[first])
    return {table: len(rows) for table, rows in found[first].items()}


def outcome(trial: Trial, way: Way) -> dict[str, list[Row]]:
    """The rows that come out, by table."""
    sinks = trial.run(way)
    return {o.table: load(sinks[o.table], o.columns, o.key) for o in trial.plan.outputs}


@contextmanager
def scratch(ways: Sequence[Way], settings: Settings) -> Iterator[Path]:
    """A folder for the rows of one case; below the platform's home where the engine must see it."""
    home = None if set(ways) == {"reference"} else settings.folder("cases")
    with tempfile.TemporaryDirectory(prefix="case-", dir=home) as made:
        yield Path(made)


def require_up(ways: Sequence[Way], settings: Settings) -> None:
    """Raise PlatformError when a way needs the engine and it does not answer."""
    if set(ways) != {"reference"} and not is_up(settings):
        raise PlatformError(
            f"Nothing answers at {settings.url('jobs')}, and batch and live need the platform. Start it with 'mainstem up', "
            "or run the cases in the reference alone: --reference-only."
        )


def _run(case: Case, ways: Sequence[Way], settings: Settings, say: Say) -> CaseResult:
    done = []
    with scratch(ways, settings) as folder:
        trial = Trial(case, folder, settings)
        for o in trial.plan.outputs:
            store(case.expected[o.table], o.columns, folder / "expected" / o.table)
        for way in ways:
            done.append(_way(trial, way))
            say(f"{case.name}, {way}: {done[-1].seconds:.1f} s")
    return CaseResult(case=case.name, pipeline=case.pipeline.name, folder=str(case.folder), ways=tuple(done))


def _way(trial: Trial, way: Way) -> WayResult:
    since, error, trial.restored = time.monotonic(), "", 0
    tables: list[TableProof] = []
    try:
        sinks = trial.run(way)
        for o in trial.plan.outputs:
            sides = (("expected", trial.folder / "expected" / o.table), (way, sinks[o.table]))
            tables.append(TableProof.of(o.table, compare(*sides, o.columns, o.key)))
    except RunError as failed:
        error = str(failed)
    return WayResult(
        way=way, seconds=round(time.monotonic() - since, 2), tables=tuple(tables), restored=trial.restored, error=error
    )


def _same(left: list[Row], right: list[Row]) -> bool:
    return sorted(map(repr, left)) == sorted(map(repr, right))
