"""What a replay does to clean records: order of arrival, lateness, copies, damage. The same seed gives the same records."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from flink_jobs.core.dataset import Dataset
from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.event_time import Duration, format_duration, from_ms, iso

Kind = Literal["good", "late", "duplicate", "malformed", "far_future", "unreadable"]
KINDS: tuple[Kind, ...] = ("good", "late", "duplicate", "malformed", "far_future", "unreadable")
_HOUR = 3_600_000
_CENTURY = 36_525 * 24 * _HOUR
Share = Field(default=0.0, ge=0, le=1)


class Disorder(BaseModel):
    """How much of each; shares are of the good records of a file.

    ``shuffle`` bounds how much later than its event time a record arrives. A late record arrives after its dataset's
    watermark delay. Duplicates, malformed and far-future records are sent besides the good ones, so that the table
    holds exactly what the files hold.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    shuffle: Duration = 0
    late: float = Share
    duplicates: float = Share
    malformed: float = Share
    far_future: float = Share
    seed: int = 0

    def check(self, dataset: Dataset) -> None:
        """Raise when shuffling alone would make records late, so that nobody could say how many."""
        if self.shuffle > dataset.watermark_delay:
            raise DeclarationError(
                f"A shuffle of {format_duration(self.shuffle)} is more than the watermark delay of dataset "
                f"'{dataset.name}' ({format_duration(dataset.watermark_delay)}), so shuffled rows would be late. "
                "Shuffle less, and ask for late rows with --late."
            )


class Sent(NamedTuple):
    """One record as it goes to the topic."""

    kind: Kind
    arrival_ms: int
    event_ms: int | None
    key: str
    raw: str


class Source(NamedTuple):
    """One staged record."""

    raw: str
    key: str
    event_ms: int | None
    good: bool


def disturb(records: Iterator[Source], dataset: Dataset, disorder: Disorder, *, salt: str) -> Iterator[Sent]:
    """All records that the file gives rise to. A record without a readable time arrives with the one before it."""
    rng = random.Random(f"{disorder.seed}/{dataset.name}/{salt}")
    latest = 0
    for record in records:
        latest = latest if record.event_ms is None else record.event_ms
        if not record.good or record.event_ms is None:
            yield Sent("unreadable", latest, record.event_ms, record.key, record.raw)
        else:
            yield from _around(record, record.event_ms, dataset, disorder, rng)


def _around(record: Source, at: int, dataset: Dataset, disorder: Disorder, rng: random.Random) -> Iterator[Sent]:
    late = rng.random() < disorder.late
    arrival = at + int(rng.random() * disorder.shuffle)
    if late:
        arrival = at + dataset.watermark_delay + 1 + int(rng.random() * _HOUR)
    yield Sent("late" if late else "good", arrival, at, record.key, record.raw)
    again = arrival + 1 + int(rng.random() * max(disorder.shuffle, 1_000))
    if rng.random() < disorder.duplicates:
        yield Sent("duplicate", again, at, record.key, record.raw)
    if rng.random() < disorder.malformed:
        damage = rng.choice(DAMAGES)
        yield Sent("malformed", again, None, record.key, damage(record.raw, dataset, rng))
    if rng.random() < disorder.far_future:
        raw = _with_time(record.raw, dataset, at, at + _CENTURY)
        yield Sent("far_future", again, at + _CENTURY, record.key, raw)


def _cut(raw: str, dataset: Dataset, rng: random.Random) -> str:
    """Broken off in the middle, as by a writer that died."""
    whole = raw.rstrip()
    return whole[: rng.randrange(1, len(whole) - 1)]


def _not_an_object(raw: str, dataset: Dataset, rng: random.Random) -> str:
    return f"[{raw}]"


def _no_event_time(raw: str, dataset: Dataset, rng: random.Random) -> str:
    return _replace(raw, dataset.event_time, "null")


def _bad_time(raw: str, dataset: Dataset, rng: random.Random) -> str:
    return _replace(raw, dataset.event_time, '"the day before yesterday"')


def _no_key(raw: str, dataset: Dataset, rng: random.Random) -> str:
    return _replace(raw, dataset.key[0], None)


def _wrong_type(raw: str, dataset: Dataset, rng: random.Random) -> str:
    column = next((c for c, word in dataset.columns.items() if word in ("bigint", "int", "double")), dataset.event_time)
    return _replace(raw, column, '"many"')


def _overflow(raw: str, dataset: Dataset, rng: random.Random) -> str:
    column = next((c for c, word in dataset.columns.items() if word in ("bigint", "int")), dataset.event_time)
    return _replace(raw, column, str(10**30))


DAMAGES: tuple[Callable[[str, Dataset, random.Random], str], ...] = (
    _cut,
    _not_an_object,
    _no_event_time,
    _bad_time,
    _no_key,
    _wrong_type,
    _overflow,
)


def _replace(raw: str, column: str, text: str | None) -> str:
    """The record with another JSON text for one column; None takes the column out."""
    import json

    fields = {name: json.dumps(value) for name, value in json.loads(raw).items() if text is not None or name != column}
    if text is not None:
        fields[column] = text
    return "{" + ",".join(f'"{name}":{value}' for name, value in fields.items()) + "}"


def _with_time(raw: str, dataset: Dataset, old: int, new: int) -> str:
    text = {"iso": f'"{iso(from_ms(new))}"', "epoch_s": str(new // 1000), "epoch_ms": str(new)}[dataset.time_format]
    return _replace(raw, dataset.event_time, text)
