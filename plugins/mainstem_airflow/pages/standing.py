"""What the proof pages show: for each pipeline the version that is declared now and what stands for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from flink_jobs.core.errors import MainstemError
from flink_jobs.jobs import catalog
from flink_jobs.proof.verdict import Proof, TableProof, proofs, proven_pipelines

State = Literal["proven", "disproven", "empty", "changed", "unproven"]


@dataclass(frozen=True)
class Standing:
    """One pipeline. ``version`` is what is declared now, empty where this process cannot read the declaration.

    ``proofs`` are all there are, newest first; ``trouble`` tells why the declaration cannot be read.
    """

    pipeline: str
    version: str
    tables: tuple[str, ...]
    proofs: tuple[Proof, ...]
    trouble: str = ""

    @property
    def proof(self) -> Proof | None:
        """The newest proof of the version that is declared now; without a declaration the newest of all."""
        return next((p for p in self.proofs if p.version == self.version or not self.version), None)

    @property
    def shown(self) -> Proof | None:
        """What the list shows: the proof that counts, else the newest of another version."""
        return self.proof or next(iter(self.proofs), None)

    @property
    def state(self) -> State:
        if self.proof is not None:
            return self.proof.verdict
        return "changed" if self.proofs else "unproven"


def standings(lake: Path) -> list[Standing]:
    """Every pipeline that publishes or was proven, by name."""
    return [found for name in sorted({*catalog.names(), *proven_pipelines(lake)}) if (found := standing(lake, name))]


def standing(lake: Path, name: str) -> Standing | None:
    """One pipeline; None for one that publishes nothing and has no proof."""
    found = tuple(proofs(lake, name))
    proven = tuple(dict.fromkeys(t.table for p in found[:1] for t in p.tables))
    if name not in catalog.names():
        return Standing(name, "", proven, found, "It is declared in a file outside the catalog.") if found else None
    try:
        declared = catalog.find(name)
    except MainstemError as error:
        return Standing(name, "", proven, found, str(error))
    return Standing(name, declared.version, tuple(declared.publish), found) if declared.publish or found else None


@dataclass(frozen=True)
class Cell:
    """One line of a difference: a column with both values, or a side that has no such row."""

    key: str
    column: str
    left: str | None
    right: str | None
    only: str = ""


def cells(found: TableProof) -> list[Cell]:
    """The first rows that differ, column by column."""
    return [cell for row in found.first for cell in _row(found, row)]


def _row(found: TableProof, row: dict[str, object]) -> Iterable[Cell]:
    key, left, right = row["key"], row[found.left], row[found.right]
    assert isinstance(key, dict)
    name = ", ".join(f"{column} {value}" for column, value in key.items())
    if not isinstance(left, dict) or not isinstance(right, dict):
        yield Cell(name, "", None, None, found.left if isinstance(left, dict) else found.right)
        return
    columns = row["columns"]
    assert isinstance(columns, list | tuple)
    if not columns:
        yield Cell(name, "", None, None, "not as often on both sides")
    for column in columns:
        yield Cell(name, str(column), left[column], right[column])
