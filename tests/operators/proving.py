"""Prove many cases at once: their rows become tables of a lake, and as many cases as agree on their inputs are one pipeline."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from itertools import count
from pathlib import Path

from flink_jobs.core.settings import Settings
from flink_jobs.lake.publish import append
from flink_jobs.lake.schema import create
from flink_jobs.proof.prove import Asked, prove
from flink_jobs.proof.verdict import Proof
from tests.operators.cases import FAMILIES, Case
from tests.operators.together import together

TOGETHER = 12
"""Cases in one job: more would need more network buffers than a small platform has."""
EXAMPLES = int(os.environ.get("MAINSTEM_EXAMPLES", "40"))
FEW = 9
"""Rows that one task can hold: with as many or fewer a second one shows nothing."""


def store(settings: Settings, cases: Sequence[Case], scratch: Path) -> None:
    """The rows that the cases read as tables of the lake, one file a day."""
    from flink_jobs.reference.run import connect

    given = Case("given", {n: i for c in cases for n, i in c.inputs.items()}, {}, "")
    for name, folder in given.write(scratch).items():
        declared = given.inputs[name][0]
        table, db = create(settings.lake, name, declared.columns, key=declared.key), connect()
        rows = f"FROM read_parquet('{folder}/*')"
        days = db.execute(f"SELECT DISTINCT strftime(ts, '%Y-%m-%d') {rows}").fetchall()
        for (day,) in days:
            into = table.run_folder("case") / f"day={day}"
            into.mkdir(parents=True)
            same = f"WHERE strftime(ts, '%Y-%m-%d') = '{day}'"
            db.execute(f"COPY (SELECT * {rows} {same}) TO '{into}/part-0' (FORMAT parquet)")
        db.close()
        if days:
            append(table, "case")


def agree(group: Sequence[Case], case: Case) -> bool:
    """Whether a case can join a group: there is room, and what has the same name has the same rows."""
    given = {n: i for c in group for n, i in c.inputs.items()}
    return len(group) < TOGETHER and all(
        given.get(n, i) == i and case.span == group[0].span for n, i in case.inputs.items() if group
    )


def grouped(cases: Iterable[Case]) -> list[list[Case]]:
    """Cases in as few groups as agree."""
    found: list[list[Case]] = []
    for case in cases:
        group = next((g for g in found if agree(g, case)), None)
        found.append([case]) if group is None else group.append(case)
    return found


def groups() -> dict[str, list[Case]]:
    """Cases of one family whose inputs agree run as one job: joins, joins_2, ..."""
    found: dict[str, list[Case]] = {}
    for family, cases in FAMILIES.items():
        for case in cases:
            names = (f"{family}_{i}" if i > 1 else family for i in count(1))
            fitting = next(n for n in names if agree(found.get(n, []), case))
            found.setdefault(fitting, []).append(case)
    return found


def most_rows(cases: Sequence[Case]) -> int:
    return max(len(given) for c in cases for _, given in c.inputs.values())


def degrees(cases: Sequence[Case]) -> tuple[int, ...]:
    """Degrees of parallelism at which the cases run."""
    return (1, 2) if most_rows(cases) > FEW else (1,)


def proved(
    platform: Settings, scratch: Path, cases: Sequence[Case], *, degrees: Sequence[int] = (1,), seeds: Sequence[int] = (1,)
) -> Proof:
    """The proof of all cases in a lake of their own; without seeds only batch and reference are compared."""
    settings = Settings(home=platform.home, lake=scratch / "lake", ports=platform.ports, slots=platform.slots)
    store(settings, cases, scratch / "given")
    asked = Asked(pipeline=together("checks", list(cases)), span=cases[0].span, parallelism=degrees, seeds=seeds)
    return prove(asked, settings=settings)
