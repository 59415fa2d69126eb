"""Case: rows with the times they arrive at, what is done to the job between them, and the rows that must come out.

A case is a folder of text, made to be read, written and compared by hand::

    cases/busy_user/
      case.yaml                    the pipeline, the span, what the case is about
      input/arrivals.jsonl         one line a row or a mark, in the order in which they arrive
      expected/user_features.jsonl one line a row of the published table, in the order of its key

A line of arrivals is a row of a dataset or a mark::

    {"arrival": "2025-03-01T09:00:07.250Z", "dataset": "page_views", "row": {"event_id": 1, "ts": "2025-03-01T09:00:00.000Z"}}
    {"mark": "pause"}
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from flink_jobs.core.dataset import Dataset
from flink_jobs.core.event_time import Span, to_ms
from flink_jobs.core.pipeline import Pipeline

Row = dict[str, Any]
"""Values by column: int, float, Decimal, str, bool, date, datetime in UTC to the millisecond, or None."""
Word = Literal["pause", "crash", "end"]
MARKS: tuple[Word, ...] = ("pause", "crash", "end")
SHEET, ARRIVALS, EXPECTED = "case.yaml", "input/arrivals.jsonl", "expected"


class Facts(BaseModel):
    """What ``case.yaml`` says. ``pipeline`` is a name, or a file named from the case's folder on; ``key`` and ``expected_by``
    tell where a captured case comes from."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    pipeline: str
    start: str = Field(alias="from")
    end: str = Field(alias="to")
    description: str = ""
    key: dict[str, tuple[int | str, ...]] = {}
    expected_by: str = ""
    parallelism: int = Field(default=1, ge=1, le=8)


@dataclass(frozen=True)
class Arrival:
    """A row of a dataset and the epoch milliseconds at which it arrives; ``late`` rows must not change what comes out."""

    dataset: str
    at_ms: int
    row: Row
    late: bool = False
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Mark:
    """``pause``: all that came is through a checkpoint. ``crash``: the job fails here. ``end``: nothing comes any more."""

    word: Word
    line: int = field(default=0, compare=False)


Entry = Arrival | Mark


@dataclass(frozen=True)
class Case:
    """A case as it was read: ``expected`` has the rows of each published table."""

    name: str
    folder: Path
    facts: Facts
    pipeline: Pipeline
    span: Span
    entries: tuple[Entry, ...]
    expected: dict[str, list[Row]]

    @property
    def arrivals(self) -> list[Arrival]:
        return [e for e in self.entries if isinstance(e, Arrival)]

    @property
    def marks(self) -> list[Word]:
        return [e.word for e in self.entries if isinstance(e, Mark)]

    def counted(self) -> dict[str, list[Row]]:
        """By dataset the rows that count: the first arrival of each key, and none of the late ones."""
        found: dict[str, list[Row]] = {name: [] for name in self.pipeline.reads()}
        seen: set[tuple[Any, ...]] = set()
        for arrival in self.arrivals:
            key = (arrival.dataset, *(arrival.row[k] for k in self.pipeline.datasets[arrival.dataset].key))
            if key not in seen and not arrival.late:
                found[arrival.dataset].append(arrival.row)
            seen.add(key)
        return found


def event_ms(dataset: Dataset, row: Row) -> int:
    """The row's event time in epoch milliseconds."""
    return to_ms(row[dataset.event_time])
