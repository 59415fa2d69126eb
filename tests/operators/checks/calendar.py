"""Calendar: one input in which every kind has days of its own, so that one job shows an operator all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from flink_jobs.core.dataset import Dataset
from flink_jobs.core.event_time import Span, from_ms, to_ms
from tests.operators.cases import Case
from tests.operators.cases.case import Row
from tests.operators.checks.kinds import KINDS, Given, Timed, given

SPAN = Span(datetime(2024, 2, 20, tzinfo=UTC), datetime(2024, 6, 20, tzinfo=UTC))
_EACH = timedelta(days=2)
STARTS = {kind: datetime(2024, 3, 2, tzinfo=UTC) + i * _EACH for i, kind in enumerate(KINDS)} | {
    "leap day, midnight": datetime(2024, 2, 27, tzinfo=UTC),
    "clock change": datetime(2024, 3, 31, tzinfo=UTC),
    "edges": datetime(2024, 4, 2, tzinfo=UTC),
}
"""The first instant of each kind: the leap day, a day of clock change, and days in between."""
Blocks = Mapping[datetime, list[Timed]]


def of_kinds(cases: list[Case], more: Callable[[Given], Blocks] = lambda _: {}) -> list[Case]:
    """Cases over the days of all kinds, and of ``more``; what has one name is one input of all of them."""
    rows = {}
    for name in sorted({n for case in cases for n in case.inputs}):
        of = given(cases, name)
        rows[name] = laid(of.dataset, {**{STARTS[k]: kind(of) for k, kind in KINDS.items()}, **more(of)})
    return [with_rows(case, rows, "in all kinds") for case in cases]


def empty(cases: list[Case]) -> list[Case]:
    return [with_rows(case, {n: [] for n in case.inputs}, "of nothing") for case in cases]


def one_row(cases: list[Case]) -> list[Case]:
    """One row in each input, all at one instant."""
    names = {n for case in cases for n in case.inputs}
    given_by_name = {n: given(cases, n) for n in names}
    rows = {n: laid(of.dataset, {STARTS["typical"]: [(0, of.full[0])]}) for n, of in given_by_name.items()}
    return [with_rows(case, rows, "of one row") for case in cases]


def with_rows(case: Case, rows: Mapping[str, list[Row]], name: str) -> Case:
    """The case over other rows."""
    inputs = {n: (case.inputs[n][0], rows[n]) for n in case.inputs}
    return replace(case, name=f"{case.name} {name}", inputs=inputs, span=SPAN, expected=None)


def laid(dataset: Dataset, blocks: Blocks) -> list[Row]:
    """Rows at their instants, each key once."""
    found: dict[tuple[Any, ...], Row] = {}
    for number, (start, timed) in enumerate(blocks.items()):
        for i, (ms, row) in enumerate(timed):
            placed = {**row, dataset.event_time: from_ms(to_ms(start) + ms)}
            if len(dataset.key) == 1:
                placed[dataset.key[0]] = _key(dataset, number, i)
            found.setdefault(tuple(placed[k] for k in dataset.key), placed)
    return list(found.values())


def _key(dataset: Dataset, block: int, number: int) -> Any:
    """A key of its own for each row: small, negative and huge ones in turn, in no order of time."""
    plain = block * 10_000 + number * 7919 % 10_000
    if dataset.columns[dataset.key[0]] == "string":
        return ("a", "ü|", "😀")[number % 3] + str(plain)
    return (plain, -plain, 2**63 - 1 - plain, -(2**63) + plain)[number % 4]
