"""Late rows: what each dataset got after a partition was computed, or too late for the live job that computed it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flink_jobs.core.dataset import Dataset
from flink_jobs.core.errors import LakeError
from flink_jobs.core.event_time import Partitioning, Span, from_ms
from flink_jobs.core.pipeline import Pipeline
from flink_jobs.core.relation import ANY
from flink_jobs.lake.growth import Grower, changed, of_files, rows
from flink_jobs.lake.history import version_at
from flink_jobs.lake.lateness import late
from flink_jobs.lake.origins import Opened, Published
from flink_jobs.lake.sql import name as quoted
from flink_jobs.lake.table import Table
from flink_jobs.reference.run import connect

Origin = Published | Opened
_FIRST = -62_135_596_800_000
_STEP: Mapping[Partitioning, int] = {"day": 86_400_000, "hour": 3_600_000}


@dataclass(frozen=True)
class Reach:
    """Event times ``[low_ms, high_ms)`` of some datasets that rows of a partition may depend on."""

    table: str
    partition: str
    datasets: tuple[str, ...]
    low_ms: int
    high_ms: int

    @classmethod
    def of(cls, pipeline: Pipeline, table: str, partition: str) -> Reach:
        rows = pipeline.relations[pipeline.publish[table].source]
        span = Span.of_partition(partition)
        low = _FIRST if rows.look_back_ms == ANY else span.start_ms - rows.look_back_ms
        return cls(table, partition, feeding(pipeline, table), low, span.end_ms + rows.look_ahead_ms)


def feeding(pipeline: Pipeline, table: str) -> tuple[str, ...]:
    """The datasets that a published table is computed from, sorted."""
    source = pipeline.publish[table].source
    names = {source, *(i for step in pipeline.needed((source,)) for i in pipeline.steps[step].inputs())}
    return tuple(sorted(names & set(pipeline.datasets)))


@dataclass(frozen=True)
class Counted:
    """Late rows of one partition of a dataset. ``beyond`` its lateness budget are those that no repair is made for.

    ``oldest_ms`` is the known time of the one that waits longest, None without any or where known times are not kept.
    """

    dataset: str
    partition: str
    rows: int
    beyond: int
    oldest_ms: int | None


class LateRows:
    """Collects the late rows of groups of partitions that have one origin, and tells what they touch."""

    def __init__(self, pipeline: Pipeline, lake: Path, *, budget_ms: int | None = None) -> None:
        self._datasets = {n: pipeline.datasets[n] for n in pipeline.reads()}
        self._growers = {n: Grower(Table(lake, d.table_name)) for n, d in self._datasets.items()}
        self._budgets = {n: d.lateness_budget if budget_ms is None else budget_ms for n, d in self._datasets.items()}
        self.db, self._groups = connect(), 0
        self.db.execute("CREATE TABLE late (grp INT, d VARCHAR, t BIGINT, k BIGINT, id UBIGINT, beyond BOOLEAN)")
        self.db.execute("CREATE TABLE cells (grp INT, tab VARCHAR, part VARCHAR, d VARCHAR, low BIGINT, high BIGINT)")

    @property
    def inputs(self) -> dict[str, int]:
        """The newest version of each table that was looked at."""
        return {grower.table.name: grower.version for grower in self._growers.values()}

    def look(self, origin: Origin, reaches: Sequence[Reach]) -> None:
        """Find what came since the partitions were computed, as far as they reach."""
        self._groups += 1
        cells = [(self._groups, r.table, r.partition, d, r.low_ms, r.high_ms) for r in reaches for d in r.datasets]
        self.db.executemany("INSERT INTO cells VALUES (?, ?, ?, ?, ?, ?)", cells)
        low, high = min(r.low_ms for r in reaches), max(r.high_ms for r in reaches)
        if isinstance(origin, Published):
            for dataset in sorted({d for r in reaches for d in r.datasets}):
                self._insert(dataset, self._since_batch(dataset, origin, low, high), low, high)
        else:
            self._since_live(origin, low, high)

    def touched(self) -> list[tuple[str, str, int]]:
        """Table, partition and number of late rows within the budget, for each partition that has any."""
        return self.db.execute(
            "SELECT tab, part, COUNT(*) FROM cells JOIN late USING (grp, d) WHERE t >= low AND t < high AND NOT beyond "
            "GROUP BY ALL ORDER BY ALL"
        ).fetchall()

    def counted(self) -> list[Counted]:
        """Late rows that touch a partition, by dataset and their own partition."""
        found: list[Counted] = []
        for name, dataset in self._datasets.items():
            form = "%Y-%m-%d" if dataset.partition_by == "day" else "%Y-%m-%dT%H"
            some = self.db.execute(
                f"SELECT strftime(make_timestamp(t * 1000), '{form}') AS part, COUNT(*), COUNT(*) FILTER (beyond), "
                "MIN(k) FILTER (NOT beyond) FROM (SELECT DISTINCT t, k, id, beyond FROM late WHERE d = ? AND EXISTS "
                "(FROM cells c WHERE c.grp = late.grp AND c.d = late.d AND t >= low AND t < high)) GROUP BY part ORDER BY part",
                [name],
            ).fetchall()
            found += [Counted(name, *row) for row in some]
        return found

    def write_ids(self, dataset: str, file: Path) -> int:
        """The hashed keys of a dataset's late rows as one Parquet file; returns how many."""
        ids = "SELECT DISTINCT id FROM late WHERE d = ?"
        self.db.execute(f"COPY ({ids}) TO '{str(file).replace(chr(39), chr(39) * 2)}' (FORMAT parquet)", [dataset])
        (found,) = self.db.execute(f"SELECT COUNT(*) FROM ({ids})", [dataset]).fetchall()[0]
        return int(found)

    def _since_batch(self, name: str, origin: Published, low: int, high: int) -> str | None:
        dataset, grower = self._datasets[name], self._growers[name]
        growth = grower.since(origin.inputs.get(dataset.table_name, -1), origin.at_ms, _partitions(dataset, low, high))
        if "_known_at" not in grower.words:
            found = changed(growth)
            return found and _facts(dataset, found, known="CAST(NULL AS BIGINT)", loaded="TRUE")
        return _raw(dataset, rows(growth, dataset.key, _columns(dataset)))

    def _since_live(self, origin: Opened, low: int, high: int) -> None:
        raw = {n: d for n, d in self._datasets.items() if "_known_at" in self._growers[n].words}
        known = [text for n in raw if (text := self._known(n, low)) is not None]
        if not known:
            return
        self.db.execute(f"CREATE OR REPLACE TEMP VIEW known AS {' UNION ALL '.join(known)}")
        delays = {n: d.watermark_delay for n, d in raw.items()}
        self.db.execute(
            f"CREATE OR REPLACE TEMP TABLE maybe AS SELECT * FROM ({late(delays)}) WHERE t >= {low} AND t < {high}"
        )
        for name in raw:
            unseen = self._unseen(name, origin, low)
            ahead = f"t >= {origin.live_from_ms}" + (f" OR id IN (SELECT id FROM ({unseen}))" if unseen else "")
            self._insert(name, f"SELECT * FROM maybe WHERE d = '{name}' AND ({ahead})", low, high)

    def _known(self, name: str, low: int) -> str | None:
        """All rows from ``low`` on: how far a watermark can have come is told by rows of any later time."""
        dataset, grower = self._datasets[name], self._growers[name]
        files = [f for f in grower.files if Span.of_partition(f.partition).end_ms > low]
        return _raw(dataset, of_files(grower.table, files, grower.words, _columns(dataset)) if files else None)

    def _unseen(self, name: str, origin: Opened, low: int) -> str | None:
        """Rows before the fence that were not there yet when the live job was started."""
        dataset, grower = self._datasets[name], self._growers[name]
        if low >= origin.live_from_ms:
            return None
        try:
            version = version_at(grower.table, from_ms(origin.at_ms))
        except LakeError:
            version = -1
        growth = grower.since(version, origin.at_ms, _partitions(dataset, low, origin.live_from_ms))
        return _raw(dataset, rows(growth, dataset.key, _columns(dataset)))

    def _insert(self, name: str, select: str | None, low: int, high: int) -> None:
        if select is None:
            return
        budget, step = self._budgets[name], _STEP[self._datasets[name].partition_by]
        end = f"t - ((t % {step}) + {step}) % {step} + {step}"
        beyond = "FALSE" if budget is None else f"COALESCE(k > {end} + {budget}, FALSE)"
        found = f"SELECT {self._groups}, '{name}', t, k, id, {beyond} FROM ({select}) WHERE t >= {low} AND t < {high}"
        self.db.execute(f"INSERT INTO late {found}")


def _partitions(dataset: Dataset, low: int, high: int) -> list[str] | None:
    """Partitions of a dataset's table that hold these event times; None: too many to name."""
    if low == _FIRST:
        return None
    return list(Span(from_ms(low), from_ms(high)).partitions(dataset.partition_by))


def _columns(dataset: Dataset) -> list[str]:
    return list(dict.fromkeys([dataset.event_time, *dataset.key, "_known_at", "_partition", "_offset"]))


def _raw(dataset: Dataset, select: str | None) -> str | None:
    place = "_partition AS p, _offset AS o"
    return select and _facts(dataset, select, known="epoch_ms(_known_at)", loaded="_partition < 0", place=place)


def _facts(dataset: Dataset, select: str, *, known: str, loaded: str, place: str = "0 AS p, 0 AS o") -> str:
    key = ", ".join(map(quoted, dataset.key))
    return (
        f"SELECT '{dataset.name}' AS d, epoch_ms({quoted(dataset.event_time)}) AS t, {known} AS k, hash({key}) AS id, "
        f"{loaded} AS loaded, {place} FROM ({select})"
    )
